"""Where a directed graph runs in circles (Tarjan, "Depth-first search and linear graph
algorithms", 1972), without recursion: chains of rules may be long.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)


def circles(nodes: Iterable[N], after: Callable[[N], Iterable[N]]) -> list[list[N]]:
    """The strongly connected components that have an edge: nodes that lead back to themselves.

    Args:
        nodes: where to start; what they lead to is found by itself.
        after: the nodes that a node leads to.
    """
    search = _Search(after)
    for node in nodes:
        if node not in search.number:
            search.run(node)
    return search.found


@dataclass(slots=True, eq=False)
class _Search(Generic[N]):
    after: Callable[[N], Iterable[N]]
    found: list[list[N]] = field(default_factory=list[list[N]])
    number: dict[N, int] = field(default_factory=dict[N, int])
    low: dict[N, int] = field(default_factory=dict[N, int])
    stack: list[N] = field(default_factory=list[N])
    looped: set[N] = field(default_factory=set[N])

    def run(self, start: N) -> None:
        path = [(start, self._enter(start))]
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                self._leave(node)
                if node in self.low:
                    above = path[-1][0]
                    self.low[above] = min(self.low[above], self.low[node])
            elif following not in self.number:
                path.append((following, self._enter(following)))
            elif following in self.low:
                self.low[node] = min(self.low[node], self.number[following])
                if following == node:
                    self.looped.add(node)

    def _enter(self, node: N) -> Iterator[N]:
        self.number[node] = self.low[node] = len(self.number)
        self.stack.append(node)
        return iter(self.after(node))

    def _leave(self, node: N) -> None:
        """Note the component that began with *node*, if one did; its nodes have no `low` then."""
        if self.low[node] != self.number[node]:
            return
        component: list[N] = []
        while not component or component[-1] != node:
            component.append(self.stack.pop())
            del self.low[component[-1]]
        if len(component) > 1 or node in self.looped:
            self.found.append(component[::-1])
