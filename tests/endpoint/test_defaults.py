"""Defaults: of their type all through, and the same for each request whatever was done to one."""

import copy
import threading
from collections import deque
from collections.abc import Collection, Mapping, MutableMapping, Sequence, Set
from dataclasses import dataclass, field, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath, PurePosixPath
from types import MappingProxyType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    TypedDict,
    TypeVar,
)
from uuid import UUID

import attrs
import pytest
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from redirflow import App, Body, Cookie, Form, Header, Query, SpecError, TypeHook, UploadFile
from redirflow.testing import TestClient

T = TypeVar("T")


class Letter(Enum):
    A = "a"


class Tree(Struct):
    letter: Letter = Letter.A
    inner: "list[Tree]" = []


class Holder(Struct, Generic[T]):
    held: T
    many: list[T] = []


class Counted(Struct):
    """What makes one twice would count twice."""

    x: int
    many: list[list[int]] = []

    def __post_init__(self):
        self.x += 1


class Owned(Struct):
    """Copies itself."""

    many: list[int] = []

    def __deepcopy__(self, _):
        return Owned([*self.many])


class Firm(Struct, Generic[T], frozen=True):
    held: T


class Loose(Struct, frozen=True, dict=True):
    x: int = 1

    def __post_init__(self):
        self.__dict__["notes"] = ["a"]


class Renamed(Struct, rename="camel", array_like=True):
    my_letter: Letter = Letter.A
    my_lists: list[list[int]] = []


class Cat(Struct, tag=True):
    letter: Letter


class Dog(Struct, tag=True):
    legs: list[int]


class Sparse(Struct):
    x: int | UnsetType = UNSET
    many: list[int] = []


@dataclass
class Data:
    letter: Letter = Letter.A
    many: list[int] = field(default_factory=list)
    known: ClassVar[int] = 3


@attrs.define
class Defined:
    letter: Letter = Letter.A
    many: list[int] = attrs.Factory(list)


class Pair(NamedTuple):
    letter: Letter
    many: list[int]


class Keys(TypedDict):
    letter: NotRequired[Letter]
    many: Required[list[int]]


class Money:
    """Only a hook knows it."""

    def __init__(self, cents):
        self.cents, self.notes = cents, []

    def __eq__(self, other):
        return (self.cents, self.notes) == (other.cents, other.notes)

    __hash__ = None


class Sentinel:
    """Known by its identity."""


class Guarded:
    """Can't be copied."""

    def __init__(self):
        self.lock = threading.Lock()


class Single:
    """Copies itself, but there is only one."""

    def __init__(self):
        self.name = "single"

    def __deepcopy__(self, _):
        return self


Names = NewType("Names", list[str])
HOOKS = [
    TypeHook(Money, encode=lambda money: money.cents, wire=int),
    TypeHook(PurePath, decode=PurePosixPath),
    TypeHook(deque, encode=list, wire=list[int]),
]


def an_app(hint, default, seen):
    app = App(type_hooks=HOOKS)

    async def handler(a) -> None:
        seen.append(a)

    handler.__annotations__["a"] = hint
    handler.__defaults__ = (default,)
    app.post("/")(handler)
    return app


def bound(hint, default, change=id):
    """What the handler got in two requests, and copies of how it got it; *change* came between."""
    seen, before = [], []
    client = TestClient(an_app(hint, default, seen))
    for _ in range(2):
        assert client.post("/").status_code == 204
        before.append(copy.deepcopy(seen[-1]))
        change(seen[-1])
    return seen, before


def changed(value):
    """Change all that can be reached from *value*."""
    if isinstance(value, dict):
        changed([*value.values()])
        value["changed"] = 1
    elif isinstance(value, list | tuple):
        for item in value:
            changed(item)
        if isinstance(value, list):
            value.append("changed")
    elif isinstance(value, Struct | Money) or is_dataclass(value) or attrs.has(type(value)):
        for name in value.__struct_fields__ if isinstance(value, Struct) else dir(value):
            if not name.startswith("_"):
                changed(getattr(value, name))
    elif isinstance(value, set | deque | bytearray):
        (value.add if isinstance(value, set) else value.append)(5)


