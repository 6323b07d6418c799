"""`returns`, `redirects`, `raises`, `reroutes`: what each takes, and what it says otherwise."""

import inspect
from http import HTTPStatus

import pytest

from redirflow import (
    App,
    BadRequest,
    Conflict,
    CookieSpec,
    Depends,
    HeaderSpec,
    HTTPError,
    NotFound,
    RaisesSpec,
    Redirect,
    RedirectSpec,
    Reroute,
    RerouteSpec,
    ResponseSpec,
    raises,
    redirects,
    reroutes,
    returns,
)
from redirflow.declare.faults import Place

HEADERS, COOKIES = {"X-A": HeaderSpec(int)}, {"sid": CookieSpec()}


async def get_user(user_id: int) -> None: ...


def test_a_spec_knows_its_line():
    """Faults lead to the decorator, not into the framework."""
    line = inspect.currentframe().f_lineno
    specs = [
        returns(int),
        redirects(303),
        raises(NotFound),
        reroutes(to=get_user),
        Depends(get_user),
    ]

    places = [Place(__file__, line + number) for number in range(2, 7)]

    assert places == [spec.place for spec in specs]


# --- returns --------------------------------------------------------------------------------


def test_returns_alone_takes_everything_from_the_function():
    assert returns() == ResponseSpec()


def test_returns_everything():
    examples, links = {"one": 1}, {"self": {"operationId": "get_user"}}

    spec = returns(
        list[int],
        status_code=201,
        description="Made.",
        headers=HEADERS,
        cookies=COOKIES,
        location=get_user,
        media_type="application/json",
        examples=examples,
        links=links,
    )

    assert spec == ResponseSpec(
        type=list[int],
        status_code=201,
        description="Made.",
        headers=HEADERS,
        cookies=COOKIES,
        location=(get_user,),
        media_type=("application/json",),
        examples=examples,
        links=links,
    )


def test_none_is_a_type():
    """It says that there is no body."""
    assert returns(None).type is None
    assert returns(None) != returns()


@pytest.mark.parametrize("status", [200, 201, 204, 226, 299, 304, HTTPStatus.ACCEPTED, None])
def test_statuses_of_a_success(status):
    assert status == returns(status_code=status).status_code


def test_a_status_is_a_plain_integer():
    assert type(returns(status_code=HTTPStatus.CREATED).status_code) is int
    assert type(redirects(HTTPStatus.SEE_OTHER).status_code) is int


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, HTTPStatus.SEE_OTHER])
def test_returns_is_no_redirect(refusal, status):
    """The decorator to write stands there, ready to be copied."""
    assert refusal(returns, status_code=status) == (
        f"returns(status_code={int(status)}): a redirect is declared by its own decorator",
        "200 to 299, and 304",
        f"@redirects({int(status)}, to=...)",
    )


@pytest.mark.parametrize(
    ("status", "write"),
    [
        (400, "@raises(BadRequest)"),
        (HTTPStatus.NOT_FOUND, "@raises(NotFound)"),
        (499, "class SomeError(HTTPError, status_code=499)"),
        (599, "class SomeError(HTTPError, status_code=599)"),
    ],
)
def test_returns_is_no_error(refusal, status, write):
    """The built-in class of that status comes first; the status may stand where a type should."""
    expected = (
        f"returns(status_code={int(status)})",
        "200 to 299, and 304; errors are declared as classes",
        write,
    )

    assert refusal(returns, status_code=status) == expected
    assert refusal(returns, status) == expected


def test_a_status_is_no_type(refusal):
    expected = ("returns(201)", "a type; the status by its name", "@returns(status_code=201)")

    assert refusal(returns, 201) == expected
    assert refusal(returns, HTTPStatus.CREATED, location=get_user) == expected
    assert refusal(returns, 303)[2] == "@redirects(303, to=...)"


