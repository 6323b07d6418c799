"""The files that tables come in: CSV, JSON Lines, and `_redirects` as Netlify reads it.

A reader gives every row of its file to a `Sheet`, or the reason why it can't be used. Of a
`_redirects` file everything is told that is not supported: a row that is quietly read
otherwise than where it comes from would be worse than none.
"""

import csv
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec

from redirflow.declare.faults import Place, SpecError
from redirflow.declare.operation import RedirectRule, RerouteRule
from redirflow.http.media import UNDECODABLE
from redirflow.http.methods import REDIRECT_STATUSES
from redirflow.routing.reader import SCHEME, Refused
from redirflow.routing.sheet import Sheet, decoded_source

T = TypeVar("T")

_HEADS: Final = (["source", "target"], ["source", "target", "status"])
_NAMES: Final = frozenset(_HEADS[1])
_PLACEHOLDER: Final = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)")
_PLAIN: Final = re.compile(r"/[^:*]*\Z")
_TO: Final = re.compile(rf"/|{SCHEME.pattern}")
_CODES: Final = frozenset(map(str, REDIRECT_STATUSES))
_STATUS: Final = re.compile(r"[0-9]{3}!?")


def read_csv(path: Path, sheet: Sheet) -> None:
    """Read lines of `source,target,status`; a first one that names the columns is skipped."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            head = next(reader, None) or []
            if head and not any("/" in cell for cell in head):
                if [cell.strip().lower() for cell in head] not in _HEADS:
                    found, write = f"the columns {', '.join(head)}", ",".join(_HEADS[1])
                    sheet.refuse(1, Refused(found, "source, target and perhaps status", write))
            elif head:
                sheet.add(1, head)
            lines = watched(reader, path.name)
            sheet.fill((reader.line_num, cells) for cells in lines if cells)
        except (csv.Error, UnicodeDecodeError) as error:
            sheet.refuse(reader.line_num + 1, Refused(f"the file can't be read on: {error}"))
            raise SpecError(sheet.told(path.name)) from None  # whatever follows may be meant


def read_json_lines(path: Path, sheet: Sheet) -> None:
    """Read an object or an array a line, with `source`, `target` and perhaps `status`."""
    with path.open("rb") as file:
        sheet.fill(_decoded(watched(file, path.name), sheet))


def _decoded(lines: Iterable[bytes], sheet: Sheet) -> Iterator[tuple[int, Any]]:
    """The rows of those lines that are JSON, as arrays if they have no more than the names."""
    decode = msgspec.json.Decoder().decode
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        try:
            row = decode(line)
        except UNDECODABLE as error:
            sheet.refuse(number, Refused(f"no JSON: {error}"))
            continue
        named = type(row) is dict and row.keys() <= _NAMES
        yield number, [row.get(name) for name in _HEADS[1]] if named else row


# --- _redirects ------------------------------------------------------------------------------


def read_redirects(path: Path, sheet: Sheet) -> None:
    """Read lines of `source target status`, by default 301, with `:name` and `*`."""
    with path.open("rb") as file:
        sheet.fill(_exact(watched(file, path.name), sheet))


def _exact(lines: Iterable[bytes], sheet: Sheet) -> Iterator[tuple[int, Any]]:
    """The rows of those lines that stand for one path; rules go to the sheet."""
    for number, line in enumerate(lines, 1):
        words: list[str] = []
        try:
            words = _words(line.decode())
            row = words and _row(number, words, sheet)
        except UnicodeDecodeError:
            sheet.refuse(number, Refused("no UTF-8"))
        except Refused as refused:
            sheet.refuse(number, refused, words[0] if _PLAIN.match(words[0]) else "")
        else:
            if row:
                yield number, row


def _words(line: str) -> list[str]:
    """The columns of a line, without its comment."""
    words = line.split()
    if "#" not in line:
        return words
    comment = next((n for n, word in enumerate(words) if word.startswith("#")), len(words))
    return words[:comment]


def _row(number: int, words: list[str], sheet: Sheet) -> tuple[str, str, int | str] | None:
    # PERF: what nearly all lines are needs no second look: 2 us a line, not 9.
    if len(words) == 3 and words[2] in _CODES and _PLAIN.match(words[0]) and _TO.match(words[1]):
        return words[0], words[1], words[2]
    source, target, status = _columns(words)
    pattern, names = _pattern(source)
    if not names and status != 200:
        return source, target, status
    to = _target(target, names) if names else target
    sheet.rules.append(_rule(pattern, to, status, sheet.place(number)))
    return None


def _columns(words: list[str]) -> tuple[str, str, int]:
    """Source, target and status.

    Raises:
        Refused: the row asks for something that a table does not do.
    """
    source, *others = words
    if not source.startswith("/"):
        raise Refused(f"the source {source!r} is no path", "paths of this app; no hosts")
    target = others[0] if others else ""
    if not _TO.match(target):
        wish = f"the condition {target!r} is not supported" if "=" in target else "no target"
        raise Refused(wish, "source, target, status")
    code, *conditions = others[1:] or ["301"]
    if not _STATUS.fullmatch(code):
        conditions = [code]
    if conditions:
        raise Refused(f"the condition {conditions[0]!r} is not supported", "source, target, status")
    if code.endswith("!"):
        raise Refused(
            f"{code!r} is not supported: what wins is always the most specific path",
            "a status without '!'",
        )
    return source, target, _status(int(code), target)


def _status(status: int, target: str) -> int:
    if status == 200 and not target.startswith("/"):
        raise Refused(
            f"200 with {target!r} would fetch from another site, which is not supported",
            "200 with a path of this app",
        )
    if status not in {200, *REDIRECT_STATUSES}:
        raise Refused(
            f"the status {status} is not supported",
            "301, 302, 303, 307, 308, and 200 with a path of this app",
        )
    return status


def _pattern(source: str) -> tuple[str, frozenset[str]]:
    """The template of a source, and the names of its parameters."""
    *before, last = decoded_source(source).split("/")
    if any("*" in segment for segment in before) or "*" in last[1:]:
        raise Refused(
            f"the '*' in {source!r} is no whole last segment, which is not supported", "'/old/*'"
        )
    parts = ["{splat:path}" if last == "*" else _parameter(last)]
    parts = [*map(_parameter, before), *parts]
    names = [part[1:-1].removesuffix(":path") for part in parts if part.startswith("{")]
    return "/".join(parts), frozenset(names)


def _parameter(segment: str) -> str:
    match = _PLACEHOLDER.fullmatch(segment)
    return f"{{{match[1]}}}" if match else segment


def _target(target: str, names: frozenset[str]) -> str:
    """The target with parameters in the place of its placeholders."""

    def parameter(match: re.Match[str]) -> str:
        return f"{{{match[1]}}}" if match[1] in names else match[0]

    text = target.replace("{", "%7B").replace("}", "%7D")
    filled = _PLACEHOLDER.sub(parameter, text)
    left = next((part for part in filled.split("/") if _PLACEHOLDER.fullmatch(part)), None)
    if left is not None:
        raise Refused(f"the source has no placeholder {left!r}")
    return filled


def _rule(source: str, to: str, status: int, place: Place) -> RedirectRule | RerouteRule:
    if status == 200:
        return RerouteRule(source=source, to=to, place=place)
    return RedirectRule(source=source, to=to, status_code=status, place=place)


# --- All of them -----------------------------------------------------------------------------

READERS: Final[Mapping[str, Callable[[Path, Sheet], None]]] = MappingProxyType(
    {
        ".csv": read_csv,
        ".jsonl": read_json_lines,
        ".ndjson": read_json_lines,
        "_redirects": read_redirects,
    }
)
"""The readers, by how the name of a file ends."""

_LOOK: Final = 0x4000
"""Rows between two looks at the clock."""

_PATIENCE: Final = 1.0
"""Seconds between two lines of news."""


def watched(rows: Iterable[T], name: str, patience: float = _PATIENCE) -> Iterable[T]:
    """*rows*, and their number on a terminal where reading them takes longer than *patience*."""
    return _counted(rows, name, patience) if sys.stderr.isatty() else rows


def _counted(rows: Iterable[T], name: str, patience: float) -> Iterator[T]:
    shown = time.monotonic()
    end = ""
    for number, row in enumerate(rows, 1):
        if number % _LOOK == 0 and time.monotonic() - shown >= patience:
            shown, end = time.monotonic(), f"\r{name}: read\033[K\n"
            sys.stderr.write(f"\r{name}: {number:,} rows")
            sys.stderr.flush()
        yield row
    sys.stderr.write(end)
