"""Errors: a class is its own spec, and its fields are the members of the body."""

import copy
import importlib
import pickle
import sys
import traceback
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from msgspec import Meta

import redirflow
from redirflow import (
    BadRequest,
    CookieSpec,
    ErrorDetail,
    HeaderSpec,
    HTTPError,
    NotFound,
    ServiceUnavailable,
    SpecError,
    TooManyRequests,
    Unauthorized,
    ValidationFailed,
)
from redirflow.declare.errors import members_of

RETRY, SID = HeaderSpec(int, required=False), CookieSpec()


class OutOfStock(HTTPError, status_code=409):
    """There are not enough of these.

    What follows is for readers of the source.
    """

    left: int
    until: str | None = None


class Sold(OutOfStock, headers={"X-A": RETRY}):
    buyer: str = "somebody"


# --- Raising --------------------------------------------------------------------------------


def test_detail_and_fields():
    error = OutOfStock("only two", left=2, until="noon")

    assert (error.detail, error.left, error.until) == ("only two", 2, "noon")
    assert error.status_code == 409
    assert error.headers is error.cookies is None


def test_fields_may_have_defaults():
    assert OutOfStock(left=1).until is None
    assert (Sold(left=1).buyer, Sold(left=1, buyer="me").buyer) == ("somebody", "me")


def test_a_default_is_nobodys_own():
    """A field that one error sets is not set for the next."""
    Sold(left=1, buyer="me")

    assert Sold.buyer == "somebody"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(NotFound("no user 5"), "no user 5", id="its detail"),
        pytest.param(NotFound(detail="no user 5"), "no user 5", id="by keyword"),
        pytest.param(NotFound(""), "", id="an empty detail"),
        pytest.param(NotFound(), "Not Found", id="its title"),
        pytest.param(OutOfStock(left=1), "There are not enough of these.", id="its own title"),
    ],
)
def test_what_an_error_shows(error, expected):
    assert expected == str(error)
    assert f"{type(error).__name__}({expected!r})" == repr(error)
    assert expected in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        pytest.param(
            OutOfStock, {}, "OutOfStock: 'left' is missing (fields: left, until)", id="missing"
        ),
        pytest.param(
            OutOfStock,
            {"left": 1, "colour": "red"},
            "OutOfStock: no field 'colour' (fields: left, until)",
            id="unknown",
        ),
        pytest.param(
            OutOfStock,
            {"b": 1, "a": 2, "until": "noon"},
            "OutOfStock: no field 'a'; no field 'b'; 'left' is missing (fields: left, until)",
            id="all of it",
        ),
        pytest.param(
            Sold, {}, "Sold: 'left' is missing (fields: left, until, buyer)", id="inherited"
        ),
        pytest.param(
            NotFound, {"left": 1}, "NotFound: no field 'left' (fields: none but detail)", id="none"
        ),
        pytest.param(
            NotFound,
            {"headers": {}, "cookies": {}},
            "NotFound: no field 'cookies'; no field 'headers' (fields: none but detail); "
            "write: NotFound(...).with_cookies(...).with_headers(...)",
            id="what has methods of its own",
        ),
    ],
)
def test_wrong_fields(kind, fields, message):
    """The message ends the search: what is wrong, and what there is."""
    with pytest.raises(TypeError) as caught:
        kind("detail", **fields)

    assert message == str(caught.value)


def test_fields_go_by_keyword():
    """Only the detail has a position."""
    with pytest.raises(TypeError):
        OutOfStock("detail", 2)


def test_an_error_of_no_status_is_not_raised():
    with pytest.raises(TypeError) as caught:
        HTTPError("detail")

    assert str(caught.value) == "HTTPError has no status: raise one of its subclasses"


def test_an_own_constructor():
    """A class may say how it is made; the fields are still checked."""

    class NoUser(NotFound):
        user_id: int

        def __init__(self, user_id):
            super().__init__(f"no user {user_id}", user_id=user_id)

    error = NoUser(5)

    assert (error.detail, error.user_id) == ("no user 5", 5)


# --- Headers and cookies --------------------------------------------------------------------


def traceback_of():
    try:
        raise KeyError
    except KeyError as error:
        return error.__traceback__


def test_with_headers_and_cookies_give_a_copy():
    """So that they stand behind `raise`, and nothing is left on an error of a module."""
    error = TooManyRequests("slow down").with_headers({"X-A": 0}).with_traceback(traceback_of())

    copied = (
        error.with_headers({"Retry-After": 5, "X-A": 1})
        .with_headers({"Retry-After": 6})
        .with_cookies({"a": "1"})
        .with_cookies({"b": None})
    )

    assert type(copied) is TooManyRequests
    assert (copied.args, copied.detail, copied.__traceback__) == (error.args, "slow down", None)
    assert copied.headers == {"Retry-After": 6, "X-A": 1}
    assert copied.cookies == {"a": "1", "b": None}
    assert (error.headers, error.cookies) == ({"X-A": 0}, None)


