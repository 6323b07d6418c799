"""Schemas say what msgspec does: no more, no less, and in the author's words and order."""

import collections
import dataclasses
import datetime
import decimal
import enum
import ipaddress
import os
import pathlib
import subprocess
import sys
import uuid
from collections.abc import Mapping
from itertools import count
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    TypedDict,
    TypeVar,
    Union,
)

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec import UNSET, Meta, Struct, UnsetType, field

from redirflow.openapi.schema import BASE64, TIME, Components, SchemaError

attrs = pytest.importorskip("attrs")

T = TypeVar("T")
U = TypeVar("U")
Modest = TypeVar("Modest", bound=int)
Choosy = TypeVar("Choosy", bound=Literal["yes", "no"])
MODES = ("input", "output")


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def described(type_, mode="output"):
    """The schema of a type and the components it needs, both checked to be JSON Schema."""
    components = Components()
    schema = components.schema(type_, mode)
    Draft202012Validator.check_schema(schema)
    for component in components.rendered().values():
        Draft202012Validator.check_schema(component)
    return schema, components.rendered()


def inline(type_, mode="output"):
    """The schema of a type that needs no component."""
    schema, components = described(type_, mode)

    assert components == {}
    return schema


def component(type_, mode="output", name=None):
    """The component that a class leaves, by default under its own name."""
    schema, components = described(type_, mode)

    assert ref(name or type_.__name__) == schema
    return components[name or type_.__name__]


def names(type_, mode="output"):
    return list(described(type_, mode)[1])


def validator(type_, mode):
    schema, components = described(type_, mode)
    return Draft202012Validator({**schema, "components": {"schemas": components}})


def accepts(decoder, document):
    """Whether msgspec takes a JSON document."""
    try:
        decoder.decode(msgspec.json.encode(document))
    except msgspec.ValidationError:
        return False
    return True


class Color(enum.StrEnum):
    red = "r"
    blue = "b"
    crimson = "r"


class Level(enum.IntEnum):
    """How loud.

    The louder, the rarer.
    """

    high = 2
    low = 1


class User(Struct):
    """A person."""

    id: int
    email: str


class Cat(Struct, tag="cat"):
    name: str


class Dog(Struct, tag="dog"):
    name: str


class Settings(Struct):
    theme: str = "dark"


class Account(Struct):
    user: User
    settings: Settings


class Origin(Struct, frozen=True):
    x: int
    y: int


class Page(Struct, Generic[T]):
    items: list[T]


class Pair(Struct, Generic[T, U]):
    left: T
    right: U


class Tree(Struct):
    value: int
    children: "list[Tree]"


class Link(Struct):
    next: "Link | None" = None


class TestScalars:
    @pytest.mark.parametrize(
        ("type_", "expected"),
        [
            (Any, {}),
            (msgspec.Raw, {}),
            (None, {"type": "null"}),
            (bool, {"type": "boolean"}),
            (int, {"type": "integer"}),
            (float, {"type": "number"}),
            (str, {"type": "string"}),
            (bytes, {"type": "string", "contentEncoding": "base64", "pattern": BASE64}),
            (bytearray, {"type": "string", "contentEncoding": "base64", "pattern": BASE64}),
            (memoryview, {"type": "string", "contentEncoding": "base64", "pattern": BASE64}),
            (datetime.datetime, {"type": "string", "format": "date-time"}),
            (datetime.date, {"type": "string", "format": "date"}),
            (datetime.time, {"type": "string", "pattern": TIME}),
            (datetime.timedelta, {"type": "string", "format": "duration"}),
            (uuid.UUID, {"type": "string", "format": "uuid"}),
            (NewType("Id", int), {"type": "integer"}),
        ],
        ids=str,
    )
    def test_each_kind_has_its_schema(self, type_, expected):
        """What msgspec takes as a scalar is described by JSON Schema's word and a format."""
        assert expected == inline(type_, "input") == inline(type_)

    @pytest.mark.parametrize(
        ("type_", "meta", "expected"),
        [
            (int, Meta(gt=0, lt=9), {"exclusiveMinimum": 0, "exclusiveMaximum": 9}),
            (int, Meta(ge=0, le=9), {"minimum": 0, "maximum": 9}),
            (float, Meta(ge=0.0, multiple_of=0.5), {"minimum": 0.0, "multipleOf": 0.5}),
            (str, Meta(min_length=0, max_length=9), {"minLength": 0, "maxLength": 9}),
            (str, Meta(pattern="^a"), {"pattern": "^a"}),
            (bytes, Meta(min_length=1, max_length=4), {"minLength": 4, "maxLength": 8}),
            (list, Meta(min_length=1, max_length=9), {"minItems": 1, "maxItems": 9}),
            (set, Meta(max_length=9), {"maxItems": 9}),
            (dict, Meta(min_length=1, max_length=9), {"minProperties": 1, "maxProperties": 9}),
            (datetime.datetime, Meta(tz=True), {"format": "date-time"}),
            (datetime.datetime, Meta(tz=False), {"format": "date-time-local"}),
            (datetime.time, Meta(tz=False), {"format": "time-local"}),
        ],
        ids=str,
    )
    def test_constraints_are_translated(self, type_, meta, expected):
        """Each constraint of Meta has its keyword, 0 included; bytes count as base64."""
        schema = inline(Annotated[type_, meta])

        assert expected == {word: schema[word] for word in schema if word in expected}

    def test_notes_and_extra_schema_come_last(self):
        """Title, description and examples are kept; extra_json_schema has the last word."""
        meta = Meta(
            title="Day",
            description="A day.",
            examples=[datetime.date(2026, 1, 2)],
            extra_json_schema={"format": "day"},
        )

        assert inline(Annotated[datetime.date, meta]) == {
            "type": "string",
            "format": "day",
            "title": "Day",
            "description": "A day.",
            "examples": ["2026-01-02"],
        }


