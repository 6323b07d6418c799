"""The server's side of the conversation: scopes as uvicorn makes them, one exchange, lifespan.

Nothing here knows an app or an answer. One `Exchange` serves call after call, so that what it
costs is small and the same for everyone; the empty app (`null`) shows how small.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.apps import ASGIApp

ASGI = {"version": "3.0", "spec_version": "2.3"}

# A hundred values in turn: what an app remembers of its last path does not help it.
IDS = range(1000, 1100)
LIMIT = 10

REQUEST_BODY = b'{"name":"Lamp","price":12.5,"tags":["home","light"]}'

HEADERS = [
    (b"host", b"api.example.com"),
    (b"user-agent", b"benchmark/1.0"),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"connection", b"keep-alive"),
]


def http_scope(method: str, path: str, query: bytes = b"", body: bytes = b"") -> dict:
    """Build a scope with the keys and types of uvicorn's (httptools)."""
    headers = list(HEADERS)
    if body:
        headers.append((b"content-type", b"application/json"))
        headers.append((b"content-length", b"%d" % len(body)))
    return {
        "type": "http",
        "asgi": ASGI,
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "root_path": "",
        "headers": headers,
        "state": {},
        "method": method,
        "path": path,
        "raw_path": path.encode("ascii"),
        "query_string": query,
    }


SCOPES = {
    "redirect": [http_scope("GET", f"/legacy/users/{number}") for number in IDS],
    "get": [http_scope("GET", f"/items/{number}", b"limit=%d" % LIMIT) for number in IDS],
    "post": [http_scope("POST", "/items", body=REQUEST_BODY) for _ in IDS],
}
BODIES = {"redirect": b"", "get": b"", "post": REQUEST_BODY}
KINDS = tuple(SCOPES)


class Exchange:
    """`receive` and `send` of one request after the other; `rewind` starts the next one."""

    def __init__(self, body: bytes = b"") -> None:
        self.messages: list[dict] = []
        self._request = {"type": "http.request", "body": body, "more_body": False}
        self._unread = True

    def rewind(self) -> None:
        """Forget the last answer and offer the request's body again."""
        self.messages.clear()
        self._unread = True

    async def receive(self) -> dict:
        """The body, once; then nothing, as from a client that waits for its answer."""
        if self._unread:
            self._unread = False
            return self._request
        return await asyncio.get_running_loop().create_future()

    async def send(self, message: dict) -> None:
        """Collect what the app sends."""
        self.messages.append(message)


async def null(scope: dict, receive: object, send: object) -> None:
    """The app that does nothing: what copying the scope and awaiting a coroutine costs."""


@asynccontextmanager
async def lifespan(app: ASGIApp) -> AsyncIterator[None]:
    """Start the app up and shut it down, as a server does.

    An app that raises on a lifespan scope has none (ASGI, "Lifespan Protocol"); one that reports
    a failed start-up raises `RuntimeError` here.
    """
    inbox: asyncio.Queue[dict] = asyncio.Queue()
    outbox: asyncio.Queue[dict] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": ASGI, "state": {}}
    task = asyncio.ensure_future(app(scope, inbox.get, outbox.put))
    supported = await _tell(inbox, outbox, task, "lifespan.startup")
    yield
    if supported:
        await _tell(inbox, outbox, task, "lifespan.shutdown")
        await task


async def _tell(inbox: asyncio.Queue, outbox: asyncio.Queue, task: asyncio.Task, kind: str) -> bool:
    """Send one lifespan event; say whether the app answered it at all."""
    await inbox.put({"type": kind})
    reply = asyncio.ensure_future(outbox.get())
    await asyncio.wait({task, reply}, return_when=asyncio.FIRST_COMPLETED)
    if not reply.done():
        reply.cancel()
        task.exception()
        return False
    if reply.result()["type"] != f"{kind}.complete":
        raise RuntimeError(reply.result().get("message", f"{kind} failed"))
    return True
