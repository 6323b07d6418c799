"""Bodies that go out: checked against the declared type, and cut down to it."""

import dataclasses
import datetime
import enum
import math
import sqlite3
import uuid
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NotRequired,
    Optional,
    TypedDict,
    TypeVar,
    Union,
)

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType, field

from redirflow.endpoint.body import body_plan, content_type
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.media import JSON, MSGPACK, MSGPACK_CODEC

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class User(Struct):
    id: int
    email: Annotated[str, Meta(max_length=20)] = ""


class Staff(User):
    salary: int = 0


class Team(Struct):
    lead: User
    members: list[User] = []
    by_name: dict[str, User] = {}
    pair: tuple[User, int] | None = None


class Node(Struct):
    value: int
    next: Optional["Node"] = None


class Left(Struct):
    right: Optional["Right"] = None


class Right(Struct):
    left: Left | None = None
    lefts: list[Left] = []


class Page(Struct, Generic[T]):
    items: list[T]
    next: T | None = None


class Cat(Struct, tag="cat"):
    lives: int


class Dog(Struct, tag="dog"):
    tricks: list[str]


class Kitten(Cat, tag="kitten"):
    toys: int = 0


class Bird(Struct, tag="bird", array_like=True):
    wings: int


class Key(Struct, frozen=True):
    a: int


class Tree(Struct, Generic[T]):
    value: T
    children: list["Tree[T]"] = []


class Shape(Struct, tag_field="kind", tag=7):
    sides: int


class Point(Struct, array_like=True):
    x: int
    y: int = 0


class Late(Struct, array_like=True, kw_only=True):
    a: int = 1
    b: str


class Camel(Struct, rename="camel"):
    first_name: str
    odd: int = field(default=0, name="x-y.z")


class Sparse(Struct, omit_defaults=True):
    a: int = 1
    b: list[int] = []


class Maybe(Struct):
    a: int | UnsetType = UNSET
    b: str | UnsetType = "b"
    c: int | UnsetType | None = UNSET


def numbers():
    return [1]


class Made(Struct):
    numbers: list[int] = field(default_factory=numbers)


class Picky(Struct, forbid_unknown_fields=True):
    id: int

    def __post_init__(self):
        if self.id == 13:
            raise ValueError("no luck")


@dataclasses.dataclass
class Row:
    id: int
    name: str = "x"
    tags: list[str] = dataclasses.field(default_factory=list)
    owner: User = dataclasses.field(default_factory=lambda: User(1))


@dataclasses.dataclass(frozen=True)
class Fixed:
    id: int = 0


@dataclasses.dataclass
class Holder:
    fixed: Fixed = Fixed()
    user: User | UnsetType = UNSET


@attrs.define
class Seat:
    row: int
    side: str = "left"


class Total(TypedDict):
    id: int
    user: User


class Partial(TypedDict, total=False):
    id: int
    name: str


class Mixed(TypedDict):
    id: int
    name: NotRequired[str]


class Spot(NamedTuple):
    user: User
    y: int = 0


class Odd(Struct):
    """What only some encoders have, beside an object."""

    user: User
    raw: msgspec.Raw
    view: memoryview
    array: bytearray
    zoned: Annotated[datetime.time, Meta(tz=True)]
    things: dict[str, object]
    nothing: None = None


class Everything(Struct):
    when: datetime.datetime
    day: datetime.date
    time: datetime.time
    span: datetime.timedelta
    key: uuid.UUID
    price: Decimal
    raw: bytes
    color: Color
    level: Level
    one: Literal["a", 1, None]
    names: set[str]
    frozen: frozenset[int]
    many: tuple[int, ...]
    ints: dict[int, str]
    enums: dict[Color, int]
    either: int | str | None
    anything: Any
    number: Annotated[float, Meta(ge=0, description="At least 0.")]
    flag: bool


@dataclasses.dataclass
class Thing:
    """Not a type of msgspec's, but with the attributes of one."""

    id: int
    email: str = ""
    secret: str = "secret"


class Bare:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


def render(type_, value, media_type=JSON):
    return body_plan(type_, media_type).render(value)


def violation(type_, value, media_type=JSON):
    """What is logged, and the value that is not."""
    with pytest.raises(ContractViolation) as caught:
        render(type_, value, media_type)
    assert caught.value.value is value
    return caught.value.sent, caught.value.declared


def users():
    return st.builds(User, st.integers(), st.text(max_size=20))


