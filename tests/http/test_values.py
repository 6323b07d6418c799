"""A Python value as text: what is written is what the reader of its type reads."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow.http.values import header_text, query_pairs, wire_text


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Mixed(Enum):
    NUMBER = 7
    NOTHING = None


class Size(StrEnum):
    SMALL = "small"


class Level(IntEnum):
    HIGH = 3


class Shouted(str):
    """A str that gives itself out as another one."""

    __slots__ = ()

    def __str__(self):
        return "SHOUTED"


PARIS = timezone(timedelta(hours=1))
NOON = datetime(2026, 11, 20, 12, 0, 5, tzinfo=PARIS)
IDENTIFIER = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("a b/é", "a b/é", id="str"),
        pytest.param("", "", id="empty str"),
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
        pytest.param(0, "0", id="zero"),
        pytest.param(-12, "-12", id="int"),
        pytest.param(1 << 70, "1180591620717411303424", id="long int"),
        pytest.param(1.5, "1.5", id="float"),
        pytest.param(1e300, "1e+300", id="float with an exponent"),
        pytest.param(Decimal("1.50"), "1.50", id="Decimal"),
        pytest.param(IDENTIFIER, "6ba7b810-9dad-11d1-80b4-00c04fd430c8", id="UUID"),
        pytest.param(date(2026, 11, 20), "2026-11-20", id="date"),
        pytest.param(time(12, 0, 5), "12:00:05", id="time"),
        pytest.param(NOON, "2026-11-20T12:00:05+01:00", id="datetime"),
        pytest.param(timedelta(seconds=90), "PT90S", id="timedelta"),
        pytest.param(b"\x00\xff", "AP8=", id="bytes"),
        pytest.param(Color.RED, "red", id="enum of a str"),
        pytest.param(Size.SMALL, "small", id="StrEnum"),
        pytest.param(Level.HIGH, "3", id="IntEnum"),
    ],
)
def test_wire_text(value, expected):
    """Every scalar has one text, which its own type reads back."""
    text = wire_text(value)

    assert expected == text
    assert value == msgspec.convert(text, type(value), strict=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(Shouted("quiet"), "quiet", id="a str by its characters"),
        pytest.param(Size.SMALL, "small", id="StrEnum"),
        pytest.param(Mixed.NUMBER, "7", id="enum of several kinds"),
    ],
)
def test_what_is_written_is_plain_text(value, expected):
    """Whatever a class says about itself, its value is what is written."""
    text = wire_text(value)

    assert expected == text
    assert str is type(text)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        pytest.param(None, TypeError, "a NoneType, not a scalar", id="None"),
        pytest.param(Mixed.NOTHING, TypeError, "a NoneType, not a scalar", id="enum of None"),
        pytest.param([1], TypeError, "a list, not a scalar", id="list"),
        pytest.param({}, TypeError, "a dict, not a scalar", id="dict"),
        pytest.param(object(), TypeError, "a object, not a scalar", id="object"),
        pytest.param(1j, TypeError, "a complex, not a scalar", id="complex"),
        pytest.param(float("nan"), ValueError, "a float that is not finite", id="nan"),
        pytest.param(float("-inf"), ValueError, "a float that is not finite", id="inf"),
        pytest.param(Decimal("NaN"), ValueError, "a Decimal that is not finite", id="Decimal nan"),
        pytest.param(
            Decimal("sNaN"), ValueError, "a Decimal that is not finite", id="Decimal snan"
        ),
        pytest.param(
            Decimal("Infinity"), ValueError, "a Decimal that is not finite", id="Decimal inf"
        ),
    ],
)
def test_what_has_no_text(value, error, message):
    """The message names the kind of value and never repeats it."""
    with pytest.raises(error) as caught:
        wire_text(value)

    assert message == str(caught.value)


def test_an_integer_of_too_many_digits_has_no_text():
    """Nobody would read it either."""
    with pytest.raises(ValueError):
        wire_text(10**5000)


AWARE = st.datetimes(timezones=st.just(UTC))


@given(
    st.one_of(
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.text(),
        st.uuids(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.dates(),
        st.times(),
        AWARE,
        st.timedeltas(),
        st.binary(),
    )
)
def test_what_is_written_is_read(value):
    """A link never leads to a 422."""
    assert value == msgspec.convert(wire_text(value), type(value), strict=False)


# --- Header fields --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(NOON, "Fri, 20 Nov 2026 11:00:05 GMT", id="datetime, in GMT"),
        pytest.param(
            datetime(2026, 1, 2, 3, 4, 5), "Fri, 02 Jan 2026 03:04:05 GMT", id="without a zone"
        ),
        pytest.param(
            datetime(1, 1, 1, tzinfo=UTC), "Mon, 01 Jan 0001 00:00:00 GMT", id="a year of one digit"
        ),
        pytest.param(date(2026, 11, 20), "2026-11-20", id="a date has no HTTP form"),
        pytest.param(timedelta(minutes=2), "120", id="seconds"),
        pytest.param(timedelta(seconds=1.9), "1", id="whole seconds"),
        pytest.param([1, True, "a"], "1, true, a", id="list"),
        pytest.param(("a", Color.RED), "a, red", id="tuple"),
        pytest.param([], "", id="empty list"),
        pytest.param([timedelta(seconds=1), NOON], "1, Fri, 20 Nov 2026 11:00:05 GMT", id="parts"),
        pytest.param(20, "20", id="int"),
        pytest.param('W/"a"', 'W/"a"', id="str"),
    ],
)
def test_header_text(value, expected):
    """Dates are HTTP dates (RFC 9110 5.6.7), lists have commas (5.6.1)."""
    assert expected == header_text(value)


@pytest.mark.parametrize("value", [None, [None], {"a": 1}, {"a"}], ids=repr)
def test_what_is_no_header(value):
    with pytest.raises(TypeError):
        header_text(value)


@pytest.mark.parametrize(
    "value",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=23))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-23))),
    ],
)
def test_a_time_before_or_after_all_years(value):
    """A client may send it; a header holds it in UTC, which has no such year."""
    with pytest.raises(ValueError, match="no year of UTC"):
        header_text(value)


# --- Queries --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, [], id="None"),
        pytest.param(1, ["1"], id="scalar"),
        pytest.param("", [""], id="empty str"),
        pytest.param([], [], id="empty list"),
        pytest.param([1, 2, 1], ["1", "2", "1"], id="list"),
        pytest.param((True, None, Color.RED), ["true", "red"], id="tuple with None"),
        pytest.param({"a"}, ["a"], id="set"),
        pytest.param(frozenset({2}), ["2"], id="frozenset"),
    ],
)
def test_query_pairs(value, expected):
    """`None` is left out, a collection repeats the name."""
    assert [("x", text) for text in expected] == list(query_pairs("x", value))


def test_a_query_holds_scalars():
    with pytest.raises(TypeError):
        list(query_pairs("x", [{}]))
