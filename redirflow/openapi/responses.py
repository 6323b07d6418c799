"""What an operation answers, in the words of the document.

Theory: successes, redirects and errors all become an `Answer` first, made of the very records
that the response plans are made of. A status has one Response Object however many answers lead
to it (two errors, two redirects, an operation and the one that it reroutes to), so the answers
of one status are merged in one place, by one rule: whatever any of them may say is allowed,
whatever all of them must say is required.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin

import msgspec

from redirflow.declare.errors import HTTPError
from redirflow.declare.operation import Operation
from redirflow.declare.specs import NOTHING, CookieSpec, HeaderSpec
from redirflow.endpoint.convert import without_none
from redirflow.endpoint.endpoint import DeclaredRedirect, Endpoint
from redirflow.endpoint.fields import cookie_writer
from redirflow.endpoint.plan import NO_STORE
from redirflow.endpoint.responses import DeclaredResponse, phrase
from redirflow.http.media import codec_of
from redirflow.openapi.naming import plain
from redirflow.openapi.schema import Schema
from redirflow.openapi.scribe import Scribe, given

_LOCATION: Final[Schema] = {"type": "string", "format": "uri-reference"}


class Header(NamedTuple):
    """One header of one answer."""

    name: str
    schema: Schema
    required: bool
    description: str | None = None


class Body(NamedTuple):
    """What one answer sends under one media type.

    Attributes:
        word: whether the schema is that of the whole or of each item.
        schema: empty where JSON Schema has nothing to say.
    """

    word: Literal["schema", "itemSchema"]
    schema: Schema
    type: Any
    examples: Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One thing that an operation may answer; headers by lower-case name."""

    status: int
    description: str
    headers: Mapping[str, Header]
    content: Mapping[str, Body] = field(default=NOTHING)
    links: Mapping[str, Schema] = field(default=NOTHING)


def responses(scribe: Scribe, sources: Iterable[Endpoint]) -> dict[str, Schema]:
    """The Responses Object of an operation.

    Args:
        sources: its endpoint, and those that it reroutes to.
    """
    found: dict[int, list[Answer]] = {}
    for source in sources:
        for answer in _answers(scribe, source):
            found.setdefault(answer.status, []).append(answer)
    return {str(status): _merged(scribe, found[status]) for status in sorted(found)}


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
        headers += [_location(scribe, declared.location_to, (), targets)]
    return Answer(
        status=declared.status,
        description=declared.description,
        headers=_by_name(headers),
        content=_content(scribe, declared),
        links={**scribe.links(targets), **_own_links(scribe, declared.links)},
    )


def _located(declared: DeclaredResponse) -> list[Operation]:
    """The operations that the `Location` of a 201 may lead to."""
    links = declared.location.links.values() if declared.location else ()
    return list(dict.fromkeys(link.operation for link in links))


def _content(scribe: Scribe, declared: DeclaredResponse) -> dict[str, Body]:
    examples = {
        name: {"value": _example(scribe, declared, name, value)}
        for name, value in declared.examples.items()
    }
    return {name: _body(scribe, declared, name, examples) for name in declared.media_types}


def _body(scribe: Scribe, declared: DeclaredResponse, media_type: str, examples: Schema) -> Body:
    if _by_item(declared):
        return Body("itemSchema", scribe.schema(declared.type, "output"), declared.type, examples)
    if codec_of(media_type) or declared.type is str:
        return Body("schema", scribe.schema(declared.type, "output"), declared.type, examples)
    # Bytes that are no JSON have no schema (OpenAPI 3.2, "Working with Binary Data").
    return Body("schema", {}, declared.type, {})


def _by_item(declared: DeclaredResponse) -> bool:
    return declared.stream in {"lines", "events"}


def _example(scribe: Scribe, declared: DeclaredResponse, name: str, value: Any) -> Any:
    """An example as it would be sent; that of a stream is the list of its items."""
    type_ = list[declared.type] if _by_item(declared) else declared.type
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
        if target is not None and target not in scribe.named:
            known = ", ".join(scribe.named)
            scribe.report(f"the link {name!r} leads to {target!r}, no operation of the document", known)
    return found


# --- redirects -------------------------------------------------------------------------------


def _redirect(scribe: Scribe, endpoint: Endpoint, declared: DeclaredRedirect) -> Answer:
    spec = declared.spec
    headers = [
        *_optional(scribe, endpoint.operation.headers),
        *_headers(scribe, spec.headers, spec.cookies),
        *_caching(endpoint, declared),
        _location(scribe, spec.to, spec.external, declared.targets),
    ]
    return Answer(
        status=spec.status_code,
        description=spec.description or phrase(spec.status_code),
        headers=_by_name(headers),
        links=scribe.links(declared.targets),
    )