def nodes():
    return st.recursive(
        st.builds(Node, st.integers()), lambda inner: st.builds(Node, st.integers(), inner)
    )


def floats():
    return st.floats(min_value=0, allow_nan=False, allow_infinity=False)


VALUES = {
    int: st.integers(),
    str: st.text(),
    None: st.none(),
    list[int]: st.lists(st.integers()),
    dict[str, float]: st.dictionaries(st.text(), floats()),
    Any: st.recursive(st.none() | st.text() | st.integers(), st.lists),
    User: users(),
    User | None: users() | st.none(),
    Team: st.builds(
        Team,
        users(),
        st.lists(users(), max_size=2),
        st.dictionaries(st.text(), users(), max_size=2),
        st.none() | st.tuples(users(), st.integers()),
    ),
    Node: nodes(),
    Left: st.builds(Left, st.none() | st.builds(Right, st.none() | st.builds(Left))),
    Page[int]: st.builds(Page, st.lists(st.integers()), st.none() | st.integers()),
    Page[User]: st.builds(Page, st.lists(users(), max_size=2), st.none() | users()),
    Page[Page[Node]]: st.builds(Page, st.lists(st.builds(Page, st.lists(nodes(), max_size=1)))),
    Cat | Dog: st.builds(Cat, st.integers()) | st.builds(Dog, st.lists(st.text())),
    Cat: st.builds(Cat, st.integers()),
    Bird: st.builds(Bird, st.integers()),
    set[Key]: st.sets(st.builds(Key, st.integers())),
    dict[str, frozenset[Fixed]]: st.dictionaries(
        st.text(), st.frozensets(st.builds(Fixed, st.integers()))
    ),
    Tree[User]: st.builds(Tree, users(), st.lists(st.builds(Tree, users()), max_size=2)),
    Shape | None: st.builds(Shape, st.integers()) | st.none(),
    list[Cat | Dog | int]: st.lists(st.integers() | st.builds(Cat, st.integers())),
    Point: st.builds(Point, st.integers(), st.integers()),
    Late: st.builds(Late, a=st.integers(), b=st.text()),
    Camel: st.builds(Camel, st.text(), st.integers()),
    Sparse: st.builds(Sparse, st.integers(0, 2), st.lists(st.integers(), max_size=1)),
    Maybe: st.builds(
        Maybe,
        st.integers() | st.just(UNSET),
        st.just(UNSET) | st.text(),
        st.none() | st.just(UNSET),
    ),
    Made: st.builds(Made, st.lists(st.integers())),
    Picky: st.builds(Picky, st.integers(14)),
    Row: st.builds(Row, st.integers(), st.text(), st.lists(st.text()), users()),
    Holder: st.builds(Holder, st.builds(Fixed, st.integers()), users() | st.just(UNSET)),
    Seat: st.builds(Seat, st.integers(), st.text()),
    Total: st.fixed_dictionaries({"id": st.integers(), "user": users()}),
    Partial: st.fixed_dictionaries({}, optional={"id": st.integers(), "name": st.text()}),
    Mixed: st.fixed_dictionaries({"id": st.integers()}, optional={"name": st.text()}),
    Spot: st.builds(Spot, users(), st.integers()),
    Everything: st.builds(
        Everything,
        when=st.datetimes(timezones=st.just(datetime.UTC)) | st.datetimes(),
        day=st.dates(),
        time=st.times(),
        span=st.timedeltas(datetime.timedelta(-999), datetime.timedelta(999)),
        key=st.uuids(),
        price=st.decimals(allow_nan=False, allow_infinity=False),
        raw=st.binary(),
        color=st.sampled_from(Color),
        level=st.sampled_from(Level),
        one=st.sampled_from(["a", 1, None]),
        names=st.sets(st.text()),
        frozen=st.frozensets(st.integers()),
        many=st.lists(st.integers()).map(tuple),
        ints=st.dictionaries(st.integers(), st.text()),
        enums=st.dictionaries(st.sampled_from(Color), st.integers()),
        either=st.integers() | st.text() | st.none(),
        anything=st.none() | st.lists(st.text()),
        number=floats(),
        flag=st.booleans(),
    ),
}
VALUES = {Union[type_]: values for type_, values in VALUES.items()}  # noqa: UP007 - None too


