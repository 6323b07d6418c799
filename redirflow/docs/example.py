"""A value that a schema lets in, for the forms and the curl lines.

What the author said comes first: examples, defaults, constants, the first of a choice. Else it is
something plain that keeps to the limits. No value is found for every pattern; then a person has
to type one, and the API says what is wrong with ours.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import ceil, floor, inf
from typing import Any, Final

from redirflow.docs.index import Index
from redirflow.openapi.reading import Object, is_object

ABSENT: Final = object()
"""Stands for no value: a schema that leads back to itself, or `false`."""

_MOST: Final = 200
"""Values in one example; a larger one helps nobody."""

_FORMS: Final = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "date-time-local": "2026-01-31T12:00:00",
    "decimal": "1.5",
    "duration": "PT1H",
    "time": "12:00:00Z",
    "time-local": "12:00:00",
    "uri-reference": "/",
    "uuid": "8f6f1c1e-5d0a-4c57-9a43-2f9b7c0d1e2f",
}
_TEXTS: Final = (
    *("string", "ada@example.com", "https://example.com/", "/", "1", "a", "A", "0000"),
    *_FORMS.values(),
)
"""What is tried where a pattern decides."""


def example(schema: object, index: Index) -> Any:
    """A value for *schema*, made of JSON; `ABSENT` if there is none."""
    try:
        return _Maker(index).value(schema)
    except (AttributeError, KeyError, TypeError, ValueError):
        return ABSENT  # an author's own schema that is no JSON Schema


class _Maker:
    """Makes one example.

    Theory: a component that is being made already is `ABSENT`, and so is everything once there
    are too many values; what is absent is left out of its object or array.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self.open: list[str] = []
        self.left = _MOST

    def value(self, schema: object) -> Any:
        """A value for *schema*."""
        self.left -= 1
        if self.left < 0 or schema is False:
            return ABSENT
        if not is_object(schema):
            return {}
        for found in _given(schema):
            return found
        for word, make in _MAKERS.items():
            if word in schema:
                return make(self, schema)
        return {}

    def component(self, schema: Object) -> Any:
        """A value for a component, unless it is in the making."""
        name: str = schema["$ref"]
        if name in self.open:
            return ABSENT
        self.open.append(name)
        try:
            return self.value(self.index.resolved(name))
        finally:
            self.open.pop()

    def one_of(self, word: str, schema: Object) -> Any:
        """A value for the first option that has one."""
        made = (self.value(option) for option in schema[word])
        return next((value for value in made if value is not ABSENT), ABSENT)

    def all_of(self, schema: Object) -> Any:
        """The fields of all parts."""
        parts = [self.value(part) for part in schema["allOf"]]
        return {name: value for part in parts if is_object(part) for name, value in part.items()}

    def typed(self, schema: Object) -> Any:
        """A value of a type; of several types, of the first."""
        types: Any = schema["type"]
        return _BY_TYPE[types if isinstance(types, str) else types[0]](self, schema)

    def array(self, schema: Object) -> Any:
        """One item, or as many as there must be."""
        items = [self.value(each) for each in schema.get("prefixItems", ())]
        least = min(max(1, schema.get("minItems", 0)), _MOST)
        if schema.get("items"):
            items += [self.value(schema["items"]) for _ in range(len(items), least)]
        return [item for item in items if item is not ABSENT]

    def object(self, schema: Object) -> Any:
        """Every field, and one more by a name of its own where any may be there."""
        made = {name: self.value(each) for name, each in schema.get("properties", {}).items()}
        if is_object(schema.get("additionalProperties")):
            made["key"] = self.value(schema["additionalProperties"])
        return {name: value for name, value in made.items() if value is not ABSENT}


def _given(schema: Object) -> Iterator[Any]:
    """What the author said, best first."""
    yield from schema.get("examples", ())
    for word in ("example", "default", "const"):
        if word in schema:
            yield schema[word]
    yield from schema.get("enum", ())


# --- scalars ---------------------------------------------------------------------------------


def _text(schema: Object) -> str:
    if schema.get("contentEncoding") == "base64":
        return _sized("AAAA", schema)
    form = _FORMS.get(schema.get("format", ""), "string")
    if "pattern" in schema:
        return next((text for text in (form, *_TEXTS) if _fits(text, schema)), "")
    return _sized(form, schema)


def _fits(text: str, schema: Object) -> bool:
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return False
    with suppress(re.error):  # a pattern of ECMA 262 that Python can't read
        return re.search(schema["pattern"], text) is not None
    return False


def _sized(text: str, schema: Object) -> str:
    least = min(schema.get("minLength", 0), 1000)
    longer = text * ceil(least / len(text)) if len(text) < least else text
    return longer[: schema.get("maxLength", len(longer))]


def _number(schema: Object, tiny: float) -> Any:
    """The number next to 1 that is within the bounds."""
    low = schema.get("minimum", schema.get("exclusiveMinimum", -inf) + tiny)
    high = schema.get("maximum", schema.get("exclusiveMaximum", inf) - tiny)
    found = min(max(1, low), high)
    step = schema.get("multipleOf")
    if not step:
        return found
    above = ceil(found / step) * step
    return above if above <= high else floor(found / step) * step


_Make = Callable[[_Maker, Object], Any]

_BY_TYPE: Final[dict[str, _Make]] = {
    "array": _Maker.array,
    "object": _Maker.object,
    "string": lambda _, schema: _text(schema),
    "integer": lambda _, schema: _number(schema, 1),
    "number": lambda _, schema: _number(schema, 0.5),
    "boolean": lambda _, schema: True,
    "null": lambda _, schema: None,
}
_MAKERS: Final[dict[str, _Make]] = {
    "$ref": _Maker.component,
    "oneOf": lambda maker, schema: maker.one_of("oneOf", schema),
    "anyOf": lambda maker, schema: maker.one_of("anyOf", schema),
    "allOf": _Maker.all_of,
    "type": _Maker.typed,
}
