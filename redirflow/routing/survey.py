"""What stands at one path, rows included, and which redirect answers there.

`Reach` says it of rows that are settled; here they are as they were read.
"""

from typing import Final, NamedTuple
from urllib.parse import unquote

from redirflow.http.methods import method_after_hop
from redirflow.http.reference import LocationRefused
from redirflow.routing.ground import EVERY, ROW, Ground
from redirflow.routing.join import answered_by
from redirflow.routing.pattern import match, path_of, text_of
from redirflow.routing.reach import Branch, Reach
from redirflow.routing.rows import Rows, Tables
from redirflow.routing.rule import Rule, slash_rule
from redirflow.routing.sheet import LOADED, Kind

MANY: Final = 100
"""Hops between two rows after which a chain counts as endless."""

_LOOKED: Final = 10_000
"""Paths that are looked at for what is served in the end; rules that branch double them."""

NONE: Final[frozenset[str]] = frozenset()


def decoded(location: bytes) -> str | None:
    """The path of a location as a router sees it; `None` at another site."""
    if not location.startswith(b"/"):
        return None
    path = location.partition(b"#")[0].partition(b"?")[0].decode("ascii")
    return unquote(path) if "%" in path else path


class RowHop(NamedTuple):
    """One hop of a chain; *rule* is none for a row, and the kind of a reroute that of a 307."""

    path: str
    kind: Kind
    location: bytes
    rule: Rule | None = None

    @property
    def status(self) -> int | None:
        """`None` for a reroute."""
        return self.kind.status if self.rule is None else self.rule.status


class Standing(NamedTuple):
    """What stands at a path, as it is matched; before a slash redirect, as it was asked for."""

    path: str
    branch: Branch


class Survey:
    """Rows as they were read and ground together, asked for one path at a time."""

    def __init__(self, tables: Tables, ground: Ground) -> None:
        self._rows: Final = tables.rows
        self._reach: Final = Reach(ground, Rows(tables.rows, LOADED, {}))

    def at(self, path: str) -> Standing | None:
        """What stands at a decoded path."""
        branch = next(self._reach.branches(path_of(path)), None)
        if branch is None:
            return None
        return Standing(path if branch.slash else text_of(branch.path), branch)

    def hop(self, place: Standing) -> RowHop | None:
        """The one redirect that answers at a place, whatever the method."""
        spot, slash = place.branch.spot, place.branch.slash
        single = not spot.owners or (not spot.rules and {*spot.owners.values()} == {ROW})
        hop = self.lead(place) if single or slash else None
        return None if hop is None or hop.status is None else hop

    def lead(self, place: Standing) -> RowHop | None:
        """The one row, rule or slash redirect at a place, whatever else stands there."""
        path, branch = place
        if branch.slash:
            return _rule_hop(slash_rule(path_of(path), branch.path), path)
        if path in self._rows:
            return self.row(path)
        rules = branch.spot.rules
        return _rule_hop(rules[0], path) if len(rules) == 1 else None

    def row(self, path: str) -> RowHop:
        """The hop of a row."""
        row = self._rows[path]
        return RowHop(path, LOADED[row[0]], row[1:])

    def circle(self, path: str) -> list[RowHop]:
        """The hops of the loop that a path leads into; none if it does not."""
        trail: dict[str, RowHop] = {}
        place = self.at(path)
        while place is not None and (hop := self.lead(place)) and len(trail) <= MANY:
            if hop.path in trail:
                return [*trail.values()][[*trail].index(hop.path) :]
            trail[hop.path] = hop
            place = self.after(hop)
        return []

    def after(self, hop: RowHop) -> Standing | None:
        """What stands where a hop leads in this app."""
        path = decoded(hop.location)
        return None if path is None else self.at(path)

    def answers(self, path: str, method: str) -> object | None:
        """The operation or page that answers in the end, if the way there is clear."""
        place = self.at(path)
        for _ in range(MANY):
            if place is None:
                return None
            owners = {} if place.branch.slash else place.branch.spot.owners
            owner = owners.get(method) or (owners.get("GET") if method == "HEAD" else None)
            hop = self.lead(place)
            if hop is None or owner not in {None, ROW}:
                return owner
            place = self.after(hop)
            method = method_after_hop(hop.kind.status, method)
        return None

    def served(
        self, path: str, *, inside: bool = False, seen: tuple[str, ...] = (), left: int = _LOOKED
    ) -> frozenset[str]:
        """The methods that are served at a path in the end, through however many hops.

        Args:
            inside: whether a reroute asks: mounts and pages are not for it.
            seen: the paths on the way.
            left: how many paths to look at; where several rules stand, each has its share.
        """
        place = None if path in seen or len(seen) > MANY or not left else self.at(path)
        if place is None:
            return NONE
        return self.served_at(place, inside=inside, seen=(*seen, path), left=left)

    def served_at(
        self,
        place: Standing,
        *,
        inside: bool = False,
        seen: tuple[str, ...] = (),
        left: int = _LOOKED,
    ) -> frozenset[str]:
        """What `served` says of the path of a place."""
        branch = place.branch
        spot = branch.spot.inside if inside else branch.spot
        path = text_of(branch.path)
        row = self._rows.get(path)
        share = left // max(1, len(spot.rules) + (row is not None))
        served = spot.without(lambda owner: owner == ROW).served
        if row is not None:
            after = self._after(row[1:], seen, share)
            served |= answered_by(LOADED[row[0]].status, after)
        for rule in spot.rules:
            location = _led(rule, path)
            if location is not None:
                after = self._after(location, seen, share, inside=rule.status is None)
                served |= rule.answers(after)
        return served - {"OPTIONS"} if branch.slash else served

    def _after(
        self, location: bytes, seen: tuple[str, ...], left: int, *, inside: bool = False
    ) -> frozenset[str]:
        path = decoded(location)
        return EVERY if path is None else self.served(path, inside=inside, seen=seen, left=left)


def _rule_hop(rule: Rule, path: str) -> RowHop | None:
    location = _led(rule, path)
    if location is None:
        return None
    kind = Kind(rule.status or 307, rule.target.keep_query, NONE, rule.max_age)
    return RowHop(path, kind, location, rule)


def _led(rule: Rule, path: str) -> bytes | None:
    """Where a rule leads from one path; `None` if nowhere."""
    bindings = match(rule.source.segments, path_of(path)) or {}
    values = {name: text_of(bound)[1:] for name, bound in bindings.items()}
    try:
        return rule.target.location(values)
    except LocationRefused:
        return None
