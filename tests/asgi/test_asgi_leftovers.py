"""Nothing is left of a request, wherever its client leaves: no task, generator, file or thread."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import anyio
import pytest
from msgspec import Struct

from redirflow import App, Form, Request, UploadFile, returns


class Item(Struct):
    name: str


JSON = {"content-type": "application/json"}
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}
FILE = b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'
LARGE = b"x" * 1_100_000
"""More than is kept in memory: it goes to a temporary file."""
LAST = b'content-disposition: form-data; name="note"\r\n\r\nx\r\n--b--'
FORM = [FILE, LARGE, b"\r\n--b\r\n", LAST]
EXCHANGES = {
    "/value": (JSON, [b'{"name"', b':"a"}']),
    "/guarded": (JSON, [b'{"name"', b':"a"}']),
    "/sync": (JSON, [b'{"name"', b':"a"}']),
    "/lines": (JSON, [b""]),
    "/echo": (JSON, [b"a", b"b", b"c"]),
    "/upload": (MULTIPART, FORM),
}


def app_of(opened):
    """An app whose generators are in *opened* for as long as they are open."""
    app = App(max_body_size=2_000_000)

    @contextmanager
    def noted():
        opened.append(1)
        try:
            yield
        finally:
            opened.pop()

    async def session() -> AsyncIterator[str]:
        with noted():
            yield "session"

    def connection() -> Iterator[str]:
        with noted():
            yield "connection"

    @app.post("/value")
    async def value(item: Item) -> Item:
        return item

    @app.post("/guarded", dependencies=[session, connection])
    async def guarded(item: Item) -> Item:
        return item

    @app.post("/sync", dependencies=[session])
    def sync(item: Item) -> Item:
        return item

    @app.post("/lines", dependencies=[session])
    async def lines() -> AsyncIterator[Item]:
        with noted():
            for _ in range(3):
                yield Item("a")
                await asyncio.sleep(0)

    @app.post("/echo", dependencies=[connection])
    @returns(AsyncIterator[bytes], status_code=200)
    async def echo(request: Request) -> AsyncIterator[bytes]:
        with noted():
            async for chunk in request.stream():
                yield chunk

    @app.post("/upload", dependencies=[session])
    async def upload(file: UploadFile, note: Form[str]) -> int:
        return len(await file.read())

    return app


def descriptors():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts what /proc lists")
@pytest.mark.parametrize("path", EXCHANGES)
async def test_the_client_leaves_anywhere(asgi, logged, path):
    """Before each part of its body, and when each message is sent to it."""
    headers, parts = EXCHANGES[path]
    opened = []
    app = app_of(opened)
    scope = asgi.scope("POST", path, headers=headers)
    # Once as it should be: pools and caches are filled now.
    whole = asgi.Peer(*parts)
    await app({**scope}, whole.receive, whole.send)
    assert asgi.answer(whole.sent).status < 300
    files, tasks = descriptors(), len(asyncio.all_tasks())

    for kept in range(len(parts)):
        peer = asgi.Peer(*parts[:kept], None)
        await app({**scope}, peer.receive, peer.send)

        assert (opened, descriptors(), len(asyncio.all_tasks())) == ([], files, tasks), kept

    for fails_at in range(len(whole.sent)):
        peer = asgi.Peer(*parts)

        async def send(message, peer=peer, fails_at=fails_at):
            if len(peer.sent) == fails_at:
                raise ConnectionResetError
            await peer.send(message)

        await app({**scope}, peer.receive, send)

        assert (opened, descriptors(), len(asyncio.all_tasks())) == ([], files, tasks), fails_at
    with anyio.fail_after(5):
        while any(thread.name == "redirflow generator" for thread in threading.enumerate()):  # noqa: ASYNC110 - a thread tells nobody
            await anyio.sleep(0.001)
    assert logged() == []
