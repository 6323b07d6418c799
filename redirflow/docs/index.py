"""What is on the page and where: an anchor for each operation, error and schema.

The anchors of errors come first. They are on the wire, as the `type` of every problem, so they
are what they are; another thing that would like the same anchor takes the next one.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from msgspec import Struct

from redirflow.declare.formats import kebab
from redirflow.docs.markup import Markup, element
from redirflow.openapi.reading import Object, is_object, operations

_SCHEMAS: Final = "#/components/schemas/"


class Entry(Struct, frozen=True, kw_only=True, eq=False):
    """One operation of the document.

    Attributes:
        path: as the document writes it.
        described: its Operation Object.
    """

    method: str
    path: str
    name: str
    anchor: str
    described: Object

    @property
    def label(self) -> str:
        """`GET /users/{user_id}`."""
        return f"{self.method} {self.path}"


class Problem(Struct, frozen=True, kw_only=True, eq=False):
    """One class of errors.

    Attributes:
        uri: the `type` of its problems; `None` where bodies have none.
        statuses: what it is answered with, in order.
        entries: the operations that answer it.
    """

    name: str
    anchor: str
    uri: str | None
    schema: Object
    statuses: tuple[str, ...]
    entries: tuple[Entry, ...]


class Index(Struct, frozen=True, kw_only=True, eq=False):
    """Everything on the page, by name.

    Attributes:
        named: the entries by operationId.
        schemas: the components that are no errors.
        anchors: of all components.
    """

    document: Object
    entries: tuple[Entry, ...]
    named: Mapping[str, Entry]
    problems: tuple[Problem, ...]
    schemas: Mapping[str, Object]
    anchors: Mapping[str, str]

    def referred(self, reference: str) -> Markup:
        """The name of a component, with a link to it."""
        name = reference.removeprefix(_SCHEMAS)
        anchor = self.anchors.get(name)
        return link(anchor, name) if anchor else element("code", name)

    def resolved(self, reference: str) -> Object:
        """The schema of a component; an empty one if there is none."""
        found = _components(self.document).get(reference.removeprefix(_SCHEMAS))
        return found if is_object(found) else {}


def link(anchor: str, *content: str) -> Markup:
    """A link to something on the page."""
    return element("a", *content, href=f"#{anchor}")


def index_document(document: Object) -> Index:
    """The index of a document."""
    anchors = _Anchors()
    found = _found_errors(document)
    components = _components(document)
    places = {name: anchors.claim(_problem_anchor(name, components.get(name))) for name in found}
    entries = {each[:2]: _entry(*each, anchors) for each in operations(document)}
    schemas = {name: schema for name, schema in components.items() if name not in found}
    return Index(
        document=document,
        entries=tuple(entries.values()),
        named={each.name: each for each in entries.values()},
        problems=tuple(
            _problem(name, places[name], components.get(name), answers, entries)
            for name, answers in found.items()
        ),
        schemas=schemas,
        anchors=places | {name: anchors.claim(f"schema-{quote(name)}") for name in schemas},
    )


class _Anchors:
    """Hands out anchors, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def claim(self, wanted: str) -> str:
        """*wanted*, or what is free next to it; kebab case has no underscores."""
        while wanted in self._taken:
            wanted += "_"
        self._taken.add(wanted)
        return wanted


def _entry(method: str, path: str, described: Object, anchors: _Anchors) -> Entry:
    name: str = described.get("operationId", f"{method} {path}")
    anchor = anchors.claim(f"operation-{quote(name, safe='')}")
    return Entry(method=method, path=path, name=name, anchor=anchor, described=described)


def _components(document: Object) -> Object:
    found: Object = document.get("components", {}).get("schemas", {})
    return found


_Found: TypeAlias = dict[str, dict[tuple[str, str, str], None]]
"""By the name of an error: status, method and path of each answer with it."""


def _found_errors(document: Object) -> _Found:
    """Every component that stands in the answer of a 4xx or 5xx, by its lowest status."""
    found: _Found = {}
    for method, path, operation in operations(document):
        for status, response in operation.get("responses", {}).items():
            if status[:1] in {"4", "5"}:
                for name in _answered(response):
                    found.setdefault(name, {})[status, method, path] = None
    return dict(sorted(found.items(), key=lambda each: (min(each[1])[0], each[0])))


def _answered(response: Object) -> Iterator[str]:
    for media in response.get("content", {}).values():
        schema = media.get("schema", {})
        for each in (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())):
            if "$ref" in each:
                yield each["$ref"].removeprefix(_SCHEMAS)


def _problem_anchor(name: str, schema: object) -> str:
    """What stands behind `#` in the problem type, else the name in kebab case."""
    fragment = (_uri(schema) or "").partition("#")[2]
    return fragment if fragment.split() == [fragment] else kebab(name) or "error"


def _uri(schema: object) -> str | None:
    found: Any = schema
    for step in ("properties", "type", "const"):
        found = found.get(step) if is_object(found) else None
    return found if isinstance(found, str) else None


def _problem(
    name: str,
    anchor: str,
    schema: object,
    answers: Iterable[tuple[str, str, str]],
    entries: Mapping[tuple[str, str], Entry],
) -> Problem:
    answering = {(method, path): status for status, method, path in answers}
    return Problem(
        name=name,
        anchor=anchor,
        uri=_uri(schema),
        schema=schema if is_object(schema) else {},
        statuses=tuple(sorted(set(answering.values()))),
        entries=tuple(entries[place] for place in answering),
    )
