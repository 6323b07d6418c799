"""What authors get wrong while serving: a 500, and one record that tells the remedy."""

import gc
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any, Never

import pytest
from msgspec import Meta, Struct

from redirflow import (
    App,
    BackgroundTasks,
    CookieSpec,
    HeaderSpec,
    NotFound,
    Redirect,
    Response,
    ServerSentEvent,
    SpecError,
    raises,
    redirects,
    returns,
)
from redirflow.serve.failures import RAISED

CONSTANT = b'{"type":"about:blank","title":"Internal Server Error","status":500}'


class User(Struct):
    id: int = 0
    name: str = "x"


class Page(Struct):
    users: list[User] = []
    by_name: dict[str, User] = {}
    first: User | None = None


async def load() -> User:
    return User()


def answering(make, type_, **more):
    """An app that answers with what *make* gives, as *type_*."""
    app = App()

    @app.get("/")
    @returns(type_, **more)
    async def show() -> Any:
        return make()

    return app


# --- a forgotten await, and other things that are no data -------------------------------------


@dataclass
class Row:
    """An object with the attributes of a `Page`."""

    users: Any = ()
    first: Any = None


FORGOTTEN = {
    "alone": (User, load),
    "as text": (str, load),
    "in a response": (User, lambda: Response(load())),
    "in a list": (list[User], lambda: [User(), load()]),
    "in a set": (list[User], lambda: {load()}),
    "in a dictionary": (dict[str, User], lambda: {"a": load()}),
    "in a member": (Page, lambda: {"users": [load(), load()]}),
    "in a field": (Page, lambda: Page(users=[load()])),
    "in an attribute": (Page, lambda: Row(first=load())),
    "beside a stranger": (Page, lambda: {"users": [object(), load()]}),
}


