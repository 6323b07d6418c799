"""Sending a stream: item by item, until it ends or the client has left.

A stream ends when its client leaves, before its first item too, which may be long in coming.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

import anyio
import anyio.lowlevel
from msgspec import Struct

from redirflow.endpoint.stream import KEEP_ALIVE, StreamPlan
from redirflow.http.request import ClientDisconnected
from redirflow.http.types import Message, RawHeaders, Send
from redirflow.serve.failures import LOGGER
from redirflow.serve.inbox import Inbox
from redirflow.serve.leaving import unless_left

KEEP_ALIVE_SECONDS: Final = 15.0
_CLOSING_SECONDS: Final = 1.0
_BURST: Final = 16
"""Chunks in a row that are sent before others surely have a turn."""


class Streaming(Struct, frozen=True, eq=False):
    """A stream whose first item is there, so that nothing but its rest can fail.

    Attributes:
        first: the encoded first item; `None` for a stream without items.
        raised: takes what could be told in no other way, for tests.
    """

    plan: StreamPlan
    items: AsyncIterator[Any]
    first: bytes | None
    headers: RawHeaders
    raised: list[Exception]


async def begun(
    plan: StreamPlan,
    items: Any,
    lines: RawHeaders,
    inbox: Inbox,
    raised: list[Exception],
) -> Streaming:
    """A stream with its first item, so that an early error is still a proper answer.

    Raises:
        ClientDisconnected: the client left before there was one.
        ContractViolation, Exception: what the generator raises, or makes of its first item.
    """
    iterator = aiter(items)
    try:
        first = await unless_left(lambda: _first(plan, iterator), inbox.left)
    except BaseException:
        await _close(iterator, raised)
        raise
    return Streaming(plan, iterator, first, [(b"content-type", plan.media_type), *lines], raised)


async def _first(plan: StreamPlan, items: AsyncIterator[Any]) -> bytes | None:
    try:
        return plan.encode(await anext(items))
    except StopAsyncIteration:
        return None


async def send_stream(
    streaming: Streaming,
    inbox: Inbox,
    send: Send,
    *,
    head: bool,
    silence: float = KEEP_ALIVE_SECONDS,
) -> None:
    """Send a stream to its end; returns early when the client leaves.

    Args:
        head: whether only the fields are wanted.
        silence: seconds without an event after which a comment is sent.

    Raises:
        ContractViolation, Exception: what the rest of the stream raises; the response has
            begun, so the connection must be cut.
    """
    sender = _Sender(streaming, send, silence)
    try:
        with suppress(ClientDisconnected):
            await sender.start()
            if not head and streaming.first is not None:
                comments = [sender.fill_silence] if streaming.plan.events else []
                await unless_left(sender.send_items, inbox.left, *comments)
            # Out of reach of who waits for the client to leave: a server may tell of the
            # disconnect while it closes the connection in here.
            await sender.end()
    finally:
        await _close(streaming.items, streaming.raised)


class _Sender:
    """Sends one stream: one message at a time, and nothing behind the last."""

    def __init__(self, streaming: Streaming, send: Send, silence: float) -> None:
        self._streaming = streaming
        self._send = send
        self._silence = silence
        # PERF: a lock that always yields takes 12 us an item; `_chunk` yields now and then.
        self._lock = anyio.Lock(fast_acquire=True)
        self._chunks = 0
        self._sent = anyio.Event()

    async def start(self) -> None:
        """Send the fields."""
        status, headers = self._streaming.plan.status, self._streaming.headers
        await self._post({"type": "http.response.start", "status": status, "headers": headers})

    async def send_items(self) -> None:
        """Send the body, but for its end."""
        await self._chunk(self._streaming.first or b"")
        async for item in self._streaming.items:
            await self._chunk(self._streaming.plan.encode(item))
        async with self._lock:
            pass  # a comment that is being sent is sent whole; who sends them ends with this

    async def end(self) -> None:
        """Send the end of the body."""
        await self._post({"type": "http.response.body", "body": b"", "more_body": False})

    async def fill_silence(self) -> None:
        """Send comments where there is no event for a while; returns when the client has left."""
        with suppress(ClientDisconnected):
            while True:
                self._sent = anyio.Event()
                with anyio.move_on_after(self._silence) as waiting:
                    await self._sent.wait()
                if waiting.cancelled_caught:
                    await self._chunk(KEEP_ALIVE)

    async def _chunk(self, chunk: bytes) -> None:
        async with self._lock:
            await self._post({"type": "http.response.body", "body": chunk, "more_body": True})
        self._sent.set()
        self._chunks += 1
        if self._chunks % _BURST == 0:
            # A generator that never waits would keep everybody else from running, and nobody
            # would see its client leave.
            await anyio.lowlevel.checkpoint()

    async def _post(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:
            raise ClientDisconnected from None


async def _close(items: AsyncIterator[Any], raised: list[Exception]) -> None:
    """Close a generator, also when its task was cancelled."""
    close = getattr(items, "aclose", None)
    if close is not None:
        with anyio.move_on_after(_CLOSING_SECONDS, shield=True):
            try:
                await close()
            except Exception as error:  # noqa: BLE001 - the answer is sent, or another one will be
                name = getattr(items, "__qualname__", type(items).__name__)
                LOGGER.error("the stream %s failed to close", name, exc_info=error)
                raised.append(error)
