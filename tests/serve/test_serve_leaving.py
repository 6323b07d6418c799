"""`cancel_on_disconnect`: a handler that waits ends when its client leaves, and only then."""

from collections.abc import AsyncIterator
from typing import Annotated, Never

import anyio
import anyio.lowlevel
import pytest
from msgspec import Struct

from redirflow import (
    App,
    Conflict,
    Depends,
    Redirect,
    Request,
    Reroute,
    raises,
    redirects,
    reroutes,
    returns,
)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


class Item(Struct):
    name: str


def waiting(log, *, cancel):
    """An app whose handler waits: for ever, if it can be cancelled."""
    app = App()

    async def session() -> AsyncIterator[str]:
        try:
            async with anyio.create_task_group():
                yield "session"
        finally:
            log.append("session ended")

    @app.post("/wait", cancel_on_disconnect=cancel)
    async def wait(item: Item, name: Annotated[str, Depends(session)]) -> str:
        log.append("begun")
        try:
            await anyio.sleep(0.05 if not cancel else 60)
        finally:
            log.append("handler ended")
        return name

    return app


async def left_while_it_waits(app, asgi, log):
    """What is sent to a client that leaves while its handler waits."""
    peer = asgi.Peer(b'{"name"', b':"a"}')
    scope = asgi.scope("POST", "/wait", headers={"content-type": "application/json"})
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(app, scope, peer.receive, peer.send)
            while not log:
                await anyio.lowlevel.checkpoint()
            peer.leave()
    return asgi.answer(peer.sent)


async def test_a_handler_ends_with_its_client(asgi, logged):
    """It is cancelled where it waits, its dependencies end behind it, and nothing is logged."""
    log = []
    await left_while_it_waits(waiting(log, cancel=True), asgi, log)

    assert log == ["begun", "handler ended", "session ended"]
    assert logged() == []


async def test_without_it_a_handler_runs_to_its_end(asgi, logged):
    """A write that was begun is finished, whoever still listens."""
    log = []
    answer = await left_while_it_waits(waiting(log, cancel=False), asgi, log)

    assert (log, answer.status) == (["begun", "handler ended", "session ended"], 201)
    assert logged() == []


async def test_a_handler_that_fails_when_its_client_leaves(asgi, logged):
    """Its error is told as it is, in no group."""
    app, peer = App(), asgi.Peer(b"")

    @app.get("/", cancel_on_disconnect=True)
    async def wait() -> None:
        peer.leave()
        try:
            await anyio.sleep_forever()
        finally:
            raise KeyError

    with anyio.fail_after(5):
        await app(asgi.scope(), peer.receive, peer.send)

    assert [text.endswith("failed: KeyError") for _, text in logged()] == [True]


def slowly(peer):
    """The `receive` of a client whose body comes in pieces; nobody else may ask meanwhile."""
    asking = anyio.Lock(fast_acquire=True)

    async def receive():
        asking.acquire_nowait()
        try:
            await anyio.sleep(0.005)
            return await peer.receive()
        finally:
            asking.release()

    return receive


@pytest.mark.parametrize("path", ["/bytes", "/echo", "/item", "/items"])
async def test_a_body_that_comes_in_pieces(asgi, logged, path):
    """Who reads it and who waits for its client take turns: ASGI allows one `receive` at once."""
    app = App()

    @app.post("/bytes", cancel_on_disconnect=True)
    async def whole(request: Request) -> int:
        return len(await request.body())

    @app.post("/echo")
    @returns(AsyncIterator[bytes])
    async def echo(request: Request) -> AsyncIterator[bytes]:
        yield await request.body()

    @app.post("/item", cancel_on_disconnect=True)
    async def one(item: Item) -> int:
        return len(item.name)

    @app.post("/items")
    async def some(item: Item) -> AsyncIterator[Item]:
        yield item

    peer = asgi.Peer(b'{"name"', b':"', b'abc"}')
    scope = asgi.scope("POST", path, headers={"content-type": "application/json"})
    with anyio.fail_after(5):
        await app(scope, slowly(peer), peer.send)

    item = b'{"name":"abc"}'
    bodies = {"/bytes": b"14", "/echo": item, "/item": b"3", "/items": item + b"\n"}
    assert asgi.answer(peer.sent).body == bodies[path]
    assert logged() == []


@pytest.mark.parametrize(("parts", "status"), [(3, 200), (9, 413)])
async def test_a_reroute_hands_on_the_whole_body(asgi, logged, parts, status):
    """Who waits has taken it by then; the limit of the target is the one that counts."""
    app = App(max_body_size=5)

    @app.post("/target", max_body_size=20)
    @returns(int, status_code=200)
    async def target(request: Request) -> int:
        return len(await request.body())

    @app.post("/", cancel_on_disconnect=True)
    @reroutes(to=target)
    async def source() -> Never:
        while peer.parts:
            await anyio.lowlevel.checkpoint()
        raise Reroute.to(target)

    peer = asgi.Peer(*[b"abc"] * parts)
    with anyio.fail_after(5):
        await app(asgi.scope("POST"), peer.receive, peer.send)

    answer = asgi.answer(peer.sent)
    assert answer.status == status
    assert answer.json() == 9 if status == 200 else "more than 20 bytes" in answer.detail
    assert logged() == []


OUTCOMES = App()


@OUTCOMES.get("/value", cancel_on_disconnect=True)
async def value(name: str) -> Item:
    await anyio.lowlevel.checkpoint()
    return Item(name)


@OUTCOMES.get("/go", cancel_on_disconnect=True)
@redirects(303, to="value")
async def go() -> None:
    raise Redirect.to("value", name="b")


@OUTCOMES.get("/no", cancel_on_disconnect=True)
@raises(Conflict)
async def no() -> None:
    raise Conflict


@OUTCOMES.put("/read", cancel_on_disconnect=True)
async def read(request: Request) -> int:
    return len(await request.body())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/value", 200), ("GET", "/go", 303), ("GET", "/no", 409), ("PUT", "/read", 200)],
)
async def test_whoever_stays_gets_the_answer(call, logged, method, path, status):
    """What the handler returns or raises is answered as without it; a body can be read."""
    answer = await call(OUTCOMES, method, path, query=b"name=a", body=[b"ab", b"c"])

    assert answer.status == status
    assert answer["location"] == ("/value?name=b" if status == 303 else None)
    assert method == "GET" or answer.json() == 3
    assert logged() == []