@pytest.mark.parametrize(
    ("declare", "found", "write"),
    [
        (
            lambda: redirects(303, too="x"),
            "redirects(): got an unexpected keyword argument 'too'",
            "to=...",
        ),
        (
            lambda: returns(int, 201),
            "returns(): too many positional arguments",
            "@returns(User, status_code=201)",
        ),
        (
            lambda: Depends(),
            "Depends(): missing a required argument: 'function'",
            "Depends(current_user)",
        ),
        (
            lambda: App(titel="Shop"),
            "App(): got an unexpected keyword argument 'titel'",
            "title=...",
        ),
    ],
)
def test_an_argument_that_is_none(refusal, declare, found, write):
    """What Python says of it, as a fault, and the argument that was meant."""
    told = refusal(declare)

    assert (told[0], told[2]) == (found, write)


@pytest.mark.parametrize("status", [-1, 0, 100, 199, 300, 305, 306, 399, 600])
def test_other_statuses_are_no_success(refusal, status):
    """No class can stand for them either, so none is proposed."""
    expected = (f"returns(status_code={status})", "200 to 299, and 304", "")

    assert expected == refusal(returns, status_code=status)


@pytest.mark.parametrize(
    ("status", "said"), [(None, "no status_code"), (HTTPStatus.OK, "status_code=200")]
)
def test_a_location_belongs_to_a_201(refusal, status, said):
    assert refusal(returns, status_code=status, location=get_user) == (
        f"returns(location=...) with {said}",
        "location with status_code=201; @redirects(303, to=...) to send a client on",
        "@returns(status_code=201, location=...)",
    )


def test_returns_wants_to_be_called(refusal):
    """A bare `@returns` would take the handler for a type; so would its neighbours."""
    found = "the decorator above get_user lacks its parentheses"

    assert refusal(returns, get_user) == (found, "a call", "@returns()")
    assert refusal(redirects, get_user) == (found, "a call", "@redirects(303, to=...)")
    assert refusal(raises, get_user) == (found, "a call", "@raises(NotFound)")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), ()),
        ("text/plain", ("text/plain",)),
        ("text/csv; charset=utf-8", ("text/csv; charset=utf-8",)),
        ("application/vnd.api+json", ("application/vnd.api+json",)),
        (["application/json", "application/msgpack"], ("application/json", "application/msgpack")),
    ],
    ids=str,
)
def test_media_types(given, expected):
    assert expected == returns(media_type=given).media_type


NO_MEDIA_TYPES = [
    "",
    "json",
    "/",
    "text/",
    "/plain",
    "text plain",
    "text/pl ain",
    "a/b/c",
    " text/plain",
    "text/plain ",
    "text/plain\r\nx: y",
    "text/plain; a=é",
    "text/plain;\x00",
    "text,/plain",
]


@pytest.mark.parametrize("text", NO_MEDIA_TYPES, ids=ascii)
@pytest.mark.parametrize("shape", [str, lambda text: ("text/html", text)], ids=["alone", "second"])
def test_what_is_no_media_type(refusal, text, shape):
    """It becomes a header field, so nothing strange may stand in it."""
    expected = (f"media_type={text!r}", "a media type", 'media_type="text/plain"')

    assert expected == refusal(returns, media_type=shape(text))


def test_what_returns_was_given_is_copied():
    """A spec is a value; a dictionary that changes later changes nothing."""
    headers, cookies, examples, links = dict(HEADERS), dict(COOKIES), {"a": 1}, {"b": {}}
    spec = returns(headers=headers, cookies=cookies, examples=examples, links=links)

    for given in (headers, cookies, examples, links):
        given.clear()

    assert (spec.headers, spec.cookies, spec.examples, spec.links) == (
        HEADERS,
        COOKIES,
        {"a": 1},
        {"b": {}},
    )


@pytest.mark.parametrize("declare", [returns, lambda **given: redirects(303, **given)])
def test_headers_and_cookies_are_checked(refusal, declare):
    assert refusal(declare, headers={"Location": HeaderSpec()})[0] == "headers={'Location': ...}"
    assert refusal(declare, cookies={"a b": CookieSpec()})[0] == "the cookie name 'a b'"


# --- redirects ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, HTTPStatus.FOUND])
def test_the_five_redirects(status):
    assert redirects(status) == RedirectSpec(status_code=int(status))


