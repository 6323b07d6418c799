"""Cancel scopes, timeouts and task groups that an author's generator opens around its `yield`.

They cancel the task of the request, wherever it is then. What they say of it afterwards is what
counts: an error of theirs is answered, or cuts what has begun. A cancellation that is nobody's
here passes on.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext, suppress
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from msgspec import Struct

from redirflow import App, BackgroundTasks, Conflict, GatewayTimeout, Request, raises, returns
from redirflow.endpoint.violation import ContractViolation


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


ASYNCIO = pytest.mark.parametrize("anyio_backend", ["asyncio"])


class Item(Struct):
    number: int


def lines(*numbers):
    return [f'{{"number":{number}}}\n'.encode() for number in numbers]


def streaming(make, *dependencies):
    app = App()

    @app.get("/", dependencies=dependencies)
    @returns(AsyncIterator[Item])
    @raises(Conflict)
    async def stream() -> Any:
        return make()

    return app


async def sent_by(asgi, app, *, raised=None, leave_after=None):
    """The bodies of the messages that are sent; the client may leave when it has got *n* items."""
    peer = asgi.Peer(b"")

    async def send(message):
        await peer.send(message)
        if leave_after is not None and len(peer.sent) == leave_after + 1:
            peer.leave()
            await anyio.sleep_forever()

    with anyio.fail_after(5):
        if raised is None:
            await app(asgi.scope(), peer.receive, send)
        else:
            with pytest.raises(raised):
                await app(asgi.scope(), peer.receive, send)
    return peer.sent


def bodies(sent):
    return [message["body"] for message in sent[1:]]


# --- streams -----------------------------------------------------------------------------------


async def in_a_task_group():
    """Items of a task of its own."""
    give, take = anyio.create_memory_object_stream[int]()

    async def produce():
        async with give:
            for number in range(3):
                await give.send(number)
                await anyio.sleep(0.002)

    async with take, anyio.create_task_group() as group:
        group.start_soon(produce)
        async for number in take:
            yield Item(number)


async def in_a_timeout():
    with anyio.fail_after(60):
        for number in range(3):
            yield Item(number)


async def in_one_for_each():
    for number in range(3):
        with anyio.fail_after(60):
            yield Item(number)


async def in_a_group_for_each():
    for number in range(3):
        async with anyio.create_task_group():
            yield Item(number)


@pytest.mark.parametrize(
    "make", [in_a_task_group, in_a_timeout, in_one_for_each, in_a_group_for_each]
)
async def test_a_stream_may_yield_inside_a_scope(asgi, logged, make):
    """And its client may leave anywhere."""
    app = streaming(make)

    assert bodies(await sent_by(asgi, app)) == [*lines(0, 1, 2), b""]
    for kept in range(1, 4):
        sent = await sent_by(asgi, app, leave_after=kept)
        assert bodies(sent) == lines(*range(kept))
    assert logged() == []


async def test_the_head_of_such_a_stream(call, logged):
    answer = await call(streaming(in_a_task_group), "HEAD", "/")

    assert (answer.status, answer.body) == (200, b"")
    assert logged() == []


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("swallows", [False, True])
async def test_a_timeout_of_a_stream(asgi, logged, begun, swallows):
    """It fires while an item is sent, or awaited: an error cuts what has begun."""

    async def make():
        scope = anyio.move_on_after if swallows else anyio.fail_after
        with scope(0.01):
            if begun:
                yield Item(0)
            await anyio.sleep_forever()
        yield Item(9)

    app = streaming(make)
    if swallows:
        assert bodies(await sent_by(asgi, app)) == [*lines(*[0] * begun), *lines(9), b""]
        assert logged() == []
        return
    sent = await sent_by(asgi, app, raised=TimeoutError if begun else None)
    assert (sent[0]["status"], len(sent)) == ((200, 2) if begun else (500, 2))
    assert [text.endswith("failed: TimeoutError") for _, text in logged()] == [True]


def slow_client(asgi, log):
    """A client for whom the second message of a body takes for ever."""
    peer = asgi.Peer(b"")

    async def send(message):
        log.append(message.get("body"))
        if len(log) == 3:
            await anyio.sleep_forever()

    return peer.receive, send


@pytest.mark.parametrize("ends", ["it ends", "it goes on", "it fails", "it groups"])
async def test_a_scope_of_a_stream_that_is_cancelled_while_an_item_is_sent(asgi, logged, ends):
    """It is told so at its `yield`. Nobody knows what the client has got, so nothing follows."""
    log = []

    async def make():
        with anyio.move_on_after(0.02) as scope:
            yield Item(0)
            yield Item(1)
        if ends == "it fails" and scope.cancelled_caught:
            raise KeyError("late")
        if ends == "it groups":
            async with anyio.create_task_group():
                raise Conflict
        if ends == "it goes on":
            yield Item(2)

    receive, send = slow_client(asgi, log)
    raised = {"it fails": KeyError, "it groups": Conflict}.get(ends, RuntimeError)
    with anyio.fail_after(5), pytest.raises(raised):
        await streaming(make)(asgi.scope(), receive, send)

    assert log == [None, *lines(0, 1)]
    assert len(logged()) == 1


@pytest.mark.parametrize("stays", [True, False])
async def test_a_scope_of_a_stream_that_is_cancelled_while_its_fields_are_sent(asgi, logged, stays):
    """They are sent all the same, unless the client leaves: no body comes without them."""
    peer, begun = asgi.Peer(b""), anyio.Event()

    async def make():
        with anyio.move_on_after(0.01) as scope:
            yield Item(0)
        assert scope.cancelled_caught
        yield Item(1)

    async def send(message):
        if message["type"] == "http.response.start":
            begun.set()
            if stays:
                await anyio.sleep(0.05)
            else:
                peer.leave()
                await anyio.sleep_forever()
        await anyio.lowlevel.checkpoint()
        await peer.send(message)

    with anyio.fail_after(5), pytest.raises(RuntimeError) if stays else nullcontext():
        await streaming(make)(asgi.scope(), peer.receive, send)

    assert begun.is_set()
    assert [message["type"] for message in peer.sent] == ["http.response.start"] * stays
    assert len(logged()) == stays


async def test_the_client_leaves_a_stream_that_went_on_after_its_own_timeout(asgi, logged):
    """What was kept from the generator for a moment reaches it again."""
    log, peer = [], asgi.Peer(b"")

    async def make():
        with anyio.move_on_after(0.01):
            yield Item(0)
            await anyio.sleep_forever()
        peer.leave()
        try:
            await anyio.sleep_forever()
        finally:
            log.append("closed")

    with anyio.fail_after(5):
        await streaming(make)(asgi.scope(), peer.receive, peer.send)

    assert log == ["closed"]
    assert bodies(peer.sent) == lines(0)
    assert logged() == []


@pytest.mark.parametrize("begun", [False, True])
async def test_a_task_of_a_stream_that_fails(asgi, logged, begun):
    """Its group cancels the request's task, and says why."""

    async def make():
        async with anyio.create_task_group() as group:

            async def fail():
                await anyio.sleep(0.01)
                raise KeyError

            group.start_soon(fail)
            if begun:
                yield Item(0)
            await anyio.sleep_forever()

    sent = await sent_by(asgi, streaming(make), raised=ExceptionGroup if begun else None)

    assert (sent[0]["status"], len(sent)) == ((200, 2) if begun else (500, 2))
    assert [text.endswith("failed: ExceptionGroup") for _, text in logged()] == [True]