class TestChoices:
    @pytest.mark.parametrize(
        ("type_", "expected"),
        [
            (Literal["z", "a"], {"type": "string", "enum": ["z", "a"]}),
            (Literal[2, 1], {"type": "integer", "enum": [2, 1]}),
            (Literal[True, 1], {"enum": [True, 1]}),
            (Literal["a"], {"type": "string", "const": "a"}),
            (Literal[None], {"type": "null", "const": None}),
            (Literal["b", None], {"type": ["string", "null"], "enum": ["b", None]}),
            (Literal["z", 1, "a"], {"enum": ["z", 1, "a"]}),
            (Literal["z", "a"] | None, {"type": ["string", "null"], "enum": ["z", "a", None]}),
            (Literal["a"] | None, {"type": ["string", "null"], "enum": ["a", None]}),
            (
                Union[Literal["a", None], None],  # noqa: UP007
                {"type": ["string", "null"], "enum": ["a", None]},
            ),
            (list[Literal["z", "a"]], {"type": "array", "items": inline(Literal["z", "a"])}),
            (NewType("Z", Literal["z", "a"]), {"type": "string", "enum": ["z", "a"]}),
        ],
        ids=str,
    )
    def test_literals_keep_their_order(self, type_, expected):
        """A Literal lists its values as written; the type is given where they have one."""
        assert expected == inline(type_)

    def test_literals_keep_their_order_in_classes_and_generics(self):
        """The order survives fields, type arguments, bases and the bounds of type variables."""

        class Bag(Struct, Generic[T, Choosy]):
            own: Literal["n", "m"]
            given: T
            bound: Choosy

        class Sack(Bag[Literal["q", "p"], Literal["no", "yes"]]):
            pass

        for type_ in (Bag[Literal["q", "p"], Literal["no", "yes"]], Sack):
            (schema,) = described(type_)[1].values()
            enums = [each["enum"] for each in schema["properties"].values()]

            assert enums == [["n", "m"], ["q", "p"], ["no", "yes"]]
        assert component(Bag)["properties"]["bound"]["enum"] == ["yes", "no"]

    def test_enums_are_components_in_declared_order(self):
        """An enum lists its values as declared, aliases left out, in one component."""
        assert component(Color, "input") == {"type": "string", "enum": ["r", "b"]}
        assert component(Level) == {
            "description": "How loud.\n\nThe louder, the rarer.",
            "type": "integer",
            "enum": [2, 1],
        }


def test_decimals_are_sent_as_text_and_read_from_numbers_too():
    """So a class that holds one has two components."""

    class Price(Struct):
        amount: decimal.Decimal

    read, sent = described(Price, "input"), described(Price, "output")

    assert sent[1]["Price"]["properties"]["amount"] == {"type": "string", "format": "decimal"}
    amount = read[1]["PriceInput"]["properties"]["amount"]
    assert amount.pop("pattern")
    assert amount == {"type": ["string", "number"], "format": "decimal"}
    for text in ['"1.5"', "2", "1e3", '"-0.1E+5"']:
        msgspec.json.decode(text, type=decimal.Decimal)
        Draft202012Validator(inline(decimal.Decimal, "input")).validate(msgspec.json.decode(text))
    assert not Draft202012Validator(inline(decimal.Decimal, "input")).is_valid("NaN")


@pytest.mark.parametrize(
    "offset", [None, datetime.UTC, datetime.timezone(datetime.timedelta(hours=-3.5))]
)
def test_a_time_of_day_may_have_an_offset(offset):
    schema = Draft202012Validator(inline(datetime.time))

    for time in (datetime.time(23, 59, 1, 2, offset), datetime.time(0, 0, 0, 0, offset)):
        assert schema.is_valid(msgspec.json.decode(msgspec.json.encode(time)))
    assert not schema.is_valid("24:00:00")


