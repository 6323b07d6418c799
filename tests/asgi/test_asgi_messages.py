"""What is received and what is sent: each obligation of ASGI on single messages."""

from collections.abc import AsyncIterator
from typing import Never

import anyio
import pytest
from msgspec import Struct

from redirflow import (
    App,
    BackgroundTasks,
    CookieSpec,
    HeaderSpec,
    NotFound,
    Redirect,
    Request,
    Response,
    raises,
    redirects,
    returns,
)
from redirflow.http.request import ClientDisconnected


class Item(Struct):
    name: str


JSON = {"content-type": "application/json"}
BODY = b'{"name":"Lamp"}'


async def nothing() -> None:
    """A guard that does nothing, and sends an operation the careful way."""


def both_ways():
    """An operation with a body, served in the generated way and in the careful one."""
    app = App(max_body_size=100)

    async def add(item: Item) -> Item:
        return item

    app.post("/fast", name="fast")(add)
    app.post("/careful", name="careful", dependencies=[nothing])(add)
    return app


WAYS = pytest.mark.parametrize("path", ["/fast", "/careful"])


# --- receive -----------------------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize(
    "parts",
    [
        [BODY],
        [BODY[:5], BODY[5:]],
        [BODY[:5], b"", b"", BODY[5:], b""],
        [b"", BODY],
        [bytes([byte]) for byte in BODY],
        [{"type": "http.request", "body": BODY}],
        [
            {"type": "http.request", "more_body": True},
            {"type": "http.request", "body": BODY, "more_body": True},
            {"type": "http.request"},
        ],
    ],
)
async def test_a_body_in_pieces(asgi, path, parts):
    """`body` and `more_body` are optional, and a part may be empty."""
    peer = asgi.Peer(*parts)

    await both_ways()(asgi.scope("POST", path, headers=JSON), peer.receive, peer.send)

    assert asgi.answer(peer.sent).json() == {"name": "Lamp"}
    assert peer.parts == []


