"""What goes wrong in the app is raised in the test: as it is, and where it can be seen."""

import signal
import threading
import traceback
from collections.abc import AsyncIterator
from typing import Annotated, Never

import anyio
import httpx2
import pytest
from msgspec import Struct

from redirflow import (
    App,
    BackgroundTasks,
    Depends,
    NotFound,
    Redirect,
    SpecError,
    raises,
    redirects,
    reroutes,
)
from redirflow.testing import ContractViolation, TestClient

app = App()


class User(Struct):
    id: int


class Broken(Exception):
    pass


async def database() -> AsyncIterator[str]:
    try:
        yield "session"
    finally:
        raise Broken("commit")


@app.get("/undeclared")
async def undeclared() -> User:
    raise NotFound("not declared")


@app.get("/wrong-type")
async def wrong_type() -> User:
    return {"id": "x"}


@app.get("/elsewhere")
@redirects(303, to="/declared")
async def elsewhere() -> Never:
    raise Redirect("/undeclared")


@app.get("/declared")
@raises(NotFound)
async def declared() -> User:
    raise NotFound("as promised")


@app.get("/broken")
async def broken() -> User:
    try:
        {}["key"]
    except KeyError:
        raise Broken("here")  # noqa: B904 - an exception while another one is handled


@app.get("/broken-thread")
def broken_thread() -> User:
    raise Broken("in a thread")


@app.get("/commit")
async def commit(session: Annotated[str, Depends(database)]) -> User:
    raise Broken("handler")


@app.get("/stream")
async def stream() -> AsyncIterator[User]:
    yield User(1)
    raise Broken("after the first")


@app.get("/pytest")
async def in_pytest() -> User:
    pytest.fail("told by the handler")


@app.get("/task")
async def with_task(tasks: BackgroundTasks) -> str:
    tasks.add(done.append, "task")
    return "sent"


@app.get("/rerouted")
@reroutes(to=broken)
async def rerouted() -> Never:
    from redirflow import Reroute

    raise Reroute.to(broken)


@app.get("/hanging")
async def hanging() -> str:
    waits.set()
    try:
        await anyio.sleep_forever()
    finally:
        done.append("cancelled")


done = []
waits = threading.Event()


@pytest.fixture(scope="module")
def client():
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="module")
def lenient():
    with TestClient(app, raise_violations=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/undeclared", "/wrong-type", "/elsewhere"])
def test_contract_violations_are_raised(client, lenient, path):
    with pytest.raises(ContractViolation):
        client.get(path)

    response = lenient.get(path)
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"


def test_declared_errors_are_responses(client):
    assert client.get("/declared").status_code == 404
    assert client.get("/nothing").status_code == 404


@pytest.mark.parametrize("path", ["/broken", "/broken-thread", "/rerouted"])
def test_an_unexpected_exception_is_raised_itself(client, lenient, path):
    with pytest.raises(Broken):
        client.get(path)

    assert lenient.get(path).status_code == 500


def test_the_traceback_shows_the_line_of_the_handler(client):
    with pytest.raises(Broken) as caught:
        client.get("/broken")

    lines = [frame.line for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert any(line.startswith('raise Broken("here")') for line in lines)
    assert isinstance(caught.value.__context__, KeyError)


def test_the_first_of_several_is_raised_and_tells_of_the_others(client):
    with pytest.raises(Broken, match="handler") as caught:
        client.get("/commit")

    assert caught.value.__notes__ == ["and then: Broken: commit"]


def test_the_client_is_fine_afterwards(client):
    with pytest.raises(Broken):
        client.get("/broken")

    assert client.get("/declared").status_code == 404


def test_cookies_and_hooks_see_the_response_first(client):
    """The exception comes once the response is complete."""
    seen = []
    client.event_hooks = {"response": [lambda response: seen.append(response.status_code)]}
    with pytest.raises(Broken):
        client.get("/broken")
    client.event_hooks = {}

    assert seen == [500]


def test_what_a_stream_raises_comes_after_its_chunks(client, lenient):
    chunks = []
    with (
        pytest.raises(Broken, match="after the first"),
        client.stream("GET", "/stream") as response,
    ):
        chunks += response.iter_lines()
    assert chunks == ['{"id":1}']

    with pytest.raises(httpx2.RemoteProtocolError, match="before its response was complete"):
        lenient.get("/stream")


def test_pytest_may_fail_in_a_handler(client, lenient):
    """`fail` and `skip` of pytest are no `Exception`, and are heard in any case."""
    for each in (client, lenient):
        with pytest.raises(pytest.fail.Exception, match="told by the handler"):
            each.get("/pytest")


def test_background_tasks_have_run_when_the_response_is_there(client):
    done.clear()

    assert client.get("/task").json() == "sent"
    assert done == ["task"]


class Interrupted(BaseException):
    """What a time limit raises in a test, or a person at the keyboard."""


def test_a_test_that_is_interrupted_does_not_wait_for_its_app():
    noticed = threading.Event()

    def interrupt():
        waits.wait()
        while not noticed.wait(0.05):  # a signal just before a thread sleeps does not wake it
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    def interrupted(number, frame):
        if not noticed.is_set():
            noticed.set()
            raise Interrupted

    done.clear()
    before = signal.signal(signal.SIGUSR1, interrupted)
    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(Interrupted), TestClient(app) as client:
        client.get("/hanging")
    interrupter.join()
    signal.signal(signal.SIGUSR1, before)

    assert done == ["cancelled"]


def test_faults_of_an_app_are_a_spec_error_without_lifespan_too():
    faulty = App()

    @faulty.get("/users/{user_id}")
    async def get_user() -> User: ...

    for strict in (True, False):
        client = TestClient(faulty, raise_violations=strict)
        with pytest.raises(SpecError, match="user_id"):
            client.get("/")
        client.close()


# --- apps that are not redirflow's: middleware and mounts ------------------------------------


def wrapped(asgi):
    """An app whose middleware is *asgi*."""
    return App(middleware=[lambda inner: asgi])


async def raising(scope, receive, send):
    raise Broken("in the middleware")


async def silent(scope, receive, send):
    pass


async def breaking_off(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})


async def raising_late(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})
    raise Broken("after the response")


async def headless(scope, receive, send):
    await send({"type": "http.response.body", "body": b""})


async def twice(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def endless(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize(
    ("asgi", "error", "text"),
    [
        (raising, Broken, "in the middleware"),
        (silent, RuntimeError, "ended without a response"),
        (breaking_off, httpx2.RemoteProtocolError, "before its response was complete"),
        (raising_late, Broken, "after the response"),
        (headless, RuntimeError, "'http.response.body' out of turn"),
        (twice, RuntimeError, "'http.response.start' out of turn"),
        (endless, RuntimeError, "'http.response.body' out of turn"),
    ],
)
def test_middleware_that_breaks_the_protocol(asgi, error, text):
    client = TestClient(wrapped(asgi))
    with pytest.raises(error, match=text):
        client.get("/")
    client.close()


@pytest.mark.parametrize("asgi", [raising, silent, headless])
def test_where_there_is_no_response_a_server_answers_500(asgi):
    client = TestClient(wrapped(asgi), raise_violations=False)
    response = client.get("/")

    assert response.status_code == 500
    assert response.text == "Internal Server Error"
    client.close()


def test_what_comes_after_a_complete_response_is_not_seen_by_clients():
    client = TestClient(wrapped(raising_late), raise_violations=False)

    assert client.get("/").status_code == 200
    client.close()
