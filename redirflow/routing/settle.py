"""What the rows of tables mean to each other and to the app.

One pass over the rows, with one look at what stands at each target. A row whose target is an
operation or another site stays as it was read. Another row, a rule or a slash redirect at
the target makes a chain; it is followed once, and then every row in it leads straight to its
end. Rows are exact, so a chain is a line of paths, and a path that comes again is a loop.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from redirflow.declare.faults import Fault, Place
from redirflow.http.reference import LocationRefused
from redirflow.routing.findings import endless, hop_text, nothing_there, some, wrong_method
from redirflow.routing.ground import EVERY, SPOT, Ground, Spot
from redirflow.routing.join import Row, answering, joined_kind, joined_row
from redirflow.routing.router import Leaf
from redirflow.routing.rows import FAULTY, ODD, Rows, Tables
from redirflow.routing.sheet import ELSEWHERE, FORMS, LISTED, LOADED, PLAIN, Kind
from redirflow.routing.survey import MANY, NONE, RowHop, Standing, Survey, decoded

PENDING: Final = b"p"
"""Stands for a row until those are settled that it may lead to."""

VISITED: Final = b"v"
"""Stands for a row while those after it are settled."""

_UNSEEN: Final = frozenset({"no row of this kind was seen"})

_Tell: TypeAlias = Callable[[str, Place], Fault]
"""A finding about a row, from what messages call it and where it stands."""


def settled(tables: Tables, ground: Ground, faults: list[Fault]) -> Rows:
    """The rows of *tables* as they are served on *ground*."""
    settler = _Settler(tables, ground)
    settler.run()
    faults += some(settler.faults, settler.refused)
    kept = {**tables.rows, **settler.changed} if settler.changed else tables.rows
    return Rows(kept, settler.kinds, settler.odd)


class _Settler:
    """Settles rows.

    Attributes:
        changed: rows that are served otherwise than they were read.
        kinds: the kinds of rows, by number; those that were read come first.
        odd: the numbers that are too great for a byte, by row.
        refused: how many rows lead nowhere; the first of them have a fault.
    """

    def __init__(self, tables: Tables, ground: Ground) -> None:
        self.changed: Final[dict[str, bytes]] = {}
        self.kinds: Final = [kind._replace(methods=NONE) for kind in LOADED]
        self.odd: Final[dict[str, int]] = {}
        self.faults: Final[list[Fault]] = []
        self.refused = 0
        self._tables: Final = tables
        self._rows: Final = tables.rows
        self._ground: Final = ground
        self._survey: Final = Survey(tables, ground)
        self._numbers: Final[dict[Kind, int]] = {}
        self._joins: Final[dict[tuple[int, int], bytes]] = {}
        # What is served at the target of most rows of a kind.
        self._usual: Final = [_UNSEEN] * len(LOADED)
        # Paths at which something stands beside the row.
        self._shared: Final = frozenset(path for path in ground.router.exact if path in self._rows)

    def run(self) -> None:
        """Settle every row: those that lead to no hop at once, the others when these are known."""
        # PERF: most chains are one link to a row of the same kind: 0.5 us, not 1.5.
        rows, changed, shared = self._rows, self.changed, self._shared
        for path in self._waiting():
            row = rows[path]
            target = row[1:].decode() if row[0] % FORMS == PLAIN else ""
            then = changed.get(target)
            if then is None:
                then = rows.get(target)
            if then and then[0] == row[0] and target not in shared:
                changed[path] = then
            elif changed.get(path) is PENDING:
                self._pursue(path)

    def _waiting(self) -> list[str]:
        """Settle the rows that lead to operations and other sites; note the rest as pending."""
        # PERF: 0.3 us for a row to an operation, with or without a parameter.
        waiting: list[str] = []
        rows, usual = self._rows, self._usual
        exact, tails = self._ends()
        for path, row in rows.items():
            number = row[0]
            served = None
            if number % FORMS == PLAIN:
                target = row[1:].decode()
                served = exact.get(target)
                if served is None and target not in rows:
                    head, _, tail = target.rpartition("/")
                    served = tails.get(head) if tail else None
            elif number % FORMS == ELSEWHERE:
                served = EVERY
            if not served:
                waiting.append(path)
                self.changed[path] = PENDING
            elif served is not usual[number]:
                self._lead(path, row, served)
        return waiting

    def _ends(self) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
        """What is served at exact paths, and by the text before a last parameter.

        Where there are rules or rows nothing is, as far as this goes.
        """
        same: dict[frozenset[str], frozenset[str]] = {}

        def served(leaf: Leaf[Spot]) -> frozenset[str]:
            spot = leaf.owners[SPOT]
            hops = spot.rules or spot.template.text in self._rows
            return NONE if hops else same.setdefault(spot.served, spot.served)

        router = self._ground.router
        return (
            {path: served(leaf) for path, leaf in router.exact.items()},
            {head: served(leaf) for head, leaf in router.tails.items()},
        )

    def _lead(self, path: str, row: bytes, served: frozenset[str]) -> None:
        """Settle a row whose target is no hop."""
        number = row[0]
        kind = answering(LOADED[number], served)
        if not kind.methods:
            self._spoil([path], self._dead_end(row[1:].decode(), kind.status, served))
        elif self._usual[number] is _UNSEEN:
            self._usual[number] = served
            self.kinds[number] = kind
            self._numbers[kind] = number
        else:
            self.changed[path] = self._kept(path, kind, row[1:])

    def _kept(self, path: str, kind: Kind, location: bytes) -> bytes:
        """A row as it is kept."""
        number = self._numbers.setdefault(kind, len(self.kinds))
        if number == len(self.kinds):
            self.kinds.append(kind)
        if number >= ODD:
            self.odd[path] = number
        return bytes((min(number, ODD),)) + location

    def _kind(self, path: str, row: bytes) -> Kind:
        return self.kinds[self.odd[path] if row[0] == ODD else row[0]]

    # --- Links from row to row -------------------------------------------------------------

    def _pursue(self, start: str) -> None:
        """Settle a pending row, and the rows that it leads to."""
        trail: list[str] = []
        here, then = start, PENDING
        while then is PENDING:
            target = self._link(here)
            if target is None:
                self._follow(here)
            else:
                trail.append(here)
                self.changed[here] = VISITED
                here = target
            then = self.changed.get(here, self._rows[here])
        if then is VISITED:
            ring = [self._survey.row(path) for path in trail[trail.index(here) :]]
            self._spoil(trail, self._loop(ring))
            return
        for path in reversed(trail):
            then = self.changed[path] = self._linked(path, here, then) if then else FAULTY
            here = path

    def _link(self, path: str) -> str | None:
        """The row that a row leads to, if nothing else stands there."""
        row = self._rows[path]
        if row[0] % FORMS != PLAIN:
            return None
        there = row[1:].decode()
        return there if there in self._rows and there not in self._shared else None

    def _linked(self, path: str, target: str, then: bytes) -> bytes:
        """How the row at *path* is kept if *then* is how the one at *target* is."""
        number = self._rows[path][0]
        if number == then[0]:
            return then
        first = self._joins.get((number, then[0]))
        if first is not None:
            return first + then[1:]
        last = self._kind(target, then)
        kind = joined_kind(LOADED[number], last)
        if not kind.methods:
            self._spoil([path], self._dead_end(target, kind.status, last.methods))
            return FAULTY
        row = self._kept(path, kind, then[1:])
        if ODD not in {row[0], then[0]}:
            self._joins[number, then[0]] = row[:1]
        return row

    # --- Chains of any kind ------------------------------------------------------------------

    def _follow(self, start: str) -> None:
        """Settle a row by whatever hops it leads to."""
        trail: list[RowHop] = []
        known: dict[str, int] = {}
        rules = 0
        hop: RowHop | None = self._survey.row(start)
        place: Standing | None = None
        while hop is not None:
            rules = 0 if hop.rule is None else rules + 1
            if hop.path in known or rules > MANY:
                self._spoil(_rows(trail), self._loop(trail[known.get(hop.path, 0) :]))
                return
            known[hop.path] = len(trail)
            trail.append(hop)
            place = self._survey.after(hop)
            onward = place is not None and self._unsettled(place.path)
            hop = self._survey.hop(place) if place is not None and onward else None
        self._unwind(trail, place)

    def _unsettled(self, path: str) -> bool:
        return self.changed.get(path, PENDING) in {PENDING, VISITED}

    def _unwind(self, trail: list[RowHop], end: Standing | None) -> None:
        """Lead each row of a chain to its end."""
        row = PENDING if end is None else self.changed.get(end.path, PENDING)
        then: Row | None = None
        served = NONE
        if end is None:
            served = EVERY if decoded(trail[-1].location) is None else NONE
        elif row in {PENDING, VISITED}:
            served = self._survey.served_at(end)
        elif row:
            then = Row(self._kind(end.path, row), row[1:])
        while trail:
            hop = trail[-1]
            served = then.kind.methods if then else served
            kind = answering(hop.kind, served)
            if not kind.methods:
                tell = self._dead_end(_target(hop), kind.status, served) if row else None
                self._spoil(_rows(trail), tell)
                return
            try:
                then = (
                    Row(kind, hop.location)
                    if then is None
                    else joined_row(hop.kind, hop.location, then)
                )
            except LocationRefused as refused:
                self._spoil(_rows(trail), _refused(refused))
                return
            if hop.rule is None:
                self._keep(hop.path, then)
            trail.pop()

    def _keep(self, path: str, final: Row) -> None:
        """Note how a row is kept, if it is not as it was read."""
        read = self._rows[path]
        if final == Row(self.kinds[read[0]], read[1:]):
            self.changed.pop(path, None)
        else:
            self.changed[path] = self._kept(path, final.kind, final.location)

    # --- Faults ------------------------------------------------------------------------------

    def _loop(self, hops: list[RowHop]) -> _Tell:
        """The finding about rows that lead into a loop."""

        def tell(label: str, place: Place) -> Fault:
            first = next((hop.path for hop in hops if hop.rule is None), None)
            shown = (hop_text(hop.path, _target(hop), hop.status, self._where(hop)) for hop in hops)
            place = self._tables.place(first) if first else place
            return endless(hops[0].path, shown, len(hops), place)

        return tell

    def _dead_end(self, target: str, status: int, served: frozenset[str]) -> _Tell:
        """The finding about a row after which no method is served."""
        ring = [] if served else self._survey.circle(target)
        if ring:
            return self._loop(ring)
        if not served:
            return lambda label, place: nothing_there(label, target, (), place)
        return lambda label, place: wrong_method(label, target, status, served, place)

    def _where(self, hop: RowHop) -> object:
        """Where a hop is declared."""
        if hop.rule is None:
            return self._tables.place(hop.path)
        return hop.rule.place or "slash redirect"

    def _spoil(self, rows: list[str], tell: _Tell | None) -> None:
        """Note that the rows of a chain lead nowhere, and tell it of the last one."""
        self.changed.update(dict.fromkeys(rows, FAULTY))
        if tell is not None:
            self.refused += 1
            if self.refused <= LISTED:
                last = rows[-1]
                self.faults.append(tell(self._tables.label(last), self._tables.place(last)))


def _rows(trail: list[RowHop]) -> list[str]:
    return [hop.path for hop in trail if hop.rule is None]


def _target(hop: RowHop) -> str:
    return decoded(hop.location) or hop.location.decode("ascii")


def _refused(reason: LocationRefused) -> _Tell:
    """The finding about a row whose location can't be joined with the next one's."""
    return lambda label, place: Fault(f"{label}: {reason}", place=place)
