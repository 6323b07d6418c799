"""The head that all pages have in common."""

from typing import Final
from urllib.parse import quote

from redirflow.docs.markup import Content, Markup, element, html

_ICON: Final = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="none" '
    'stroke="#5b6ee1" stroke-width="2" d="M2 4h6a4 4 0 0 1 0 8H5m3-3-3 3 3 3"/></svg>'
)


def whole_page(title: str, loaded: Content, body: Markup) -> Markup:
    """A page with what its head loads; its icon is its own, or browsers ask for a favicon."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("link", rel="icon", href=_ICON),
        loaded,
    )
    return html(Markup("<!doctype html>\n"), element("html", head, body, lang="en"))
