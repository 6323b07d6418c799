"""Schemas in words, and values that they let in."""

import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct
from test_docs_markup import Reader

from redirflow.docs.example import ABSENT, example
from redirflow.docs.index import index_document
from redirflow.docs.schema_text import describe, fields, in_a_line
from redirflow.http.local_url import LocalURL, WebURL
from redirflow.openapi.schema import Components


class Node(Struct):
    """One in a chain."""

    name: str
    next: "Node | None" = None
    all: list["Node"] = []


class Cat(Struct, tag=True):
    lives: int


class Dog(Struct, tag=True):
    name: str


class Color(Enum):
    RED = "red"


def indexed(**schemas):
    return index_document({"components": {"schemas": schemas}})


def of_type(type_):
    """The schema of a type, and an index that knows its components."""
    components = Components()
    schema = components.schema(type_, "input")
    return schema, indexed(**components.rendered())


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, "any value"),
        ({}, "any value"),
        (False, "nothing"),
        ({"$ref": "#/components/schemas/User"}, "User"),
        ({"$ref": "elsewhere.json"}, "elsewhere.json"),
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date"}, "string (date)"),
        ({"type": ["string", "null"], "format": "date"}, "string (date) or null"),
        ({"type": "string", "contentEncoding": "base64"}, "string (base64)"),
        ({"type": "string", "contentSchema": {"type": "integer"}}, "text that holds integer"),
        ({"type": "string", "minLength": 1, "maxLength": 5}, "string, 1 to 5 characters"),
        ({"type": "string", "minLength": 0, "maxLength": 1}, "string, up to 1 character"),
        ({"type": "string", "minLength": 2}, "string, at least 2 characters"),
        ({"type": "string", "minLength": 1, "maxLength": 1}, "string, 1 character"),
        ({"type": "string", "maxLength": 3}, "string, up to 3 characters"),
        ({"type": "string", "pattern": "^a$"}, "string, pattern ^a$"),
        ({"type": "string", "pattern": "x" * 70}, f"string, pattern{'x' * 70}"),
        ({"type": "integer", "minimum": 1, "default": 2}, "integer, \u2265 1, default 2"),
        (
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.1},
            "number, > 0, < 1, a multiple of 0.1",
        ),
        ({"type": "integer", "maximum": 9}, "integer, \u2264 9"),
        ({"const": "a"}, '"a"'),
        ({"enum": ["a", 1, None]}, '"a" | 1 | null'),
        ({"type": "array"}, "array of any value"),
        (
            {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 1},
            "array of string, at least 1 item, no item twice",
        ),
        ({"type": "array", "uniqueItems": False}, "array of any value"),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {}], "items": False},
            "array [string, any value]",
        ),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "array [string, ...]"),
        ({"type": "object", "maxProperties": 2}, "object, up to 2 fields"),
        ({"type": "object", "additionalProperties": False}, "object, no other fields"),
        ({"type": "object", "additionalProperties": {"type": "null"}}, "object of null"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"anyOf": [{"type": "string"}, False]}, "string or nothing"),
        ({"allOf": [{"type": "string"}, {"const": 1}]}, "string and 1"),
        ({"anyOf": []}, "nothing"),
        (
            {"oneOf": [{"type": "null"}], "discriminator": {"propertyName": "type"}},
            "null, told apart by type",
        ),
        ({"type": "string", "deprecated": True}, "string, deprecated"),
        ({"type": "string", "deprecated": False}, "string"),
        ({"type": "string", "x-house": [1]}, "string, x-house [1]"),
        ({"enum": 5}, '{"enum": 5}'),
        ({"type": "string", "discriminator": {}}, '{"type": "string", "discriminator": {}}'),
    ],
)
def test_a_schema_in_a_line(schema, expected):
    index = indexed(User={"type": "object"})

    assert expected == Reader(in_a_line(schema, index)).text


def test_a_component_is_a_link():
    index = indexed(User={"type": "object"})

    assert (
        in_a_line({"$ref": "#/components/schemas/User"}, index) == '<a href="#schema-User">User</a>'
    )


def test_the_fields_of_an_object():
    schema = {
        "description": "Someone.",
        "type": "object",
        "properties": {
            "id": {"type": "integer", "description": "A `number`."},
            "tags": {"type": "array", "items": {"properties": {"name": {"type": "string"}}}},
        },
        "required": ["id"],
    }

    assert describe(schema, indexed()) == (
        '<div class="type">object</div><p>Someone.</p><dl class="fields">'
        '<dt><code>id</code> <span class="required">required</span></dt>'
        '<dd><div class="type">integer</div><p>A <code>number</code>.</p></dd>'
        '<dt><code>tags</code> </dt><dd><div class="type">array of any value</div>'
        '<dl class="fields"><dt><code>name</code> </dt>'
        '<dd><div class="type">string</div></dd></dl></dd></dl>'
    )


