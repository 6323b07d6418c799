"""The coordinates of the redirect map, in pixels.

Every column is as wide as its widest box. Down a column each slot stands as near as it can to the
middle of what it is joined with. Arrows leave a box on the right, each at a height of its own, so
that a label there never meets another one, and reach a box on the left. Those that close a circle
run back beneath their group.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from redirflow.docs.layers import Arrow, Layers, Slot, groups, layers
from redirflow.docs.spacing import mean, spaced

Point: TypeAlias = tuple[int, int]

Size: TypeAlias = tuple[int, int]
"""Width and height."""

PORT: Final = 22
"""The height that each arrow has at its source."""

PAD: Final = 4
"""What a box has above and below."""

_GAP: Final = 12
_THIN: Final = 6
_BETWEEN: Final = 20
_LANE: Final = 10
_ROUNDS: Final = 6
_GUTTER: Final = 64
_WIDEST_GUTTER: Final = 150


class Box(Struct, frozen=True):
    """Where a node stands."""

    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        """The height at which arrows reach it."""
        return self.y + self.height // 2


class Line(Struct, frozen=True):
    """Where an arrow runs: smoothly from point to point, or in right angles if it runs back."""

    points: tuple[Point, ...]
    back: bool = False


class Layout(Struct, frozen=True):
    """A finished drawing.

    Attributes:
        lines: one for each arrow, in the order given.
    """

    width: int
    height: int
    boxes: Mapping[str, Box]
    lines: tuple[Line, ...]


def arrange(sizes: Mapping[str, Size], arrows: Sequence[Arrow]) -> Layout:
    """Lay out the nodes of *sizes*, at least one, which are the least sizes of their boxes."""
    parts = [
        layers(group, [arrow for arrow in arrows if arrow[0] in group])
        for group in groups(sizes, arrows)
    ]
    grid = _grid(sizes, parts, max(sum(arrow in part.back for arrow in arrows) for part in parts))
    boxes: dict[str, Box] = {}
    lines: dict[int, Line] = {}
    bottom = 0
    for part in parts:
        drawn = _Part(part, grid, sizes, _numbered(arrows, part), bottom)
        boxes |= drawn.boxes()
        lines |= drawn.lines()
        bottom = drawn.bottom + _BETWEEN
    return Layout(
        width=grid.width,
        height=bottom - _BETWEEN,
        boxes=boxes,
        lines=tuple(lines[number] for number in range(len(arrows))),
    )


def _numbered(arrows: Iterable[Arrow], part: Layers) -> dict[int, Arrow]:
    return {number: arrow for number, arrow in enumerate(arrows) if arrow[0] in part.column}


# --- across ----------------------------------------------------------------------------------


class _Grid(Struct, frozen=True):
    """The left edges and the widths of all columns."""

    lefts: tuple[int, ...]
    widths: tuple[int, ...]
    width: int

    def right(self, column: int) -> int:
        return self.lefts[column] + self.widths[column]


def _grid(sizes: Mapping[str, Size], parts: Sequence[Layers], lanes: int) -> _Grid:
    """The columns, with room beside each for *lanes* that run back."""
    broad = [0] * max(len(part.columns) for part in parts)
    for part in parts:
        for node, column in part.column.items():
            broad[column] = max(broad[column], sizes[node][0])
    margin = _LANE * (lanes + 1) if lanes else 1
    lefts, x = list[int](), margin
    for column, width in enumerate(broad):
        lefts.append(x)
        x += width + max(_gutter(parts, column), 2 * margin)
    return _Grid(tuple(lefts), tuple(broad), lefts[-1] + broad[-1] + margin)


def _gutter(parts: Iterable[Layers], column: int) -> int:
    """Room for the arrows behind a column: the more, the wider."""
    most = max(len(part.columns[column]) for part in parts if column < len(part.columns))
    return min(_GUTTER + 4 * most, _WIDEST_GUTTER)


# --- down ------------------------------------------------------------------------------------


class _Part:
    """Draws one group, from the height *top* on."""

    def __init__(
        self,
        part: Layers,
        grid: _Grid,
        sizes: Mapping[str, Size],
        arrows: Mapping[int, Arrow],
        top: int,
    ) -> None:
        self.part = part
        self.grid = grid
        self.sizes = sizes
        self.arrows = arrows
        self.ports = self._ports()
        self.middles = self._middles(top)
        self.floor = max(middle + self._height(slot) // 2 for slot, middle in self.middles.items())
        self.bottom = self.floor + _LANE * len(self._returning())

    def boxes(self) -> dict[str, Box]:
        """The box of each node."""
        return {node: self._box(node) for node in self.part.column}

    def lines(self) -> dict[int, Line]:
        """The line of each arrow, by its number."""
        back = self._returning()
        return {
            number: self._back(number, back.index(number) + 1)
            if number in back
            else self._forward(number)
            for number in self.arrows
        }

    def _returning(self) -> list[int]:
        return [number for number, arrow in self.arrows.items() if arrow in self.part.back]

    def _ports(self) -> dict[str, list[int]]:
        """The arrows that leave each node, those to higher targets first."""
        places = {slot: place for column in self.part.columns for place, slot in enumerate(column)}

        def key(number: int) -> tuple[bool, int]:
            source, target = self.arrows[number]
            back = (source, target) in self.part.back
            return back, 0 if back else places[target, self.part.column[source] + 1]

        ports: dict[str, list[int]] = {node: [] for node in self.part.column}
        for number in sorted(self.arrows, key=key):
            ports[self.arrows[number][0]].append(number)
        return ports

    def _height(self, slot: Slot) -> int:
        node, column = slot
        if column != self.part.column[node]:
            return _THIN
        return max(self.sizes[node][1], len(self.ports[node]) * PORT + 2 * PAD)

    def _middles(self, top: int) -> dict[Slot, int]:
        """The height of the middle of each slot."""
        near = self._near()
        found = {slot: 0.0 for column in self.part.columns for slot in column}
        for _ in range(_ROUNDS):
            for column in (*self.part.columns, *reversed(self.part.columns)):
                wanted = [mean([found[each] for each in near[slot]]) for slot in column]
                middles = spaced(wanted, [self._height(slot) for slot in column], _GAP)
                found.update(zip(column, middles, strict=True))
        highest = min(middle - self._height(slot) / 2 for slot, middle in found.items())
        return {slot: round(middle - highest) + top for slot, middle in found.items()}

    def _near(self) -> dict[Slot, list[Slot]]:
        near: dict[Slot, list[Slot]] = {slot: [] for row in self.part.columns for slot in row}
        for arrow in dict.fromkeys(self.arrows.values()):
            way = [] if arrow in self.part.back else self.part.way(arrow)
            for i in range(len(way) - 1):
                near[way[i]].append(way[i + 1])
                near[way[i + 1]].append(way[i])
        return near

    def _box(self, node: str) -> Box:
        column = self.part.column[node]
        height = self._height((node, column))
        y = self.middles[node, column] - height // 2
        return Box(self.grid.lefts[column], y, self.grid.widths[column], height)

    def _start(self, number: int) -> Point:
        """Where an arrow leaves its box."""
        source = self.arrows[number][0]
        box = self._box(source)
        ports = self.ports[source]
        top = box.middle - len(ports) * PORT // 2
        return box.x + box.width, top + PORT * ports.index(number) + PORT // 2

    def _forward(self, number: int) -> Line:
        points = [self._start(number)]
        for slot in self.part.way(self.arrows[number])[1:]:
            column, middle = slot[1], self.middles[slot]
            points += [(self.grid.lefts[column], middle), (self.grid.right(column), middle)]
        return Line(tuple(points[:-1]))

    def _back(self, number: int, lane: int) -> Line:
        start, box = self._start(number), self._box(self.arrows[number][1])
        right, left = start[0] + _LANE * lane, box.x - _LANE * lane
        under = self.floor + _LANE * lane
        turns = ((right, start[1]), (right, under), (left, under), (left, box.middle))
        return Line((start, *turns, (box.x, box.middle)), back=True)
