"""What is wrong with an app's declarations, told so that the search ends there.

A fault names the place, what was found, what was allowed and what to write instead.
`SpecError` carries every fault found, not the first.
"""

import inspect
import sys
from collections.abc import Callable, Iterable
from functools import partial
from types import CodeType, FrameType
from typing import Any, Final, Literal

from msgspec import Struct

_PACKAGE: Final = __name__.partition(".")[0]


class Place(Struct, frozen=True, order=True):
    """A line of the author's source."""

    file: str
    line: int

    def __str__(self) -> str:
        """`file:line`, with the file relative to the working directory where it is below it."""
        from pathlib import Path  # for faults only, and start-up counts

        path = Path(self.file)
        if path.is_relative_to(Path.cwd()):
            path = path.relative_to(Path.cwd())
        return f"{path}:{self.line}"


def place_of(function: Callable[..., Any]) -> Place | None:
    """Where *function* is defined, seen through `functools.wraps`; `None` if nobody knows."""
    inner: Any = inspect.unwrap(function)
    if isinstance(inner, partial):
        wrapped: Any = inner.func
        return place_of(wrapped)
    code = getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if isinstance(code, CodeType) else None


def calling_frame() -> FrameType:
    """The nearest frame on the stack that is not part of redirflow."""
    frame = sys._getframe(1)
    while _is_ours(frame) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def _is_ours(frame: FrameType) -> bool:
    """By module and not by file: the `__init__` of a dataclass is in none."""
    return f"{frame.f_globals.get('__name__')}.".startswith(f"{_PACKAGE}.")


def calling_place() -> Place:
    """The nearest line on the stack that is not part of redirflow."""
    frame = calling_frame()
    return Place(frame.f_code.co_filename, frame.f_lineno)


def raising_place(error: Exception) -> Place | None:
    """Where *error* was raised; `None` if that is in redirflow, and so a mistake of ours."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or _is_ours(trace.tb_frame):
        return None
    return Place(trace.tb_frame.f_code.co_filename, trace.tb_lineno)


class Fault(Struct, frozen=True):
    """One thing that is wrong.

    Attributes:
        found: what stands there, a sentence without its full stop.
        allowed: what could stand there.
        write: what to write instead.
        place: the line to look at.
        severity: an error refuses start-up, a warning is told by `redirflow check`.
    """

    found: str
    allowed: str = ""
    write: str = ""
    place: Place | None = None
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        lines = [f"{where}{self.severity}: {self.found}"]
        lines += [f"    allowed: {self.allowed}"] if self.allowed else []
        lines += [f"    write: {self.write}"] if self.write else []
        return "\n".join(lines)


class SpecError(Exception):
    """The declarations of an app contradict themselves; it does not start.

    Attributes:
        faults: every fault found, in the order of their places.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        nowhere = Place("", 0)
        self.faults = tuple(sorted(faults, key=lambda fault: fault.place or nowhere))
        super().__init__(self.faults)

    def __str__(self) -> str:
        count = len(self.faults)
        head = f"{count} fault{'s' if count > 1 else ''} in the declarations of this app"
        return "\n".join([head, *(str(fault) for fault in self.faults)])


def refuse(found: str, allowed: str = "", write: str = "") -> SpecError:
    """A `SpecError` of one fault at the line of the author that is being run."""
    return SpecError([Fault(found, allowed, write, calling_place())])
