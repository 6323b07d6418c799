"""From OpenAPI 3.2 to 3.1.1, with a list of what 3.1 can't say.

Theory: one word means different things in different objects (a property may be called ``query``),
so the document is walked as the specification draws it. `_ROWS` says which fields of which object
hold further objects and which are lost, `_RULES` what takes more than a table; the rest is copied.

What is dropped may be referred to from anywhere: operations by links, links and parameters by
references. So the walk is repeated, knowing what is gone, until nothing more goes.
"""

import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from http import HTTPStatus
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
            return list(self._each(kind, enumerate(cast("Iterable[Any]", value)), at).values())
        if not kind or not _is_object(value):
            return deepcopy(value)
        if kind.startswith("*"):
            return self._each(kind[1:], value.items(), at)
        if "$ref" in value and kind not in {"media type", "path item", "schema", "security"}:
            gone = value["$ref"] in self.gone
            return self.drop(at, "a reference to what was dropped") if gone else deepcopy(value)
        found = _RULES[kind](self, value.copy(), at) if kind in _RULES else value.copy()
        return found if found is _GONE else self._object(_FIELDS.get(kind, {}), found, at)

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
        """Leave out fields, silently if they say what their absence says."""
        for key in keys:
            if found.pop(key, default := _DEFAULTS.get(key, _GONE)) is not default:
                self.drop((*at, key), f"`{key}` here")
        return found

    def drop(self, at: Place, what: str) -> Any:
        """Write down that this is lost, and that references to it lead nowhere."""
        self.losses.append(f"{'.'.join(at)}: {what} has no place in 3.1")
        self.gone.add("#/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in at))
        return _GONE


def _is_object(value: Any) -> TypeGuard[Object]:
    return isinstance(value, dict)


def _renamed(found: Object, old: str, new: str) -> Object:
    return found if new in found else {new if k == old else k: v for k, v in found.items()}


def _in_dialect(found: Object, key: str) -> Object:
    newer = str(found.get(key)).startswith("https://spec.openapis.org/oas/3.2/")
    return found | ({key: "https://spec.openapis.org/oas/3.1/dialect/base"} if newer else {})


def _path_item(walk: _Walk, found: Object, at: Place) -> Object:
    query = {"QUERY": found.pop("query")} if "query" in found else {}
    for method, operation in (query | found.pop("additionalOperations", {})).items():
        place = ("query",) if method in query else ("additionalOperations", method)
        walk.gone.add(operation.get("operationId", ""))
        walk.drop((*at, *place), f"the {method} method")
    return found


def _link(walk: _Walk, found: Object, at: Place) -> Any:
    target = found.get("operationId") or unquote(found.get("operationRef", "-"))
    return walk.drop(at, f"a link to {target}, dropped too,") if target in walk.gone else found


def _parameter(walk: _Walk, found: Object, at: Place) -> Any:
    if found.get("in") == "querystring":
        return walk.drop(at, "a parameter for the whole query string")
    if found.get("in") != "query":
        walk.lose(found, at, "allowReserved")
    if found.get("style") == "cookie":
        walk.lose(found, at, "style")
    return walk.lose(found, at, "example", "examples") if "content" in found else found


def _media_type(walk: _Walk, found: Object, at: Place) -> Any:
    """3.1 has media types only where they are used; a body of many items is text to it."""
    left = {f"#/components/mediaTypes/{name}": each for name, each in walk.media_types.items()}
    while found.get("$ref") in left:
        found = left.pop(found["$ref"]).copy()
    walk.lose(found, at, "$ref")
    if "itemSchema" in found and re.fullmatch(_TEXT_STREAMS, at[-1]):
        text = {"schema": {"type": "string"}} | walk.lose(found, at, "schema")
        return walk.convert("stream", text, at)
    return found


def _example(walk: _Walk, found: Object, at: Place) -> Object:
    found = _renamed(found, "dataValue", "value")
    return walk.lose(found, at, "externalValue") if "value" in found else found


def _response(_walk: _Walk, found: Object, at: Place) -> Object:
    found = _renamed(found, "summary", "description")
    phrase = _PHRASES.get(at[-1], at[-1])
    return found if "description" in found else {"description": phrase} | found


def _schema(_walk: _Walk, found: Object, _at: Place) -> Object:
    xml, flags = found.get("xml"), _XML_ARRAY if "array" in found.get("type", ()) else _XML_FLAGS
    if _is_object(xml) and xml.get("nodeType") in flags:
        found["xml"] = {key: xml[key] for key in xml if key != "nodeType"} | flags[xml["nodeType"]]
    return _in_dialect(found, "$schema")


_DEFAULTS = {"deprecated": False, "allowReserved": False}
_PHRASES = {str(int(status)): status.phrase for status in HTTPStatus} | {"default": "Anything else"}
_TEXT_STREAMS = r"(?i)(text/event-stream|application/(jsonl|(x-)?ndjson|(.*\+)?json-seq))\s*(;.*)?"
_XML_FLAGS: dict[str, Object] = {"attribute": {"attribute": True}, "element": {}}
_XML_ARRAY: dict[str, Object] = {"element": {"wrapped": True}, "none": {}}
_RULES: dict[str, Callable[[_Walk, Object, Place], Any]] = {
    "document": lambda _, found, __: _in_dialect(found, "jsonSchemaDialect") | {"openapi": "3.1.1"},
    "components": lambda _, found, __: {k: v for k, v in found.items() if k != "mediaTypes"},
    "path item": _path_item,
    "parameter": _parameter,
    "media type": _media_type,
    "response": _response,
    "example": _example,
    "stream example": lambda _, found, __: _renamed(found, "serializedValue", "value"),
    "link": _link,
    "schema": _schema,
    "security": lambda _, found, __: {key.removeprefix(_SCHEMES): found[key] for key in found},
}
_SCHEMES = "#/components/securitySchemes/"
_MEDIA = "encoding: *encoding, description|itemSchema|prefixEncoding|itemEncoding: -"
_ROWS = {  # field|field: what stands there, *what for a map of it, - if it is lost; ...: any other
    "document": "$self: -, servers: server, paths: paths, webhooks: *path item, tags: tag,"
    " components: components, security: security",
    "components": "schemas: *schema, responses: *response, parameters: *parameter, links: *link,"
    " examples: *example, requestBodies: *request body, headers: *parameter, callbacks: *paths,"
    " securitySchemes: *security scheme, pathItems: *path item",
    "paths": "...: path item",
    "path item": "parameters: parameter, servers: server,"
    " get|put|post|delete|options|head|patch|trace: operation",
    "operation": "parameters: parameter, requestBody: request body, responses: responses,"
    " callbacks: *paths, servers: server, security: security",
    "parameter": "schema: schema, content: *media type, examples: *example",
    "request body": "content: *media type",
    "media type": f"{_MEDIA}, schema: schema, examples: *example",
    "stream": f"{_MEDIA}, examples: *stream example",
    "encoding": "headers: *parameter, encoding|prefixEncoding|itemEncoding: -",
    "responses": "...: response",
    "response": "summary: -, headers: *parameter, content: *media type, links: *link",
    "schema": "properties|patternProperties|$defs|dependentSchemas: *schema, items|prefixItems|not|"
    "contains|allOf|anyOf|oneOf|if|then|else|additionalProperties|propertyNames|unevaluatedItems|"
    "unevaluatedProperties|contentSchema: schema, discriminator: discriminator, xml: xml",
    "discriminator": "defaultMapping: -",
    "xml": "nodeType: -",
    "example": "serializedValue: -",
    "stream example": "dataValue: -",
    "link": "server: server",
    "tag": "summary|parent|kind: -",
    "server": "name: -",
    "security scheme": "deprecated|oauth2MetadataUrl: -, flows: flows",
    "flows": "deviceAuthorization: -",
}
_FIELDS = {k: dict[str, str](re.findall(r"([^ |]+)(?=\S*: ([^,]+))", _ROWS[k])) for k in _ROWS}
