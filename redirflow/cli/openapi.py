"""`openapi`: the document, on the standard output, in a file, or held against one."""

import shlex
import sys
from argparse import ArgumentParser, Namespace
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final

import msgspec

from redirflow.app import App
from redirflow.cli.command import Command, takes_app
from redirflow.cli.load import load
from redirflow.cli.output import write
from redirflow.cli.report import Misuse, counted, tell
from redirflow.cli.target import find_target
from redirflow.declare.faults import Fault
from redirflow.openapi.breaking import breaking_changes
from redirflow.openapi.downgrade import downgrade
from redirflow.openapi.lint import lint

_SHOWN: Final = 40
"""Lines of a difference that are shown; who needs more writes the file and asks git."""


def openapi(args: Namespace) -> int:
    """Write the document, or compare it."""
    app = load(find_target(args.app))
    version = args.version or app.openapi()["openapi"]
    if version == "3.1.1":
        tell(_warning(loss) for loss in downgrade(app.openapi("3.2.0"))[1])
    written = app.openapi_json(version)
    if args.check is not None:
        return _compare(written, args) or _lint(app.openapi(version))
    if args.breaking is not None:
        return _broken(app, args.breaking)
    write(written, args.output)
    return 0


def _lint(document: dict[str, Any]) -> int:
    """Tell what in the document leads nowhere."""
    found = lint(document)
    tell(map(Fault, found))
    return 1 if found else 0


def _broken(app: App, file: Path) -> int:
    """Tell what breaks the clients of the document in *file*, in whose version both are read."""
    try:
        before = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise Misuse(f"{file} can't be read: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Misuse(f"{file} is no document: {error}") from None
    older = str(before.get("openapi")).startswith("3.1")
    found = breaking_changes(before, app.openapi("3.1.1" if older else "3.2.0"))
    tell(map(Fault, found))
    return 1 if found else 0


def _warning(loss: str) -> Fault:
    return Fault(loss, severity="warning")


def _compare(written: bytes, args: Namespace) -> int:
    try:
        before = args.check.read_bytes()
    except FileNotFoundError:
        return _differs(args, "is not there")
    except OSError as error:
        raise Misuse(f"{args.check} can't be read: {error.strerror}") from None
    if before == written:
        return 0
    lines = _difference(before, written, args.check)
    for line in lines[:_SHOWN]:
        print(line)
    more = len(lines) - _SHOWN
    if more > 0:
        print(f"... and {counted(more, 'line')} more")
    sys.stdout.flush()
    same = "" if lines else " (in line ends or bytes that are no UTF-8 only)"
    return _differs(args, f"is not what the app declares{same}")


def _difference(before: bytes, after: bytes, file: Path) -> list[str]:
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (before, after))
    return [*unified_diff(old, new, str(file), "the app", lineterm="")]


def _differs(args: Namespace, how: str) -> int:
    """Say so, with the command that mends it."""
    command = ["redirflow", "openapi", *([args.app] if args.app else [])]
    command += ["--version", args.version] if args.version else []
    mend = shlex.join([*command, "--output", str(args.check)])
    tell([Fault(f"{args.check} {how}\n    run: {mend}")])
    return 1


def _arguments(parser: ArgumentParser) -> None:
    takes_app(parser)
    parser.add_argument(
        "--version", choices=("3.2.0", "3.1.1"), help="of OpenAPI; default: the app's own"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--output", metavar="FILE", type=Path, help="write it there")
    where.add_argument(
        "--check", metavar="FILE", type=Path, help="compare it with that file; exit 1 if it differs"
    )
    where.add_argument(
        "--breaking",
        metavar="FILE",
        type=Path,
        help="list what breaks the clients of that document; exit 1 if anything does",
    )


OPENAPI: Final = Command(
    name="openapi",
    summary="write the OpenAPI document, or hold a file against it",
    example="redirflow openapi accounts.py --check openapi.json",
    arguments=_arguments,
    run=openapi,
)
