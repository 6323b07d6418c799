"""The way of a request through an app, read from its declarations.

Rules, table rows and slash redirects decide by method and path alone, so their hops are
certain. A handler decides by itself: the way ends there, with what it declares. Who answers
is asked in the order of serving, of the very tables that serve.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from msgspec import Struct
from msgspec.structs import replace

from redirflow.compile import CompiledApp, Owner
from redirflow.declare.faults import Place
from redirflow.declare.operation import Operation, Page
from redirflow.declare.settings import Settings
from redirflow.http.location import compile_location
from redirflow.http.methods import REDIRECT_STATUSES, method_after_hop
from redirflow.http.reference import LocationRefused, quote_path
from redirflow.http.response import Reply
from redirflow.http.types import Scope
from redirflow.routing.chain import FinalRule
from redirflow.routing.ground import other_form
from redirflow.routing.handlers import HandlerHop
from redirflow.routing.router import Values
from redirflow.routing.rule import Rule
from redirflow.routing.survey import MANY, RowHop, Survey, decoded
from redirflow.serve.elsewhere import Elsewhere
from redirflow.serve.failures import Failures
from redirflow.serve.reroute import MAX_HOPS as REROUTES

HOPS: Final = 20
"""Redirects that are followed; the Fetch standard (4.4) stops there too."""

Kind: TypeAlias = Literal[
    "operation",
    "page",
    "mount",
    "site",
    "redirect",
    "reroute",
    "row",
    "slash",
    "nothing",
    "method",
    "options",
    "undeclared",
]

_DEAD: Final = frozenset({"nothing", "method"})


class Asked(Struct, frozen=True):
    """A request.

    Attributes:
        target: path and query, percent-encoded; a URL at another site.
    """

    method: str
    target: str

    @property
    def path(self) -> str:
        """The decoded path, as servers hand it over."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> bytes:
        """The query, as it is sent."""
        return self.target.partition("?")[2].encode("ascii")


class Declared(Struct, frozen=True, kw_only=True):
    """A declaration on the way.

    Attributes:
        text: what messages call it; of what is no declaration, a sentence.
    """

    kind: Kind
    text: str
    place: Place | None = None


class Onward(Struct, frozen=True, kw_only=True):
    """Where a handler may lead.

    Attributes:
        status: `None` for a reroute.
        place: the line of the spec.
    """

    status: int | None
    to: str
    place: Place


class Hop(Struct, frozen=True, kw_only=True):
    """One request of a way, and what answers it.

    Attributes:
        by: what answers.
        status: `None` where a handler decides it.
        location: of a redirect.
        reroutes: the rules that hand the request on, before *by* answers it.
        stands_for: the hops that were collapsed into this one.
        onward: where the handler may lead.
    """

    asked: Asked
    by: Declared
    status: int | None = None
    location: str | None = None
    reroutes: tuple[Declared, ...] = ()
    stands_for: tuple[Declared, ...] = ()
    onward: tuple[Onward, ...] = ()

    @property
    def dead(self) -> bool:
        """Whether the way leads to nothing."""
        return self.by.kind in _DEAD or self.status in {404, 405} or (self.status or 0) >= 500


def after(hop: Hop, origin: str = "") -> Asked | None:
    """The request that a client sends after *hop*; `None` if it is the last one.

    Args:
        origin: the app's own, if it has one.
    """
    if hop.location is None or hop.status is None:
        return None
    method = method_after_hop(hop.status, hop.asked.method)
    try:
        url = urljoin(origin + hop.asked.target, hop.location)
        parts = urlsplit(url)
    except ValueError:
        return Asked(method, hop.location)
    if parts[:2] != urlsplit(origin)[:2]:
        return Asked(method, url)
    return Asked(method, urlunsplit(("", "", parts.path or "/", parts.query, "")))


def elsewhere(asked: Asked) -> Hop | None:
    """The end of a way that leaves the app."""
    if asked.target.startswith("/"):
        return None
    return Hop(asked=asked, by=Declared(kind="site", text="another site"))


