"""Every kind of input in every part of a request: what is taken, what is refused, and how."""

import enum
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta, Struct, field

from redirflow import Alias, App, Body, Cookie, Form, Header, LocalURL, Query, SpecError
from redirflow.testing import TestClient

NEVER = object()
"""Stands for a text or a value that there is not: nothing of the kind is refused."""


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Kind(Struct, frozen=True):
    """A type with one text and one JSON value that it takes, and one each that it refuses."""

    type: object
    value: object
    text: str
    wrong: object
    json: object
    wrong_json: object


UID = "6f1c2f9e-0c1e-4d2a-9c56-0d6c2a3b4e5f"

KINDS = {
    "str": Kind(str, "a b", "a b", NEVER, "a b", 5),
    "int": Kind(int, -7, "-7", "7.0", -7, "7"),
    "float": Kind(float, 2.5, "2.5", "nan", 2.5, "2.5"),
    "float and inf": Kind(float, 0.5, "0.5", "inf", 0.5, None),
    "float and 1e999": Kind(float, 1e10, "1e10", "1e999", 1e10, True),
    "bool": Kind(bool, True, "true", "yes", True, 1),
    "bytes": Kind(bytes, b"abc", "YWJj", "!", "YWJj", "!"),
    "enum": Kind(Color, Color.RED, "red", "blue", "red", "blue"),
    "int enum": Kind(Level, Level.LOW, "1", "2", 1, "1"),
    "literal": Kind(Literal["a", 1], 1, "1", "2", 1, "1"),
    "date": Kind(date, date(2024, 2, 29), "2024-02-29", "2023-02-29", "2024-02-29", 5),
    "datetime": Kind(
        datetime,
        datetime(2024, 2, 29, 12, tzinfo=UTC),
        "2024-02-29T12:00:00Z",
        "1709208000",
        "2024-02-29T12:00:00Z",
        1709208000,
    ),
    "aware": Kind(
        Annotated[datetime, Meta(tz=True)],
        datetime(2024, 2, 29, 12, tzinfo=UTC),
        "2024-02-29T12:00:00Z",
        "2024-02-29T12:00:00",
        "2024-02-29T12:00:00Z",
        "2024-02-29T12:00:00",
    ),
    "time": Kind(time, time(12, 30), "12:30:00", "25:00:00", "12:30:00", 5),
    "timedelta": Kind(timedelta, timedelta(hours=1), "PT1H", "3600", "PT1H", 3600.5e300),
    "UUID": Kind(UUID, UUID(UID), UID, UID[1:], UID, 5),
    "Decimal": Kind(Decimal, Decimal("0.10"), "0.10", "NaN", "0.10", "NaN"),
    "Decimal and Infinity": Kind(Decimal, Decimal(1), "1", "Infinity", "1", "Infinity"),
    "optional": Kind(int | None, 7, "7", "x", 7, "7"),
    "union": Kind(int | str, 7, "7", NEVER, 7, [7]),
    "LocalURL": Kind(LocalURL, "/a", "/a", "//evil.test", "/a", "//evil.test"),
    "bounded": Kind(Annotated[int, Meta(ge=1, le=9)], 9, "9", "10", 9, 10),
    "bounded text": Kind(Annotated[str, Meta(max_length=2)], "ab", "ab", "abc", "ab", "abc"),
    "pattern": Kind(Annotated[str, Meta(pattern="^a")], "ab", "ab", "b", "ab", "b"),
}
LISTS = {
    "list": Kind(list[int], [7], "7", "x", [7], ["7"]),
    "tuple": Kind(tuple[int, ...], (7,), "7", "x", [7], ["7"]),
    "set": Kind(set[str], {"a"}, "a", NEVER, ["a"], [5]),
    "frozenset": Kind(frozenset[Color], frozenset({Color.RED}), "red", "blue", ["red"], ["blue"]),
    "bounded set": Kind(set[Annotated[int, Meta(ge=0, le=9)]], {7}, "7", "10", [7], [10]),
    "bounded list": Kind(
        Annotated[list[str], Meta(max_length=1)], ["a"], "a", NEVER, ["a"], ["a", "b"]
    ),
    "list of optional": Kind(list[Color] | None, [Color.RED], "red", "blue", ["red"], "red"),
}
PLACES = {"query": Query, "header": Header, "cookie": Cookie, "form": Form, "body": Body}


def handler_of(hint, default=NEVER):
    """A handler whose one argument `v` comes back as its `repr`."""

    def handler(v):
        return repr(v)

    if default is not NEVER:
        handler.__defaults__ = (default,)
    handler.__annotations__ = {"v": hint, "return": str}
    return handler


def client_of(type_, default=NEVER):
    """An app that reads *type_* in each place where it can be."""
    app = App(docs_url=None)
    for where, marker in PLACES.items():
        app.post(f"/{where}", name=where)(handler_of(marker[type_], default))
    return TestClient(app)


def send(client, where, given, key="v"):
    """One request with a text, a list of texts, or a JSON value in that place."""
    if where == "path":
        return client.post(f"/path/{given}")
    if where == "body":
        headers = {"content-type": "application/json"}
        return client.post("/body", content=json.dumps(given), headers=headers)
    if where == "header":
        return client.post("/header", headers={key: given})
    if where == "cookie":
        return client.post("/cookie", headers={"cookie": f'{key}="{given}"'})
    return client.post(f"/{where}", **{{"query": "params", "form": "data"}[where]: {key: given}})


