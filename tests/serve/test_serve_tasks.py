"""Background tasks run behind the response; uploaded files are closed behind them."""

from typing import Annotated, Never

import anyio
import anyio.lowlevel
import pytest

from redirflow import (
    App,
    BackgroundTasks,
    Depends,
    NotFound,
    Redirect,
    Reroute,
    Response,
    UploadFile,
    raises,
    redirects,
    reroutes,
)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


async def serve(asgi, app, log, *parts, **request):
    """The answer; what is sent is noted among what the app does."""
    peer = asgi.Peer(*(parts or (b"",)))

    async def send(message):
        log.append(message["type"])
        await peer.send(message)

    await app(asgi.scope(**request), peer.receive, send)
    return asgi.answer(peer.sent)


RESPONSE = ["http.response.start", "http.response.body"]


async def test_tasks_run_in_their_order_when_the_response_was_sent(asgi):
    """Sync ones in threads, async ones in the loop, each with its arguments."""
    app, log = App(), []

    async def later(number: int, *, more: str) -> None:
        await anyio.lowlevel.checkpoint()
        log.append((number, more))

    @app.get("/")
    async def show(tasks: BackgroundTasks) -> str:
        tasks.add(log.append, "first")
        tasks.add(later, 2, more="second")
        tasks.add(log.append, "third")
        return "x"

    assert (await serve(asgi, app, log)).status == 200
    assert log == [*RESPONSE, "first", (2, "second"), "third"]


async def test_a_task_that_fails_is_logged_and_the_next_runs(asgi, caplog, logged):
    app, log = App(), []

    class Sending:
        def __repr__(self):
            return "<sending>"

        def __call__(self):
            raise OSError("no mail today")

    async def failing() -> None:
        raise RuntimeError("later")

    @app.get("/")
    async def show(tasks: BackgroundTasks) -> str:
        tasks.add(failing)
        tasks.add(Sending())
        tasks.add(log.append, "last")
        return "x"

    assert (await serve(asgi, app, log)).status == 200
    assert log == [*RESPONSE, "last"]
    assert logged() == [
        ("ERROR", "the background task failing failed"),
        ("ERROR", "the background task Sending failed"),
    ]
    errors = [str(record.exc_info[1]) for record in caplog.records]
    assert errors == ["later", "no mail today"]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (lambda: Response("x"), 200),
        (lambda: Redirect.to("other"), 303),
        (lambda: NotFound("no"), 404),
        (lambda: KeyError("no"), 500),
        (lambda: Response(5), 500),
        (lambda: Redirect("/nix"), 500),
    ],
)
async def test_tasks_run_after_a_success_or_a_redirect_only(asgi, outcome, status):
    app, log = App(), []

    @app.get("/other")
    async def other() -> None: ...

    @app.get("/")
    @redirects(303, to=other)
    @raises(NotFound)
    async def show(tasks: BackgroundTasks) -> Response[str]:
        tasks.add(log.append, "task")
        made = outcome()
        if isinstance(made, Response):
            return made
        raise made

    assert (await serve(asgi, app, log)).status == status
    assert log == ([*RESPONSE, "task"] if status < 400 else RESPONSE)


async def test_tasks_run_after_generators_have_ended(asgi):
    """They can't use what the request had borrowed: a task opens its own."""
    app, log = App(), []

    async def session():
        log.append("begin")
        yield "session"
        log.append("commit")

    @app.get("/")
    async def show(tasks: BackgroundTasks, session: Annotated[str, Depends(session)]) -> str:
        tasks.add(log.append, "task")
        return "x"

    await serve(asgi, app, log)

    assert log == ["begin", "commit", *RESPONSE, "task"]


async def test_no_task_runs_when_the_commit_fails(asgi):
    app, log = App(), []

    async def session():
        yield
        raise RuntimeError("lost")

    @app.get("/", dependencies=[session])
    async def show(tasks: BackgroundTasks) -> str:
        tasks.add(log.append, "task")
        return "x"

    assert (await serve(asgi, app, log)).status == 500
    assert log == RESPONSE


async def test_tasks_run_although_the_client_has_left(asgi, logged):
    """The work was done and committed; what follows from it is not the client's to stop."""
    app, log = App(), []

    @app.get("/")
    async def show(tasks: BackgroundTasks) -> str:
        tasks.add(log.append, "task")
        return "x"

    async def send(message):
        raise OSError("gone")

    await app(asgi.scope(), asgi.Peer(b"").receive, send)

    assert log == ["task"]
    assert logged() == []


async def test_the_tasks_of_a_rerouted_request_are_those_of_who_answers(asgi):
    app, log = App(), []

    @app.get("/other")
    async def other(tasks: BackgroundTasks) -> str:
        tasks.add(log.append, "task of the other")
        return "x"

    @app.get("/")
    @reroutes(to=other)
    async def show(tasks: BackgroundTasks) -> Never:
        raise Reroute.to(other)

    await serve(asgi, app, log)

    assert log == [*RESPONSE, "task of the other"]


# --- uploaded files ----------------------------------------------------------------------------


def upload(*sizes):
    """The parts of a form with one file of each of *sizes*."""
    parts = []
    for number, size in enumerate(sizes):
        head = f'content-disposition: form-data; name="files"; filename="{number}"\r\n\r\n'
        parts += [f"--b\r\n{head}".encode(), b"x" * size, b"\r\n"]
    return [*parts, b"--b--\r\n"]


FORM = {"content-type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize("size", [10, 2_000_000])
async def test_a_file_is_closed_behind_the_tasks(asgi, size):
    """In memory or in a temporary file; also one that no parameter asks for."""
    app, log, kept = App(max_body_size=10_000_000), [], []

    async def count() -> None:
        log.append([len(await file.read()) for file in kept])
        log.append([file.file.closed for file in kept])

    @app.post("/")
    async def store(files: list[UploadFile], tasks: BackgroundTasks) -> int:
        kept.extend(files)
        tasks.add(count)
        return len(files)

    answer = await serve(asgi, app, log, *upload(size, 5), method="POST", headers=FORM)

    assert answer.json() == 2
    assert log == [*RESPONSE, [size, 5], [False, False]]
    assert [file.file.closed for file in kept] == [True, True]


@pytest.mark.parametrize("kind", ["error", "violation", "cancelled"])
async def test_a_file_is_closed_whatever_happens(asgi, kind):
    app, kept = App(max_body_size=10_000_000), []

    @app.post("/")
    @raises(NotFound)
    async def store(files: list[UploadFile]) -> str:
        kept.extend(files)
        if kind == "error":
            raise NotFound
        if kind == "violation":
            return 5  # type: ignore[return-value]
        await anyio.sleep_forever()
        return "x"

    peer = asgi.Peer(*upload(2_000_000))
    with anyio.move_on_after(5 if kind in {"error", "violation"} else 0.3):
        await app(asgi.scope("POST", headers=FORM), peer.receive, peer.send)

    assert [file.file.closed for file in kept] == [True]
