"""The edges of the redirect map: who leads where, with which status.

Those between operations stand in the document, as the Links of its 3xx responses. What a document
has no words for (other sites, paths, reroutes) is read from the endpoints here, and what is
declared without an operation (rules) is given by the caller.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from redirflow.docs.index import Entry, Index
from redirflow.endpoint.endpoint import DeclaredRedirect, Endpoint
from redirflow.http.methods import REDIRECT_STATUSES

Kind: TypeAlias = Literal["redirect", "rule", "reroute"]

ANY_LOCATION: Final = "any location of this site"
ANY_URL: Final = "any http(s) URL"


@dataclass(frozen=True, slots=True)
class Edge:
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


def declared_edges(endpoints: Iterable[Endpoint]) -> Iterator[Edge]:
    """The edges that the document leaves out, of the operations that it shows."""
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