@pytest.mark.parametrize("more", [False, True])
async def test_a_task_group_of_a_stream_whose_client_leaves(asgi, logged, more):
    """Its tasks end, and what is around it may wait a moment; what they raise is told."""
    log, raised = [], []

    async def beside():
        try:
            await anyio.sleep_forever()
        finally:
            log.append("ended")
            if more:
                raise KeyError

    async def make():
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(beside)
                yield Item(0)
                yield Item(1)
        finally:
            await anyio.sleep(0.01)
            log.append("closed")

    app, peer = streaming(make), asgi.Peer(b"")
    failing = pytest.raises(ExceptionGroup) if more else nullcontext()

    async def send(message):
        if message.get("body") == lines(1)[0]:
            peer.leave()
            await anyio.sleep_forever()

    with anyio.fail_after(5), failing:
        await app(asgi.scope(**{"redirflow.raised": raised}), peer.receive, send)

    assert log == ["ended", "closed"]
    assert [type(error) for error in raised] == [ExceptionGroup] * more
    assert len(logged()) == more


@pytest.mark.parametrize("owner", ["the client", "the server", "an error", "nobody"])
async def test_a_stream_that_takes_too_long_to_end(asgi, logged, owner):
    """It gets a second, but for one that no one keeps from going on."""
    log, peer = [], asgi.Peer(b"")

    async def make():
        try:
            with anyio.move_on_after(0.01 if owner == "nobody" else 60):
                yield Item(0)
                yield Item("x" if owner == "an error" else 1)
        finally:
            await anyio.sleep(1.1)
            log.append("ended")

    async def send(message):
        await peer.send(message)
        if message.get("body") and owner != "an error":
            if owner == "the client":
                peer.leave()
            await anyio.sleep_forever()

    with anyio.move_on_after(0.02 if owner == "the server" else 5) as server:
        if owner in {"an error", "nobody"}:
            with pytest.raises((ContractViolation, RuntimeError)):
                await streaming(make)(asgi.scope(), peer.receive, send)
        else:
            await streaming(make)(asgi.scope(), peer.receive, send)

    assert server.cancelled_caught == (owner == "the server")
    assert bodies(peer.sent) == lines(0)
    assert log == ["ended"] * (owner == "nobody")
    told = [text.endswith("did not end within 1.0 s, and was given up") for _, text in logged()]
    assert told == {"nobody": [False], "an error": [True, False]}.get(owner, [True])


