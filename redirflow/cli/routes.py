"""`routes`: every operation with what it answers and where it stands."""

import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from redirflow.cli.command import Command, takes_app
from redirflow.cli.load import load
from redirflow.cli.tally import tally
from redirflow.cli.target import find_target
from redirflow.cli.terminal import painted
from redirflow.compile import CompiledApp
from redirflow.declare.operation import Operation
from redirflow.endpoint.endpoint import Endpoint

Cells: TypeAlias = tuple[str, str, str, str, str]

_HEAD: Final[Cells] = ("METHOD", "PATH", "OPERATION", "RESPONSES", "PLACE")
_GAP: Final = "  "
_UNLIMITED: Final = 1_000_000
"""The width of what is no terminal: a line per operation, for grep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One operation.

    Attributes:
        responses: every status that is declared or implied by its inputs, in ascending order.
        file: relative to the working directory where it is below it.
    """

    method: str
    path: str
    operation: str
    responses: tuple[int, ...]
    file: str
    line: int

    @property
    def cells(self) -> Cells:
        """The texts of this row in the table."""
        responses = " ".join(map(str, self.responses))
        return self.method, self.path, self.operation, responses, f"{self.file}:{self.line}"


def routes(args: Namespace) -> int:
    """Print the operations in the order of their registration."""
    compiled = load(find_target(args.app)).compile()
    rows = [_row(endpoint, compiled) for endpoint in compiled.endpoints.values()]
    if args.format == "json":
        print(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return 0
    width = shutil.get_terminal_size((_UNLIMITED, 0)).columns
    for line in _lines([row.cells for row in rows], width):
        print(line)
    print(f"\n{tally(compiled)}")
    return 0


def _row(endpoint: Endpoint, compiled: CompiledApp) -> Row:
    operation = endpoint.operation
    file, _, line = str(operation.place).rpartition(":")
    return Row(
        method=operation.method,
        path=operation.path,
        operation=operation.name,
        responses=tuple(sorted(_statuses(endpoint, compiled))),
        file=file,
        line=int(line),
    )


def _statuses(endpoint: Endpoint, compiled: CompiledApp) -> set[int]:
    """What an operation may answer, by way of those that it reroutes to as well."""
    found: set[int] = set()
    seen: set[Operation] = set()
    waiting = [endpoint]
    while waiting:
        each = waiting.pop()
        seen.add(each.operation)
        found.update(response.status for response in each.responses)
        found.update(redirect.spec.status_code for redirect in each.redirects)
        found.update(error.status_code for error in each.errors)
        waiting += [compiled.endpoints[other] for other in each.reroutes if other not in seen]
    return found


def _lines(rows: Sequence[Cells], width: int) -> Iterable[str]:
    """A table, or two lines for each row where the screen is too narrow: nothing is cut."""
    widths = [max(map(len, column)) for column in zip(_HEAD, *rows, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        return _stacked(rows, widths[0])
    head, *body = [_aligned(row, widths) for row in (_HEAD, *rows)]
    return [painted(head, "strong", sys.stdout), *body]


def _aligned(row: Cells, widths: Sequence[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
    return _GAP.join(cells).rstrip()


def _stacked(rows: Iterable[Cells], indent: int) -> Iterable[str]:
    for method, path, *rest in rows:
        yield f"{method.ljust(indent)}{_GAP}{path}"
        yield f"{' ' * indent}{_GAP}{_GAP.join(rest)}"


def _arguments(parser: ArgumentParser) -> None:
    takes_app(parser)
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="default: %(default)s"
    )


ROUTES: Final = Command(
    name="routes",
    summary="list the operations with their responses",
    example="redirflow routes accounts.py --format json",
    arguments=_arguments,
    run=routes,
)
