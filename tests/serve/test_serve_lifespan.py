"""Start-up and shutdown: told exactly once each, whatever happens in between."""

import asyncio
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
    assert [str(error) for error in raised] == ["three failed", "two failed"]


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


# --- what is no Exception ----------------------------------------------------------------------


class Whim(BaseException):
    """Neither a cancellation nor for the whole process."""


async def a_cancelled_task():
    task = asyncio.ensure_future(asyncio.sleep(9))
    task.cancel()
    await task


def raising(error):
    async def fails():
        raise error

    return fails


def hooked(log, name, *, up=None, down=None):
    """A lifespan whose end is no `finally`; *up* and *down* are awaited, and may fail."""

    @asynccontextmanager
    async def lifespan(app):
        if up:
            await up()
        yield
        log.append(name)
        if down:
            await down()

    return lifespan


async def passed_on(app, **more):
    """The messages of *app* in one lifespan, and what passes on."""
    sent, raised = [], []

    async def around(scope, receive, send):
        async def noting(message):
            sent.append(message)

        await app(scope, receive, noting)

    try:
        await lived(around, **more)
    except BaseException as error:  # noqa: BLE001 - whatever it is
        raised.append(type(error))
    return sent, raised


WHEN = {"startup": "up", "shutdown": "down"}
NOBODYS = "RuntimeError: a task was awaited that had been cancelled"
NO_URL = SystemExit("no DATABASE_URL")
ODD = [
    (raising(asyncio.CancelledError()), NOBODYS, []),
    (raising(BaseExceptionGroup("odd", [Whim("of mine")])), "odd", []),
    (raising(Whim("of mine")), "Whim: of mine", []),
    (raising(GeneratorExit()), "GeneratorExit", []),
    (raising(NO_URL), "SystemExit: no DATABASE_URL", [SystemExit]),
    (raising(KeyboardInterrupt()), "KeyboardInterrupt", [KeyboardInterrupt]),
]


@pytest.mark.parametrize("stage", WHEN)
@pytest.mark.parametrize(("fails", "words", "passing"), ODD)
async def test_what_is_no_exception(stage, fails, words, passing, logged):
    """The server is told once, the others are left, and what is for the process passes on."""
    log, seen, failing = [], [], {WHEN[stage]: fails}
    app = App(lifespan=[hooked(log, "one"), hooked(log, "two"), hooked(log, "three", **failing)])

    sent, raised = await passed_on(app, **{RAISED: seen})

    assert log[-2:] == ["two", "one"]
    assert sent[:-1] == COMPLETE[: stage == "shutdown"]
    assert sent[-1]["type"] == f"lifespan.{stage}.failed"
    assert words in sent[-1]["message"]
    assert raised == passing
    assert len(seen) == 1
    assert logged() == [("ERROR", f"the lifespan failed at {stage}")]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("stage", WHEN)
async def test_a_group_of_a_cancellation_that_is_nobody_s(stage):
    log, failing = [], {WHEN[stage]: raising(BaseExceptionGroup("odd", [asyncio.CancelledError()]))}
    app = App(lifespan=[hooked(log, "one"), hooked(log, "two", **failing)])

    sent, raised = await passed_on(app)

    assert (sent[-1]["type"], sent[-1]["message"]) == (f"lifespan.{stage}.failed", NOBODYS)
    assert (log[-1], raised) == ("one", [])


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("stage", WHEN)
async def test_a_task_that_was_cancelled_is_awaited(stage, logged):
    """The exception is the one that cancels, but nobody has cancelled the lifespan."""
    log, failing = [], {WHEN[stage]: a_cancelled_task}

    app = App(lifespan=[hooked(log, "one"), hooked(log, "two", **failing)])
    sent, raised = await passed_on(app)

    assert log[-1] == "one"
    assert sent[-1] == {"type": f"lifespan.{stage}.failed", "message": NOBODYS}
    assert raised == []
    assert logged() == [("ERROR", f"the lifespan failed at {stage}")]


async def test_several_that_fail_with_what_is_no_exception(logged, caplog):
    """All are told and logged; what is for the process passes on, though it was not the last."""
    log = []
    one = hooked(log, "one", down=raising(ValueError("one failed")))
    two = hooked(log, "two", down=raising(NO_URL))

    sent, raised = await passed_on(App(lifespan=[one, two]))

    assert log == ["two", "one"]
    assert sent[-1]["message"] == "SystemExit: no DATABASE_URL\nValueError: one failed"
    assert "SystemExit: no DATABASE_URL\n" in caplog.text
    assert "ValueError: one failed\n" in caplog.text
    assert raised == [SystemExit]
    assert logged() == [("ERROR", "the lifespan failed at shutdown")]


# --- cancellation ------------------------------------------------------------------------------


async def cancelled(app, log):
    """What *app* says when its task is cancelled once it waits, by a `send` that may wait too."""
    sent, messages = [], [{"type": "lifespan.startup"}]

    async def receive():
        if not messages:
            scope.cancel()
            await anyio.sleep_forever()
        return messages.pop()

    async def send(message):
        await anyio.sleep(0.001)
        sent.append(message)

    with anyio.CancelScope() as scope:
        await app({"type": "lifespan", "cancel": scope}, receive, send)
        log.append("it went on")
    return sent


def grouping(log):
    """What is cancelled inside of it leaves it in a group, as task groups of trio do."""

    @asynccontextmanager
    async def lifespan(app):
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - it is raised again
            raise BaseExceptionGroup("of tasks", [error]) from None
        finally:
            log.append("group")

    return lifespan


