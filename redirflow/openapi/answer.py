"""One answer of an operation, and the Response Object of all answers with one status.

Theory: OpenAPI has one Response Object for a status, however many answers lead to it: two
errors, two redirects, an operation and the one that it reroutes to. So whatever is answered
becomes an `Answer` first, and those of one status are merged here, by one rule: what any of them
may say is allowed, what all of them must say is required.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec
from msgspec import Struct

from redirflow.declare.specs import NOTHING
from redirflow.openapi.schema import Schema, given


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
        type: what the schema was made of.
        examples: Example Objects by name.
    """

    word: Literal["schema", "itemSchema"]
    schema: Schema
    type: Any
    examples: Mapping[str, Schema] = NOTHING


class Answer(Struct, frozen=True, kw_only=True):
    """One thing that an operation may answer.

    Attributes:
        headers: by lower-case name.
        content: by media type; empty for no body.
        links: Link Objects by name.
        name: of the component that says the same everywhere, if there may be one.
    """

    status: int
    description: str
    headers: Mapping[str, Header]
    content: Mapping[str, Body] = NOTHING
    links: Mapping[str, Schema] = NOTHING
    name: str | None = None


def merged(answers: Sequence[Answer], *, bodiless: bool) -> Schema:
    """The Response Object of all answers with one status.

    Args:
        bodiless: whether the content stays at home: that of an answer to HEAD does.
    """
    content = {} if bodiless else _contents([answer.content for answer in answers])
    if len(answers) == 1 and answers[0].status >= 400:
        # Examples tell errors apart; the schema of one alone says it all.
        content = {name: given(schema=media.get("schema")) for name, media in content.items()}
    return given(
        description=joined(answer.description for answer in answers),
        headers=_headers([answer.headers for answer in answers]),
        content=content,
        links=_first_of_each([answer.links for answer in answers]),
    )


def joined(texts: Iterable[str | None]) -> str | None:
    """All texts, each once; `None` for none."""
    return " / ".join(dict.fromkeys(text for text in texts if text)) or None


def _first_of_each(mappings: Iterable[Mapping[str, Schema]]) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for mapping in mappings:
        for name, value in mapping.items():
            found.setdefault(name, value)
    return found


def _headers(answers: Sequence[Mapping[str, Header]]) -> dict[str, Schema]:
    names = dict.fromkeys(chain.from_iterable(answers))
    alike = [[headers[name] for headers in answers if name in headers] for name in names]
    return {each[0].name: _header(each, everywhere=len(each) == len(answers)) for each in alike}


def _header(alike: Sequence[Header], *, everywhere: bool) -> Schema:
    required = everywhere and all(header.required for header in alike)
    description = joined(header.description for header in alike)
    schema = _any_of(_unique(header.schema for header in alike))
    return {**given(description=description, required=required or None), "schema": schema}


def _contents(answers: Sequence[Mapping[str, Body]]) -> dict[str, Schema]:
    media_types = dict.fromkeys(chain.from_iterable(answers))
    return {
        media_type: _media([content[media_type] for content in answers if media_type in content])
        for media_type in media_types
    }


def _media(bodies: Sequence[Body]) -> Schema:
    """The Media Type Object of all that may be sent under one media type."""
    words = {body.word for body in bodies}
    schema = _choice(bodies) if len(words) == 1 else {}
    return given(
        **{bodies[0].word: schema}, examples=_first_of_each(body.examples for body in bodies)
    )


def _choice(bodies: Sequence[Body]) -> Schema:
    """One schema for all bodies: `oneOf` if a constant member tells each from the others."""
    schemas = _unique(body.schema for body in bodies)
    if len(schemas) == 1:
        return schemas[0]
    tags = {tag: body.schema for body in bodies if (tag := _tag(body.type))}
    if len(tags) == len(schemas) and len({member for member, _ in tags}) == 1:
        return _told_apart(tags)
    return _any_of(schemas)


def _told_apart(tags: Mapping[tuple[str, str], Schema]) -> Schema:
    mapping = {value: schema["$ref"] for (_, value), schema in tags.items()}
    member, _ = next(iter(tags))
    return {
        "oneOf": [*tags.values()],
        "discriminator": {"propertyName": member, "mapping": mapping},
    }


def _tag(type_: Any) -> tuple[str, str] | None:
    """The first member of a Struct that has to be there and can have one value only."""
    if not (isinstance(type_, type) and issubclass(type_, msgspec.Struct)):
        return None
    for each in msgspec.structs.fields(type_):
        values: tuple[Any, ...] = get_args(each.type) if get_origin(each.type) is Literal else ()
        if each.required and len(values) == 1 and isinstance(values[0], str):
            return each.encode_name, values[0]
    return None


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
