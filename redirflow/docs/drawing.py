"""The redirect map as inline SVG, without a style of its own.

Each box holds the arrows that leave it, so that a style sheet can bring these out, and is a link
to its operation. Where very many lead to one place (a login form, mostly), lines would be a
tangle: there the sources stand in one box as a list, a crowd, from which one arrow leads on.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from redirflow.docs.edges import Edge
from redirflow.docs.index import Index
from redirflow.docs.layout import PAD, PORT, Box, Layout, Line, Point, Size, arrange
from redirflow.docs.markup import Markup, element, html

Ways: TypeAlias = dict[str, list[Edge]]
"""Edges by the name of the box that shows them."""

_CROWD: Final = 5
"""Arrows to one target that can be told apart; more are a crowd."""

_LONGEST: Final = 44
"""Characters of a label; a longer one is cut, and whole in its tooltip and in the table."""

_LETTER: Final = 7.3
"""The width of a letter: 12 px, monospace."""

_SIDE: Final = 10
_EDGE: Final = 4
_ROUND: Final = 6
_PILL: Final = PORT - 4


def draw(edges: Sequence[Edge], index: Index) -> Markup:
    """The drawing of *edges*."""
    crowds = _crowds(edges)
    single = [edge for edge in edges if _crowd_name(edge) not in crowds]
    arrows = [(edge.source, edge.target) for edge in single]
    arrows += [(name, crowd[0].target) for name, crowd in crowds.items()]
    layout = arrange(_sizes(arrows, single, crowds, index), arrows)
    nodes = [
        *_crowd_nodes(crowds, layout, layout.lines[len(single) :], index),
        *_nodes([*zip(single, layout.lines, strict=False)], crowds, layout, index),
    ]
    return element(
        "svg",
        _HEAD,
        *nodes,
        viewBox=f"-1 -1 {layout.width + 2} {layout.height + 2}",
        width=layout.width + 2,
        height=layout.height + 2,
        role="group",
        aria_label=f"Drawing of {len(edges)} redirects and reroutes; the table says the same",
    )


def way(edge: Edge) -> str:
    """By what an edge leads on: a status, or a reroute."""
    return "reroute" if edge.status is None else str(edge.status)


def _crowd_name(edge: Edge) -> str:
    """The name of the crowd that an edge belongs to; nothing else has a name like this."""
    return f"\0{edge.target}"


def _crowds(edges: Iterable[Edge]) -> Ways:
    """The edges to each target that has very many."""
    ways: Ways = {}
    for edge in edges:
        ways.setdefault(_crowd_name(edge), []).append(edge)
    return {name: crowd for name, crowd in ways.items() if len(crowd) > _CROWD}


# --- sizes -----------------------------------------------------------------------------------


def _sizes(
    arrows: Iterable[tuple[str, str]], single: Iterable[Edge], crowds: Ways, index: Index
) -> dict[str, Size]:
    """The size of each box, in the order in which they are met."""
    pills: dict[str, int] = {}
    for edge in single:
        pills[edge.source] = max(pills.get(edge.source, 0), _pill_width(edge))
    return {
        name: _crowd_size(crowds[name], index)
        if name in crowds
        else (_label_width(name, index) + pills.get(name, 0), PORT + 2 * PAD)
        for name in dict.fromkeys(name for arrow in arrows for name in arrow)
    }


def _crowd_size(crowd: Sequence[Edge], index: Index) -> Size:
    widths = (_label_width(edge.source, index) + _pill_width(edge) for edge in crowd)
    return max(widths), PORT * len(crowd) + 2 * PAD


def _label(name: str, index: Index) -> str:
    entry = index.named.get(name)
    return entry.label if entry else name


def _label_width(name: str, index: Index) -> int:
    return round(min(len(_label(name, index)), _LONGEST) * _LETTER) + 2 * _SIDE


def _pill_width(edge: Edge) -> int:
    return round(len(way(edge)) * _LETTER) + _SIDE


# --- boxes -----------------------------------------------------------------------------------


def _nodes(
    lines: Sequence[tuple[Edge, Line]], crowds: Ways, layout: Layout, index: Index
) -> Iterator[Markup]:
    """The boxes of operations and other places, each with what leaves it."""
    for name, box in layout.boxes.items():
        if name not in crowds:
            yield _node(name, box, [pair for pair in lines if pair[0].source == name], index)


def _node(name: str, box: Box, leaving: Sequence[tuple[Edge, Line]], index: Index) -> Markup:
    return element(
        "g",
        *(_arrow(line, edge.kind) for edge, line in leaving),
        _linked(name, html(_frame(box), _text(name, box.x, box.middle, index)), index),
        *(_pill(edge, line.points[0]) for edge, line in leaving),
        class_="node" if name in index.named else "node other",
    )


def _crowd_nodes(
    crowds: Ways, layout: Layout, lines: Iterable[Line], index: Index
) -> Iterator[Markup]:
    """The boxes that list all that lead to one place."""
    for (name, crowd), line in zip(crowds.items(), lines, strict=True):
        box = layout.boxes[name]
        yield element("g", _arrow(line, "redirect"), _frame(box), *_rows(crowd, box, index))


def _rows(crowd: Sequence[Edge], box: Box, index: Index) -> Iterator[Markup]:
    for place, edge in enumerate(crowd):
        middle = box.y + PAD + PORT * place + PORT // 2
        yield _linked(edge.source, _text(edge.source, box.x, middle, index), index)
        yield _pill(edge, (box.x + box.width, middle))


def _frame(box: Box) -> Markup:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=_ROUND)


def _linked(name: str, drawn: Markup, index: Index) -> Markup:
    entry, label = index.named.get(name), _label(name, index)
    content = html(element("title", label), drawn)
    if entry is None:
        return element("g", content)
    return element("a", content, href=f"#{entry.anchor}", aria_label=label)


def _text(name: str, x: int, middle: int, index: Index) -> Markup:
    """A label; the method of an operation is set off."""
    label = _label(name, index)
    if len(label) > _LONGEST:
        label = f"{label[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
    method, blank, path = label.partition(" ")
    told = element("tspan", method, class_=f"method {method.lower()}")
    words = (told, blank, path) if name in index.named else (label,)
    return element("text", *words, x=x + _SIDE, y=middle + 4)


def _pill(edge: Edge, end: Point) -> Markup:
    """The status of an edge, where it leaves its box."""
    width, (x, y) = _pill_width(edge), end
    left = x - width - _EDGE
    box = element("rect", x=left, y=y - _PILL // 2, width=width, height=_PILL, rx=_PILL // 2)
    text = element("text", way(edge), x=left + width // 2, y=y + 4, text_anchor="middle")
    return element("g", box, text, class_=f"pill {edge.kind}")


# --- lines -----------------------------------------------------------------------------------

_HEAD: Final = element(
    "marker",
    element("path", d="M0 0L8 4L0 8z"),
    id="arrow_head",
    viewBox="0 0 8 8",
    refX=8,
    refY=4,
    markerWidth=8,
    markerHeight=8,
    orient="auto",
)


def _arrow(line: Line, kind: str) -> Markup:
    path = _angular(line.points) if line.back else _smooth(line.points)
    return element("path", d=path, class_=f"edge {kind}", marker_end="url(#arrow_head)")


def _smooth(points: Sequence[Point]) -> str:
    """A curve over each gap, level at both ends; straight through the columns."""
    (x, y), *rest = points
    parts = [f"M{x} {y}"]
    for number, (to_x, to_y) in enumerate(rest):
        half = (x + to_x) // 2
        parts.append(f"H{to_x}" if number % 2 else f"C{half} {y} {half} {to_y} {to_x} {to_y}")
        x, y = to_x, to_y
    return "".join(parts)


def _angular(points: Sequence[Point]) -> str:
    (x, y), *rest = points
    return f"M{x} {y}" + "".join(f"L{to_x} {to_y}" for to_x, to_y in rest)
