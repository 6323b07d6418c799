"""What an operation answers, in the words of the document.

Successes, redirects and errors are read from the very records that the response plans are made
of; `answer` puts those of one status together.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec
from msgspec.structs import replace

from redirflow.declare.errors import HTTPError, members_of
from redirflow.declare.formats import ErrorFormat
from redirflow.declare.operation import Operation
from redirflow.declare.specs import NOTHING, CookieSpec, HeaderSpec
from redirflow.declare.streams import data_of, is_event
from redirflow.endpoint.convert import without_none
from redirflow.endpoint.endpoint import DeclaredRedirect, Endpoint
from redirflow.endpoint.fields import cookie_writer
from redirflow.endpoint.plan import NO_STORE
from redirflow.endpoint.responses import DeclaredResponse, phrase
from redirflow.endpoint.sunset import announced
from redirflow.http.media import JSON, codec_of
from redirflow.http.methods import method_after_hop
from redirflow.openapi.answer import Answer, Body, Header, merged
from redirflow.openapi.location import location
from redirflow.openapi.naming import component_name, plain
from redirflow.openapi.schema import Schema
from redirflow.openapi.scribe import Scribe

_LIST: Final[Any] = list


def responses(scribe: Scribe, sources: Iterable[Endpoint]) -> dict[str, Schema]:
    """The Responses Object of an operation.

    Args:
        sources: its endpoint, and those that it reroutes to.
    """
    found: dict[int, list[Answer]] = {}
    for source in sources:
        writer = replace(scribe, quiet=scribe.quiet or not source.operation.include_in_schema)
        lines = {**dict(announced(scribe.operation)), **dict(announced(source.operation))}
        for answer in _answers(writer, source):
            found.setdefault(answer.status, []).append(_announcing(answer, lines))
    if scribe.operation.method == "HEAD":
        return {str(status): merged(found[status], bodiless=True) for status in sorted(found)}
    return {str(status): scribe.book.response(found[status]) for status in sorted(found)}


def _announcing(answer: Answer, lines: Mapping[bytes, bytes]) -> Answer:
    """*answer* with what is told of the end of its operation."""
    if not lines:
        return answer
    told = _by_name(constant(line, required=True) for line in lines.items())
    return replace(answer, headers={**told, **answer.headers}, name=None)


def _answers(scribe: Scribe, endpoint: Endpoint) -> Iterable[Answer]:
    return chain(
        (_success(scribe, declared) for declared in endpoint.responses),
        (_redirect(scribe, endpoint, declared) for declared in endpoint.redirects),
        (_error(scribe, endpoint, error) for error in endpoint.errors),
    )


# --- successes -------------------------------------------------------------------------------


def _success(scribe: Scribe, declared: DeclaredResponse) -> Answer:
    targets = _located(declared)
    headers = _headers(scribe, declared.headers, declared.cookies)
    if declared.location is not None:
        headers.insert(0, location(scribe.book, declared.location_to, (), targets))
    return Answer(
        status=declared.status,
        description=declared.description,
        headers=_by_name([*headers, *_varying(declared)]),
        content=_content(scribe, declared),
        links={**scribe.book.links(targets), **_own_links(scribe, declared.links)},
    )


def _varying(declared: DeclaredResponse) -> list[Header]:
    """`Vary`, where the client's `Accept` decides."""
    several = len(declared.media_types) > 1
    return [Header("Vary", {"type": "string", "const": "accept"}, True, None)] if several else []


def _located(declared: DeclaredResponse) -> list[Operation]:
    """The operations that the `Location` of a 201 may lead to."""
    links = declared.location.links.values() if declared.location else ()
    return serving("GET", dict.fromkeys(link.operation for link in links))


def _content(scribe: Scribe, declared: DeclaredResponse) -> dict[str, Body]:
    examples = {
        name: {"value": _example(scribe, declared, name, value)}
        for name, value in declared.examples.items()
    }
    return {name: _body(scribe, declared, name, examples) for name in declared.media_types}


