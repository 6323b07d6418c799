"""Start-up and shutdown: told exactly once each, whatever happens in between."""

from contextlib import asynccontextmanager, contextmanager
from inspect import unwrap

import anyio
import pytest

from redirflow import App, Request, SpecError
from redirflow.declare.faults import Place
from redirflow.serve.failures import RAISED


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


async def lived(app, *, during=None, **more):
    """What *app* says in one lifespan; *during* runs between start-up and shutdown."""
    sent, scope = [], {"type": "lifespan", "asgi": {"version": "3.0"}, **more}
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive():
        if len(messages) == 1 and during is not None:
            await during(scope)
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    return sent


COMPLETE = [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


def logging_lifespan(log, name, *, state=None, fails=None):
    @asynccontextmanager
    async def lifespan(app):
        log.append(f"{name} up")
        if fails == "up":
            raise RuntimeError(f"{name} failed")
        try:
            yield state
        finally:
            log.append(f"{name} down")
            if fails == "down":
                raise RuntimeError(f"{name} failed")

    return lifespan


async def test_an_app_without_a_lifespan():
    assert await lived(App()) == COMPLETE


@pytest.mark.parametrize("state", [None, {}, {"pool": object()}])
async def test_the_state_is_copied_into_the_scope(state):
    """The server hands it to each request; one that knows no state gets none."""
    app, log, seen = App(lifespan=logging_lifespan(log := [], "one", state=state)), log, []

    async def during(scope):
        seen.append({**scope["state"]})

    given = {"server": "own"}
    assert await lived(app, during=during, state=given) == COMPLETE
    assert await lived(app, during=during) == COMPLETE
    assert seen == [{"server": "own", **(state or {})}, {**(state or {})}]
    assert log == ["one up", "one down"] * 2


async def test_a_request_sees_the_state(call):
    app = App()

    @app.get("/")
    async def show(request: Request) -> str:
        return request.state["pool"]

    assert (await call(app, state={"pool": "a pool"})).json() == "a pool"


async def test_a_lifespan_gets_its_app():
    given = []

    @asynccontextmanager
    async def lifespan(app):
        given.append(app)
        yield

    app = App(lifespan=lifespan)
    await lived(app)

    assert given == [app]


async def test_several_lifespans():
    """Entered in order and left in reverse; the last of equal keys counts."""
    log = []
    app = App(
        lifespan=[
            logging_lifespan(log, "one", state={"a": 1, "b": 1}),
            logging_lifespan(log, "two"),
            logging_lifespan(log, "three", state={"b": 3}),
        ]
    )
    state = {}

    assert await lived(app, state=state) == COMPLETE
    assert state == {"a": 1, "b": 3}
    assert log == ["one up", "two up", "three up", "three down", "two down", "one down"]


async def test_a_start_up_that_fails(logged):
    """What was entered is left; the server is told instead of left to guess."""
    log = []
    app = App(lifespan=[logging_lifespan(log, "one"), logging_lifespan(log, "two", fails="up")])

    assert await lived(app) == [
        {"type": "lifespan.startup.failed", "message": "RuntimeError: two failed"}
    ]
    assert log == ["one up", "two up", "one down"]
    assert logged() == [("ERROR", "the lifespan failed at startup")]


async def test_a_start_up_that_fails_and_one_that_fails_to_end(logged):
    """The server is told of both, of what failed first before the other."""
    log = []
    one = logging_lifespan(log, "one", fails="down")
    two = logging_lifespan(log, "two", fails="up")

    assert await lived(App(lifespan=[one, two])) == [
        {
            "type": "lifespan.startup.failed",
            "message": "RuntimeError: two failed\nRuntimeError: one failed",
        }
    ]
    assert logged() == [("ERROR", "the lifespan failed at startup")]


THREE_AND_TWO = "RuntimeError: three failed\nRuntimeError: two failed"


async def test_a_shutdown_that_fails(logged):
    """Each is left, even if another fails; what failed first is told first."""
    log, raised = [], []
    app = App(
        lifespan=[
            logging_lifespan(log, "one"),
            logging_lifespan(log, "two", fails="down"),
            logging_lifespan(log, "three", fails="down"),
        ]
    )

    assert await lived(app, **{RAISED: raised}) == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.failed", "message": THREE_AND_TWO},
    ]
    assert log[3:] == ["three down", "two down", "one down"]
    assert logged() == [("ERROR", "the lifespan failed at shutdown")]
    assert [str(error) for error in raised] == ["two failed"]


