"""Streams: item by item, checked, and closed when the client leaves."""

import socket
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
import anyio.lowlevel
import pytest
from msgspec import Struct
from trio.testing import MockClock

from redirflow import (
    App,
    BackgroundTasks,
    CookieSpec,
    Depends,
    HeaderSpec,
    NotFound,
    Request,
    Response,
    ServerSentEvent,
    raises,
    returns,
)
from redirflow.endpoint.stream import KEEP_ALIVE
from redirflow.http.request import BodyTooLarge, ClientDisconnected
from redirflow.serve.inbox import WINDOW, Inbox
from redirflow.serve.stream import KEEP_ALIVE_SECONDS, Streaming, StreamSender


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


class Item(Struct):
    number: int


class Wide(Item):
    secret: str = "hidden"


def streaming(make, *, type_=Item, **more):
    """An app that streams what the async generator function *make* yields."""
    app = App()

    @app.get("/", dependencies=more.pop("dependencies", []))
    @returns(AsyncIterator[type_], **more)
    @raises(NotFound)
    async def stream() -> Any:
        return make()

    return app


async def numbers():
    for number in range(3):
        yield Item(number)


# --- what is sent ------------------------------------------------------------------------------


async def test_lines_of_json(asgi):
    """One message an item, and one for the end; no length."""
    peer = asgi.Peer(b"")

    await streaming(numbers)(asgi.scope(), peer.receive, peer.send)

    answer = asgi.answer(peer.sent)
    assert answer.headers == [(b"content-type", b"application/jsonl")]
    assert [message.get("body") for message in peer.sent[1:]] == [
        *(b'{"number":0}\n', b'{"number":1}\n', b'{"number":2}\n'),
        b"",
    ]


@pytest.mark.parametrize(
    ("type_", "items", "more", "content_type", "body"),
    [
        (str, ["a", "\u00e9"], {}, "text/plain; charset=utf-8", "a\u00e9".encode()),
        (bytes, [b"\xff", b"", b"x"], {}, "application/octet-stream", b"\xffx"),
        (bytes, [b"x"], {"media_type": "image/png"}, "image/png", b"x"),
        (int, [1, 2], {}, "application/jsonl", b"1\n2\n"),
        (Item, [Wide(1), {"number": 2}], {}, "application/jsonl", b'{"number":1}\n{"number":2}\n'),
        (
            Item,
            [Item(1)],
            {"media_type": "text/event-stream"},
            "text/event-stream; charset=utf-8",
            b'data: {"number":1}\n\n',
        ),
    ],
)
async def test_kinds_of_streams(call, type_, items, more, content_type, body):
    async def make():
        for item in items:
            yield item

    answer = await call(streaming(make, type_=type_, **more))

    assert (answer.status, answer["content-type"], answer.body) == (200, content_type, body)


async def test_fields_of_a_stream(call):
    app = App()

    @app.get("/")
    @returns(
        AsyncIterator[Item],
        status_code=202,
        headers={"X-N": HeaderSpec(int)},
        cookies={"sid": CookieSpec()},
    )
    async def stream(missing: bool = False) -> Response[AsyncIterator[Item]]:
        headers = {} if missing else {"x-n": 5}
        return Response(numbers(), headers=headers, cookies={"sid": "x"})

    answer = await call(app)

    assert answer.status == 202
    assert answer["x-n"] == "5"
    assert answer["set-cookie"] == "sid=x; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert (await call(app, query=b"missing=1")).status == 500


async def test_an_empty_stream(call):
    async def nothing():
        return
        yield

    answer = await call(streaming(nothing))

    assert (answer.status, answer.body) == (200, b"")


async def test_the_head_of_a_stream(call):
    """The first item is awaited, as for a GET; then the generator is closed."""
    log = []

    async def make():
        try:
            log.append("first")
            yield Item(0)
            log.append("second")
        finally:
            log.append("closed")

    answer = await call(streaming(make), "HEAD", "/")

    assert answer.status == 200
    assert answer["content-type"] == "application/jsonl"
    assert log == ["first", "closed"]


class Countdown:
    """An async iterator that is no generator: there is nothing to close."""

    def __init__(self):
        self.left = 3

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.left -= 1
        if self.left < 0:
            raise StopAsyncIteration
        return Item(self.left)


