"""What a handler asks for: results of functions, and credentials."""

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow import APIKey, Basic, Bearer, Credentials, Depends, same_secret
from redirflow.http.headers import field_value


class Settings:
    def __call__(self): ...

    def method(self): ...


# --- Functions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [len, Settings, Settings(), Settings().method, functools.partial(len), lambda: None],
    ids=["function", "class", "callable object", "method", "partial", "lambda"],
)
def test_anything_that_can_be_called(function):
    assert Depends(function).function == function


@pytest.mark.parametrize("value", [None, 5, "current_user", Settings().__dict__], ids=repr)
def test_nothing_else(refusal, value):
    expected = (f"Depends({value!r})", "a function", "Depends(current_user)")

    assert expected == refusal(Depends, value)


def test_dependencies_of_one_function_are_equal():
    """Where they stand is no part of it: the function is called once."""
    assert Depends(len) == Depends(len)
    assert hash(Depends(len)) == hash(Depends(len))
    assert Depends(len) != Depends(max)


# --- Credentials ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "challenge"),
    [
        pytest.param(Bearer(), "Bearer", id="Bearer"),
        pytest.param(Bearer(scopes=("a", "b"), format="JWT"), "Bearer", id="Bearer with scopes"),
        pytest.param(Basic(), 'Basic realm="api", charset="UTF-8"', id="Basic"),
        pytest.param(
            Basic(realm="the back room"),
            'Basic realm="the back room", charset="UTF-8"',
            id="Basic with a realm",
        ),
        pytest.param(Basic(realm=""), 'Basic realm="", charset="UTF-8"', id="no realm"),
        pytest.param(
            APIKey(header="X-API-Key"), 'ApiKey in="header", name="X-API-Key"', id="in a header"
        ),
        pytest.param(APIKey(query="key"), 'ApiKey in="query", name="key"', id="in the query"),
        pytest.param(APIKey(cookie="sid"), 'ApiKey in="cookie", name="sid"', id="in a cookie"),
    ],
)
def test_challenges(scheme, challenge):
    """A 401 says what would be accepted (RFC 9110 11.6.1), and can be sent as it is."""
    assert challenge == scheme.challenge
    assert challenge.encode() == field_value(scheme.challenge)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Bearer(), Bearer()),
        (Basic(realm="a"), Basic(realm="a")),
        (APIKey(query="a"), APIKey(query="a")),
    ],
    ids=["Bearer", "Basic", "APIKey"],
)
def test_schemes_are_values(first, second):
    """Two that are equal are read once."""
    assert first == second
    assert len({first, second}) == 1
    with pytest.raises(AttributeError):
        first.name = "another"


def test_schemes_have_names():
    """Those under which the document lists them."""
    names = [scheme.name for scheme in (Bearer(), Basic(), APIKey(query="a"), Bearer(name="b"))]

    assert names == ["bearer", "basic", "apiKey", "b"]


@pytest.mark.parametrize(
    "realm", ['a"b', "a\\b", "é", "a\nb", "a\tb", "\x00", "\x7f", '", x="'], ids=ascii
)
def test_a_realm_is_what_can_be_quoted(refusal, realm):
    """It stands between quotes in a header field (RFC 9110 5.6.4)."""
    expected = (f"Basic(realm={realm!r})", "printable ASCII without quotes", "")

    assert expected == refusal(Basic, realm=realm)


@pytest.mark.parametrize(
    ("places", "where", "key"),
    [
        ({"header": "X-Key"}, "header", "X-Key"),
        ({"query": "api key"}, "query", "api key"),
        ({"cookie": "__Host-key"}, "cookie", "__Host-key"),
        ({"header": "", "query": "key"}, "query", "key"),
    ],
    ids=str,
)
def test_a_key_is_in_one_place(places, where, key):
    scheme = APIKey(**places)

    assert (scheme.where, scheme.key) == (where, key)


@pytest.mark.parametrize(
    "places",
    [
        {},
        {"header": ""},
        {"header": "a", "query": "b"},
        {"query": "a", "cookie": "b"},
        {"header": "a", "query": "b", "cookie": "c"},
    ],
    ids=str,
)
def test_a_key_in_no_place_or_several(refusal, places):
    assert refusal(APIKey, **places) == (
        "APIKey() with none or several of header, query and cookie",
        "exactly one of them",
        'APIKey(header="X-API-Key")',
    )


@pytest.mark.parametrize("name", ["X Key", "X-Key:", 'a"b', "é", "a\r\nb"], ids=ascii)
@pytest.mark.parametrize("where", ["header", "cookie"])
def test_a_key_that_no_request_could_have(refusal, where, name):
    expected = (f"APIKey({where}={name!r})", "a token: letters, digits and '-'", "")

    assert expected == refusal(APIKey, **{where: name})


@pytest.mark.parametrize("name", ['a"b', "a\\b", "é", "a\r\nb"], ids=ascii)
def test_a_key_that_no_challenge_could_name(refusal, name):
    expected = (f"APIKey(query={name!r})", "printable ASCII without quotes", "")

    assert expected == refusal(APIKey, query=name)


def test_credentials_do_not_show_the_password():
    """They end up in logs and tracebacks."""
    credentials = Credentials("ada", "secret")

    assert repr(credentials) == str(credentials) == "Credentials(username='ada')"
    assert credentials.password == "secret"
    assert credentials != Credentials("ada", "other")


# --- Secrets --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected", "same"),
    [
        pytest.param("a", "a", True, id="equal"),
        pytest.param("a", "b", False, id="different"),
        pytest.param("a", "A", False, id="letter case"),
        pytest.param("a", "aa", False, id="longer"),
        pytest.param("", "", True, id="empty"),
        pytest.param("é", "é", True, id="not ASCII"),
        pytest.param("é", "é".encode(), True, id="text and bytes"),
        pytest.param(b"\xff", b"\xff", True, id="bytes"),
        pytest.param("é", "e\u0301", False, id="no normal form"),
    ],
)
def test_same_secret(given, expected, same):
    """Text is compared by its UTF-8, so that no text raises."""
    assert same == same_secret(given, expected)
    assert same == same_secret(expected, given)


SECRETS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=4)


@given(SECRETS, SECRETS)
def test_secrets_are_the_same_if_they_are_equal(first, second):
    assert same_secret(first, second) == (first == second)