async def test_the_hooks_of_others_run(logged):
    """What stands behind a `yield` is done, without a `finally`, if another one fails."""
    log = []

    def closing(name, fails=None):
        @asynccontextmanager
        async def lifespan(app):
            if fails == "up":
                raise RuntimeError(name)
            yield
            log.append(name)
            if fails == "down":
                raise RuntimeError(name)

        return lifespan

    await lived(App(lifespan=[closing("a"), closing("b", "down"), closing("c")]))
    await lived(App(lifespan=[closing("d"), closing("e"), closing("f", "up")]))

    assert log == ["c", "b", "a", "e", "d"]
    assert logged() == [
        ("ERROR", "the lifespan failed at shutdown"),
        ("ERROR", "the lifespan failed at startup"),
    ]


async def test_a_lifespan_that_yields_something_else_is_left(logged):
    """What is no mapping fails the start-up, and what was entered ends."""
    log = []

    @asynccontextmanager
    async def lifespan(app):
        yield 5
        log.append("left")

    (told,) = await lived(App(lifespan=lifespan))

    assert told["type"] == "lifespan.startup.failed"
    assert log == ["left"]
    assert logged() == [("ERROR", "the lifespan failed at startup")]


def faulty():
    app = App()

    @app.get("/{a}")
    async def show() -> str:
        return "x"

    return app


async def test_wrong_declarations_fail_the_start_up(logged):
    """With the whole text of the `SpecError`, which the server logs."""
    app, raised = faulty(), []

    ((message),) = await lived(app, **{RAISED: raised})

    assert message["type"] == "lifespan.startup.failed"
    assert message["message"].startswith("1 fault in the declarations of this app\n")
    assert "show: the path parameter 'a' of '/{a}' is not an argument" in message["message"]
    assert [str(error) for error in raised] == [message["message"]]
    assert logged() == []


@pytest.mark.parametrize("stage", ["startup", "shutdown"])
async def test_a_spec_error_of_a_lifespan(stage):
    """Is told at the stage at which it happens."""

    @asynccontextmanager
    async def lifespan(app):
        if stage == "startup":
            raise SpecError([])
        yield
        raise SpecError([])

    *_, last = await lived(App(lifespan=lifespan))

    assert last["type"] == f"lifespan.{stage}.failed"


async def test_wrong_declarations_refuse_the_first_request_too(call):
    """Where the server sends no lifespan."""
    app = faulty()

    for _ in range(2):
        with pytest.raises(SpecError):
            await call(app, "GET", "/x")


async def test_a_cancelled_lifespan_leaves_what_it_entered():
    log = []
    app = App(lifespan=logging_lifespan(log, "one"))

    with anyio.move_on_after(0.02):
        await lived(app, during=lambda scope: anyio.sleep_forever())

    assert log == ["one up", "one down"]


async def test_an_app_can_live_twice(call):
    app = App()

    @app.get("/")
    async def show() -> str:
        return "x"

    for _ in range(2):
        assert await lived(app) == COMPLETE
        assert (await call(app)).status == 200


@asynccontextmanager
async def good(app):
    yield


async def bare(app):
    yield


def plain(app):
    yield


async def awaitable(app):
    pass


@contextmanager
def for_with(app):
    yield