async def test_a_cancelled_task(logged):
    """The server is told all the same, and then the cancellation passes on."""
    log = []
    app = App(lifespan=[logging_lifespan(log, "one"), hooked(log, "two")])

    sent = await cancelled(app, log)

    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.failed",
    ]
    assert "ancelled" in sent[-1]["message"]
    assert log == ["one up", "one down"]  # behind the yield of the other one nothing runs
    assert logged() == [("ERROR", "the lifespan failed at shutdown")]


async def test_a_cancellation_in_a_group_is_still_one(logged):
    log = []
    app = App(lifespan=[hooked(log, "one"), grouping(log)])

    await cancelled(app, log)

    assert log == ["group"]
    assert logged() == [("ERROR", "the lifespan failed at shutdown")]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_asyncio_cancels():
    log, sent = [], []
    messages = [{"type": "lifespan.startup"}]

    async def receive():
        return messages.pop() if messages else await anyio.sleep_forever()

    async def send(message):
        sent.append(message["type"])

    app = App(lifespan=[logging_lifespan(log, "one")])
    task = asyncio.ensure_future(app({"type": "lifespan"}, receive, send))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.failed"]
    assert log == ["one up", "one down"]


def scoped(log, name, scopes):
    """A lifespan that yields inside a cancel scope of its own."""

    @asynccontextmanager
    async def lifespan(app):
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            yield
        log.append(f"{name} {scope.cancelled_caught}")

    return lifespan


EARLY = "RuntimeError: a lifespan ended before it was asked to: it took a cancellation for its own"


async def test_a_scope_around_a_yield_is_cancelled_while_the_app_is_served(logged):
    """It is over for the lifespans around it; the server is told at once that it is not served."""
    log, scopes = [], []
    app = App(lifespan=[hooked(log, "one"), scoped(log, "two", scopes), logging_lifespan(log, "3")])

    async def during(scope):
        scopes[0].cancel()
        await anyio.sleep_forever()

    sent, raised = await passed_on(app, during=during)

    assert log == ["3 up", "3 down", "two True", "one"]
    assert sent[1:] == [{"type": "lifespan.shutdown.failed", "message": EARLY}]
    assert raised == []
    assert logged() == [("ERROR", "the lifespan failed at shutdown")]


async def test_a_scope_around_a_yield_is_cancelled_while_another_one_starts(logged):
    log, scopes = [], []

    async def up():
        scopes[0].cancel()
        await anyio.sleep_forever()

    app = App(lifespan=[hooked(log, "a"), scoped(log, "b", scopes), hooked(log, "c", up=up)])
    sent, raised = await passed_on(app)

    assert log == ["b True", "a"]
    assert sent == [{"type": "lifespan.startup.failed", "message": EARLY}]
    assert raised == []
    assert logged() == [("ERROR", "the lifespan failed at startup")]


async def test_a_scope_around_a_yield_is_cancelled_while_another_one_ends(logged):
    """The one inside had its time, and the others have theirs."""
    log, scopes = [], []

    async def down():
        scopes[0].cancel()
        await anyio.sleep_forever()

    app = App(lifespan=[hooked(log, "a"), scoped(log, "b", scopes), hooked(log, "c", down=down)])

    assert await passed_on(app) == (COMPLETE, [])
    assert log == ["c", "b True", "a"]
    assert logged() == []


async def test_a_failure_is_told_though_a_cancellation_is_over(logged):
    log, scopes = [], []

    async def down():
        scopes[0].cancel()
        await anyio.sleep_forever()

    failing = hooked(log, "d", down=raising(ValueError("d failed")))
    inner = hooked(log, "c", down=down)
    app = App(lifespan=[hooked(log, "a"), scoped(log, "b", scopes), inner, failing])
    sent, raised = await passed_on(app)

    assert log == ["d", "c", "b True", "a"]
    assert sent[-1] == {"type": "lifespan.shutdown.failed", "message": "ValueError: d failed"}
    assert raised == []
    assert logged() == [("ERROR", "the lifespan failed at shutdown")]


async def test_a_task_group_around_a_yield_fails_while_the_app_is_served(logged):
    log = []

    @asynccontextmanager
    async def grouped(app):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(raising(ValueError("in the background")))
            yield

    app = App(lifespan=[hooked(log, "one"), grouped])
    sent, raised = await passed_on(app, during=lambda scope: anyio.sleep_forever())

    assert log == ["one"]
    assert sent[-1]["type"] == "lifespan.shutdown.failed"
    assert raised == []
    assert logged() == [("ERROR", "the lifespan failed at shutdown")]


async def test_what_an_object_returns_ends_no_failure_of_others(logged):
    """`__aexit__` that returns `True` speaks of what it was told, and that was nothing."""

    class Taking:
        async def __aenter__(self):
            return None

        async def __aexit__(self, *raised):
            return True

    failing = hooked([], "two", up=raising(ValueError("no")))
    sent, _ = await passed_on(App(lifespan=[lambda app: Taking(), failing]))

    assert sent == [{"type": "lifespan.startup.failed", "message": "ValueError: no"}]
    assert logged() == [("ERROR", "the lifespan failed at startup")]


def test_a_coroutine_that_is_closed(logged):
    """Without a loop: it is no time for what stands behind a `yield`, a `finally` runs."""
    log, sent, messages = [], [], [{"type": "lifespan.startup"}]

    class Pending:
        def __await__(self):
            yield

    async def receive():
        return messages.pop() if messages else await Pending()

    async def send(message):
        sent.append(message["type"])

    app = App(lifespan=[logging_lifespan(log, "one"), hooked(log, "two")])
    running = app({"type": "lifespan"}, receive, send)
    running.send(None)
    running.close()

    assert log == ["one up", "one down"]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.failed"]
    assert logged() == [("ERROR", "the lifespan failed at shutdown")]


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