class Guide:
    """Knows who answers in an app."""

    def __init__(self, compiled: CompiledApp) -> None:
        ground = compiled.checked.ground
        self._compiled: Final = compiled
        self._slashes: Final = ground.slashes
        self._tables: Final = compiled.checked.tables
        self._survey: Final = Survey(self._tables, ground)
        self._elsewhere: Final = Elsewhere(
            compiled.router,
            compiled.rows,
            compiled.mounts,
            Settings(slashes=ground.slashes),
            Failures(compiled.errors, debug=False),
        )

    def way(self, asked: Asked) -> Iterator[Hop]:
        """The requests of a client; if even the last one is redirected, there were too many."""
        for _ in range(HOPS + 1):
            hop = self.hop(asked)
            yield hop
            following = after(hop)
            if following is None:
                return
            gone = elsewhere(following)
            if gone is not None:
                yield gone
                return
            asked = following

    def hop(self, asked: Asked, before: tuple[Declared, ...] = ()) -> Hop:
        """What answers a request.

        Args:
            before: the rules that rerouted it.
        """
        path, router = asked.path, self._compiled.router
        row = path in self._compiled.rows
        found = None if row and path not in router.exact else self._elsewhere.find(path)
        if found is None:
            return self._row(asked, path, before) if row else self._aside(asked, path, before)
        leaf, values = found
        owner = leaf.owner(asked.method)
        if owner is not None:
            return self._owned(asked, owner, values, before)
        if row:
            return self._row(asked, path, before)
        reply = self._elsewhere.other_method(_scope(asked), leaf.owners, path)
        return _refused(asked, reply, before)

    def _owned(
        self, asked: Asked, owner: Owner, values: Values, before: tuple[Declared, ...]
    ) -> Hop:
        if isinstance(owner, FinalRule):
            return self._ruled(asked, owner, _named(owner, values), before)
        if isinstance(owner, Page):
            text = f"the app's own page {owner.name!r} [GET {owner.path}]"
            return Hop(asked=asked, by=Declared(kind="page", text=text), reroutes=before)
        by = Declared(kind="operation", text=_told(owner), place=owner.place)
        declared = (hop for hop in self._compiled.hops if hop.operation is owner)
        onward = tuple(each for hop in declared for each in _onward(hop))
        return Hop(asked=asked, by=by, reroutes=before, onward=onward)

    def _ruled(
        self, asked: Asked, final: FinalRule, values: dict[str, str], before: tuple[Declared, ...]
    ) -> Hop:
        by = self._rule(final.rule)
        if final.status is None:
            inside = final.reroute(values, asked.query)
            if inside is None or len(before) >= REROUTES:
                return _nothing(asked, (*before, by))
            path, query = inside
            target = f"{path}?{query.decode('ascii')}" if query else path
            inner = self.hop(Asked(asked.method, target), (*before, by))
            return replace(inner, asked=asked)
        location = final.expand(values, asked.query)
        if location is None:
            return _nothing(asked, before)
        parts = [part for rule in final.hops for part in self._parts(rule)]
        return _redirect(asked, by, final.status, location, before, parts)

    def _row(self, asked: Asked, path: str, before: tuple[Declared, ...]) -> Hop:
        reply = self._elsewhere.row(_scope(asked), path)
        if reply.status not in REDIRECT_STATUSES:
            return _refused(asked, reply, before)
        location = dict(reply.headers)[b"location"]
        by = self._row_declared(path)
        return _redirect(asked, by, reply.status, location, before, self._row_parts(path))

    def _aside(self, asked: Asked, path: str, before: tuple[Declared, ...]) -> Hop:
        """What answers where neither router nor rows know the path."""
        mount = self._elsewhere.mount(path)
        if mount is not None:
            text = f"the app mounted at {mount.prefix}"
            by = Declared(kind="mount", text=text, place=mount.place)
            return Hop(asked=asked, by=by, reroutes=before)
        other = other_form(path)
        if self._slashes == "match" and other in self._compiled.rows:
            return self._row(asked, other, before)
        location = self._slashed(asked, other)
        if location is None:
            return _nothing(asked, before)
        return _redirect(asked, _SLASH, 308, location, before)

    def _slashed(self, asked: Asked, other: str) -> bytes | None:
        if self._slashes != "redirect" or asked.method == "OPTIONS":
            return None
        method = "GET" if asked.method == "HEAD" else asked.method
        served = (
            self._compiled.router.serves(other, method)
            or self._elsewhere.mount(other)
            or method in self._compiled.rows.methods(other)
        )
        query = f"?{asked.query.decode('ascii')}" if asked.query else ""
        try:
            return compile_location(quote_path(other) + query) if served else None
        except LocationRefused:
            return None

    # --- What declarations are called --------------------------------------------------------

    def _rule(self, rule: Rule) -> Declared:
        kind: Kind = "reroute" if rule.status is None else "redirect"
        return Declared(kind=kind, text=str(rule), place=rule.place)

    def _parts(self, rule: Rule) -> list[Declared]:
        """The hops that a rule of a chain is, or stands for."""
        if rule.kind == "row":
            path = rule.source.text
            return self._row_parts(path) or [self._row_declared(path)]
        return [_SLASH] if rule.kind == "slash" else [self._rule(rule)]

    def _row_declared(self, path: str) -> Declared:
        text, place = self._tables.label(path), self._tables.place(path)
        return Declared(kind="row", text=text, place=place)

    def _row_parts(self, path: str) -> list[Declared]:
        """The hops that a row stands for, its own first; none if it stands for itself."""
        _, location = self._compiled.rows.find(path) or (None, b"")
        if location == self._tables.rows[path][1:]:
            return []
        parts: list[Declared] = []
        standing: str | None = path
        while standing is not None and (step := self._hop_at(standing)) and len(parts) < MANY:
            rule = step.rule
            parts += [self._row_declared(step.path)] if rule is None else self._parts(rule)
            standing = None if step.location == location else decoded(step.location)
        return parts

    def _hop_at(self, path: str) -> RowHop | None:
        place = self._survey.at(path)
        return None if place is None else self._survey.hop(place)


