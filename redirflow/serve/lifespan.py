"""The ASGI lifespan protocol: compile, enter the app's contexts, leave them again.

A start-up that fails is told to the server by `startup.failed`: servers go on serving
after a mere exception. Each of the two answers is sent exactly once.
"""

import traceback
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from inspect import isasyncgenfunction
from typing import Any, TypeAlias

from redirflow.declare.checks import shown
from redirflow.declare.faults import SpecError, refuse
from redirflow.http.types import Receive, Scope, Send
from redirflow.serve.failures import LOGGER, RAISED

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]


def one_lifespan(given: Lifespan | Iterable[Lifespan] | None) -> Lifespan:
    """What `App(lifespan=...)` takes, as one: none, one, or several.

    Several are entered in order and left in reverse, each of them even if another fails;
    of equal keys in their states the last counts.

    Raises:
        SpecError: one can't be called, or lacks its decorator.
    """
    several = () if given is None else (given,) if callable(given) else tuple(given)
    for lifespan in several:
        if not callable(lifespan) or isasyncgenfunction(lifespan):
            raise refuse(
                f"lifespan={shown(lifespan)}",
                "an async context manager of the app, or several",
                "@asynccontextmanager on an async generator that yields once",
            )

    @asynccontextmanager
    async def entered(app: object) -> AsyncGenerator[Mapping[str, Any]]:
        state: dict[str, Any] = {}
        async with AsyncExitStack() as stack:
            for lifespan in several:
                yielded = await stack.enter_async_context(lifespan(app))
                state.update(yielded or {})
            yield state

    return entered


async def run_lifespan(
    app: object,
    compile_app: Callable[[], object],
    lifespan: Lifespan,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer the messages of one lifespan.

    Args:
        compile_app: raises `SpecError` if the declarations are wrong.
        lifespan: its mapping is copied into the state of the scope.
    """
    await receive()
    stage = "startup"
    try:
        compile_app()
        async with lifespan(app) as state:
            scope.setdefault("state", {}).update(state or {})
            await send({"type": "lifespan.startup.complete"})
            stage = "shutdown"
            await receive()
    except Exception as error:  # noqa: BLE001 - the server is told, whatever it was
        message = _told(error, stage, scope)
        await send({"type": f"lifespan.{stage}.failed", "message": message})
    else:
        await send({"type": "lifespan.shutdown.complete"})


def _told(error: Exception, stage: str, scope: Scope) -> str:
    """The message for the server, which logs it; what is no fault of a spec is logged in full."""
    if RAISED in scope:
        scope[RAISED].append(error)
    if isinstance(error, SpecError):
        return str(error)
    LOGGER.error("the lifespan failed at %s", stage, exc_info=error)
    return "".join(traceback.format_exception_only(error)).strip()
