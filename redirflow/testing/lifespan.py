"""The lifespan of an app under test: what its start-up and its shutdown say, the test hears."""

from concurrent.futures import Future
from typing import Any

import anyio
from anyio.abc import TaskStatus
from anyio.from_thread import BlockingPortal

from redirflow.http.types import ASGIApp, Message, Scope
from redirflow.serve.failures import RAISED
from redirflow.testing.raised import Raised, error_of


class Lifespan:
    """One lifespan of *app*.

    Attributes:
        state: what the app put there; each request gets a copy (ASGI, "Lifespan State").
    """

    def __init__(self, app: ASGIApp, portal: BlockingPortal) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._portal = portal
        self._raised = Raised()
        self._error: BaseException | None = None
        self._starting = True

    def start(self) -> None:
        """Return when the app has started up.

        Raises:
            Exception: what the lifespan raised, or a `RuntimeError` with what it said.
        """
        started: tuple[Future[None], None] = self._portal.start_task(self._run)
        self._ended = started[0]
        self._tell()

    def stop(self) -> None:
        """Return when the app has shut down; raises as `start` does."""
        self._portal.call(self._leaving.set)
        self._ended.result()
        self._tell()

    def _tell(self) -> None:
        self._raised.again()
        if self._error is not None:
            raise self._error

    async def _run(self, *, task_status: TaskStatus[None]) -> None:
        self._leaving = anyio.Event()
        self._status = task_status
        scope: Scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
            RAISED: self._raised,
        }
        error = await error_of(self._app(scope, self._receive, self._send))
        self._error = error or self._error
        if self._starting:
            silent = "the app ended its lifespan without an answer; does a middleware swallow it?"
            self._error = self._error or RuntimeError(silent)
            task_status.started()

    async def _receive(self) -> Message:
        if self._starting:
            return {"type": "lifespan.startup"}
        await self._leaving.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        if message["type"].endswith(".failed"):
            self._error = RuntimeError(f"{message['type']}: {message.get('message', '')}")
        elif self._starting:
            self._starting = False
            self._status.started()