@ASYNCIO
@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
async def test_scopes_of_asyncio_in_a_stream(asgi, logged, begun, grouped):
    """They cancel a task, without a scope that anyone else could see."""

    async def fail():
        await asyncio.sleep(0.01)
        raise KeyError

    async def make():
        scope = asyncio.TaskGroup() if grouped else asyncio.timeout(0.01)
        async with scope:
            if grouped:
                scope.create_task(fail())
            if begun:
                yield Item(0)
            await asyncio.sleep(60)

    error = ExceptionGroup if grouped else TimeoutError
    sent = await sent_by(asgi, streaming(make), raised=error if begun else None)

    assert (sent[0]["status"], len(sent)) == ((200, 2) if begun else (500, 2))
    assert [text.endswith(f"failed: {error.__name__}") for _, text in logged()] == [True]


class Numbers:
    """An async iterator that is no generator, and can be told nothing."""

    def __init__(self, log):
        self.log = log

    def __aiter__(self):
        return self

    async def __anext__(self):
        return Item(0)

    async def aclose(self):
        self.log.append("closed")


async def test_what_is_no_generator_is_closed_when_it_is_cancelled(asgi, logged):
    log = []
    sent = await sent_by(asgi, streaming(lambda: Numbers(log)), leave_after=2)

    assert bodies(sent) == lines(0, 0)
    assert log == ["closed"]
    assert logged() == []


async def test_a_stream_that_ignores_its_client(asgi, logged):
    """Is closed when it goes on, and told of when it ignores that too."""
    log = []

    async def make():
        for number in range(9):
            try:
                yield Item(number)
            except BaseException as error:
                if len(log) > 1:
                    raise  # whatever collects it may be the third to close it
                log.append(type(error))

    sent = await sent_by(asgi, streaming(make), leave_after=2)

    assert bodies(sent) == lines(0, 1)
    assert log == [anyio.get_cancelled_exc_class(), GeneratorExit]
    assert [text.startswith("the stream test_") for _, text in logged()] == [True]


# --- dependencies ------------------------------------------------------------------------------


async def limited() -> AsyncIterator[None]:
    with anyio.fail_after(0.01):
        yield


@raises(GatewayTimeout, on=TimeoutError)
async def declared() -> AsyncIterator[None]:
    with anyio.fail_after(0.01):
        yield


async def swallowing() -> AsyncIterator[None]:
    with anyio.move_on_after(0.01):
        yield


@raises(Conflict)
async def grouped() -> AsyncIterator[None]:
    async def fail():
        await anyio.sleep(0.01)
        raise Conflict("beside")

    async with anyio.create_task_group() as group:
        group.start_soon(fail)
        yield


async def failing() -> AsyncIterator[None]:
    async def fail():
        await anyio.sleep(0.01)
        raise KeyError

    async with anyio.create_task_group() as group:
        group.start_soon(fail)
        yield


async def limited_by_asyncio() -> AsyncIterator[None]:
    async with asyncio.timeout(0.01):
        yield


TIMEOUTS = {
    "a timeout": (limited, 500, "failed: TimeoutError"),
    "a declared timeout": (declared, 504, None),
    "a scope that says nothing": (swallowing, 500, "failed: Swallowed"),
    "a task that fails": (failing, 500, "failed: ExceptionGroup"),
    "a declared error of a task": (grouped, 409, None),
}


def waiting(log, *dependencies, **more):
    """An app whose handler waits for ever, between two other dependencies."""
    app = App()

    async def outer() -> AsyncIterator[None]:
        try:
            yield
        except BaseException as error:
            log.append(f"outer: {type(error).__name__}")
            raise

    async def inner() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await anyio.sleep(0.001)
            log.append("inner")

    def sync() -> Iterator[None]:
        try:
            yield
        finally:
            log.append("sync")

    @app.get("/", dependencies=[outer, *dependencies, sync, inner], **more)
    async def wait() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            log.append("handler")

    return app