def test_what_was_given_is_copied():
    headers, cookies = {"X-A": 1}, {"a": "1"}
    error = NotFound().with_headers(headers).with_cookies(cookies)

    error.with_headers({"X-B": 2}).with_cookies({"b": "2"})

    assert (headers, cookies) == ({"X-A": 1}, {"a": "1"})


# --- Classes --------------------------------------------------------------------------------


def test_what_a_class_declares():
    class Slow(HTTPError, status_code=429, headers={"Retry-After": RETRY}, cookies={"sid": SID}):
        """Slow down."""

    assert Slow.status_code == 429
    assert Slow.title == "Slow down."
    assert Slow.header_specs == {"Retry-After": RETRY}
    assert Slow.cookie_specs == {"sid": SID}
    assert not Slow.built_in


def test_what_a_class_inherits():
    """Status, fields, headers and cookies; what it declares itself is added or wins."""

    class Slow(TooManyRequests, cookies={"sid": SID}):
        queue: int

    class Slower(Slow, status_code=503, headers={"X-A": RETRY, "Retry-After": HeaderSpec(str)}):
        since: str

    assert (Slow.status_code, Slower.status_code) == (429, 503)
    assert Slow.header_specs == TooManyRequests.header_specs
    assert Slower.header_specs == {"Retry-After": HeaderSpec(str), "X-A": RETRY}
    assert Slower.cookie_specs == {"sid": SID}
    assert members_of(Slower) == {"queue": int, "since": str}
    assert "X-A" not in TooManyRequests.header_specs


def test_declared_headers_are_read_only():
    with pytest.raises(TypeError):
        NotFound.header_specs["X-A"] = RETRY


def made(**parameters):
    class Made(HTTPError, **parameters):
        pass

    return Made


@pytest.mark.parametrize("status", [400, 418, 499, 599, HTTPStatus.CONFLICT])
def test_statuses_of_errors(status):
    assert status == made(status_code=status).status_code
    assert type(made(status_code=status).status_code) is int


@pytest.mark.parametrize("status", [None, 0, 200, 302, 399, 600, HTTPStatus.OK])
def test_statuses_of_no_error(refusal, status):
    """A class without a status, its own or inherited, is refused where it is made."""
    assert refusal(made, status_code=status) == (
        f"the error class Made has the status {int(status or 0) or None}",
        "400 to 599",
        "class Made(HTTPError, status_code=409)",
    )


def test_headers_and_cookies_are_checked(refusal):
    found, _, _ = refusal(made, status_code=409, headers={"Location": RETRY})
    assert found == "headers={'Location': ...}"

    found, _, _ = refusal(made, status_code=409, cookies={"a b": SID})
    assert found == "the cookie name 'a b'"


def test_a_class_parameter_that_nobody_knows():
    with pytest.raises(TypeError):
        made(status_code=409, status=409)


# --- Titles ---------------------------------------------------------------------------------


def test_the_first_line_of_the_docstring_is_the_title():
    assert OutOfStock.title == "There are not enough of these."


def test_a_docstring_may_begin_on_its_second_line():
    class Made(HTTPError, status_code=409):
        """
        In the way that some write them.
        """  # noqa: D200, D212

    assert Made.title == "In the way that some write them."


@pytest.mark.parametrize(
    ("status", "title"),
    [(409, "Conflict"), (418, "I'm a Teapot"), (422, "Unprocessable Content"), (499, "Made")],
)
def test_a_class_without_a_docstring_has_the_reason_phrase(status, title):
    """Or its own name, where the status has none."""
    assert title == made(status_code=status).title


def test_a_docstring_is_not_inherited():
    """It described another class."""
    assert Sold.title == "Conflict"


# --- Fields ---------------------------------------------------------------------------------


def test_members():
    """Every annotation of a class and its parents, in that order, but class variables."""

    class Made(OutOfStock):
        kind: ClassVar[str] = "made"
        other: ClassVar = 1
        count: Annotated[int, Meta(ge=1)]
        noted: Annotated[str, ["no key of a dictionary"]]
        plain = 5

    assert list(members_of(Made).items()) == [
        ("left", int),
        ("until", str | None),
        ("count", Annotated[int, Meta(ge=1)]),
        ("noted", Annotated[str, ["no key of a dictionary"]]),
    ]
    assert members_of(NotFound) == {}


TAKEN = ["type", "title", "status", "errors"]
OWN = ["headers", "cookies", "args", "with_headers", "status_code", "header_specs", "built_in"]


@pytest.mark.parametrize("name", [*TAKEN, *OWN])
def test_taken_names(refusal, name):
    """The error format needs them, or the class itself; the class is the place to look at."""
    taken = type("Taken", (NotFound,), {"__annotations__": {name: str}, "__module__": __name__})
    expected = (
        f"the error class Taken has a field {name!r}",
        "any other name: the error format or the class itself needs this one",
        "",
    )

    assert expected == refusal(members_of, taken)
    with pytest.raises(SpecError):
        taken(**{name: "a"})


def test_the_detail_is_text(refusal):
    """It is there already, and of another type it would not fit the body."""

    class Made(NotFound):
        detail: list[str]

    assert refusal(members_of, Made)[0] == "the error class Made has a field 'detail'"


