"""`with TestClient(app)` runs the lifespan of the app; what fails in it fails the test."""

import gc
import threading
from contextlib import asynccontextmanager

import anyio
import pytest

from redirflow import App, Request, SpecError
from redirflow.testing import TestClient


def living(log, *, start=None, stop=None):
    """A lifespan that notes what happens, and fails where it is told to."""

    @asynccontextmanager
    async def lifespan(app):
        log.append("up")
        if start:
            raise start
        yield {"pool": "the pool", "log": log}
        log.append("down")
        if stop:
            raise stop

    return lifespan


def app_with(lifespan, **options):
    app = App(lifespan=lifespan, **options)

    @app.get("/")
    async def pool(request: Request) -> str:
        return request.state.get("pool", "none")

    @app.get("/change")
    async def change(request: Request) -> str:
        request.scope["state"]["pool"] = "another"
        return request.scope["state"]["pool"]

    return app


def portals():
    return {thread for thread in threading.enumerate() if "portal" in thread.name}


def test_start_up_state_and_shutdown():
    log = []
    app = app_with(living(log))
    with TestClient(app) as client:
        assert log == ["up"]
        assert client.get("/").json() == "the pool"
        assert log == ["up"]

    assert log == ["up", "down"]


def test_each_request_has_its_own_copy_of_the_state():
    with TestClient(app_with(living([]))) as client:
        assert client.get("/change").json() == "another"
        assert client.get("/").json() == "the pool"


def test_the_lifespan_runs_in_the_loop_of_the_requests():
    loops = []

    @asynccontextmanager
    async def lifespan(app):
        loops.append(anyio.lowlevel.current_token())
        yield

    app = App(lifespan=lifespan)

    @app.get("/")
    async def note() -> None:
        loops.append(anyio.lowlevel.current_token())

    with TestClient(app) as client:
        client.get("/")

    assert loops[0] == loops[1]


def test_without_with_there_is_no_lifespan():
    log = []
    client = TestClient(app_with(living(log)))

    assert client.get("/").json() == "none"
    client.close()
    assert log == []


def test_an_app_can_be_tested_again_and_again():
    log = []
    app = app_with(living(log))
    for _ in range(2):
        with TestClient(app) as client:
            assert client.get("/").json() == "the pool"

    assert log == ["up", "down"] * 2


def test_a_failing_start_up_is_raised():
    before = portals()
    with (
        pytest.raises(ValueError, match="no database"),
        TestClient(app_with(living([], start=ValueError("no database")))),
    ):
        pytest.fail("it did not start")

    assert portals() == before


def test_a_failing_shutdown_is_raised():
    before = portals()
    with (
        pytest.raises(ValueError, match="not closed"),
        TestClient(app_with(living([], stop=ValueError("not closed")))) as client,
    ):
        assert client.get("/").json() == "the pool"

    assert portals() == before


def test_faults_of_the_app_are_the_spec_error_itself():
    log = []
    app = app_with(living(log))

    @app.get("/users/{user_id}")
    async def get_user() -> str: ...

    with pytest.raises(SpecError) as caught, TestClient(app):
        pytest.fail("it did not start")

    assert "user_id" in str(caught.value)
    assert log == []


def test_pytest_may_fail_in_a_lifespan():
    @asynccontextmanager
    async def lifespan(app):
        pytest.skip("no database here")
        yield

    with (
        pytest.raises(pytest.skip.Exception, match="no database here"),
        TestClient(App(lifespan=lifespan)),
    ):
        pytest.fail("it did not start")


async def deaf(scope, receive, send):
    assert scope["type"] == "http", "this middleware serves no lifespan"


async def mute(scope, receive, send):
    pass


async def sulking(scope, receive, send):
    await send({"type": "lifespan.startup.failed"})


async def quitting(scope, receive, send):
    assert (await receive())["type"] == "lifespan.startup"
    await send({"type": "lifespan.startup.complete"})
    assert (await receive())["type"] == "lifespan.shutdown"
    await send({"type": "lifespan.shutdown.failed", "message": "no"})


@pytest.mark.parametrize(
    ("middleware", "error", "text"),
    [
        (deaf, AssertionError, "serves no lifespan"),
        (mute, RuntimeError, "without an answer; does a middleware swallow it"),
        (sulking, RuntimeError, "lifespan.startup.failed"),
        (quitting, RuntimeError, "lifespan.shutdown.failed: no"),
    ],
)
def test_a_middleware_that_spoils_the_lifespan(middleware, error, text):
    app = App(middleware=[lambda inner: middleware])
    with pytest.raises(error, match=text), TestClient(app):
        pass


def test_a_closed_client_leaves_no_thread():
    before = portals()
    with TestClient(app_with(living([]))) as client:
        client.get("/")
        assert len(portals() - before) == 1

    assert portals() == before
    client.close()


def test_a_forgotten_client_leaves_no_thread():
    before = portals()
    client = TestClient(app_with(living([])))
    client.get("/")
    client.send(client.build_request("GET", "/"), stream=True)
    assert len(portals() - before) == 1
    del client
    gc.collect()

    assert portals() == before
