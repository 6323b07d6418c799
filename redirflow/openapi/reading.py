"""Reading a document: its operations, and what references lead to."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, TypeGuard

from redirflow.http.methods import METHODS

Object: TypeAlias = Mapping[str, Any]
"""An object of the document."""


def is_object(value: object) -> TypeGuard[Object]:
    """Whether *value* is an object of the document."""
    return isinstance(value, Mapping)


def operations(document: Object) -> Iterator[tuple[str, str, Object]]:
    """Method, path and Operation Object of each operation, in order; responses are resolved."""
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            described: Object | None = item.get(method.lower())
            if described is not None:
                answers = described.get("responses", {}).items()
                whole = {status: resolved(document, each) for status, each in answers}
                yield method, path, {**described, "responses": whole}


def resolved(document: Object, value: Object) -> Object:
    """*value*, or what it refers to; nothing if that is not there."""
    while "$ref" in value:
        found = target(document, value["$ref"])
        value = found if is_object(found) else {}
    return value


def target(document: Object, reference: str) -> Any:
    """What a reference inside of the document leads to; `None` for nothing."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step) if is_object(found) else None
    return found
