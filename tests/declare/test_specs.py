"""Headers and cookies of a response: frozen promises that no browser or server breaks."""

from types import MappingProxyType

import pytest

from redirflow import (
    Conflict,
    CookieSpec,
    HeaderSpec,
    NotFound,
    ResponseSpec,
    SpecError,
    raises,
    returns,
)
from redirflow.declare.specs import (
    FROM_ANNOTATION,
    NOTHING,
    RESERVED,
    checked_cookies,
    checked_headers,
    merged_headers,
)
from redirflow.http.headers import FRAMING

# --- Records --------------------------------------------------------------------------------


def test_the_defaults_of_a_header():
    assert HeaderSpec() == HeaderSpec(str, required=True, description=None)


def test_the_defaults_of_a_cookie():
    """Safe ones: no script reads it, no plain connection and no other site carries it."""
    assert CookieSpec() == CookieSpec(
        path="/",
        domain=None,
        max_age=None,
        secure=True,
        http_only=True,
        same_site="lax",
        partitioned=False,
        required=True,
        description=None,
    )


def test_only_the_type_of_a_header_goes_by_position():
    """A flag by position says nothing to who reads it."""
    with pytest.raises(SpecError):
        HeaderSpec(str, False)
    with pytest.raises(SpecError):
        CookieSpec("/")


@pytest.mark.parametrize(
    "spec", [HeaderSpec(int), CookieSpec(), returns(int)], ids=lambda spec: type(spec).__name__
)
def test_specs_are_frozen(spec):
    """One spec may serve many operations."""
    with pytest.raises(AttributeError):
        spec.description = "another"


def test_specs_are_equal_by_what_they_promise():
    """Where they stand is no part of it."""
    first = returns(int)
    second = returns(int)

    assert first.place != second.place
    assert first == second
    assert first != returns(str)
    assert {raises(NotFound)} == {raises(NotFound)} != {raises(Conflict)}
    assert {returns(int, headers={"X-A": HeaderSpec()}), first} == {
        second,
        returns(int, headers={"X-A": HeaderSpec()}),
    }


def test_a_spec_of_nothing_takes_everything_from_the_function():
    spec = ResponseSpec()

    assert spec.type is FROM_ANNOTATION
    assert repr(spec.type) == "<the return annotation>"
    assert spec.headers is spec.cookies is spec.examples is spec.links is NOTHING


def test_nothing_stays_nothing():
    with pytest.raises(TypeError):
        NOTHING["a"] = 1


# --- Cookies --------------------------------------------------------------------------------

DROPPED = (
    "a cookie with SameSite=None or Partitioned that is not Secure: browsers drop it",
    "secure=True with them",
    "CookieSpec(same_site='none', secure=True)",
)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        pytest.param({"same_site": "none", "secure": False}, DROPPED, id="SameSite=None"),
        pytest.param({"partitioned": True, "secure": False}, DROPPED, id="Partitioned"),
        pytest.param(
            {"same_site": "Lax"},
            ("CookieSpec(same_site='Lax')", "'lax', 'strict', 'none'", ""),
            id="another SameSite",
        ),
        pytest.param(
            {"path": ""}, ("CookieSpec(path='')", "a path that begins with '/'", ""), id="no path"
        ),
        pytest.param(
            {"path": "app"},
            ("CookieSpec(path='app')", "a path that begins with '/'", ""),
            id="a path that browsers ignore",
        ),
        pytest.param(
            {"max_age": -1}, ("CookieSpec(max_age=-1)", "seconds, 0 or more", ""), id="max_age"
        ),
        pytest.param(
            {"path": "/a;b"},
            ("CookieSpec(path='/a;b')", "printable ASCII without ; , or blank", ""),
            id="a semicolon in the path",
        ),
        pytest.param(
            {"domain": "é.example"},
            ("CookieSpec(domain='é.example')", "printable ASCII without ; , or blank", ""),
            id="a domain that is no ASCII",
        ),
        pytest.param(
            {"domain": "a.example\r\nx: y"},
            (
                "CookieSpec(domain='a.example\\r\\nx: y')",
                "printable ASCII without ; , or blank",
                "",
            ),
            id="a line break in the domain",
        ),
    ],
)
def test_refused_cookies(refusal, attributes, said):
    assert said == refusal(CookieSpec, **attributes)


@pytest.mark.parametrize("character", [";", ",", " ", "\t", "\n", "\x00", "\x7f", "\xa0"], ids=repr)
@pytest.mark.parametrize("attribute", ["path", "domain"])
def test_no_attribute_smuggles_another_one(refusal, attribute, character):
    found, _, _ = refusal(CookieSpec, **{attribute: f"/a{character}b"})

    assert found == f"CookieSpec({attribute}={f'/a{character}b'!r})"


