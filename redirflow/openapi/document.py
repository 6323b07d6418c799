"""The OpenAPI document (3.2.0), made of the records that serve requests.

A walk over the endpoints in declared order, so that equal programs give equal bytes. What an
operation takes stands in `parameters`, what it answers in `responses`, what it asks for in
`security`. Only what can happen is said: 500, and what the router answers without an
operation, is said nowhere. Mistakes of authors become faults, told with all others.
"""

import functools
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from redirflow.declare.faults import Fault
from redirflow.declare.formats import ErrorFormat
from redirflow.declare.operation import Operation
from redirflow.declare.settings import Info
from redirflow.endpoint.endpoint import Endpoint
from redirflow.http.methods import METHODS
from redirflow.http.reference import quote_segment
from redirflow.openapi.outgoing import callbacks, refuse_lost_callbacks, webhooks
from redirflow.openapi.parameters import parameters, request_body
from redirflow.openapi.responses import responses
from redirflow.openapi.rules import rule_operations, shown_rules
from redirflow.openapi.schema import Schema, given
from redirflow.openapi.scribe import Book, Scribe
from redirflow.openapi.security import security
from redirflow.routing.check import CheckedRules
from redirflow.routing.template import Segment, Template

VERSION: Final = "3.2.0"
"""The version of OpenAPI that is written here; others are made of the result."""


def build_document(
    info: Info,
    endpoints: Sequence[Endpoint],
    format: ErrorFormat,
    faults: list[Fault],
    *,
    checked: CheckedRules | None = None,
) -> dict[str, Any]:
    """The document of an app.

    Args:
        faults: what can't be documented is added here; the result is then incomplete.
        checked: the rules, of which some may want to be documented.
    """
    book = _book(endpoints, format, faults)
    paths, tags = _paths(book, checked)
    document = {
        "openapi": VERSION,
        "info": given(title=info.title, description=info.description, version=info.version),
        **given(servers=_servers(info, faults), tags=_tags(info, tags, faults)),
        "paths": paths,
        **given(webhooks=webhooks(info.webhooks, book)),
        **given(components=_components(book)),
    }
    refuse_lost_callbacks(document, book)
    return document


def write_document(document: dict[str, Any]) -> bytes:
    """*document* as UTF-8, indented by two blanks, with a line feed at the end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _book(endpoints: Sequence[Endpoint], format: ErrorFormat, faults: list[Fault]) -> Book:
    shown = [each.operation for each in endpoints if each.operation.include_in_schema]
    return Book(
        endpoints={each.operation: each for each in endpoints},
        named={operation.name: operation for operation in shown},
        format=format,
        faults=faults,
        told=frozenset(fault.place for fault in faults if fault.severity == "error"),
    )


def _servers(info: Info, faults: list[Fault]) -> list[Schema]:
    servers = [{"url": each} if isinstance(each, str) else each for each in info.servers]
    for server in servers:
        if not (isinstance(server, Mapping) and isinstance(server.get("url"), str)):
            found = f"servers=({server!r}, ...)"
            faults.append(Fault(found, 'URLs, or mappings with a "url"', 'servers=("/v1",)'))
            return []
    return [dict(server) for server in servers]


def _tags(info: Info, used: Iterable[str], faults: list[Fault]) -> list[Schema]:
    """The tags that are described, then those that are just used; a parent is one of them."""
    described = {each.get("name"): dict(each) for each in info.tags}
    found: dict[Any, Schema] = described | {
        name: {"name": name} for name in used if name not in described
    }
    for name, tag in described.items():
        if not isinstance(name, str) or tag.get("parent", name) not in found:
            said = f"openapi_tags=({tag!r}, ...)"
            allowed = 'mappings with a "name"; a "parent" is the name of another tag'
            faults.append(Fault(said, allowed, 'openapi_tags=[{"name": "users"}]'))
    return [*found.values()]


# --- paths -----------------------------------------------------------------------------------


class Address(NamedTuple):
    """How the document writes the path of all operations of one shape.

    Attributes:
        key: the path template.
        names: what its parameters are called, from left to right.
    """

    key: str
    names: tuple[str, ...]


def _paths(book: Book, checked: CheckedRules | None) -> tuple[dict[str, Schema], list[str]]:
    """The path items, and the tags in the order of their first use."""
    items: dict[str, dict[str, Schema]] = {}
    tags: dict[str, None] = {}
    addresses = _Addresses()
    for operation, address, described in _operations(book, addresses):
        items.setdefault(address.key, {})[operation.method] = described
        tags |= dict.fromkeys(operation.tags)
    taken = {*book.named}
    for rule in shown_rules(checked):
        address = addresses.at(rule.final.source)
        for method, described in rule_operations(book, rule, address.names, taken):
            items.setdefault(address.key, {})[method] = described
    return {key: _path_item(methods) for key, methods in items.items()}, [*tags]


def _path_item(methods: Mapping[str, Schema]) -> Schema:
    return {method.lower(): methods[method] for method in METHODS if method in methods}


def _operations(book: Book, addresses: "_Addresses") -> Iterator[tuple[Operation, Address, Schema]]:
    """Every operation of the document with its address, described one by one."""
    for operation, endpoint in book.endpoints.items():
        if operation.include_in_schema:
            address = addresses.at(endpoint.template)
            scribe = Scribe(operation, book, operation.place in book.told)
            yield operation, address, _operation(scribe, endpoint, address)


class _Addresses:
    """The addresses of one document: one for each shape."""

    def __init__(self) -> None:
        self._by_shape: Final[dict[tuple[Segment, ...], Address]] = {}
        self._keys: Final[set[str]] = set()

    def at(self, template: Template) -> Address:
        """The address of a template's shape."""
        shape = template.shape
        if shape not in self._by_shape:
            self._by_shape[shape] = address = self._new(template)
            self._keys.add(address.key)
        return self._by_shape[shape]

    def _new(self, template: Template) -> Address:
        """The address of a new shape.

        `{rest:path}` is written `{rest}`, for OpenAPI has no other parameters. Beside `/{rest}`
        it needs another name.
        """
        names = [hole.name for hole in template.holes]
        while (key := _key(template, names)) in self._keys:
            names[-1] += "_"
        return Address(key, tuple(names))