@pytest.mark.parametrize(("type_", "make"), FORGOTTEN.values(), ids=FORGOTTEN)
async def test_a_forgotten_await(call, logged, type_, make):
    """Read by its attributes, a coroutine would be a Struct of defaults; it is closed too."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        answer = await call(answering(make, type_))
        gc.collect()

    assert (answer.status, answer.body) == (500, CONSTANT)
    ((_, text),) = logged()
    assert " sent a coroutine: is an await missing?; declared: " in text
    assert "declared: a value" not in text
    assert warned == []


@pytest.mark.parametrize("media_type", ["text/plain", "text/event-stream", None])
async def test_a_forgotten_await_in_a_stream(call, logged, media_type):
    async def make():
        yield load()

    app = answering(make, AsyncIterator[str], media_type=media_type or ())

    assert (await call(app)).status == 500
    assert "sent a coroutine: is an await missing?" in logged()[0][1]


async def test_a_forgotten_await_where_nothing_is_declared(call, logged):
    assert (await call(answering(load, None))).status == 500
    assert "sent a coroutine: is an await missing?" in logged()[0][1]


async def test_a_forgotten_raise(call, logged):
    """It falls through to the end of the function, which returns None."""
    app = App()

    @app.get("/")
    @redirects(303)
    async def show() -> Never:
        Redirect("/x")

    assert (await call(app)).status == 500
    assert logged()[0][1].endswith("sent None: is a raise or a return missing?; declared: 303")


async def test_a_forgotten_await_where_only_redirects_are_declared(call, logged):
    app = App()

    @app.get("/")
    @redirects(303)
    async def show() -> Never:
        return load()

    assert (await call(app)).status == 500
    assert logged()[0][1].endswith("missing?; declared: nothing but redirects and errors")


STRANGERS = {
    "an object": (list[User], lambda: [object()], "a value of type object without any of the"),
    "an object in a member": (Page, lambda: Row(first=object()), "a value of type object without"),
    "views": (
        list[User],
        lambda: {"a": User()}.values(),
        "of type dict_values, which is no list: ",
    ),
    "generators": (
        list[int],
        lambda: (i for i in [1]),
        "which is no list: list(...) makes one",
    ),
    "generators of a text": (
        str,
        lambda: (i for i in "ab"),
        "Expected `str`, got `generator` at $",
    ),
    "what iterates": (User, lambda: iter([User()]), "of type list_iterator without any of the"),
    "scalars": (list[int], lambda: [object()], "Expected `int`, got `object` at $[0]"),
}


@pytest.mark.parametrize(("type_", "make", "said"), STRANGERS.values(), ids=STRANGERS)
async def test_what_is_no_data(call, logged, type_, make, said):
    assert (await call(answering(make, type_))).status == 500
    assert said in logged()[0][1]


async def test_rows_in_rows(call):
    """Objects with some of the fields are read by their attributes, in circles too."""
    inner = SimpleNamespace(name="inner", session=object())
    inner.first = inner
    row = SimpleNamespace(users=[inner, inner])

    answer = await call(answering(lambda: row, Page))

    sent = {"id": 0, "name": "inner"}
    assert answer.json() == {"users": [sent, sent], "by_name": {}, "first": None}


class Point(Struct, frozen=True):
    x: int


class Pixel(Point, frozen=True):
    colour: str


async def test_a_set_whose_members_are_equal_when_cut_down(call):
    """It is a set of the declared type, so they are one."""
    answer = await call(answering(lambda: {Pixel(1, "red"), Pixel(1, "blue")}, set[Point]))

    assert answer.json() == [{"x": 1}]


async def test_a_time_without_a_zone_where_one_is_declared(call, logged):
    app = answering(lambda: datetime(2026, 1, 1), Annotated[datetime, Meta(tz=True)])

    assert (await call(app)).status == 500
    assert "Expected `datetime` with a timezone component at $" in logged()[0][1]


@pytest.mark.parametrize("number", ["NaN", "-Infinity"])
@pytest.mark.parametrize("media_type", ["application/json", "application/msgpack"])
async def test_a_decimal_that_is_not_finite(call, logged, number, media_type):
    """In JSON it is a text that no client could read as a number."""
    app = answering(lambda: {"a b\n": Decimal(number)}, dict[str, Decimal], media_type=media_type)

    assert (await call(app)).status == 500
    ((_, text),) = logged()
    assert "Number out of range at $; declared" in text
    assert "\n" not in text


# --- what raises where nobody expects it -------------------------------------------------------


class Mute(Exception):
    def __str__(self):
        raise ValueError("no words")

    __repr__ = __str__


@pytest.mark.parametrize("debug", [False, True])
async def test_an_exception_that_can_not_be_shown(call, logged, debug):
    app = App(debug=debug)

    @app.get("/")
    async def show() -> str:
        raise Mute

    answer = await call(app)

    assert answer.status == 500
    assert answer.detail == ("Mute: <a Mute that can't be shown>" if debug else None)
    assert len(logged()) == 1


async def test_a_value_that_can_not_be_shown(call, logged):
    app = App(debug=True)

    @app.get("/")
    async def show() -> int:
        return Mute()

    assert (await call(app)).status == 500
    assert "(value: <a Mute that can't be shown>)" in logged()[0][1]


class Fickle:
    """An error format that works while the app is compiled, and then no more."""

    media_type = "application/json"
    broken = False

    def __init__(self, body):
        self.broken_body = body

    def body_type(self, error: type) -> object:
        return dict[str, str]

    def body(self, error: Exception) -> object:
        return self.broken_body() if self.broken else {"said": str(error)}


@pytest.mark.parametrize("body", [lambda: 1 / 0, lambda: {"a": object()}, lambda: {"a": "\ud800"}])
@pytest.mark.parametrize(
    "request_", [("GET", "/"), ("GET", "/nix"), ("POST", "/"), ("GET", "/crash"), ("BAD", "/")]
)
async def test_an_error_format_that_fails_always(call, logged, body, request_):
    """Also of errors that no handler raised: a constant 500, and one record."""
    app = App(error_format=(look := Fickle(body)))

    @app.get("/")
    @raises(NotFound)
    async def show() -> str:
        raise NotFound("none")

    @app.get("/crash")
    async def crash() -> str:
        raise KeyError("x")

    app.compile()
    look.broken = True
    method, path = request_
    host = None if method == "BAD" else (b"host", b"testserver")

    answer = await call(app, "GET" if host is None else method, path, host=host)

    assert (answer.status, answer.body) == (500, CONSTANT)
    assert answer["content-type"] == "application/problem+json"
    assert len(logged()) == 1


async def test_a_background_task_without_a_name(call, logged):
    class Task:
        def __call__(self):
            raise KeyError

        def __repr__(self):
            raise ValueError

    app = App()

    @app.get("/")
    async def show(tasks: BackgroundTasks) -> str:
        tasks.add(Task())
        return "x"

    assert (await call(app)).status == 200
    assert logged() == [("ERROR", "the background task Task failed")]


@pytest.mark.parametrize(("items", "status"), [(0, 500), (1, 200)])
async def test_a_stream_that_fails_to_close(call, logged, items, status):
    """Before it began, or behind its end."""

    class Items:
        async def aclose(self):
            raise RuntimeError

        def __aiter__(self):
            return self

        async def __anext__(self):
            nonlocal items
            items -= 1
            if items == -1 and status == 500:
                raise KeyError
            if items < 0:
                raise StopAsyncIteration
            return 1

    raised = []
    answer = await call(answering(Items, AsyncIterator[int]), **{RAISED: raised})

    assert answer.status == status
    assert ("ERROR", "the stream Items failed to close") in logged()
    assert RuntimeError in map(type, raised)


# --- fields ------------------------------------------------------------------------------------


class Kind(str, Enum):  # noqa: UP042 - its members format as their names
    ONE = "first"


@pytest.mark.parametrize(
    ("headers", "cookies", "expected"),
    [
        ({}, {}, ["max-age=60"]),
        ({"cache-control": "private"}, {}, ["private"]),
        ({"X-Other": "1"}, {}, ["max-age=60"]),
    ],
)
async def test_one_cache_control(call, headers, cookies, expected):
    """The handler's own counts."""
    app = App(headers={"Cache-Control": HeaderSpec(required=False), "X-Other": HeaderSpec()})

    @app.get("/")
    @redirects(303, max_age=60)
    async def show() -> Never:
        raise Redirect("/x").with_headers(headers).with_cookies(cookies)

    answer = await call(app)

    assert [
        value.decode() for name, value in answer.headers if name == b"cache-control"
    ] == expected


