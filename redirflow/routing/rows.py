"""The rows of all tables: as they were read, and as they are served.

Looking a row up is one look into a dictionary. The location is found there as it is sent;
only for a request with a query, or an app with a `root_path`, it is written anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

from redirflow.declare.faults import Fault, Place
from redirflow.http.location import LocationPolicy, compile_location
from redirflow.http.reference import LocationRefused, quote_path
from redirflow.routing.findings import some, taken_twice
from redirflow.routing.pattern import path_of
from redirflow.routing.reader import literal_target
from redirflow.routing.rule import Rule
from redirflow.routing.sheet import LISTED, Kind
from redirflow.routing.table import RedirectTable
from redirflow.routing.target import kept_pairs
from redirflow.routing.template import Template

ODD: Final = 255
"""The first byte of a row whose kind has a number too great for it."""

_ANYWHERE: Final = LocationPolicy(any_origin=True)

FAULTY: Final = b""
"""A row that leads nowhere."""


class Tables:
    """The rows of several tables as one, and where each stands."""

    def __init__(self, tables: Iterable[RedirectTable]) -> None:
        self.tables: Final = tuple(tables)
        self.rows: Final[Mapping[str, bytes]] = self._together()

    def place(self, path: str) -> Place:
        """The line of a row."""
        table = self.table(path)
        return table.place if table.file is None else Place(table.file, self._numbers[path])

    def label(self, path: str) -> str:
        """What a message calls a row."""
        number = f" {self._numbers[path]}" if self.table(path).file is None else ""
        return f"row{number} {path!r} -> {self.rows[path][1:].decode('ascii')!r}"

    def twice(self) -> list[Fault]:
        """The sources that stand in two tables."""
        faults: list[Fault] = []
        for index, table in enumerate(self.tables):
            for other in self.tables[:index]:
                common = sorted(table.rows.keys() & other.rows.keys())
                told = [self._twice(path, table) for path in common[:LISTED]]
                faults += some(told, len(common))
        return faults

    def _twice(self, path: str, table: RedirectTable) -> Fault:
        number = next(
            n for source, n in zip(table.rows, table.numbers, strict=True) if source == path
        )
        place = table.place if table.file is None else Place(table.file, number)
        return taken_twice(f"{self.label(path)} ({self.place(path)})", f"row {path!r}", (), place)

    def _together(self) -> Mapping[str, bytes]:
        if len(self.tables) == 1:
            return self.tables[0].rows
        return {path: row for table in reversed(self.tables) for path, row in table.rows.items()}

    def table(self, path: str) -> RedirectTable:
        """The table of a row."""
        return next(table for table in self.tables if path in table.rows)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """The number of each row; made for the first message, for it is seldom asked for."""
        return {
            path: number
            for table in reversed(self.tables)
            for path, number in zip(table.rows, table.numbers, strict=True)
        }


class Rows:
    """Rows as they are served.

    Args:
        kept: the bytes are the number of a kind, then the location.
        odd: the numbers of rows that begin with `ODD`.

    Attributes:
        everything: the methods that any row answers.
    """

    def __init__(
        self, kept: Mapping[str, bytes], kinds: Sequence[Kind], odd: Mapping[str, int]
    ) -> None:
        self._kept: Final = kept
        self._kinds: Final = (*kinds[:ODD], *[None] * (ODD + 1 - min(len(kinds), ODD)))
        self._odd: Final = {path: kinds[number] for path, number in odd.items()}
        self.everything: Final = frozenset(method for kind in kinds for method in kind.methods)

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, path: object) -> bool:
        return path in self._kept

    def find(self, path: str) -> tuple[Kind, bytes] | None:
        """The row for a decoded path: its kind, and its location as it is sent."""
        return self[path] if self._kept.get(path) else None

    def __getitem__(self, path: str) -> tuple[Kind, bytes]:
        """What `find` gives for a row that is there."""
        row = self._kept[path]
        return self._kinds[row[0]] or self._odd[path], row[1:]

    def methods(self, path: str) -> frozenset[str]:
        """The methods that a row answers."""
        found = self.find(path)
        return frozenset() if found is None else found[0].methods

    @cached_property
    def ordered(self) -> list[str]:
        """All sources in alphabetical order, which only rules with parameters ask for."""
        return sorted(self._kept)

    def rule(self, path: str) -> Rule:
        """A row as a rule; its line is known to its table alone."""
        kind, location = self.find(path) or (Kind(0, keep_query=False), b"")
        return Rule(
            kind="row",
            source=Template(path, path_of(path)),
            target=literal_target(location, keep_query=kind.keep_query),
            status=kind.status,
            shown=location.decode("ascii"),
            max_age=kind.max_age,
        )


def sent_location(kind: Kind, location: bytes, query: bytes, root: str) -> bytes | None:
    """The `Location` of a row for a request; `None` if it is one to refuse."""
    more = query if kind.keep_query else b""
    outer = root if location.startswith(b"/") else ""
    if not more and not outer:
        return location
    try:
        if b"?" in location or b"#" in location:
            return literal_target(location, keep_query=kind.keep_query).location({}, query, root)
        path = quote_path(outer) + location.decode("ascii")
        return compile_location("?".join([path, *kept_pairs(more)]), _ANYWHERE)
    except LocationRefused:
        return None
