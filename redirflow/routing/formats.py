"""The files that tables come in: CSV, JSON Lines, and `_redirects` as Netlify reads it.

Each reader gives every row of its file to a `Sheet`, or the reason why it can't be used.
Nothing but a `SpecError` leaves a reader, whatever is in the file.
"""

import csv
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Final, TextIO, TypeVar

import msgspec

from redirflow.declare.operation import RedirectRule, RerouteRule
from redirflow.http.media import UNDECODABLE
from redirflow.http.methods import REDIRECT_STATUSES
from redirflow.routing.reader import SCHEME
from redirflow.routing.sheet import RowRefused, Sheet

T = TypeVar("T")

DEFAULT_STATUS: Final = 308

_HEADERS: Final = (["source", "target"], ["source", "target", "status"])
_STATUSES: Final = MappingProxyType({str(status): status for status in REDIRECT_STATUSES})
_COLUMNS: Final = "source, target, and perhaps a status"


def read_csv(path: Path, sheet: Sheet) -> None:
    """Read `source,target,status` lines; a first line that names the columns is skipped."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for row in watched(reader, path.name):
                cells = [cell.strip() for cell in row]
                if 2 <= len(cells) <= 3:
                    status = cells[2] if len(cells) == 3 and cells[2] else "308"
                    sheet.add(reader.line_num, cells[0], cells[1], _STATUSES.get(status, status))
                elif cells:
                    sheet.refuse(reader.line_num, RowRefused(f"{len(cells)} columns", _COLUMNS))
        except (csv.Error, UnicodeDecodeError) as error:
            sheet.refuse(reader.line_num, RowRefused(f"the file can't be read on: {error}"))
