"""From OpenAPI 3.2 to 3.1.1, with a list of what 3.1 can't say.

Theory: one word means different things in different objects (a property may be called ``query``),
so nothing is judged by its name alone. The document is walked as the specification draws it:
`_FIELDS` says for each kind of object which fields hold further objects and which are lost,
`_RULES` what takes more than a table. Whatever stands in neither is copied.

What is dropped may be referred to from anywhere: operations by links, links and parameters by
references. So the walk is repeated, knowing what is gone, until nothing more goes.
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, TypeAlias, TypeGuard, cast
from urllib.parse import unquote

Object: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[str, ...]

_GONE: Any = object()


def downgrade(document: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The document as OpenAPI 3.1.1, and one line for each thing that was lost: where, what."""
    gone: set[str] = set()
    while True:
        walk = _Walk(document, gone)
        found = walk.convert("document", document, ())
        if walk.gone == gone:
            return found, walk.losses
        gone = walk.gone


class _Walk:
    """One walk over a document: what was lost, and the pointers and operationIds that are gone."""

    def __init__(self, document: Object, gone: set[str]) -> None:
        self.gone = gone.copy()
        self.losses: list[str] = []
        self.media_types: Object = document.get("components", {}).get("mediaTypes", {})

    def convert(self, kind: str, value: Any, at: Place) -> Any:
        """An object, or each in a list or ``*map`` of them, as 3.1 has it; _GONE if it has not."""
        if kind and isinstance(value, list):
            return list(self._each(kind, enumerate(cast("list[Any]", value)), at).values())
        if not kind or not _is_object(value):
            return deepcopy(value)
        if kind.startswith("*"):
            return self._each(kind[1:], value.items(), at)
        if "$ref" in value and kind not in {"media type", "path item", "schema"}:
            gone = value["$ref"] in self.gone
            return self.drop(at, "a reference to what was dropped") if gone else deepcopy(value)
        found = _RULES[kind](self, value.copy(), at) if kind in _RULES else value.copy()
        return found if found is _GONE else self._object(_FIELDS[kind], found, at)

    def _each(self, kind: str, items: Iterable[tuple[Any, Any]], at: Place) -> dict[Any, Any]:
        found = ((key, self.convert(kind, value, (*at, str(key)))) for key, value in items)
        return {key: value for key, value in found if value is not _GONE}

    def _object(self, fields: dict[str, str], found: Object, at: Place) -> Object:
        self.lose(found, at, *(key for key, kind in fields.items() if kind == "-"))
        for key in found:
            other = "" if key.startswith("x-") else fields.get("...", "")
            found[key] = self.convert(fields.get(key, other), found[key], (*at, key))
        return found

    def lose(self, found: Object, at: Place, *keys: str) -> Object:
        """Leave out fields; a flag that is False says what its absence says."""
        for key in keys:
            if found.pop(key, False) is not False:
                self.note((*at, key), f"`{key}` here")
        return found

    def drop(self, at: Place, what: str) -> Any:
        """Leave out an object that others may refer to."""
        self.gone.add("#/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in at))
        self.note(at, what)
        return _GONE

    def note(self, at: Place, what: str) -> None:
        """Write a loss down."""
        self.losses.append(f"{'.'.join(at)}: {what} has no place in 3.1")


def _is_object(value: Any) -> TypeGuard[Object]:
    return isinstance(value, dict)


def _renamed(found: Object, old: str, new: str) -> Object:
    return found if new in found else {new if k == old else k: v for k, v in found.items()}


def _in_dialect(found: Object, key: str) -> Object:
    newer = str(found.get(key)).startswith("https://spec.openapis.org/oas/3.2/")
    return found | ({key: "https://spec.openapis.org/oas/3.1/dialect/base"} if newer else {})


def _document(_walk: _Walk, found: Object, _at: Place) -> Object:
    return _in_dialect(found, "jsonSchemaDialect") | {"openapi": "3.1.1"}


def _components(_walk: _Walk, found: Object, _at: Place) -> Object:
    return {key: value for key, value in found.items() if key != "mediaTypes"}


def _path_item(walk: _Walk, found: Object, at: Place) -> Object:
    dropped = {("QUERY", "query"): found.pop("query")} if "query" in found else {}
    for method, operation in found.pop("additionalOperations", {}).items():
        dropped[method, "additionalOperations", method] = operation
    for (method, *place), operation in dropped.items():
        walk.gone.add(operation.get("operationId", ""))
        walk.drop((*at, *place), f"the {method} method")
    return found


def _link(walk: _Walk, found: Object, at: Place) -> Any:
    target = found.get("operationId") or unquote(found.get("operationRef", "-"))
    return walk.drop(at, f"a link to {target}, dropped too,") if target in walk.gone else found


def _parameter(walk: _Walk, found: Object, at: Place) -> Any:
    if found.get("in") == "querystring":
        return walk.drop(at, "a parameter for the whole query string")
    cookie, query = found.get("style") == "cookie", found.get("in") == "query"
    walk.lose(found, at, *["style"] * cookie, *["allowReserved"] * (not query))
    return walk.lose(found, at, *["example", "examples"] * ("content" in found))


def _media_type(walk: _Walk, found: Object, at: Place) -> Any:
    """3.1 has media types only where they are used, and items only in arrays."""
    left = {f"#/components/mediaTypes/{name}": each for name, each in walk.media_types.items()}
    while "$ref" in found:
        if found["$ref"] not in left:
            walk.note((*at, "$ref"), "a media type that is described elsewhere")
            return {}
        found = left.pop(found["$ref"]).copy()
    text = "itemSchema" in found and _TEXT_STREAMS.fullmatch(at[-1])
    return walk.convert("stream", found, at) if text else found


def _stream(_walk: _Walk, found: Object, _at: Place) -> Object:
    """To 3.1 a body of many items is one text, and so is an example of it."""
    return {"schema": {}} | found | {"schema": {"type": "string"}}


def _example(walk: _Walk, found: Object, at: Place) -> Object:
    found = _renamed(found, "dataValue", "value")
    return walk.lose(found, at, *["externalValue"] * ("value" in found))


def _stream_example(_walk: _Walk, found: Object, _at: Place) -> Object:
    return _renamed(found, "serializedValue", "value")


def _response(_walk: _Walk, found: Object, at: Place) -> Object:
    return {"description": _PHRASES.get(at[-1], at[-1])} | _renamed(found, "summary", "description")


def _schema(walk: _Walk, found: Object, at: Place) -> Object:
    xml = found.get("xml")
    if _is_object(xml) and "nodeType" in xml:
        flags = _XML_FLAGS.get((xml["nodeType"], "array" in (found.get("type") or "")))
        ...
    return _in_dialect(found, "$schema")
