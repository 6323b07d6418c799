"""Hooks for classes that msgspec does not know: one declaration for everything."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import PurePath, PurePosixPath
from typing import Annotated, Any

import msgspec
import pydantic
import pytest
from msgspec import Meta, Struct

from redirflow import (
    App,
    Cookie,
    Form,
    Header,
    HeaderSpec,
    HTTPError,
    Query,
    Redirect,
    Response,
    SpecError,
    TypeHook,
    raises,
    redirects,
    returns,
)
from redirflow.testing import TestClient

JSON, MSGPACK = "application/json", "application/msgpack"
PACKED = {"content-type": MSGPACK}


@dataclass(frozen=True)
class Inner:
    """Something that msgspec knows: a hook must not be needed for it."""

    x: int


class Money:
    """An amount that msgspec knows nothing of."""

    def __init__(self, cents, currency):
        self.cents, self.currency = cents, currency

    def __repr__(self):
        return f"Money({self.cents}, {self.currency!r})"

    @classmethod
    def parse(cls, text):
        if text == "KEY 1":
            return {}[text]
        if text == "DEC 1":
            return Decimal(text)
        if text == "BUG 1":
            raise RuntimeError(text)
        currency, cents = text.split(" ")
        return cls(int(cents), currency)


class Point:
    """Travels as a number."""

    def __init__(self, x):
        self.x = x


class Model(pydantic.BaseModel):
    id: int


START, PRICE = Point(3), Money(5, "EUR")
MONEY = TypeHook(
    Money,
    decode=Money.parse,
    encode=lambda money: f"{money.currency} {money.cents}",
    schema={"format": "money", "examples": ["EUR 100"]},
)
ADDRESS = TypeHook(IPv4Address, schema={"format": "ipv4"})
PATH = TypeHook(PurePath, decode=PurePosixPath)
POINT = TypeHook(Point, encode=lambda point: point.x, wire=Annotated[int, Meta(ge=0)])
MODEL = TypeHook(
    Model, decode=Model.model_validate, encode=Model.model_dump, wire=dict[str, int | str]
)
HOOKS = [MONEY, ADDRESS, PATH, POINT, MODEL]


class Order(Struct):
    price: Money
    hosts: list[IPv4Address] = []
    folder: PurePath | None = None


def an_app(**options):
    return App(docs_url=None, type_hooks=HOOKS, **options)


@pytest.fixture(scope="module")
def client():
    app = an_app()

    @app.get("/path/{price}")
    async def in_path(price: Money) -> str:
        return repr(price)

    @app.get("/query")
    async def in_query(
        price: Money, hosts: Query[list[IPv4Address]], x: Point | None = None
    ) -> str:
        return repr([price, hosts, x and x.x])

    @app.get("/header")
    async def in_header(price: Header[Money]) -> str:
        return repr(price)

    @app.get("/cookie")
    def in_cookie(price: Cookie[Money]) -> str:
        return repr(price)

    @app.post("/form")
    async def in_form(order: Form[Order2]) -> str:
        return repr(order)

    @app.post("/orders")
    @returns(media_type=[JSON, MSGPACK])
    async def create_order(order: Order) -> Order:
        return order

    @app.post("/models")
    async def create_model(model: Model) -> Model:
        return Model(id=model.id + 1)

    @app.get("/told")
    @returns(headers={"x-price": HeaderSpec(Money)})
    async def told() -> Response[Money]:
        price = Money(5, "EUR")
        return Response(price, headers={"X-Price": price})

    @app.get("/elsewhere")
    @redirects(303, to=[in_path, in_query])
    async def elsewhere(many: bool = False) -> Redirect:
        if many:
            hosts = [IPv4Address("1.2.3.4"), IPv4Address("::1"[-1:] + ".0.0.1")]
            return Redirect.to(in_query, price=Money(1, "EUR"), hosts=hosts)
        return Redirect.to(in_path, price=Money(1, "EUR"))

    with TestClient(app, raise_violations=False) as client:
        yield client


class Order2(Struct):
    price: Money
    host: IPv4Address = IPv4Address("127.0.0.1")


def test_parameters(client):
    money = repr("Money(7, 'EUR')")

    assert (
        client.get("/path/EUR%207").text == client.get("/header", headers={"price": "EUR 7"}).text
    )
    assert client.get("/cookie", headers={"cookie": "price=EUR 7"}).json() == "Money(7, 'EUR')"
    assert client.get("/path/EUR 7").json() == "Money(7, 'EUR')" != money
    query = {"price": "EUR 7", "hosts": ["1.2.3.4", "4.3.2.1"], "x": "5"}
    assert client.get("/query", params=query).json() == (
        "[Money(7, 'EUR'), [IPv4Address('1.2.3.4'), IPv4Address('4.3.2.1')], 5]"
    )
    form = client.post("/form", data={"price": "EUR 7"}).json()
    assert form == "Order2(price=Money(7, 'EUR'), host=IPv4Address('127.0.0.1'))"


def test_wrong_parameters(client):
    response = client.get("/query", params={"price": "EUR", "hosts": ["1.2.3.4", "x"], "x": "-1"})

    assert response.status_code == 422
    assert [(each["loc"], each["msg"]) for each in response.json()["errors"]] == [
        (["query", "price"], "not enough values to unpack (expected 2, got 1)"),
        (["query", "hosts", 1], "Expected 4 octets in 'x'"),
        (["query", "x"], "Expected `int` >= 0"),
    ]


ORDER = {"price": "EUR 7", "hosts": ["1.2.3.4"], "folder": "/tmp"}


@pytest.mark.parametrize("accept", [JSON, MSGPACK])
@pytest.mark.parametrize("given", [JSON, MSGPACK])
def test_bodies_and_responses(client, given, accept):
    encode = msgspec.json.encode if given == JSON else msgspec.msgpack.encode
    decode = msgspec.json.decode if accept == JSON else msgspec.msgpack.decode

    response = client.post(
        "/orders", content=encode(ORDER), headers={"content-type": given, "accept": accept}
    )

    assert (response.status_code, decode(response.content)) == (201, ORDER)


@pytest.mark.parametrize("codec", [msgspec.json, msgspec.msgpack])
@pytest.mark.parametrize(
    ("order", "loc"),
    [
        ({"price": "EUR"}, ["body", "price"]),
        ({"price": 7}, ["body", "price"]),
        ({"price": {"a": 1}}, ["body", "price"]),
        ({"price": "EUR 7", "hosts": ["1.2.3.4", "::1"]}, ["body", "hosts", 1]),
        ({}, ["body"]),
    ],
)
def test_wrong_bodies(client, codec, order, loc):
    media_type = JSON if codec is msgspec.json else MSGPACK

    response = client.post(
        "/orders", content=codec.encode(order), headers={"content-type": media_type}
    )

    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["errors"]] == [loc]


def test_messagepack_brings_no_keys_that_collide(client):
    """What a hook gets was checked first: a map of integers never becomes a dict."""
    body = msgspec.msgpack.encode({"price": dict.fromkeys(range(9), 1)})

    assert client.post("/orders", content=body, headers=PACKED).status_code == 422


def test_a_class_that_travels_as_an_object(client):
    assert client.post("/models", json={"id": "7"}).json() == {"id": 8}
    assert client.post("/models", json={"id": "x"}).status_code == 422
    assert (
        client.post("/models", json=[]).json()["errors"][0]["msg"].startswith("Expected `object`")
    )


def test_headers_of_responses_and_locations(client):
    told = client.get("/told")

    assert (told.json(), told.headers["x-price"]) == ("EUR 5", "EUR 5")
    assert client.get("/elsewhere").headers["location"] == "/path/EUR%201"
    many = client.get("/elsewhere", params={"many": "true"}).headers["location"]
    assert many == "/query?price=EUR%201&hosts=1.2.3.4&hosts=1.0.0.1"


@pytest.mark.parametrize("price", ["KEY 1", "DEC 1"])
def test_what_looks_up_or_computes_in_vain_is_the_clients_fault(client, price):
    """`ZoneInfo(text)` raises a KeyError, `Decimal(text)` an ArithmeticError."""
    for answer in (client.get(f"/path/{price}"), client.post("/orders", json={"price": price})):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["msg"] == "Invalid Money"


@pytest.mark.parametrize("path", ["/path/BUG%201", "/query?price=BUG+1&hosts=1.2.3.4"])
def test_what_else_a_hook_raises_is_the_authors_fault(client, caplog, path):
    with caplog.at_level(logging.ERROR, "redirflow"):
        assert client.get(path).status_code == 500

    assert len(caplog.records) == 1


def test_a_response_of_another_class_is_a_violation(caplog):
    app = an_app()

    @app.get("/")
    async def wrong() -> Money:
        return IPv4Address("1.2.3.4")

    @app.get("/unknown")
    async def unknown() -> list[Any]:
        return [object()]

    client = TestClient(app, raise_violations=False)

    assert client.get("/").status_code == 500
    assert client.get("/unknown").status_code == 500
    assert len(caplog.records) == 2


def test_the_document():
    app = an_app()

    @app.post("/{host}")
    async def create(host: IPv4Address, order: Order, x: Point = START) -> Model: ...

    document = app.openapi()
    operation = document["paths"]["/{host}"]["post"]

    assert [each["schema"] for each in operation["parameters"]] == [
        {"type": "string", "format": "ipv4"},
        {"type": "integer", "minimum": 0, "default": 3},
    ]
    assert document["components"]["schemas"]["OrderInput"]["properties"] == {
        "price": {"type": "string", "format": "money", "examples": ["EUR 100"]},
        "hosts": {"type": "array", "items": {"type": "string", "format": "ipv4"}, "default": []},
        "folder": {"type": ["string", "null"], "default": None},
    }


def test_without_a_hook_the_parameter_is_named():
    app = App()

    @app.post("/{host}")
    async def create(host: IPv4Address, order: Order) -> Money: ...

    with pytest.raises(SpecError) as caught:
        app.compile()
    told = str(caught.value)
    assert "create(host): IPv4Address is no type that msgspec reads" in told
    assert "write: App(type_hooks=[TypeHook(IPv4Address, decode=..., encode=...)])" in told
    assert "create(order): Money is no type that msgspec reads" in told
    assert told.count("TypeHook(Money, ") == 1  # though it is the response too


def test_a_hooked_class_may_not_be_a_member_of_a_set():
    app = an_app()

    @app.post("/")
    async def create(hosts: set[IPv4Address]) -> None: ...

    with pytest.raises(SpecError, match="colliding ones stall it"):
        app.compile()


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda: TypeHook(int), "TypeHook(int)"),
        (lambda: TypeHook(Inner), "TypeHook(Inner)"),
        (lambda: TypeHook(Money, wire=Point), "TypeHook(wire="),
        (lambda: TypeHook("Money"), "TypeHook(type='Money')"),
        (lambda: TypeHook(Money, decode=5), "TypeHook(decode=5)"),
        (lambda: App(type_hooks=[MONEY, TypeHook(Money)]), "two hooks for Money"),
        (lambda: App(type_hooks=[Money]), "App(type_hooks="),
    ],
)
def test_wrong_hooks(make, found):
    with pytest.raises(SpecError) as caught:
        make()
    assert found in str(caught.value)


class Slug(str):
    """A text, until a hook says more."""

    __slots__ = ()


def test_a_hook_is_asked_before_what_a_class_inherits_from():
    app = App(docs_url=None, type_hooks=[TypeHook(Slug, encode=lambda slug: slug.upper())])

    @app.get("/")
    async def show() -> Slug:
        return Slug("a")

    assert TestClient(app).get("/").json() == "A"


def test_overrides_keep_the_hooks():
    app = an_app()

    @app.get("/")
    async def read(price: Money) -> Money:
        return price

    assert TestClient(app, overrides={}).get("/?price=EUR 1").json() == "EUR 1"


def test_errors_streams_and_defaults():
    class Broke(HTTPError, status_code=402):
        price: Money

    app = an_app()

    @app.get("/broke")
    @raises(Broke)
    async def broke() -> None:
        raise Broke(price=PRICE)

    @app.get("/stream")
    async def stream() -> AsyncIterator[Money]:
        yield PRICE
        yield PRICE

    @app.get("/default")
    async def default(price: Money = PRICE) -> dict[str, Money]:
        return {"price": price}

    client = TestClient(app)

    assert client.get("/broke").json()["price"] == "EUR 5"
    assert client.get("/stream").text == '"EUR 5"\n"EUR 5"\n'
    assert client.get("/default").json() == {"price": "EUR 5"}
