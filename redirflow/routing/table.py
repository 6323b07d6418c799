"""Bulk rules: tables of exact rows, a million of them if need be.

A row is no object: the table is one dictionary from the decoded source to the bytes of its
location (see `sheet`). Building it checks every row by itself; what rows mean to each other
and to the app is checked when the app is compiled (`rows`). Then both is told, together. Rows of
a `_redirects` file that have parameters, or that a reroute answers, are ordinary rules.
"""

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from redirflow.declare.checks import DeclaredMeta
from redirflow.declare.faults import Fault, Place, calling_place, refuse
from redirflow.declare.operation import RedirectRule, RerouteRule

if TYPE_CHECKING:
    from array import array

    from redirflow.routing.sheet import Sheet


class RedirectTable(Struct, frozen=True, kw_only=True, eq=False, metaclass=DeclaredMeta):
    """Redirects by exact path, in bulk. Made by `load` or `from_pairs`.

    Attributes:
        rows: by decoded source; the bytes are the number of a kind, then the location.
        rules: rows with parameters, and reroutes.
        faults: rows that can't be used; an app that has the table does not start.
        spoilt: the sources of those.
        name: the file's, or "rows".
        file: where the rows stand; `None` if each has the place of the call.
    """

    rows: Mapping[str, bytes]
    rules: tuple[RedirectRule | RerouteRule, ...] = ()
    faults: tuple[Fault, ...] = ()
    spoilt: frozenset[str] = frozenset()
    name: str
    file: str | None
    place: Place
    numbers: "array[int]"

    def __repr__(self) -> str:
        return f"RedirectTable({self.name!r}, {len(self.rows)} rows)"

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "RedirectTable":
        """Read a table from a file.

        Args:
            path: `.csv` (`source,target,status`; status 308 if none is given), `.jsonl` or
                `.ndjson` (objects with these keys, or arrays), or `_redirects` (Netlify's
                format; status 301 if none is given, 200 for a reroute). UTF-8.

        Rows that can't be used are told when the app starts, with all other faults.

        Raises:
            SpecError: the file can't be read.
        """
        # Imported here: most apps have no table.
        from pathlib import Path

        from redirflow.routing.formats import READERS
        from redirflow.routing.sheet import Sheet

        file = Path(path)
        reader = next((READERS[end] for end in READERS if file.name.endswith(end)), None)
        if reader is None:
            endings = ", ".join(READERS)
            raise refuse(f"RedirectTable.load({str(path)!r})", f"a file that ends in {endings}")
        sheet = Sheet(lambda line: Place(str(file), line), "line")
        try:
            reader(file, sheet)
        except OSError as error:
            found = f"RedirectTable.load({str(path)!r}): {error.strerror}: {file.absolute()}"
            there = f"RedirectTable.load(Path(__file__).parent / {str(path)!r})"
            beside = "" if file.is_absolute() else f"{there}, if it stands beside this file"
            raise refuse(found, write=beside) from None
        return cls._made(sheet, file.name, str(file))

    @classmethod
    def from_pairs(cls, rows: Iterable[Any]) -> "RedirectTable":
        """Make a table of `(source, target)` and `(source, target, status)` rows.

        Rows that can't be used are told when the app starts, numbered from 1.
        """
        from redirflow.routing.formats import watched
        from redirflow.routing.sheet import Sheet

        place = calling_place()
        sheet = Sheet(lambda number: place, "row")
        sheet.fill(enumerate(watched(rows, "rows"), 1))
        return cls._made(sheet, "rows", None)

    @classmethod
    def _made(cls, sheet: "Sheet", name: str, file: str | None) -> "RedirectTable":
        return cls(
            rows=sheet.rows,
            rules=tuple(sheet.rules),
            faults=sheet.told(name),
            spoilt=frozenset(sheet.spoilt),
            name=name,
            file=file,
            place=calling_place(),
            numbers=sheet.numbers,
        )

    def __len__(self) -> int:
        return len(self.rows) + len(self.rules)
