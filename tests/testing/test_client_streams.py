"""Streams are received as they are sent, and an app is told when its client leaves."""

from collections.abc import AsyncIterator
from itertools import count
from typing import Annotated

import anyio
import anyio.lowlevel
import pytest
from msgspec import Struct

from redirflow import App, Depends, ServerSentEvent, returns
from redirflow.testing import TestClient, exchange


class Tick(Struct):
    n: int


class Broken(Exception):
    pass


log = []
app = App()


async def session() -> AsyncIterator[str]:
    log.append("begin")
    try:
        yield "session"
    finally:
        log.append("end")


@app.get("/events")
@returns(media_type="text/event-stream")
async def events(session: Annotated[str, Depends(session)]) -> AsyncIterator[ServerSentEvent]:
    try:
        for number in count():
            log.append(number)
            yield ServerSentEvent(data={"n": number}, event="tick")
            await anyio.lowlevel.checkpoint()
    finally:
        log.append("closed")


@app.get("/busy")
async def busy() -> AsyncIterator[Tick]:
    """Never waits for anything."""
    for number in count():
        yield Tick(number)


@app.get("/waiting")
async def waiting() -> AsyncIterator[Tick]:
    yield Tick(1)
    try:
        await anyio.sleep_forever()
    finally:
        log.append("cancelled")


@app.get("/spoiled")
async def spoiled() -> AsyncIterator[Tick]:
    try:
        for number in count():
            yield Tick(number)
    finally:
        raise Broken("while closing")


@app.get("/few")
async def few() -> AsyncIterator[Tick]:
    for number in range(3):
        log.append(number)
        yield Tick(number)


async def stubborn(scope, receive, send):
    """Goes on whatever happens."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b"x", "more_body": True})


async def attentive(scope, receive, send):
    """Notes what it is told."""
    log.append((await receive())["type"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})
    log.append((await receive())["type"])


app.mount("/stubborn", stubborn)
app.mount("/attentive", attentive)


@pytest.fixture
def client():
    log.clear()
    with TestClient(app) as client:
        yield client


def test_a_whole_stream(client):
    assert client.get("/few").text == '{"n":0}\n{"n":1}\n{"n":2}\n'


def test_an_endless_stream_is_read_as_long_as_one_likes(client):
    lines = []
    with client.stream("GET", "/events") as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            lines.append(line)
            if len(lines) == 5:
                break

    assert lines == ["event: tick", 'data: {"n":0}', "", "event: tick", 'data: {"n":1}']
    assert log[0] == "begin"
    assert log[-2:] == ["closed", "end"]


def test_the_app_does_not_run_ahead_of_the_client(client):
    with client.stream("GET", "/few") as response:
        chunks = response.iter_raw()
        assert next(chunks) == b'{"n":0}\n'
        assert 2 not in log
        assert [*chunks] == [b'{"n":1}\n', b'{"n":2}\n']


@pytest.mark.parametrize("path", ["/busy", "/waiting", "/events"])
def test_a_client_may_leave_at_once(client, path):
    with client.stream("GET", path) as response:
        assert response.status_code == 200


def test_a_client_that_leaves_is_noticed_by_a_stream_that_waits(client):
    with client.stream("GET", "/waiting") as response:
        lines = response.iter_lines()
        assert next(lines) == '{"n":1}'
        assert log == []

    assert log == ["cancelled"]


def test_several_streams_at_once(client):
    with client.stream("GET", "/busy") as one, client.stream("GET", "/busy") as other:
        ones, others = one.iter_lines(), other.iter_lines()

        assert [next(ones), next(others), next(ones)] == ['{"n":0}', '{"n":0}', '{"n":1}']
        assert client.get("/few").status_code == 200


def test_events_as_httpx2_reads_them(client):
    with client.sse("/events") as source:
        events = iter(source)

        assert next(events).json() == {"n": 0}
        assert next(events).event == "tick"


def test_an_error_while_closing_is_raised(client):
    with pytest.raises(Broken, match="while closing"), client.stream("GET", "/spoiled"):
        pass


def test_the_end_of_a_response_is_a_disconnect(client):
    assert client.get("/attentive/").text == "x"
    assert log == ["http.request", "http.disconnect"]


def test_an_app_that_ignores_its_client_is_told_of(client, monkeypatch):
    monkeypatch.setattr(exchange, "LEAVING_SECONDS", 0.05)
    late = r"the app goes on 0\.05 s after its client has left"
    with pytest.raises(TimeoutError, match=late), client.stream("GET", "/stubborn/"):
        pass

    assert client.get("/few").status_code == 200


def test_a_stream_left_open_ends_with_the_client():
    log.clear()
    with TestClient(app) as client:
        request = client.build_request("GET", "/waiting")
        lines = client.send(request, stream=True).iter_lines()
        assert next(lines) == '{"n":1}'
        assert log == []

    assert log == ["cancelled"]
