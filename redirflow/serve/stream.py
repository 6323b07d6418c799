"""Sending a stream: item by item, until it ends or the client has left.

A stream ends when its client leaves, before its first item too, which may be long in coming.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final, NoReturn

import anyio
import anyio.lowlevel
from msgspec import Struct

from redirflow.endpoint.stream import KEEP_ALIVE, StreamPlan
from redirflow.http.request import ClientDisconnected
from redirflow.http.types import Message, RawHeaders, Send
from redirflow.serve.cancelled import close, is_cancelled, name_of, tell_if_given_up, time_to_end
from redirflow.serve.failures import LOGGER
from redirflow.serve.inbox import Inbox
from redirflow.serve.leaving import unless_left

KEEP_ALIVE_SECONDS: Final = 15.0
_BURST: Final = 16
"""Chunks in a row that are sent before others surely have a turn."""


class Streaming(Struct, frozen=True, eq=False):
    """A stream that has not begun.

    Attributes:
        raised: takes what could be told in no other way, for tests.
    """

    plan: StreamPlan
    items: AsyncIterator[Any]
    lines: RawHeaders
    raised: list[Exception]


class StreamSender:
    """Sends one stream: one message at a time, and nothing behind the last.

    Attributes:
        begun: whether the response has begun, so that an error can't be answered any more.
    """

    def __init__(
        self, streaming: Streaming, send: Send, silence: float = KEEP_ALIVE_SECONDS
    ) -> None:
        self.begun = False
        self._left = False
        self._streaming = streaming
        self._items = streaming.items
        self._send = send
        self._silence = silence
        # PERF: a lock that always yields takes 12 us an item; `_chunk` yields now and then.
        self._lock = anyio.Lock(fast_acquire=True)
        self._chunks = 0
        self._sent = anyio.Event()
        # Scopes must nest, and a generator may open some around a `yield`: so the one that gives
        # it time to end is entered before it begins.
        self._closing = anyio.CancelScope()
        self._starting = anyio.CancelScope(shield=True)

    async def send_all(self, inbox: Inbox, *, head: bool) -> None:
        """Send the stream to its end.

        Args:
            head: whether only the fields are wanted.

        Raises:
            ClientDisconnected: the client has left.
            ContractViolation, Exception: what the generator raises, or makes of an item.
        """

        async def left() -> None:
            try:
                await inbox.left()
                self._left = True
            finally:  # also when the server ends this
                self._starting.shield = False

        signs = [left, self._fill_silence] if self._streaming.plan.events else [left]
        await unless_left(lambda: self._send_items(head=head), *signs)
        # Out of reach of who waits for the client to leave: a server may tell of the disconnect
        # while it closes the connection in here.
        await self._end()

    async def _send_items(self, *, head: bool) -> None:
        """Send the fields, when the first item is there, and the body but for its end."""
        failure: BaseException | None = None
        try:
            with self._closing:
                try:
                    await self._each_item(head=head)
                except BaseException as error:  # noqa: BLE001 - raised when it is closed
                    failure = error
                await self._close()
        finally:
            tell_if_given_up(self._closing, "the stream", self._items)
        if failure is not None:
            raise failure

    async def _each_item(self, *, head: bool) -> None:
        async for item in self._items:
            chunk = self._streaming.plan.encode(item)
            try:
                if not self.begun:
                    await self._start()
                if head:
                    return
                await self._chunk(chunk)
            except anyio.get_cancelled_exc_class() as cancelled:
                await self._interrupted(cancelled)
        if not self.begun:
            await self._start()
        async with self._lock:
            pass  # a comment that is being sent is sent whole; who sends them ends with this

    async def _interrupted(self, cancelled: BaseException) -> NoReturn:
        """End a generator whose own scope, maybe, was cancelled while its item was sent.

        Whether the client has that item nobody knows: so the answer can't go on, nor end as if
        it were whole, whatever the generator makes of it.
        """
        throw = getattr(self._items, "athrow", None)
        if throw is not None:
            with time_to_end(self._closing, surely=self._left), suppress(StopAsyncIteration):
                await throw(cancelled)
        if is_cancelled():
            raise cancelled
        raise RuntimeError("a stream's own scope was cancelled while an item was being sent")

    async def _close(self) -> None:
        """Close the generator, also when its task was cancelled."""
        if not hasattr(self._items, "aclose"):
            return
        with time_to_end(self._closing, surely=True):
            try:
                await close(self._items)
            except Exception as error:  # noqa: BLE001 - the answer is sent, or another one will be
                LOGGER.error("the stream %s failed to close", name_of(self._items), exc_info=error)
                self._streaming.raised.append(error)

    async def _start(self) -> None:
        """Send the fields: no scope of the generator's keeps them from being sent."""
        self.begun = True
        plan = self._streaming.plan
        headers = [(b"content-type", plan.media_type), *self._streaming.lines]
        start = {"type": "http.response.start", "status": plan.status, "headers": headers}
        with self._starting:
            await self._post(start)

    async def _end(self) -> None:
        """Send the end of the body."""
        await self._post({"type": "http.response.body", "body": b"", "more_body": False})

    async def _fill_silence(self) -> None:
        """Send comments where there is no event for a while; returns when the client has left."""
        with suppress(ClientDisconnected):
            while True:
                self._sent = anyio.Event()
                with anyio.move_on_after(self._silence) as waiting:
                    await self._sent.wait()
                if waiting.cancelled_caught and self.begun:
                    await self._chunk(KEEP_ALIVE)

    async def _chunk(self, chunk: bytes) -> None:
        async with self._lock:
            await self._post({"type": "http.response.body", "body": chunk, "more_body": True})
        self._sent.set()
        self._chunks += 1
        if self._chunks % _BURST == 0:
            # A generator that never waits would keep everybody else from running, and nobody
            # would see its client leave.
            await anyio.lowlevel.cancel_shielded_checkpoint()

    async def _post(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:
            raise ClientDisconnected from None
