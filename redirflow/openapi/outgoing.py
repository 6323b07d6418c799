"""What an app sends to others: webhooks and callbacks, and where the latter get their address.

What comes back is the other side's business: any 2XX means that it was received.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from redirflow.declare.callbacks import Callback
from redirflow.declare.faults import Fault
from redirflow.http.media import JSON
from redirflow.openapi.parameters import lifted
from redirflow.openapi.reading import Object, is_object, operations, resolved
from redirflow.openapi.schema import Schema, given
from redirflow.openapi.scribe import Book, Scribe

_ALWAYS: Final = frozenset({"$url", "$method", "$statusCode", "$request.body", "$response.body"})
"""Expressions that need no look at the operation."""

_KINDS: Final = frozenset({"type", "enum", "const", "anyOf", "oneOf"})
"""What a schema has at least one of, unless it lets everything pass."""


def webhooks(declared: Mapping[str, Any], book: Book) -> Schema:
    """A POST for each."""
    found: Schema = {}
    for name, type_ in declared.items():
        schema, said = book.schema(type_, "output")
        book.faults.extend(Fault(f"webhooks={{{name!r}: ...}}: {each}") for each in said)
        found[name] = {"post": _sent(name, schema)}
    return found


def callbacks(scribe: Scribe, declared: Mapping[str, Callback]) -> Schema:
    """The Callback Objects of an operation, by name."""
    return {name: {each.url: _callback(scribe, name, each)} for name, each in declared.items()}


def _callback(scribe: Scribe, name: str, callback: Callback) -> Schema:
    schema = None if callback.body is None else scribe.schema(callback.body, "output")
    return {callback.method.lower(): _sent(name, schema, callback.description)}


def _sent(name: str, schema: Schema | None, told: str | None = None) -> Schema:
    """The Operation Object of a request that goes out."""
    responses = {"2XX": {"description": "It was received."}}
    if schema is None:
        return {"summary": name} | given(description=told) | {"responses": responses}
    schema, own = lifted(schema)
    body = {"content": {JSON: {"schema": schema}}, "required": True}
    about = given(summary=name, description=told or own)
    return about | {"requestBody": body, "responses": responses}


# --- addresses -------------------------------------------------------------------------------


def refuse_lost_callbacks(document: Object, book: Book) -> None:
    """Note each callback whose address nothing in its request or its answers gives.

    It is the finished document that is looked at: there all schemas are resolved.
    """
    calling = {name: each for name, each in book.named.items() if each.callbacks}
    for _, _, described in operations(document) if calling else ():
        operation = calling.get(described["operationId"])
        for name, callback in operation.callbacks.items() if operation else ():
            for each in callback.expressions:
                if operation and not _given(document, described, each):
                    known = ", ".join(_known(document, described)) or "nothing: it takes nothing"
                    book.faults.append(
                        Fault(
                            f"{operation.name}: the callback {name!r} goes to {callback.url!r}, "
                            f"and there is no {each}",
                            known,
                            "a parameter or a field for it, callback_url: WebURL",
                            operation.place,
                        )
                    )


def _given(document: Object, described: Object, expression: str) -> bool:
    """Whether a request for the operation, or an answer of it, has what *expression* means."""
    source, has_pointer, pointer = expression.partition("#")
    if not has_pointer and source not in _ALWAYS:
        return source.lower() in map(str.lower, _fields(described))
    if source not in {"$request.body", "$response.body"}:
        return True
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    return any(_leads(document, each, steps) for each in _bodies(described, source))


def _known(document: Object, described: Object) -> Iterator[str]:
    """What an address can be made of."""
    yield from _fields(described)
    for source in ("$request.body", "$response.body"):
        names = (n for body in _bodies(described, source) for n in _members(document, body))
        yield from (f"{source}#/{name}" for name in dict.fromkeys(names))


def _fields(described: Object) -> Iterator[str]:
    """The parameters of the request, and the header fields of answers that are no errors."""
    yield from (f"$request.{each['in']}.{each['name']}" for each in described.get("parameters", ()))
    for answer in _answers(described):
        yield from (f"$response.header.{name}" for name in answer.get("headers", ()))


def _bodies(described: Object, source: str) -> Iterator[Any]:
    """The schemas of the request's body, or of those of answers that are no errors."""
    own = [described.get("requestBody", {})]
    for each in own if source == "$request.body" else _answers(described):
        contents = each.get("content", {}).values()
        yield from (media["schema"] for media in contents if "schema" in media)


def _answers(described: Object) -> list[Object]:
    return [each for status, each in described["responses"].items() if status < "400"]


def _leads(document: Object, schema: Any, steps: list[str]) -> bool:
    """Whether a value of *schema* may have something where the *steps* of a pointer lead."""
    return not steps or any(
        _leads(document, part, steps[1:])
        for each in _branches(document, schema)
        for part in _parts(each, steps[0])
    )


def _branches(document: Object, schema: Any) -> Iterator[Object]:
    """*schema* and all that it may be instead, references resolved."""
    whole: Object = resolved(document, schema) if is_object(schema) else {}
    yield whole
    for word in ("anyOf", "oneOf"):
        for each in whole.get(word, ()):
            yield from _branches(document, each)


def _parts(schema: Object, step: str) -> Iterator[Any]:
    """What *schema* says of the member or item *step*."""
    if "properties" in schema:
        yield from (part for name, part in schema["properties"].items() if name == step)
    elif "object" in schema.get("type", ()):
        yield schema.get("additionalProperties", {})
    elif "array" in schema.get("type", ()) and step.isdecimal():
        yield schema.get("items", {})
    elif not schema.keys() & _KINDS:
        yield {}


def _members(document: Object, schema: Any) -> Iterator[str]:
    for each in _branches(document, schema):
        yield from each.get("properties", ())
