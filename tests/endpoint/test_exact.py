"""What a look at a value may say of the bytes that are made of it."""

import enum
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct

from redirflow.endpoint.body import body_plan
from redirflow.endpoint.exact import exact_predicate, unsure

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1


class Rights(enum.Flag):
    READ = 1


class Item(Struct):
    name: str
    price: float
    tags: list[str] = []
    note: str | None = None


class Renamed(Struct, rename="camel", tag="renamed", omit_defaults=True):
    item_count: int = 0


class Sent(Struct, Generic[T]):
    items: list[T]
    total: int


class Pair(Struct):
    first: Item
    second: Item


class Spare(Struct):
    note: str | msgspec.UnsetType = msgspec.UNSET


class Wider(Item):
    secret: str = "s"


class Tree(Struct):
    children: "list[Tree]"


class Pretending(Struct):
    name: str

    def __getattribute__(self, name):
        return "text"


class Listed(list):
    pass


class Counted(dict):
    pass


class Text(str):
    __slots__ = ()


ITEM = Item("Lamp", 2.5, ["home"])
LETTER = UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (int, 1),
        (int, 2**80),
        (str, "a"),
        (bool, True),
        (float, 0.5),
        (None, None),
        (UUID, LETTER),
        (Colour, Colour.RED),
        (Size, Size.SMALL),
        (list[int], []),
        (list[int], [1, 2]),
        (list[str], ["a", "b"]),
        (dict[str, list[int]], {"a": [1]}),
        (int | None, None),
        (int | None, 1),
        (Item, ITEM),
        (list[Item], [ITEM, Item("", -1.0, note="n")]),
        (Renamed, Renamed(2)),
        (Renamed, Renamed()),
        (Pair, Pair(ITEM, ITEM)),
        (Sent[Item], Sent([ITEM], 1)),
        (Sent[int | None], Sent([None, 1], 2)),
    ],
)
def test_what_is_made_of_the_declared_classes(type_, value):
    """A yes: the bytes are what the check of bytes takes too."""
    plan = body_plan(type_, "application/json")

    assert exact_predicate(type_)(value) is True
    assert plan.render(value) == msgspec.json.encode(value)
    plan.check(plan.encode(value))


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (int, True),
        (int, "1"),
        (bool, 1),
        (float, 1),
        (float, float("nan")),
        (float, float("inf")),
        (float, float("-inf")),
        (str, Text("a")),
        (UUID, str(LETTER)),
        (Colour, "red"),
        (list[int], (1,)),
        (list[int], Listed()),
        (list[int], [1, "2"]),
        (dict[str, int], Counted(a=1)),
        (dict[str, int], {1: 1}),
        (dict[str, int], {"a": "1"}),
        (int | None, "1"),
        (Item, None),
        (Item, Wider("Lamp", 2.5)),
        (Item, {"name": "Lamp", "price": 2.5}),
        (Item, Item("Lamp", 2)),
        (Item, Item("Lamp", 2.5, note=1)),
        (list[Item], [ITEM, Wider("Lamp", 2.5)]),
        (Sent[Item], Sent([Wider("Lamp", 2.5)], 1)),
        (Renamed, Sent([], 1)),
        (Spare, Spare()),
    ],
)
def test_anything_else_is_left_to_the_bytes(type_, value):
    assert exact_predicate(type_)(value) is False


@pytest.mark.parametrize(("type_", "value"), [(list[str], [1]), (list[str], [None])])
def test_a_no_may_be_an_exception(type_, value):
    with pytest.raises(TypeError):
        exact_predicate(type_)(value)


def test_a_field_that_was_deleted():
    item = Item("Lamp", 2.5)
    del item.name

    with pytest.raises(AttributeError):
        exact_predicate(Item)(item)


def layers(number):
    """A type of so many layers, lists and what may be missing in turn, and a value of it."""
    type_, value = int, 1
    for layer in range(number):
        type_, value = (type_ | None, value) if layer % 2 else (list[type_], [value])
    return type_, value


def test_types_are_looked_into_to_a_certain_depth():
    """CPython allows 20 loops and conditions inside each other."""
    type_, value = layers(11)

    assert exact_predicate(type_)(value) is True
    assert exact_predicate(layers(12)[0]) is None


class Deep(Struct):
    """Lists inside each other, more than a function may have loops."""

    cells: list[list[list[list[list[list[list[list[list[list[list[list[list[int]]]]]]]]]]]]]


@pytest.mark.parametrize(
    "type_",
    [
        Any,
        bytes,
        object,
        tuple[int, ...],
        Rights,
        Tree,
        Pretending,
        Deep,
        int | str,
        Literal["a"],
        dict[int, int],
        dict[str, bytes],
        msgspec.Raw,
        list[bytes],
        Annotated[int, Meta(ge=1)],
        Annotated[str, Meta(max_length=3)],
        Annotated[list[int], Meta(min_length=1)],
        Annotated[list[int], Meta(max_length=1)],
        Annotated[dict[str, int], Meta(max_length=1)],
        Annotated[dict[str, int], Meta(min_length=1)],
    ],
)
def test_types_that_only_bytes_can_tell_of(type_):
    assert exact_predicate(type_) is None
    assert unsure(1) is False


def test_types_of_one_shape_share_their_code_but_not_their_names():
    class One(Struct):
        first: int

    class Other(Struct):
        second: int

    one, other = exact_predicate(One), exact_predicate(Other)

    assert one.__code__.co_code == other.__code__.co_code
    assert one(One(1))
    assert other(Other(1))
    assert not one(Other(1))
    assert not other(One(1))


SCALARS = st.sampled_from([int, str, bool, float, int | None, Colour])
TYPES = st.recursive(
    SCALARS,
    lambda inner: (
        inner.map(lambda each: list[each])
        | inner.map(lambda each: dict[str, each])
        | st.lists(inner, min_size=1, max_size=3).map(
            lambda each: msgspec.defstruct("Made", [(f"f{n}", t) for n, t in enumerate(each)])
        )
    ),
    max_leaves=6,
)
VALUES = (
    st.integers() | st.text() | st.booleans() | st.floats() | st.none() | st.sampled_from(Colour)
)


def values_of(type_):
    """Values that mostly are of *type_*."""
    fields = getattr(type_, "__struct_fields__", None)
    if fields is not None:
        hints = [field.type for field in msgspec.structs.fields(type_)]
        return st.tuples(*map(values_of, hints)).map(lambda values: type_(*values))
    origin, inner = getattr(type_, "__origin__", None), getattr(type_, "__args__", ())
    if origin is list:
        return st.lists(values_of(inner[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(st.text(max_size=3), values_of(inner[1]), max_size=3)
    if inner:
        return st.none() | values_of(inner[0])
    return st.one_of(st.from_type(type_), st.from_type(type_), VALUES)


@settings(deadline=None)
@given(st.data())
def test_a_yes_is_never_wrong(data):
    """Where it says yes, the strict twin takes the bytes; of any types and values."""
    type_ = data.draw(TYPES)
    value = data.draw(values_of(type_))
    plan = body_plan(type_, "application/json")
    try:
        sure = plan.exact(value)
    except (AttributeError, TypeError):
        return
    if sure:
        plan.check(plan.encode(value))
