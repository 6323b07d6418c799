"""Cancellation: whose it is, and what a task group makes of what is thrown into it.

A generator may open cancel scopes, timeouts and task groups around its `yield`. They cancel the
task that runs the generator, wherever it is then: in a handler, or while an item is sent. So a
cancellation is thrown into the generator, and its scopes say whether it was theirs. One that is
nobody's passes on untouched, to the server.
"""

import asyncio
import math
from asyncio import CancelledError
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final, NoReturn, cast

import anyio
import anyio.lowlevel

from redirflow.serve.failures import LOGGER

SECONDS_TO_END: Final = 1.0
"""How long a generator gets to end when its client has left or the server stops."""


def is_cancelled() -> bool:
    """Whether somebody around here has cancelled this task, and it has not ended for that yet."""
    return anyio.current_effective_deadline() == -math.inf or requests_to_end() > 0


def requests_to_end() -> int:
    """How often this task of asyncio was told to end, by scopes or not, and has not for that yet.

    Who ends its own cancellation takes its request back. trio has nothing but scopes.
    """
    task = asyncio.current_task() if anyio.get_cancelled_exc_class() is CancelledError else None
    return 0 if task is None else task.cancelling()


async def pass_on(error: BaseException) -> NoReturn:
    """Raise *error*, which has no answer; a cancellation as whoever cancels now knows it."""
    if is_cancellation(error):
        await anyio.lowlevel.checkpoint_if_cancelled()
    raise error


@contextmanager
def time_to_end(scope: anyio.CancelScope, *, surely: bool) -> Generator[None]:
    """Let what runs inside of *scope* end, though the task is cancelled, and cancel it after that.

    What was cancelled may be a scope that stands inside of *scope*: that is no reason to hurry.

    Args:
        surely: whether it is known to be another one.
    """
    timer = None
    if surely or _is_from_around(scope):
        scope.shield = True
        scope.deadline = anyio.current_time() + SECONDS_TO_END
    elif requests_to_end():
        # By its server, or by a timeout of asyncio inside of *scope*, which has ended then.
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        timer = asyncio.get_running_loop().call_later(
            SECONDS_TO_END, lambda: scope.cancel() if task.cancelling() else None
        )
    try:
        yield
    finally:
        scope.shield = False
        scope.deadline = math.inf
        if timer is not None:
            timer.cancel()


def tell_if_given_up(scope: anyio.CancelScope, kind: str, generator: object) -> None:
    """Log that *generator* did not end in the time that it had."""
    if scope.cancel_called:
        words = "%s %s did not end within %s s, and was given up"
        LOGGER.error(words, kind, name_of(generator), SECONDS_TO_END)


def name_of(generator: object) -> str:
    """What a log calls *generator*."""
    return getattr(generator, "__qualname__", type(generator).__name__)


def _is_from_around(scope: anyio.CancelScope) -> bool:
    """Whether a scope around *scope* was cancelled, and none inside of it."""
    if anyio.current_effective_deadline() > -math.inf:
        return False
    scope.shield = True
    inside = anyio.current_effective_deadline()
    scope.shield = False
    return inside > -math.inf


async def until(done: Callable[[], bool]) -> None:
    """Wait until *done*, whatever cancels this task meanwhile: that is raised afterwards."""
    cancelled: BaseException | None = None
    with anyio.CancelScope(shield=True):
        while not done():
            try:
                await anyio.sleep(0.005)
            except CancelledError as error:  # no scope of anyio keeps off what asyncio cancels
                cancelled = error
    if cancelled is not None:
        raise cancelled


def is_cancellation(error: BaseException) -> bool:
    """Whether *error* is what cancels a task, on asyncio or on trio."""
    others = (Exception, GeneratorExit, KeyboardInterrupt, SystemExit)
    return not isinstance(error, others) and isinstance(error, anyio.get_cancelled_exc_class())


def is_over(error: BaseException | None) -> bool:
    """Whether *error* is a cancellation that has ended: its scope is closed by now."""
    return error is not None and is_cancellation(error) and not is_cancelled()


def answerable(raised: BaseException) -> BaseException:
    """*raised*, or what it means.

    Who awaits a task that was cancelled is told so, on asyncio, by the same exception that cancels
    itself: that has an answer. And a task group on trio puts cancellations beside its errors.
    """
    if isinstance(raised, Exception):
        return raised
    if isinstance(raised, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", raised)
        rest = group.split(is_cancellation)[1]
        return rest or answerable(_first(group))
    if isinstance(raised, CancelledError) and not is_cancelled():
        error = RuntimeError("a task was awaited that had been cancelled")
        error.__cause__ = raised
        return error
    return raised


def _first(raised: BaseException) -> BaseException:
    """The first leaf of a group."""
    while isinstance(raised, BaseExceptionGroup):
        raised = cast("BaseExceptionGroup[BaseException]", raised).exceptions[0]
    return raised


def besides(raised: BaseException, thrown: BaseException | None) -> BaseException | None:
    """What is new in *raised* where *thrown* was thrown in: task groups wrap that, or put it
    beside errors of theirs.
    """
    if raised is thrown or _alone(raised) is thrown:
        return None
    if isinstance(raised, Exception):
        return raised
    if not isinstance(raised, BaseExceptionGroup):
        return raised
    group = cast("BaseExceptionGroup[BaseException]", raised)
    return group.split(lambda error: error is thrown)[1]


def _alone(raised: BaseException) -> BaseException:
    """What is alone in groups inside of each other, however deep."""
    while isinstance(raised, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", raised)
        first, *others = group.exceptions
        if others:
            return group
        raised = first
    return raised


async def close(generator: Any) -> None:
    """Close a generator that waits at a `yield`; raises what is new."""
    try:
        await generator.aclose()
    except BaseExceptionGroup as raised:
        rest = raised.split(GeneratorExit)[1]
        if rest is not None:
            raise rest from None
