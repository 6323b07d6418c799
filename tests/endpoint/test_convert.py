"""Texts become values: what each type takes, what it refuses, and in which words."""

import datetime
import enum
import json
import math
import re
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, Optional, Union

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from redirflow.endpoint.convert import (
    Unreadable,
    capped,
    discreet,
    reader_of,
    refuse_infinite,
    split_error,
    takes_none,
    without_none,
)
from redirflow.http.local_url import LocalURL, WebURL
from redirflow.http.values import wire_text


class Color(enum.Enum):
    RED = "red"
    NULL = "null"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 10


class Size(enum.StrEnum):
    S = "s"


UserId = NewType("UserId", int)
Either = NewType("Either", Union[int, str])  # noqa: UP007 - a Union object
Numbers = NewType("Numbers", list[int])

PLACE = "Expected a location of this site: '/path', '?query' or '#fragment'"


class _Alias:
    """What `type Whole = int | None` makes, which Python 3.11 can't write."""

    __value__ = int | None


def read(type_, text):
    """The value of one text, or of the texts of a list; or the words of the refusal."""
    reader = reader_of(type_)
    try:
        if reader.many:
            return reader.collect([reader.read(each) for each in text])
        return reader.read(text)
    except Unreadable as error:
        return f"!{error}"


# --- scalars ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (int, "0", 0),
        (int, "-7", -7),
        (int, "007", 7),
        (int, "9" * 4300, int("9" * 4300)),
        (UserId, "5", 5),
        (float, "1", 1.0),
        (float, "-1.5e-3", -0.0015),
        (Decimal, "1.50", Decimal("1.50")),
        (Decimal, "-1E+5", Decimal("-1E+5")),
        (str, "", ""),
        (str, "null", "null"),
        (str, "ж\x00", "ж\x00"),
        (Any, "5", "5"),
        (bool, "true", True),
        (bool, "False", False),
        (bool, "1", True),
        (bool, "0", False),
        (bytes, "aGk=", b"hi"),
        (datetime.date, "2020-02-29", datetime.date(2020, 2, 29)),
        (datetime.datetime, "2020-01-01T10:00:00", datetime.datetime(2020, 1, 1, 10)),
        (
            datetime.datetime,
            "2020-01-01T10:00:00Z",
            datetime.datetime(2020, 1, 1, 10, tzinfo=datetime.UTC),
        ),
        (datetime.time, "10:30:00", datetime.time(10, 30)),
        (datetime.timedelta, "PT90S", datetime.timedelta(seconds=90)),
        (
            uuid.UUID,
            "550e8400-e29b-41d4-a716-446655440000",
            uuid.UUID("550e8400-e29b-41d4-a716-446655440000"),
        ),
        (Color, "red", Color.RED),
        (Color, "null", Color.NULL),
        (Size, "s", Size.S),
        (Level, "10", Level.HIGH),
        (Literal["a", 1, "2"], "a", "a"),
        (Literal["a", 1, "2"], "1", 1),
        (Literal["a", 1, "2"], "2", "2"),
        (Literal[True, None], "true", True),
        (Optional[int], "5", 5),  # noqa: UP045 - a Union object
        (int | None, "5", 5),
        (Annotated[int | None, Meta(ge=1)], "5", 5),
        (Annotated[int, Meta(ge=1, description="At least one.")], "5", 5),
        (Annotated[str, Meta(description="Words.")] | None, "null", "null"),
        (LocalURL, "/a?b#c", "/a?b#c"),
        (LocalURL | None, "?b", "?b"),
        (WebURL, "https://example.com", "https://example.com"),
        (_Alias(), "5", 5),
    ],
)
def test_a_text_is_read_as_its_type(type_, text, value):
    result = read(type_, text)

    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("type_", "text", "words"),
    [
        *((int, text, "Expected `int`") for text in ("", "1.0", "+1", " 1", "1_0", "0x1", "1e3")),
        (int, "٣", "Expected `int`"),
        (int, "1\n", "Expected `int`"),
        (int, "9" * 4301, "Expected `int`"),
        *(
            (float, text, "Expected `float`")
            for text in ("nan", "-inf", "", "1_0", ".5", "5.", "+1")
        ),
        (float, "1e400", "Number out of range"),
        (float, "007.5", "Expected `float`, got `str`"),
        *((Decimal, text, "Invalid decimal string") for text in ("NaN", "sNaN", "Infinity")),
        *((Decimal, text, "Invalid decimal string") for text in (" 1", "1_0", "٣", "", ".5")),
        *((bool, text, "Expected `bool`, got `str`") for text in ("", "yes", "2", "null")),
        (bytes, "aGk", "Invalid base64 encoded string"),
        (datetime.date, "2020-02-30", "Invalid RFC3339 encoded date"),
        (datetime.datetime, "1700000000", "Invalid RFC3339 encoded datetime"),
        (datetime.datetime, "1.5", "Invalid RFC3339 encoded datetime"),
        (datetime.time, "12", "Invalid RFC3339 encoded time"),
        (datetime.timedelta, "90", "Invalid ISO8601 duration"),
        (uuid.UUID, "1", "Invalid UUID"),
        (Color, "RED", "Invalid enum value 'RED'; allowed: red, null"),
        (Level, "1.0", "Expected `int`, got `str`; allowed: 1, 10"),
        (Level, "2", "Invalid enum value 2; allowed: 1, 10"),
        (Literal["a", 1], "01", "Invalid enum value '01'; allowed: 1, a"),
        (Literal["a", None], "null", "Invalid enum value 'null'; allowed: a"),
        (Literal[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "x", "Invalid enum value 'x'"),
        (int | None, "null", "Expected `int`"),
        (int | None, "", "Expected `int`"),
        (Annotated[int | None, Meta(ge=1)], "0", "Expected `int` >= 1"),
        (Annotated[int, Meta(multiple_of=5)], "7", "Expected `int` that's a multiple of 5"),
        (Annotated[float, Meta(lt=1)], "1", "Expected `float` < 1.0"),
        (Annotated[str, Meta(max_length=2)], "abc", "Expected `str` of length <= 2"),
        (
            Annotated[datetime.datetime, Meta(tz=True)],
            "2020-01-01T10:00:00",
            "Expected `datetime` with a timezone component",
        ),
        (LocalURL, "", "Expected `str` of length >= 1"),
        *((LocalURL, text, PLACE) for text in ("x", "//evil", "/\\evil", "https://evil", "/ж")),
        (LocalURL | None, "x", PLACE),
        (WebURL, "/x", "Expected an absolute URL: 'https://host/path'"),
    ],
)
def test_a_text_is_refused_in_words(type_, text, words):
    assert read(type_, text) == f"!{words}"


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (int | str, "5", 5),
        (int | str, "x", "x"),
        (Either, "5", 5),
        (Either, "x", "x"),
        (bool | int, "1", True),
        (bool | int, "2", 2),
        (datetime.datetime | int, "5", 5),
        (Annotated[int, Meta(ge=1)] | Literal["all"], "all", "all"),
        (Annotated[int | str, Meta(description="Either.")], "5", 5),
        (Annotated[int, Meta(description="A number.")] | Color, "5", 5),
        (float | None | Color, "red", Color.RED),
        (
            Annotated[int, Meta(ge=1)] | Literal["all"],
            "0",
            "!Expected `int` >= 1 or Invalid enum value '0'; allowed: all",
        ),
        (int | LocalURL, "x", f"!Expected `int` or {PLACE}"),
    ],
)
def test_the_first_member_of_a_union_that_takes_the_text_counts(type_, text, value):
    result = read(type_, text)

    assert result == value
    assert type(result) is type(value)


