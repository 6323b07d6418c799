"""Sync functions run in threads: as many as the limiter has, with the context of their request."""

import contextvars
import functools
import threading
import time
from collections.abc import Iterator
from typing import Annotated

import anyio
import pytest

from redirflow import App, BackgroundTasks, Depends, Header, Response, returns
from redirflow.serve.call import THREADS

VAR = contextvars.ContextVar("var", default="unset")


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


async def test_a_sync_handler_does_not_run_in_the_loop(call):
    app = App()

    @app.get("/")
    def show() -> int:
        return threading.get_ident()

    assert (await call(app)).json() != threading.get_ident()


class Called:
    """An object that is a handler."""

    def __call__(self) -> int:
        return threading.get_ident()


class Awaited:
    async def __call__(self) -> int:
        return threading.get_ident()


def partly(offset: int) -> int:
    return threading.get_ident() + offset


async def awaited_partly(offset: int) -> int:
    return threading.get_ident() + offset


@pytest.mark.parametrize(
    ("handler", "in_loop"),
    [
        (Called(), False),
        (Awaited(), True),
        (functools.partial(partly, 0), False),
        (functools.partial(awaited_partly, 0), True),
    ],
)
async def test_what_else_can_be_called(call, handler, in_loop):
    app = App()
    app.get("/", name="show")(handler)

    assert ((await call(app)).json() == threading.get_ident()) is in_loop


async def test_context_variables_reach_every_function(call):
    """What middleware sets is seen in threads, generators and background tasks, and what a
    request sets is gone in the next.
    """
    seen = {}

    def note(name):
        seen[name] = VAR.get()

    def dependency() -> None:
        note("sync dependency")

    def generator() -> Iterator[None]:
        note("begin")
        yield
        note("end")

    async def async_dependency() -> None:
        note("async dependency")
        VAR.set("changed")

    def with_variable(app):
        async def middleware(scope, receive, send):
            VAR.set(dict(scope["headers"])[b"x"].decode())
            await app(scope, receive, send)

        return middleware

    app = App(middleware=[with_variable], dependencies=[dependency, generator, async_dependency])

    @app.get("/")
    def show(tasks: BackgroundTasks, x: Header[str]) -> None:
        note("handler")
        tasks.add(note, "task")

    async def apart(value):
        """As a server does it: each request in a task of its own."""
        async with anyio.create_task_group() as group:
            group.start_soon(functools.partial(call, app, "GET", "/", headers={"x": value}))

    for value in ("one", "two"):
        seen.clear()
        await apart(value)

        assert seen == {
            "sync dependency": value,
            "begin": value,
            "async dependency": value,
            "handler": "changed",
            "end": value,
            "task": "changed",
        }
    assert VAR.get() == "unset"


async def test_async_handlers_answer_while_threads_are_busy(call):
    """45 slow sync requests are more than there are threads; nobody else waits for them."""
    app = App()
    started, release = threading.Semaphore(0), threading.Event()

    @app.get("/slow")
    def slow() -> None:
        started.release()
        release.wait(10)

    @app.get("/quick")
    async def quick() -> str:
        return "x"

    async with anyio.create_task_group() as group:
        for _ in range(45):
            group.start_soon(call, app, "GET", "/slow")
        for _ in range(THREADS):
            await anyio.to_thread.run_sync(started.acquire, limiter=anyio.CapacityLimiter(1))
        before = time.perf_counter()
        assert (await call(app, "GET", "/quick")).status == 200
        assert time.perf_counter() - before < 1
        # The threads for files are others.
        with anyio.fail_after(1):
            assert await anyio.to_thread.run_sync(lambda: "x") == "x"
        assert not started.acquire(blocking=False)
        release.set()

    assert THREADS == 40


async def test_functions_that_need_each_other_do_not_wait_for_each_other(call):
    """80 requests of a sync handler with a sync dependency and a sync generator: no thread is
    held between two of them.
    """
    app = App()

    def generator() -> Iterator[int]:
        time.sleep(0.001)
        yield 1

    def dependency(one: Annotated[int, Depends(generator)]) -> int:
        time.sleep(0.001)
        return one + 1

    @app.get("/")
    def show(two: Annotated[int, Depends(dependency)]) -> int:
        time.sleep(0.001)
        return two

    answers = []

    async def ask():
        answers.append(await call(app))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for _ in range(80):
                group.start_soon(ask)

    assert [answer.json() for answer in answers] == [2] * 80


async def test_a_cancelled_request_waits_for_its_thread(call):
    """A thread can't be stopped: its result is dropped, and its place is free again."""
    app = App()
    running, release = threading.Event(), threading.Event()

    @app.get("/")
    def show() -> None:
        running.set()
        release.wait(10)

    async def leave():
        with anyio.move_on_after(0.02):
            await call(app)

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(leave)
        await anyio.sleep(0.05)
        release.set()

    assert running.is_set()
    assert (await call(app)).status == 204


async def test_an_async_function_that_looks_sync(call):
    """A wrapper that is a plain function hands on what it wraps."""
    app = App()

    async def inner(number: int) -> int:
        return number

    @functools.wraps(inner)
    def outer(*args: object, **kwargs: object) -> object:
        return inner(*args, **kwargs)

    app.get("/{number}")(outer)

    assert (await call(app, "GET", "/5")).json() == 5


async def test_a_sync_handler_with_all_that_a_response_has(call):
    app = App()

    @app.post("/")
    @returns(str, status_code=202)
    def add() -> Response[str]:
        return Response("x", status_code=202)

    assert (await call(app, "POST")).status == 202


async def test_sync_generators_wait_for_a_thread_too(call, monkeypatch):
    """With one place for sync functions, 50 requests run one at a time, and all are answered."""
    monkeypatch.setattr("redirflow.serve.runtime.THREADS", 1)
    app = App()
    running, most = 0, 0

    def begun() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.0005)
        running -= 1

    def first() -> Iterator[int]:
        begun()
        yield 1

    def second(one: Annotated[int, Depends(first)]) -> Iterator[int]:
        begun()
        yield one + 1

    def third(two: Annotated[int, Depends(second)]) -> int:
        begun()
        return two + 1

    @app.get("/")
    def show(three: Annotated[int, Depends(third)]) -> int:
        begun()
        return three

    answers = []

    async def ask():
        answers.append((await call(app)).json())

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(ask)

    assert answers == [3] * 50
    assert most == 1