@WAYS
@pytest.mark.parametrize("parts", [[None], [BODY[:5], None], [b"", None], [BODY[:5], b"", None]])
async def test_the_client_leaves_before_its_body_is_whole(asgi, logged, path, parts):
    """First of all, or in the middle. Servers drop the answer, or need one for broken framing."""
    peer = asgi.Peer(*parts)

    await both_ways()(asgi.scope("POST", path, headers=JSON), peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 400
    assert logged() == []


async def test_the_client_has_left_for_good(asgi):
    """`http.disconnect` may come again and again; a handler that goes on asking is told again."""
    app, told = App(), []

    @app.post("/")
    async def ask(request: Request) -> str:
        for _ in range(3):
            try:
                await request.body()
            except (ClientDisconnected, RuntimeError) as error:
                told.append(type(error).__name__)
        return "x"

    peer = asgi.Peer(None)
    await app(asgi.scope("POST"), peer.receive, peer.send)

    assert told == ["ClientDisconnected", "RuntimeError", "RuntimeError"]


@WAYS
@pytest.mark.parametrize(
    ("parts", "taken"),
    [([b"x" * 101], 1), ([b"x" * 100, b"x", b"never read"], 2), ([b"x" * 60] * 5, 2)],
)
async def test_no_more_is_read_than_allowed(asgi, path, parts, taken):
    """Bytes are counted; a length that a client tells is not trusted."""
    peer = asgi.Peer(*parts)

    await both_ways()(asgi.scope("POST", path, headers=JSON), peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 413
    assert len(peer.parts) == len(parts) - taken


@pytest.mark.parametrize("length", ["101", "9" * 30])
async def test_a_length_that_is_too_large_is_believed(asgi, length):
    """Nothing is read then."""
    peer = asgi.Peer(BODY)
    fields = {**JSON, "content-length": length}

    await both_ways()(asgi.scope("POST", "/careful", headers=fields), peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 413
    assert peer.parts == [BODY]


@pytest.mark.parametrize("length", ["", "x", "-1", "1", "\u00b2"])
@WAYS
async def test_a_length_that_is_wrong_is_not_believed(asgi, path, length):
    peer = asgi.Peer(BODY)
    fields = [(b"host", b"a"), (b"content-type", b"application/json")]
    fields.append((b"content-length", length.encode("latin-1")))

    await both_ways()(asgi.scope("POST", path, fields=fields), peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 201


async def test_what_needs_no_body_reads_none(asgi):
    """So a client may go on sending it; the server drops it."""
    app = App()

    @app.post("/")
    async def ping(request: Request, tasks: BackgroundTasks) -> str:
        return "x"

    peer = asgi.Peer(b"unread")
    await app(asgi.scope("POST"), peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 201
    assert peer.parts == [b"unread"]


# --- send --------------------------------------------------------------------------------------


def of_every_kind():
    """An app whose paths answer in every way there is."""
    app = App()

    @app.get("/value")
    async def value() -> Item:
        return Item("a")

    @app.get("/nothing")
    async def no_value() -> None: ...

    @app.get("/text")
    @returns(str, media_type="text/plain")
    async def text() -> str:
        return "caf\u00e9"

    @app.get("/bytes")
    @returns(bytes, media_type="image/png")
    async def picture() -> bytes:
        return b"\x89PNG" * 2000

    @app.get("/205")
    @returns(None, status_code=205)
    async def reset() -> None: ...

    @app.get("/304")
    @returns(None, status_code=304, headers={"ETag": HeaderSpec()})
    async def unchanged() -> Response[None]:
        return Response(status_code=304, headers={"ETag": '"x"'})

    @app.get("/redirect")
    @redirects(303, to=value, cookies={"sid": CookieSpec()})
    async def away() -> Redirect:
        return Redirect.to(value).with_cookies({"sid": None})

    @app.get("/error")
    @raises(NotFound)
    async def error() -> Never:
        raise NotFound("no")

    @app.get("/broken")
    async def broken() -> int:
        raise RuntimeError

    @app.get("/violation")
    async def violation() -> Item:
        return 5  # type: ignore[return-value]

    @app.get("/lines")
    async def lines() -> AsyncIterator[Item]:
        yield Item("a")
        yield Item("b")

    @app.get("/sync")
    def sync() -> str:
        return "x"

    return app


EVERY = of_every_kind()
KINDS = [
    *("/value", "/nothing", "/text", "/bytes", "/205", "/304", "/redirect", "/error", "/broken"),
    *("/violation", "/lines", "/sync", "/value/", "/nix", "/openapi.json", "/docs"),
]
METHODS = ["GET", "HEAD", "OPTIONS", "POST"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", KINDS)
async def test_one_start_and_a_body(asgi, path, method):
    """Exactly one start, at least one body, nothing behind the last, a length that is right:
    `asgi.answer` looks at all of it.
    """
    peer = asgi.Peer(b"")

    await EVERY(asgi.scope(method, path), peer.receive, peer.send)

    answer = asgi.answer(peer.sent, method)
    forbidden = {b"connection", b"transfer-encoding", b"keep-alive", b"date", b"server"}
    assert not {name for name, _ in answer.headers} & forbidden
    assert all(not name.startswith(b":") for name, _ in answer.headers)
    if answer.status in {204, 304} or path == "/lines":
        assert answer["content-length"] is None or path == "/lines"
    else:
        assert answer["content-length"] is not None


async def test_the_end_of_a_stream_is_sent_whole(asgi):
    """A server may tell of the disconnect while it still closes the connection in `send`."""
    peer, closed = asgi.Peer(b""), []

    async def send(message):
        await peer.send(message)
        if message["type"] == "http.response.body" and not message["more_body"]:
            for _ in range(10):
                await anyio.lowlevel.checkpoint()
            closed.append(True)

    await EVERY(asgi.scope("GET", "/lines"), peer.receive, send)

    assert closed == [True]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("fails_at", [0, 1])
async def test_sending_fails(asgi, caplog, path, method, fails_at):
    """`send` may raise OSError when the client has left, or do nothing; nobody is told twice."""
    sent = []

    async def send(message):
        if len(sent) == fails_at:
            raise BrokenPipeError("gone")
        sent.append(message)

    await EVERY(asgi.scope(method, path), asgi.Peer(b"").receive, send)

    assert len(sent) == fails_at
    logs = [record.getMessage().partition(" (")[0] for record in caplog.records]
    own = {"/broken": ["broken"], "/violation": ["violation"]}
    assert logs == (own.get(path, []) if method in {"GET", "HEAD"} else [])


@pytest.mark.parametrize("path", KINDS)
async def test_another_error_of_send_is_the_server_s(asgi, path):
    """It is not ours to hide."""

    async def send(message):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await EVERY(asgi.scope("GET", path), asgi.Peer(b"").receive, send)


async def test_generators_have_ended_when_sending_fails(asgi):
    app, log = App(), []

    async def session():
        yield
        log.append("commit")

    @app.get("/", dependencies=[session])
    async def show(tasks: BackgroundTasks) -> str:
        tasks.add(log.append, "task")
        return "x"

    async def send(message):
        raise OSError

    await app(asgi.scope(), asgi.Peer(b"").receive, send)

    assert log == ["commit", "task"]


async def test_each_response_has_fields_of_its_own(asgi):
    """A middleware may change them; the next response is not the worse for it."""
    for path in KINDS:
        answers = []
        for _ in range(2):
            peer = asgi.Peer(b"")

            async def send(message, peer=peer):
                await peer.send({**message})
                if "headers" in message:
                    message["headers"].append((b"x-more", b"1"))

            await EVERY(asgi.scope("GET", path), peer.receive, send)
            answers.append(asgi.answer(peer.sent))

        # What was sent first holds the very list to which the middleware adds.
        assert [field for field in answers[0].headers if field[0] != b"x-more"] == [
            field for field in answers[1].headers if field[0] != b"x-more"
        ]
        assert len(answers[0].headers) == len(answers[1].headers)