@pytest.mark.parametrize(
    ("hint", "default"),
    [
        (list, [[1]]),
        (list[list[int]], [[1]]),
        (list[Tree], [Tree()]),
        (dict, {"a": []}),
        (dict[str, list[int]], {"a": []}),
        (dict[str, dict[str, list[int]]], {"a": {"b": [1]}}),
        (dict[Letter, int], {Letter.A: 1}),
        (Mapping[str, Any], {"a": [[1]]}),
        (Mapping[str, list[int]], MappingProxyType({"a": [1]})),
        (MutableMapping[str, Letter], {"a": Letter.A}),
        (Annotated[dict[str, Letter], Meta(min_length=1)], {"a": Letter.A}),
        (Sequence[list[int]], ([1],)),
        (Collection[int], [1]),
        (set[str], {"a"}),
        (tuple[int, list[int]], (1, [2])),
        (Names, ["a"]),
        (Tree, Tree(inner=[Tree()])),
        (Holder[Letter], Holder(Letter.A, [Letter.A])),
        (Firm[list[int]], Firm([1])),
        (Loose, Loose()),
        (Counted, Counted(1)),
        (Owned, Owned()),
        (list[Counted], [Counted(1, [[1]])]),
        (Renamed, Renamed(my_lists=[[1]])),
        (Cat | Dog, Dog([1])),
        (Sparse, Sparse()),
        (Data, Data()),
        (Defined, Defined()),
        (Pair, Pair(Letter.A, [1])),
        (Keys, {"many": [], "letter": Letter.A}),
        (bytearray, bytearray(b"a")),
        (Money, Money(1)),
        (dict[str, Money], {"a": Money(1)}),
        (deque, deque([1])),
        (PurePath, PurePosixPath("/a")),
        (Any, [{"a": []}]),
        (Any, Money(1)),
    ],
)
def test_a_changed_default_is_made_anew(hint, default):
    written = repr(default)
    seen, (first, second) = bound(Body[hint], default, changed)

    assert first == second
    assert seen[0] is not seen[1]
    assert isinstance(default, Money) or repr(default) == written


@pytest.mark.parametrize(
    ("hint", "default"),
    [
        (int | None, None),
        (list[list[int]] | None, None),
        (float, 1),
        (str, "a"),
        (bytes, b"a"),
        (Literal["a", 1], "a"),
        (Letter, Letter.A),
        (date, date(2026, 1, 1)),
        (datetime, datetime(2026, 1, 1, tzinfo=UTC)),
        (time, time(1)),
        (timedelta, timedelta(1)),
        (Decimal, Decimal(1)),
        (UUID, UUID(int=1)),
        (Raw, Raw(b"1")),
        (tuple[int, ...], (1, 2)),
        (tuple[tuple[int, Letter], str], ((1, Letter.A), "a")),
        (Set[str], frozenset({"a"})),
        (Firm[int], Firm(1)),
        (Firm[Firm[tuple[int, ...]]], Firm(Firm((1, 2)))),
        (Tree | UnsetType, UNSET),
        (Tree | None | UnsetType, UNSET),
        (Tree | None | UnsetType, None),
        (Any, UNSET),
        (Any, object()),
        (Any, Sentinel()),
        (Any, Single()),
        (Any, Letter),
        (Any, len),
    ],
)
def test_what_nobody_can_change_is_handed_out_as_it_is(hint, default):
    """No copy is made, and a sentinel is still itself."""
    seen, _ = bound(Body[hint], default)

    assert seen[0] is seen[1] is default


def test_a_struct_is_not_initialized_again():
    seen = []
    client = TestClient(an_app(Body[list[Counted]], [Counted(1, [[1]])], seen))

    for _ in range(2):
        client.post("/")

    assert [each.x for (each,) in seen] == [2, 2]


def test_what_a_struct_has_besides_its_fields():
    seen = []
    client = TestClient(an_app(Body[Loose], Loose(), seen))

    for _ in range(2):
        client.post("/")
        seen[-1].notes.append("b")

    assert [each.notes for each in seen] == [["a", "b"], ["a", "b"]]


