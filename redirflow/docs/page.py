"""The docs page as a whole: HTML made of the document, once.

It reads without a script: everything is there, folded in `<details>`. `page.js` adds the search,
the forms and the copy buttons; what it must know stands in `data-` attributes of the body.
"""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from redirflow.docs.assets import Asset, relative, root
from redirflow.docs.edges import Edge
from redirflow.docs.head import whole_page
from redirflow.docs.index import Entry, Index, index_document, link
from redirflow.docs.label import entry_link
from redirflow.docs.map import redirect_map
from redirflow.docs.markup import Markup, element, html
from redirflow.docs.operation import operation, outgoing
from redirflow.docs.problem import problem_section
from redirflow.docs.prose import prose
from redirflow.docs.schema_text import describe
from redirflow.http.methods import METHODS, REDIRECT_STATUSES, method_after_hop
from redirflow.openapi.reading import Object

_HERE: Final = "http://127.0.0.1:8000"
"""What curl lines ask where the document names no server and no script tells the page's own
address: that of `redirflow run`."""


class Setting(Struct, frozen=True, kw_only=True):
    """Where a page stands, and what it refers to.

    Attributes:
        url: the path of the page.
        debug: whether the app reports redirects, so that "Try it" can show each.
        openapi_url: the path of the document; `None` where it is not served.
    """

    url: str
    debug: bool
    openapi_url: str | None
    style: Asset
    script: Asset


def write_page(document: Object, setting: Setting, edges: Iterable[Edge]) -> Markup:
    """The page of *document*, with *edges* besides its own on the redirect map."""
    index = index_document(document)
    drawn = redirect_map(index, edges)
    content = [
        element("a", "Skip to the operations", href="#all_operations", class_="skip"),
        _header(document["info"], setting),
        _navigation(index, drawn is not None),
        element("main", *_sections(index, drawn, _base(document)), id="all_operations"),
    ]
    body = element(
        "body",
        *content,
        data_root=root(setting.url),
        data_debug=setting.debug,
        data_hops=json.dumps(hop_table()),
    )
    return whole_page(document["info"]["title"], _loaded(setting), body)


def hop_table() -> dict[str, dict[str, str]]:
    """By status, its phrase and the methods that change on the way (RFC 9110 15.4)."""
    table: dict[str, dict[str, str]] = {}
    for status in REDIRECT_STATUSES:
        after = {method: method_after_hop(status, method) for method in METHODS}
        changed = {method: new for method, new in after.items() if method != new}
        table[str(status)] = {"phrase": HTTPStatus(status).phrase, **changed}
    return table


def _base(document: Object) -> str:
    """What stands before each path in a curl line: the first server with a full address."""
    urls = [server["url"] for server in document.get("servers", ())]
    full = (url.rstrip("/") for url in urls if urlsplit(url).scheme and "{" not in url)
    return next(full, _HERE)


def _loaded(setting: Setting) -> Markup:
    style, script = (
        relative(setting.url, asset.path(setting.url)) for asset in (setting.style, setting.script)
    )
    return html(
        # Before the style is there; the others have one scheme only.
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="stylesheet", href=style),
        element("script", src=script, defer=True),
    )


def _header(info: Object, setting: Setting) -> Markup:
    described = setting.openapi_url and element(
        "a", "OpenAPI document", href=relative(setting.url, setting.openapi_url)
    )
    return element(
        "header",
        element("h1", info["title"], " ", element("small", info["version"])),
        prose(info.get("description")),
        element("p", described) if described else None,
    )


# --- the contents ----------------------------------------------------------------------------


def _navigation(index: Index, drawn: bool) -> Markup:
    search = element(
        "label",
        element("span", "Search operations"),
        element("input", type="search", id="search_field", placeholder="Search ( / )"),
        class_="search scripted",
    )
    other = [
        ("redirect_map", "Redirect map", drawn),
        ("all_webhooks", "Webhooks", bool(index.document.get("webhooks"))),
        ("all_errors", "Errors", bool(index.problems)),
        ("all_schemas", "Schemas", bool(index.schemas)),
    ]
    rest = [element("li", link(anchor, name)) for anchor, name, there in other if there]
    return element(
        "nav",
        search,
        element("p", id="search_result", role="status", class_="note"),
        *(_group_links(tag, entries) for tag, entries in _by_tag(index).items()),
        element("ul", *rest, class_="rest") if rest else None,
        aria_label="Contents",
    )


def _group_links(tag: str, entries: Iterable[Entry]) -> Markup:
    items = (element("li", entry_link(entry), data_for=entry.anchor) for entry in entries)
    return element("div", element("h2", tag), element("ul", *items), class_="group")


def _by_tag(index: Index) -> dict[str, list[Entry]]:
    """The operations under their first tag; those that have none come first."""
    tags = [tag["name"] for tag in index.document.get("tags", ())]
    found: dict[str, list[Entry]] = {tag: [] for tag in ("Operations", *tags)}
    for entry in index.entries:
        first = next(iter(entry.described.get("tags", ())), "Operations")
        found.setdefault(first, []).append(entry)
    return {tag: entries for tag, entries in found.items() if entries}


# --- the sections ----------------------------------------------------------------------------


def _sections(index: Index, drawn: Markup | None, base: str) -> Iterable[Markup]:
    described = {tag["name"]: tag.get("description") for tag in index.document.get("tags", ())}
    for tag, entries in _by_tag(index).items():
        told = (operation(entry, index, base) for entry in entries)
        about = prose(described.get(tag))
        yield element("section", element("h2", tag), about, *told, class_="group")
    if drawn is not None:
        yield _section("redirect_map", "Redirect map", [drawn])
    if index.document.get("webhooks"):
        told = (_webhook(name, each, index) for name, each in index.document["webhooks"].items())
        yield _section("all_webhooks", "Webhooks", told)
    if index.problems:
        told = (problem_section(each, index) for each in index.problems)
        yield _section("all_errors", "Errors", told)
    if index.schemas:
        told = (_schema(name, each, index) for name, each in index.schemas.items())
        yield _section("all_schemas", "Schemas", told)


def _section(anchor: str, title: str, content: Iterable[Markup]) -> Markup:
    return element("section", element("h2", title), *content, id=anchor)


def _webhook(name: str, item: Object, index: Index) -> Markup:
    body = element("div", outgoing(item, None, index), class_="body")
    return element("details", element("summary", element("h3", name)), body, class_="schema")


def _schema(name: str, schema: Object, index: Index) -> Markup:
    body = element("div", describe(schema, index), id=index.anchors[name], class_="body")
    return element("details", element("summary", element("h3", name)), body, class_="schema")