@pytest.mark.parametrize("type_", [*VALUES], ids=str)
@settings(max_examples=20)
@given(data=st.data())
def test_a_value_of_the_declared_type_is_sent_as_it_is(type_, data):
    value = data.draw(VALUES[type_])

    assert render(type_, value) == msgspec.json.encode(value)


def test_each_item_of_a_tuple_is_cut_down():
    value = (User(1), Staff(2, salary=3))

    assert render(tuple[User, ...], value) == b'[{"id":1,"email":""},{"id":2,"email":""}]'


@pytest.mark.parametrize("type_", [User, Node, Team, Page[User]])
@settings(max_examples=20)
@given(data=st.data())
def test_message_pack_too(type_, data):
    value = data.draw(VALUES[type_])
    try:
        expected = msgspec.msgpack.encode(value)
    except OverflowError:
        assert violation(type_, value, MSGPACK)[0] == "a body that can't be encoded (OverflowError)"
        return

    assert render(type_, value, MSGPACK) == expected


def test_rarer_types():
    value = Odd(
        User(1),
        msgspec.Raw(b"[1]"),
        memoryview(b"a"),
        bytearray(b"b"),
        datetime.time(1, tzinfo=datetime.UTC),
        {"a": [1]},
    )

    assert render(Odd, value) == msgspec.json.encode(value)
    assert violation(Odd, Odd(*[None] * 6))[0] == BODY + "Expected `object`, got `null` at $.user"


def test_a_plan_cuts_again_and_again():
    plan = body_plan(User, JSON)

    assert [plan.render(Staff(n)) for n in (1, 2)] == [
        b'{"id":1,"email":""}',
        b'{"id":2,"email":""}',
    ]


# --- cut down --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "value", "sent"),
    [
        (User, Staff(1, "a", 100), b'{"id":1,"email":"a"}'),
        (User, {"id": 1, "email": "a", "salary": 100}, b'{"id":1,"email":"a"}'),
        (User, {"id": 1}, b'{"id":1,"email":""}'),
        (User, Thing(1, "a"), b'{"id":1,"email":"a"}'),
        (User, Bare(id=1, email="a", secret="s"), b'{"id":1,"email":"a"}'),
        (User, Bare(id=1), b'{"id":1,"email":""}'),
        (list[User], [Staff(1), Bare(id=2)], b'[{"id":1,"email":""},{"id":2,"email":""}]'),
        (
            Team,
            Team(Staff(1), [Staff(2)], {"a": Staff(3)}, (Staff(4), 5)),
            b'{"lead":{"id":1,"email":""},"members":[{"id":2,"email":""}],'
            b'"by_name":{"a":{"id":3,"email":""}},"pair":[{"id":4,"email":""},5]}',
        ),
        (
            Team,
            Bare(lead=Bare(id=1), members=[Bare(id=2)]),
            b'{"lead":{"id":1,"email":""},"members":[{"id":2,"email":""}],"by_name":{},"pair":null}',
        ),
        (
            Page[User],
            Page([Staff(1)], Staff(2)),
            b'{"items":[{"id":1,"email":""}],"next":{"id":2,"email":""}}',
        ),
        (
            Node,
            {"value": 1, "next": {"value": 2, "x": 3}},
            b'{"value":1,"next":{"value":2,"next":null}}',
        ),
        (Cat | Dog, {"type": "cat", "lives": 9, "x": 1}, b'{"type":"cat","lives":9}'),
        (Cat, {"lives": 9}, b'{"type":"cat","lives":9}'),
        (Shape | None, {"sides": 9}, b'{"kind":7,"sides":9}'),
        (Cat, Kitten(9, 1), b'{"type":"cat","lives":9}'),
        (list[Cat], [Kitten(9), Cat(8)], b'[{"type":"cat","lives":9},{"type":"cat","lives":8}]'),
        (Row, Bare(id=1, secret=2), b'{"id":1,"name":"x","tags":[],"owner":{"id":1,"email":""}}'),
        (Seat, {"row": 1, "x": 2}, b'{"row":1,"side":"left"}'),
        (Holder, {"x": 2}, b'{"fixed":{"id":0}}'),
        (Total, {"id": 1, "user": Staff(2), "x": 3}, b'{"id":1,"user":{"id":2,"email":""}}'),
        (Partial, {"id": 1, "x": 2}, b'{"id":1}'),
        (Mixed, {"id": 1, "x": 2}, b'{"id":1}'),
        (Maybe, {"x": 2}, b"{}"),
        (Sparse, {"x": 2}, b"{}"),
        (Sparse, {"a": 1, "x": 2}, b'{"a":1}'),
        (Made, {"x": 2}, b'{"numbers":[1]}'),
        (Picky, {"id": 13, "x": 1}, b'{"id":13}'),
        (Camel, {"firstName": "a", "x": 1}, b'{"firstName":"a","x-y.z":0}'),
        (Point, [1], b"[1,0]"),
        (Point, [1, 2, 3], b"[1,2]"),
        (Spot, (Staff(1), 2), b'[{"id":1,"email":""},2]'),
    ],
)  # fmt: skip
def test_what_is_wider_is_cut_down(type_, value, sent):
    """Nothing undeclared leaves, nested or not; what msgspec always writes is always there."""
    assert render(type_, value) == sent


