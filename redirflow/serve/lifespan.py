"""The ASGI lifespan protocol: compile, enter the app's contexts, leave them again.

Whatever is raised, the server is told: it goes on serving after a mere exception, since it takes
that for an app without lifespans. Each of the two answers is sent exactly once. Then what is
meant for the whole process, or cancels the task, passes on.
"""

import traceback
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import anyio

from redirflow.declare.faults import SpecError
from redirflow.declare.lifespans import Opening
from redirflow.http.types import Receive, Scope, Send
from redirflow.serve.cancelled import answerable, is_cancellation, is_cancelled
from redirflow.serve.failures import LOGGER, RAISED


async def run_lifespan(
    app: object,
    compile_app: Callable[[], object],
    opening: Opening,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer the messages of one lifespan.

    Args:
        compile_app: raises `SpecError` if the declarations are wrong.
        opening: the mappings of what it opens are copied into the state of the scope.
    """
    await receive()
    life, stage, asked = _Life(), "startup", False
    try:
        compile_app()
        state = await life.enter(opening(app))
        scope.setdefault("state", {}).update(state)
        await send({"type": "lifespan.startup.complete"})
        stage = "shutdown"
        await receive()
        asked = True
    except BaseException as error:  # noqa: BLE001 - the server is told, whatever it was
        life.stop(error, served=stage == "shutdown")
    await life.leave()
    if not (asked or life.errors()):
        life.failed.append(RuntimeError(_EARLY))
    if not life.errors():
        await send({"type": "lifespan.shutdown.complete"})
        return
    message = _told(life, stage, scope)
    await _send_anyhow({"type": f"lifespan.{stage}.failed", "message": message}, life, send)
    life.pass_on()


_EARLY: Final = "a lifespan ended before it was asked to: it took a cancellation for its own"


class _Life:
    """Lifespans that were entered, and how they end: each as if no other had failed.

    Attributes:
        failed: what went wrong, in the order in which it did.
        end: what ends the task that runs this. It is thrown into each, as a cancellation may be
            due to a scope around the `yield` of one: then it is over for those around that.
    """

    def __init__(self) -> None:
        self.failed: list[BaseException] = []
        self.end: BaseException | None = None
        self._entered: list[AbstractAsyncContextManager[Any]] = []

    async def enter(self, contexts: Iterable[AbstractAsyncContextManager[Any]]) -> dict[str, Any]:
        """What they yield, in one; what was entered by then is left by `leave`."""
        state: dict[str, Any] = {}
        for context in contexts:
            yielded = await context.__aenter__()
            self._entered.append(context)
            state.update(yielded or {})
        return state

    def stop(self, error: BaseException, *, served: bool) -> None:
        """Note what was raised before the server asked for the end."""
        # Nobody runs a coroutine that was closed: it is no time for what stands behind a `yield`.
        closed = served and isinstance(error, GeneratorExit)
        if closed or _is_cancelling(error):
            self.end = error
        else:
            self.failed.append(error)

    async def leave(self) -> None:
        """Leave all, in reverse."""
        while self._entered:
            context, end, self.end = self._entered.pop(), self.end, None
            raised = (None, None, None) if end is None else (type(end), end, end.__traceback__)
            try:
                over = await context.__aexit__(*raised)
            except BaseException as error:  # noqa: BLE001 - the others are left all the same
                self.stop(error, served=False)
            else:
                self.end = None if over else end

    def errors(self) -> list[BaseException]:
        """All that is to be told."""
        return self.failed if self.end is None else [*self.failed, self.end]

    def pass_on(self) -> None:
        """Raise what is not for the lifespan alone."""
        for error in self.errors():
            if error is self.end or isinstance(error, _FOR_ALL):
                raise error


_FOR_ALL: Final = (KeyboardInterrupt, SystemExit)


def _is_cancelling(raised: BaseException) -> bool:
    """Whether *raised* is a cancellation of this task, also where task groups have wrapped it."""
    return is_cancellation(answerable(raised)) and is_cancelled()


async def _send_anyhow(message: dict[str, Any], life: _Life, send: Send) -> None:
    """Send *message*, also from a task that is cancelled."""
    if isinstance(life.end, GeneratorExit):  # there may be no event loop any more
        await send(message)
        return
    with anyio.CancelScope(shield=True):
        await send(message)


def _told(life: _Life, stage: str, scope: Scope) -> str:
    """The message for the server, which logs it; what is no fault of a spec is logged in full."""
    errors = [*map(answerable, life.errors())]
    if RAISED in scope:
        for each in errors:  # the test client takes one at a time
            scope[RAISED].append(each)
    if not all(isinstance(each, SpecError) for each in errors):
        LOGGER.error("the lifespan failed at %s", stage, exc_info=_as_one(errors))
    return "\n".join(map(_words, errors))


def _as_one(errors: list[BaseException]) -> BaseException:
    return errors[0] if len(errors) == 1 else BaseExceptionGroup("several failed", errors)


def _words(error: BaseException) -> str:
    if isinstance(error, SpecError):
        return str(error)
    return "".join(traceback.format_exception_only(error)).strip()
