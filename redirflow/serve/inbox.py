"""The messages of one client, for two readers.

While a stream is sent somebody has to wait for its client to leave, and the generator may
read the body at the same time, or never. ASGI allows one `receive` at once, so both take turns
from the first message on, and who waits keeps what comes of the body, joined, until somebody
asks for it.
"""

from typing import Final

import anyio

from redirflow.http.request import BodyTooLarge
from redirflow.http.types import Message, Receive

WINDOW: Final = 1024 * 1024
"""Unread bytes that are kept; with more, who waits lets the reader catch up."""


class Inbox:
    """The messages of one client.

    Args:
        limit: bytes of a body that a reader may take; what comes behind them is dropped.
    """

    __slots__ = ("_body", "_ended", "_left", "_limit", "_lock", "_receive", "_taken")

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._body = bytearray()
        self._ended = False  # the last part has come, and was not given to a reader yet
        self._left = False
        # Made when they are needed: most requests are read by nobody but their binder.
        self._lock: anyio.Lock | None = None
        self._taken: anyio.Event | None = None

    async def receive(self) -> Message:
        """The next message.

        Raises:
            BodyTooLarge: the body has more than the allowed bytes.
        """
        if not self._ready:
            async with self._turn():
                # Whoever waited until now may have got it.
                if not self._ready:
                    await self._take()
        return self._given()

    async def left(self) -> None:
        """Return when the client has left."""
        while not self._left:
            self._taken = anyio.Event()
            if len(self._body) > WINDOW:
                await self._taken.wait()
            async with self._turn():
                if not self._left:
                    await self._take()

    def _turn(self) -> anyio.Lock:
        self._lock = self._lock or anyio.Lock()
        return self._lock

    @property
    def _ready(self) -> bool:
        return bool(self._body) or self._ended or self._left or self._limit < 0

    async def _take(self) -> None:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._left = True
            return
        self._ended = not message.get("more_body", False)
        part: bytes = message.get("body") or b""
        self._limit -= len(part)
        if self._limit >= 0:
            self._body += part
        else:
            self._body.clear()

    def _given(self) -> Message:
        """What has come, as one message."""
        if self._limit < 0:
            raise BodyTooLarge
        if self._taken is not None:
            self._taken.set()
        if self._left:
            return {"type": "http.disconnect"}
        part, self._body = bytes(self._body), bytearray()
        last, self._ended = self._ended, False
        return {"type": "http.request", "body": part, "more_body": not last}