class Slug(str):
    """A text of its own class, as templates and databases make them."""

    __slots__ = ()

    def __str__(self):
        return "another"


class Count(int):
    pass


class Ratio(float):
    pass


class Blob(bytes):
    pass


@pytest.mark.parametrize("media_type", [JSON, MSGPACK])
@pytest.mark.parametrize(
    ("type_", "value", "sent"),
    [
        (str, Slug("a"), "a"),
        (Any, [Slug("a"), Count(1), Ratio(0.5)], ["a", 1, 0.5]),
        (User, User(Count(1), Slug("a")), {"id": 1, "email": "a"}),
        (User, Bare(id=1, email=Slug("a"), secret="s"), {"id": 1, "email": "a"}),
        (list[str], {Slug("a")}, ["a"]),
        (dict[str, float], {Slug("a"): Ratio(0.5)}, {"a": 0.5}),
        (int, Count(1), 1),
        (float, Ratio(0.5), 0.5),
    ],
)
def test_what_inherits_from_a_plain_type_is_plain(media_type, type_, value, sent):
    """Whatever its own methods say."""
    body = body_plan(type_, media_type).render(value)

    assert (msgspec.json if media_type == JSON else msgspec.msgpack).decode(body) == sent


def test_bytes_of_a_class_of_their_own():
    assert render(bytes, Blob(b"a")) == render(bytes, b"a") == render(Any, Blob(b"a"))


def test_rows_of_a_database():
    connection = sqlite3.connect(":memory:")
    connection.row_factory = lambda cursor, row: Bare(
        **dict(zip((column[0] for column in cursor.description), row, strict=True))
    )
    rows = connection.execute("select 1 as id, 'a' as email, 'secret' as password").fetchall()
    connection.close()

    assert render(list[User], rows) == b'[{"id":1,"email":"a"}]'


def test_a_class_does_not_check_its_own_values_again():
    """A `__post_init__` has run when the value was made; its twins have none."""
    value = Picky(1)
    value.id = 13

    assert render(Picky, value) == b'{"id":13}'


# --- violations ------------------------------------------------------------------------------

BODY = "a body that is not of the declared type: "


@pytest.mark.parametrize(
    ("type_", "value", "sent", "declared"),
    [
        (User, None, "None: is a raise or a return missing?", "User"),
        (User, {}, BODY + "Object missing required field `id` at $", "User"),
        (User, User("1"), BODY + "Expected `int`, got `str` at $.id", "User"),
        (User, Bare(id="1"), BODY + "Expected `int`, got `str` at $.id", "User"),
        (list[User], [User(1), User(2, 3)], BODY + "Expected `str`, got `int` at $[1].email",
         f"list[{__name__}.User]"),
        (User, User(1, "x" * 21), BODY + "Expected `str` of length <= 20 at $.email", "User"),
        (Color, "secret", BODY + "Invalid enum value at $", "Color"),
        (Level, 5, BODY + "Invalid enum value at $", "Level"),
        (Cat | Dog, {"type": "secret"}, BODY + "Invalid value at $.type",
         f"{__name__}.Cat | {__name__}.Dog"),
        (Cat | Dog, {"lives": 9}, BODY + "Object missing required field `type` at $",
         f"{__name__}.Cat | {__name__}.Dog"),
        (Bird, [1, 2], BODY + "Expected `str`, got `int` at $[0]", "Bird"),
        (Point, [1, "x"], BODY + "Expected `int`, got `str` at $[1]", "Point"),
        (Point, [], BODY + "Expected `array` of at least length 1, got 0 at $", "Point"),
        (float, math.nan, BODY + "Expected `float`, got `null` at $", "float"),
        (list[float], [math.inf], BODY + "Expected `float`, got `null` at $[0]", "list[float]"),
        (str, "\ud800", "a body that can't be encoded (UnicodeEncodeError)", "str"),
        (int, Slug("a"), BODY + "Expected `int`, got `str` at $", "int"),
        (str, Count(1), BODY + "Expected `str`, got `int` at $", "str"),
        (int, 1j, BODY + "Expected `int`, got `complex` at $", "int"),
        (Any, [1j], "a body that can't be encoded (Encoding objects of type complex is "
         "unsupported)", "Any"),
        (Any, {True: 1}, "a body that can't be encoded (Only dicts with str-like or number-like "
         "keys are supported)", "Any"),
        (Any, {(1, 2): 3}, "a body that can't be encoded (Only dicts with str-like or "
         "number-like keys are supported)", "Any"),
    ],
)  # fmt: skip
def test_anything_else_is_a_violation(type_, value, sent, declared):
    """The log says what is wrong and where, and never the value."""
    assert violation(type_, value) == (sent, declared)