class Iterable:
    def __aiter__(self):
        return numbers()


@pytest.mark.parametrize(
    ("make", "status"),
    [(Countdown, 200), (Iterable, 200), (lambda: [Item(1)], 500), (lambda: None, 500)],
)
async def test_what_can_be_iterated(call, logged, make, status):
    app, body = App(), make()

    @app.get("/")
    @returns(AsyncIterator[Item])
    async def stream() -> Any:
        return body

    answer = await call(app)

    assert answer.status == status
    assert answer.body.count(b"\n") == (3 if status == 200 else 0)
    if status == 500:
        ((_, text),) = logged()
        kind = type(body).__name__
        assert text.endswith(f"sent a value of type {kind}; declared: an async iterator")


# --- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"), [(NotFound("no"), 404), (KeyError("secret"), 500), (OSError("x"), 500)]
)
async def test_an_error_before_the_first_item_is_a_proper_answer(call, error, status):
    async def make():
        raise error
        yield

    assert (await call(streaming(make))).status == status


@pytest.mark.parametrize("item", [{"number": "x"}, 5, Item("x"), object()])
async def test_a_first_item_of_another_type(call, logged, item):
    """A contract violation; the generator is closed before the answer."""
    log = []

    async def make():
        try:
            yield item
        finally:
            log.append("closed")

    assert (await call(streaming(make))).status == 500
    assert log == ["closed"]
    assert len(logged()) == 1


@pytest.mark.parametrize(
    ("outcome", "logs"),
    [
        (Item("x"), "sent a body that is not of the declared type"),
        (KeyError("no"), "failed: KeyError"),
        (NotFound("no"), "failed: NotFound"),
        (OSError("disk"), "failed: OSError"),
    ],
)
async def test_a_failure_in_the_middle(asgi, logged, outcome, logs):
    """The connection must be cut, so it is raised; it is logged once, and what was begun ends."""
    log = []

    async def session():
        try:
            yield
        except BaseException as error:
            log.append(type(error).__name__)
            raise

    async def make():
        try:
            yield Item(1)
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome
        finally:
            log.append("closed")

    app, peer = streaming(make, dependencies=[session]), asgi.Peer(b"")
    raised = []

    with pytest.raises(Exception) as caught:
        await app(asgi.scope(**{"redirflow.raised": raised}), peer.receive, peer.send)

    name = type(outcome).__name__ if isinstance(outcome, Exception) else "ContractViolation"
    assert type(caught.value).__name__ == name
    assert raised == [caught.value]
    assert [message.get("body") for message in peer.sent] == [None, b'{"number":1}\n']
    assert log == ["closed", name]
    ((_, text),) = logged()
    assert logs in text


def test_a_failure_in_the_middle_cuts_the_connection(serve):
    """The items before it are sent, and not the end of the body, whichever server it is."""

    async def make():
        yield Item(1)
        yield Item("x")

    host, _, port = serve(streaming(make)).removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        got = b"".join(iter(lambda: connection.recv(65536), b""))

    assert got.startswith(b"HTTP/1.1 200 ")
    assert got.endswith(b'{"number":1}\n\r\n')