async def test_nobody_stores_a_redirect_with_cookies(call):
    app = App()

    @app.get("/")
    @redirects(303, headers={"Cache-Control": HeaderSpec()}, cookies={"kind": CookieSpec()})
    async def show() -> Never:
        raise Redirect("/x", headers={"Cache-Control": "public"}, cookies={"kind": Kind.ONE})

    answer = await call(app)

    assert answer["cache-control"] == "no-store"
    assert answer["set-cookie"].startswith("kind=first;")


async def test_a_header_name_that_is_no_text(call, logged):
    assert (await call(answering(lambda: Response(User(), headers={5: 5}), User))).status == 500
    assert "sent the header 5; declared: none" in logged()[0][1]


@pytest.mark.parametrize("target", [{}, [], 5])
async def test_a_target_that_is_none(call, logged, target):
    """Also one that can't be looked up."""
    app = App()

    @app.get("/users/{number}")
    async def user(number: int) -> int:
        return number

    @app.get("/")
    @redirects(303, to=user)
    async def show() -> Never:
        redirect = Redirect.to("user", number=1)
        redirect.target = target
        raise redirect

    assert (await call(app)).status == 500
    assert len(logged()) == 1


@pytest.mark.parametrize("location", [5, b"/x", None])
async def test_a_location_that_is_no_text(call, logged, location):
    app = App()

    @app.get("/")
    @redirects(302)
    async def show() -> Response[None]:
        return Response(status_code=302, headers={"Location": location})

    assert (await call(app)).status == 500
    ((_, text),) = logged()
    assert " sent a redirect that can't be sent: " in text


# --- streams -----------------------------------------------------------------------------------


@pytest.mark.parametrize("retry", [-1, True, 1.5, "5"])
async def test_an_event_whose_retry_is_no_time(call, logged, retry):
    async def make():
        yield ServerSentEvent(data="x", retry=retry)

    app = answering(make, AsyncIterator[ServerSentEvent], media_type="text/event-stream")

    assert (await call(app)).status == 500
    assert "an event whose retry is no number of milliseconds" in logged()[0][1]


@pytest.mark.parametrize("media_type", ["image/png", "application/jsonl; charset=utf-8"])
async def test_a_stream_of_another_media_type(call, logged, media_type):
    async def make():
        yield 1

    app = answering(lambda: Response(make(), media_type=media_type), AsyncIterator[int])

    assert (await call(app)).status == 500
    assert f"sent the media type {media_type!r}; declared: application/jsonl" in logged()[0][1]


async def test_a_stream_that_names_its_media_type(call):
    async def make():
        yield 1

    app = answering(lambda: Response(make(), media_type="application/jsonl"), AsyncIterator[int])

    assert (await call(app)).body == b"1\n"


async def test_a_stream_that_can_not_be_closed(call):
    class Items:
        def __aiter__(self):
            return self

        async def __anext__(self):
            raise StopAsyncIteration

    assert (await call(answering(Items, AsyncIterator[int]))).status == 200


@pytest.mark.parametrize(
    ("type_", "more", "found"),
    [
        (User, {"media_type": ("application/jsonl", "text/csv")}, "with the media types appl"),
        (User, {"media_type": "text/csv"}, "of User as text/csv"),
        (int, {"media_type": "application/json"}, "of int as application/json"),
        (bytes, {"media_type": "application/json"}, "of bytes as application/json"),
        (str, {"media_type": "application/msgpack"}, "of str as application/msgpack"),
        (User, {"status_code": 201, "location": "/"}, "with location=..."),
    ],
)
def test_a_stream_that_could_not_be_sent_as_declared(type_, more, found):
    with pytest.raises(SpecError) as caught:
        answering(lambda: None, AsyncIterator[type_], **more).compile()

    (fault,) = caught.value.faults
    assert fault.found.startswith(f"show: a stream {found}")
    assert fault.allowed


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "text/event-stream; charset=utf-8"])
async def test_other_names_of_streams(call, media_type):
    async def make():
        yield {"id": 1}

    answer = await call(answering(make, AsyncIterator[User], media_type=media_type))

    assert answer["content-type"] == media_type
    assert b'{"id":1,"name":"x"}' in answer.body