@pytest.mark.parametrize(("dependency", "status", "told"), TIMEOUTS.values(), ids=TIMEOUTS)
async def test_a_dependency_that_ends_the_request(call, logged, dependency, status, told):
    """By a scope around its `yield`: what it makes of that is the answer, and all others end."""
    log = []

    with anyio.fail_after(5):
        answer = await call(waiting(log, dependency))

    assert answer.status == status
    assert log[:3] == ["handler", "inner", "sync"]
    assert log[3].startswith("outer: ")
    assert "Cancelled" not in log[3]
    assert [text.endswith(told) for _, text in logged()] == [True] * (told is not None)


@pytest.mark.parametrize("cancel", [False, True])
async def test_it_does_so_whether_its_handler_ends_with_its_client_or_not(call, logged, cancel):
    log = []

    with anyio.fail_after(5):
        answer = await call(waiting(log, limited, cancel_on_disconnect=cancel))

    assert (answer.status, log[-1]) == (500, "outer: TimeoutError")
    assert len(logged()) == 1


@ASYNCIO
async def test_a_timeout_of_asyncio_in_a_dependency(call, logged):
    log = []

    with anyio.fail_after(5):
        answer = await call(waiting(log, limited_by_asyncio))

    assert (answer.status, log[-1]) == (500, "outer: TimeoutError")
    assert len(logged()) == 1


async def test_a_timeout_while_another_dependency_ends(call, logged):
    """The handler has returned; what follows it counts as much."""
    app, log = App(), []

    async def slow() -> AsyncIterator[None]:
        yield
        try:
            await anyio.sleep_forever()
        finally:
            log.append("slow")

    @app.get("/", dependencies=[limited, slow])
    async def show() -> None: ...

    with anyio.fail_after(5):
        assert (await call(app)).status == 500
    assert log == ["slow"]
    assert len(logged()) == 1


@pytest.mark.parametrize("begun", [False, True])
async def test_a_timeout_of_a_dependency_of_a_stream(asgi, logged, begun):
    """Before its first item it is answered, behind it the connection is cut."""
    log = []

    async def make():
        try:
            if begun:
                yield Item(0)
            await anyio.sleep_forever()
            yield Item(1)
        finally:
            log.append("closed")

    app = streaming(make, limited)
    sent = await sent_by(asgi, app, raised=TimeoutError if begun else None)

    assert (sent[0]["status"], len(sent)) == ((200, 2) if begun else (500, 2))
    assert log == ["closed"]
    assert len(logged()) == 1


async def test_a_request_that_is_cancelled_around_such_a_dependency(asgi, logged):
    """The cancellation is not its own: it passes, and so do those of the others."""
    log = []

    with anyio.move_on_after(0.02) as scope:
        async with anyio.create_task_group():
            app = waiting(log, patient)
            await app(asgi.scope(), asgi.Peer(b"").receive, None)

    assert scope.cancelled_caught
    assert log == ["handler", "inner", "sync", f"outer: {anyio.get_cancelled_exc_class().__name__}"]
    assert logged() == []


@raises(GatewayTimeout, on=TimeoutError)
async def patient() -> AsyncIterator[None]:
    with anyio.fail_after(60):
        yield


async def test_a_dependency_in_a_scope_of_its_own_may_take_its_time(call, logged):
    """Nobody stops it; where the request is cancelled it has a second."""
    app, log = App(), []

    async def slowly() -> AsyncIterator[None]:
        with anyio.move_on_after(0.01) as scope:
            yield
        if scope.cancelled_caught:
            await anyio.sleep(1.1)
            log.append("ended")
            raise Conflict

    @app.get("/", dependencies=[raises(Conflict)(slowly)])
    async def wait() -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(5):
        assert (await call(app)).status == 409
    assert log == ["ended"]
    assert logged() == []


@ASYNCIO
async def test_so_may_one_in_a_timeout_of_asyncio(call, logged):
    app = App()

    @raises(Conflict)
    async def slowly() -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(0.01):
                yield
        except TimeoutError:
            await asyncio.sleep(1.1)
            raise Conflict from None

    @app.get("/", dependencies=[slowly])
    async def wait() -> None:
        await asyncio.sleep(60)

    with anyio.fail_after(5):
        assert (await call(app)).status == 409
    assert logged() == []


