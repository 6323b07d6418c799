"""Rules: redirects and reroutes without a handler, resolved.

An author declares a source and says by path, handler, name or URL where it leads. Reading
a rule turns both into one frozen `Rule`, or into a fault that says what to write instead.
What answers at the target, and under which methods, is not known here: that is asked when
all rules and operations stand in one table.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from redirflow.declare.faults import Fault, Place
from redirflow.declare.operation import Operation, RedirectRule, RerouteRule
from redirflow.http.headers import FRAMING, HeaderRefused, field_name, field_value
from redirflow.http.methods import METHODS, REDIRECT_STATUSES, method_after_hop
from redirflow.http.reference import quote_query
from redirflow.http.types import RawHeaders
from redirflow.http.values import query_pairs
from redirflow.routing.pattern import Path, text_of
from redirflow.routing.reader import SCHEME, Refused, read_target
from redirflow.routing.target import Pair, Target, path_target
from redirflow.routing.template import Template, TemplateError, parse_template

T = TypeVar("T")

Declared: TypeAlias = RedirectRule | RerouteRule
OperationOf: TypeAlias = Callable[[Any], Operation]
"""From a handler or a name to the operation; raises `LookupError`."""

REDIRECTED: Final = frozenset(METHODS) - {"OPTIONS"}
"""The methods that a redirect may answer: OPTIONS is 204, for no browser follows a redirect
of a preflight (Fetch 4.8).
"""

_OWNED: Final = FRAMING | {"host"}
_TARGETS: Final = 'a "/path", a handler, the name of an operation, or "https://host/path"'


class Rule(Struct, frozen=True, kw_only=True, eq=False):
    """A hop that needs no handler.

    Attributes:
        kind: a slash redirect and a table row are hops too, made up where a chain needs one.
        status: `None` for a reroute, which the client does not see.
        shown: where it leads, as the author wrote it.
        headers: what a reroute puts in the place of the client's fields.
    """

    kind: Literal["redirect", "reroute", "row", "slash"]
    source: Template
    target: Target
    status: int | None
    shown: str
    place: Place | None = None
    max_age: int | None = None
    headers: RawHeaders = field(default_factory=list[tuple[bytes, bytes]])
    declared: Declared | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.source.text!r} -> {self.shown!r}"

    def after(self, method: str) -> str:
        """The method of the request that follows one of *method*."""
        return method if self.status is None else method_after_hop(self.status, method)

    def answers(self, served: frozenset[str]) -> frozenset[str]:
        """The methods that the rule answers where its target serves *served*."""
        asked = METHODS if self.status is None else REDIRECTED
        return frozenset(method for method in asked if self.after(method) in served)


def slash_rule(path: Path, other: Path) -> Rule:
    """The redirect from one form of a path to the other."""
    return Rule(
        kind="slash",
        source=Template(text_of(path), path),
        target=path_target(other),
        status=308,
        shown=text_of(other),
    )


# --- Reading ---------------------------------------------------------------------------------


def read_source(declared: Declared, faults: list[Fault]) -> Template | None:
    """The source of a rule; `None` after a fault."""
    try:
        return parse_template(declared.source)
    except TemplateError as error:
        faults.append(Fault(f"{_label(declared)}: {error}", place=declared.place))
        return None


def read_rule(
    declared: Declared, source: Template, operation_of: OperationOf, faults: list[Fault]
) -> Rule | None:
    """The rule that *declared* means; `None` after a fault."""
    before = len(faults)
    target = _attempt(declared, faults, lambda: _target(declared, source, operation_of))
    status, max_age = None, None
    headers: RawHeaders | None = []
    if isinstance(declared, RerouteRule):
        headers = _attempt(declared, faults, lambda: _fields(declared.headers))
    else:
        max_age = declared.max_age
        status = _attempt(declared, faults, lambda: _status(declared.status_code))
    if len(faults) > before or target is None or headers is None:
        return None
    return Rule(
        kind="reroute" if status is None else "redirect",
        source=source,
        target=target,
        status=status,
        shown=_shown(declared.to),
        place=declared.place,
        max_age=max_age,
        headers=headers,
        declared=declared,
    )


def _attempt(declared: Declared, faults: list[Fault], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except Refused as error:
        found = f"{_label(declared)}: {error}"
        faults.append(Fault(found, error.allowed, error.write, declared.place))
        return None


def _label(declared: Declared) -> str:
    kind = "reroute" if isinstance(declared, RerouteRule) else "redirect"
    return f"{kind} {declared.source!r} -> {_shown(declared.to)!r}"


def _shown(to: object) -> str:
    return to if isinstance(to, str) else getattr(to, "__name__", None) or repr(to)


def _status(status: int) -> int:
    if status not in REDIRECT_STATUSES:
        raise Refused(f"the status {status} is no redirect", "301, 302, 303, 307, 308")
    return int(status)


def _target(declared: Declared, source: Template, operation_of: OperationOf) -> Target:
    holes = {hole.name: hole for hole in source.holes}
    text = _written(declared.to, source, operation_of)
    keep = declared.keep_query if isinstance(declared, RedirectRule) else True
    target = read_target(text, holes, keep_query=keep)
    return _rerouted(target, declared) if isinstance(declared, RerouteRule) else target


def _written(to: object, source: Template, operation_of: OperationOf) -> str:
    """The text of a target; of an operation's, its template."""
    if isinstance(to, str) and (to.startswith("/") or SCHEME.match(to)):
        return to
    if isinstance(to, str) and (not to or to[0] in "?#." or "/" in to):
        raise Refused("the target is relative, and a rule has nothing to start from", _TARGETS)
    if not isinstance(to, str) and not callable(to):
        raise Refused("a rule leads to one target", _TARGETS)
    try:
        operation = operation_of(to)
    except LookupError as error:
        raise Refused(str(error), _TARGETS) from None
    _refuse_parameters(operation, source)
    return operation.path