@pytest.mark.parametrize("value", [b"", b"a", b"ab", b"abc", b"abcd"])
def test_bytes_are_base64_with_padding(value):
    schema = Draft202012Validator(inline(bytes))

    assert schema.is_valid(msgspec.json.decode(msgspec.json.encode(value)))
    assert not schema.is_valid("AAA")


class TestCollections:
    @pytest.mark.parametrize(
        ("type_", "expected"),
        [
            (list, {"type": "array"}),
            (list[int], {"type": "array", "items": {"type": "integer"}}),
            (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
            (set[int], {"type": "array", "items": {"type": "integer"}}),
            (frozenset[int], {"type": "array", "items": {"type": "integer"}}),
            (
                tuple[int, str],
                {
                    "type": "array",
                    "prefixItems": [{"type": "integer"}, {"type": "string"}],
                    "items": False,
                    "minItems": 2,
                },
            ),
            (tuple[()], {"type": "array", "items": False}),
            (dict, {"type": "object"}),
            (Mapping[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        ],
        ids=str,
    )
    def test_arrays_and_objects(self, type_, expected):
        """Items and values are described; what may be anything is not mentioned."""
        assert expected == inline(type_)

    @pytest.mark.parametrize(
        ("key", "expected"),
        [
            (str, None),
            (Any, None),
            (float, None),
            (int | str, None),
            (Annotated[str, Meta(min_length=1)], {"minLength": 1}),
            (Annotated[str, Meta(description="A name.")], {"description": "A name."}),
            (int, {"pattern": "^-?(0|[1-9][0-9]*)$"}),
            (uuid.UUID, {"format": "uuid"}),
            (Literal[2, "a"], {"enum": ["2", "a"]}),
            (Level, {"enum": ["2", "1"]}),
            (Color, {"enum": ["r", "b"]}),
            (
                uuid.UUID | int,
                {"anyOf": [{"format": "uuid"}, {"pattern": "^-?(0|[1-9][0-9]*)$"}]},
            ),
        ],
        ids=str,
    )
    def test_keys_are_strings(self, key, expected):
        """Keys are described as the strings they are on the wire."""
        assert expected == inline(dict[key, Any]).get("propertyNames")

    @pytest.mark.parametrize("key", ["0", "-5", "12", "01", "+1", "1.0", "x", ""])
    def test_integer_keys_are_those_that_msgspec_reads(self, key):
        """The pattern for integer keys admits what msgspec admits."""
        decoder, schema = msgspec.json.Decoder(dict[int, int]), validator(dict[int, int], "input")

        assert schema.is_valid({key: 1}) == accepts(decoder, {key: 1})


class TestUnions:
    @pytest.mark.parametrize(
        ("type_", "expected"),
        [
            (int | None, {"type": ["integer", "null"]}),
            (Optional[str], {"type": ["string", "null"]}),  # noqa: UP045
            (
                Annotated[int, Meta(ge=1, description="n")] | None,
                {"type": ["integer", "null"], "minimum": 1, "description": "n"},
            ),
            (
                Annotated[int, Meta(extra_json_schema={"not": {"const": 3}})] | None,
                {"anyOf": [{"type": "integer", "not": {"const": 3}}, {"type": "null"}]},
            ),
            (list[int] | None, {"anyOf": [inline(list[int]), {"type": "null"}]}),
            (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
            (
                int | None | str,
                {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
            ),
            (Any | None, {}),
            (int | UnsetType, {"type": "integer"}),
        ],
        ids=str,
    )
    def test_null_and_alternatives(self, type_, expected):
        """Nullable scalars say so in their type, everything else in an anyOf."""
        assert expected == inline(type_)

    def test_a_reference_may_be_null(self):
        """A class or null is an anyOf, because nothing may be said about null in a $ref."""
        assert {"anyOf": [ref("User"), {"type": "null"}]} == described(User | None)[0]

    def test_tagged_structs_are_one_of_with_a_discriminator(self):
        """Tagged structs exclude each other; their tag is in the schema, constant and required."""
        schema, components = described(Cat | Dog)

        assert {
            "oneOf": [ref("Cat"), ref("Dog")],
            "discriminator": {
                "propertyName": "type",
                "mapping": {
                    "cat": "#/components/schemas/Cat",
                    "dog": "#/components/schemas/Dog",
                },
            },
        } == schema
        assert components["Cat"] == {
            "type": "object",
            "properties": {
                "type": {"type": "string", "const": "cat"},
                "name": {"type": "string"},
            },
            "required": ["type", "name"],
        }

    def test_null_joins_the_one_of(self):
        """``Cat | Dog | None`` is one flat oneOf, and so is an annotated member."""
        plain = described(Cat | Dog)[0]
        schema = described(Cat | None | Annotated[Dog, Meta(description="Barks.")])[0]

        assert [ref("Cat"), ref("Dog") | {"description": "Barks."}, {"type": "null"}] == schema[
            "oneOf"
        ]
        assert plain["discriminator"] == schema["discriminator"]

    def test_other_members_stand_beside_the_one_of(self):
        """What no tag tells apart is an anyOf around the discriminated oneOf."""
        choice = described(Cat | Dog)[0]
        schema = described(Cat | int | Dog | None)[0]

        assert {"anyOf": [choice, {"type": "integer"}, {"type": "null"}]} == schema

    def test_the_mapping_follows_the_direction(self):
        """Members that differ between input and output are mapped to the form at hand."""

        class One(Struct, tag_field="kind", tag=1):
            x: int = 0

        class Two(Struct, tag_field="kind", tag=2):
            x: int

        schema, components = described(One | Two, "input")

        assert schema["discriminator"] == {
            "propertyName": "kind",
            "mapping": {
                "1": "#/components/schemas/OneInput",
                "2": "#/components/schemas/Two",
            },
        }
        assert components["OneInput"]["properties"]["kind"] == {"type": "integer", "const": 1}

    def test_arrays_have_no_discriminator(self):
        """Structs that travel as arrays carry their tag in front, where no property is."""

        class A(Struct, array_like=True, tag="a"):
            x: int

        class B(Struct, array_like=True, tag="b"):
            x: int

        schema, components = described(A | B)

        assert {"anyOf": [ref("A"), ref("B")]} == schema
        assert components["A"] == {
            "type": "array",
            "prefixItems": [{"type": "string", "const": "a"}, {"type": "integer"}],
            "minItems": 2,
        }


class TestClasses:
    def test_a_struct(self):
        """A Struct is an object with its fields in order, all that are certain required."""
        assert component(User) == {
            "description": "A person.",
            "type": "object",
            "properties": {"id": {"type": "integer"}, "email": {"type": "string"}},
            "required": ["id", "email"],
        }

    def test_an_empty_struct(self):
        """Nothing to say is said with nothing."""

        class Nothing(Struct):
            pass

        assert component(Nothing) == {"type": "object"}

    def test_wire_names_and_unknown_fields(self):
        """Renamed fields go by their wire names; forbidding unknown fields closes the object."""

        class Point(Struct, rename="camel", forbid_unknown_fields=True):
            at_x: int
            at_y: int = field(name="why")

        assert component(Point, "input") == {
            "type": "object",
            "properties": {"atX": {"type": "integer"}, "why": {"type": "integer"}},
            "required": ["atX", "why"],
            "additionalProperties": False,
        }

    def test_a_dataclass_keeps_its_order(self):
        """Fields stand as declared, also where a default comes before a required field."""

        @dataclasses.dataclass(kw_only=True)
        class Point:
            z: int = 1
            y: int
            a: list[int] = dataclasses.field(default_factory=list)

        schema = component(Point, "input", "PointInput")

        assert list(schema["properties"]) == ["z", "y", "a"]
        assert schema["required"] == ["y"]
        assert component(Point)["required"] == ["z", "y", "a"]

    def test_an_attrs_class(self):
        """Classes made by attrs are described as dataclasses are."""

        @attrs.define
        class Point:
            x: int
            y: int = 2

        assert component(Point, "input", "PointInput") == {
            "type": "object",
            "properties": {"x": {"type": "integer"}, "y": {"type": "integer", "default": 2}},
            "required": ["x"],
        }

    def test_a_typed_dict_keeps_its_order(self):
        """Keys stand as declared, those of the base first; NotRequired ones may be missing."""

        class Base(TypedDict):
            z: int

        class Sub(Base):
            y: NotRequired[Literal["q", "p"]]
            a: int

        assert component(Sub) == {
            "type": "object",
            "properties": {
                "z": {"type": "integer"},
                "y": {"type": "string", "enum": ["q", "p"]},
                "a": {"type": "integer"},
            },
            "required": ["z", "a"],
        }

    def test_a_named_tuple(self):
        """A named tuple is an array of exactly its fields; defaults may be left off the end."""

        class Point(NamedTuple):
            x: int
            y: int = 2

        assert component(Point, "input", "PointInput") == {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "integer", "default": 2}],
            "items": False,
            "minItems": 1,
        }
        assert component(Point)["minItems"] == 2

    def test_an_old_named_tuple(self):
        """Without annotations each place holds anything."""
        old = collections.namedtuple("Old", ["x", "y"], defaults=[1])

        assert component(old)["prefixItems"] == [{}, {"default": 1}]

    def test_a_struct_as_an_array(self):
        """A required field behind optional ones makes all of them required in an array."""

        class Row(Struct, array_like=True, kw_only=True, forbid_unknown_fields=True):
            a: int
            b: int = 1
            c: int
            d: int = 1

        schema = component(Row, "input", "RowInput")

        assert (schema["minItems"], schema["items"]) == (3, False)
        assert component(Row)["minItems"] == 4

    def test_recursion(self):
        """Classes may contain themselves, by forward reference."""
        assert ref("Tree") == component(Tree)["properties"]["children"]["items"]
        assert {"anyOf": [ref("LinkInput"), {"type": "null"}], "default": None} == component(
            Link, "input", "LinkInput"
        )["properties"]["next"]

    def test_notes_stand_beside_a_reference(self):
        """What Meta says about one use of a class stays with that use."""

        class Team(Struct):
            lead: Annotated[User, Meta(description="Who answers.")]

        schema = component(Team)

        assert ref("User") | {"description": "Who answers."} == schema["properties"]["lead"]


class TestDocstrings:
    def test_written_ones_are_dedented(self):
        """A description is the docstring without the indentation of the source."""

        class Item(Struct):
            """One line.

            Another:
                indented.
            """

        assert component(Item)["description"] == "One line.\n\nAnother:\n    indented."

    def test_generated_and_inherited_ones_are_not_used(self):
        """Signatures written by dataclasses and named tuples, and a base's words, say nothing."""

        @dataclasses.dataclass
        class Point:
            x: int

        class Spot(NamedTuple):
            x: int

        class Sub(User):
            pass

        class Loud(str, enum.Enum):  # noqa: UP042
            yes = "y"

        class Keys(TypedDict):
            x: int

        for type_ in (Point, Spot, Sub, Loud, Keys):
            assert "description" not in component(type_)


class TestDefaults:
    @pytest.mark.parametrize(
        ("type_", "default", "expected"),
        [
            (int, 3, 3),
            (int | None, None, None),
            (Color, Color.blue, "b"),
            (datetime.date, datetime.date(2026, 1, 2), "2026-01-02"),
            (frozenset[str], frozenset({"b", "a", "c"}), ["a", "b", "c"]),
            (dict[int, str], field(default_factory=dict), {}),
            (list[int], field(default_factory=list), []),
            (set[int], field(default_factory=set), []),
            (Origin, Origin(0, 0), {"x": 0, "y": 0}),
        ],
        ids=count(),
    )
    def test_defaults_are_written_as_json(self, type_, default, expected):
        """A default is shown as a client would have to send it."""
        holder = msgspec.defstruct("Holder", [("x", type_, default)])

        assert expected == component(holder)["properties"]["x"]["default"]

    @pytest.mark.parametrize(
        ("type_", "default"),
        [
            (int, field(default_factory=lambda: 3)),
            (int | UnsetType, UNSET),
            (float, float("nan")),
            (str, "\ud800"),
            (Any, object()),
            (int, None),
            (Annotated[int, Meta(ge=1)], 0),
        ],
        ids=count(),
    )
    def test_what_no_client_could_send_is_no_default(self, type_, default):
        """Unknown, unset, unrepresentable and ill-typed defaults are left out."""
        holder = msgspec.defstruct("Holder", [("x", type_, default)])

        assert (
            "default"
            not in component(holder, "input", None if default is UNSET else "HolderInput")[
                "properties"
            ]["x"]
        )

    def test_the_author_may_write_another(self):
        """A default in extra_json_schema stands."""
        hint = Annotated[str, Meta(extra_json_schema={"default": "today"})]
        holder = msgspec.defstruct("Holder", [("x", hint, "2026-01-02")])

        assert component(holder)["properties"]["x"] == {"type": "string", "default": "today"}


class TestDirections:
    def test_one_component_where_both_agree(self):
        """A class without defaults, and all it refers to without, has one schema."""
        for mode in MODES:
            assert names(User, mode) == ["User"]
            assert names(Tree, mode) == ["Tree"]
            assert names(Color, mode) == ["Color"]

    def test_two_components_where_they_differ(self):
        """A default is optional for clients and always sent: two schemas, the output's plain."""
        assert "required" not in component(Settings, "input", "SettingsInput")
        assert component(Settings)["required"] == ["theme"]

    def test_the_difference_spreads_to_those_who_refer_to_it(self):
        """What contains such a class differs too; what else it contains does not."""
        assert names(Account) == ["Account", "Settings", "User"]
        assert names(Account, "input") == ["AccountInput", "SettingsInput", "User"]

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda t: list[t],
            lambda t: tuple[int, t],
            lambda t: dict[str, t],
            lambda t: t | None,
            lambda t: Annotated[t, Meta(description="x")],
        ],
    )
    def test_the_difference_is_seen_through_everything(self, wrap):
        """However deep the class is wrapped, its holder differs."""
        holder = msgspec.defstruct("Holder", [("x", wrap(Settings))])

        assert names(holder, "input") == ["HolderInput", "SettingsInput"]

    def test_the_difference_spreads_around_circles(self):
        """In a circle of classes all differ if one does, whichever is asked first."""
        ends = [Ping, Pong]
        for first in ends:
            for mode, suffix in (("input", "Input"), ("output", "")):
                components = Components()

                assert ref(first.__name__ + suffix) == components.schema(first, mode)
                assert [f"Ping{suffix}", f"Pong{suffix}"] == list(components.rendered())

    def test_what_is_known_of_one_class_serves_the_next(self):
        """Asking for parts before and after the whole changes nothing."""
        components = Components()
        for type_ in (Settings, Account, Settings, User, Account):
            for mode in MODES:
                components.schema(type_, mode)

        assert {**described(Account)[1], **described(Account, "input")[1]} == components.rendered()

    def test_omitted_defaults_are_optional_both_ways(self):
        """omit_defaults leaves out what msgspec recognises as default, and nothing else."""

        class Sparse(Struct, omit_defaults=True):
            a: int = 1
            b: list[int] = []

        class Half(Struct, omit_defaults=True):
            a: int = 1
            b: int = field(default_factory=int)

        assert names(Sparse, "input") == ["Sparse"]
        assert "required" not in component(Sparse)
        assert component(Half)["required"] == ["b"]
        assert msgspec.json.encode(Half()) == b'{"b":0}'

    def test_unset_is_optional_both_ways(self):
        """A field that may be UNSET is missing then, whatever its default."""

        class Patch(Struct):
            a: int | UnsetType = UNSET
            b: int | UnsetType = 3

        assert names(Patch, "input") == ["Patch"]
        assert "required" not in component(Patch)


class Ping(Struct):
    pong: "Pong | None"


class Pong(Struct):
    ping: Ping | None = None


class TestNames:
    @pytest.mark.parametrize(
        ("type_", "expected"),
        [
            (Page[User], "PageOfUser"),
            (Page[int], "PageOfInt"),
            (Page[None], "PageOfNone"),
            (Page[Any], "Page"),
            (Page[list[User]], "PageOfListOfUser"),
            (Page[Page[User]], "PageOfPageOfUser"),
            (Pair[int, User], "PairOfIntAndUser"),
            (Pair[dict[str, int], tuple[int, ...]], "PairOfDictOfStrAndIntAndTupleOfInt"),
            (Page[User | None], "PageOfUserOrNone"),
            (Page[Optional[int]], "PageOfIntOrNone"),  # noqa: UP045
            (Page[Literal["new user", 1, None]], "PageOfLiteralNewUserOr1OrNone"),
            (Page[Annotated[int, Meta(ge=1)]], "PageOfInt"),
            (Page[NewType("UserId", int)], "PageOfUserId"),
            (Page[T], "Page"),
            (Page[Modest], "PageOfInt"),
            (Page[list[T]], "PageOfListOfAny"),
            (Page, "Page"),
        ],
        ids=str,
    )
    def test_generics_read_aloud(self, type_, expected):
        """A component of a generic is named by its arguments, in letters and digits."""
        assert expected in names(type_)

    def test_parameters_fill_the_fields(self):
        """The arguments of a generic reach its fields; unbound ones are anything."""
        assert [{"type": "integer"}, ref("User")] == list(
            component(Pair[int, User], name="PairOfIntAndUser")["properties"].values()
        )
        assert component(Page)["properties"]["items"] == {"type": "array"}

    def test_free_variables_are_one_type(self):
        """Two modules have each their ``T``; a generic over either is the plain generic."""

        class Left(Struct, Generic[T]):
            page: Page[T]

        class Right(Struct, Generic[U]):
            page: Page[U]
            same: Page

        assert names(Pair[Left, Right]) == ["Left", "Page", "PairOfLeftAndRight", "Right"]

    def test_a_name_can_be_chosen(self):
        """``__schema_name__`` names one class, not those derived from it."""

        class Item(Struct):
            __schema_name__ = "ItemV1"
            x: int

        class Sub(Item):
            pass

        assert names(Page[Item]) == ["ItemV1", "PageOfItemV1"]
        assert names(Sub) == ["Sub"]

    def test_other_letters_are_replaced(self):
        """OpenAPI's alphabet for components is smaller than Python's."""
        assert names(msgspec.defstruct("Größe", [("x", int)])) == ["Gr__e"]


class TestCollisions:
    def test_two_classes_of_one_name_are_refused(self):
        """Both are named with file and line, and the way out; the rest is left alone."""

        class Item(Struct):
            x: int

        first = Item

        class Item(Struct):
            x: int

        components = Components()
        for type_ in (first, Item, first, Item):
            components.schema(type_, "output")

        (message,) = components.clashes()
        assert message.startswith("the component name `Item` is wanted by ")
        assert message.endswith('rename one, or write `__schema_name__ = "..."` in the body of one')
        assert message.count("test_two_classes_of_one_name_are_refused.<locals>.Item (") == 2
        assert message.count("test_schema.py:") == 2

    def test_every_collision_is_listed(self):
        """All of them at once, by name, also between made-up classes and generated names."""
        components = Components()
        for type_ in (
            msgspec.defstruct("SettingsInput", [("x", int)], module="made"),
            Page[int],
            Page[Annotated[int, Meta(ge=1)]],
        ):
            components.schema(type_, "input")
        components.schema(Settings, "input")

        pages, settings = components.clashes()
        assert components.clashes() == []
        assert "`PageOfInt` is wanted by " in pages
        assert "Page[typing.Annotated[int, msgspec.Meta(ge=1)]]" in pages
        assert " made.SettingsInput and by the input form of " in settings


class TestRefusals:
    @pytest.mark.parametrize(
        ("type_", "message"),
        [
            (
                ipaddress.IPv4Address,
                "`IPv4Address` is `ipaddress.IPv4Address`, which has no schema: "
                "use a Struct, a dataclass or a built-in type, or give the app a hook for it, "
                "`App(type_hooks=[TypeHook(IPv4Address, ...)])`",
            ),
            (pathlib.Path, "`Path` is `pathlib.Path`, which has no schema: "),
            (complex, "`complex` is `builtins.complex`, which has no schema: "),
            (
                Annotated[complex, Meta(description="No schema either.")],
                "is `builtins.complex`, which has no schema: ",
            ),
            (
                msgspec.msgpack.Ext,
                "`Ext` is what msgspec calls ExtType, which JSON can't carry: "
                "use bytes, or a Struct",
            ),
            (
                enum.Flag("Perm", ["read", "write"]),
                "`Perm` is a Flag, and no list names its combinations: use an Enum or int",
            ),
            (
                dict[tuple[int, int], int],
                "`dict[tuple[int, int], int]` has keys that a JSON object can't have: "
                "use str, or a list of pairs",
            ),
            (dict[bool, int], "has keys that a JSON object can't have"),
            (dict[Literal[True], int], "has keys that a JSON object can't have"),
            (dict[int | None, int], "has keys that a JSON object can't have"),
            (
                Annotated[int, Meta(examples=[object()])],
                "has examples that are no JSON: Encoding objects of type object is unsupported",
            ),
            (User | Account, "is refused by msgspec: If a type union contains multiple Struct"),
            (enum.Enum("Ratio", {"half": 0.5}), "`Ratio` is refused by msgspec: Enums must"),
        ],
        ids=count(),
    )
    def test_what_has_no_schema_is_refused(self, type_, message):
        """The message says what it is and what to write instead."""
        with pytest.raises(SchemaError) as caught:
            Components().schema(type_, "input")

        assert message in str(caught.value)

    def test_pydantic_models_are_refused(self):
        """Another library's models are no types of msgspec's."""
        pydantic = pytest.importorskip("pydantic")
        model = pydantic.create_model("Model", x=(int, ...))

        with pytest.raises(SchemaError, match="Model`, which has no schema: use a Struct"):
            Components().schema(model, "input")

    def test_unknown_names_are_refused(self):
        """A forward reference to nowhere is msgspec's to report, and comes as the same error."""

        class Lost(Struct):
            x: "Nowhere"  # noqa: F821

        with pytest.raises(SchemaError, match=r"`Lost` is refused by msgspec: .*'Nowhere'"):
            Components().schema(Lost, "input")

    @pytest.mark.parametrize(
        ("wrap", "path"),
        [
            (lambda t: t, "User.address.zip"),
            (lambda t: list[t], "User.address.zip[]"),
            (lambda t: dict[str, t | None], "User.address.zip[]"),
            (lambda t: tuple[int, t], "User.address.zip[1]"),
        ],
    )
    def test_the_path_leads_to_the_culprit(self, wrap, path):
        """However deep it is, the message says where."""
        address = msgspec.defstruct("Address", [("zip", wrap(complex))])
        user = msgspec.defstruct("User", [("address", address | None)])

        with pytest.raises(SchemaError) as caught:
            Components().schema(user, "input")

        assert str(caught.value).startswith(f"`{path}` is `builtins.complex`")

    def test_the_path_starts_at_the_annotation(self):
        """Containers and generics are called as they are written, without their modules."""
        with pytest.raises(SchemaError, match=r"^`list\[Page\[complex\]\]\[\]\.items\[\]` is "):
            Components().schema(list[Page[complex]], "input")

    def test_a_refused_type_leaves_nothing_behind(self):
        """It is refused again when asked again, and its parts stay out of the document."""
        bad = msgspec.defstruct("Bad", [("user", User), ("z", complex)])
        components = Components()
        components.schema(Color, "output")
        for _ in range(2):
            with pytest.raises(SchemaError):
                components.schema(list[bad], "output")

        assert list(components.rendered()) == ["Color"]
        assert ref("User") == components.schema(User, "output")
        assert list(components.rendered()) == ["Color", "User"]


class Pet(Struct, forbid_unknown_fields=True):
    kind: Literal["cat", "dog"]
    age: Annotated[int, Meta(ge=0, le=40)] | None
    names: Annotated[list[str], Meta(min_length=1)] = []


class Circle(Struct, tag="circle"):
    radius: Annotated[float, Meta(gt=0)]


class Square(Struct, tag="square"):
    side: int = 1
    level: Level = Level.low


class Row(Struct, array_like=True):
    x: int
    y: str = ""


class Spot(NamedTuple):
    x: int
    y: bool = True


@dataclasses.dataclass
class Crate:
    shapes: list[Circle | Square | None]
    spot: Spot


class Options(TypedDict):
    color: Color
    depth: NotRequired[int]


words = st.text("abc", max_size=3)
circles = st.builds(Circle, st.floats(0.5, 9))
squares = st.builds(Square, st.integers(-3, 3), st.sampled_from(Level))
spots = st.builds(Spot, st.integers(-3, 3), st.booleans())
VALUES = {
    Pet: st.builds(
        Pet,
        st.sampled_from(["cat", "dog"]),
        st.none() | st.integers(0, 40),
        st.lists(words, min_size=1, max_size=2),
    ),
    Circle | Square: circles | squares,
    Row: st.builds(Row, st.integers(-3, 3), words),
    Crate: st.builds(Crate, st.lists(st.none() | circles | squares, max_size=2), spots),
    Options: st.fixed_dictionaries(
        {"color": st.sampled_from(Color)}, optional={"depth": st.integers(-3, 3)}
    ),
    Page[Tree]: st.builds(
        Page, st.lists(st.builds(Tree, st.integers(-3, 3), st.just([])), max_size=2)
    ),
    dict[int, tuple[int, str] | int]: st.dictionaries(
        st.integers(-3, 3), st.integers(-3, 3) | st.tuples(st.integers(-3, 3), words), max_size=2
    ),
    Link: st.recursive(st.builds(Link), lambda inner: st.builds(Link, inner), max_leaves=3),
}
ODDITIES = [None, True, -1, 2, 1.5, "", "cat", [], [1], {}, {"type": "circle"}, {"color": "b"}]


@st.composite
def spoiled(draw, values):
    """A value of the type as JSON, with one of its parts replaced or taken out."""
    document = msgspec.json.decode(msgspec.json.encode(draw(values)))
    holders = [(None, None), *parts(document)]
    holder, key = draw(st.sampled_from(holders))
    oddity = draw(st.sampled_from(ODDITIES))
    if holder is None:
        return oddity
    if draw(st.booleans()):
        del holder[key]
    else:
        holder[key] = oddity
    return document


def parts(document):
    """Every place in a JSON document that can be spoiled: its holder, and its key there."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(items):
        yield document, key
        if isinstance(value, dict | list):
            yield from parts(value)


quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.data_too_large])


@pytest.mark.parametrize("type_", VALUES, ids=str)
class TestAgreement:
    def test_what_msgspec_encodes_satisfies_the_output_schema(self, type_):
        """Every value of a type is, on the wire, an instance of its output schema."""
        output = validator(type_, "output")

        @quick
        @given(VALUES[type_])
        def agree(value):
            output.validate(msgspec.json.decode(msgspec.json.encode(value)))

        agree()

    def test_what_msgspec_refuses_the_input_schema_refuses(self, type_):
        """Schema and decoder agree on documents that are nearly right."""
        decoder, schema = msgspec.json.Decoder(type_), validator(type_, "input")

        @quick
        @given(spoiled(VALUES[type_]))
        def agree(document):
            assert schema.is_valid(document) == accepts(decoder, document)

        agree()


def test_the_bytes_are_the_same_in_every_process():
    """Nothing depends on how a process hashes strings."""
    program = """
import json
from typing import Literal
from msgspec import Struct
from redirflow.openapi.schema import Components

class A(Struct):
    letters: frozenset[str] = frozenset("redirflow")
    choice: Literal["z", "b", "a"] = "z"

components = Components()
components.schema(A, "input")
print(json.dumps(components.rendered()))
"""
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert outputs[0] == outputs[1]
    assert b'"AInput": ' in outputs[0]