async def test_a_failing_commit_behind_a_stream_is_logged(asgi, logged):
    async def session():
        yield
        raise RuntimeError("lost")

    peer = asgi.Peer(b"")
    await streaming(numbers, dependencies=[session])(asgi.scope(), peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 200
    assert [text.rpartition(" ")[2] for _, text in logged()] == ["RuntimeError"]


async def test_generators_and_tasks_come_behind_a_stream(asgi):
    app, log = App(), []

    async def session():
        log.append("begin")
        yield "session"
        log.append("commit")

    @app.get("/")
    async def stream(
        tasks: BackgroundTasks, session: Annotated[str, Depends(session)]
    ) -> AsyncIterator[Item]:
        tasks.add(log.append, "task")
        yield Item(1)
        log.append("last")

    async def send(message):
        log.append(message.get("body"))

    await app(asgi.scope(), asgi.Peer(b"").receive, send)

    assert log == ["begin", None, b'{"number":1}\n', "last", b"", "commit", "task"]


# --- leaving -----------------------------------------------------------------------------------


async def test_the_client_leaves(asgi, logged):
    """The generator is closed where it waits; generators end and tasks run, nothing is logged."""
    app, log = App(), []
    peer = asgi.Peer(b"")

    async def session():
        yield
        log.append("end")

    @app.get("/", dependencies=[session])
    async def stream(tasks: BackgroundTasks) -> AsyncIterator[Item]:
        tasks.add(log.append, "task")
        try:
            yield Item(1)
            peer.leave()
            await anyio.sleep_forever()
        finally:
            log.append("closed")

    with anyio.fail_after(2):
        await app(asgi.scope(), peer.receive, peer.send)

    assert [message.get("body") for message in peer.sent] == [None, b'{"number":1}\n']
    assert log == ["closed", "end", "task"]
    assert logged() == []


async def test_the_client_leaves_a_generator_that_never_waits(asgi):
    """It would keep everybody else from running, for ever."""
    log, peer = [], asgi.Peer(b"")

    async def make():
        try:
            for number in range(10_000):
                if number == 5:
                    peer.leave()
                yield Item(number)
        finally:
            log.append("closed")

    await streaming(make)(asgi.scope(), peer.receive, peer.send)

    assert len(peer.sent) < 100
    assert log == ["closed"]


async def test_the_client_leaves_before_the_first_item(asgi, logged):
    """Which may be hours away."""
    log, peer = [], asgi.Peer(b"")

    async def make():
        try:
            peer.leave()
            await anyio.sleep_forever()
            yield Item(1)
        finally:
            log.append("closed")

    with anyio.fail_after(2):
        await streaming(make)(asgi.scope(), peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 400  # which servers drop
    assert log == ["closed"]
    assert logged() == []


@pytest.mark.parametrize("fails_at", [0, 1, 2, 3])
async def test_sending_fails(asgi, logged, fails_at):
    """That the client has left is no failure (ASGI: `send` raises OSError, or does not)."""
    closed, sent = [], []

    async def make():
        try:
            yield Item(1)
            yield Item(2)
        finally:
            closed.append(True)

    async def send(message):
        if len(sent) == fails_at:
            raise BrokenPipeError
        sent.append(message["type"])

    await streaming(make)(asgi.scope(), asgi.Peer(b"").receive, send)

    assert len(sent) == fails_at
    assert closed == [True]
    assert logged() == []


async def test_a_generator_that_fails_when_it_is_closed(asgi, logged):
    """Is an error like any other, told once."""
    peer = asgi.Peer(b"")

    async def make():
        try:
            yield Item(1)
            peer.leave()
            await anyio.sleep_forever()
        finally:
            raise KeyError

    with anyio.fail_after(2), pytest.raises(KeyError):
        await streaming(make)(asgi.scope(), peer.receive, peer.send)

    assert len(logged()) == 1


async def test_a_generator_that_does_not_end(asgi):
    """Gets a second."""
    peer, log = asgi.Peer(b""), []

    async def make():
        yield Item(1)
        try:
            yield Item(2)
        finally:
            log.append("closing")
            await anyio.sleep_forever()

    async def send(message):
        await peer.send(message)
        if message.get("body") == b'{"number":2}\n':
            peer.leave()
            await anyio.sleep_forever()

    with anyio.fail_after(4):
        await streaming(make)(asgi.scope(), peer.receive, send)

    assert log == ["closing"]


@pytest.mark.parametrize("before_the_first", [False, True])
async def test_a_cancelled_stream(asgi, logged, before_the_first):
    """The server stops: the generator is closed, and so is what it borrowed."""
    log = []

    async def session():
        try:
            yield
        finally:
            log.append("end")

    async def make():
        try:
            if not before_the_first:
                yield Item(1)
            await anyio.sleep_forever()
            yield Item(1)
        finally:
            log.append("closed")

    peer = asgi.Peer(b"")
    with anyio.move_on_after(0.03) as scope:
        await streaming(make, dependencies=[session])(asgi.scope(), peer.receive, peer.send)

    assert scope.cancelled_caught
    assert log == ["closed", "end"]
    assert logged() == []


async def test_a_cancelled_stream_may_wait_while_it_is_closed(asgi):
    log, peer = [], asgi.Peer(b"")

    async def make():
        try:
            yield Item(1)
            await anyio.sleep_forever()
        finally:
            await anyio.sleep(0.01)
            log.append("closed")

    async def send(message):
        await peer.send(message)
        if message.get("body"):
            await anyio.sleep_forever()

    with anyio.move_on_after(0.03):
        await streaming(make)(asgi.scope(), peer.receive, send)

    assert log == ["closed"]


async def test_what_the_server_fails_to_receive_is_an_error(asgi, logged):
    async def receive():
        raise RuntimeError("broken server")

    async def make():
        await anyio.sleep_forever()
        yield Item(1)

    peer = asgi.Peer()
    await streaming(make)(asgi.scope(), receive, peer.send)

    assert asgi.answer(peer.sent).status == 500
    assert len(logged()) == 1


# --- the body of a streaming request -----------------------------------------------------------


def echoing():
    app = App()

    @app.post("/")
    @returns(AsyncIterator[bytes], status_code=200)
    async def echo(request: Request) -> AsyncIterator[bytes]:
        yield b"<"
        async for chunk in request.stream():
            yield chunk
        yield b">"

    return app


@pytest.mark.parametrize(
    "parts", [[b""], [b"a"], [b"a", b"b"], [b"a", b"", b"b", b"c"], [b"", b"", b"a"]]
)
async def test_a_body_is_read_while_its_answer_is_sent(asgi, parts):
    """ASGI allows one `receive` at a time, and somebody watches for the client to leave."""
    peer = asgi.Peer(*parts)

    with anyio.fail_after(2):
        await echoing()(asgi.scope("POST"), peer.receive, peer.send)

    assert asgi.answer(peer.sent).body == b"<" + b"".join(parts) + b">"


@pytest.mark.parametrize("parts", [[None], [b"a", None], [b"a", b"b", None]])
async def test_the_client_leaves_while_its_body_is_echoed(asgi, logged, parts):
    peer = asgi.Peer(*parts)

    with anyio.fail_after(2):
        await echoing()(asgi.scope("POST"), peer.receive, peer.send)

    assert all(message.get("more_body", True) for message in peer.sent)
    assert logged() == []


@pytest.mark.parametrize("parts", [[b"ab", None], [b"ab", b"c"]])
async def test_a_body_that_is_read_in_a_task_group_of_a_stream(asgi, logged, parts):
    """That the client has left, or sends too much, is no failure there either."""
    app = App(max_body_size=2)

    @app.post("/")
    @returns(AsyncIterator[bytes], status_code=200)
    async def count(request: Request) -> AsyncIterator[bytes]:
        yield b"<"
        async with anyio.create_task_group() as group:
            group.start_soon(request.body)
        yield b">"

    peer = asgi.Peer(*parts)
    with anyio.fail_after(2):
        if parts[-1] is None:
            await app(asgi.scope("POST"), peer.receive, peer.send)
        else:
            with pytest.raises(BodyTooLarge):
                await app(asgi.scope("POST"), peer.receive, peer.send)

    assert [message.get("body") for message in peer.sent] == [None, b"<"]
    assert logged() == []


async def test_a_body_that_turns_out_to_be_too_large(asgi, logged):
    """The response has begun, so the connection is cut; the client did it, so no log tells."""
    app = App(max_body_size=2)

    @app.post("/")
    @returns(AsyncIterator[bytes], status_code=200)
    async def echo(request: Request) -> AsyncIterator[bytes]:
        yield b"<"
        async for chunk in request.stream():
            yield chunk

    peer = asgi.Peer(b"ab", b"c")
    with pytest.raises(BodyTooLarge):
        await app(asgi.scope("POST"), peer.receive, peer.send)

    assert [message.get("body") for message in peer.sent] == [None, b"<", b"ab"]
    assert logged() == []


async def test_a_body_is_taken_no_faster_than_it_is_read(asgi):
    """No more than the window ahead of the reader, whatever the client sends."""
    app = App(max_body_size=100 * WINDOW)
    peer = asgi.Peer(*[b"x" * WINDOW] * 10)
    read, ahead = 0, []

    @app.post("/")
    @returns(AsyncIterator[bytes], status_code=200)
    async def slow(request: Request) -> AsyncIterator[bytes]:
        nonlocal read
        yield b"<"
        async for part in request.stream():
            await anyio.sleep(0.001)
            ahead.append((10 - len(peer.parts)) - read)
            read += len(part) // WINDOW
            yield part
        yield b">"

    with anyio.fail_after(5):
        await app(asgi.scope("POST"), peer.receive, peer.send)

    assert max(ahead) <= 5
    assert len(asgi.answer(peer.sent).body) == 10 * WINDOW + 2


@pytest.mark.parametrize("parts", [1, 3, 10])
async def test_a_body_that_is_never_read_hides_no_client_that_leaves(asgi, parts):
    """The handler could read it, and does not; up to its limit it is kept, then dropped."""
    app, log = App(max_body_size=5), []

    @app.post("/")
    @returns(AsyncIterator[bytes], status_code=200)
    async def stream(request: Request) -> AsyncIterator[bytes]:
        try:
            yield b"x"
            await anyio.sleep_forever()
        finally:
            log.append("closed")

    peer = asgi.Peer(*[b"a"] * parts, None)
    with anyio.fail_after(2):
        await app(asgi.scope("POST"), peer.receive, peer.send)

    assert log == ["closed"]


@pytest.mark.parametrize("parts", [[b"a", None], [None]])
async def test_a_reader_that_is_told_that_the_client_has_left(asgi, parts):
    """Who waits for it learns of it too, and asks no more."""
    peer, told = asgi.Peer(*parts), []
    inbox = Inbox(peer.receive, 10)

    async def read():
        while not told:
            message = await inbox.receive()
            told.extend([message["type"]] * (message["type"] == "http.disconnect"))

    with anyio.fail_after(2):
        async with anyio.create_task_group() as group:
            group.start_soon(inbox.left)
            await anyio.lowlevel.checkpoint()
            group.start_soon(read)

    assert told == ["http.disconnect"]


async def test_who_waits_leaves_the_last_word_to_a_reader(asgi):
    """The reader is in the middle of asking when somebody begins to wait."""
    asked, answered = anyio.Event(), anyio.Event()

    async def receive():
        assert not asked.is_set(), "asked twice"
        asked.set()
        await answered.wait()
        return {"type": "http.disconnect"}

    inbox = Inbox(receive, 10)

    with anyio.fail_after(2):
        async with anyio.create_task_group() as group:
            group.start_soon(inbox.receive)
            await asked.wait()
            group.start_soon(inbox.left)
            await anyio.lowlevel.checkpoint()
            answered.set()


async def test_a_body_of_which_too_much_came_while_nobody_read(asgi):
    """It was dropped, so its late reader is refused; half of it would pass for the whole."""
    app, told = App(max_body_size=5), []

    @app.post("/")
    @returns(AsyncIterator[bytes], status_code=200)
    async def stream(request: Request) -> AsyncIterator[bytes]:
        yield b"x"
        while peer.parts:
            await anyio.lowlevel.checkpoint()
        try:
            await request.body()
        except BodyTooLarge as error:
            told.append(type(error))
        yield b"y"

    peer = asgi.Peer(*[b"aa"] * 3)
    with anyio.fail_after(2):
        await app(asgi.scope("POST"), peer.receive, peer.send)

    assert asgi.answer(peer.sent).body == b"xy"
    assert told == [BodyTooLarge]


async def test_a_body_that_nobody_reads_hides_no_client_that_leaves(asgi):
    """Where no function has the request, its parts are dropped."""
    app, log = App(), []

    @app.post("/")
    @returns(AsyncIterator[bytes], status_code=200)
    async def stream() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            await anyio.sleep_forever()
        finally:
            log.append("closed")

    peer = asgi.Peer(b"a", b"b", b"c", None)
    with anyio.fail_after(2):
        await app(asgi.scope("POST"), peer.receive, peer.send)

    assert log == ["closed"]


# --- events ------------------------------------------------------------------------------------


def event_plan(app):
    (endpoint,) = app.compile().endpoints.values()
    return endpoint.streams[200]


def events(make):
    return streaming(make, type_=ServerSentEvent, media_type="text/event-stream")


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (ServerSentEvent(data="a"), "data: a\n\n"),
        (ServerSentEvent(data="a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (ServerSentEvent(data=""), "data: \n\n"),
        (ServerSentEvent(data={"a": [1, None]}), 'data: {"a":[1,null]}\n\n'),
        (ServerSentEvent(), "data: null\n\n"),
        (
            ServerSentEvent(data="x", event="tick", id="7", retry=500),
            "event: tick\nid: 7\nretry: 500\ndata: x\n\n",
        ),
        (ServerSentEvent(data="\u00e9", id=""), "id: \ndata: \u00e9\n\n"),
    ],
)
async def test_an_event_as_its_lines(call, event, text):
    """HTML Standard 9.2.5: no line of the data can be another field."""

    async def make():
        yield event

    answer = await call(events(make))

    assert answer["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.body.decode() == text


@pytest.mark.parametrize(
    ("event", "sent"),
    [
        (ServerSentEvent(event="a\nb"), "an event whose event holds a line end or NUL"),
        (ServerSentEvent(id="a\rb"), "an event whose id holds a line end or NUL"),
        (ServerSentEvent(id="a\0b"), "an event whose id holds a line end or NUL"),
        (ServerSentEvent(data="\ud800"), "an event whose data is no valid Unicode"),
        (ServerSentEvent(data={1, 2}), None),
        (ServerSentEvent(data=object()), "a body that can't be encoded"),
        ("plain text", "an item of type str"),
    ],
)
async def test_an_event_that_can_not_be_sent(call, logged, event, sent):
    """A line end in a field would begin another one."""

    async def make():
        yield event

    answer = await call(events(make))

    assert answer.status == (200 if sent is None else 500)
    assert [sent in text for _, text in logged()] == ([] if sent is None else [True])


class Slow:
    """A client's side whose last message takes its time."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.sent = []

    async def receive(self):
        await anyio.sleep_forever()

    async def send(self, message):
        self.sent.append(message)
        if message["type"] == "http.response.body" and not message["more_body"]:
            await anyio.sleep(self.seconds)


async def test_silence_is_filled_with_comments(asgi):
    """Proxies close what is silent; nothing is sent behind the last message."""

    async def make():
        yield ServerSentEvent(data="a")
        await anyio.sleep(0.05)
        yield ServerSentEvent(data="b")

    peer = Slow(0.05)
    inbox = Inbox(peer.receive, 0)
    plan = event_plan(events(make))
    sender = StreamSender(Streaming(plan, make(), [], []), peer.send, silence=0.01)
    assert KEEP_ALIVE_SECONDS == 15  # as the README says

    with anyio.fail_after(2):
        await sender.send_all(inbox, head=False)

    bodies = [message["body"] for message in peer.sent[1:]]
    assert [body for body in bodies if body != KEEP_ALIVE] == [b"data: a\n\n", b"data: b\n\n", b""]
    assert bodies.count(KEEP_ALIVE) > 1
    assert [message["more_body"] for message in peer.sent[1:]].index(False) == len(bodies) - 1


async def test_a_comment_that_can_not_be_sent_tells_that_the_client_has_left(asgi):
    """Also where `receive` does not."""
    log = []

    async def make():
        try:
            yield ServerSentEvent(data="a")
            await anyio.sleep_forever()
        finally:
            log.append("closed")

    async def send(message):
        log.append(message.get("body"))
        if message.get("body") == KEEP_ALIVE:
            raise OSError

    inbox = Inbox(anyio.sleep_forever, 0)
    stream = Streaming(event_plan(events(make)), make(), [], [])

    with anyio.fail_after(2), pytest.raises(ClientDisconnected):
        await StreamSender(stream, send, silence=0.01).send_all(inbox, head=False)

    assert log == [None, b"data: a\n\n", KEEP_ALIVE, "closed"]


@pytest.mark.parametrize(
    "anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0)})], ids=["trio"]
)
@pytest.mark.parametrize("first", [0, 40])
async def test_a_stream_that_is_not_silent_has_no_comments(asgi, first):
    """Nor has one that has not begun: its fields come with its first event."""

    async def make():
        await anyio.sleep(first)
        for _ in range(4):
            yield ServerSentEvent(data="a")
            await anyio.sleep(10)
        await anyio.sleep(6)
        yield ServerSentEvent(data="b")

    peer = Slow(0)
    stream = Streaming(event_plan(events(make)), make(), [], [])
    await StreamSender(stream, peer.send).send_all(Inbox(peer.receive, 0), head=False)

    assert peer.sent[0]["type"] == "http.response.start"
    assert [message["body"] for message in peer.sent[1:]] == [
        *[b"data: a\n\n"] * 4,
        KEEP_ALIVE,
        b"data: b\n\n",
        b"",
    ]
