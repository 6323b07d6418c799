"""Values that are of their type by a hair, and types that are hardly any."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, NamedTuple, Never, Optional, TypeVar

import pytest
from msgspec import Raw, Struct

from redirflow import App, Body, HeaderSpec, Redirect, Response, SpecError, redirects, returns

T = TypeVar("T")


class Evil(str):
    """A text with its own ways."""

    __slots__ = ()

    def encode(self, *_):
        return b"x\r\nset-cookie: sid=stolen"

    def __str__(self):
        return "x\r\nset-cookie: sid=stolen"

    lower = strip = __format__ = encode


class Point(NamedTuple):
    x: int
    y: int = 0


class Held(Struct):
    raw: Raw


def answering(type_, value, **more):
    """An app that answers with *value*, as *type_*."""
    app = App()

    @app.get("/")
    @returns(type_, **more)
    async def show() -> Any:
        return value

    return app


async def test_a_text_with_ways_of_its_own(call):
    """What is checked is what is sent."""
    answer = await call(answering(str, Evil("a"), media_type="text/plain"))

    assert answer.body == b"a"


async def test_a_header_with_ways_of_its_own(call):
    value = Response(1, headers={"X-A": Evil("a")})

    answer = await call(answering(int, value, headers={"X-A": HeaderSpec()}))

    assert answer["x-a"] == "a"


class Size(Enum):
    """Takes what stands for a member, as many do."""

    SMALL = "s"
    LARGE = "l"

    @classmethod
    def _missing_(cls, value):
        if value == "odd":
            raise KeyError(value)
        return next((each for each in cls if each.name.lower() == value), None)


@pytest.mark.parametrize(
    ("text", "name"), [("s", "SMALL"), ("large", "LARGE"), ("odd", ""), ("x", "")]
)
async def test_what_an_enum_takes_besides_its_values(call, post_json, text, name):
    """Parameters and bodies take the same; what it raises is no fault of the server's."""
    app = App()

    @app.get("/{size}")
    async def in_path(size: Size, sizes: list[Size]) -> list[str]:
        return [size.name, *[each.name for each in sizes]]

    @app.post("/")
    @returns(status_code=200)
    async def in_body(size: Body[Size]) -> list[str]:
        return [size.name, size.name]

    path = await call(app, "GET", f"/{text}", query=f"sizes={text}".encode())
    body = await post_json(app, "/", text)

    assert path.status == body.status == (200 if name else 422)
    assert not name or path.json() == body.json() == [name, name]


@pytest.mark.parametrize(("value", "sent"), [(Size.LARGE, "l"), ("l", "l"), ("large", "l")])
async def test_an_answer_has_only_the_values_that_the_document_names(call, value, sent):
    for type_, given, body in [(Size, value, sent), (dict[str, Size], {"a": value}, {"a": sent})]:
        assert (await call(answering(type_, given))).json() == body

    assert (await call(answering(Size, "x"))).status == 500


@pytest.mark.parametrize("type_", [Decimal, Decimal | None, dict[str, Decimal], list[Decimal]])
@pytest.mark.parametrize("number", [5, 2.5, -0.0, 2**70, Decimal("1e30"), Decimal("-1.50")])
async def test_a_decimal_is_always_a_text(call, type_, number):
    """The document says so; other numbers are read as one, and written like it."""
    value = {"a": number} if "dict" in str(type_) else [number] if "list" in str(type_) else number
    answer = await call(answering(type_, value))

    (text,) = answer.json().values() if isinstance(value, dict) else [answer.json()]
    text = text[0] if isinstance(value, list) else text
    assert isinstance(text, str)
    assert Decimal(text) == Decimal(str(number))


@pytest.mark.parametrize("value", [(1,), [1], Point(1)])
async def test_a_named_tuple_has_all_of_its_items(call, value):
    assert (await call(answering(Point, value))).json() == [1, 0]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b'{"a": 1}', 200),
        (b'"\xff"', 500),
        (b'{"\xff": 1}', 500),
        (b'1, "more": 2', 200),
        (b"{", 500),
        (b"", 500),
    ],
)
async def test_what_travels_as_it_is(call, logged, raw, status):
    """It is JSON in UTF-8, and nothing gets out of its place."""
    answer = await call(answering(Held, Held(Raw(raw))))

    assert answer.status == status
    assert (status == 500) == bool(logged())
    if status == 200:
        assert answer.json().keys() == {"raw"}


@pytest.mark.parametrize("raw", [b'"\xff"', b"[" * 201 + b"]" * 201, b"{"])
async def test_what_is_kept_as_it_came(call, logged, raw):
    """The rules for a body hold in what nothing here reads."""
    app = App()

    @app.post("/")
    async def keep(held: Held) -> Held:
        return held

    @app.post("/whole")
    async def whole(held: Body[Raw]) -> Raw:
        return held

    answers = [
        await call(app, "POST", path, body=body, headers={"content-type": "application/json"})
        for path, body in (("/", b'{"raw":' + raw + b"}"), ("/whole", raw))
    ]

    assert [answer.status for answer in answers] == [400, 400]
    assert logged() == []


async def test_a_line_is_one_line(call):
    """Line ends part the items of a stream; within JSON they mean nothing."""
    app = App()

    @app.get("/")
    @returns(media_type="application/jsonl")
    async def lines() -> AsyncIterator[Raw]:
        yield Raw(b'{\n"a":\r\n"b c"}\n')
        yield Raw(b"[1, 2]")

    assert (await call(app)).body == b'{"a":"b c"}\n[1, 2]\n'


# --- types ---------------------------------------------------------------------------------------


class Endless(Struct, Generic[T]):
    """Holds ever larger types."""

    value: T
    inner: Optional["Endless[list[T]]"] = None


class Computed(Struct):
    value: "1 / 0"


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (Endless, "Endless can't be read: maximum recursion depth"),
        (Endless[int], "Endless[int] can't be read: maximum recursion depth"),
        (Computed, "Computed can't be read: division by zero"),
        ("1 / 0", "the annotations of odd can't be resolved: division by zero"),
        ("", "the annotations of odd can't be resolved: "),
        ("(", "the annotations of odd can't be resolved: "),
    ],
)
@pytest.mark.parametrize("name", ["given", "return"])
def test_types_that_can_not_be_read(annotation, said, name):
    """A fault like any other, with its place."""
    app = App()

    async def odd(given) -> None: ...

    odd.__annotations__ |= {"given": int, name: annotation}
    app.post("/")(odd)

    with pytest.raises(SpecError) as raised:
        app.compile()
    assert said in str(raised.value)
    assert "test_serve_odd_values.py:" in str(raised.value)


@dataclass
class Handler:
    """Not hashable, as dataclasses are."""

    async def __call__(self) -> int:
        return 1


def test_a_target_that_can_not_be_hashed():
    app, handler = App(), Handler()

    @app.get("/")
    @redirects(303, to=handler)
    async def away() -> Never:
        raise Redirect.to(handler)

    with pytest.raises(SpecError, match="is not a handler of this app"):
        app.compile()
