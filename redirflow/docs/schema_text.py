"""A JSON Schema in words: what a value is, what it must keep to, and what its fields are.

The words that the document is made of are told by the tables below; of any other keyword (an
author may add some with `extra_json_schema`) its JSON is shown, so that nothing is left unsaid.
Components are linked, never unfolded: that ends recursion.
"""

from collections.abc import Callable, Container, Iterator
from typing import Any, Final, TypeAlias

from redirflow.docs.index import Index
from redirflow.docs.json_text import in_one_line
from redirflow.docs.markup import Markup, code, element, html, joined
from redirflow.docs.prose import prose
from redirflow.openapi.reading import Object, is_object

_LONG: Final = 60
"""Characters of a pattern or a default that still reads well in a line."""

_ODD: Final = (AttributeError, KeyError, TypeError)
"""What happens where an author's `extra_json_schema` is no JSON Schema: it is shown as it is."""

_RANGES: Final = (
    ("minLength", "maxLength", "character"),
    ("minItems", "maxItems", "item"),
    ("minProperties", "maxProperties", "field"),
)
_BOUNDS: Final = (
    ("minimum", "\N{GREATER-THAN OR EQUAL TO}"),
    ("exclusiveMinimum", ">"),
    ("maximum", "\N{LESS-THAN OR EQUAL TO}"),
    ("exclusiveMaximum", "<"),
)
_SILENT: Final = frozenset(
    {
        *("$ref", "oneOf", "anyOf", "allOf", "const", "enum", "type", "format"),
        *("items", "prefixItems", "properties", "required", "additionalProperties"),
        *("contentSchema", "contentMediaType", "contentEncoding", "description", "title"),
        *(word for least, most, _ in _RANGES for word in (least, most)),
        *(word for word, _ in _BOUNDS),
    }
)
"""Keywords that are told by the kind of the value, its limits, its fields or its prose."""

_TOLD: Final[dict[str, Callable[[Any], str | None]]] = {
    "multipleOf": lambda value: f"a multiple of {value}",
    "uniqueItems": lambda value: "no item twice" if value else None,
    "discriminator": lambda value: f"told apart by {value['propertyName']}",
    "deprecated": lambda value: "deprecated" if value else None,
}
_QUOTED: Final = {"pattern": "pattern", "default": "default"}


def describe(schema: object, index: Index) -> Markup:
    """All that a schema says: a line on the value, prose, and its fields below."""
    line = element("div", in_a_line(schema, index), class_="type")
    if not is_object(schema):
        return line
    return html(line, prose(schema.get("description")), fields(schema, index))


def in_a_line(schema: object, index: Index) -> Markup:
    """The kind of a value and its limits: `integer, ≥ 1, default 20`."""
    try:
        limits = _limits(schema) if is_object(schema) else ()
        return joined(", ", [_kind(schema, index), *limits])
    except _ODD:
        return code(in_one_line(schema))


def fields(schema: object, index: Index, *, without: Container[str] = ()) -> Markup:
    """The fields of an object, or of the objects in an array, but for those named *without*."""
    try:
        return _fields(schema, index, without)
    except _ODD:
        return html()


# --- kinds -----------------------------------------------------------------------------------


def _kind(schema: object, index: Index) -> Markup:
    if not is_object(schema):
        return html("nothing" if schema is False else "any value")
    for word, told in _KINDS.items():
        if word in schema:
            return told(schema, index)
    return html("any value")


_Kind: TypeAlias = Callable[[Object, Index], Markup]


def _reference(schema: Object, index: Index) -> Markup:
    return index.referred(schema["$ref"])


def _choice(word: str, separator: str) -> _Kind:
    return lambda schema, index: joined(
        separator, [_kind(each, index) for each in schema[word]] or [html("nothing")]
    )


def _constant(schema: Object, index: Index) -> Markup:
    return code(in_one_line(schema["const"]))


def _enumeration(schema: Object, index: Index) -> Markup:
    return joined(" | ", [code(in_one_line(each)) for each in schema["enum"]])


