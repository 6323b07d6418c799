"""The rows of a table while it is read: each is checked by itself, and every bad one told.

A row is kept as bytes: the number of its `Kind`, then its location as it is sent. Sources are
matched against the decoded path of a request, so their percent-escapes are decoded here,
once; `compile_location` writes the locations.
"""

import re
from array import array
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import unquote

from msgspec import Struct, field

from redirflow.declare.faults import Fault, Place
from redirflow.declare.operation import RedirectRule, RerouteRule
from redirflow.http.location import LocationPolicy, compile_location, plain_path
from redirflow.http.methods import REDIRECT_STATUSES
from redirflow.http.reference import LocationRefused
from redirflow.routing.reader import Refused
from redirflow.routing.rule import REDIRECTED
from redirflow.routing.template import DOTS

DEFAULT_STATUS: Final = 308

LISTED: Final = 100
"""Bad rows that are told one by one; the rest are counted."""

_ORIGIN: Final = re.compile(r"([a-z]+://[^/?#]+)/", re.IGNORECASE)

_SITES: Final = 10_000
"""Origins that are remembered while a table is read."""

_LONG: Final = 300
"""Bytes of an origin that is not remembered."""

_ANYWHERE: Final = LocationPolicy(any_origin=True)
_ROWS: Final = frozenset({list, tuple})
_BLANK: Final = re.compile(r"[\x00-\x20\x7f]")
_STATUSES: Final = ", ".join(map(str, REDIRECT_STATUSES))


class Kind(NamedTuple):
    """What rows have in common.

    Attributes:
        keep_query: whether the request's query is added to the location's own.
        methods: those that the row answers.
    """

    status: int
    keep_query: bool
    methods: frozenset[str] = REDIRECTED
    max_age: int | None = None


LOADED: Final = tuple(
    Kind(status, keep_query) for status in REDIRECT_STATUSES for keep_query in (True, True, False)
)
"""The kinds of rows as they are read. Of each status there are three: a plain path of this
app; one with escapes, a query or a fragment; another site, where the query is not kept.
"""

FORMS: Final = 3
PLAIN: Final = 0
ELSEWHERE: Final = 2

_FIRST: Final[dict[object, bytes]] = {
    spelling: bytes(range(FORMS * index, FORMS * index + FORMS))
    for index, status in enumerate(REDIRECT_STATUSES)
    for spelling in (status, str(status))
}
"""By status, the first byte of a row of each of its forms."""

_FIRST[None] = _FIRST[""] = _FIRST[DEFAULT_STATUS]


class Sheet(Struct, eq=False):
    """The rows that were read so far.

    Attributes:
        place: from the number of a row to where an author finds it.
        unit: what is numbered: lines of a file, or rows of something else.
        numbers: the number of each row, in the order of `rows`.
        rules: rows that are no plain redirects of one path.
        refused: how many rows are bad; the first of them have a fault.
        spoilt: sources of bad rows, which other rows may lead to.
        origins: other sites that rows lead to, as they were written, and as they are sent.
    """

    place: Callable[[int], Place]
    unit: Literal["line", "row"]
    rows: dict[str, bytes] = field(default_factory=dict[str, bytes])
    numbers: "array[int]" = field(default_factory=lambda: array("I"))
    rules: list[RedirectRule | RerouteRule] = field(
        default_factory=list[RedirectRule | RerouteRule]
    )
    faults: list[Fault] = field(default_factory=list[Fault])
    refused: int = 0
    spoilt: set[str] = field(default_factory=set[str])
    origins: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def fill(self, rows: Iterable[tuple[int, Any]]) -> None:
        """Take numbered rows, each of source, target and perhaps a status."""
        # PERF: what nearly all rows are is tested and kept in place: 1.0 us a row, not 1.9.
        known, note, plain = self.rows, self.numbers.append, plain_path
        default = _FIRST[DEFAULT_STATUS]
        for number, row in rows:
            if row.__class__ in _ROWS and 1 < len(row) < 4:
                source, target = row[0], row[1]
                first = default if len(row) == 2 else _first(row[2])
                if first and type(source) is str and type(target) is str and plain(source):
                    location = plain(target)
                    kept = first[:1] + location if location else self._elsewhere(first, target)
                    if kept and known.setdefault(source, kept) is kept:
                        note(number)
                        continue
            self.add(number, row)

    def _elsewhere(self, first: bytes, target: str) -> bytes | None:
        """A row that leads to a plain path of a site that was met before."""
        end = target.find("/", 8)
        origin = self.origins.get(target[:end])
        location = plain_path(target[end:]) if origin else None
        return first[2:] + origin + location if origin and location else None

    def add(self, number: int, row: Any) -> None:
        """Take one row, or note why it can't be used."""
        path = ""
        try:
            source, target, status = _cells(row)
            path = decoded_source(source)
            if path in self.rows:
                raise Refused(f"{source!r} was the source of {self._first(path)} already")
            row = self.rows[path] = _kept(target, status)
            self.numbers.append(number)
            if LOADED[row[0]].keep_query is False:
                self._meet(target, row[1:])
        except Refused as refused:
            self.refuse(number, refused, path)

    def _meet(self, target: str, location: bytes) -> None:
        """Remember how an origin is written, for the next row that leads there."""
        match = _ORIGIN.match(target)
        sent = location[: location.index(b"/", 8)]
        if match and len(sent) < _LONG and len(self.origins) < _SITES:
            self.origins[match[1]] = sent

    def refuse(self, number: int, refused: Refused, path: str = "") -> None:
        """Note a bad row, which is for *path* if that can be told."""
        self.refused += 1
        if path:
            self.spoilt.add(path)
        if self.refused <= LISTED:
            found = str(refused) if self.unit == "line" else f"row {number}: {refused}"
            self.faults.append(Fault(found, refused.allowed, refused.write, self.place(number)))

    def told(self, name: str) -> tuple[Fault, ...]:
        """What is wrong with the rows, each by itself."""
        if self.refused <= LISTED:
            return tuple(self.faults)
        more = f"{name}: {self.refused - LISTED} more bad rows, {self.refused} in all"
        return (*self.faults, Fault(more, place=self.faults[-1].place))

    def _first(self, source: str) -> str:
        index = next(index for index, path in enumerate(self.rows) if path == source)
        return f"{self.unit} {self.numbers[index]}"


