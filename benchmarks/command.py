"""The command line that all benchmarks share: `--short`, `--rounds`, and choices."""

import argparse
from collections.abc import Callable, Iterable
from typing import Any


def options(
    about: str, *, rounds: tuple[int, int], **more: tuple[Callable[[str], Any], Any]
) -> Any:
    """Parse the command line.

    Args:
        about: for `--help`.
        rounds: of a full run and of a short one.
        more: further options, by name: how to read one, and what it is if it is not given.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--short", action="store_true", help="less of everything")
    parser.add_argument("--rounds", type=int, help=f"default: {rounds[0]}, short: {rounds[1]}")
    for name, (read, default) in more.items():
        shown = ",".join(default) if isinstance(default, list) else default
        parser.add_argument(f"--{name}", type=read, default=default, help=f"default: {shown}")
    given = parser.parse_args()
    given.rounds = given.rounds or rounds[given.short]
    return given


def choice(allowed: Iterable[str]) -> Callable[[str], list[str]]:
    """A comma-separated choice among *allowed*."""

    def parse(text: str) -> list[str]:
        chosen = text.split(",")
        unknown = [name for name in chosen if name not in allowed]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not in {', '.join(allowed)}")
        return [name for name in allowed if name in chosen]

    return parse