def _typed(schema: Object, index: Index) -> Markup:
    types: Any = schema["type"]
    if isinstance(types, str):
        return _NAMED.get(types, _plain)(schema, index)
    return joined(" or ", [_typed({**schema, "type": each}, index) for each in types])


def _plain(schema: Object, index: Index) -> Markup:
    """A scalar with its format; `null` has none."""
    name = schema["type"]
    form = schema.get("format") or schema.get("contentMediaType") or schema.get("contentEncoding")
    return html(name, f" ({form})" if form and name != "null" else None)


def _string(schema: Object, index: Index) -> Markup:
    if "contentSchema" not in schema:
        return _plain(schema, index)
    return html("text that holds ", _kind(schema["contentSchema"], index))


def _array(schema: Object, index: Index) -> Markup:
    if "prefixItems" not in schema:
        return html("array of ", _kind(schema.get("items", True), index))
    items = [_kind(each, index) for each in schema["prefixItems"]]
    return html("array [", joined(", ", items), "]" if schema.get("items") is False else ", ...]")


def _object(schema: Object, index: Index) -> Markup:
    rest = schema.get("additionalProperties")
    if is_object(rest):
        return html("object of ", _kind(rest, index))
    return html("object, no other fields" if rest is False else "object")


_NAMED: Final[dict[str, _Kind]] = {"string": _string, "array": _array, "object": _object}
_KINDS: Final[dict[str, _Kind]] = {
    "$ref": _reference,
    "const": _constant,
    "enum": _enumeration,
    "oneOf": _choice("oneOf", " or "),
    "anyOf": _choice("anyOf", " or "),
    "allOf": _choice("allOf", " and "),
    "type": _typed,
}


# --- limits ----------------------------------------------------------------------------------


def _limits(schema: Object) -> Iterator[Markup]:
    for least, most, unit in _RANGES:
        if least in schema or most in schema:
            yield html(_range(schema.get(least), schema.get(most), unit))
    for word, sign in _BOUNDS:
        if word in schema:
            yield html(f"{sign} {schema[word]}")
    for word, value in schema.items():
        yield from _limit(word, value)


def _limit(word: str, value: Any) -> Iterator[Markup]:
    if word in _TOLD:
        told = _TOLD[word](value)
        if told:
            yield html(told)
    elif word in _QUOTED:
        yield _quoted(word, value if word == "pattern" else in_one_line(value))
    elif word not in _SILENT:
        yield _quoted(word, in_one_line(value))


def _quoted(word: str, text: str) -> Markup:
    if len(text) <= _LONG:
        return html(f"{word} ", code(text))
    return element("details", element("summary", word), code(text), class_="long")


def _range(least: int | None, most: int | None, unit: str) -> str:
    if least == most:
        return f"{least} {unit}{'' if least == 1 else 's'}"
    if most is None:
        return f"at least {least} {unit}{'' if least == 1 else 's'}"
    low = "up to" if not least else f"{least} to"
    return f"{low} {most} {unit}{'' if most == 1 else 's'}"


# --- fields ----------------------------------------------------------------------------------


def _parts(schema: Object) -> Iterator[object]:
    """The schemas that a value is made of, where it has no fields of its own."""
    for word in ("items", "additionalProperties", "contentSchema"):
        if is_object(schema.get(word)):
            yield schema[word]
    for word in ("oneOf", "anyOf", "allOf", "prefixItems"):
        yield from schema.get(word, ())


def _fields(schema: object, index: Index, without: Container[str]) -> Markup:
    if not is_object(schema):
        return html()
    properties = schema.get("properties")
    if not properties:
        return html(*(_fields(part, index, without) for part in _parts(schema)))
    required = schema.get("required", ())
    rows = [
        _field(name, each, name in required, index)
        for name, each in properties.items()
        if name not in without
    ]
    return element("dl", *rows, class_="fields") if rows else html()


def _field(name: str, schema: object, required: bool, index: Index) -> Markup:
    needed = element("span", "required", class_="required") if required else None
    return html(
        element("dt", code(name), " ", needed),
        element("dd", describe(schema, index)),
    )