@pytest.mark.parametrize("again", ["more", "less"])
async def test_a_generator_in_a_task_group_that_yields_twice(call, logged, again):
    app = App()

    async def twice() -> AsyncIterator[None]:
        async with anyio.create_task_group():
            try:
                yield
            finally:
                yield
                if again == "more":
                    yield

    @app.get("/", dependencies=[twice])
    async def show() -> None: ...

    with anyio.fail_after(5):
        assert (await call(app)).status == 500
    assert len(logged()) == 1


async def test_what_a_dependency_raises_besides_what_it_is_told(asgi, logged):
    """A task of its group fails when it is cancelled, while the client leaves."""
    app = App()

    async def beside():
        try:
            await anyio.sleep_forever()
        finally:
            raise KeyError

    async def grouped() -> AsyncIterator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(beside)
            await anyio.lowlevel.checkpoint()
            yield

    @app.post("/", dependencies=[grouped])
    async def add(item: Item) -> None: ...

    peer = asgi.Peer(b"{", None)
    with anyio.fail_after(5):
        headers = {"content-type": "application/json"}
        await app(asgi.scope("POST", headers=headers), peer.receive, peer.send)

    assert [text for _, text in logged()] == ["the dependency grouped failed to end"]


@ASYNCIO
async def test_a_request_that_is_cancelled_while_it_is_abandoned(asgi, logged):
    """The client has left, and then the server stops: all end, and the cancellation passes."""
    app, log, ending = App(), [], asyncio.Event()

    async def outer() -> AsyncIterator[None]:
        try:
            yield
        except GeneratorExit:
            raise AssertionError("told of what is over") from None
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            log.append("outer")
            raise

    async def inner() -> AsyncIterator[None]:
        try:
            yield
        finally:
            ending.set()
            await asyncio.sleep(60)

    @app.post("/", dependencies=[outer, inner])
    async def add(item: Item) -> None: ...

    peer = asgi.Peer(b"{", None)
    headers = {"content-type": "application/json"}
    task = asyncio.create_task(app(asgi.scope("POST", headers=headers), peer.receive, peer.send))
    await ending.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["outer"]
    assert logged() == []


@pytest.mark.parametrize("head", [False, True])
async def test_a_task_that_fails_when_its_stream_is_closed(asgi, logged, head):
    """Because its client leaves, or wants no more of it."""

    async def beside():
        try:
            await anyio.sleep_forever()
        finally:
            raise KeyError

    async def make():
        async with anyio.create_task_group() as group:
            group.start_soon(beside)
            await anyio.sleep(0.001)
            yield Item(0)
            yield Item(1)

    app, peer = streaming(make), asgi.Peer(b"")

    async def send(message):
        await peer.send(message)
        if message.get("body"):
            peer.leave()
            await anyio.sleep_forever()

    raised = []
    scope = asgi.scope("HEAD" if head else "GET", **{"redirflow.raised": raised})
    with anyio.fail_after(5), nullcontext() if head else pytest.raises(ExceptionGroup):
        await app(scope, peer.receive, send)

    assert [type(error) for error in raised] == [ExceptionGroup]
    said = "failed to close" if head else "failed: ExceptionGroup"
    assert [text.endswith(said) for _, text in logged()] == [True]


async def test_a_task_of_a_handler_that_fails_when_its_client_leaves(asgi, logged):
    """That is told, though nobody waits for the answer."""
    app, peer = App(), asgi.Peer(b"")

    async def beside():
        try:
            await anyio.sleep_forever()
        finally:
            raise KeyError

    @app.get("/", cancel_on_disconnect=True)
    async def wait() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(beside)
            await anyio.sleep(0.001)
            peer.leave()
            await anyio.sleep_forever()

    with anyio.fail_after(5):
        await app(asgi.scope(), peer.receive, peer.send)

    assert [text.endswith("failed: ExceptionGroup") for _, text in logged()] == [True]


async def test_two_tasks_of_a_dependency_that_fail(call, logged):
    """The handler has returned by then, and nothing was thrown in."""
    app = App()

    async def fail():
        await anyio.sleep(0.001)
        raise KeyError

    async def stubborn():
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.01)
        raise ValueError

    async def both() -> AsyncIterator[None]:
        async with anyio.create_task_group() as group:
            group.start_soon(fail)
            group.start_soon(stubborn)
            yield

    @app.get("/", dependencies=[both])
    async def show() -> None: ...

    with anyio.fail_after(5):
        assert (await call(app)).status == 500
    assert [text.endswith("failed: ExceptionGroup") for _, text in logged()] == [True]


