"""Guards, dependencies and the handler: their order, and how generators begin and end."""

import contextvars
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Never

import anyio
import pytest
from msgspec import Struct

from redirflow import (
    App,
    Bearer,
    Conflict,
    Depends,
    Forbidden,
    Gone,
    Header,
    NotFound,
    Query,
    Redirect,
    Request,
    Reroute,
    Response,
    Router,
    raises,
    redirects,
    reroutes,
)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


class Item(Struct):
    name: str


def noting(log, name):
    """A guard that notes that it ran."""

    async def guard() -> None:
        log.append(name)

    guard.__name__ = name
    return guard


# --- order -------------------------------------------------------------------------------------


async def test_everything_in_its_order(post_json):
    """Guards from the outside in, then dependencies, the handler last (design 7)."""
    log = []
    app = App(dependencies=[noting(log, "app")])
    outer = Router(prefix="/outer", dependencies=[noting(log, "outer")])
    inner = Router(dependencies=[noting(log, "inner")])

    async def second() -> str:
        log.append("second")
        return "2"

    async def first(value: Annotated[str, Depends(second)]) -> str:
        log.append(f"first of {value}")
        return "1"

    @inner.post("/item", dependencies=[noting(log, "operation")])
    async def add(item: Item, value: Annotated[str, Depends(first)]) -> str:
        log.append(f"handler with {value} and {item.name}")
        return "x"

    outer.include_router(inner)
    app.include_router(outer)

    assert (await post_json(app, "/outer/item", {"name": "Lamp"})).status == 201
    assert log == [
        *("app", "outer", "inner", "operation"),
        *("second", "first of 2", "handler with 1 and Lamp"),
    ]


async def test_each_function_runs_once_for_a_request(call):
    """Its result is shared by all that ask for it."""
    made = []

    async def one() -> object:
        made.append(object())
        return made[-1]

    async def two(given: Annotated[Any, Depends(one)]) -> object:
        return given

    app = App(dependencies=[one])

    @app.get("/")
    async def show(a: Annotated[Any, Depends(one)], b: Annotated[Any, Depends(two)]) -> bool:
        return a is b

    assert (await call(app)).json() is True
    assert (await call(app)).json() is True
    assert len(made) == 2


@pytest.mark.parametrize(
    ("query", "headers", "body", "status", "said"),
    [
        (b"n=x&m=x", {}, b"{", 403, "no"),
        (b"admit=1&n=x&m=x", {}, b"{", 401, "Credentials are missing or malformed."),
        (b"admit=1&n=x&m=x", {"authorization": "Bearer t"}, b"{", 422, ["query", "m"]),
        (b"admit=1&m=1&n=x", {"authorization": "Bearer t"}, b"{", 422, ["query", "n"]),
        (b"admit=1&m=1&n=1", {"authorization": "Bearer t"}, b"{", 415, None),
        (
            b"admit=1&m=1&n=1",
            {"authorization": "Bearer t", "content-type": "application/json"},
            b'{"name":"a"}',
            201,
            None,
        ),
    ],
)
async def test_who_is_refused_first(call, query, headers, body, status, said):
    """A guard, then credentials, a dependency's parameters, the handler's, the body: an
    anonymous client learns nothing from a 422.
    """

    @raises(Forbidden)
    async def guard(admit: bool = False) -> None:
        if not admit:
            raise Forbidden("no")

    async def number(m: int, token: Annotated[str, Bearer()]) -> int:
        return m

    app = App(dependencies=[guard])

    @app.post("/")
    async def add(item: Item, n: int, m: Annotated[int, Depends(number)]) -> str:
        return "x"

    answer = await call(app, "POST", "/", query=query, headers=headers, body=body)

    assert answer.status == status
    if isinstance(said, list):
        assert [error["loc"] for error in answer.json()["errors"]] == [said]
    elif said:
        assert answer.detail == said


