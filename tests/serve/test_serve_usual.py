"""What the generated way through an operation serves by itself, and what it leaves to others.

That both ways agree stands in `test_serve_fast.py`; a generated way that leaves everything to the
careful one would agree, too.
"""

import json
import re
from datetime import date
from typing import Annotated

import pytest
from msgspec import Struct

from redirflow import Alias, App, Body, Header, HeaderSpec, Query, Redirect, redirects, returns
from redirflow.serve.failures import Failures
from redirflow.serve.fast import fast_server
from redirflow.serve.gate import Gate
from redirflow.serve.route import Route

NAMES = {
    "Alias": Alias,
    "Annotated": Annotated,
    "Body": Body,
    "date": date,
    "Header": Header,
    "Query": Query,
}
"""What annotations are made of."""

ROUTE = Route("/path", "name")
HOST = (b"host", b"testserver")


class LeftToOthers(Exception):
    """The request, or its outcome, is unusual."""


async def careful(scope, receive, send, values):
    raise LeftToOthers("careful", values, (await receive()).get("body"))


def respond(result, scope):
    raise LeftToOthers("respond", result)


def failed(error, scope):
    return 418, [], repr(error).encode()


def generated(app, name):
    """The generated way of one operation."""
    endpoints = app.compile().endpoints
    (endpoint,) = [endpoints[operation] for operation in endpoints if operation.name == name]
    gate = Gate(None, Failures({}, debug=False))
    return fast_server(endpoint, careful, ROUTE, gate, respond, failed)


def ask(at_once, serve, *, values=(), query=b"", headers=(), body=(), **more):
    """Status, fields, body, and the scope afterwards."""
    scope = {"query_string": query, "headers": [HOST, *headers], **more}
    start, end = at_once(lambda *asgi: serve(*asgi, values), scope, *body)

    assert (start["type"], end["type"]) == ("http.response.start", "http.response.body")
    return start["status"], start["headers"], end["body"], scope


def operation(arguments, path):
    """The generated way of an operation that gives its arguments back, and its handler."""
    names = dict(NAMES)
    shown = ", ".join(f"repr({name})" for name in re.findall(r"(?:^|, )(\w):", arguments))
    exec(f"async def handler({arguments}) -> list[str]: return [{shown}]", names)
    app = App(max_body_size=200)
    app.post(path, name="x")(names["handler"])
    return generated(app, "x"), names["handler"]


NUMBER = "x: int, /{x}"
TEXT = "x: str, /{x}"
SEARCH = "a: int, b: str = 'none', c: date | None = None, /"
ALIASED = "a: Annotated[Query[str], Alias('q-a')], /"
FIELDS = "a: Header[int], b: Header[str], /"
BODY = "x: int, z: Body[int], /{x}"
LARGEST = str(2**63 - 1)
JSON = (b"content-type", b"application/json")
FIVE = {"values": "1", "headers": [JSON], "body": [b"5"]}


