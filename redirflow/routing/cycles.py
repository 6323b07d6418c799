"""Where a directed graph runs in circles (Sharir, "A strong-connectivity algorithm", 1981),
without recursion: chains of rules may be long.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def circles(nodes: Iterable[N], after: Callable[[N], Iterable[N]]) -> list[list[N]]:
    """The strongly connected components that have an edge: nodes that lead back to themselves.

    Args:
        nodes: where to start; what they lead to is found by itself.
        after: the nodes that a node leads to.
    """
    left = [*_left(nodes, after, set())]
    before: defaultdict[N, list[N]] = defaultdict(list)
    for node in left:
        for following in after(node):
            before[following].append(node)
    seen: set[N] = set()
    found = ([*_left([node], before.__getitem__, seen)][::-1] for node in reversed(left))
    whole = [circle for circle in found if circle]
    return [each for each in reversed(whole) if len(each) > 1 or each[0] in before[each[0]]]


def _left(nodes: Iterable[N], after: Callable[[N], Iterable[N]], seen: set[N]) -> Iterator[N]:
    """The nodes that were not *seen*, each when everything behind it was."""
    for start in nodes:
        path = [] if start in seen else [(start, iter(after(start)))]
        seen.add(start)
        while path:
            node, rest = path[-1]
            following = next((each for each in rest if each not in seen), None)
            if following is None:
                path.pop()
                yield node
            else:
                seen.add(following)
                path.append((following, iter(after(following))))
