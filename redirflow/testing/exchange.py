"""One request in the app's event loop, and its response in the test's thread.

A chunk is handed over when the test asks for it, not before: so an endless stream is as testable
as it is endless, and an app never runs ahead of the client that it talks to.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import Final

import anyio
import httpx2
from anyio.from_thread import BlockingPortal

from redirflow.http.types import ASGIApp, Message, Scope
from redirflow.serve.failures import RAISED
from redirflow.testing.raised import Raised, error_of

LEAVING_SECONDS: Final = 5.0
"""How long an app may take to notice that its client has left."""


class Exchange(httpx2.SyncByteStream):
    """One request, and the body of its response.

    Args:
        scope: the ASGI scope of the request.
        body: the request body, in the pieces in which the app receives it.
        over: called with this exchange once the app is done with it.
        raising: whether what the app answers with a 500, or fails to answer, is raised.
    """

    def __init__(
        self,
        scope: Scope,
        body: Iterable[bytes],
        over: Callable[["Exchange"], object],
        *,
        raising: bool,
    ) -> None:
        self._scope = scope
        self._body = [*body] or [b""]
        self._over = over
        self._raising = raising
        self._raised = scope[RAISED] = Raised()
        self._error: BaseException | None = None
        self._head: Future[Message | None] = Future()
        self._begun = self._complete = False  # the response
        self._left_early = self._ended = False  # the client; the app

    def begin(self, app: ASGIApp, portal: BlockingPortal) -> httpx2.Response:
        """The response, as soon as the app has sent its head.

        Raises:
            BaseException: what the app raised instead.
        """
        self._portal = portal
        try:
            self._done = portal.start_task_soon(self._run, app)
            head = self._head.result()
        except BaseException:
            # The test is interrupted, by a time limit perhaps; what runs ends with the loop.
            self._end()
            raise
        if head is None:
            self._error = self._error or RuntimeError("the app ended without a response")
            self._conclude()
            return httpx2.Response(500, text="Internal Server Error")  # as servers answer
        return httpx2.Response(head["status"], headers=[*head.get("headers", ())], stream=self)

    def __iter__(self) -> Iterator[bytes]:
        """The chunks of the body, each as the app sends it.

        Raises:
            BaseException: what the app raised, after the last chunk.
            httpx2.RemoteProtocolError: the app ended before its response was complete.
        """
        while (chunk := self._portal.call(self._next)) is not None:
            yield chunk
        self._conclude()

    def close(self) -> None:
        """Leave: the app is told by `http.disconnect`, and has to end.

        Raises:
            BaseException: what the app raised.
            TimeoutError: it goes on for `LEAVING_SECONDS`; it is cancelled then.
        """
        if self._ended:
            return
        self._left_early = True
        self._portal.call(self._leave)
        try:
            self._done.result(LEAVING_SECONDS)
        except TimeoutError:
            self._portal.call(self._cancel.cancel)
            late = f"the app goes on {LEAVING_SECONDS:g} s after its client has left"
            self._error = TimeoutError(late)
        self._conclude()

    def _conclude(self) -> None:
        """Wait for the app to return, and raise what is to be raised."""
        self._done.result()
        self._end()
        if self._raising:
            self._raised.again()
        error = self._error
        if error is not None and (self._raising or not isinstance(error, Exception)):
            raise error
        if self._begun and not self._complete and not self._left_early:
            raise httpx2.RemoteProtocolError("the app ended before its response was complete")

    def _end(self) -> None:
        self._ended = True
        self._over(self)

    # --- in the loop ---------------------------------------------------------------------

    async def _run(self, app: ASGIApp) -> None:
        self._left = anyio.Event()
        self._sender, self._receiver = anyio.create_memory_object_stream[bytes]()
        try:
            with self._receiver, self._sender, anyio.CancelScope() as self._cancel:
                self._error = await error_of(app(self._scope, self._receive, self._send))
        finally:
            if not self._begun:
                self._head.set_result(None)

    async def _next(self) -> bytes | None:
        with suppress(anyio.EndOfStream, anyio.ClosedResourceError):
            return await self._receiver.receive()
        return None

    def _leave(self) -> None:
        self._left.set()
        self._receiver.close()

    async def _receive(self) -> Message:
        if self._body:
            chunk = self._body.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(self._body)}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        kind = "http.response.body" if self._begun else "http.response.start"
        if message["type"] != kind or self._complete:
            raise RuntimeError(f"the app sends {message['type']!r} out of turn")
        if self._begun:
            await self._pass_on(message)
        else:
            self._begun = True
            self._head.set_result(message)

    async def _pass_on(self, message: Message) -> None:
        chunk: bytes = message.get("body", b"")
        if chunk and self._scope["method"] != "HEAD":
            with suppress(anyio.BrokenResourceError):  # as servers do when the client has left
                await self._sender.send(chunk)
        if not message.get("more_body", False):
            self._complete = True
            self._left.set()
