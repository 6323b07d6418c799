"""The edges of the redirect map: who leads where, with which status.

Those between operations stand in the document, as the Links of its 3xx responses. What a document
has no words for is read from the compiled app: other sites, paths, reroutes, and what is declared
without an operation, rules and tables. Nothing is said of operations that the document leaves out.
"""

from collections.abc import Container, Iterable, Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from redirflow.compile import CompiledApp
from redirflow.docs.index import Entry, Index
from redirflow.endpoint.endpoint import DeclaredRedirect, Endpoint
from redirflow.http.methods import REDIRECT_STATUSES
from redirflow.routing.graph import Graph, Node, draw

Kind: TypeAlias = Literal["redirect", "rule", "reroute"]

ANY_LOCATION: Final = "any location of this site"
ANY_URL: Final = "any http(s) URL"

_ROWS: Final = 10_000
"""Rows of tables; where there are more, following each would take longer than the page is worth."""


class Edge(Struct, frozen=True):
    """One way on.

    Attributes:
        source, target: the operationId or `GET /path` of an operation of the document; any other
            text stands for itself.
        status: `None` for a reroute, which has none.
    """

    source: str
    target: str
    status: int | None = None
    kind: Kind = "redirect"


def app_edges(compiled: CompiledApp) -> Iterator[Edge]:
    """The edges of an app that its document leaves out; those of rules unless rows are too many."""
    yield from declared_edges(compiled.endpoints.values())
    if len(compiled.rows) <= _ROWS:
        shown = {each.name for each in compiled.endpoints if each.include_in_schema}
        yield from rule_edges(draw(compiled.checked), shown)


def rule_edges(graph: Graph, shown: Container[str]) -> Iterator[Edge]:
    """The edges of rules and tables, but those to operations that are not *shown*."""
    for edge in graph.edges:
        if edge.target.kind != "operation" or edge.target.name in shown:
            kind: Kind = "rule" if edge.status else "reroute"
            yield Edge(_text(edge.source), _text(edge.target), edge.status, kind)


def _text(node: Node) -> str:
    """What the map calls a node of the graph."""
    if node.kind == "operation":
        return node.name
    if node.kind == "table":
        return f"{node.template}, {node.name}"
    return f"{node.template}/..." if node.kind == "mount" else node.template


def declared_edges(endpoints: Iterable[Endpoint]) -> Iterator[Edge]:
    """The edges of handlers that the document leaves out, of the operations that it shows."""
    for endpoint in endpoints:
        operation = endpoint.operation
        if not operation.include_in_schema:
            continue
        for declared in endpoint.redirects:
            for place in _elsewhere(declared):
                yield Edge(operation.name, place, declared.spec.status_code)
        for target in endpoint.reroutes:
            if target.include_in_schema:
                yield Edge(operation.name, target.name, kind="reroute")


def _elsewhere(declared: DeclaredRedirect) -> Iterator[str]:
    """The targets of a spec that are no operations."""
    spec, listed = declared.spec, declared.spec.to or ()
    known = {operation.path for operation in declared.targets}
    for target in listed:
        if isinstance(target, str) and target.startswith("/") and target not in known:
            yield target
    if "*" in listed or not (listed or spec.external):
        yield ANY_LOCATION
    for origin in spec.external:
        yield ANY_URL if origin == "*" else origin


def all_edges(index: Index, more: Iterable[Edge]) -> list[Edge]:
    """Those of the document and *more*, each once; operations are named by their operationId."""
    labels = {entry.label: entry.name for entry in index.entries}
    named = [
        replace(
            each,
            source=labels.get(each.source, each.source),
            target=labels.get(each.target, each.target),
        )
        for each in more
    ]
    return [*dict.fromkeys([*_document_edges(index.entries), *named])]


def _document_edges(entries: Iterable[Entry]) -> Iterator[Edge]:
    for entry in entries:
        for status in REDIRECT_STATUSES:
            response = entry.described.get("responses", {}).get(str(status), {})
            for link in response.get("links", {}).values():
                yield Edge(entry.name, link["operationId"], status)