@ASYNCIO
@pytest.mark.parametrize("inner", ["a dependency", "the handler"])
async def test_two_timeouts_at_once(call, logged, inner):
    """One exception tells of both, on asyncio, and neither takes it for its own."""
    app = App()

    async def outer() -> AsyncIterator[None]:
        with anyio.move_on_after(0.03):
            yield

    async def within() -> AsyncIterator[None]:
        async with asyncio.timeout(0.02):
            yield

    async def wait() -> None:
        asyncio.get_running_loop().call_soon(time.sleep, 0.05)  # both are late then
        await asyncio.sleep(60)

    @app.get("/", dependencies=[outer, within] if inner == "a dependency" else [outer])
    async def show() -> None:
        async with asyncio.timeout(0.02) if inner == "the handler" else nullcontext():
            await wait()

    with anyio.fail_after(5):
        assert (await call(app)).status == 500
    assert [text.endswith("failed: TimeoutError") for _, text in logged()] == [True]


@ASYNCIO
async def test_a_cancellation_that_a_dependency_takes_back_and_hands_on(call, logged):
    """Nobody is cancelled any more, so there is an answer."""
    app = App()

    async def careless() -> AsyncIterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            asyncio.current_task().uncancel()
            raise

    @app.get("/", dependencies=[careless])
    async def show() -> None:
        asyncio.current_task().cancel()
        await asyncio.sleep(60)

    with anyio.fail_after(5):
        assert (await call(app)).status == 500
    assert [text.endswith("failed: Swallowed") for _, text in logged()] == [True]


@raises(Conflict)
async def early() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(0.02):
            yield
    except TimeoutError:
        raise Conflict("early") from None


@raises(Conflict)
async def late() -> AsyncIterator[None]:
    try:
        with anyio.fail_after(0.04):
            yield
    except TimeoutError:
        raise Conflict("late") from None


@ASYNCIO
async def test_the_inner_of_two_timeouts_while_a_thread_runs(call, logged):
    """Both have run out when it returns: the inner one says what happened, as in plain code."""
    app = App()

    @app.get("/", dependencies=[late, early])
    def show() -> None:
        time.sleep(0.08)

    with anyio.fail_after(5):
        answer = await call(app)
    assert (answer.status, answer.detail) == (409, "early")
    assert logged() == []


@ASYNCIO
async def test_a_timeout_around_the_app_and_one_inside_of_it(asgi):
    """What has run out around the app is what cancels, and takes that for its own."""
    app, sent = App(), []

    @app.get("/", dependencies=[limited_by_asyncio])
    def show() -> None:
        time.sleep(0.08)

    async def send(message):
        await anyio.lowlevel.checkpoint()
        sent.append(message)

    with anyio.move_on_after(0.04) as around:
        await app(asgi.scope(), asgi.Peer(b"").receive, send)

    assert around.cancelled_caught
    assert sent == []


