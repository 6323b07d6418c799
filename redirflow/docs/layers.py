"""Layers of a drawing: which node stands in which column, and in which order.

Theory (Sugiyama, Tagawa and Toda, 1981, in small). Edges that close a circle are set aside. The
rest has layers: a node stands right of all that lead to it. An edge over several columns takes a
slot in each column on its way, so that no line crosses a box; edges to one target share these
slots, for there they run together anyway. In each column the slots are sorted by the mean place of
their neighbours, a few times in both directions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

Arrow: TypeAlias = tuple[str, str]
"""Source and target."""

Slot: TypeAlias = tuple[str, int]
"""A target and a column: its own box, or a place on the way to it."""

_SWEEPS: Final = 4


class Layers(Struct, frozen=True, eq=False):
    """A group of connected nodes.

    Attributes:
        columns: from left to right, each from top to bottom.
        column: of each node.
        back: the arrows that close a circle, themselves to a node included.
    """

    columns: tuple[tuple[Slot, ...], ...]
    column: Mapping[str, int]
    back: frozenset[Arrow]

    def way(self, arrow: Arrow) -> list[Slot]:
        """The slots of an arrow, from its source to its target."""
        source, target = arrow
        between = range(self.column[source] + 1, self.column[target] + 1)
        return [(source, self.column[source]), *((target, at) for at in between)]


def groups(nodes: Iterable[str], arrows: Iterable[Arrow]) -> Iterator[list[str]]:
    """The nodes that hang together, in the order given."""
    near = _neighbours([*arrows, *((target, source) for source, target in arrows)])
    seen = set[str]()
    order = list(nodes)
    for node in order:
        if node not in seen:
            found = _reached(node, near)
            seen |= found
            yield [each for each in order if each in found]


def layers(nodes: Sequence[str], arrows: Sequence[Arrow]) -> Layers:
    """The layers of one group."""
    back = _back(nodes, arrows)
    forward = [arrow for arrow in dict.fromkeys(arrows) if arrow not in back]
    column = _columns(nodes, forward)
    start = Layers((), column, back)
    ways = [start.way(arrow) for arrow in forward]
    rows = _rows([(node, column[node]) for node in nodes], ways)
    steps = {(way[i], way[i + 1]) for way in ways for i in range(len(way) - 1)}
    return Layers(_sorted(rows, steps), column, back)


def _neighbours(arrows: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    near: dict[str, list[str]] = {}
    for source, target in arrows:
        near.setdefault(source, []).append(target)
    return near


def _reached(node: str, near: Mapping[str, Sequence[str]]) -> set[str]:
    found, waiting = {node}, [node]
    while waiting:
        for each in near.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


def _back(nodes: Sequence[str], arrows: Iterable[Arrow]) -> frozenset[Arrow]:
    """The arrows that lead back to where a walk came from; walks start where nothing leads to."""
    near = _neighbours(arrows)
    led_to = {target for targets in near.values() for target in targets}
    back, done = set[Arrow](), set[str]()

    def walk(node: str, path: frozenset[str]) -> None:
        for each in near.get(node, ()):
            if each in path:
                back.add((node, each))
            elif each not in done:
                walk(each, path | {each})
        done.add(node)

    for node in sorted(nodes, key=lambda node: node in led_to):
        if node not in done:
            walk(node, frozenset({node}))
    return frozenset(back)


def _columns(nodes: Sequence[str], forward: Sequence[Arrow]) -> dict[str, int]:
    """Right of all sources; what has none moves to the left side of its nearest target."""
    sources = _neighbours((target, source) for source, target in forward)
    targets = _neighbours(forward)
    column: dict[str, int] = {}

    def place(node: str) -> int:
        if node not in column:
            column[node] = 1 + max(map(place, sources.get(node, ())), default=-1)
        return column[node]

    for node in nodes:
        place(node)
    for node in targets:
        if node not in sources:
            column[node] = min(column[each] for each in targets[node]) - 1
    return column


def _rows(boxes: Iterable[Slot], ways: Iterable[Sequence[Slot]]) -> list[list[Slot]]:
    slots = dict.fromkeys([*boxes, *(slot for way in ways for slot in way)])
    rows: list[list[Slot]] = [[] for _ in range(1 + max(at for _, at in slots))]
    for slot in slots:
        rows[slot[1]].append(slot)
    return rows


def _sorted(
    rows: list[list[Slot]], steps: Iterable[tuple[Slot, Slot]]
) -> tuple[tuple[Slot, ...], ...]:
    """*rows* with each slot near to what it is joined with."""
    before: dict[Slot, list[Slot]] = {}
    after: dict[Slot, list[Slot]] = {}
    for source, target in steps:
        before.setdefault(target, []).append(source)
        after.setdefault(source, []).append(target)
    for _ in range(_SWEEPS):
        for i in range(1, len(rows)):
            rows[i] = _by_mean(rows[i], rows[i - 1], before)
        for i in range(len(rows) - 2, -1, -1):
            rows[i] = _by_mean(rows[i], rows[i + 1], after)
    return tuple(map(tuple, rows))


def _by_mean(
    row: list[Slot], beside: Sequence[Slot], near: Mapping[Slot, Sequence[Slot]]
) -> list[Slot]:
    places = {slot: place for place, slot in enumerate(beside)}

    def mean(numbered: tuple[int, Slot]) -> float:
        place, slot = numbered
        found = [places[each] for each in near.get(slot, ())]
        return sum(found) / len(found) if found else place

    return [slot for _, slot in sorted(enumerate(row), key=mean)]
