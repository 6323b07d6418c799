"""The ASGI lifespan protocol: compile, enter the app's contexts, leave them again.

A start-up that fails is told to the server by `startup.failed`: servers go on serving
after a mere exception. Each of the two answers is sent exactly once.
"""

import traceback
from collections.abc import Callable

from redirflow.declare.faults import SpecError
from redirflow.declare.lifespans import failures
from redirflow.declare.settings import Lifespan
from redirflow.http.types import Receive, Scope, Send
from redirflow.serve.failures import LOGGER, RAISED


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
    errors = failures(error)
    if not all(isinstance(each, SpecError) for each in errors):
        LOGGER.error("the lifespan failed at %s", stage, exc_info=error)
    return "\n".join(map(_words, errors))


def _words(error: Exception) -> str:
    if isinstance(error, SpecError):
        return str(error)
    return "".join(traceback.format_exception_only(error)).strip()