@pytest.mark.parametrize(
    "attributes",
    [
        {"same_site": "none"},
        {"same_site": "strict", "secure": False},
        {"partitioned": True},
        {"max_age": 0},
        {"path": "/a/~b", "domain": "example.com"},
        {"secure": False, "http_only": False},
    ],
    ids=str,
)
def test_cookies_that_browsers_keep(attributes):
    spec = CookieSpec(**attributes)

    assert attributes == {name: getattr(spec, name) for name in attributes}


@pytest.mark.parametrize(
    ("name", "spec", "said"),
    [
        pytest.param(
            "__Secure-sid",
            CookieSpec(secure=False),
            ("the cookie '__Secure-sid' is not Secure", "secure=True for this prefix", ""),
            id="__Secure- not Secure",
        ),
        pytest.param(
            "__Host-sid",
            CookieSpec(secure=False),
            ("the cookie '__Host-sid' is not Secure", "secure=True for this prefix", ""),
            id="__Host- not Secure",
        ),
        pytest.param(
            "__Host-sid",
            CookieSpec(domain="example.com"),
            (
                "the cookie '__Host-sid' has a domain or a path",
                "no domain and path='/' for __Host-",
                "",
            ),
            id="__Host- with a domain",
        ),
        pytest.param(
            "__hOST-sid",
            CookieSpec(path="/app"),
            (
                "the cookie '__hOST-sid' has a domain or a path",
                "no domain and path='/' for __Host-",
                "",
            ),
            id="__Host- with a path, in any letter case",
        ),
        pytest.param(
            "a b",
            CookieSpec(),
            ("the cookie name 'a b'", "a token (RFC 6265 4.1.1)", ""),
            id="no token",
        ),
        pytest.param(
            "", CookieSpec(), ("the cookie name ''", "a token (RFC 6265 4.1.1)", ""), id="no name"
        ),
    ],
)
def test_refused_cookie_names(refusal, name, spec, said):
    """A prefix promises something to the client (RFC 6265bis 4.1.3)."""
    assert said == refusal(checked_cookies, {name: spec})


def test_cookie_names_that_keep_their_promises():
    cookies = {
        "__Host-sid": CookieSpec(),
        "__Secure-sid": CookieSpec(path="/app", domain="example.com"),
        "sid": CookieSpec(secure=False, path="/app"),
        "Hosting": CookieSpec(secure=False),
    }

    assert cookies == checked_cookies(cookies)


# --- Headers --------------------------------------------------------------------------------

REMEDIES = {
    "Location": "@returns(status_code=201, location=get_user), or @redirects(303, to=get_user)",
    "Set-Cookie": 'cookies={"name": CookieSpec(...)}',
    "Content-Type": 'media_type="..."',
    "Content-Length": "nothing: the length is always sent",
    "Transfer-Encoding": "nothing: the server frames the body",
    "Connection": "nothing: the server owns the connection",
    "Keep-Alive": "nothing: the server owns the connection",
    "Upgrade": "nothing: the server owns the connection",
    "Trailer": "nothing: trailers are not sent",
    "TE": "nothing: it is a request header",
}


@pytest.mark.parametrize(("name", "remedy"), REMEDIES.items(), ids=REMEDIES)
@pytest.mark.parametrize("spelled", [str, str.lower, str.upper])
def test_reserved_headers(refusal, name, remedy, spelled):
    """What the framework or the server owns, each with what to write instead."""
    expected = (f"headers={{{spelled(name)!r}: ...}}", "any other header", remedy)

    assert expected == refusal(checked_headers, {spelled(name): HeaderSpec()})


def test_no_framing_field_can_be_declared():
    assert RESERVED.keys() == {name.lower() for name in REMEDIES}
    assert RESERVED.keys() > FRAMING


@pytest.mark.parametrize("name", ["", "a b", "x:", "é", "x\r\ny"], ids=ascii)
def test_header_names_are_tokens(refusal, name):
    expected = (f"the header name {name!r}", "letters, digits and '-'", "")

    assert expected == refusal(checked_headers, {name: HeaderSpec()})


@pytest.mark.parametrize("checked", [checked_headers, checked_cookies])
@pytest.mark.parametrize("given", [None, {}, NOTHING], ids=repr)
def test_nothing_is_declared(checked, given):
    assert checked(given) == {}


@pytest.mark.parametrize(
    ("checked", "spec"),
    [(checked_headers, HeaderSpec()), (checked_cookies, CookieSpec())],
    ids=["headers", "cookies"],
)
def test_what_was_checked_does_not_change(checked, spec):
    """It is a copy, and read-only."""
    given = {"x-a": spec}

    kept = checked(given)
    given["a b"] = spec

    assert kept == {"x-a": spec}
    assert type(kept) is MappingProxyType


def test_a_header_redeclared_in_another_spelling_is_one_header():
    """Names of fields have no case: the inner declaration replaces the outer one."""
    outer = {"X-Id": HeaderSpec(int), "X-Other": HeaderSpec()}
    inner = {"x-id": HeaderSpec(int, required=False)}

    assert merged_headers(outer, inner) == {
        "X-Other": HeaderSpec(),
        "x-id": HeaderSpec(int, required=False),
    }