def _body(scribe: Scribe, declared: DeclaredResponse, media_type: str, examples: Schema) -> Body:
    if declared.stream == "events":
        return Body("itemSchema", _event(scribe, declared.type), declared.type, examples)
    if _by_item(declared):
        return Body("itemSchema", scribe.schema(declared.type, "output"), declared.type, examples)
    if codec_of(media_type) or declared.type is str:
        return Body("schema", scribe.schema(declared.type, "output"), declared.type, examples)
    # Bytes that are no JSON have no schema (OpenAPI 3.2, "Working with Binary Data").
    return Body("schema", {}, declared.type)


def _event(scribe: Scribe, type_: Any) -> Schema:
    """An item of an event stream as its fields (OpenAPI 3.2, "Server-Sent Event Streams")."""
    text: Schema = {"type": "string"}
    named = is_event(type_)
    more = {"event": text, "id": text, "retry": {"type": "integer", "minimum": 0}} if named else {}
    type_ = data_of(type_) if named else type_
    if named and type_ in (Any, str):
        return {"type": "object", "properties": {"data": text, **more}}
    content = {"contentMediaType": JSON, "contentSchema": scribe.schema(type_, "output")}
    fields = {"data": {**text, **content}, **more}
    return {"type": "object", "properties": fields, "required": ["data"]}


def _by_item(declared: DeclaredResponse) -> bool:
    return declared.stream in {"lines", "events"}


def _example(scribe: Scribe, declared: DeclaredResponse, name: str, value: Any) -> Any:
    """An example as it would be sent; that of a stream is the list of its items."""
    type_ = _LIST[declared.type] if _by_item(declared) else declared.type
    try:
        return plain(msgspec.json.decode(msgspec.json.encode(value), type=type_))
    except (TypeError, ValueError) as error:
        scribe.report(f"the example {name!r} of the {declared.status} could not be sent: {error}")
        return None


def _own_links(scribe: Scribe, links: Mapping[str, Any]) -> dict[str, Schema]:
    """The author's own Link Objects, each of which has to lead somewhere."""
    found: dict[str, Schema] = {}
    for name, link in links.items():
        try:
            found[name] = plain(dict(link))
        except (TypeError, ValueError) as error:
            scribe.report(f"the link {name!r} is no Link Object: {error}", "a mapping of JSON")
            continue
        target = found[name].get("operationId")
        if target is not None and target not in scribe.book.named:
            known = ", ".join(scribe.book.named)
            scribe.report(
                f"the link {name!r} leads to {target!r}, no operation of the document", known
            )
    return found


# --- redirects -------------------------------------------------------------------------------


def _redirect(scribe: Scribe, endpoint: Endpoint, declared: DeclaredRedirect) -> Answer:
    spec = declared.spec
    method = method_after_hop(spec.status_code, endpoint.operation.method)
    targets = serving(method, declared.targets)
    headers = [
        location(scribe.book, spec.to, spec.external, targets),
        *_optional(scribe, endpoint.operation.headers),
        *_headers(scribe, spec.headers, spec.cookies),
        *_caching(endpoint, declared),
    ]
    return Answer(
        status=spec.status_code,
        description=spec.description or phrase(spec.status_code),
        headers=_by_name(headers),
        links=scribe.book.links(targets),
    )


def serving(method: str, targets: Iterable[Operation]) -> list[Operation]:
    """Those of *targets* that serve *method*: a path means all that answer there."""
    served = "GET" if method == "HEAD" else method
    return [each for each in targets if each.method in {method, served}]


def _caching(endpoint: Endpoint, declared: DeclaredRedirect) -> Iterator[Header]:
    """What the plan of a redirect says to caches: nothing may keep one that sets cookies."""
    spec = declared.spec
    if spec.cookies:
        yield constant(NO_STORE, required=_any_required(spec.cookies))
    for judge in endpoint.judges:
        for plan in judge.redirects.get(spec.status_code, ()):
            if plan.spec is spec:
                yield from (constant(line, required=True) for line in plan.ready)


