"""An argument is what its annotation says: everything else is a `SpecError`, wherever it stands.

One table of declarations, one of values: each pair is either listed as good or refused at the
author's line. Nothing is taken silently for something else, and no other exception comes out.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from itertools import count
from typing import Any, Literal

import pytest

from redirflow import (
    Alias,
    APIKey,
    App,
    Basic,
    Bearer,
    Body,
    Callback,
    Cookie,
    CookieSpec,
    Depends,
    ErrorFormat,
    ErrorModel,
    Form,
    Header,
    HeaderSpec,
    HTTPError,
    NotFound,
    ProblemDetails,
    Query,
    RaisesSpec,
    RedirectSpec,
    RedirectTable,
    RerouteSpec,
    ResponseSpec,
    Router,
    SpecError,
    TypeHook,
    raises,
    redirects,
    reroutes,
    returns,
)
from redirflow.declare.checks import fits, shown, words
from redirflow.router import RouteOptions


class Thing:
    def __repr__(self):
        return "<thing>"


def function(): ...


VALUES = {
    "5": 5,
    "-1": -1,
    "True": True,
    "1.5": 1.5,
    "None": None,
    "text": "x",
    "bytes": b"x",
    "texts": ["X"],
    "numbers": [1],
    "lists": [[]],
    "mapping": {"a": 1},
    "numbered": {1: 2},
    "object": Thing(),
    "class": Thing,
    "function": function,
    "error": NotFound,
    "raised": NotFound(),
}
CALLABLE = "class function error"
TEXT, FLAG, COUNT, TEXTS = "text", "True", "5", "texts"
OPTIONAL = "None text"

GOOD = {
    App: {
        "title": TEXT,
        "version": TEXT,
        "description": OPTIONAL,
        "servers": TEXTS,
        "lifespan": f"None {CALLABLE}",
        "middleware": "",
        "raises": "",
        "headers": "None",
        "dependencies": "",
        "slashes": "",
        "allowed_hosts": "None texts",
        "max_body_size": COUNT,
        "error_format": "",
        "openapi_version": "",
        "type_hooks": "",
        "openapi_tags": "",
        "webhooks": "mapping",
        "openapi_url": "None",
        "docs_url": "None",
        "docs_ui": "",
        "debug": FLAG,
    },
    Router: {
        "prefix": "",
        "name": OPTIONAL,
        "tags": TEXTS,
        "raises": "",
        "headers": "None",
        "dependencies": "",
        "deprecated": FLAG,
        "sunset": "None",
    },
    Router.get: {
        "path": TEXT,
        "name": OPTIONAL,
        "tags": TEXTS,
        "summary": OPTIONAL,
        "description": OPTIONAL,
        "deprecated": FLAG,
        "sunset": "None",
        "callbacks": "",
        "include_in_schema": FLAG,
        "max_body_size": "None 5",
        "cancel_on_disconnect": FLAG,
        "dependencies": "",
    },
    Router.route: {"path": TEXT, "methods": ""},
    Router.redirect: {
        "source": TEXT,
        "to": f"text {CALLABLE}",
        "status_code": "",
        "keep_query": "None True",
        "max_age": "None 5",
        "deprecated": FLAG,
        "description": OPTIONAL,
        "include_in_schema": FLAG,
    },
    Router.reroute: {
        "source": TEXT,
        "to": f"text {CALLABLE}",
        "query": "None mapping",
        "headers": "None",
    },
    Router.include_router: {"router": "", "prefix": "", "name": OPTIONAL, "tags": TEXTS},
    App.mount: {"prefix": "", "app": "function"},
    App.redirect_table: {"table": ""},
    App.openapi: {"version": "None"},
    App.overridden: {"overrides": ""},
    returns: {
        "status_code": "None",
        "description": OPTIONAL,
        "headers": "None",
        "cookies": "None",
        "location": "None",
        "media_type": "",
        "examples": "None mapping",
        "links": "None mapping",
    },
    redirects: {
        "status_code": "",
        "to": f"None text texts {CALLABLE}",
        "external": "",
        "description": OPTIONAL,
        "headers": "None",
        "cookies": "None",
        "max_age": "None 5",
    },
    reroutes: {"to": f"text texts {CALLABLE}"},
    raises: {"on": "None"},
    HeaderSpec: {"required": FLAG, "description": OPTIONAL},
    CookieSpec: {
        "path": "",
        "domain": OPTIONAL,
        "max_age": "None 5",
        "secure": FLAG,
        "http_only": FLAG,
        "same_site": "",
        "partitioned": FLAG,
        "required": FLAG,
        "description": OPTIONAL,
    },
    Depends: {"function": CALLABLE},
    Bearer: {"scopes": TEXTS, "name": TEXT, "format": OPTIONAL},
    Basic: {"realm": TEXT, "name": TEXT},
    APIKey: {"header": TEXT, "query": TEXT, "cookie": TEXT, "name": ""},
    HTTPError: {"status_code": "", "headers": "None", "cookies": "None"},
    ProblemDetails: {"base": TEXT},
    Alias: {"name": TEXT},
}
OTHERS = {
    Router.get: {"path": "/"},
    Router.route: {"path": "/", "methods": ["GET"]},
    Router.redirect: {"source": "/old", "to": "/new"},
    Router.reroute: {"source": "/old", "to": "/new"},
    Router.include_router: {"router": Router()},
    App.mount: {"prefix": "/there", "app": function},
    redirects: {"status_code": 303},
}


def make(declaring: Any, given: dict[str, Any]) -> None:
    """Declare something with *given*, and with what is needed besides."""
    given = {**OTHERS.get(declaring, {}), **given}
    if declaring is HTTPError:
        type("Made", (HTTPError,), {}, **{"status_code": 409, **given})
    elif declaring is raises:
        raises(NotFound, **given)
    elif declaring.__qualname__.startswith(("App.", "Router.")):
        declaring(App(), **given)
    else:
        declaring(**given)


@pytest.mark.parametrize(
    ("declaring", "name"),
    [(declaring, name) for declaring, names in GOOD.items() for name in names],
    ids=lambda value: getattr(value, "__qualname__", value),
)
def test_an_argument_is_good_or_refused(declaring, name):
    taken = []
    for value, given in VALUES.items():
        try:
            make(declaring, {name: given})
        except SpecError as error:
            (fault,) = error.faults
            assert (fault.place.file, bool(fault.allowed)) == (__file__, True)
        else:
            taken.append(value)

    assert set(taken) == set(GOOD[declaring][name].split())


@pytest.mark.parametrize("marker", [Query, Header, Cookie, Form, Body], ids=lambda each: each.name)
@pytest.mark.parametrize("given", [5, "", [1], {"a": 1}, b"x", "a b"], ids=repr)
def test_a_marker_takes_a_type(marker, given):
    with pytest.raises(SpecError) as caught:
        marker[given]

    (fault,) = caught.value.faults
    assert fault.found == f"{marker.name}[{shown(given)}]"
    assert (fault.allowed, fault.write) == ("a type", f"{marker.name}[int]")
    assert fault.place.file == __file__


@pytest.mark.parametrize("declaring", GOOD, ids=lambda declaring: declaring.__qualname__)
def test_every_argument_is_tried(declaring):
    made = HTTPError.__init_subclass__ if declaring is HTTPError else declaring
    names = {*inspect.signature(made).parameters} - {"self", "place", "options", "more"}
    if declaring is Router.get:
        names |= RouteOptions.__annotations__.keys()

    # Any value is the type of a body or a header; those that can't be are told at compile time.
    assert names - {"type", "classes"} == GOOD[declaring].keys()


@pytest.mark.parametrize(
    ("declare", "found", "allowed", "write"),
    [
        (
            lambda: App(raises=NotFound),
            "App(raises=NotFound)",
            "a list, each a subclass of HTTPError",
            "raises=[NotFound]",
        ),
        (
            lambda: App(max_body_size="1MB"),
            "App(max_body_size='1MB')",
            "an integer",
            "max_body_size=1024 * 1024",
        ),
        (
            lambda: App(max_body_size=-1),
            "App(max_body_size=-1)",
            "bytes, 0 or more",
            "max_body_size=1024 * 1024",
        ),
        (
            lambda: App(error_format=ProblemDetails),
            "App(error_format=ProblemDetails)",
            "an ErrorFormat",
            "error_format=ProblemDetails()",
        ),
        (
            lambda: App(dependencies=Depends(function)),
            f"App(dependencies={Depends(function)!r})",
            "a list, each a function or a Depends or a Bearer or a Basic or an APIKey",
            "dependencies=[current_user]",
        ),
        (
            lambda: Router().get("/", headers=5),
            "a route with headers=...",
            "name, tags, summary, description, deprecated, sunset, callbacks, "
            "include_in_schema, max_body_size, cancel_on_disconnect, dependencies",
            "",
        ),
        (
            lambda: Router().get(function),
            "the decorator above function lacks its parentheses",
            "a call",
            '@app.get("/users/{user_id}")',
        ),
        (
            lambda: redirects("303"),
            "redirects(status_code='303')",
            "an integer",
            "@redirects(303, to=...)",
        ),
        (
            lambda: returns(headers={"X-A": int}),
            "returns(headers={'X-A': <class 'int'>})",
            "a mapping of text to a HeaderSpec or None",
            'headers={"X-Total": HeaderSpec(int)}',
        ),
        (
            lambda: CookieSpec(secure="no"),
            "CookieSpec(secure='no')",
            "True or False",
            "",
        ),
        (
            lambda: type("Made", (HTTPError,), {}, status_code="409"),
            "class Made(status_code='409')",
            "an integer or None",
            "",
        ),
    ],
    ids=count(),
)
def test_what_is_said(declare, found, allowed, write):
    with pytest.raises(SpecError) as caught:
        declare()

    (fault,) = caught.value.faults
    assert (fault.found, fault.allowed, fault.write) == (found, allowed, write)


@pytest.mark.parametrize(
    ("hint", "said", "good", "bad"),
    [
        (int, "an integer", [0, HTTPStatus.OK], [True, 1.0, "1"]),
        (bool, "True or False", [False], [0, None]),
        (Any, None, [None, 5], []),
        (Literal["a", "b"], "'a', 'b'", ["a"], ["c", [], None]),
        (str | None, "text or None", ["", None], [b""]),
        (
            type[OSError],
            "a subclass of OSError",
            [OSError, FileNotFoundError],
            [KeyError, OSError()],
        ),
        (Mapping[str, Any], "a mapping", [{}, {"a": []}], [{1: 2}, [("a", 1)]]),
        (Mapping[Any, Any], "a mapping", [{1: 2}], [5, None, [1]]),
        (Mapping[str, int], "a mapping of text to an integer", [{"a": 1}], [{"a": "1"}]),
        (tuple[str, ...], "a list, each text", [(), ["a"]], ["a", (1,), {"a": 1}]),
        (Iterable[str], "a list, each text", [iter([1]), {"a"}], ["a", b"a", {"a": 1}, [1], 5]),
        (Callable[..., Any], "a function", [len, int], ["len"]),
        (ErrorFormat, "an ErrorFormat", [ProblemDetails()], [ProblemDetails, 5]),
        (Thing, "a Thing", [Thing()], [Thing, 5]),
    ],
    ids=count(),
)
def test_what_fits(hint, said, good, bad):
    assert [value for value in good if not fits(value, hint)] == []
    assert [value for value in bad if fits(value, hint)] == []
    assert said is None or words(hint) == said


def test_how_values_are_shown():
    assert shown([function, (Thing, Thing())]) == "[function, [Thing, <thing>]]"
    assert len(shown("x" * 1000)) == 100


RECORDS = [
    Alias,
    APIKey,
    Basic,
    Bearer,
    Callback,
    CookieSpec,
    ErrorModel,
    HeaderSpec,
    ProblemDetails,
    RaisesSpec,
    RedirectSpec,
    RedirectTable,
    RerouteSpec,
    ResponseSpec,
    TypeHook,
]


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize(("args", "kwargs"), [(range(20), {}), ((), {"nope": 1})])
def test_a_record_that_is_called_wrongly_says_what_to_write(record, args, kwargs):
    """Msgspec's own words, `Extra positional arguments provided`, do not say where."""
    with pytest.raises(SpecError) as caught:
        record(*args, **kwargs)

    (fault,) = caught.value.faults
    assert fault.place.file == __file__
    assert fault.found.startswith(f"{record.__name__}(): ")
    assert fault.write


def test_a_record_of_an_author_that_is_called_wrongly_names_its_fields():
    """What is made from one of ours is told like it."""

    class Mine(ProblemDetails, frozen=True):
        more: int = 1

    with pytest.raises(SpecError) as caught:
        Mine(1, 2, 3)

    (fault,) = caught.value.faults
    assert fault.found == "Mine(): extra positional arguments provided"
    assert fault.allowed == "by name: base, more"


def test_what_can_not_be_shown_is_told_by_its_class():
    class Odd:
        def __repr__(self):
            raise KeyError("odd")

    assert ".Odd object at " in shown(Odd())


def test_what_the_author_gave_may_raise_a_type_error_of_its_own():
    """It is not about the call of the record, so it is left as it is."""

    class Odd:
        @property
        def __class__(self):
            raise TypeError("odd")

    with pytest.raises(TypeError, match="odd"):
        Alias(Odd())
