"""What a request to an operation is made of: one control for each thing that a person can give.

The form of "Try it" and the curl line are both written from these records, so they can't
disagree; `page.js` reads the form and writes the same line again when something is typed.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from redirflow.docs.example import ABSENT, example
from redirflow.docs.index import Entry, Index
from redirflow.docs.json_text import in_one_line, indented
from redirflow.http.media import FORM, JSON, MULTIPART
from redirflow.openapi.reading import Object, is_object

Where: TypeAlias = Literal[
    "path", "query", "header", "cookie", "form", "body", "bearer", "user", "password"
]
"""Where a value goes; `user` and `password` go into `Authorization: Basic` together."""

Kind: TypeAlias = Literal["text", "lines", "json", "choice", "file"]
"""How a value is given: in one line, one a line, as JSON, out of a list, as a file."""


class Control(Struct, frozen=True, kw_only=True):
    """One thing to give.

    Attributes:
        value: what stands there at first; nothing for what may be left out.
        hint: what an empty field stands for.
        choices: for the kind `choice`.
        scheme: the name of the security scheme that asks for it.
    """

    name: str
    where: Where
    kind: Kind = "text"
    value: str = ""
    required: bool = False
    hint: str = ""
    choices: tuple[str, ...] = ()
    scheme: str | None = None


class Sending(Struct, frozen=True, kw_only=True):
    """What is sent to an operation.

    Attributes:
        media_type: of the body; `None` without one.
    """

    entry: Entry
    controls: tuple[Control, ...]
    media_type: str | None


def sending(entry: Entry, index: Index) -> Sending:
    """The controls of an operation: its credentials, parameters and body."""
    content: Object = entry.described.get("requestBody", {}).get("content", {})
    media_type = _media_type(content)
    schema: Object = content[media_type].get("schema", {}) if media_type else {}
    controls = (
        *_credentials(entry, index),
        *(_parameter(each, index) for each in entry.described.get("parameters", ())),
        *_body(media_type, schema, index),
    )
    return Sending(entry=entry, controls=controls, media_type=media_type)


def shown(value: Any) -> str:
    """*value* as it stands in a path, a query or a form."""
    return value if isinstance(value, str) else in_one_line(value)


def _media_type(content: Object) -> str | None:
    """The one that a person can write best, of those that are offered."""
    preferred = [name for name in (JSON, FORM, MULTIPART) if name in content]
    return next(iter([*preferred, *content]), None)


# --- parameters ------------------------------------------------------------------------------


def _parameter(parameter: Object, index: Index) -> Control:
    schema, required = parameter["schema"], parameter.get("required", False)
    return _field(parameter["name"], parameter["in"], schema, required, index)


def _field(name: str, where: Where, schema: Object, required: bool, index: Index) -> Control:
    real = _unfolded(schema, index)
    kind, choices = _kind(real)
    default = schema.get("default")
    return Control(
        name=name,
        where=where,
        kind=kind,
        value=_first_value(schema, kind, index) if required else "",
        required=required,
        hint="" if default is None else shown(default),
        choices=choices,
    )


def _unfolded(schema: Object, index: Index) -> Object:
    """The schema of a component, or the schema itself."""
    return index.resolved(schema["$ref"]) if "$ref" in schema else schema


def _kind(schema: Object) -> tuple[Kind, tuple[str, ...]]:
    if "enum" in schema:
        return "choice", tuple(shown(each) for each in schema["enum"])
    if schema.get("type") == "boolean":
        return "choice", ("true", "false")
    if _is_file(schema) or _is_file(schema.get("items")):
        return "file", ()
    return ("lines" if schema.get("type") == "array" else "text"), ()


def _is_file(schema: object) -> bool:
    """Whether it is bytes as they are (OpenAPI 3.2, "Working with Binary Data")."""
    return is_object(schema) and schema.get("contentMediaType") == "application/octet-stream"


def _first_value(schema: Object, kind: Kind, index: Index) -> str:
    value: Any = ABSENT if kind == "file" else example(schema, index)
    if value is ABSENT:
        return ""
    return "\n".join(map(shown, value)) if kind == "lines" else shown(value)


# --- bodies ----------------------------------------------------------------------------------


def _body(media_type: str | None, schema: Object, index: Index) -> Iterator[Control]:
    if media_type in {FORM, MULTIPART}:
        required = schema.get("required", ())
        for name, each in schema.get("properties", {}).items():
            yield _field(name, "form", each, name in required, index)
    elif media_type is not None:
        value = example(schema, index)
        text = "" if value is ABSENT else indented(value)
        yield Control(name="Body", where="body", kind="json", value=text)


# --- credentials -----------------------------------------------------------------------------

_IN_AUTHORIZATION: Final[dict[str, tuple[tuple[str, Where], ...]]] = {
    "bearer": (("token", "bearer"),),
    "basic": (("user name", "user"), ("password", "password")),
}


def _credentials(entry: Entry, index: Index) -> Iterator[Control]:
    """A control for each scheme that one of the combinations asks for."""
    schemes = index.document.get("components", {}).get("securitySchemes", {})
    names = dict.fromkeys(name for each in entry.described.get("security", ()) for name in each)
    for name in names:
        scheme: Object = schemes[name]
        if scheme["type"] == "apiKey":
            yield Control(name=scheme["name"], where=scheme["in"], scheme=name)
        else:
            for label, where in _IN_AUTHORIZATION[scheme["scheme"]]:
                yield Control(name=label, where=where, scheme=name)
