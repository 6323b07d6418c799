"""Cancellation: whose it is, and what a task group makes of what is thrown into it.

A generator may open cancel scopes, timeouts and task groups around its `yield`. They cancel the
task that runs the generator, wherever it is then: in a handler, or while an item is sent. So a
cancellation is thrown into the generator, and its scopes say whether it was theirs. One that is
nobody's passes on untouched, to the server.
"""

import asyncio
import math
from asyncio import CancelledError
from typing import Any, cast

import anyio


def is_cancelled() -> bool:
    """Whether somebody around here has cancelled this task, and it has not ended for that yet."""
    if anyio.current_effective_deadline() == -math.inf:
        return True
    if anyio.get_cancelled_exc_class() is not CancelledError:
        return False  # trio has nothing but scopes
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def is_from_around(scope: anyio.CancelScope) -> bool:
    """Whether what cancels this task stands around *scope*, and not inside of it.

    On asyncio a task can be cancelled without a scope, from wherever: that is told as `False`.
    """
    if anyio.current_effective_deadline() > -math.inf:
        return False
    scope.shield = True
    inside = anyio.current_effective_deadline()
    scope.shield = False
    return inside > -math.inf


def is_cancellation(error: BaseException) -> bool:
    """Whether *error* is what cancels a task, on asyncio or on trio."""
    others = (Exception, GeneratorExit, KeyboardInterrupt, SystemExit)
    return not isinstance(error, others) and isinstance(error, anyio.get_cancelled_exc_class())


def is_over(error: BaseException) -> bool:
    """Whether *error* is a cancellation that has ended: its scope is closed by now."""
    return is_cancellation(error) and not is_cancelled()


def answerable(raised: BaseException) -> BaseException:
    """*raised*, or what it means.

    Who awaits a task that was cancelled is told so, on asyncio, by the same exception that cancels
    itself: that has an answer. And a task group on trio puts cancellations beside its errors.
    """
    if isinstance(raised, Exception):
        return raised
    if isinstance(raised, CancelledError) and not is_cancelled():
        error = RuntimeError("a task was awaited that had been cancelled")
        error.__cause__ = raised
        return error
    if not isinstance(raised, BaseExceptionGroup):
        return raised
    group = cast("BaseExceptionGroup[BaseException]", raised)
    return group.split(is_cancellation)[1] or group


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