# --- lists -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "texts", "value"),
    [
        (list[int], ["1", "2"], [1, 2]),
        (list, ["1", "2"], ["1", "2"]),
        (list[int] | None, ["1"], [1]),
        (set[str], ["a", "a"], {"a"}),
        (frozenset[Color], ["red"], frozenset({Color.RED})),
        (tuple[float, ...], ["1", "2"], (1.0, 2.0)),
        (list[int | str], ["1", "a"], [1, "a"]),
        (list[int | None], ["1"], [1]),
        (list[Level], ["1", "10"], [Level.LOW, Level.HIGH]),
        (list[Decimal], ["1.0"], [Decimal("1.0")]),
        (list[bytes], ["aGk="], [b"hi"]),
        (list[datetime.date], ["2020-01-01"], [datetime.date(2020, 1, 1)]),
        (Numbers, ["1", "2"], [1, 2]),
        (Annotated[list[int], Meta(max_length=2)], ["1", "2"], [1, 2]),
        (
            Annotated[list[int], Meta(max_length=1)],
            ["1", "2"],
            "!Expected `array` of length <= 1",
        ),
        (Annotated[set[str], Meta(min_length=2)], ["a"], "!Expected `array` of length >= 2"),
        (list[int], ["1", "x"], "!Expected `int`"),
        (list[LocalURL], ["x"], f"!{PLACE}"),
    ],
)
def test_the_texts_of_a_list_are_read_one_by_one(type_, texts, value):
    result = read(type_, texts)

    assert result == value
    assert type(result) is type(value)