def test_fields_can_be_left_out():
    schema = {"properties": {"id": {}, "detail": {}}}

    assert "detail" not in fields(schema, indexed(), without={"detail"})
    assert fields(schema, indexed(), without={"detail", "id"}) == ""


@pytest.mark.parametrize(
    "schema",
    [True, {}, {"properties": 5}, {"anyOf": 5}, {"properties": {"a": {}}, "required": 5}],
)
def test_what_has_no_fields_has_none(schema):
    assert fields(schema, indexed()) == ""


def test_a_schema_that_is_none_is_described():
    assert describe(True, indexed()) == '<div class="type">any value</div>'


# --- examples --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "type_",
    [
        int,
        float,
        bool,
        str,
        None,
        bytes,
        date,
        datetime,
        time,
        timedelta,
        Decimal,
        uuid.UUID,
        Color,
        LocalURL,
        WebURL,
        Any,
        Node,
        list[int],
        list[Node],
        set[Literal["a", "b"]],
        tuple[int, str],
        tuple[()],
        dict[str, int],
        int | None,
        Cat | Dog,
        Literal[3, "a"],
        Annotated[int, Meta(ge=5, le=9)],
        Annotated[int, Meta(gt=5)],
        Annotated[int, Meta(lt=-5)],
        Annotated[int, Meta(ge=5, multiple_of=4)],
        Annotated[int, Meta(le=6, multiple_of=4)],
        Annotated[int, Meta(ge=-7, le=-6, multiple_of=3)],
        Annotated[float, Meta(gt=0, lt=1)],
        Annotated[float, Meta(ge=2.5)],
        Annotated[str, Meta(min_length=20)],
        Annotated[str, Meta(max_length=2)],
        Annotated[str, Meta(pattern="@", min_length=5)],
        Annotated[list[int], Meta(min_length=3)],
        Annotated[str, Meta(examples=["given"])],
        Annotated[str, Meta(pattern=r"\d{4}-\d\d-\d\d$", max_length=10)],
    ],
)
def test_an_example_is_let_in(type_):
    schema, index = of_type(type_)
    if type_ is Decimal:
        assert example(schema, index) == "1.5"
    msgspec.convert(example(schema, index), type_, strict=False, builtin_types=())


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, {}),
        (False, ABSENT),
        ({"unknown": 1}, {}),
        ({"example": 7, "default": 8}, 7),
        ({"default": None}, None),
        ({"type": "string", "pattern": "^never found$"}, ""),
        ({"type": "string", "pattern": "(?<unread>a)"}, ""),
        ({"type": "string", "pattern": ".", "minLength": 500}, ""),
        ({"anyOf": [False, {"type": "null"}]}, None),
        ({"anyOf": [False]}, ABSENT),
        ({"allOf": [{"properties": {"a": True}, "type": "object"}, {"type": "null"}]}, {"a": {}}),
        ({"type": ["integer", "null"]}, 1),
        ({"type": "array", "items": False}, []),
        ({"type": "array"}, []),
        ({"type": "object", "properties": {"no": False, "yes": {"const": 1}}}, {"yes": 1}),
        ({"type": "unheard of"}, ABSENT),
        ({"type": 5}, ABSENT),
        ({"examples": 5}, ABSENT),
        ({"$ref": "#/components/schemas/Unknown"}, {}),
    ],
)
def test_an_example(schema, expected):
    found = example(schema, indexed())

    assert expected is found if expected is ABSENT else expected == found


def test_recursion_ends():
    schema, index = of_type(Node)

    assert example(schema, index) == {"name": "string", "next": None, "all": []}


def test_a_component_inside_of_itself_is_left_out():
    tree = {"type": "object", "properties": {"left": {"$ref": "#/components/schemas/Tree"}}}
    index = indexed(Tree=tree)

    assert example({"$ref": "#/components/schemas/Tree"}, index) == {}


def test_a_large_example_is_cut():
    wide = {
        f"C{number}": {
            "type": "object",
            "properties": {
                name: {"$ref": f"#/components/schemas/C{number + 1}"} for name in "abcdefgh"
            },
        }
        for number in range(9)
    }
    made = example({"$ref": "#/components/schemas/C0"}, indexed(**wide))

    assert 50 < str(made).count("{") < 250


def test_a_very_long_array_is_cut():
    schema = {"type": "array", "items": {"type": "integer"}, "minItems": 10**9}

    assert len(example(schema, indexed())) == 199
