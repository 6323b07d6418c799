"""From OpenAPI 3.2 to 3.1.1, with a list of what 3.1 can't say.

Theory: one word means different things in different objects (a property may be called ``query``),
so nothing is judged by its name alone. The document is walked as the specification draws it:
`_FIELDS` says for each kind of object what becomes of which field, `_RULES` what needs more words
than a table has. Whatever stands in neither is copied.

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
    """One walk over a document: what was lost, and the pointers and names of what is gone."""

    def __init__(self, document: Object, gone: set[str]) -> None:
        self.gone = gone.copy()
        self.losses: list[str] = []
        self.media_types: Object = document.get("components", {}).get("mediaTypes", {})

    def convert(self, kind: str, value: Any, at: Place) -> Any:
        """An object, or each of a list or ``*map`` of them, as 3.1 has it; _GONE if it has not."""
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
        return found if found is _GONE else self._object(kind, found, at)

    def _each(self, kind: str, items: Iterable[tuple[Any, Any]], at: Place) -> dict[Any, Any]:
        found = ((key, self.convert(kind, value, (*at, str(key)))) for key, value in items)
        return {key: value for key, value in found if value is not _GONE}

    def _object(self, kind: str, found: Object, at: Place) -> Object:
        fields = _FIELDS.get(kind, {})
        for key, (how, other) in fields.items():
            ...
        return found

    def drop(self, at: Place, what: str) -> Any:
        """Leave out an object that others may refer to."""
        self.gone.add("#/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in at))
        return self.note(at, what)

    def lose(self, found: Object, key: str, at: Place, what: str) -> None:
        """Leave out a field; one that is False says what its absence says."""
        if found.pop(key, False) is not False:
            self.note((*at, key), what)

    def note(self, at: Place, what: str) -> Any:
        """Write down one loss."""
        self.losses.append(f"{'.'.join(at)}: {what} has no place in 3.1")
        return _GONE
