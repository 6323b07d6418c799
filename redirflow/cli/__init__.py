"""The command line: what is typed, and which command answers.

Each command stands in a file of its own group and is a `Command` in the table here. Exit codes:
0 is fine, 1 means findings (faults, differences), 2 a command line that can't be followed.
"""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from redirflow.cli.check import CHECK
from redirflow.cli.command import Command
from redirflow.cli.follow import FOLLOW
from redirflow.cli.graph import GRAPH
from redirflow.cli.openapi import OPENAPI
from redirflow.cli.report import Trouble, report
from redirflow.cli.routes import ROUTES
from redirflow.cli.run import DEV, RUN
from redirflow.declare.faults import SpecError

COMMANDS: Final = (RUN, DEV, ROUTES, CHECK, OPENAPI, GRAPH, FOLLOW)

_ABOUT: Final = """\
APP is one of
  accounts.py              the App named app in a file
  accounts.py:api          an App by another name
  shop.accounts:api        in a module, found from here
Without APP: app under [tool.redirflow] in pyproject.toml, else main.py, else app.py.

exit codes: 0 fine, 1 findings, 2 usage"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: what was typed after `redirflow`; by default `sys.argv`.

    Returns:
        The exit code.

    Raises:
        SystemExit: 2 from argparse, 0 after `--help`; the server's own when it can't start.
    """
    args = _parser().parse_args(argv)
    command: Command = args.command
    try:
        code = command.run(args)
        sys.stdout.flush()
    except (SpecError, Trouble) as error:
        return report(error)
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`); the flush at exit must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="redirflow",
        description="Serve, check and document an app.",
        epilog=_ABOUT,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('redirflow')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = commands.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog=f"example:\n  {command.example}",
            formatter_class=RawDescriptionHelpFormatter,
        )
        subparser.set_defaults(command=command)
        command.arguments(subparser)
    return parser