@pytest.mark.parametrize(
    ("handler", "request_", "arguments"),
    [
        ("/", {}, []),
        (NUMBER, {"values": "7"}, [7]),
        (NUMBER, {"values": LARGEST}, [int(LARGEST)]),
        (TEXT, {"values": "é 7"}, ["é 7"]),
        ("x: date, /{x}", {"values": "2024-02-29"}, [date(2024, 2, 29)]),
        ("y: str, x: int, /{x}/{y}", {"values": ("7", "a")}, ["a", 7]),
        (SEARCH, {"query": b"a=1"}, [1, "none", None]),
        (SEARCH, {"query": b"b=x&a=1&c=2024-02-29"}, [1, "x", date(2024, 2, 29)]),
        (SEARCH, {"query": b"a=1&b=x=y&a=2&d=5&b"}, [2, "", None]),
        (SEARCH, {"query": b"a=1&b=" + b"x" * 993}, [1, "x" * 993, None]),
        (SEARCH, {"query": b"a=" + LARGEST.encode()}, [int(LARGEST), "none", None]),
        ("a: str = 'none', /", {}, ["none"]),
        (ALIASED, {"query": b"a=1&q-a=2"}, ["2"]),
        (FIELDS, {"headers": [(b"b", b"\xe9 x"), (b"c", b"5"), (b"a", b"7")]}, [7, "é x"]),
        (BODY, FIVE, [1, 5]),
        (BODY, {**FIVE, "body": [b"5".rjust(200)]}, [1, 5]),
        (BODY, {**FIVE, "headers": [(b"content-length", b"1"), JSON]}, [1, 5]),
        (BODY, {**FIVE, "headers": [(b"content-length", b"99"), JSON]}, [1, 5]),
    ],
)
def test_what_is_usual(at_once, handler, request_, arguments):
    """The handler is called with what was sent, and nobody else is asked."""
    serve, function = operation(*handler.rpartition(", ")[::2])

    status, fields, body, scope = ask(at_once, serve, **request_)

    assert json.loads(body) == [*map(repr, arguments)]
    assert status == 201
    assert fields == [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    assert scope["route"] is ROUTE
    assert scope["endpoint"] is function
    assert scope["path_params"] == {
        name: value
        for name, value in zip(re.findall(r"(\w):", handler), arguments, strict=True)
        if f"{{{name}}}" in handler
    }


@pytest.mark.parametrize(
    ("handler", "request_"),
    [
        (NUMBER, {"values": "-7"}),
        (NUMBER, {"values": "\u0663"}),
        (NUMBER, {"values": str(2**63)}),
        ("x: date, /{x}", {"values": "2023-02-29"}),
        (SEARCH, {}),
        (SEARCH, {"query": b"b=x"}),
        (SEARCH, {"query": b"a=%31"}),
        (SEARCH, {"query": b"a=1&b=x+y"}),
        (SEARCH, {"query": b"a=+1"}),
        (SEARCH, {"query": b"a=1&b=\xe9"}),
        (SEARCH, {"query": b"a=1&b=" + b"x" * 994}),
        (SEARCH, {"query": b"a=" + str(2**63).encode()}),
        (FIELDS, {"headers": [(b"a", b"7")]}),
        (FIELDS, {"headers": [(b"a", b"-7"), (b"b", b"x")]}),
        (BODY, {**FIVE, "headers": []}),
        (BODY, {**FIVE, "headers": [(b"content-type", b"application/msgpack")]}),
        (BODY, {**FIVE, "headers": [JSON, (b"content-encoding", b"gzip")]}),
        (BODY, {**FIVE, "headers": [JSON, (b"content-length", b"100")]}),
        (BODY, {**FIVE, "body": [b"", b"5"]}),
        (BODY, {**FIVE, "body": [b"5", b""]}),
        (BODY, {**FIVE, "body": [b"5".rjust(201)]}),
        (BODY, {**FIVE, "body": [b'"5"']}),
    ],
)
def test_a_doubt_is_left_to_the_careful_way(at_once, handler, request_):
    """With everything that came in, a body that was read already among it."""
    serve, _ = operation(*handler.rpartition(", ")[::2])

    with pytest.raises(LeftToOthers) as left:
        ask(at_once, serve, **request_)

    values, first = request_.get("values", ()), (*request_.get("body", ()), None)[0]
    assert left.value.args == ("careful", values, first)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([HOST], 200),
        ([(b"HOST", b"a.test:80")], 200),
        ([], 500),
        ([HOST, HOST], 500),
        ([(b"Host", b"a b")], 500),
    ],
)
def test_the_gate_is_asked(at_once, headers, status):
    """Before the handler is called; what the gate has not seen yet is admitted or refused."""
    app, called = App(), []

    @app.get("/", name="x")
    async def handler() -> str:
        called.append(1)
        return "x"

    serve = generated(app, "x")
    for _ in range(2):
        scope = {"query_string": b"", "headers": headers, "method": "GET"}
        start, _ = at_once(lambda *asgi: serve(*asgi, ()), scope)
        assert start["status"] == status
    assert len(called) == (2 if status == 200 else 0)


# --- outcomes ------------------------------------------------------------------------------------


class Item(Struct):
    name: str


class Wider(Item):
    secret: str = "s"


@pytest.mark.parametrize("size", [2, 4095, 4096, 5000])
def test_a_body_of_any_length(at_once, size):
    app = App()

    @app.get("/", name="x")
    async def handler() -> str:
        return "x" * (size - 2)

    status, fields, body, _ = ask(at_once, generated(app, "x"))

    assert (status, len(body)) == (200, size)
    assert fields[1] == (b"content-length", b"%d" % size)


