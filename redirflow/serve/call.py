"""Calling an author's function: async, in a worker thread, or the halves of a generator."""

import math
from asyncio import CancelledError
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, Protocol

import anyio
from anyio import from_thread, to_thread
from anyio.lowlevel import EventLoopToken, current_token
from msgspec import Struct, field

from redirflow.endpoint.steps import Step
from redirflow.serve.cancelled import (
    answerable,
    besides,
    close,
    is_cancellation,
    tell_if_given_up,
    time_to_end,
    until,
)
from redirflow.serve.failures import LOGGER, sole_signal

THREADS: Final = 40
"""Sync functions that run at once, as in anyio's own limiter, which stays free for files."""


class Ending(Protocol):
    """A generator that has yielded and must be ended."""

    async def end(self, error: BaseException | None) -> None:
        """Resume it, or throw *error* into it; raises only what is new."""
        ...

    async def abandon(self, error: BaseException | None) -> bool:
        """End it soon, since nobody waits for the answer, whoever cancels the task; whether
        *error* goes on: a generator ends its own cancellation.
        """
        ...


class Swallowed(RuntimeError):
    """A cancellation ended inside of a generator, and nothing says what the answer is."""


async def told(
    ending: Ending, error: BaseException | None, *, hurried: bool
) -> BaseException | None:
    """What is new after *ending* was told *error*: one of its own, or a cancellation.

    Args:
        hurried: whether nobody waits for the answer.
    """
    answered = isinstance(error, Exception | None)
    try:
        if answered and not hurried:
            await ending.end(error)
        elif not await ending.abandon(error) and not answered:
            return Swallowed("a cancel scope around its yield was cancelled")
    except BaseException as raised:  # noqa: BLE001 - what has no answer is raised at the end
        new = answerable(raised)
        return sole_signal(new) if isinstance(new, Exception) else new
    return None


class Caller(Struct, frozen=True, eq=False):
    """Calls functions; `limiter` bounds how many sync ones run at once."""

    limiter: anyio.CapacityLimiter
    unlimited: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(math.inf)
    )

    async def call(self, step: Step, arguments: dict[str, Any], endings: list[Ending]) -> Any:
        """The result of *step*; a generator's ending is added to *endings*."""
        if step.kind == "async":
            return await step.function(**arguments)
        if step.kind == "sync":
            return await self.in_thread(partial(step.function, **arguments))
        if step.kind == "async generator":
            return await _begin_async(step.function(**arguments), endings)
        async with self.limiter:
            return await _begin_sync(step.function(**arguments), endings)

    async def in_thread(self, function: Callable[[], Any]) -> Any:
        """The result of *function*, which is waited for even when the task is cancelled."""
        errand = _Errand(function)
        # The place is kept until the thread is free: asyncio's cancellation ends the call below.
        # PERF: to wait for a place takes a turn of the loop, also where there is one.
        try:
            self.limiter.acquire_on_behalf_of_nowait(errand)
        except anyio.WouldBlock:
            await self.limiter.acquire_on_behalf_of(errand)
        try:
            return await to_thread.run_sync(errand.run, limiter=self.unlimited)
        except CancelledError:
            if not errand.revoked():
                await until(lambda: errand.ended)
            raise
        finally:
            self.limiter.release_on_behalf_of(errand)


