"""Reading the `Cookie` field, and what a cookie's value may be."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow.http.cookies import LIMIT, CookieRefused, cookie_value, parse_cookies


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param("", {}, id="empty"),
        pytest.param("a=1", {"a": "1"}, id="one"),
        pytest.param("a=1; b=2", {"a": "1", "b": "2"}, id="two"),
        pytest.param("a=1;b=2;", {"a": "1", "b": "2"}, id="without blanks"),
        pytest.param(" \ta = 1\t; b= 2 ", {"a": "1", "b": "2"}, id="blanks around"),
        pytest.param("a=", {"a": ""}, id="empty value"),
        pytest.param("a=b=c==", {"a": "b=c=="}, id="equals signs in the value"),
        pytest.param("a", {}, id="no equals sign"),
        pytest.param("=1", {}, id="no name"),
        pytest.param(" =1; b=2", {"b": "2"}, id="a blank is no name"),
        pytest.param(";;; ;a=1;;", {"a": "1"}, id="empty parts"),
        pytest.param("a=1; a=2; A=3", {"a": "1", "A": "3"}, id="the first of a name wins"),
        pytest.param('a="1"', {"a": "1"}, id="quotes are taken off"),
        pytest.param('a=""', {"a": ""}, id="quotes around nothing"),
        pytest.param('a="', {"a": '"'}, id="a lone quote"),
        pytest.param('a="1', {"a": '"1'}, id="a quote that is not closed"),
        pytest.param('a=1"', {"a": '1"'}, id="a quote that is not opened"),
        pytest.param('a=""1""', {"a": '"1"'}, id="one pair of quotes only"),
        pytest.param('a="1;2"', {"a": '"1'}, id="a semicolon ends even a quoted value"),
        pytest.param('a="\\101"', {"a": "\\101"}, id="nothing is unescaped"),
        pytest.param("a=%41+b", {"a": "%41+b"}, id="nothing is percent-decoded"),
        pytest.param("a=é", {"a": "é"}, id="Latin-1"),
        pytest.param("$Version=1; a=1; $Path=/", {"$Version": "1", "a": "1", "$Path": "/"}, id="$"),
        pytest.param("\xa0__Host-a=1", {"\xa0__Host-a": "1"}, id="only HTTP's blanks are blanks"),
    ],
)
def test_parse_cookies(field, expected):
    assert expected == parse_cookies(field)


def test_a_hundred_cookies_are_read():
    """What comes after them is not looked at, and costs nothing."""
    field = "; ".join(f"c{number}={number}" for number in range(LIMIT + 1))

    cookies = parse_cookies(field)

    assert 100 == LIMIT == len(cookies)
    assert "c99" in cookies
    assert "c100" not in cookies


def test_the_limit_counts_parts():
    """Parts that say nothing are no way around the limit."""
    assert parse_cookies(";" * LIMIT + "a=1") == {}
    assert parse_cookies(";" * (LIMIT - 1) + "a=1") == {"a": "1"}


@given(
    st.text(alphabet=st.one_of(st.sampled_from('ab=; "\t,\\'), st.characters(max_codepoint=255)))
)
def test_any_field_can_be_parsed(field):
    """No bytes from a client raise, and no name is empty or has a blank around it."""
    cookies = parse_cookies(field)

    assert len(cookies) <= LIMIT
    assert all(name and name == name.strip(" \t") for name in cookies)
    assert all(";" not in value for value in cookies.values())


NAMES = st.text(alphabet=string.ascii_letters + "_-", min_size=1, max_size=8)
VALUES = st.text(alphabet=string.ascii_letters + string.digits + "!#$%&'()*+-./:<=>?@[]^_`{|}~")


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_a_value_that_is_sent_comes_back(cookies):
    """Whatever `cookie_value` lets out, `parse_cookies` reads as it was."""
    field = "; ".join(f"{name}={cookie_value(value)}" for name, value in cookies.items())

    assert cookies == parse_cookies(field)


# --- Values ---------------------------------------------------------------------------------


def is_sent(value):
    try:
        cookie_value(value)
    except CookieRefused:
        return False
    return True


@pytest.mark.parametrize("shape", ["{}", "{}x", "x{}", "x{}y"])
def test_the_characters_of_a_value(shape):
    """Printable ASCII without blank, quote, comma, semicolon, backslash (RFC 6265 4.1.1)."""
    printable = {chr(code) for code in range(0x21, 0x7F)}
    allowed = {chr(code) for code in range(0x180) if is_sent(shape.format(chr(code)))}

    assert printable - {'"', ",", ";", "\\"} == allowed


@pytest.mark.parametrize(
    "value", ["a;b", "a b", '"a"', "a,b", "a\\b", "a\r\nx: y", "a\n", "é", "€", "\ud800"], ids=ascii
)
def test_refused_values(value):
    """The message says what to do, and repeats nothing of the value."""
    with pytest.raises(CookieRefused) as caught:
        cookie_value(value)

    assert str(caught.value) == (
        "a cookie value holds printable ASCII without blank, quote, comma, semicolon "
        "or backslash: encode it first, with base64 or percent-encoding"
    )


def test_a_value_has_at_most_4096_bytes():
    assert len(cookie_value("a" * 4096)) == 4096
    with pytest.raises(CookieRefused) as caught:
        cookie_value("a" * 4097)

    assert str(caught.value) == "a cookie value has at most 4096 bytes"


def test_an_empty_value_can_be_sent():
    assert cookie_value("") == ""