async def test_a_refused_guard_leaves_the_body_unread(asgi):
    app = App()

    @raises(Forbidden)
    async def guard() -> None:
        raise Forbidden

    @app.post("/", dependencies=[guard])
    async def add(item: Item) -> str:
        return "x"

    peer = asgi.Peer(b"{}")
    await app(asgi.scope("POST"), peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 403
    assert peer.parts == [b"{}"]


# --- generators --------------------------------------------------------------------------------


def async_session(log, **more):
    """A dependency that notes how it ends; *more* says what it does then."""

    async def session() -> AsyncIterator[str]:
        log.append("begin")
        try:
            yield "session"
        except BaseException as error:
            log.append(f"rollback: {type(error).__name__}")
            if "instead" in more:
                raise more["instead"] from None
            if not more.get("swallow"):
                raise
        else:
            log.append("commit")
            if "commit" in more:
                raise more["commit"]

    return session


def sync_session(log, **more):
    """The same, as a plain generator."""

    def session() -> Iterator[str]:
        log.append("begin")
        try:
            yield "session"
        except BaseException as error:
            log.append(f"rollback: {type(error).__name__}")
            if "instead" in more:
                raise more["instead"] from None
            if not more.get("swallow"):
                raise
        else:
            log.append("commit")
            if "commit" in more:
                raise more["commit"]

    return session


SESSIONS = pytest.mark.parametrize("session_of", [async_session, sync_session])


def noting_sends(log, send):
    async def noting_send(message):
        log.append(message["type"])
        await send(message)

    return noting_send


async def served(asgi, app, log=None, **request):
    """The answer, with what was sent noted among the rest."""
    peer = asgi.Peer(b"")
    send = peer.send if log is None else noting_sends(log, peer.send)
    await app(asgi.scope(**request), peer.receive, send)
    return asgi.answer(peer.sent)


@SESSIONS
async def test_a_generator_ends_before_the_response_starts(asgi, session_of):
    """So that a commit that fails is an honest 500."""
    log = []
    app = App()

    @app.get("/")
    async def show(session: Annotated[str, Depends(session_of(log))]) -> str:
        log.append(session)
        return "x"

    assert (await served(asgi, app, log)).status == 200
    assert log == ["begin", "session", "commit", "http.response.start", "http.response.body"]


@SESSIONS
async def test_a_failing_commit_is_a_500(asgi, logged, session_of):
    log = []
    app = App()

    @app.get("/")
    async def show(
        session: Annotated[str, Depends(session_of(log, commit=RuntimeError("lost")))],
    ) -> str:
        return "x"

    assert (await served(asgi, app)).status == 500
    assert log == ["begin", "commit"]
    assert [level for level, _ in logged()] == ["ERROR"]


@SESSIONS
async def test_a_commit_is_judged_by_the_specs_of_its_dependency(asgi, logged, session_of):
    """What `raises` on the dependency declares counts at its end too."""
    log = []
    session = raises(Conflict, on=KeyError)(session_of(log, commit=KeyError("secret")))
    app = App()

    @app.get("/")
    async def show(session: Annotated[str, Depends(session)]) -> str:
        return "x"

    answer = await served(asgi, app)

    assert answer.status == 409
    assert b"secret" not in answer.body
    assert logged() == []


class Unlisted(Exception):
    pass


OUTCOMES = {
    "a value": (lambda: Response("x"), 200, "commit"),
    "a declared redirect": (lambda: Redirect.to("other"), 303, "commit"),
    "a returned redirect": (
        lambda: Response(status_code=303, headers={"Location": "/other"}),
        303,
        "commit",
    ),
    "a reroute": (lambda: Reroute.to("other"), 200, "commit"),
    "a declared error": (lambda: NotFound("no"), 404, "rollback: NotFound"),
    "a foreign exception": (lambda: KeyError("no"), 410, "rollback: KeyError"),
    "an undeclared error": (lambda: Conflict("no"), 500, "rollback: Conflict"),
    "an undeclared redirect": (lambda: Redirect("/nix"), 500, "rollback: Redirect"),
    "an undeclared reroute": (lambda: Reroute("/nix"), 500, "rollback: ContractViolation"),
    "a violation": (lambda: Response(5), 500, "rollback: ContractViolation"),
    "an unexpected exception": (lambda: Unlisted(), 500, "rollback: Unlisted"),
}


@SESSIONS
@pytest.mark.parametrize(("make", "status", "ended"), OUTCOMES.values(), ids=OUTCOMES)
async def test_what_a_generator_is_told(asgi, session_of, make, status, ended):
    """A redirect after a POST commits; errors and violations are thrown in."""
    log = []
    app = App()

    @app.get("/other")
    async def other() -> str:
        log.append("other")
        return "x"

    @app.get("/")
    @redirects(303, to=other)
    @reroutes(to=other)
    @raises(NotFound)
    @raises(Gone, on=KeyError)
    async def show(session: Annotated[str, Depends(session_of(log))]) -> Response[str]:
        outcome = make()
        if isinstance(outcome, Response):
            return outcome
        raise outcome

    assert (await served(asgi, app)).status == status
    assert log == [
        "begin",
        ended,
        *(["other"] if isinstance(make(), Reroute) and status == 200 else []),
    ]


@SESSIONS
async def test_a_generator_that_keeps_an_error_to_itself_does_not_change_the_answer(
    asgi, logged, session_of
):
    log = []
    app = App()

    @app.get("/")
    @raises(NotFound)
    async def show(session: Annotated[str, Depends(session_of(log, swallow=True))]) -> Never:
        raise NotFound("no")

    assert (await served(asgi, app)).status == 404
    assert log == ["begin", "rollback: NotFound"]
    assert logged() == []


@SESSIONS
async def test_a_generator_may_answer_an_error_with_another(asgi, session_of):
    log = []
    session = raises(Conflict)(session_of(log, instead=Conflict("taken")))
    app = App()

    @app.get("/")
    async def show(session: Annotated[str, Depends(session)]) -> str:
        raise KeyError

    answer = await served(asgi, app)

    assert (answer.status, answer.detail) == (409, "taken")


@SESSIONS
async def test_generators_end_in_reverse(asgi, session_of):
    """The inner ones first; an error of an inner one is thrown into the outer one."""
    log = []

    async def outer() -> AsyncIterator[None]:
        try:
            yield
        except Unlisted:
            log.append("outer sees it")
            raise

    app = App(dependencies=[outer])

    @app.get("/")
    async def show(session: Annotated[str, Depends(session_of(log, commit=Unlisted()))]) -> str:
        return "x"

    assert (await served(asgi, app)).status == 500
    assert log == ["begin", "commit", "outer sees it"]


@SESSIONS
async def test_what_fails_to_begin_ends_what_has_begun(asgi, session_of):
    log = []

    @raises(NotFound)
    async def failing(session: Annotated[str, Depends(session_of(log))]) -> AsyncIterator[None]:
        raise NotFound("no")
        yield

    app = App(dependencies=[failing])

    @app.get("/")
    async def show() -> str:
        return "x"

    assert (await served(asgi, app)).status == 404
    assert log == ["begin", "rollback: NotFound"]


@SESSIONS
async def test_a_fault_of_the_request_is_thrown_in(asgi, session_of):
    log = []
    app = App()

    @app.get("/")
    async def show(n: int, session: Annotated[str, Depends(session_of(log))]) -> str:
        return "x"

    assert (await served(asgi, app, query=b"n=x")).status == 422
    assert log == ["begin", "rollback: Refused"]


async def never_async() -> AsyncIterator[None]:
    if False:
        yield


async def twice_async() -> AsyncIterator[None]:
    yield
    yield


def never_sync() -> Iterator[None]:
    yield from ()


def twice_sync() -> Iterator[None]:
    yield
    yield


def failing_sync() -> Iterator[None]:
    raise RuntimeError("no")
    yield


@pytest.mark.parametrize(
    ("dependency", "said"),
    [
        (never_async, "RuntimeError: a dependency ended without a yield"),
        (never_sync, "RuntimeError: a dependency ended without a yield"),
        (twice_async, "RuntimeError: a dependency yielded twice"),
        (twice_sync, "RuntimeError: a dependency yielded twice"),
        (failing_sync, "RuntimeError: no"),
    ],
)
async def test_a_generator_that_does_not_yield_once(asgi, dependency, said):
    app = App(dependencies=[dependency], debug=True)

    @app.get("/")
    async def show() -> str:
        return "x"

    before = threading.active_count()
    answer = await served(asgi, app)

    assert (answer.status, answer.detail) == (500, said)
    await settled(before)


async def settled(count):
    """Wait until no more threads run than before: those that are stopped end in a moment."""
    with anyio.fail_after(5):
        while threading.active_count() > count:  # noqa: ASYNC110 - a thread tells nobody
            await anyio.sleep(0.001)


async def test_both_halves_of_a_sync_generator_run_in_one_thread(asgi):
    """A connection of sqlite3 belongs to its thread, and a context variable to its context."""
    seen = []
    var = contextvars.ContextVar("var", default="unset")

    def connection() -> Iterator[int]:
        token = var.set("set")
        seen.append(threading.get_ident())
        yield threading.get_ident()
        seen.append(threading.get_ident())
        var.reset(token)

    app = App()

    @app.get("/")
    def show(thread: Annotated[int, Depends(connection)]) -> bool:
        return thread == threading.get_ident()

    before = threading.active_count()
    answers = [await served(asgi, app) for _ in range(3)]

    assert [answer.status for answer in answers] == [200] * 3
    assert seen[0] == seen[1]
    assert threading.get_ident() not in seen
    assert all(answer.json() is False for answer in answers)
    await settled(before + 1)


# --- leaving -----------------------------------------------------------------------------------


@SESSIONS
async def test_a_client_that_leaves_while_its_body_is_read(asgi, logged, session_of):
    """Nothing is logged, and the generator ends."""
    log = []
    app = App()

    @app.post("/")
    async def add(item: Item, session: Annotated[str, Depends(session_of(log))]) -> str:
        raise AssertionError("not called")

    peer = asgi.Peer(b'{"na', None)
    headers = {"content-type": "application/json"}
    await app(asgi.scope("POST", headers=headers), peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 400
    assert log == ["begin", "rollback: GeneratorExit"]
    assert logged() == []


@SESSIONS
async def test_a_request_that_is_cancelled(asgi, session_of):
    """Generators end within a second, though their task is cancelled; an async one is told so."""
    log = []
    told = GeneratorExit if session_of is sync_session else anyio.get_cancelled_exc_class()
    app = App()

    @app.get("/")
    async def show(session: Annotated[str, Depends(session_of(log))]) -> str:
        log.append("waiting")
        await anyio.sleep_forever()
        return "x"

    with anyio.move_on_after(0.05) as scope:
        await served(asgi, app)

    assert scope.cancelled_caught
    assert log == ["begin", "waiting", f"rollback: {told.__name__}"]


async def test_a_sync_generator_that_is_beginning_when_the_request_is_cancelled(asgi):
    """Its thread can't be stopped, so it is waited for, and then it ends as any other."""
    log = []

    def slow() -> Iterator[None]:
        time.sleep(0.05)
        log.append("begin")
        try:
            yield
        finally:
            log.append("end")

    app = App(dependencies=[slow])

    @app.get("/")
    async def show() -> None:
        await anyio.sleep_forever()

    with anyio.move_on_after(0.02) as scope:
        await served(asgi, app)

    assert scope.cancelled_caught
    assert log == ["begin", "end"]


async def test_a_generator_may_wait_at_its_end_though_the_request_is_cancelled(asgi):
    log = []

    async def patient() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await anyio.sleep(0.01)
            log.append("ended")

    app = App(dependencies=[patient])

    @app.get("/")
    async def show() -> None:
        await anyio.sleep_forever()

    with anyio.move_on_after(0.02):
        await served(asgi, app)

    assert log == ["ended"]


async def test_a_generator_that_never_ends_is_given_up(asgi):
    """After a second each; the others end all the same."""
    log = []

    async def outer() -> AsyncIterator[None]:
        try:
            yield
        finally:
            log.append("outer")

    async def endless() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await anyio.sleep_forever()

    app = App(dependencies=[outer, endless])

    @app.get("/")
    async def show() -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(3), anyio.move_on_after(0.02):
        await served(asgi, app)

    assert log == ["outer"]


@pytest.mark.parametrize(
    ("outcome", "also", "status"),
    [(None, False, 204), (Conflict(), False, 409), (Conflict(), True, 500)],
)
async def test_a_dependency_may_yield_inside_a_task_group(call, logged, outcome, also, status):
    """What it gets comes out of the group wrapped, and is the same error; more is another one."""
    app = App()

    async def grouped() -> AsyncIterator[None]:
        async with anyio.create_task_group():
            try:
                yield
            except Conflict as error:
                raise (ExceptionGroup("both", [error, OSError()]) if also else error) from None

    @app.get("/", dependencies=[grouped])
    @raises(Conflict)
    async def show() -> None:
        if outcome is not None:
            raise outcome

    assert (await call(app)).status == status
    assert len(logged()) == (status == 500)


async def test_a_generator_that_fails_when_it_is_given_up(asgi, logged):
    """Is told once, by name: nobody waits for an answer."""

    async def faulty() -> AsyncIterator[None]:
        try:
            yield
        finally:
            raise RuntimeError("at the end")

    app = App(dependencies=[faulty])

    @app.get("/")
    async def show() -> None:
        await anyio.sleep_forever()

    with anyio.move_on_after(0.02):
        await served(asgi, app)

    assert logged() == [("ERROR", "the dependency faulty failed to end")]


# --- signals of dependencies -------------------------------------------------------------------


async def test_a_redirect_of_a_dependency_is_judged_by_its_own_specs(call):
    """What the handler declares is not the dependency's to raise, and the other way round."""
    app = App()

    @app.get("/login")
    async def login() -> None: ...

    @redirects(307, to=login)
    async def user(declared: bool = True) -> str:
        raise Redirect.to("login") if declared else Redirect("/")

    @app.get("/")
    @redirects(303, to="/")
    async def show(name: Annotated[str, Depends(user)]) -> str:
        return name

    redirect = await call(app)
    undeclared = await call(app, query=b"declared=false")

    assert (redirect.status, redirect["location"]) == (307, "/login")
    assert undeclared.status == 500


async def test_a_dependency_reroutes(call):
    app = App()

    @app.get("/other")
    async def other(request: Request) -> str:
        return request.original_path

    @reroutes(to=other)
    async def elsewhere() -> None:
        raise Reroute.to("other")

    @app.get("/", dependencies=[elsewhere])
    async def show() -> str:
        raise AssertionError("not called")

    assert (await call(app)).json() == "/"


async def test_what_a_dependency_reads(call):
    """Functions with the same kinds of parameters; a path parameter is converted for all."""
    app = App()

    async def sum_of(number: int, request: Request, x: Header[int], more: Query[list[int]]) -> int:
        assert request.path_params == {"number": number}
        return number + x + sum(more)

    @app.get("/{number}")
    async def show(total: Annotated[int, Depends(sum_of)]) -> int:
        return total

    answer = await call(app, "GET", "/1", query=b"more=3&more=4", headers={"x": "2"})

    assert answer.json() == 10
