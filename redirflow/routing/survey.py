"""What stands at one path, rows included, and which redirect answers there.

The order is that of serving: a row, or the most specific shape; in `match` mode the same for
the other form of the last slash; a mount; and at last, in `redirect` mode, a slash redirect.
`reach` asks the same of paths with parameters.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote

from redirflow.declare.operation import Page
from redirflow.http.methods import method_after_hop
from redirflow.http.reference import LocationRefused
from redirflow.routing.ground import EVERY, Ground, Spot
from redirflow.routing.join import answered_by
from redirflow.routing.pattern import match, path_of, text_of
from redirflow.routing.rule import Rule, slash_rule
from redirflow.routing.sheet import LOADED, Kind

MANY: Final = 100
"""Hops between two rows after which a chain counts as endless."""

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
    """What stands at a path.

    Attributes:
        path: as it is matched.
        other: where a slash redirect leads; "" if there is none.
    """

    path: str
    row: bytes | None = None
    spot: Spot | None = None
    mounted: bool = False
    other: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing answers there."""
        return self.row is None and self.spot is None and not self.mounted and not self.other


class Survey:
    """Rows and ground together, asked for one path at a time."""

    def __init__(self, rows: Mapping[str, bytes], ground: Ground) -> None:
        self._rows: Final = rows
        self._ground: Final = ground

    def at(self, path: str) -> Standing:
        """What stands at a decoded path."""
        place, ground = self._exactly(path), self._ground
        if place.row is not None or place.spot is not None:
            return place
        other = ground.other_form(path)
        beside = self._exactly(other)
        if ground.slashes == "match" and not beside.empty:
            return beside
        if ground.mounted(path):
            return Standing(path, mounted=True)
        redirected = ground.slashes == "redirect" and other
        led = redirected and (not beside.empty or ground.mounted(other))
        return Standing(path, other=other) if led else place

    def hop(self, place: Standing) -> RowHop | None:
        """The one redirect that answers at a place, whatever the method."""
        beside = place.spot is not None and (place.row is not None or place.spot.owners)
        hop = None if beside else self.lead(place)
        return None if hop is None or hop.status is None else hop

    def lead(self, place: Standing) -> RowHop | None:
        """The one row, rule or slash redirect at a place, whatever else stands there."""
        row, spot = place.row, place.spot
        if row is not None:
            return RowHop(place.path, LOADED[row[0]], row[1:])
        if place.other:
            return _rule_hop(slash_rule(path_of(place.path), path_of(place.other)), place.path)
        if spot is None or len(spot.rules) != 1:
            return None
        return _rule_hop(spot.rules[0], place.path)

    def circle(self, path: str) -> list[RowHop]:
        """The hops of the loop that a path leads into; none if it does not."""
        trail: dict[str, RowHop] = {}
        here: str | None = path
        while here is not None and (hop := self.lead(self.at(here))) and len(trail) <= MANY:
            if hop.path in trail:
                return [*trail.values()][[*trail].index(hop.path) :]
            trail[hop.path] = hop
            here = decoded(hop.location)
        return []

    def answers(self, path: str, method: str) -> object | None:
        """The operation or page that answers in the end, if the way there is clear."""
        here = path
        for _ in range(MANY):
            place = self.at(here)
            owner = None if place.spot is None else place.spot.owner(method)
            hop = self.lead(place) if owner is None else None
            after = None if hop is None else decoded(hop.location)
            if hop is None or after is None:
                return owner
            here = after
            method = method_after_hop(hop.kind.status, method)
        return None

    def served(
        self, path: str, *, inside: bool = False, seen: tuple[str, ...] = ()
    ) -> frozenset[str]:
        """The methods that are served at a path in the end, through however many hops.

        Args:
            inside: whether a reroute asks: mounts and pages are not for it.
        """
        if path in seen or len(seen) > MANY:
            return NONE
        return self.served_at(self.at(path), inside=inside, seen=(*seen, path))

    def served_at(
        self, place: Standing, *, inside: bool = False, seen: tuple[str, ...] = ()
    ) -> frozenset[str]:
        """What `served` says of the path of a place."""
        served = EVERY if place.mounted and not inside else NONE
        if place.other:
            served |= self.served(place.other, inside=inside, seen=seen) - {"OPTIONS"}
        if place.row is not None:
            status, after = LOADED[place.row[0]].status, self._after(place.row[1:], seen)
            served |= answered_by(status, after)
        if place.spot is not None:
            served |= self._served_by(place.spot, place.path, inside, seen)
        return served

    def _served_by(
        self, spot: Spot, path: str, inside: bool, seen: tuple[str, ...]
    ) -> frozenset[str]:
        owners = spot.owners.values()
        served = NONE if inside and any(isinstance(each, Page) for each in owners) else spot.served
        for rule in spot.rules:
            location = _led(rule, path)
            if location is not None:
                after = self._after(location, seen, inside=rule.status is None)
                served |= rule.answers(after)
        return served

    def _after(
        self, location: bytes, seen: tuple[str, ...], *, inside: bool = False
    ) -> frozenset[str]:
        path = decoded(location)
        return EVERY if path is None else self.served(path, inside=inside, seen=seen)

    def _exactly(self, path: str) -> Standing:
        row, ground = self._rows.get(path), self._ground
        return Standing(path, row, ground.find(path) if row is None else ground.exact(path))


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
