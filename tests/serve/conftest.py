"""Calls an app in process, message by message, and holds every answer to the rules of ASGI."""

import json
from dataclasses import dataclass

import anyio
import pytest

HOST = (b"host", b"testserver")


@dataclass(frozen=True)
class Answer:
    """What was sent; `answer["allow"]` is the value of a field."""

    status: int
    headers: list
    body: bytes

    def __getitem__(self, name):
        values = [value.decode("latin-1") for key, value in self.headers if key == name.encode()]
        assert len(values) < 2, f"{name} repeats"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    @property
    def detail(self):
        return self.json().get("detail")


def answer_of(messages, method="GET"):
    """The answer in *messages*, which must be one well-formed response (ASGI, "Response")."""
    start, *bodies = messages
    assert start["type"] == "http.response.start"
    assert bodies
    assert all(message["type"] == "http.response.body" for message in bodies)
    more = [message.get("more_body", False) for message in bodies]
    assert more == [True] * (len(bodies) - 1) + [False]
    body = b"".join(message.get("body", b"") for message in bodies)
    answer = Answer(start["status"], list(start["headers"]), body)
    for name, value in answer.headers:
        assert type(name) is bytes
        assert type(value) is bytes
        assert name == name.lower()
        assert not set(value) & set(b"\r\n\0")
        assert value == value.strip()
    if method == "HEAD" or answer.status in {204, 304}:
        assert body == b""
    elif answer["content-length"] is not None:
        assert int(answer["content-length"]) == len(body)
    return answer


def scope_of(method="GET", path="/", *, query=b"", headers=(), host=HOST, fields=None, **more):
    """An HTTP scope: only what ASGI requires, and *more*; *fields* are all of its fields."""
    if fields is None:
        fields = [(name.encode(), value.encode()) for name, value in dict(headers).items()]
        fields = [host, *fields] if host else fields
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": fields,
        **more,
    }


class Peer:
    """The client's side of one exchange.

    Args:
        parts: of the body. Behind the last the client waits for its answer; `None` among
            them means that it leaves there.
    """

    def __init__(self, *parts):
        self.parts = [*parts]
        self.sent = []
        self.receiving = False
        self.answered = anyio.Event()

    async def receive(self):
        assert not self.receiving, "two receive() at once"
        self.receiving = True
        try:
            return await self._next()
        finally:
            self.receiving = False

    async def _next(self):
        if not self.parts:
            await self.answered.wait()
            return {"type": "http.disconnect"}
        if self.parts[0] is None:
            return {"type": "http.disconnect"}
        part = self.parts.pop(0)
        if isinstance(part, dict):
            return part
        return {"type": "http.request", "body": part, "more_body": bool(self.parts)}

    def leave(self):
        """Leave now, where the client would wait for its answer."""
        self.answered.set()

    async def send(self, message):
        self.sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.answered.set()


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def call():
    """Asks an app; gives an `Answer`."""

    async def call(app, method="GET", path="/", *, body=b"", **more):
        peer = Peer(*(body if isinstance(body, list) else [body]))
        await app(scope_of(method, path, **more), peer.receive, peer.send)
        return answer_of(peer.sent, method)

    return call


@pytest.fixture(scope="session")
def post_json(call):
    """Posts a value as JSON; gives an `Answer`."""

    async def post_json(app, path, value, **more):
        headers = {"content-type": "application/json", **more.pop("headers", {})}
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return await call(app, "POST", path, body=body, headers=headers, **more)

    return post_json


@pytest.fixture(scope="session")
def at_once():
    """`at_once(app, scope, body)` serves a request that has to wait for nothing, without a loop.

    It gives the messages that were sent. Thousands of requests a second, for hypothesis.
    """

    def at_once(app, scope, *parts):
        waiting = [
            {"type": "http.request", "body": part, "more_body": index + 1 < len(parts)}
            for index, part in enumerate(parts)
        ]
        sent = []

        async def receive():
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        running = app(scope, receive, send)
        try:
            running.send(None)
        except StopIteration:
            return sent
        raise AssertionError("the app waits for something")

    return at_once


@pytest.fixture(scope="session")
def asgi():
    """The pieces themselves, for tests that look at single messages."""

    class Pieces:
        scope = staticmethod(scope_of)
        answer = staticmethod(answer_of)
        Peer = Peer

    return Pieces


@pytest.fixture
def logged(caplog):
    """`logged()` gives the records of redirflow so far, each as `(level, text)`."""

    def logged():
        return [
            (record.levelname, record.getMessage())
            for record in caplog.records
            if record.name == "redirflow"
        ]

    return logged