class Weight(Struct):
    kilos: float


def test_a_float_of_a_row_that_is_not_finite():
    assert (
        violation(Weight, Bare(kilos=math.nan))[0]
        == BODY + "Expected `float`, got `null` at $.kilos"
    )


def test_null_stands_for_no_number_where_it_is_allowed():
    assert render(float | None, math.nan) == b"null"


def test_message_pack_would_send_it_as_it_is():
    assert (
        violation(Weight, Weight(math.inf), MSGPACK)[0] == BODY + "Number out of range at $.kilos"
    )
    assert render(Weight, Weight(1.5), MSGPACK) == msgspec.msgpack.encode({"kilos": 1.5})


def test_a_circle_has_no_end():
    circle = []
    circle.append(circle)

    assert violation(Any, circle)[0].startswith("a body that can't be encoded (")


def test_a_message_has_at_most_256_characters():
    many = msgspec.defstruct("Many", [("n" * 500, int)])

    assert len(violation(many, {})[0]) < 400


# --- types that can't be ---------------------------------------------------------------------


@pytest.mark.parametrize("type_", [User | Team, "User"])
def test_types_that_msgspec_refuses(type_):
    with pytest.raises(TypeError):
        body_plan(type_, JSON)


# --- text and bytes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "media_type", "value", "sent"),
    [
        (str, "text/plain", "ж", "ж".encode()),
        (str, "application/xml", "<a/>", b"<a/>"),
        (bytes, "image/png", b"\x89", b"\x89"),
        (bytes, "text/plain", b"\xff", b"\xff"),
    ],
)
def test_text_and_bytes_are_sent_as_they_are(type_, media_type, value, sent):
    plan = body_plan(type_, media_type)

    assert plan.render(value) == sent
    assert plan.check(sent) == sent


@pytest.mark.parametrize(
    ("type_", "value", "sent"),
    [
        (str, b"x", "a body of type bytes"),
        (bytes, "x", "a body of type str"),
        (str, None, "a body of type NoneType"),
        (str, "\ud800", "a body that is no valid Unicode"),
    ],
)
def test_text_is_no_bytes(type_, value, sent):
    assert violation(type_, value, "text/plain") == (sent, type_.__name__)


def test_another_media_type_has_text_or_bytes():
    with pytest.raises(TypeError) as caught:
        body_plan(User, "text/html")

    assert str(caught.value) == "a body of text/html is str or bytes, not User"


@pytest.mark.parametrize(
    ("media_type", "field"),
    [
        ("application/json", b"application/json"),
        ("text/html", b"text/html; charset=utf-8"),
        ("text/html; charset=ascii", b"text/html; charset=ascii"),
        ("application/xml", b"application/xml"),
    ],
)
def test_text_says_that_it_is_utf_8(media_type, field):
    assert content_type(media_type) == field
    assert MSGPACK_CODEC.name == "msgpack"


class _Mood(Struct):
    theme: str = "dark"
    size: int = 1


@pytest.mark.parametrize("value", [object(), Exception("x"), _Mood.__init__])
def test_an_object_without_the_fields_is_not_made_of_defaults(value):
    """A forgotten await gives a coroutine: it has no fields, and so is no value of the type."""
    with pytest.raises(ContractViolation):
        body_plan(_Mood, "application/json").render(value)
