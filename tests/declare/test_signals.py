"""Odd signals end in one 500 with one log record; those of a module remember no request."""

import asyncio
import logging
from contextlib import suppress
from typing import Annotated, Never

import pytest

from redirflow import (
    App,
    Depends,
    NotFound,
    Redirect,
    Reroute,
    raises,
    redirects,
    reroutes,
)


def status_of(app, path):
    """The status of the one response, straight from the app: nothing else may come out of it."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"a.test")]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    start, _ = sent
    return start["status"]


class Unmade(Redirect):
    def __init__(self):
        self.target = get_number


class Lost(Reroute):
    def __init__(self):
        """Forgets its parent."""


def app_of(*handlers):
    app = App()
    app.get("/numbers/{n}")(get_number)
    for handler in handlers:
        app.get(f"/{handler.__name__}")(handler)
    return app


async def get_number(n: int) -> int:
    return n


@pytest.mark.parametrize(
    "make",
    [
        Unmade,
        Lost,
        lambda: Redirect.to({}),
        lambda: Redirect.to("get_number", 5),
        lambda: Redirect(5),
        lambda: Redirect("/numbers/1", headers=["X"]),
        lambda: Redirect("/numbers/1", status_code="x"),
        lambda: Reroute.to({}),
        lambda: Reroute(5),
        lambda: Reroute("/numbers/1", query=[1]),
    ],
    ids=range(10),
)
@pytest.mark.parametrize("spec", [reroutes(to=get_number), redirects(303)], ids=["slow", "fast"])
def test_an_odd_signal_is_one_failure(make, spec, caplog):
    @spec
    @redirects(303, to=get_number)
    async def raising() -> Never:
        raise make()

    @redirects(303, to=get_number)
    async def returning() -> Redirect:
        return make()

    app = app_of(raising, returning)
    for path in ("/raising", "/returning"):
        caplog.clear()
        with caplog.at_level(logging.ERROR, "redirflow"):
            assert status_of(app, path) == 500
        assert len(caplog.records) == 1


HOME = Redirect.to("get_number", n=1)
GONE = NotFound("gone").with_headers({})


def session():
    with suppress(KeyError):
        yield 1


async def async_session():
    try:
        yield 2
    except NotFound:
        raise


def test_a_signal_of_a_module_remembers_no_request():
    @redirects(303, to="get_number")
    async def home() -> Never:
        try:
            raise KeyError
        except KeyError:
            raise HOME  # noqa: B904 - that is the point

    @raises(NotFound)
    async def gone(
        a: Annotated[int, Depends(session)], b: Annotated[int, Depends(async_session)]
    ) -> Never:
        try:
            raise KeyError
        except KeyError:
            raise GONE  # noqa: B904 - that is the point

    app = app_of(home, gone)
    assert [status_of(app, path) for path in ("/home", "/gone", "/home")] == [303, 404, 303]

    for signal in (HOME, GONE):
        assert (signal.__traceback__, signal.__context__) == (None, None)


def test_headers_given_to_an_error_of_a_module_stay_with_one_user():
    """Cookies too: what one user gets must never be sent to the next."""
    mine = GONE.with_cookies({"sid": "secret"})

    assert mine.cookies == {"sid": "secret"}
    assert GONE.cookies is None


def test_parameters_of_any_name():
    async def odd(self: int, target: int) -> int: ...

    app = App()
    app.get("/odd")(odd)

    assert app.url_for(odd, self=1, target=2) == "/odd?self=1&target=2"
