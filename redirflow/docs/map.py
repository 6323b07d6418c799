"""The redirect map: every way on as a drawing, and the same as a table.

The drawing is inline SVG without a style of its own. It keeps its size, so that letters stay as
large as the page's; where it is wider than the screen it scrolls. Each box is a link to its
operation, and holds the arrows that leave it, so that a style sheet can bring these out.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from redirflow.docs.edges import Edge, all_edges
from redirflow.docs.index import Entry, Index, link
from redirflow.docs.layout import PORT, Box, Line, Point, arrange
from redirflow.docs.markup import Markup, element, html
from redirflow.docs.operation import badge, path_text

_DRAWN: Final = 200
"""Edges in a drawing; nobody follows more."""

_LISTED: Final = 1000
"""Edges in the table."""

_LONGEST: Final = 44
"""Characters of a label; a longer one is cut, and whole in the table and as a tooltip."""

_LETTER: Final = 7.3
"""The width of a letter: 12 px, monospace."""

_SIDE: Final = 10
_EDGE: Final = 4
_HIGH: Final = PORT - 4
_ROUND: Final = 6


def redirect_map(index: Index, more: Iterable[Edge]) -> Markup | None:
    """The map of the edges in the document and *more*; nothing where there are none."""
    edges = all_edges(index, more)
    if not edges:
        return None
    few = len(edges) <= _DRAWN
    table = _table(edges[:_LISTED], index)
    return html(
        element("p", _LEGEND if few else f"{len(edges)} redirects: too many to draw."),
        _drawing(edges, index) if few else None,
        element("details", element("summary", "As a table"), table, open=not few),
        element("p", f"{len(edges) - _LISTED} more are left out.") if edges[_LISTED:] else None,
    )


_LEGEND: Final = (
    "A number is the status of a redirect. A dashed line is a reroute: the other operation answers "
    "in the same round trip."
)


def _way(edge: Edge) -> str:
    return "reroute" if edge.status is None else str(edge.status)


# --- the table -------------------------------------------------------------------------------


def _table(edges: Iterable[Edge], index: Index) -> Markup:
    head = element("tr", *(element("th", each, scope="col") for each in ("From", "By", "To")))
    rows = (
        element(
            "tr",
            element("th", _named(edge.source, index), scope="row"),
            element("td", _way(edge)),
            element("td", _named(edge.target, index)),
        )
        for edge in edges
    )
    return element("table", element("thead", head), element("tbody", *rows))


def _named(name: str, index: Index) -> Markup:
    entry = index.named.get(name)
    if entry is None:
        return html(name)
    return link(entry.anchor, badge(entry.method), " ", path_text(entry.path))


# --- the drawing -----------------------------------------------------------------------------


def _drawing(edges: Sequence[Edge], index: Index) -> Markup:
    names = dict.fromkeys(name for edge in edges for name in (edge.source, edge.target))
    labels = {name: _label(name, index) for name in names}
    pills: dict[str, int] = {}
    for edge in edges:
        pills[edge.source] = max(pills.get(edge.source, 0), _pill_width(edge))
    widths = {name: _width(label, pills.get(name, 0)) for name, label in labels.items()}
    layout = arrange(widths, [(edge.source, edge.target) for edge in edges])
    pairs = [*zip(edges, layout.lines, strict=True)]
    nodes = (
        element(
            "g",
            *(_arrow(*pair) for pair in pairs if pair[0].source == name),
            _node(labels[name], layout.boxes[name], index.named.get(name)),
            *(_pill(*pair) for pair in pairs if pair[0].source == name),
            class_="node",
        )
        for name in names
    )
    drawing = element(
        "svg",
        _MARKER,
        *nodes,
        viewBox=f"-1 -1 {layout.width + 2} {layout.height + 2}",
        width=layout.width + 2,
        height=layout.height + 2,
        role="group",
        aria_label=f"Drawing of {len(edges)} redirects and reroutes; the table says the same",
    )
    return element(
        "div", drawing, class_="map", tabindex="0", role="region", aria_label="Redirect map"
    )


_MARKER: Final = element(
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


def _label(name: str, index: Index) -> str:
    entry = index.named.get(name)
    return entry.label if entry else name


def _width(label: str, pill: int) -> int:
    letters = min(len(label), _LONGEST) * _LETTER
    return round(letters) + 2 * _SIDE + pill


def _pill_width(edge: Edge) -> int:
    return round(len(_way(edge)) * _LETTER) + _SIDE


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"


def _node(label: str, box: Box, entry: Entry | None) -> Markup:
    drawn = html(
        element("title", label),
        element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=_ROUND),
        element("text", *_words(_cut(label), entry), x=box.x + _SIDE, y=box.middle + 4),
    )
    if entry is None:
        return element("g", drawn, class_="other")
    return element("a", drawn, href=f"#{entry.anchor}", aria_label=label)


def _words(label: str, entry: Entry | None) -> Iterable[str]:
    """A label, its method set off."""
    if entry is None:
        return (label,)
    method, _, path = label.partition(" ")
    return element("tspan", method, class_=f"method {method.lower()}"), f" {path}"


def _pill(edge: Edge, line: Line) -> Markup:
    """The status of an arrow, where it leaves its box."""
    width, (x, y) = _pill_width(edge), line.points[0]
    left = x - width - _EDGE
    box = element("rect", x=left, y=y - _HIGH // 2, width=width, height=_HIGH, rx=_HIGH // 2)
    text = element("text", _way(edge), x=left + width // 2, y=y + 4, text_anchor="middle")
    return element("g", box, text, class_=f"pill {edge.kind}")


def _arrow(edge: Edge, line: Line) -> Markup:
    path = _angular(line.points) if line.back else _smooth(line.points)
    return element("path", d=path, class_=f"edge {edge.kind}", marker_end="url(#arrow_head)")


def _smooth(points: Sequence[Point]) -> str:
    """A curve from each odd point to the next, level at both; straight through the columns."""
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