class Point(Struct):
    x: int


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        (Point, "it is neither a scalar nor a list of scalars"),
        (dict[str, int], "it is neither a scalar nor a list of scalars"),
        (tuple[int, str], "it is neither a scalar nor a list of scalars"),
        (list[int] | str, "it is neither a scalar nor a list of scalars"),
        (list[Point], "it is neither a scalar nor a list of scalars"),
        (type(None), "it is neither a scalar nor a list of scalars"),
        (list[list[int]], "it is a list of lists"),
    ],
)
def test_what_is_no_scalar_has_no_reader(type_, words):
    with pytest.raises(TypeError) as caught:
        reader_of(type_)

    assert str(caught.value) == words


# --- what readers say of themselves ----------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "fallible"),
    [
        (str, False),
        (str | None, False),
        (Any, False),
        (list[str], False),
        (int | str, False),
        (int, True),
        (int | float, True),
        (Annotated[str, Meta(min_length=1)], True),
        (Annotated[list[str], Meta(max_length=3)], True),
        (list[int], True),
    ],
)
def test_fallible_means_that_some_text_is_refused(type_, fallible):
    assert reader_of(type_).fallible is fallible


@pytest.mark.parametrize(
    ("type_", "fast"),
    [
        (int, "int"),
        (UserId, "int"),
        (int | None, "int"),
        (str, "str"),
        (Annotated[int, Meta(description="It stays an int.")], "int"),
        (Annotated[int, Meta(ge=0)], None),
        (LocalURL, None),
        (bool, None),
        (int | str, None),
    ],
)
def test_fast_types_need_nothing_but_themselves(type_, fast):
    assert reader_of(type_).fast == fast


@pytest.mark.parametrize(
    ("type_", "bare", "optional"),
    [
        (int, int, False),
        (int | None, int, True),
        (None | int | str, int | str, True),
        (Annotated[int | None, Meta(ge=1)], Annotated[int, Meta(ge=1)], True),
        (Annotated[int | None, "a note"], int, True),
        (Any, Any, False),
    ],
)
def test_none_is_taken_out_of_a_type(type_, bare, optional):
    assert without_none(type_) == bare
    assert takes_none(type_) is optional


def test_none_alone_stays():
    assert without_none(type(None)) is type(None)


# --- messages --------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", [Color, Literal["a"], int | Color, uuid.UUID, LocalURL])
def test_words_never_grow_with_the_text(type_):
    with pytest.raises(Unreadable) as caught:
        reader_of(type_).read("x" * 100_000)

    assert len(str(caught.value)) <= 256


def test_a_cut_message_says_so():
    assert capped("x" * 256) == "x" * 256
    assert capped("x" * 257) == "x" * 253 + "..."


class Line(Struct, forbid_unknown_fields=True):
    count: int = 0
    link: LocalURL | None = None
    web: WebURL | None = None
    by_name: dict[str, list["Line"]] = {}
    by_number: dict[Literal[1, 2], int] = {}
    color: Color = Color.RED
    odd: int = msgspec.field(default=0, name="x.y")


def fault(body, type_=Line):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=type_)
    return split_error(caught.value)