CLIENTS = {name: client_of(kind.type) for name, kind in (KINDS | LISTS).items()}
CASES = [(name, where) for name in KINDS | LISTS for where in PLACES]


@pytest.mark.parametrize(("name", "where"), CASES)
def test_a_value_of_the_kind(name, where):
    kind = (KINDS | LISTS)[name]

    response = send(CLIENTS[name], where, kind.json if where == "body" else kind.text)

    assert (response.status_code, response.json()) == (201, repr(kind.value))


@pytest.mark.parametrize(("name", "where"), CASES)
def test_no_value_of_the_kind(name, where):
    kind = (KINDS | LISTS)[name]
    wrong = kind.wrong_json if where == "body" else kind.wrong
    if wrong is NEVER:
        return

    response = send(CLIENTS[name], where, wrong)

    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"][:1] == [where]
    assert error["type"] == "invalid"


@pytest.mark.parametrize("name", sorted(KINDS.keys() - {"LocalURL"}))  # slashes end it
def test_a_scalar_in_the_path(name):
    kind = KINDS[name]
    app = App(docs_url=None)
    app.post("/path/{v}")(handler_of(kind.type))
    client = TestClient(app)

    assert client.post(f"/path/{kind.text}").json() == repr(kind.value)
    if kind.wrong is not NEVER:
        assert client.post(f"/path/{kind.wrong}").status_code == 422


@pytest.mark.parametrize("name", LISTS)
def test_no_list_in_the_path(name):
    app = App(docs_url=None)
    app.post("/path/{v}")(handler_of(LISTS[name].type))

    with pytest.raises(SpecError, match="a path parameter that is a list"):
        app.compile()


@pytest.mark.parametrize(
    ("name", "packed", "wrong"),
    [
        ("int", 7, "7"),
        ("float", 2.5, float("nan")),
        ("float", 2.5, float("inf")),
        ("Decimal", "0.10", "NaN"),
        ("datetime", datetime(2024, 2, 29, 12, tzinfo=UTC), 1709208000),
        ("enum", "red", "blue"),
        ("bounded", 9, 10),
        ("list", [7], ["7"]),
        ("bounded set", [7], [10]),
    ],
)
def test_messagepack_bodies(name, packed, wrong):
    kind = (KINDS | LISTS)[name]
    headers = {"content-type": "application/msgpack"}

    def post(value):
        content = msgspec.msgpack.encode(value)
        return CLIENTS[name].post("/body", content=content, headers=headers)

    assert post(packed).json() == repr(msgspec.convert(packed, kind.type))
    assert post(wrong).status_code == 422


@pytest.mark.parametrize("where", PLACES)
def test_defaults(where):
    """What is absent has its default; without one it is missing."""
    client = client_of(list[int] | None, None)
    required = CLIENTS["int"]
    content = {} if where != "body" else {"content": b""}

    assert client.post(f"/{where}", **content).json() == "None"
    if where != "body":
        missing = {"msg": "is missing", "loc": [where, "v"], "type": "missing"}
        assert required.post(f"/{where}").json()["errors"] == [missing]


class Spread(Struct, rename="kebab"):
    """Fields of each sort: required, constrained, with a default, made, and of another name."""

    color: Color
    page_size: Annotated[int, Meta(ge=1, le=100)] = 20
    tag_names: list[str] = field(default_factory=lambda: ["new"])
    since: date | None = None
    odd: Annotated[str, Alias("X.Odd")] = "-"


@pytest.mark.parametrize("where", ["query", "header", "cookie", "form"])
def test_a_struct_is_spread(where):
    app = App(docs_url=None)
    app.post(f"/{where}")(handler_of(PLACES[where][Spread]))
    client = TestClient(app)

    def answer(**given):
        named = {name.replace("_", "-"): value for name, value in given.items()}
        if where == "cookie":
            text = "; ".join(f"{name}={value}" for name, value in named.items())
            return client.post("/cookie", headers={"cookie": text})
        word = {"query": "params", "header": "headers", "form": "data"}[where]
        return client.post(f"/{where}", **{word: named})

    full = {"color": "red", "page_size": "5", "tag_names": "a", "since": "2024-02-29", "X.Odd": "x"}

    assert answer(color="red").json() == repr(Spread(Color.RED))
    assert answer(**full).json() == repr(Spread(Color.RED, 5, ["a"], date(2024, 2, 29), "x"))
    wrong = answer(color="blue", page_size="0", since="never").json()["errors"]
    assert [error["loc"] for error in wrong] == [
        [where, "color"],
        [where, "page-size"],
        [where, "since"],
    ]


@pytest.mark.parametrize(
    ("where", "key"),
    [("query", "a b[]"), ("header", "X-Ünder"), ("cookie", "__Host-v"), ("form", "a.b")],
)
def test_names_that_python_can_not_spell(where, key):
    app = App(docs_url=None)
    app.post(f"/{where}")(handler_of(PLACES[where][Annotated[int, Alias(key)]]))
    if where == "header":
        with pytest.raises(SpecError, match="can't name a header"):
            app.compile()
        return

    assert send(TestClient(app), where, "7", key).json() == "7"


@pytest.mark.parametrize(
    "type_", [set[int], frozenset[UUID], dict[int, str], set[Decimal], dict[tuple[float, int], str]]
)
@pytest.mark.parametrize("where", ["query", "body"])
def test_what_a_client_can_make_collide(type_, where):
    app = App(docs_url=None)
    app.post("/")(handler_of(PLACES[where][type_]))

    with pytest.raises(SpecError, match="colliding ones stall it"):
        app.compile()