_SLASH: Final = Declared(kind="slash", text="slash redirect")


def _redirect(
    asked: Asked,
    by: Declared,
    status: int,
    location: bytes,
    before: tuple[Declared, ...],
    parts: Sequence[Declared] = (),
) -> Hop:
    return Hop(
        asked=asked,
        by=by,
        status=status,
        location=location.decode("ascii"),
        reroutes=before,
        stands_for=tuple(parts) if len(parts) > 1 else (),
    )


def _nothing(asked: Asked, before: tuple[Declared, ...]) -> Hop:
    by = Declared(kind="nothing", text="nothing is served at this path")
    return Hop(asked=asked, by=by, status=404, reroutes=before)


def _refused(asked: Asked, reply: Reply, before: tuple[Declared, ...]) -> Hop:
    """The app's own answer: 204 to OPTIONS, 405, or 404 for what a query makes of a row."""
    if reply.status == 404:
        return _nothing(asked, before)
    allowed = dict(reply.headers)[b"allow"].decode("ascii")
    kind: Kind = "options" if reply.status == 204 else "method"
    by = Declared(kind=kind, text=f"served with: {allowed}")
    return Hop(asked=asked, by=by, status=reply.status, reroutes=before)


def _scope(asked: Asked) -> Scope:
    """What the tables want to know of a request."""
    return {"method": asked.method, "query_string": asked.query}


def _named(final: FinalRule, values: Values) -> dict[str, str]:
    texts = (values,) if isinstance(values, str) else values
    return {hole.name: text for hole, text in zip(final.source.holes, texts, strict=True)}


def _onward(hop: HandlerHop) -> Iterator[Onward]:
    """Where a hop that a handler declares may lead."""
    targets = [each if isinstance(each, str) else _told(each) for each in hop.targets]
    origins = ["any other site" if each == "*" else each for each in hop.external]
    for to in [*targets, *origins] or ["any location of this app"]:
        yield Onward(status=hop.status, to=to, place=hop.place)


def _told(operation: Operation) -> str:
    return f"{operation.name} [{operation.method} {operation.path}]"