@pytest.mark.parametrize("cancelled", ["by its client", "by a scope", "as a task"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_dependency_that_takes_too_long_to_end(asgi, logged, cancelled, stream):
    """It gets a second, whatever ends its request, and whatever it was for."""
    app, peer, begun, log = App(), asgi.Peer(b""), anyio.Event(), []

    async def slow() -> AsyncIterator[None]:
        try:
            yield
        finally:
            log.append("ending")
            await anyio.sleep(3)
            log.append("ended")

    @app.get("/value", dependencies=[slow], cancel_on_disconnect=True)
    async def value() -> None:
        begun.set()
        await anyio.sleep_forever()

    @app.get("/stream", dependencies=[slow])
    async def items() -> AsyncIterator[Item]:
        begun.set()
        yield Item(0)
        await anyio.sleep_forever()

    async def serve():
        await app(asgi.scope("GET", "/stream" if stream else "/value"), peer.receive, peer.send)

    with anyio.fail_after(2.5):
        if cancelled == "as a task":
            if anyio.get_cancelled_exc_class() is not asyncio.CancelledError:
                return  # trio has no such thing
            task = asyncio.create_task(serve())
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            async with anyio.create_task_group() as group:
                group.start_soon(serve)
                await begun.wait()
                if cancelled == "by its client":
                    peer.leave()
                else:
                    group.cancel_scope.cancel()

    assert log == ["ending"]
    assert [
        text.endswith("did not end within 1.0 s, and was given up") for _, text in logged()
    ] == [True]


@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_an_error_at_the_end_of_a_stream_whose_client_has_left(asgi, logged, kind):
    """The others are told of it, as of any; one that keeps it to itself has not failed."""
    app, peer, log = App(), asgi.Peer(b""), []

    async def keeping() -> AsyncIterator[None]:
        try:
            yield
        except KeyError:
            log.append("async")

    def keeping_too() -> Iterator[None]:
        try:
            yield
        except KeyError:
            log.append("sync")

    async def failing() -> AsyncIterator[None]:
        yield
        raise KeyError

    @app.get("/", dependencies=[keeping if kind == "async" else keeping_too, failing])
    async def items() -> AsyncIterator[Item]:
        yield Item(0)
        peer.leave()
        await anyio.sleep_forever()

    with anyio.fail_after(5):
        await app(asgi.scope(), peer.receive, peer.send)

    assert log == [kind]
    assert [text.endswith("failed: KeyError") for _, text in logged()] == [True]


async def test_a_request_that_breaks_off_while_its_dependency_s_time_runs_out(asgi, logged):
    """What is sent then is not sent under a scope that was cancelled."""
    app, sent = App(), []

    async def within() -> AsyncIterator[None]:
        with anyio.CancelScope() as scope:
            scope.cancel()
            yield

    @app.post("/", dependencies=[within])
    async def add(request: Request) -> None:
        await request.body()

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        await anyio.lowlevel.checkpoint()
        sent.append(message.get("status"))

    with anyio.fail_after(5):
        await app(asgi.scope("POST"), receive, send)

    assert sent == [400, None]
    assert logged() == []


# --- threads -----------------------------------------------------------------------------------


@ASYNCIO
async def test_a_thread_is_waited_for_by_what_asyncio_cancels(call, logged):
    """No scope keeps that off; a thread that goes on alone would hold nobody's place."""
    app, log = App(), []

    def connected() -> Iterator[None]:
        time.sleep(0.05)
        log.append("begin")
        try:
            yield
        finally:
            log.append("end")

    @app.get("/begins", dependencies=[limited_by_asyncio, connected])
    async def begins() -> None:
        await asyncio.sleep(60)

    @app.get("/sync", dependencies=[limited_by_asyncio])
    def sync() -> None:
        time.sleep(0.05)
        log.append("sync")

    for path, told in (("/begins", ["begin", "end"]), ("/sync", ["sync"])):
        log.clear()
        with anyio.fail_after(5):
            assert (await call(app, "GET", path)).status == 500
        assert log == told
    assert len(logged()) == 2


@ASYNCIO
async def test_a_thread_that_fails_when_nobody_waits_is_told_of(asgi, logged):
    app, running = App(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def failing() -> Iterator[None]:
        loop.call_soon_threadsafe(running.set)
        time.sleep(0.05)
        raise KeyError
        yield

    @app.get("/", dependencies=[failing])
    async def show() -> None: ...

    task = asyncio.create_task(app(asgi.scope(), asgi.Peer(b"").receive, None))
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [text for _, text in logged()] == ["a generator failed as it was cancelled"]


@ASYNCIO
async def test_a_timeout_of_asyncio_while_the_fields_are_sent(asgi, logged):
    """No scope keeps that off: the generator is told, and the connection is cut."""
    told = []

    async def make():
        try:
            async with asyncio.timeout(0.01):
                yield Item(0)
        except TimeoutError:
            told.append("timeout")
            raise

    async def send(message):
        await asyncio.sleep(0.05)

    with pytest.raises(TimeoutError):
        await streaming(make)(asgi.scope(), asgi.Peer(b"").receive, send)

    assert told == ["timeout"]
    assert len(logged()) == 1


@ASYNCIO
async def test_a_thread_is_waited_for_by_who_is_cancelled_twice(asgi, logged):
    app, log, running = App(), [], asyncio.Event()
    loop = asyncio.get_running_loop()

    @app.get("/")
    def sync() -> None:
        loop.call_soon_threadsafe(running.set)
        time.sleep(0.1)
        log.append("sync")

    task = asyncio.create_task(app(asgi.scope(), asgi.Peer(b"").receive, None))
    await running.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0.01)
    with pytest.raises(asyncio.CancelledError):
        await task

    assert log == ["sync"]
    assert logged() == []


@ASYNCIO
async def test_a_place_is_kept_until_its_thread_is_free(call):
    app, running, most = App(), [], []

    async def within() -> AsyncIterator[None]:
        async with asyncio.timeout(0.1):
            yield

    @app.get("/", dependencies=[within])
    def sync() -> None:
        running.append(1)
        most.append(len(running))
        time.sleep(0.3)
        running.pop()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            for _ in range(2):
                for _ in range(40):
                    group.start_soon(call, app)
                await anyio.sleep(0.15)

    assert 0 < max(most) <= 40
    assert running == []


class Odd(BaseException):
    pass


@pytest.mark.parametrize("swallows", [False, True])
async def test_what_is_no_exception_has_no_answer(asgi, logged, swallows):
    """Whatever the dependencies around it make of it."""
    app, peer = App(), asgi.Peer(b"")

    async def session() -> AsyncIterator[None]:
        with suppress(Odd):
            yield
        if not swallows:
            raise KeyError

    @app.get("/", dependencies=[session])
    async def show() -> None:
        raise Odd

    with pytest.raises(Odd):
        await app(asgi.scope(), peer.receive, peer.send)

    assert peer.sent == []
    told = ["the dependency session failed to end"] * (not swallows)
    assert [text for _, text in logged()] == told


# --- who awaits a task that was cancelled ------------------------------------------------------


def awaiting(**more):
    app = App()

    async def dependency() -> None:
        await cancelled_task()

    @app.get("/handler", **more)
    async def handler() -> None:
        await cancelled_task()

    @app.get("/dependency", dependencies=[dependency])
    async def depending() -> None: ...

    @app.get("/stream")
    async def stream() -> AsyncIterator[Item]:
        yield Item(0)
        await cancelled_task()

    @app.get("/task")
    async def task(tasks: BackgroundTasks) -> None:
        tasks.add(cancelled_task)
        tasks.add(noted)

    return app


async def cancelled_task():
    task = asyncio.create_task(asyncio.sleep(60))
    task.cancel()
    await task


DONE = []


async def noted():
    DONE.append(1)


@ASYNCIO
@pytest.mark.parametrize("more", [{}, {"cancel_on_disconnect": True}])
async def test_a_handler_that_awaits_a_cancelled_task(call, logged, more):
    """That is not the cancellation of its own, though it looks the same: so it has an answer."""
    answer = await call(awaiting(**more), "GET", "/handler")

    assert answer.status == 500
    assert [text.endswith("failed: RuntimeError") for _, text in logged()] == [True]


@pytest.mark.parametrize("waits", [False, True])
async def test_a_group_of_nothing_but_cancellations(asgi, call, logged, waits):
    """It is one: somebody's, or nobody's."""
    app = App()

    @app.get("/")
    async def show() -> None:
        try:
            await anyio.sleep_forever() if waits else await cancelled_task()
        except BaseException as error:  # noqa: BLE001 - as a careless library might
            raise BaseExceptionGroup("one", [BaseExceptionGroup("more", [error])]) from None

    if waits:
        peer = asgi.Peer(b"")
        with anyio.move_on_after(0.02) as scope:
            await app(asgi.scope(), peer.receive, peer.send)
        assert scope.cancelled_caught
        assert logged() == []
    elif anyio.get_cancelled_exc_class() is asyncio.CancelledError:
        assert (await call(app)).status == 500
        assert len(logged()) == 1


@ASYNCIO
async def test_others_that_do(asgi, call, logged):
    assert (await call(awaiting(), "GET", "/dependency")).status == 500
    assert (await call(awaiting(), "GET", "/task")).status == 204
    assert DONE.pop() == 1
    peer = asgi.Peer(b"")
    with pytest.raises(RuntimeError, match="a task was awaited that had been cancelled"):
        await awaiting()(asgi.scope("GET", "/stream"), peer.receive, peer.send)
    assert len(logged()) == 3


@ASYNCIO
@pytest.mark.parametrize("path", ["/handler", "/dependency", "/stream", "/task"])
async def test_one_that_is_cancelled_itself(asgi, logged, path):
    """By its server, without a scope: it passes on."""
    started = asyncio.Event()

    async def waits() -> None:
        started.set()
        await asyncio.sleep(60)

    app = App()

    @app.get("/handler")
    async def handler() -> None:
        await waits()

    @app.get("/dependency", dependencies=[swallowing_all, waits])
    async def depending() -> None: ...

    @app.get("/stream")
    async def stream() -> AsyncIterator[Item]:
        yield Item(0)
        await waits()

    @app.get("/task")
    async def tasked(tasks: BackgroundTasks) -> None:
        tasks.add(waits)

    peer = asgi.Peer(b"")
    task = asyncio.create_task(app(asgi.scope("GET", path), peer.receive, peer.send))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert logged() == []


async def swallowing_all() -> AsyncIterator[None]:
    with suppress(BaseException):
        yield
