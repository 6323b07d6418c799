"""What the rows of tables mean to each other and to the app.

One pass over the rows, with one look at what stands at each target. A row whose target is an
operation, a mount or another site stays as it was read. Another row, a rule or a slash
redirect at the target makes a chain; it is followed once, and then every row in it leads
straight to its end. Rows are exact, so a chain is a line of paths, and a path that comes
again is a loop.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple, TypeAlias

from redirflow.declare.faults import Fault, Place
from redirflow.http.location import LocationRefused
from redirflow.routing.chain import joined_age, joined_status
from redirflow.routing.findings import endless, hop_text, nothing_there, uncounted, wrong_method
from redirflow.routing.ground import EVERY, Ground
from redirflow.routing.reader import literal_target
from redirflow.routing.rows import FAULTY, ODD, Rows, Tables
from redirflow.routing.sheet import LISTED, LOADED, Kind
from redirflow.routing.survey import MANY, NONE, RowHop, Survey, answered_by, decoded

_UNSEEN: Final = frozenset({"no row of this kind was seen"})


_Tell: TypeAlias = Callable[[str, Place], Fault]
"""A finding about a row, from what messages call it and where it stands."""


class _Final(NamedTuple):
    """Where a hop leads in the end; *row* is how it is kept, if it is a row."""

    kind: Kind
    location: bytes
    row: bytes


def settled(tables: Tables, ground: Ground, faults: list[Fault]) -> Rows:
    """The rows of *tables* as they are served on *ground*."""
    settler = _Settler(tables, ground)
    settler.run()
    faults += settler.faults
    if settler.faults:
        faults += uncounted(settler.refused, LISTED, settler.faults[-1].place)
    kept = {**tables.rows, **settler.changed} if settler.changed else tables.rows
    return Rows(kept, settler.kinds, settler.odd)


class _Settler:
    """One pass over the rows.

    Attributes:
        changed: rows that are served otherwise than they were read.
        kinds: the kinds of rows, by number; those that were read come first.
        odd: the numbers that are too great for a byte, by row.
        refused: how many rows lead nowhere; the first of them have a fault.
    """

    def __init__(self, tables: Tables, ground: Ground) -> None:
        self.changed: Final[dict[str, bytes]] = {}
        self.kinds: Final = [replace(kind, methods=NONE) for kind in LOADED]
        self.odd: Final[dict[str, int]] = {}
        self.faults: Final[list[Fault]] = []
        self.refused = 0
        self._tables: Final = tables
        self._rows: Final = tables.rows
        self._ground: Final = ground
        self._survey: Final = Survey(tables.rows, ground)
        self._numbers: Final[dict[Kind, int]] = {}
        # What is served at the targets of most rows of a kind; None is another site.
        self._usual: Final[list[frozenset[str] | None]] = [_UNSEEN] * len(LOADED)
        self._served: Final[dict[frozenset[str], frozenset[str]]] = {}

    def run(self) -> None:
        """Settle every row."""
        # PERF: a row to an operation without parameters costs two look-ups, 0.15 us.
        served, usual = self._operations(), self._usual
        for path, row in self._rows.items():
            found = served.get(row[1:])
            if found is not usual[row[0]]:
                self._settle(path, row, found)

    def _operations(self) -> dict[bytes, frozenset[str]]:
        """What is served at the locations of operations and pages without parameters."""
        exact = (spot for spot in self._ground.spots() if not spot.template.holes)
        return {
            spot.template.text.encode(): self._same(spot.served)
            for spot in exact
            if spot.owners and not spot.rules and spot.template.text not in self._rows
        }

    def _same(self, served: frozenset[str]) -> frozenset[str]:
        """One object for equal sets."""
        return self._served.setdefault(served, served)

    def _settle(self, path: str, row: bytes, served: frozenset[str] | None) -> None:
        """Settle a row that is not of the usual sort."""
        if served is None and path not in self.changed:
            target = decoded(row[1:])
            if target is None:
                self._usual[row[0]] = None
                self._adopt(row[0], replace(LOADED[row[0]], methods=answered_by(308, EVERY)))
                return
            spot = None if target in self._rows else self._ground.find(target)
            if spot is None or spot.rules or not spot.owners:
                self._follow(path)
                return
            served = self._same(spot.served)
        if served is not None:
            self._lead(path, row, served)

    def _lead(self, path: str, row: bytes, served: frozenset[str]) -> None:
        """Settle a row whose target is no hop."""
        number = row[0]
        methods = answered_by(LOADED[number].status, served)
        kind = replace(LOADED[number], methods=methods)
        if not methods:
            hop = RowHop(path, kind, row[1:])
            self._spoil([hop], _dead_end(hop, served))
        elif self._usual[number] is _UNSEEN:
            self._usual[number] = served
            self._adopt(number, kind)
        elif served is not self._usual[number]:
            self.changed[path] = self._kept(path, kind, row[1:])

    def _adopt(self, number: int, kind: Kind) -> None:
        self.kinds[number] = kind
        self._numbers[kind] = number

    def _kept(self, path: str, kind: Kind, location: bytes) -> bytes:
        """A row as it is kept."""
        number = self._numbers.setdefault(kind, len(self.kinds))
        if number == len(self.kinds):
            self.kinds.append(kind)
        if number >= ODD:
            self.odd[path] = number
        return bytes((min(number, ODD),)) + location

    # --- Chains ------------------------------------------------------------------------------

    def _follow(self, start: str) -> None:
        """Settle a row, and those that it leads to."""
        trail: list[RowHop] = []
        known: dict[str, int] = {}
        rules = 0
        here: str | None = start
        while here is not None:
            place = self._survey.at(here)
            here = place.path
            hop = None if here in self.changed else self._survey.hop(place)
            if hop is None:
                break
            rules = 0 if hop.rule is None else rules + 1
            if here in known or rules > MANY:
                self._refuse_loop(trail, known.get(here, 0))
                return
            known[here] = len(trail)
            trail.append(hop)
            here = decoded(hop.location)
        self._unwind(trail, here)

    def _unwind(self, trail: list[RowHop], end: str | None) -> None:
        """Lead each row of a chain to its end."""
        row = None if end is None else self.changed.get(end)
        if row == FAULTY:
            self._spoil(trail, None)
            return
        then = None if end is None or row is None else self._final(end, row)
        served = EVERY if end is None else self._survey.served(end) if then is None else NONE
        while trail:
            hop = trail[-1]
            served = served if then is None else then.kind.methods
            methods = answered_by(hop.kind.status, served)
            if not methods:
                self._spoil(trail, _dead_end(hop, served))
                return
            try:
                then = self._joined(hop, methods, then)
            except LocationRefused as refused:
                self._spoil(trail, _refused(refused))
                return
            if hop.rule is None and then.row is not self._rows[hop.path]:
                self.changed[hop.path] = then.row
            trail.pop()

    def _final(self, path: str, row: bytes) -> _Final:
        number = self.odd[path] if row[0] == ODD else row[0]
        return _Final(self.kinds[number], row[1:], row)

    def _joined(self, hop: RowHop, methods: frozenset[str], then: _Final | None) -> _Final:
        """Where a hop leads in the end, and how it is kept if it is a row."""
        kind, location = replace(hop.kind, methods=methods), hop.location
        if then is not None:
            first, last = kind, then.kind
            kind = Kind(
                joined_status(first.status, last.status),
                first.keep_query and last.keep_query,
                methods,
                joined_age((first.status, first.max_age), (last.status, last.max_age)),
            )
            location = _joined_location(hop, then)
        row = self._row(hop.path, kind, location, then) if hop.rule is None else FAULTY
        return _Final(kind, location, row)

    def _row(self, path: str, kind: Kind, location: bytes, then: _Final | None) -> bytes:
        """How a row is kept: as it was read or as the next one is, if it can be."""
        read = self._rows[path]
        if self._numbers.get(kind) == read[0] and location == read[1:]:
            return read
        if then and then.row and then.row[0] < ODD and (then[:2] == (kind, location)):
            return then.row
        return self._kept(path, kind, location)

    # --- Faults ------------------------------------------------------------------------------

    def _refuse_loop(self, trail: list[RowHop], start: int) -> None:
        """Refuse the rows of a chain that comes back to its hop number *start*."""
        hops = trail[start:]

        def tell(label: str, place: Place) -> Fault:
            first = next((hop for hop in hops if hop.rule is None), None)
            told = [
                hop_text(hop.path, decoded(hop.location) or "", hop.kind.status, self._where(hop))
                for hop in hops
            ]
            return endless(hops[0].path, told, self._tables.place(first.path) if first else place)

        self._spoil(trail, tell)

    def _where(self, hop: RowHop) -> object:
        """Where a hop is declared."""
        if hop.rule is None:
            return self._tables.place(hop.path)
        return hop.rule.place or "slash redirect"

    def _spoil(self, trail: list[RowHop], tell: _Tell | None) -> None:
        """Note that the rows of a chain lead nowhere, and tell it of the last one."""
        rows = [hop.path for hop in trail if hop.rule is None]
        self.changed.update(dict.fromkeys(rows, FAULTY))
        if tell is not None:
            self.refused += 1
            if self.refused <= LISTED:
                last = rows[-1]
                self.faults.append(tell(self._tables.label(last), self._tables.place(last)))


def _dead_end(hop: RowHop, served: frozenset[str]) -> _Tell:
    """The fault of a hop after which no method is served."""
    path = decoded(hop.location) or hop.location.decode("ascii")
    if not served:
        return lambda label, place: nothing_there(label, path, (), place)
    status = hop.kind.status
    return lambda label, place: wrong_method(label, path, status, served, place)


def _refused(reason: LocationRefused) -> _Tell:
    """The fault of a row whose target can't be sent with what comes after it."""
    return lambda label, place: Fault(f"{label}: {reason}", place=place)


def _joined_location(hop: RowHop, then: _Final) -> bytes:
    """The location that one hop has for two."""
    if b"?" not in hop.location and b"#" not in hop.location:
        return then.location
    first = literal_target(hop.location, keep_query=hop.kind.keep_query)
    last = literal_target(then.location, keep_query=then.kind.keep_query)
    return first.then({}, last).location({})