def _key(template: Template, names: Sequence[str]) -> str:
    called = iter(names)
    return "/" + "/".join(
        quote_segment(segment) if isinstance(segment, str) else f"{{{next(called)}}}"
        for segment in template.segments
    )


# --- operations ------------------------------------------------------------------------------


def _operation(scribe: Scribe, endpoint: Endpoint, address: Address) -> Schema:
    operation = endpoint.operation
    summary, description = _prose(operation)
    holes = [hole.name for hole in endpoint.template.holes]
    return given(
        tags=list(dict.fromkeys(operation.tags)),
        summary=summary,
        description=description,
        operationId=operation.name,
        parameters=parameters(scribe, endpoint, dict(zip(holes, address.names, strict=True))),
        requestBody=request_body(scribe, endpoint),
        responses=responses(scribe, _sources(endpoint, scribe.book)),
        callbacks=callbacks(scribe, operation.callbacks),
        deprecated=bool(operation.deprecated) or None,
        security=security(scribe, endpoint.steps),
    )


def _prose(operation: Operation) -> tuple[str | None, str | None]:
    """Summary and description; what is not given stands in the handler's docstring."""
    first, _, rest = _docstring(operation.handler).partition("\n\n")
    summary, description = " ".join(first.split()), rest.strip()
    return operation.summary or summary or None, operation.description or description or None


def _docstring(handler: Any) -> str:
    """What a person wrote on the function behind *handler*."""
    function = inspect.unwrap(handler)
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.cleandoc(getattr(function, "__doc__", None) or "")


def _sources(endpoint: Endpoint, book: Book) -> list[Endpoint]:
    """The endpoints that may answer: this one, those that it reroutes to, those that they do."""
    found = {endpoint.operation: endpoint}
    waiting = [endpoint]
    while waiting:
        for operation in waiting.pop().reroutes:
            if operation not in found and operation in book.endpoints:
                found[operation] = book.endpoints[operation]
                waiting.append(found[operation])
    return [*found.values()]


# --- components ------------------------------------------------------------------------------


def _components(book: Book) -> Schema:
    return given(
        schemas=book.components.rendered(),
        responses=dict(sorted(book.responses.items())),
        securitySchemes=book.schemes,
    )