def constant(line: tuple[bytes, bytes], *, required: bool) -> Header:
    """A header that always has the same value."""
    name, value = (part.decode("ascii") for part in line)
    return Header(name.title(), {"type": "string", "const": value}, required)


# --- errors ----------------------------------------------------------------------------------


def _error(scribe: Scribe, endpoint: Endpoint, error: type[HTTPError]) -> Answer:
    answer = scribe.book.errors.get(error)
    if answer is None:
        answer = _described(scribe, error)
        if not scribe.quiet:
            scribe.book.errors[error] = answer
    group = _optional(scribe, endpoint.operation.headers)
    headers = _by_name([*group, *answer.headers.values()])
    return replace(answer, headers=headers, name=None) if group else answer


def _described(scribe: Scribe, error: type[HTTPError]) -> Answer:
    look = scribe.book.format
    type_ = look.body_type(error)
    example = _error_example(look, error, type_)
    examples = {error.__name__: {"value": example}} if example else NOTHING
    return Answer(
        status=error.status_code,
        description=error.title,
        headers=_by_name(_headers(scribe, error.header_specs, error.cookie_specs)),
        content={look.media_type: Body("schema", scribe.schema(type_, "output"), type_, examples)},
        name=component_name(error),
    )


def _error_example(format: ErrorFormat, error: type[HTTPError], type_: Any) -> Any:
    """A body of *error*; `None` if a field has no `Meta(examples=[...])` to take a value from."""
    try:
        fields = {name: _first_example(hint) for name, hint in members_of(error).items()}
        shown = error(**{name: value for name, value in fields.items() if value is not None})
        return plain(msgspec.convert(plain(format.body(shown)), type_))
    except Exception:  # noqa: BLE001 - the author's own `__init__`, with made-up values
        return None


def _first_example(hint: Any) -> Any:
    metas = (each for each in get_args(hint) if isinstance(each, msgspec.Meta))
    return next((each.examples[0] for each in metas if each.examples), None)


# --- headers ---------------------------------------------------------------------------------


def _by_name(headers: Iterable[Header]) -> dict[str, Header]:
    """Of two headers of one name the later one."""
    return {header.name.lower(): header for header in headers}


def _headers(
    scribe: Scribe, headers: Mapping[str, HeaderSpec], cookies: Mapping[str, CookieSpec]
) -> list[Header]:
    found = [
        Header(name, _header_schema(scribe, spec.type), spec.required, spec.description)
        for name, spec in headers.items()
    ]
    return [*found, _set_cookie(cookies)] if cookies else found


def _optional(scribe: Scribe, headers: Mapping[str, HeaderSpec]) -> list[Header]:
    """What a group declares: required on successes only."""
    return [each._replace(required=False) for each in _headers(scribe, headers, NOTHING)]


def _header_schema(scribe: Scribe, type_: Any) -> Schema:
    """The schema of a header's text, as `http.values.header_text` writes it."""
    bare = without_none(type_)
    plainly = get_args(bare)[0] if get_origin(bare) is Annotated else bare
    if plainly is datetime:
        return {"type": "string", "format": "http-date"}
    if plainly is timedelta:
        return {"type": "integer"}
    return scribe.schema(bare, "output")


def _set_cookie(cookies: Mapping[str, CookieSpec]) -> Header:
    """One `Set-Cookie` for all cookies: OpenAPI has no word for a line that repeats."""
    told = "; and ".join(
        f"`{cookie_writer(name, spec)('...').decode('ascii')}`"
        + (f" ({spec.description})" if spec.description else "")
        for name, spec in cookies.items()
    )
    return Header("Set-Cookie", {"type": "string"}, _any_required(cookies), told)


def _any_required(cookies: Mapping[str, CookieSpec]) -> bool:
    return any(spec.required for spec in cookies.values())
