"""What a new document takes away from the clients of an old one.

Theory: a client breaks where it sends what is refused now or is not listened to any more, or is
sent what it does not know. So every schema is compared in one direction: for what is sent to the
server each old value has to be good still, and what could be said, be it optional, is still read;
for what comes from it each new value has to be one of the old ones. What can't
be compared counts as equal: this is a list of what certainly breaks, for a person to read.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias, cast

from msgspec import Struct

from redirflow.openapi.reading import Object, operations, resolved

_ANY: Final = "anything"
_MORE: Final = "additionalProperties"
_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def breaking_changes(before: Object, after: Object) -> list[str]:
    """One line for each thing in *after* that breaks clients written for *before*."""
    old, new = _operations(before), _operations(after)
    lines = [f"{name} is gone" for name in old if name not in new]
    for name in (each for each in old if each in new):
        pair = _Pair(before, after, name, set())
        lines += _operation(pair, old[name], new[name])
    return list(dict.fromkeys(lines))


def _operations(document: Object) -> dict[str, Object]:
    """The operations by method and path, whatever the parameters of the path are called."""
    return {
        f"{method} {re.sub('{[^}]*}', '{}', path)}": described
        for method, path, described in operations(document)
    }


class _Pair(Struct, frozen=True):
    """Two documents, where in them we are, and the pairs of references that were compared."""

    before: Object
    after: Object
    at: str
    seen: set[tuple[str, str, str]]

    def within(self, step: str) -> "_Pair":
        return _Pair(self.before, self.after, f"{self.at}{step}", self.seen)


def _operation(pair: _Pair, old: Object, new: Object) -> Iterator[str]:
    if old.get("operationId") != new.get("operationId"):
        yield f"{pair.at}: operationId was {old.get('operationId')}, is {new.get('operationId')}"
    yield from _parameters(pair, old.get("parameters", ()), new.get("parameters", ()))
    yield from _request(pair.within(": the body"), old.get("requestBody"), new.get("requestBody"))
    if new.get("security") and not _opened(old.get("security", [{}]), new["security"]):
        yield f"{pair.at}: other credentials are needed"
    yield from _responses(pair, old.get("responses", {}), new.get("responses", {}))


def _opened(old: Iterable[Object], new: Iterable[Object]) -> bool:
    """Whether each combination that sufficed does so still."""
    return all(any(each.keys() <= given.keys() for each in new) for given in old)


def _parameters(pair: _Pair, old: Iterable[Object], new: Iterable[Object]) -> Iterator[str]:
    known = {(each["in"], each["name"]): each for each in old if each["in"] != "path"}
    read = {(each["in"], each["name"]) for each in new}
    for where, name in (each for each in known if each not in read):
        yield f"{pair.at}: {where} {name} is not read any more"
    for each in new:
        place = pair.within(f": {each['in']} {each['name']}")
        before = known.get((each["in"], each["name"]))
        if each.get("required") and each["in"] != "path" and not (before or {}).get("required"):
            yield f"{place.at} is required now"
        if before is not None:
            yield from _input(place, before.get("schema", {}), each.get("schema", {}))


def _request(pair: _Pair, old: Object | None, new: Object | None) -> Iterator[str]:
    if new is not None and new.get("required") and not (old or {}).get("required"):
        yield f"{pair.at} is required now"
    if old is not None and new is None:
        yield f"{pair.at} is not read any more"
    if old is None or new is None:
        return
    yield from _content(pair, old.get("content", {}), new.get("content", {}), _input)


def _responses(pair: _Pair, old: Object, new: Object) -> Iterator[str]:
    for status, each in old.items():
        if status not in new:
            yield f"{pair.at}: {status} is gone"
            continue
        place = pair.within(f": {status}")
        headers = new[status].get("headers", {})
        for name, header in each.get("headers", {}).items():
            if header.get("required") and not headers.get(name, {}).get("required"):
                yield f"{place.at} may lack the header {name}"
        yield from _content(place, each.get("content", {}), new[status].get("content", {}), _output)


def _content(pair: _Pair, old: Object, new: Object, compare: "_Compare") -> Iterator[str]:
    for media_type, media in old.items():
        if media_type not in new:
            yield f"{pair.at} is no {media_type} any more"
            continue
        for word in ("schema", "itemSchema"):
            yield from compare(pair, media.get(word, {}), new[media_type].get(word, {}))


# --- schemas ---------------------------------------------------------------------------------

_Compare: TypeAlias = Callable[[_Pair, Object, Object], Iterator[str]]


def _input(pair: _Pair, old: Object, new: Object) -> Iterator[str]:
    """What clients may send no more."""
    if _compared("in", pair, old, new):
        return
    kinds, taken = _kinds(pair.before, old), _kinds(pair.after, new)
    for kind, before in kinds.items():
        after = _counterpart(kind, taken)
        if after is None:
            yield f"{pair.at} may not be {kind} any more"
            continue
        yield from _tighter(pair, before, after)
        for name in after.get("required", ()):
            if name not in before.get("required", ()):
                yield f"{pair.at}.{name} is required now"
        for name in before.get("properties", ()):
            if name not in after.get("properties", {name}) and not after.get(_MORE):
                yield f"{pair.at}.{name} is not read any more"
        yield from _inside(pair, before, after, _input)


def _output(pair: _Pair, old: Object, new: Object) -> Iterator[str]:
    """What clients are sent that they do not know."""
    if _compared("out", pair, old, new):
        return
    kinds, sent = _kinds(pair.before, old), _kinds(pair.after, new)
    for kind, after in sent.items():
        before = _counterpart(kind, kinds)
        if before is None:
            yield f"{pair.at} may be {kind} now"
            continue
        for name in before.get("required", ()):
            if name not in after.get("required", ()):
                yield f"{pair.at}.{name} may be missing now"
        for name in before.get("properties", {}):
            if name not in after.get("properties", {}) and name not in before.get("required", ()):
                yield f"{pair.at}.{name} is gone"
        yield from _inside(pair, before, after, _output)


def _compared(way: str, pair: _Pair, old: Object, new: Object) -> bool:
    """Whether two components are being compared already: they may hold themselves."""
    if "$ref" not in old or "$ref" not in new:
        return False
    key = (way, old["$ref"], new["$ref"])
    known = key in pair.seen
    pair.seen.add(key)
    return known


def _kinds(document: Object, schema: Object) -> dict[str, Object]:
    """The schemas that *schema* is one of, by the kind of value, and their name in a union."""
    whole = resolved(document, schema)
    found: dict[str, Object] = {}
    for each in whole.get("anyOf") or whole.get("oneOf") or ():
        name = each.get("$ref", "").rpartition("/")[2]
        found |= {f"{kind} {name}".strip(): one for kind, one in _kinds(document, each).items()}
    types = whole.get("type", _ANY)
    return found or dict.fromkeys([types] if isinstance(types, str) else types, whole)


def _counterpart(kind: str, among: Mapping[str, Object]) -> Object | None:
    """What says the same of *kind*, or more; one without a name may have got one."""
    base, _, name = kind.partition(" ")
    alike = [each for each in among if not name and each.startswith(f"{base} ")]
    wider = ["number"] if base == "integer" else []
    return next((among[each] for each in (kind, base, *wider, _ANY, *alike) if each in among), None)


def _tighter(pair: _Pair, old: Object, new: Object) -> Iterator[str]:
    for word in _LEAST:
        if new.get(word, -math.inf) > old.get(word, -math.inf):
            yield f"{pair.at} has a new {word}: {new[word]}"
    for word in _MOST:
        if new.get(word, math.inf) < old.get(word, math.inf):
            yield f"{pair.at} has a new {word}: {new[word]}"
    for word in ("pattern", "multipleOf"):
        if word in new and new[word] != old.get(word):
            yield f"{pair.at} has a new {word}: {new[word]}"
    if new.get(_MORE) is False and old.get(_MORE) is not False:
        yield f"{pair.at} may have no other fields now"
    values = _values(new)
    for value in _values(old) or ():
        if values is not None and value not in values:
            yield f"{pair.at} may not be {value!r} any more"


def _values(schema: Object) -> list[Any] | None:
    """The only values that *schema* allows."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _inside(pair: _Pair, old: Object, new: Object, compare: _Compare) -> Iterator[str]:
    for name, field in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from compare(pair.within(f".{name}"), field, new["properties"][name])
    for word in ("items", _MORE):
        before, after = old.get(word), new.get(word)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from compare(pair.within("[]"), cast("Object", before), cast("Object", after))
