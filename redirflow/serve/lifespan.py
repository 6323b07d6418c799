"""The ASGI lifespan protocol: compile, enter the app's context, leave it again.

A start-up that fails is told to the server by `startup.failed`: servers go on serving
after a mere exception. Each of the two answers is sent exactly once.
"""

import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

from redirflow.declare.faults import SpecError
from redirflow.http.types import Receive, Scope, Send
from redirflow.serve.failures import LOGGER

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]


@asynccontextmanager
async def no_lifespan(app: object) -> AsyncIterator[None]:
    """The lifespan of an app that has none."""
    yield


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
    started = False
    try:
        compile_app()
        async with lifespan(app) as state:
            scope.setdefault("state", {}).update(state or {})
            await send({"type": "lifespan.startup.complete"})
            started = True
            await receive()
    except SpecError as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
    except Exception as error:
        stage = "shutdown" if started else "startup"
        LOGGER.error("the lifespan failed at %s", stage, exc_info=error)
        told = "".join(traceback.format_exception_only(error)).strip()
        await send({"type": f"lifespan.{stage}.failed", "message": told})
    else:
        await send({"type": "lifespan.shutdown.complete"})