@pytest.mark.parametrize(
    ("lifespan", "gives"),
    [
        (bare, "an async generator"),
        (plain, "a generator"),
        (awaitable, "a coroutine"),
        (for_with, "a context manager for `with`"),
    ],
)
@pytest.mark.parametrize("several", [False, True])
def test_what_is_no_lifespan(lifespan, gives, several):
    """The decorator is easily forgotten, or taken for another."""
    with pytest.raises(SpecError) as caught:
        App(lifespan=[good, lifespan] if several else lifespan)

    (fault,) = caught.value.faults
    assert fault.found == f"lifespan={lifespan.__name__}, which gives {gives}"
    assert fault.allowed == "an async context manager of the app, or several"
    assert fault.write == "@asynccontextmanager on an async generator that yields once"
    assert fault.place == Place(__file__, unwrap(lifespan).__code__.co_firstlineno)


@pytest.mark.parametrize("called", [good(None), for_with(None)])
def test_a_lifespan_that_was_called_already(called):
    with pytest.raises(SpecError, match=r"called already\n.*\n *write: lifespan=lifespan$"):
        App(lifespan=called)


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        (lambda app: None, "None"),
        (awaitable, "a value of type coroutine"),
        (for_with, "a value of type _GeneratorContextManager"),
    ],
)
async def test_what_gives_no_lifespan(gives, said, logged):
    """Known when the app starts; a coroutine is closed, so that no warning follows."""
    log = []

    def lifespan(app):
        return gives(app)

    (told,) = await lived(App(lifespan=[logging_lifespan(log, "one"), lifespan]))

    assert told["type"] == "lifespan.startup.failed"
    assert f"lifespan=lifespan, which gives {said}\n" in told["message"]
    assert str(Place(__file__, lifespan.__code__.co_firstlineno)) in told["message"]
    assert log == ["one up", "one down"]
    assert logged() == []


async def test_a_lifespan_may_be_an_object():
    """What is called with the app and gives itself, as some libraries have it."""

    class Lifespan:
        def __call__(self, app):
            return self

        async def __aenter__(self):
            return {"pool": 1}

        async def __aexit__(self, *raised):
            pass

    state = {}

    assert await lived(App(lifespan=Lifespan()), state=state) == COMPLETE
    assert state == {"pool": 1}


# --- other scopes ------------------------------------------------------------------------------


@pytest.mark.parametrize("compiled", [False, True])
async def test_a_scope_of_another_type_is_refused(compiled):
    """So that a server finds out that it is not served (ASGI, "Protocol Specifications")."""
    app = App()
    if compiled:
        await lived(app)

    with pytest.raises(ValueError, match=r"^an ASGI scope of the unknown type 'smtp'$"):
        await app({"type": "smtp"}, anyio.sleep_forever, anyio.sleep_forever)


async def test_middleware_is_around_every_scope(asgi):
    """The first is outermost; it sees lifespan and websocket as well as http."""
    log = []

    def named(name):
        def factory(app):
            async def middleware(scope, receive, send):
                log.append(f"{name} {scope['type']}")
                await app(scope, receive, send)
                log.append(f"{name} done")

            return middleware

        return factory

    app = App(middleware=[named("outer"), named("inner")])
    peer, sent = asgi.Peer(b""), []

    async def send(message):
        sent.append(message["type"])

    await lived(app)
    await app(asgi.scope(), peer.receive, peer.send)
    await app({"type": "websocket", "path": "/", "headers": []}, peer.receive, send)

    assert asgi.answer(peer.sent).status == 404
    assert sent == ["websocket.close"]
    assert log == [
        line
        for kind in ("lifespan", "http", "websocket")
        for line in (f"outer {kind}", f"inner {kind}", "inner done", "outer done")
    ]


async def test_middleware_may_answer_by_itself(call):
    def refusing(app):
        async def middleware(scope, receive, send):
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body"})

        return middleware

    assert (await call(App(middleware=[refusing]))).status == 503


async def test_without_middleware_and_lifespan_the_first_request_compiles(call):
    app = App()

    @app.get("/")
    async def show() -> str:
        return "x"

    assert app._compiled is None
    assert (await call(app)).status == 200
    assert app._compiled is not None
