"""What types are made of, and which of them a client could use to stall a dictionary."""

import dataclasses
import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar

import pytest
from msgspec import Meta, Struct
from msgspec.inspect import type_info

from redirflow.endpoint.parts import collide, foreign_class, is_anything, parts_of, shown

T = TypeVar("T")

Bounded = Annotated[int, Meta(ge=0, lt=1_000)]


class Color(enum.Enum):
    RED = "red"


class Node(Struct):
    value: int
    next: "Node | None" = None


class Key(Struct, frozen=True):
    a: int
    b: str


class SafeKey(Struct, frozen=True):
    a: Bounded
    b: str


class Spot(NamedTuple):
    x: float
    y: float


class Box(Struct, Generic[T]):
    content: T


class Options(TypedDict):
    names: dict[int, str]


@dataclasses.dataclass
class Row:
    values: set[int]


def collides(type_):
    return any(collide(part) for part in parts_of(type_info(type_)))


@pytest.mark.parametrize(
    "type_",
    [
        set[int],
        frozenset[int],
        dict[int, str],
        set[int] | None,
        Annotated[set[int], Meta(max_length=10)],
        set[Annotated[int, Meta(ge=0)]],
        set[Annotated[int, Meta(description="Any number.")]],
        set[int | str],
        set,
        set[Any],
        set[Decimal],
        dict[uuid.UUID, str],
        set[tuple[int, ...]],
        set[tuple[float, float]],
        set[Spot],
        set[Key],
        dict[str, list[set[int]]],
        list[Node | set[int]],
        Box[set[int]],
        Options,
        Row,
    ],
)
def test_hashes_of_numbers_can_be_chosen(type_):
    assert collides(type_)


@pytest.mark.parametrize(
    "type_",
    [
        int,
        list[int],
        set[str],
        set[bytes],
        set[Bounded],
        dict[Annotated[int, Meta(gt=0, le=5)], int],
        set[Color],
        set[Literal[1, 2]],
        set[datetime],
        set[float],
        set[SafeKey],
        set[tuple[Bounded, str]],
        dict[str, int],
        dict,
        dict[Any, int],
        Node,
        Box[int],
    ],
)
def test_bounded_numbers_and_texts_do_no_harm(type_):
    assert not collides(type_)


def test_every_type_inside_is_a_part():
    """Also behind unions, keys, values, items, fields and generics; a class counts once."""
    info = type_info(
        dict[str, tuple[Box[Annotated[int, Meta(ge=1, title="n")]], list[Node] | None]]
    )

    kinds = [type(part).__name__ for part in parts_of(info)]

    assert kinds == [
        "DictType",
        "StrType",
        "TupleType",
        "StructType",
        "Metadata",
        "IntType",
        "UnionType",
        "ListType",
        "StructType",
        "IntType",
        "UnionType",
        "NoneType",
        "NoneType",
    ]


@pytest.mark.parametrize(
    ("type_", "text"),
    [(int, "int"), (Node, "Node"), (list[int], "list[int]"), (int | None, "int | None")],
)
def test_types_in_messages(type_, text):
    assert shown(type_) == text


@pytest.mark.parametrize(
    ("type_", "anything", "foreign"),
    [(Any, True, None), (object, False, object), (complex, False, complex), (Node, False, None)],
)
def test_classes_that_msgspec_does_not_know(type_, anything, foreign):
    info = type_info(type_)

    assert (is_anything(info), foreign_class(info)) == (anything, foreign)