def test_redirects_everything():
    spec = redirects(
        302,
        to=(get_user, "list_users", "/help"),
        external=("https://a.example", "https://b.example"),
        description="Elsewhere.",
        headers=HEADERS,
        cookies=COOKIES,
    )

    assert spec == RedirectSpec(
        status_code=302,
        to=(get_user, "list_users", "/help"),
        external=("https://a.example", "https://b.example"),
        description="Elsewhere.",
        headers=HEADERS,
        cookies=COOKIES,
    )


@pytest.mark.parametrize("status", [200, 300, 304, 305, 306, 309, 404])
def test_other_statuses_do_not_redirect(refusal, status):
    assert refusal(redirects, status) == (
        f"redirects({status}): not a redirect",
        "301, 302, 303, 307, 308",
        "@redirects(303, to=...)",
    )


TARGET = 'a handler, the name of an operation, a "/path", or a tuple of them'


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        pytest.param("get_user", ("get_user",), id="name"),
        pytest.param("/users", ("/users",), id="path"),
        pytest.param(get_user, (get_user,), id="handler"),
        pytest.param((get_user, "/users"), (get_user, "/users"), id="several"),
        pytest.param([get_user, "/users"], (get_user, "/users"), id="a list"),
    ],
)
def test_targets(to, expected):
    """The same everywhere."""
    assert expected == redirects(303, to=to).to
    assert expected == reroutes(to=to).to
    assert expected == returns(status_code=201, location=to).location


def test_no_target():
    """None listed is not the same as none allowed."""
    assert redirects(303).to is None
    assert returns().location is None


@pytest.mark.parametrize(
    ("target", "found"),
    [
        (5, "redirects(to=5)"),
        ((get_user, None), "redirects(to=[get_user, None])"),
        ({"/a"}, "redirects(to={'/a'})"),
        ("", "the target ''"),
        ("https://a.test/x", "to='https://a.test/x': a URL of another site"),
    ],
)
def test_what_is_no_target(refusal, target, found):
    assert refusal(redirects, 303, to=target)[0] == found
    assert refusal(reroutes, to=target)[0] == found.replace("redirects", "reroutes")
    assert refusal(returns, status_code=201, location=target)


def test_another_site_is_external(refusal):
    expected = ("to='https://a.test/x': a URL of another site", TARGET)

    assert refusal(redirects, 303, to="https://a.test/x") == (
        *expected,
        'external="https://a.test", in @redirects',
    )


def test_any_location_is_for_redirects(refusal):
    """What a handler reroutes to is documented as its own, so it is listed."""
    found, allowed, write = refusal(reroutes, to="*")

    assert redirects(303, to="*").to == ("*",)
    assert found == 'reroutes(to="*")'
    assert allowed.startswith("the operations themselves")
    assert write == "@reroutes(to=(get_user, get_team))"


def test_no_targets_at_all(refusal):
    expected = (
        "an empty tuple of targets",
        'at least one; to="*" allows any local location',
        "",
    )

    assert expected == refusal(redirects, 303, to=())
    assert expected == refusal(reroutes, to=())


def test_a_reroute_leads_somewhere(refusal):
    assert reroutes(to=get_user) == RerouteSpec(to=(get_user,))
    assert refusal(reroutes, to=None)[0] == "reroutes(to=None)"


@pytest.mark.parametrize(
    ("external", "expected"),
    [
        pytest.param((), (), id="none"),
        pytest.param("*", ("*",), id="any"),
        pytest.param("https://a.example", ("https://a.example",), id="one"),
        pytest.param("HTTPS://A.Example:443", ("https://a.example",), id="one spelling"),
        pytest.param("http://a.example:8080", ("http://a.example:8080",), id="a port"),
        pytest.param("http://[2001:DB8::0]:80", ("http://[2001:db8::]",), id="IPv6"),
        pytest.param(("https://a.example", "*"), ("https://a.example", "*"), id="several, and any"),
        pytest.param(["https://a.example"], ("https://a.example",), id="a list"),
    ],
)
def test_origins_have_one_spelling(external, expected):
    """That of browsers, so that comparing texts compares origins."""
    assert expected == redirects(303, external=external).external


NO_ORIGINS = [
    "",
    "a.example",
    "//a.example",
    "ftp://a.example",
    "https://a.example/",
    "https://u@a.example",
    "https://bücher.example",
    "https://a.example?",
    "https://",
    " https://a.example",
]


