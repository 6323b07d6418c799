"""Headers and cookies: declared ones are written, all others are violations."""

import enum
import math
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from redirflow import CookieSpec, HeaderSpec
from redirflow.declare.specs import RESERVED
from redirflow.endpoint.fields import FieldsPlan, cookie_writer, fields_plan
from redirflow.endpoint.violation import ContractViolation

UNFIT = "the value holds a control character, a character outside Latin-1, or an outer blank"


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class User(Struct):
    id: int


def written(type_, value):
    """The value of a header of this type."""
    ((name, field),) = fields_plan({"X-A": HeaderSpec(type_)}, {}).render({"X-A": value}, None)
    assert name == b"x-a"
    return field


def violation(plan, headers=None, cookies=None):
    with pytest.raises(ContractViolation) as caught:
        plan.render(headers, cookies)
    return caught.value.sent, caught.value.declared, caught.value.value


# --- headers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "value", "field"),
    [
        (str, "a b", b"a b"),
        (str, "", b""),
        (str, "é", b"\xe9"),
        (int, -5, b"-5"),
        (float, 1.5, b"1.5"),
        (bool, True, b"true"),
        (Decimal, Decimal("1.50"), b"1.50"),
        (uuid.UUID, uuid.UUID(int=1), b"00000000-0000-0000-0000-000000000001"),
        (Color, Color.RED, b"red"),
        (Color, "red", b"red"),
        (Level, Level.LOW, b"1"),
        (Literal["a", 1], 1, b"1"),
        (int | None, 5, b"5"),
        (int | str, "x", b"x"),
        (Annotated[int, Meta(ge=1, description="Some.")], 1, b"1"),
        (datetime, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), b"Thu, 02 Jan 2020 03:04:05 GMT"),
        (
            datetime,
            datetime(2020, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))),
            b"Thu, 02 Jan 2020 01:00:00 GMT",
        ),
        (date, date(2020, 1, 2), b"2020-01-02"),
        (time, time(1, 2), b"01:02:00"),
        (timedelta, timedelta(minutes=2), b"120"),
        (list[str], ["a", "b"], b"a, b"),
        (list[int], [], b""),
        (tuple[int, ...], (1, 2), b"1, 2"),
        (tuple[str, int], ("a", 1), b"a, 1"),
        (Any, "x", b"x"),
    ],
)
def test_values_are_written_as_their_type(type_, value, field):
    assert written(type_, value) == field


@pytest.mark.parametrize(
    ("type_", "value", "reason"),
    [
        (str, 5, "Expected `str`, got `int`"),
        (int, "5", "Expected `int`, got `str`"),
        (int, True, "Expected `int`, got `bool`"),
        (Annotated[int, Meta(ge=1)], 0, "Expected `int` >= 1"),
        (Color, "secret", "Invalid enum value"),
        (float, math.nan, "a float that is not finite"),
        (list[int], [1, "x"], "Expected `int`, got `str` - at `$[1]`"),
        (Any, {}, "a dict, not a scalar"),
        *(
            (
                str,
                value,
                UNFIT,
            )
            for value in ("a\r\nSet-Cookie: x", "a\nb", "a\x00b", "ж", " a", "a ", "\ud800")
        ),
        (
            list[str],
            ["a", "b\r\n"],
            UNFIT,
        ),
    ],
)
def test_a_value_that_can_not_be_sent_is_not_told(type_, value, reason):
    plan = fields_plan({"X-A": HeaderSpec(type_)}, {})

    assert violation(plan, {"x-a": value}) == (
        f"a value that can't stand in the header 'x-a': {reason}",
        "a value of its type",
        value,
    )


@pytest.mark.parametrize(
    "type_", [User, dict[str, int], list[list[int]], set[str], tuple[User, int]]
)
def test_a_header_is_a_scalar_or_a_list_of_them(type_):
    with pytest.raises(TypeError, match="is no scalar and no list of scalars"):
        fields_plan({"X-A": HeaderSpec(type_)}, {})


def test_a_type_that_msgspec_refuses():
    with pytest.raises(TypeError):
        fields_plan({"X-A": HeaderSpec(Annotated[int, Meta(min_length=5)])}, {})


PLAN = fields_plan(
    {"X-Need": HeaderSpec(int), "X-May": HeaderSpec(str, required=False), "X-Also": HeaderSpec()},
    {"sid": CookieSpec(), "theme": CookieSpec(required=False)},
)


