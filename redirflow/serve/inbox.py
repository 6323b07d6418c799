"""The messages of one client, for two readers.

While a stream is sent somebody has to wait for its client to leave, and the generator may
read the body at the same time. ASGI allows one `receive` at once, so who waits hands on
what it gets.
"""

from collections import deque

import anyio

from redirflow.http.types import Message, Receive


class Inbox:
    """The messages of one client.

    Args:
        shared: whether the body may be read while somebody waits for the client to leave.
            It is then taken one part ahead of its reader.
    """

    __slots__ = ("_kept", "_lock", "_receive", "_taken")

    _taken: anyio.Event

    def __init__(self, receive: Receive, *, shared: bool) -> None:
        self._receive = receive
        self._kept: deque[Message] = deque(maxlen=None if shared else 0)
        self._lock: anyio.Lock | None = None

    async def receive(self) -> Message:
        """The next message."""
        if self._lock is None:
            return await self._receive()
        if not self._kept:
            async with self._lock:
                # Whoever waited until now may have got it.
                if not self._kept:
                    return await self._receive()
        self._taken.set()
        return self._kept.popleft()

    async def left(self) -> None:
        """Return when the client has left."""
        self._lock = self._lock or anyio.Lock()
        kind = ""
        while kind != "http.disconnect":
            if self._kept and self._kept[-1].get("more_body"):
                await self._taken.wait()
            async with self._lock:
                message = await self._receive()
                kind = message["type"]
                self._kept.append(message)
                self._taken = anyio.Event()
