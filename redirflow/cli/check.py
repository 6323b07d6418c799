"""`check`: are the declarations free of faults?"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec

from redirflow.cli.command import Command, takes_app, takes_format
from redirflow.cli.load import load
from redirflow.cli.output import write
from redirflow.cli.place import plain_place
from redirflow.cli.report import counted, tell
from redirflow.cli.tally import tally
from redirflow.cli.target import find_target
from redirflow.compile import CompiledApp, NotCompiled
from redirflow.declare.faults import Fault, SpecError

Finder: TypeAlias = Callable[[CompiledApp], Iterable[Fault]]


def _of_the_declarations(compiled: CompiledApp) -> Iterable[Fault]:
    return compiled.warnings


def _of_the_source(compiled: CompiledApp) -> list[Fault]:
    # It needs asyncio and inspect, which no other command has to wait for.
    from redirflow.endpoint.advice.hearing import source_warnings

    return source_warnings(compiled.endpoints.values())


FINDERS: Final[list[Finder]] = [_of_the_declarations, _of_the_source]
"""What finds warnings: each looks at the compiled app and gives faults of that severity."""


def warnings_of(compiled: CompiledApp) -> list[Fault]:
    """What does not refuse start-up, but deserves a look; in the order of the places."""
    return _ordered(fault for find in FINDERS for fault in find(compiled))


def all_of(refused: NotCompiled) -> list[Fault]:
    """Why an app can't start, and the warnings that are right whatever becomes of that."""
    from redirflow.endpoint.advice.hearing import warnings_of_some

    beside = warnings_of_some(refused.endpoints)
    return _ordered([*refused.faults, *refused.warnings, *beside])


def _ordered(faults: Iterable[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: (fault.place is not None, fault.place))


def check(args: Namespace) -> int:
    """Tell every fault and every warning, and count what is there."""
    if args.format == "json":
        return _as_json(args)
    target = find_target(args.app)
    try:
        compiled = load(target).compile()
    except NotCompiled as refused:
        tell(all_of(refused))
        return 1
    warnings = warnings_of(compiled)
    tell(warnings)
    found = counted(len(warnings), "warning") if warnings else "no faults"
    sys.stderr.flush()
    print(f"{target.where}: {tally(compiled)}, {found}")
    return 1 if warnings and args.strict else 0


def _as_json(args: Namespace) -> int:
    """Every fault and every warning, for an editor or a CI."""
    try:
        faults = warnings_of(load(find_target(args.app)).compile())
    except NotCompiled as refused:
        faults = all_of(refused)
    except SpecError as error:
        faults = [*error.faults]
    told = [
        {
            "severity": fault.severity,
            "found": fault.found,
            "allowed": fault.allowed,
            "write": fault.write,
            **plain_place(fault.place),
        }
        for fault in faults
    ]
    write(msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n", None)
    return int(any(args.strict or fault.severity == "error" for fault in faults))


def _arguments(parser: ArgumentParser) -> None:
    takes_app(parser)
    parser.add_argument("--strict", action="store_true", help="warnings count as findings")
    takes_format(parser, "text", "json")


CHECK: Final = Command(
    name="check",
    summary="check the declarations without serving them",
    example="redirflow check accounts.py --strict",
    arguments=_arguments,
    run=check,
)