@pytest.mark.parametrize(
    ("body", "words", "where"),
    [
        (b'{"count":""}', "Expected `int`, got `str`", ["count"]),
        (b"[]", "Expected `object`, got `array`", []),
        (b'{"link":"x"}', PLACE, ["link"]),
        (b'{"web":"x"}', "Expected an absolute URL: 'https://host/path'", ["web"]),
        (b'{"by_name":{"a.b[0]":[{},{"count":1.5}]}}', "Expected `int`, got `float`", [
            "by_name",
            1,
            "count",
        ]),
        (b'{"by_number":{"3":1}}', "Invalid enum value 3", ["by_number"]),
        (b'{"by_number":{"1":"x"}}', "Expected `int`, got `str`", ["by_number"]),
        (b'{"color":" - at `$.count`"}', "Invalid enum value ' - at `$.count`'", ["color"]),
        (b'{"x.y":""}', "Expected `int`, got `str`", ["x", "y"]),
        (b'{"q":1}', "Object contains unknown field `q`", []),
    ],
)  # fmt: skip
def test_an_error_is_words_and_a_path(body, words, where):
    """Keys of a dictionary, which a client chooses, are no part of the path."""
    assert fault(body) == (words, where)


def test_the_path_through_arrays():
    assert fault(b"[[1,2],[3,true]]", list[tuple[int, int]]) == (
        "Expected `int`, got `bool`",
        [1, 1],
    )


@pytest.mark.parametrize("filling", ["x", "9", "[0]", "."])
def test_a_client_can_neither_write_a_path_nor_make_it_long(filling):
    body = json.dumps({f"q - at `$.{filling * 50_000}": 1}).encode()

    words, where = fault(body)

    assert words.startswith("Object contains unknown field `q - at `$.")
    assert len(words) == 256
    assert where == []


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Invalid enum value 'secret'", "Invalid enum value"),
        ("Invalid enum value 5", "Invalid enum value"),
        ("Invalid value 'a\nsecret' - at `$.x`", "Invalid value"),
        ("Object contains unknown field `secret`", "Object contains unknown field"),
        ("Expected `int` or Invalid enum value 'secret'", "Expected `int` or Invalid enum value"),
        ("Expected `int`, got `str`", "Expected `int`, got `str`"),
    ],
)
def test_a_log_gets_no_value(message, told):
    assert discreet(message) == told


# --- numbers without end ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (math.nan, "$"),
        ({"a": [0.0, -math.inf]}, "$.a[1]"),
        ({math.inf: 1}, "$[...]"),
        ([Decimal("sNaN")], "$[0]"),
        (Point(math.nan), "$.x"),
        ((1, {"b": Decimal("Infinity")}), "$[1].b"),
    ],
)
def test_a_number_that_is_not_finite_is_found(value, path):
    with pytest.raises(msgspec.ValidationError) as caught:
        refuse_infinite(value)

    assert str(caught.value) == f"Number out of range - at `{path}`"


def test_finite_numbers_and_everything_else_are_let_through():
    refuse_infinite({"a": [1.5, Decimal("1E+999"), 10**400, None, "nan"], "b": msgspec.Raw(b"1")})


# --- properties ------------------------------------------------------------------------------

SCALARS = {
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(),
    bool: st.booleans(),
    bytes: st.binary(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    uuid.UUID: st.uuids(),
    datetime.date: st.dates(),
    datetime.datetime: st.datetimes(),
    datetime.time: st.times(),
    datetime.timedelta: st.timedeltas(datetime.timedelta(-9999), datetime.timedelta(9999)),
    Color: st.sampled_from(Color),
    Level: st.sampled_from(Level),
}


@given(st.sampled_from([*SCALARS]).flatmap(lambda t: st.tuples(st.just(t), SCALARS[t])))
def test_what_is_written_is_read_as_the_same(pair):
    type_, value = pair

    assert reader_of(type_).read(wire_text(value)) == value


@given(st.text())
def test_no_text_does_more_than_being_refused(text):
    for type_ in (
        *SCALARS,
        Literal["a", 1],
        int | str | None,
        LocalURL,
        Annotated[int, Meta(ge=0)],
    ):
        read(type_, text)


@given(st.from_regex(re.compile(r"[-+ _.0-9eE\u0660]{0,8}"), fullmatch=True))
def test_an_integer_is_a_plain_decimal(text):
    result = read(int, text)

    assert isinstance(result, int) == bool(re.fullmatch(r"-?[0-9]+", text, re.ASCII))
