"""What a command is; `redirflow.cli` holds the table of them."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from msgspec import Struct


class Command(Struct, frozen=True, kw_only=True):
    """One command of the command line.

    Attributes:
        summary: what it does, a phrase; for the list of commands.
        example: a line to copy, shown by `--help`.
        arguments: declares what it takes.
        run: does it and gives the exit code. May raise `SpecError` and `Trouble`.
    """

    name: str
    summary: str
    example: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


def takes_app(parser: ArgumentParser) -> None:
    """Declare the argument APP, which most commands take."""
    parser.add_argument(
        "app", nargs="?", metavar="APP", help="module:app, file.py or file.py:app; see redirflow -h"
    )


def takes_format(parser: ArgumentParser, *formats: str) -> None:
    """Declare the option --format; the first of *formats* is the default."""
    parser.add_argument(
        "--format", choices=formats, default=formats[0], help="default: %(default)s"
    )