@pytest.mark.parametrize("name", ["place", "namespace", "reason", "code", "msg", "loc", "detail_"])
def test_other_names_are_free(name):
    free = type("Free", (NotFound,), {"__annotations__": {name: int}, "__module__": __name__})

    assert getattr(free(**{name: 1}), name) == 1


def test_the_faults_of_a_built_in_class_are_inherited():
    """Only the framework's own classes have `errors`; theirs may be kept."""

    class BadFilter(BadRequest):
        field: str

    assert list(members_of(BadFilter)) == ["errors", "field"]
    assert BadFilter(field="a", errors=[ErrorDetail("x")]).errors == [ErrorDetail("x")]


LATER = """
from __future__ import annotations

from typing import ClassVar

from redirflow import HTTPError


class Early(HTTPError, status_code=409):
    kind: ClassVar[str] = "early"
    item: Item
    items: list[Item] | None = None


class Item: ...


def factory():
    class Inner: ...

    class Local(Early):
        inner: Inner
        outer: Item

    return Inner, Local


class Unknown(HTTPError, status_code=409):
    item: Missing
"""


@pytest.fixture
def later(tmp_path, monkeypatch):
    """A module whose annotations are texts."""
    (tmp_path / "errors_later.py").write_text(LATER, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("errors_later")
    del sys.modules["errors_later"]


def test_annotations_that_are_texts(later):
    """They may name what is defined further down."""
    assert members_of(later.Early) == {"item": later.Item, "items": list[later.Item] | None}
    assert later.Early(item=1).items is None


def test_classes_local_to_a_function(later):
    """Their annotations may name what is local too, though the function has ended."""
    inner, local = later.factory()

    assert members_of(local) == {
        "item": later.Item,
        "items": list[later.Item] | None,
        "inner": inner,
        "outer": later.Item,
    }


def test_a_type_that_nobody_finds(later):
    """The name is in the message."""
    with pytest.raises(NameError, match="Missing"):
        members_of(later.Unknown)


# --- The built-in classes -------------------------------------------------------------------

BUILT_IN = [
    kind
    for name in redirflow.__all__
    if isinstance(kind := getattr(redirflow, name), type)
    and issubclass(kind, HTTPError)
    and kind is not HTTPError
]


@pytest.mark.parametrize("kind", BUILT_IN, ids=lambda kind: kind.__name__)
def test_built_in_classes(kind):
    """Each has the phrase of its status, and can be raised with a detail alone."""
    error = kind("detail")

    assert kind.built_in
    assert error.detail == "detail"
    assert HTTPStatus(kind.status_code)
    assert kind.title
    assert "RFC" in kind.__doc__


def test_every_status_has_one_class():
    """In the order of statuses, as the tree at the top of their file draws them."""
    statuses = [kind.status_code for kind in BUILT_IN]

    assert len(statuses) == len(set(statuses)) == 29


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (404, "Not Found"),
        (413, "Content Too Large"),
        (414, "URI Too Long"),
        (422, "Unprocessable Content"),
        (429, "Too Many Requests"),
        (503, "Service Unavailable"),
    ],
)
def test_titles_are_those_of_rfc_9110(status, title):
    """The same on every Python: a document must not drift with the interpreter."""
    (kind,) = [kind for kind in BUILT_IN if kind.status_code == status]

    assert title == kind.title


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        (Unauthorized, {"WWW-Authenticate": str}),
        (TooManyRequests, {"Retry-After": int}),
        (ServiceUnavailable, {"Retry-After": int}),
        (NotFound, {}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_headers_of_built_in_classes(kind, headers):
    """They may be given, and need not be."""
    assert headers == {name: spec.type for name, spec in kind.header_specs.items()}
    assert not any(spec.required for spec in kind.header_specs.values())


@pytest.mark.parametrize("kind", [BadRequest, ValidationFailed])
def test_faults_of_a_request(kind):
    faults = [ErrorDetail("is missing", ["query", "limit"], "missing")]

    assert kind("wrong", errors=faults).errors == faults
    assert kind("wrong").errors is None


def test_a_fault_says_as_much_as_is_known():
    assert msgspec.json.encode(ErrorDetail("x")) == b'{"msg":"x"}'
    assert msgspec.json.encode(ErrorDetail("x", ["body", 0], "y")) == (
        b'{"msg":"x","loc":["body",0],"type":"y"}'
    )


# --- Copies ---------------------------------------------------------------------------------


def pickled(error: Any) -> Any:
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
@pytest.mark.parametrize(
    "error",
    [NotFound(), NotFound("x"), OutOfStock("x", left=1), Sold(left=1).with_headers({"X-A": 1})],
    ids=repr,
)
def test_what_is_copied_is_the_same(error, copied):
    """Exceptions travel between threads and processes, and come as they went."""
    other = copied(error)

    assert type(other) is type(error)
    assert vars(other) == vars(error)
    assert (str(other), other.args) == (str(error), error.args)