def test_what_can_not_be_copied_is_shared():
    seen = []
    default = Guarded()
    client = TestClient(an_app(Body[Any], default, seen))

    for _ in range(2):
        assert client.post("/").status_code == 204

    assert seen[0] is seen[1] is default


@pytest.mark.parametrize(
    ("hint", "default", "write"),
    [
        (dict[str, Letter], {"a": "a"}, "{'a': Letter.A}"),
        (Mapping[str, Letter], MappingProxyType({"a": "a"}), "{'a': Letter.A}"),
        (dict[Letter, int], {"a": 1}, "{Letter.A: 1}"),
        (dict[str, list[Letter]], {"a": ["a"]}, "{'a': [Letter.A]}"),
        (Tree, Tree("a"), "Tree(letter=Letter.A, inner=[])"),
        (Tree | None, Tree("a"), "Tree(letter=Letter.A, inner=[])"),
        (list[Tree], [Tree(inner=[Tree("a")])], "[Tree(letter=Letter.A, inner=[Tree(letter=L"),
        (Holder[Letter], Holder("a"), "Holder(held=Letter.A, many=[])"),
        (Cat | Dog, Cat("a"), "Cat(letter=Letter.A)"),
        (Data, Data("a"), "Data(letter=Letter.A, many=[])"),
        (Defined, Defined("a"), "Defined(letter=Letter.A, many=[])"),
        (Pair, Pair("a", []), "Pair(letter=Letter.A, many=[])"),
        (Keys, {"letter": "a", "many": []}, "{'letter': Letter.A, 'many': []}"),
        (Keys, Sparse(many=[]), "{'many': []}"),
    ],
)
def test_what_only_stands_for_a_value_is_found_wherever_it_is(hint, default, write):
    with pytest.raises(SpecError) as caught:
        an_app(Body[hint], default, []).compile()

    (fault,) = caught.value.faults
    assert "is not of its type: Expected `" in fault.found
    assert f" = {write}" in fault.write


def endless():
    tree = []
    tree.append(tree)
    return tree


def deep():
    tree = []
    for _ in range(100_000):
        tree = [tree]
    return tree


@pytest.mark.parametrize("hint", [Body[list[Any]], Body[Any], Any])
@pytest.mark.parametrize("make", [endless, deep])
def test_a_default_without_end(hint, make):
    with pytest.raises(SpecError) as caught:
        an_app(hint, make(), []).openapi()

    (fault,) = caught.value.faults
    assert fault.found.endswith(" of a is nested too deep, or holds itself")


@pytest.mark.parametrize("marker", [Query, Header, Cookie, Form])
@pytest.mark.parametrize(
    "hint",
    [
        int | UnsetType,
        int | str | UnsetType,
        str | int | None | UnsetType,
        list[int] | UnsetType,
        Letter | UnsetType,
        Annotated[int | UnsetType, Meta(ge=1)],
    ],
)
def test_a_parameter_that_may_be_unset(marker, hint):
    seen = []
    app = an_app(marker[hint], UNSET, seen)
    told = app.openapi()["paths"]["/"]["post"]

    assert TestClient(app).post("/").status_code == 204
    assert seen == [UNSET]
    assert "default" not in repr(told.get("parameters") or told["requestBody"])
    assert "required" not in repr(told.get("parameters") or told["requestBody"])


def test_a_value_where_it_may_be_unset():
    """No text stands for UNSET, so nothing of it is said to clients."""
    seen = []
    client = TestClient(an_app(Query[bool | int | UnsetType], UNSET, seen))

    assert client.post("/?a=5").status_code == 204
    assert seen == [5]
    assert "Unset" not in client.post("/?a=x").text


def test_a_file_that_may_be_unset():
    seen = []

    assert TestClient(an_app(UploadFile | UnsetType, UNSET, seen)).post("/").status_code == 204
    assert seen == [UNSET]


class Knowing(Struct, dict=True):
    """What its fields hold is sent by clients; what it knows besides is not."""

    name: str

    def __post_init__(self) -> None:
        self.me = self


def test_a_default_that_knows_itself():
    with pytest.raises(SpecError) as caught:
        an_app(Body[Knowing], Knowing("a"), []).openapi()

    (fault,) = caught.value.faults
    assert fault.found.endswith(" of a is nested too deep, or holds itself")