def test_required_and_optional_fields():
    lines = PLAN.render({"X-NEED": 1, "x-also": "b", "x-may": None}, {"sid": "s"})

    assert lines == [
        (b"x-need", b"1"),
        (b"x-also", b"b"),
        (b"set-cookie", b"sid=s; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ]


@pytest.mark.parametrize(
    ("headers", "cookies", "sent"),
    [
        (None, {"sid": "s"}, "a response without the header x-also, x-need"),
        ({"X-Need": 1, "X-Also": None}, {"sid": "s"}, "a response without the header x-also"),
        ({"X-Need": 1, "X-Also": ""}, None, "a response without the cookie sid"),
        ({"X-Need": 1, "X-Also": ""}, {"theme": "x"}, "a response without the cookie sid"),
    ],
)
def test_what_is_required_is_there(headers, cookies, sent):
    kind, _, names = sent.removeprefix("a response without the ").partition(" ")
    spec = {"header": "HeaderSpec(..., required=False)", "cookie": "CookieSpec(required=False)"}[
        kind
    ]
    declared = f"{names}, required; {spec} where it may be missing"

    assert violation(PLAN, headers, cookies) == (sent, declared, None)


def test_of_two_spellings_of_a_header_the_later_one():
    plan = fields_plan({"X-A": HeaderSpec(int)}, {})

    assert plan.render({"X-A": 1, "x-a": 2}, None) == [(b"x-a", b"2")]


def test_deleting_a_required_cookie_counts_as_setting_it():
    plan = fields_plan({}, {"sid": CookieSpec()})

    assert plan.render({}, {"sid": None}) == [
        (b"set-cookie", b"sid=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax")
    ]


@pytest.mark.parametrize(
    ("headers", "cookies", "sent", "write"),
    [
        ({"X-Other": "v"}, {}, "the header 'X-Other'", "headers={'X-Other': HeaderSpec()}"),
        ({"Location": "v"}, {}, "the header 'Location'", RESERVED["location"]),
        ({"Set-Cookie": "v"}, {}, "the header 'Set-Cookie'", RESERVED["set-cookie"]),
        ({"Жъ": "v"}, {}, "the header 'Жъ'", "headers={'Жъ': HeaderSpec()}"),
        (
            {"X-Need": 1, "X-Also": ""},
            {"other": "v"},
            "the cookie 'other'",
            "cookies={'other': CookieSpec()}",
        ),
        (
            {"X-Need": 1, "X-Also": ""},
            {"SID": "v"},
            "the cookie 'SID'",
            "cookies={'SID': CookieSpec()}",
        ),
    ],
)
def test_what_is_not_declared_is_not_sent(headers, cookies, sent, write):
    """What to write is told."""
    listed = "sid, theme" if cookies else "x-need, x-may, x-also"

    assert violation(PLAN, headers, cookies) == (sent, f"{listed}; {write} declares it", "v")


def test_where_nothing_is_declared():
    assert FieldsPlan().render(None, None) == []
    assert violation(FieldsPlan(), {"X-A": "v"})[1].startswith("none; ")
    assert violation(FieldsPlan(), None, {"a": "v"})[1].startswith("none; ")


def test_what_a_group_declares_may_be_left_out_of_its_errors():
    assert fields_plan({}, {}, {"X-A": HeaderSpec()}).render(None, None) == []


@pytest.mark.parametrize(
    ("plan", "idle"),
    [
        (FieldsPlan(), True),
        (fields_plan({"X-A": HeaderSpec(required=False)}, {}), True),
        (fields_plan({"X-A": HeaderSpec()}, {}), False),
        (fields_plan({}, {"sid": CookieSpec(required=False)}), True),
        (fields_plan({}, {"sid": CookieSpec()}), False),
    ],
)
def test_idle_means_that_nothing_has_to_be_given(plan, idle):
    assert plan.idle is idle


# --- cookies ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "attributes"),
    [
        (CookieSpec(), "Path=/; Secure; HttpOnly; SameSite=Lax"),
        (CookieSpec(secure=False, http_only=False), "Path=/; SameSite=Lax"),
        (
            CookieSpec(path="/app", domain="example.com", same_site="strict"),
            "Path=/app; Domain=example.com; Secure; HttpOnly; SameSite=Strict",
        ),
        (
            CookieSpec(same_site="none", partitioned=True),
            "Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
        ),
    ],
)
@pytest.mark.parametrize("max_age", [None, 0, 3600])
def test_a_cookie_is_deleted_with_the_attributes_it_was_set_with(spec, attributes, max_age):
    """A browser keeps a cookie whose deletion has another path or domain."""
    spec = CookieSpec(
        **{name: getattr(spec, name) for name in CookieSpec.__slots__} | {"max_age": max_age}
    )
    write = cookie_writer("sid", spec)
    life = "" if max_age is None else f"Max-Age={max_age}; "

    assert write("v").decode() == f"sid=v; {life}{attributes}"
    assert write(None).decode() == f"sid=; Max-Age=0; {attributes}"


@pytest.mark.parametrize("value", ["a b", "a;b", "a,b", 'a"b', "a\\b", "a\r\nb", "ж", "x" * 4097])
def test_a_cookie_value_that_can_not_be_sent(value):
    plan = fields_plan({}, {"sid": CookieSpec()})

    sent, declared, told = violation(plan, None, {"sid": value})

    assert sent.startswith("a value that can't stand in the cookie 'sid': a cookie value ")
    assert value not in sent
    assert (declared, told) == ("text, or None to delete it", value)


@pytest.mark.parametrize("value", [5, b"x", True])
def test_a_cookie_value_is_a_text(value):
    plan = fields_plan({}, {"sid": CookieSpec()})

    assert violation(plan, None, {"sid": value}) == (
        "a value that can't stand in the cookie 'sid': "
        f"Expected `str`, got `{type(value).__name__}`",
        "text, or None to delete it",
        value,
    )


@given(st.text())
def test_no_text_gets_out_of_its_field(text):
    """Neither a header nor a cookie ever carries a line end."""
    plan = fields_plan({"X-A": HeaderSpec(required=False)}, {"a": CookieSpec(required=False)})
    for headers, cookies in (({"X-A": text}, None), (None, {"a": text})):
        try:
            ((_, field),) = plan.render(headers, cookies)
        except ContractViolation:
            continue

        assert not {*field} & {*b"\r\n\x00"}
