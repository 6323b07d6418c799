"""Sending a stream: item by item, until it ends or the client has left.

Servers do not tell a handler that its client is gone, and `send` need not fail then. So a
second task waits for `http.disconnect` and cancels the first.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import anyio

from redirflow.endpoint.stream import KEEP_ALIVE, StreamPlan
from redirflow.http.types import RawHeaders, Receive, Send

KEEP_ALIVE_SECONDS: Final = 15.0
_CLOSING_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Streaming:
    """A stream whose first item is there, so that nothing but its rest can fail.

    Attributes:
        first: the encoded first item; `None` for a stream without items.
    """

    plan: StreamPlan
    items: AsyncIterator[Any]
    first: bytes | None
    headers: RawHeaders


async def begun(plan: StreamPlan, items: Any, headers: RawHeaders) -> Streaming:
    """A stream with its first item, so that an early error is still a proper answer."""
    iterator = aiter(items)
    try:
        first = plan.encode(await anext(iterator))
    except StopAsyncIteration:
        first = None
    return Streaming(plan, iterator, first, [(b"content-type", plan.media_type), *headers])


async def send_stream(streaming: Streaming, receive: Receive, send: Send, *, head: bool) -> None:
    """Send a stream to its end; returns early when the client leaves.

    Args:
        head: whether only the fields are wanted.

    Raises:
        ContractViolation, Exception: what the rest of the stream raises; the response has
            begun, so the connection must be cut.
    """
    status = streaming.plan.status
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_close, streaming.items)
        await send({"type": "http.response.start", "status": status, "headers": streaming.headers})
        if head or streaming.first is None:
            await send({"type": "http.response.body", "body": b""})
            return
        await _send_items(streaming, receive, send)


async def _send_items(streaming: Streaming, receive: Receive, send: Send) -> None:
    sender = _Sender(send)
    failure: list[Exception] = []
    async with anyio.create_task_group() as group:

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(watch)
        if streaming.plan.events:
            group.start_soon(sender.fill_silence)
        try:
            await sender.send_all(streaming)
        except Exception as error:  # noqa: BLE001 - raised again outside of the task group
            failure.append(error)
        group.cancel_scope.cancel()
    if failure:
        raise failure[0]


class _Sender:
    """Sends chunks, one at a time, and comments when there are none for a while."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._lock = anyio.Lock()
        self._sent = anyio.Event()

    async def send_all(self, streaming: Streaming) -> None:
        await self._chunk(streaming.first or b"")
        async for item in streaming.items:
            await self._chunk(streaming.plan.encode(item))
        await self._chunk(b"", more=False)

    async def fill_silence(self) -> None:
        while True:
            self._sent = anyio.Event()
            with anyio.move_on_after(KEEP_ALIVE_SECONDS) as waiting:
                await self._sent.wait()
            if waiting.cancelled_caught:
                await self._chunk(KEEP_ALIVE)

    async def _chunk(self, chunk: bytes, *, more: bool = True) -> None:
        async with self._lock:
            await self._send({"type": "http.response.body", "body": chunk, "more_body": more})
        self._sent.set()


async def _close(items: AsyncIterator[Any]) -> None:
    """Close a generator, also when its task was cancelled."""
    close = getattr(items, "aclose", None)
    if close is not None:
        with anyio.move_on_after(_CLOSING_SECONDS, shield=True):
            await close()