def _refuse_parameters(operation: Operation, source: Template) -> None:
    """Each path parameter of the operation has to come from one of the source."""
    holes = {hole.name: hole for hole in source.holes}
    needed = parse_template(operation.path).holes
    known = ", ".join(holes) or "none"
    for hole in needed:
        given = holes.get(hole.name)
        if given is None:
            raise Refused(
                f"{operation.name} ({operation.path}) needs the parameter {hole.name!r}, which "
                "the source does not have",
                f"the source's parameters are: {known}",
                _renamed(source, [hole.name for hole in needed]),
            )
        if given.rest and not hole.rest:
            raise Refused(
                f"{operation.name} ({operation.path}) takes one segment as {hole.name!r}, and "
                "the source has any number of them there",
                f"{{{hole.name}}} in the source",
                repr(source.text.replace(f"{{{hole.name}:path}}", f"{{{hole.name}}}")),
            )


def _renamed(source: Template, needed: list[str]) -> str:
    """The source with its parameters called as they are needed, if their number agrees."""
    names = [hole.name for hole in source.holes]
    new = dict(zip(names, needed, strict=False))
    renamed = re.sub(r"\{(\w+)", lambda brace: "{" + new.get(brace[1], ""), source.text)
    return repr(renamed) if len(names) == len(needed) else ""


# --- Reroutes --------------------------------------------------------------------------------


def _rerouted(target: Target, declared: RerouteRule) -> Target:
    """The target of a reroute, which stays in this app and has no fragment."""
    if target.path is None or target.fragment is not None:
        raise Refused(
            "a reroute is answered by an operation of this app, without a round trip",
            'a "/path" without fragment, a handler, or the name of an operation',
            "app.redirect(...) to send the client there",
        )
    if declared.query is None:
        return target
    if target.query:
        raise Refused("the target has a query, and query= replaces it", "one of the two")
    return replace(target, query=tuple(_pairs(declared.query)), keep_query=False)


def _pairs(query: Mapping[str, Any]) -> Iterator[Pair]:
    try:
        for name, value in query.items():
            for key, text in query_pairs(name, value):
                yield Pair(key, (f"{quote_query(key)}={quote_query(text)}",))
    except (TypeError, ValueError, AttributeError) as error:
        raise Refused(f"query={query!r}: {error}", "names and scalars, or lists of them") from None


def _fields(headers: Mapping[str, str]) -> RawHeaders:
    try:
        fields = [
            (field_name(name).encode("ascii"), field_value(value))
            for name, value in headers.items()
        ]
    except (TypeError, HeaderRefused) as error:
        raise Refused(f"headers={dict(headers)!r}: {error}", "names and texts") from None
    for name, _ in fields:
        if name.decode("ascii") in _OWNED:
            raise Refused(
                f"headers={{{name.decode('ascii')!r}: ...}}: the field says how or for whom the "
                "request was sent, which a reroute does not change",
                "any other header",
            )
    return fields