def decoded_source(source: object) -> str:
    """The decoded path that a row is for.

    Raises:
        Refused: it is none, or no client would ask for it.
    """
    if not isinstance(source, str) or not source.startswith("/"):
        raise Refused(f"the source {source!r} is no path", 'a path of this app: "/old"')
    if "?" in source or "#" in source:
        raise Refused(
            f"the source {source!r} has a query or a fragment",
            "a path: rows are found by the path alone, and keep the query",
            "%3F and %23 where they are data",
        )
    if _BLANK.search(source) or "\\" in source:
        raise Refused(f"the source {source!r} has a blank, a control character or a backslash")
    if "{" in source or "}" in source:
        raise Refused(
            f"the source {source!r} has a parameter, and a row stands for one path",
            "%7B and %7D as data",
            f"app.redirect({source!r}, to=...)",
        )
    try:
        path = unquote(source, errors="strict")
    except UnicodeDecodeError:
        raise Refused(f"the percent-escapes of {source!r} are no UTF-8") from None
    if not DOTS.isdisjoint(path.split("/")):
        raise Refused(f"the source {source!r} has a dot segment; clients remove it")
    return path


def _cells(row: Any) -> tuple[Any, Any, Any]:
    """Source, target and status."""
    if row.__class__ not in _ROWS or not 2 <= len(row) <= 3:
        raise Refused(f"{row!r} is no row", "source, target and perhaps a status")
    return row[0], row[1], row[2] if len(row) == 3 else DEFAULT_STATUS


def _first(status: object) -> bytes:
    """The first byte of a row within this app, and of one that leads elsewhere; or nothing."""
    return _FIRST.get(status, b"") if status is None or isinstance(status, int | str) else b""


def _kept(target: object, status: object) -> bytes:
    """A row as it is kept."""
    first = _first(status)
    if not first:
        raise Refused(f"the status {status!r} is no redirect", _STATUSES)
    if not isinstance(target, str) or target[:1] in {"", "?", "#"}:
        raise Refused(f"the target {target!r} is no location", '"/path" or "https://host/path"')
    try:
        location = compile_location(target, _ANYWHERE)
    except LocationRefused as refused:
        raise Refused(f"the target {target!r}: {refused}") from None
    path = location.partition(b"#")[0].partition(b"?")[0]
    if not DOTS.isdisjoint(unquote(path).split("/")):
        raise Refused(f"the target {target!r} has a dot segment; clients remove it")
    if not location.startswith(b"/"):
        return first[2:] + location
    return (first[:1] if path == location and b"%" not in path else first[1:2]) + location
