"""`routes`: whatever answers, with what it answers and where it stands."""

import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from redirflow.cli.command import Command, takes_app, takes_format
from redirflow.cli.load import load
from redirflow.cli.place import plain_place
from redirflow.cli.report import counted
from redirflow.cli.tally import tally
from redirflow.cli.target import find_target
from redirflow.cli.terminal import painted
from redirflow.compile import CompiledApp
from redirflow.declare.operation import Operation
from redirflow.endpoint.endpoint import Endpoint
from redirflow.http.methods import METHODS
from redirflow.routing.chain import FinalRule
from redirflow.routing.rule import REDIRECTED
from redirflow.routing.table import RedirectTable
from redirflow.routing.target import Target

Cells: TypeAlias = tuple[str, str, str, str, str]

_HEAD: Final[Cells] = ("METHOD", "PATH", "OPERATION", "RESPONSES", "PLACE")
_GAP: Final = "  "
_UNLIMITED: Final = 1_000_000
"""The width of what is no terminal: a line per operation, for grep."""


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that answers; what it does not have is left out of JSON.

    Attributes:
        method: one; several with commas; or `*` for every one.
        path: a template; a mount's prefix; a table's name.
        operation: its name.
        to: where a rule leads, through however many hops.
        rows: of a table.
        responses: every status that is declared or implied by inputs, in ascending order.
        file: relative to the working directory where it is below it.
    """

    kind: Literal["operation", "redirect", "reroute", "table", "mount"]
    method: str
    path: str
    operation: str = ""
    to: str = ""
    rows: int = 0
    responses: tuple[int, ...] = ()
    file: str
    line: int

    @property
    def cells(self) -> Cells:
        """The texts of this row in the table."""
        responses = "reroute" if self.kind == "reroute" else " ".join(map(str, self.responses))
        return self.method, self.path, self._what, responses, f"{self.file}:{self.line}"

    @property
    def _what(self) -> str:
        if self.kind == "table":
            return counted(self.rows, "row")
        if self.kind == "mount":
            return "another app"
        return f"-> {self.to}" if self.to else self.operation


def routes(args: Namespace) -> int:
    """Print operations, rules, tables and mounts, each in the order of their registration."""
    compiled = load(find_target(args.app)).compile()
    rows = [*_rows(compiled)]
    if args.format == "json":
        print(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return 0
    width = shutil.get_terminal_size((_UNLIMITED, 0)).columns
    for line in _lines([row.cells for row in rows], width):
        print(line)
    print(f"\n{tally(compiled)}")
    return 0


def _rows(compiled: CompiledApp) -> Iterator[Row]:
    for endpoint in compiled.endpoints.values():
        yield _operation_row(endpoint, compiled)
    for rule in compiled.checked.rules:
        yield _rule_row(rule)
    for table in compiled.checked.tables.tables:
        yield _table_row(table, compiled)
    for mount in compiled.mounts:
        yield Row(kind="mount", method="*", path=mount.prefix, **plain_place(mount.place))


def _operation_row(endpoint: Endpoint, compiled: CompiledApp) -> Row:
    operation = endpoint.operation
    return Row(
        kind="operation",
        method=operation.method,
        path=operation.path,
        operation=operation.name,
        responses=tuple(sorted(_statuses(endpoint, compiled))),
        **plain_place(operation.place),
    )


def _rule_row(final: FinalRule) -> Row:
    return Row(
        kind="reroute" if final.status is None else "redirect",
        method=_listed(final.methods),
        path=final.source.text,
        to=_written(final.target),
        responses=() if final.status is None else (final.status,),
        **plain_place(final.rule.place),
    )


def _written(target: Target) -> str:
    """Where a rule leads, with its parameters by name."""
    texts = [piece if isinstance(piece, str) else f"{{{piece.name}}}" for piece in target.text]
    return "".join(texts)


def _table_row(table: RedirectTable, compiled: CompiledApp) -> Row:
    found = [row for path in table.rows if (row := compiled.rows.find(path))]
    return Row(
        kind="table",
        method=_listed(frozenset(method for kind, _ in found for method in kind.methods)),
        path=table.name,
        rows=len(table.rows),
        responses=tuple(sorted({kind.status for kind, _ in found})),
        **plain_place(table.place),
    )


def _listed(methods: frozenset[str]) -> str:
    """Methods in the order in which they are always listed; HEAD goes with GET."""
    shown = methods - {"HEAD"} if "GET" in methods else methods
    if shown >= REDIRECTED - {"HEAD"}:
        return "*"
    return ",".join(method for method in METHODS if method in shown)


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
        yield f"{' ' * indent}{_GAP}{_GAP.join(filter(None, rest))}"


def _arguments(parser: ArgumentParser) -> None:
    takes_app(parser)
    takes_format(parser, "table", "json")


ROUTES: Final = Command(
    name="routes",
    summary="list operations, rules, tables and mounts with their responses",
    example="redirflow routes accounts.py --format json",
    arguments=_arguments,
    run=routes,
)
