"""What an operation takes: parameters, body, form.

They are those of all its functions, guards and dependencies included, because a request has to
suit each of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from redirflow.declare.hooks import decoding
from redirflow.endpoint.binder import BodyReader
from redirflow.endpoint.convert import without_none
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.signature import (
    REQUIRED,
    Parameter,
    Required,
    is_upload,
)
from redirflow.endpoint.steps import functions
from redirflow.http.media import FORM, JSON, MSGPACK, MULTIPART, codec_of
from redirflow.openapi.naming import plain
from redirflow.openapi.schema import Schema, given
from redirflow.openapi.scribe import Scribe

Readings: TypeAlias = Sequence[Parameter]
"""One parameter as the functions of an operation read it: at least one reading."""

_ORDER: Final = ("query", "header", "cookie")
_IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
"""Header parameters that OpenAPI tells readers to ignore (3.2, Parameter Object)."""

REST: Final = "The rest of the path; it may hold slashes, or be empty."


def parameters(scribe: Scribe, endpoint: Endpoint, names: Mapping[str, str]) -> list[Schema]:
    """The parameters of an operation: the path's from left to right, then query, header, cookie.

    Args:
        names: what the document calls each parameter of the path.
    """
    found = _readings(endpoint)
    path = [
        _parameter(scribe, found["path", hole.name], names[hole.name], REST if hole.rest else None)
        for hole in endpoint.template.holes
        if ("path", hole.name) in found
    ]
    others = [
        _parameter(scribe, readings, key)
        for place in _ORDER
        for (where, key), readings in found.items()
        if where == place and not (where == "header" and key in _IGNORED)
    ]
    return path + others


def request_body(scribe: Scribe, endpoint: Endpoint) -> Schema | None:
    """The body of an operation: a decoded value, the fields of a form, or none."""
    if endpoint.body is not None:
        return _body(scribe, endpoint.body)
    fields = [each for (where, _), each in _readings(endpoint).items() if where == "form"]
    return _form(scribe, fields) if fields else None


def _readings(endpoint: Endpoint) -> dict[tuple[str, str], list[Parameter]]:
    """Every parameter once, with all its readings, in the order of the calls."""
    found: dict[tuple[str, str], list[Parameter]] = {}
    for step in (*functions(endpoint.steps), endpoint.handler):
        for parameter in step.signature.parameters:
            found.setdefault((parameter.where, parameter.key), []).append(parameter)
    return found


def _parameter(
    scribe: Scribe, readings: Readings, name: str, description: str | None = None
) -> Schema:
    schema, own = lifted(_schema(scribe, readings))
    told = given(
        description=own or description,
        required=_required(readings) or None,
        deprecated=schema.pop("deprecated", None),
    )
    return {"name": name, "in": readings[0].where, **told, "schema": schema}


def _required(readings: Readings) -> bool:
    return any(each.required for each in readings)


def _schema(scribe: Scribe, readings: Readings) -> Schema:
    """What the strictest of the readings says: the first that refuses some text."""
    if _is_file(readings):
        return _file_schema(readings)
    strictest = max(readings, key=lambda each: each.reader.fallible)
    # No text stands for None: such a parameter is absent.
    schema = scribe.schema(without_none(strictest.type), "input")
    if not _required(readings):
        return schema | _default(strictest)
    # An empty list has no text: it is an absent parameter.
    return schema | {"minItems": schema.get("minItems") or 1} if strictest.reader.many else schema


def _is_file(readings: Readings) -> bool:
    return is_upload(readings[0].type)


def _file_schema(readings: Readings) -> Schema:
    file: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
    least = {"minItems": 1} if _required(readings) else {}
    return {"type": "array", "items": file} | least if readings[0].reader.many else file


def _default(parameter: Parameter) -> Schema:
    """The default, if JSON has it and the parameter's own type would take it."""
    if parameter.shown is REQUIRED or parameter.shown is None:
        return {}
    try:
        value = plain(parameter.shown)
        msgspec.convert(value, parameter.type, dec_hook=decoding())
    except (TypeError, ValueError):
        return {}
    return {"default": value}


def lifted(schema: Schema) -> tuple[Schema, str | None]:
    """*schema* without its description, which its owner takes over."""
    rest = {word: part for word, part in schema.items() if word != "description"}
    return rest, schema.get("description")


def _body(scribe: Scribe, body: BodyReader) -> Schema:
    schema, description = lifted(scribe.schema(body.parameter.type, "input"))
    media_types = [name for name in (JSON, MSGPACK) if _codec(name) in body.decode]
    required = isinstance(body.parameter.default, Required)
    return _request(schema, media_types, description, required=required)


def _codec(media_type: str) -> str:
    codec = codec_of(media_type)
    return codec.name if codec else ""


def _form(scribe: Scribe, fields: Sequence[Readings]) -> Schema:
    properties = {readings[0].key: _schema(scribe, readings) for readings in fields}
    required = [readings[0].key for readings in fields if _required(readings)]
    schema = given(type="object", properties=properties, required=required)
    # Files travel in multipart only. Text may too, where python-multipart is installed; the
    # document does not say so, for it must not depend on what is.
    files = any(_is_file(each) for each in fields)
    return _request(schema, (MULTIPART if files else FORM,), None, required=bool(required))


def _request(
    schema: Schema, media_types: Sequence[str], description: str | None, *, required: bool
) -> Schema:
    content: dict[str, Any] = {name: {"schema": schema} for name in media_types}
    return given(description=description, content=content, required=required or None)
