"""The redirect map: every way on, as a drawing and as a table.

The drawing keeps its size, so that its letters stay as large as the page's; where it is wider
than the screen it scrolls.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from redirflow.docs.drawing import draw, way
from redirflow.docs.edges import Edge, all_edges
from redirflow.docs.index import Index
from redirflow.docs.label import entry_link
from redirflow.docs.markup import Markup, element, html

_DRAWN: Final = 200
"""Edges in a drawing; nobody follows more."""

_LISTED: Final = 1000
"""Edges in the table."""

_LEGEND: Final = (
    "A number is the status of a redirect. A dashed line is a reroute: the other operation answers "
    "in the same round trip. What has a dashed frame is no operation of this document."
)


def redirect_map(index: Index, more: Iterable[Edge]) -> Markup | None:
    """The map of the edges in the document and *more*; nothing where there are none."""
    edges = all_edges(index, more)
    if not edges:
        return None
    few = len(edges) <= _DRAWN
    table = _table(edges[:_LISTED], index)
    return html(
        element("p", _LEGEND if few else f"{len(edges)} ways on: too many to draw."),
        _framed(edges, index) if few else None,
        element("details", element("summary", "As a table"), table, open=not few),
        element("p", f"{len(edges) - _LISTED} more are left out.") if edges[_LISTED:] else None,
    )


def _framed(edges: Sequence[Edge], index: Index) -> Markup:
    frame = {"class_": "map", "role": "region", "aria_label": "Drawing of the redirect map"}
    return element("div", draw(edges, index), tabindex="0", **frame)


def _table(edges: Iterable[Edge], index: Index) -> Markup:
    head = element("tr", *(element("th", each, scope="col") for each in ("From", "By", "To")))
    rows = (
        element(
            "tr",
            element("th", _named(edge.source, index), scope="row"),
            element("td", way(edge)),
            element("td", _named(edge.target, index)),
        )
        for edge in edges
    )
    return element("table", element("thead", head), element("tbody", *rows))


def _named(name: str, index: Index) -> Markup:
    entry = index.named.get(name)
    return html(name) if entry is None else entry_link(entry)
