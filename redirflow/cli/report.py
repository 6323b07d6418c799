"""What went wrong, told like a compiler tells it: `file.py:42: error: ...`.

SpecError       the declarations contradict themselves; from the framework   exit code 1
Trouble
    Broken      the author's module can't be imported                        exit code 1
    Misuse      the command line names what is not there                     exit code 2
"""

import os
import sys
import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from redirflow.cli.terminal import painted
from redirflow.declare.faults import Fault, Place, SpecError

_FRAMES: Final = 10
"""Frames shown of a failed import; enough to see the way, few enough to read."""

_FOREIGN: Final = (
    f"{sysconfig.get_path('stdlib')}{os.sep}",
    f"{Path(__file__).parents[1]}{os.sep}",
    "<",  # <frozen importlib._bootstrap>
)
_INSTALLED: Final = {"site-packages", "dist-packages"}


class Trouble(Exception):
    """The command can't go on.

    Attributes:
        code: the exit code.
    """

    code = 1


class Misuse(Trouble):
    """The command line (or pyproject.toml) names something that is not there."""

    code = 2


class Broken(Trouble):
    """The author's module fails while it is imported."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


def report(error: SpecError | Trouble) -> int:
    """Tell on stderr what is wrong, and give the exit code."""
    if isinstance(error, SpecError):
        tell(error.faults)
        return 1
    if isinstance(error, Broken):
        tell([_import_fault(error.error)])
        _say("\n".join(_details(error.error)))
    else:
        _say(f"redirflow: {painted('error:', 'error', sys.stderr)} {error}")
    return error.code


def tell(faults: Iterable[Fault]) -> None:
    """Faults and warnings on stderr."""
    for fault in faults:
        mark = f"{fault.severity}:"
        _say(str(fault).replace(mark, painted(mark, fault.severity, sys.stderr), 1))


def counted(number: int, noun: str) -> str:
    """`1 fault`, `2 faults`, `no faults`."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _import_fault(error: BaseException) -> Fault:
    """The fault of a failed import, at the last line of the author's that took part."""
    found = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return Fault(f"{type(error).__name__}: {error.msg}", place=_syntax_place(error))
    frames = _author_frames(error)
    if not frames:
        return Fault(found)
    line, place = frames[-1].line or "", _place(frames[-1])
    if isinstance(error, NameError) and str(error.name) in line.partition("to=")[2]:
        allowed = "a handler that is defined above, or the name of any operation"
        return Fault(found, allowed, f'to="{error.name}"', place)
    return Fault(found, place=place)


def _syntax_place(error: SyntaxError) -> Place:
    return Place(error.filename or "", error.lineno or 1)


def _details(error: BaseException) -> list[str]:
    """The line that can't be parsed with its mark, or the way to the line that failed."""
    if isinstance(error, SyntaxError):
        return [line.rstrip() for line in traceback.format_exception_only(error)[1:-1]]
    frames = _author_frames(error)[-_FRAMES:]
    return [f"    {_place(frame)}: {frame.line}" for frame in frames]


def _author_frames(error: BaseException) -> list[traceback.FrameSummary]:
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if _is_author(frame.filename)]


def _is_author(file: str) -> bool:
    return not file.startswith(_FOREIGN) and _INSTALLED.isdisjoint(Path(file).parts)


def _place(frame: traceback.FrameSummary) -> Place:
    return Place(frame.filename, frame.lineno or 0)