@pytest.mark.parametrize("external", NO_ORIGINS)
def test_what_is_no_origin(refusal, external):
    """The reason is the location checker's own: the two are one."""
    found, allowed, write = refusal(redirects, 303, external=(external,))

    assert found.startswith(f"external=({external!r},): ")
    assert len(found) > len(f"external=({external!r},): ")
    assert (allowed, write) == (
        'origins, or "*" for any',
        'external="https://accounts.example.com"',
    )


@pytest.mark.parametrize("max_age", [0, 3600])
def test_a_redirect_may_be_cached(max_age):
    assert max_age == redirects(301, max_age=max_age).max_age


def test_an_age_is_not_negative(refusal):
    expected = ("redirects(max_age=-1)", "seconds, 0 or more", "")

    assert expected == refusal(redirects, 301, max_age=-1)


@pytest.mark.parametrize("max_age", [0, 3600])
def test_a_redirect_that_sets_cookies_is_not_cached(refusal, max_age):
    assert refusal(redirects, 303, cookies=COOKIES, max_age=max_age) == (
        f"redirects(303, max_age={max_age}, cookies=...): a redirect that sets cookies "
        "must not be stored",
        "one of the two",
        "",
    )


# --- raises ---------------------------------------------------------------------------------


class Taken(HTTPError, status_code=409):
    pass


def test_raises():
    assert raises(NotFound, Taken) == RaisesSpec((NotFound, Taken))


@pytest.mark.parametrize(
    ("on", "foreign"),
    [
        (None, ()),
        (KeyError, (KeyError,)),
        ((KeyError, OSError), (KeyError, OSError)),
        ([KeyError], (KeyError,)),
    ],
)
def test_foreign_exceptions(on, foreign):
    assert raises(Conflict, on=on) == RaisesSpec((Conflict,), foreign)


def test_raises_nothing(refusal):
    expected = ("raises() without a class", "subclasses of HTTPError", "@raises(NotFound)")

    assert expected == refusal(raises)
    assert expected == refusal(raises, on=KeyError)


@pytest.mark.parametrize(
    ("given", "name", "known"),
    [
        pytest.param(HTTPError, "HTTPError", "NotFound", id="without a status"),
        pytest.param(KeyError, "KeyError", "NotFound", id="a foreign exception"),
        pytest.param(BadRequest("x"), "BadRequest('x')", "BadRequest", id="an instance"),
        pytest.param(410, "410", "Gone", id="a status"),
        pytest.param([NotFound], "[NotFound]", "NotFound", id="a list"),
    ],
)
def test_what_is_no_error_class(refusal, given, name, known):
    assert refusal(raises, NotFound, given) == (
        f"raises: {name}",
        "subclasses of HTTPError that have a status",
        f"@raises({known}), or class OutOfStock(HTTPError, status_code=409)",
    )


def test_a_foreign_exception_has_one_class(refusal):
    """Which of two would it be?"""
    assert refusal(raises, NotFound, BadRequest, on=KeyError) == (
        "raises(NotFound, BadRequest, on=...)",
        "exactly one class with on=",
        "@raises(Conflict, on=IntegrityError)",
    )


@pytest.mark.parametrize(
    ("on", "found"),
    [
        (KeyError("x"), "raises(on=KeyError('x'))"),
        ("KeyError", "raises(on='KeyError')"),
        (int, "raises(on=int)"),
        (BaseException, "raises(on=BaseException)"),
    ],
)
def test_what_is_no_foreign_exception(refusal, on, found):
    """What does not inherit from `Exception` ends the process, not a request."""
    allowed = "a subclass of Exception or a list, each a subclass of Exception or None"

    assert refusal(raises, Conflict, on=on) == (found, allowed, "")


@pytest.mark.parametrize(
    ("on", "write"), [(NotFound, "@raises(NotFound)"), (Redirect, ""), (Reroute, "")]
)
def test_what_has_an_answer_already_is_not_mapped_to_one(refusal, on, write):
    assert refusal(raises, Conflict, on=on) == (
        f"raises(..., on={on.__name__}), which has an answer of its own",
        "exceptions of others",
        write,
    )