@pytest.mark.parametrize(
    ("result", "body"),
    [(Item("a"), b'{"name":"a"}'), ({"name": "a"}, b'{"name":"a"}')],
)
def test_a_result_whose_bytes_are_as_declared(at_once, result, body):
    """Of the declared class or not."""
    app = App()

    @app.get("/", name="x")
    @returns(Item)
    async def handler() -> dict[str, str] | Item:
        return result

    assert ask(at_once, generated(app, "x"))[2] == body


@pytest.mark.parametrize(
    "result", [Wider("a"), 5, None, Item("\ud800"), object()], ids=lambda each: type(each).__name__
)
def test_another_result_is_left_to_the_careful_way(at_once, result):
    app = App()

    @app.get("/", name="x")
    async def handler() -> Item:
        return result

    with pytest.raises(LeftToOthers, match="respond"):
        ask(at_once, generated(app, "x"))


@pytest.mark.parametrize(
    "spec",
    [
        returns(None),
        returns(str, headers={"X-A": HeaderSpec(str)}),
        returns(str, status_code=201, location="x"),
    ],
    ids=["no body", "a required header", "a location"],
)
def test_a_response_that_needs_more_is_left_to_the_careful_way(at_once, spec):
    """Even a result of the declared class is no complete response."""
    app = App()

    async def handler():
        return "text"

    app.get("/", name="x")(spec(handler))

    with pytest.raises(LeftToOthers, match="text"):
        ask(at_once, generated(app, "x"))


async def test_a_client_that_has_left_is_no_failure():
    app = App()

    @app.get("/", name="x")
    async def handler() -> str:
        return "x"

    async def receive(): ...

    async def send(message):
        raise BrokenPipeError

    await generated(app, "x")({"query_string": b"", "headers": [HOST]}, receive, send, ())


@pytest.fixture
def leading(at_once):
    """`leading(redirect, ...)` asks an operation that raises *redirect*."""

    def leading(redirect, max_age=None, **more):
        app = App()

        @app.get("/items/{number}", name="item")
        async def item(number: int) -> None: ...

        @app.get("/", name="x")
        @redirects(303, to=["item", "/other"], max_age=max_age)
        async def handler() -> str:
            raise redirect

        @app.get("/other")
        async def other() -> None: ...

        return ask(at_once, generated(app, "x"), **more)[:3]

    return leading


@pytest.mark.parametrize("number", [0, 7, -7, 10**100])
def test_a_redirect_to_an_operation_with_a_number(leading, number):
    """Its traceback, which holds what the handler held, is let go."""
    redirect = Redirect.to("item", number=number)
    redirect.__context__ = ValueError()

    assert leading(redirect) == (
        303,
        [(b"location", b"/items/%d" % number), (b"content-length", b"0")],
        b"",
    )
    assert redirect.__traceback__ is None
    assert redirect.__context__ is None


def test_a_redirect_that_is_kept_for_some_time(leading):
    _, fields, _ = leading(Redirect.to("item", number=1), max_age=60)

    assert fields[2:] == [(b"cache-control", b"max-age=60")]


@pytest.mark.parametrize(
    ("redirect", "more"),
    [
        (Redirect.to("item", number="7"), {}),
        (Redirect.to("item", number=True), {}),
        (Redirect.to("item", number=7, more=8), {}),
        (Redirect.to("item", other=7), {}),
        (Redirect.to("item", number=10**5000), {}),
        (Redirect.to("other"), {}),
        (Redirect("/other"), {}),
        (Redirect.to("item", number=7).with_query(a=1), {}),
        (Redirect.to("item", number=7), {"root_path": "/api"}),
    ],
)
def test_another_redirect_is_left_to_others(leading, redirect, more):
    status, fields, body = leading(redirect, **more)

    assert (status, fields) == (418, [])
    assert body.startswith(b"Redirect")
    assert redirect.__traceback__ is None


class Stubborn(Redirect):
    """A redirect that does not let itself be changed."""

    def __setattr__(self, name, value):
        if name == "__traceback__":
            raise AttributeError(name)
        super().__setattr__(name, value)


def test_a_redirect_that_does_not_let_itself_be_changed(leading):
    redirect = Stubborn.to("item", number=7)

    assert leading(redirect)[0] == 303
    assert redirect.__traceback__ is None


def test_an_error_is_left_to_others(leading):
    assert leading(ValueError("no"))[::2] == (418, b"ValueError('no')")