class _Errand:
    """A function on its way to a thread, from where it can be called back until it begins."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.ended = False
        self._waiting = [function]  # a pop is atomic: one of two gets it

    def run(self) -> Any:
        try:
            return self._waiting.pop()()
        finally:
            self.ended = True

    def revoked(self) -> bool:
        """Whether it has not begun, and will not."""
        with suppress(IndexError):
            self._waiting.pop()
            return True
        return False


async def _begin_async(generator: AsyncGenerator[Any], endings: list[Ending]) -> Any:
    scope = anyio.CancelScope()
    scope.__enter__()
    try:
        value = await anext(generator)
    except BaseException as error:
        scope.__exit__(type(error), error, error.__traceback__)
        if isinstance(error, StopAsyncIteration):
            raise RuntimeError("a dependency ended without a yield") from None
        raise
    endings.append(_AsyncEnding(generator, scope))
    return value


async def _begin_sync(generator: Generator[Any], endings: list[Ending]) -> Any:
    ending = _SyncEnding(generator)
    endings.append(ending)  # what it has begun is ended, also where the task is cancelled meanwhile
    try:
        value = await ending.worker.run(partial(next, generator, _ENDED))
        if value is _ENDED:
            raise RuntimeError("a dependency ended without a yield")
    except Exception:
        endings.remove(ending)
        ending.worker.stop()
        raise
    return value


_ENDED: Final = object()


class _AsyncEnding(Struct, frozen=True, eq=False):
    """A generator may open cancel scopes and task groups around its yield. Scopes must nest, so
    `scope`, which shields its end, was entered before it began.
    """

    generator: AsyncGenerator[Any]
    scope: anyio.CancelScope

    async def end(self, error: BaseException | None) -> None:
        await self._end(error)

    async def abandon(self, error: BaseException | None) -> bool:
        surely = error is None or not is_cancellation(error)
        try:
            with time_to_end(self.scope, surely=surely):
                return await self._end(error)
        finally:
            tell_if_given_up(self.scope, "the dependency", self.generator)

    async def _end(self, error: BaseException | None) -> bool:
        # PERF: by hand; an ExitStack takes 4 us more.
        try:
            goes_on = await self._finish(error)
        except BaseException as raised:
            if not self.scope.__exit__(type(raised), raised, raised.__traceback__):
                raise
            return True
        self.scope.__exit__(None, None, None)
        return goes_on

    async def _finish(self, error: BaseException | None) -> bool:
        try:
            if error is None:
                await anext(self.generator)
            else:
                await self.generator.athrow(error)
        except StopAsyncIteration:
            return False
        except BaseException as raised:  # noqa: BLE001 - what is new is raised
            new = besides(raised, error)
        else:
            await close(self.generator)
            new = RuntimeError("a dependency yielded twice")
        if new is not None:
            raise new
        return True


class _SyncEnding(Struct, frozen=True, eq=False):
    """A sync generator has a thread of its own: both halves must run in the same one, and
    it must not hold a place that a handler waits for.
    """

    generator: Generator[Any]
    worker: "_Worker" = field(default_factory=lambda: _Worker())

    async def end(self, error: BaseException | None) -> None:
        try:
            await self.worker.run(partial(self._finish, error))
        finally:
            self.worker.stop()

    async def abandon(self, error: BaseException | None) -> bool:
        await self.end(error if isinstance(error, Exception | None) else GeneratorExit())
        return True

    def _finish(self, error: BaseException | None) -> None:
        try:
            if error is None:
                next(self.generator)
            else:
                self.generator.throw(error)
        except StopIteration:
            return
        except BaseException as raised:  # noqa: BLE001 - what is new is raised
            new = besides(raised, error)
        else:
            self.generator.close()
            new = RuntimeError("a dependency yielded twice")
        if new is not None:
            raise new


class _Job(Struct):
    function: Callable[[], Any]
    token: EventLoopToken
    done: anyio.Event
    value: Any = None
    error: BaseException | None = None

    def run(self, context: Context) -> None:
        try:
            self.value = context.run(self.function)
        except BaseException as error:  # noqa: BLE001 - carried over to the waiting task
            self.error = error
        from_thread.run_sync(self.done.set, token=self.token)


class _Worker:
    """One thread that runs jobs one after the other.

    They share a context too: what the first half of a generator sets, the second resets.
    """

    def __init__(self) -> None:
        self._context = copy_context()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        Thread(target=self._work, name="redirflow generator", daemon=True).start()

    async def run(self, function: Callable[[], Any]) -> Any:
        """The result of *function*; waited for even when the task is cancelled."""
        job = _Job(function, current_token(), anyio.Event())
        self._jobs.put(job)
        try:
            with anyio.CancelScope(shield=True):
                await job.done.wait()
        except CancelledError:
            try:
                await until(job.done.is_set)
            finally:
                if job.error is not None:
                    LOGGER.error("a generator failed as it was cancelled", exc_info=job.error)
            raise
        if job.error is not None:
            raise job.error
        return job.value

    def stop(self) -> None:
        """End the thread after the jobs that are queued."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run(self._context)