def _caching(endpoint: Endpoint, declared: DeclaredRedirect) -> Iterator[Header]:
    """What the plan of a redirect says to caches: nothing may keep one that sets cookies."""
    spec = declared.spec
    if spec.cookies:
        yield _constant(NO_STORE, required=_any_required(spec.cookies))
    for judge in endpoint.judges:
        for plan in judge.redirects.get(spec.status_code, ()):
            if plan.spec is spec:
                yield from (_constant(line, required=True) for line in plan.ready)


def _constant(line: tuple[bytes, bytes], *, required: bool) -> Header:
    name, value = (part.decode("ascii") for part in line)
    return Header(name.title(), {"type": "string", "const": value}, required)


# --- errors ----------------------------------------------------------------------------------


def _error(scribe: Scribe, endpoint: Endpoint, error: type[HTTPError]) -> Answer:
    body_type = scribe.book.format.body_type(error)
    body = Body("schema", scribe.schema(body_type, "output"), body_type, {})
    headers = [
        *_optional(scribe, endpoint.operation.headers),
        *_headers(scribe, error.header_specs, error.cookie_specs),
    ]
    return Answer(
        status=error.status_code,
        description=error.title,
        headers=_by_name(headers),
        content={scribe.book.format.media_type: body},
    )


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
    if get_origin(bare) is Annotated and get_args(bare)[0] in _WRITTEN:
        bare = get_args(bare)[0]
    if bare in _WRITTEN:
        return dict(_WRITTEN[bare])
    return scribe.schema(bare, "output")


_WRITTEN: Final[Mapping[Any, Schema]] = {
    datetime: {"type": "string", "format": "http-date"},
    timedelta: {"type": "integer"},
}
"""Types that a header writes in its own way."""


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


def _location(
    scribe: Scribe,
    to: Sequence[Any] | None,
    external: Sequence[str],
    targets: Sequence[Operation],
) -> Header:
    listed = to or ()
    names = [each.name for each in scribe.seen(targets)]
    paths = [each for each in listed if isinstance(each, str) and each.startswith("/")]
    paths = [path for path in paths if path not in [each.path for each in targets]]
    anywhere = ["any location of this site"] if "*" in listed or not (to or external) else []
    origins = ["any http(s) URL" if origin == "*" else origin for origin in external]
    told = ", ".join([*names, *paths, *anywhere, *origins])
    return Header("Location", dict(_LOCATION), True, f"Leads to: {told}" if told else None)


# --- several answers with one status ---------------------------------------------------------


def _merged(scribe: Scribe, answers: Sequence[Answer]) -> Schema:
    """The Response Object of all answers with one status."""
    bodiless = scribe.operation.method == "HEAD"
    links: dict[str, Schema] = {}
    for answer in answers:
        links = {**answer.links, **links}
    return given(
        description=_joined(answer.description for answer in answers),
        headers=_merged_headers([answer.headers for answer in answers]),
        content=None if bodiless else _merged_content([answer.content for answer in answers]),
        links=links,
    )


def _joined(texts: Iterable[str | None]) -> str | None:
    return " / ".join(dict.fromkeys(text for text in texts if text)) or None


def _merged_headers(answers: Sequence[Mapping[str, Header]]) -> dict[str, Schema]:
    names = dict.fromkeys(chain.from_iterable(answers))
    alike = [[headers[name] for headers in answers if name in headers] for name in names]
    return {each[0].name: _header(each, everywhere=len(each) == len(answers)) for each in alike}


def _header(alike: Sequence[Header], *, everywhere: bool) -> Schema:
    required = everywhere and all(header.required for header in alike)
    description = _joined(header.description for header in alike)
    schema = _any_of(_unique(header.schema for header in alike))
    return {**given(description=description, required=required or None), "schema": schema}


def _merged_content(answers: Sequence[Mapping[str, Body]]) -> dict[str, Schema]:
    media_types = dict.fromkeys(chain.from_iterable(answers))
    return {
        media_type: _media([content[media_type] for content in answers if media_type in content])
        for media_type in media_types
    }


def _media(bodies: Sequence[Body]) -> Schema:
    """The Media Type Object of all that may be sent under one media type."""
    examples: Schema = {}
    for body in bodies:
        examples = {**body.examples, **examples}
    if len({body.word for body in bodies}) > 1:
        return given(examples=examples)
    return given(**{bodies[0].word: _choice(bodies)}, examples=examples)


def _choice(bodies: Sequence[Body]) -> Schema:
    """One schema for all bodies: `oneOf` if a constant member tells them apart."""
    schemas = _unique(body.schema for body in bodies)
    tags = dict(filter(None, (_tag(body.type) for body in bodies))) if len(schemas) > 1 else {}
    ...
    return _any_of(schemas)


def _unique(schemas: Iterable[Schema]) -> list[Schema]:
    found: list[Schema] = []
    for schema in schemas:
        if schema not in found:
            found.append(schema)
    return found


def _any_of(schemas: Sequence[Schema]) -> Schema:
    if {} in schemas:
        return {}
    return schemas[0] if len(schemas) == 1 else {"anyOf": [*schemas]}
