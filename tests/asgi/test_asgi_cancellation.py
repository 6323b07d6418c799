"""Cancellation and leftovers: the server may stop a request wherever it waits."""

import gc
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import anyio
import pytest
from msgspec import Struct

from redirflow import App, Depends, returns


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


class Item(Struct):
    name: str


JSON = {"content-type": "application/json"}
BODY = b'{"name":"Lamp"}'


def busy(log):
    """An app that waits wherever it can."""
    app = App()

    async def outer() -> AsyncIterator[str]:
        log.append("+outer")
        try:
            await anyio.lowlevel.checkpoint()
            yield "outer"
            await anyio.lowlevel.checkpoint()
        finally:
            log.append("-outer")

    async def inner(given: Annotated[str, Depends(outer)]) -> AsyncIterator[str]:
        log.append("+inner")
        try:
            yield given
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            log.append("-inner")

    async def checking() -> None:
        await anyio.lowlevel.checkpoint()

    @app.post("/value", dependencies=[checking])
    async def value(item: Item, given: Annotated[str, Depends(inner)]) -> Item:
        await anyio.lowlevel.checkpoint()
        return item

    @app.post("/stream", dependencies=[checking])
    @returns(AsyncIterator[Item])
    async def stream(item: Item, given: Annotated[str, Depends(inner)]) -> Any:
        async def items():
            log.append("+items")
            try:
                await anyio.lowlevel.checkpoint()
                yield item
                await anyio.lowlevel.checkpoint()
                yield item
            finally:
                log.append("-items")

        return items()

    @app.post("/sync")
    def sync(item: Item, given: Annotated[str, Depends(inner)]) -> Item:
        return item

    return app


class Stepping:
    """A client whose request is cancelled at its *step*-th chance to wait."""

    def __init__(self, asgi, step):
        self.peer = asgi.Peer(BODY[:5], BODY[5:])
        self.scope = anyio.CancelScope()
        self.left = step

    def tick(self):
        self.left -= 1
        if self.left == 0:
            self.scope.cancel()

    async def receive(self):
        self.tick()
        await anyio.lowlevel.checkpoint()
        return await self.peer.receive()

    async def send(self, message):
        self.tick()
        await anyio.lowlevel.checkpoint()
        await self.peer.send(message)
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("path", ["/value", "/stream", "/sync"])
async def test_cancelled_at_every_step(asgi, logged, path):
    """Wherever it happens, what was begun has ended, and nothing else is told or sent."""
    whole, log = 0, []
    app = busy(log)
    for step in range(1, 60):
        log.clear()
        client = Stepping(asgi, step)
        async with anyio.create_task_group() as group:

            async def clock(client=client, group=group):
                while True:
                    client.tick()
                    await anyio.lowlevel.checkpoint()

            group.start_soon(clock)
            with client.scope:
                await app(asgi.scope("POST", path, headers=JSON), client.receive, client.send)
            group.cancel_scope.cancel()

        begun = [line[1:] for line in log if line.startswith("+")]
        ended = [line[1:] for line in log if line.startswith("-")]
        assert sorted(begun) == sorted(ended), step
        types = [message["type"] for message in client.peer.sent]
        assert types[:1] in ([], ["http.response.start"])
        assert types.count("http.response.start") <= 1
        whole += client.peer.answered.is_set()
    gc.collect()

    assert 0 < whole < 59
    assert logged() == []


async def test_a_cancelled_request_answers_nothing(asgi):
    """The cancellation passes through unchanged: the server decides what becomes of it."""
    app, peer = App(), asgi.Peer(b"")

    @app.get("/")
    async def wait() -> str:
        await anyio.sleep_forever()
        return "x"

    with anyio.move_on_after(0.01) as scope:
        await app(asgi.scope(), peer.receive, peer.send)

    assert scope.cancelled_caught
    assert peer.sent == []


async def test_nothing_outlives_a_request(asgi):
    """No task, no thread of a generator: a hundred requests of each kind leave none."""
    app = App()

    def session() -> Iterator[str]:
        yield "session"

    @app.get("/value")
    async def value(given: Annotated[str, Depends(session)]) -> str:
        return given

    @app.get("/stream", dependencies=[session])
    async def stream() -> AsyncIterator[Item]:
        yield Item("a")

    @app.get("/sync", dependencies=[session])
    def sync() -> str:
        return "x"

    threads = threading.active_count()
    for _ in range(100):
        for path in ("/value", "/stream", "/sync"):
            peer = asgi.Peer(b"")
            await app(asgi.scope("GET", path), peer.receive, peer.send)
            assert asgi.answer(peer.sent).status == 200

    with anyio.fail_after(5):
        while threading.active_count() > threads + 1:  # noqa: ASYNC110 - a thread tells nobody
            await anyio.sleep(0.001)
