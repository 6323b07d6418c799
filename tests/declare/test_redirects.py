"""Redirects and reroutes: values that are raised, hold where to go, and share nothing."""

import copy
import functools
import pickle
import traceback
from enum import Enum
from http import HTTPStatus
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow import Redirect, Reroute
from redirflow.declare.redirects import Extras
from redirflow.http.location import LOCAL, compile_location
from redirflow.http.query import parse_pairs


async def get_user(user_id: int, tab: str | None = None) -> None: ...


class Users:
    async def get(self, user_id: int) -> None: ...


class Color(Enum):
    RED = "red"


LOGIN = Redirect("/login")
"""A module-level instance, as authors have them."""


# --- What a redirect holds ------------------------------------------------------------------


def test_a_redirect_to_a_location():
    redirect = Redirect("/x")

    assert isinstance(redirect, Exception)
    assert redirect.location == "/x"
    assert redirect.target is None
    assert redirect.params == {}
    assert redirect.status_code is redirect.headers is redirect.cookies is redirect.extras is None


def test_a_redirect_with_everything():
    headers, cookies = {"X-A": 1}, {"sid": None}

    redirect = Redirect("/x", status_code=303, headers=headers, cookies=cookies)

    assert redirect.status_code == 303
    assert redirect.headers == headers
    assert redirect.cookies == cookies


@pytest.mark.parametrize(
    "redirect",
    [
        Redirect("/x", status_code=HTTPStatus.SEE_OTHER),
        Redirect("/x").with_status(HTTPStatus.SEE_OTHER),
    ],
    ids=["given", "copied"],
)
def test_a_status_may_be_an_http_status(redirect):
    assert redirect.status_code == 303
    assert type(redirect.status_code) is int


@pytest.mark.parametrize("kind", [Redirect, Reroute])
@pytest.mark.parametrize("target", [get_user, "get_user", Users().get], ids=count())
def test_a_target_and_its_parameters(kind, target):
    """They are resolved when it leaves the handler, not before."""
    signal = kind.to(target, user_id=1)

    assert signal.target == target
    assert signal.params == {"user_id": 1}


@pytest.mark.parametrize("kind", [Redirect, Reroute])
@pytest.mark.parametrize(
    ("target", "args", "params", "expected"),
    [
        pytest.param(get_user, (1,), {}, {"user_id": 1}, id="one"),
        pytest.param(get_user, (1, "a"), {}, {"user_id": 1, "tab": "a"}, id="two"),
        pytest.param(get_user, (1,), {"tab": "a"}, {"user_id": 1, "tab": "a"}, id="both ways"),
        pytest.param(Users().get, (1,), {}, {"user_id": 1}, id="of a bound method"),
        pytest.param(
            functools.wraps(get_user)(lambda: None), (1,), {}, {"user_id": 1}, id="of a wrapper"
        ),
    ],
)
def test_parameters_by_position(kind, target, args, params, expected):
    """Type checkers allow them, so they get the names that the handler gives them."""
    assert expected == kind.to(target, *args, **params).params


@pytest.mark.parametrize("kind", [Redirect, Reroute])
@pytest.mark.parametrize(
    ("args", "params"), [((1, "a", 2), {}), ((1,), {"user_id": 2}), ((1,), {"other": 2})]
)
def test_parameters_that_the_handler_does_not_take(kind, args, params):
    with pytest.raises(TypeError):
        kind.to(get_user, *args, **params)


@pytest.mark.parametrize("kind", [Redirect, Reroute])
def test_a_name_takes_no_parameters_by_position(kind):
    with pytest.raises(TypeError) as caught:
        kind.to("get_user", 1)

    assert str(caught.value) == "parameters of a target that is a name are given by keyword"


@pytest.mark.parametrize("kind", [Redirect, Reroute])
def test_parameters_may_have_any_name(kind):
    """None is taken: not `cls`, not `target`, not `params`."""
    params = {"cls": 1, "target": 2, "params": 3, "args": 4, "self": 5}

    assert params == kind.to("x", **params).params


def test_a_reroute_to_a_path():
    reroute = Reroute("/x", query={"a": 1}, headers={"x-a": "b"})

    assert isinstance(reroute, Exception)
    assert (reroute.path, reroute.target, reroute.params) == ("/x", None, {})
    assert (reroute.query, reroute.headers) == ({"a": 1}, {"x-a": "b"})


def test_a_reroute_keeps_query_and_headers_unless_told():
    for reroute in (Reroute("/x"), Reroute.to("x")):
        assert reroute.query is reroute.headers is None
    assert Reroute.to("x").path is None


def test_a_query_of_nothing_is_not_no_query():
    """It replaces the client's by an empty one."""
    assert Reroute("/x", query={}).query == {}


# --- Copies ---------------------------------------------------------------------------------


@pytest.mark.parametrize("original", [Redirect("/x"), Redirect.to(get_user, user_id=1)], ids=str)
def test_copies_leave_the_original_alone(original):
    """A module-level instance serves everybody."""
    before = (original.location, original.target, {**original.params}, original.extras)

    changed = (
        original.with_status(303)
        .with_headers({"X-A": 1})
        .with_cookies({"sid": "a"})
        .with_query(a=1)
        .with_fragment("top")
    )

    assert before == (original.location, original.target, original.params, original.extras)
    assert before[:3] == (changed.location, changed.target, changed.params)
    assert changed.extras == Extras(
        status_code=303,
        headers={"X-A": 1},
        cookies={"sid": "a"},
        query=(("a", "1"),),
        fragment="top",
    )


def test_copies_share_no_parameters():
    original = Redirect.to(get_user, user_id=1)

    original.with_status(303).params["user_id"] = 2

    assert original.params == {"user_id": 1}


def test_copies_add_headers_and_cookies():
    """What is given later wins; what was given first is kept."""
    headers, cookies = {"a": 1, "b": 2}, {"a": "1", "b": "2"}
    original = Redirect("/x", headers=headers, cookies=cookies)

    changed = original.with_headers({"b": 3, "c": 4}).with_cookies({"b": None, "c": "4"})

    assert changed.headers == {"a": 1, "b": 3, "c": 4}
    assert changed.cookies == {"a": "1", "b": None, "c": "4"}
    assert headers == {"a": 1, "b": 2}
    assert cookies == {"a": "1", "b": "2"}


def test_copies_have_the_class_of_the_original():
    class ToLogin(Redirect):
        pass

    assert type(ToLogin("/x").with_query(a=1)) is ToLogin
    assert type(ToLogin.to("x")) is ToLogin


# --- Query and fragment ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "more", "expected"),
    [
        pytest.param(None, {}, (), id="nothing"),
        pytest.param({"b": 1, "a": 2}, {}, (("b", "1"), ("a", "2")), id="in the order given"),
        pytest.param({"a": 1}, {"b": 2}, (("a", "1"), ("b", "2")), id="both ways"),
        pytest.param({"a": 1}, {"a": 2}, (("a", "2"),), id="by keyword wins"),
        pytest.param({"a": None}, {"b": None}, (), id="None is left out"),
        pytest.param({}, {"a": [1, None, 2]}, (("a", "1"), ("a", "2")), id="a list repeats"),
        pytest.param({}, {"a": []}, (), id="an empty list"),
        pytest.param({}, {"a": "", "b": False}, (("a", ""), ("b", "false")), id="empty, false"),
        pytest.param({}, {"a": Color.RED}, (("a", "red"),), id="an enum"),
        pytest.param({"a b": "c&d"}, {}, (("a b", "c&d"),), id="any text"),
        pytest.param({}, {"query": 1, "self": 2}, (("query", "1"), ("self", "2")), id="any name"),
    ],
)
def test_with_query(given, more, expected):
    assert expected == Redirect("/x").with_query(given, **more).extras.query


def test_queries_are_added():
    redirect = Redirect("/x").with_query(a=1).with_query(a=2, b=3)

    assert redirect.extras.query == (("a", "1"), ("a", "2"), ("b", "3"))


@pytest.mark.parametrize("value", [{}, object(), 1j, float("nan")], ids=count())
def test_what_no_query_holds(value):
    """It is told where it is written, not when the redirect leaves."""
    with pytest.raises((TypeError, ValueError)):
        LOGIN.with_query(a=value)


@pytest.mark.parametrize(
    ("location", "query", "fragment", "expected"),
    [
        pytest.param("/x", (), None, "/x", id="nothing"),
        pytest.param("/x", (("a", "1"),), None, "/x?a=1", id="a query"),
        pytest.param("/x?b=2", (("a", "1"),), None, "/x?b=2&a=1", id="after the one there is"),
        pytest.param("/x?", (("a", "1"),), None, "/x?a=1", id="after an empty one"),
        pytest.param("/x?b=2?", (("a", "1"),), None, "/x?b=2?&a=1", id="a mark in the query"),
        pytest.param("/x#f", (("a", "1"),), None, "/x?a=1#f", id="before the fragment"),
        pytest.param("/x#f?g", (("a", "1"),), None, "/x?a=1#f?g", id="a mark in the fragment"),
        pytest.param("?b=2", (("a", "1"),), None, "?b=2&a=1", id="a query alone"),
        pytest.param("#f", (("a", "1"),), None, "?a=1#f", id="a fragment alone"),
        pytest.param("https://h", (("a", "1"),), None, "https://h?a=1", id="a host alone"),
        pytest.param("/x", (("a b", "c&d=é+"),), None, "/x?a%20b=c%26d%3D%C3%A9%2B", id="encoded"),
        pytest.param("/x", (("a", "1"), ("a", "2")), None, "/x?a=1&a=2", id="two of a name"),
        pytest.param("/x", (), "f", "/x#f", id="a fragment"),
        pytest.param("/x#f", (), "g", "/x#g", id="another fragment"),
        pytest.param("/x#f", (), "", "/x#", id="an empty fragment"),
        pytest.param("/x#", (), None, "/x#", id="an empty fragment is kept"),
        pytest.param("/x?a=1#f#g", (("b", "2"),), None, "/x?a=1&b=2#f#g", id="two number signs"),
        pytest.param("/x?b=2#f", (("a", "1"),), "g", "/x?b=2&a=1#g", id="both"),
    ],
)
def test_what_is_added_to_a_location(location, query, fragment, expected):
    assert expected == Extras(query=query, fragment=fragment).extend(location)


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=6)


@given(
    st.sampled_from(["/x", "/x?", "/x?b=2", "?", "#f", "/#?"]),
    st.dictionaries(TEXT, TEXT, max_size=4),
    st.none() | st.text(alphabet="a#?/é", max_size=4),
)
def test_what_is_added_is_what_is_read(location, query, fragment):
    """Whatever texts are added, they come back as they were and move nothing else."""
    pairs = tuple(query.items())
    extended = Extras(query=pairs, fragment=fragment).extend(location)

    sent = compile_location(extended, LOCAL)
    path, _, rest = sent.partition(b"#")[0].partition(b"?")

    assert path == location.partition("#")[0].partition("?")[0].encode()
    assert parse_pairs(rest)[-len(pairs) :] == list(pairs) or not pairs


# --- How they show --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        pytest.param(Redirect("/x"), "'/x'", id="location"),
        pytest.param(Redirect("/x").with_status(303), "'/x'", id="copy"),
        pytest.param(Redirect("/a\r\nb"), "'/a\\r\\nb'", id="escaped"),
        pytest.param(Redirect.to("get_user"), "to get_user", id="name"),
        pytest.param(Redirect.to(get_user, user_id=1), "to get_user", id="handler"),
        pytest.param(Redirect.to(functools.partial(get_user)), "to ?", id="no name"),
        pytest.param(Reroute("/x"), "'/x'", id="path"),
        pytest.param(Reroute.to(get_user, user_id=1), "to get_user", id="reroute"),
    ],
)
def test_how_it_shows(signal, expected):
    """One line, whatever is in it; parameters may be secrets and are not shown."""
    assert expected == str(signal)
    assert f"{type(signal).__name__}({expected})" == repr(signal)


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda signal: pickle.loads(pickle.dumps(signal))],
    ids=["copy", "deepcopy", "pickle"],
)
@pytest.mark.parametrize(
    "signal",
    [
        Redirect("/x"),
        Redirect("/x", status_code=303, headers={"a": 1}, cookies={"b": None}),
        Redirect.to(get_user, user_id=1).with_query(a=1).with_fragment("f"),
        Redirect.to("get_user", user_id=1),
        Reroute("/x", query={"a": 1}, headers={"a": "b"}),
        Reroute.to("get_user", user_id=1),
    ],
    ids=repr,
)
def test_what_is_copied_is_the_same(signal, copied):
    """Exceptions travel between threads and processes, and come as they went."""
    other = copied(signal)

    slots = type(signal).__slots__
    assert type(other) is type(signal)
    assert [getattr(other, name) for name in slots] == [getattr(signal, name) for name in slots]


class Away(Redirect):
    def __init__(self, reason):
        super().__init__("/away")
        self.reason = reason


def test_a_copy_keeps_what_a_subclass_holds():
    away = Away("late").with_query(a=1)

    assert (type(away), away.reason, away.location) == (Away, "late", "/away")


class Unmade(Redirect):
    def __init__(self):
        """Forgets its parent."""


class Nowhere(Reroute):
    def __init__(self):
        """Forgets its parent."""


@pytest.mark.parametrize("signal", [Unmade(), Nowhere()], ids=["redirect", "reroute"])
def test_a_subclass_that_does_not_make_its_parent(signal):
    message = rf"{type(signal).__name__} has no \w+: its __init__ must call super\(\).__init__"

    with pytest.raises(TypeError, match=message):
        signal.check_made()


def test_notes_are_copied_too():
    redirect = Redirect("/x")
    redirect.add_note("seen")

    assert copy.copy(redirect).__notes__ == ["seen"]


# --- Raising --------------------------------------------------------------------------------


def raised(signal):
    try:
        raise signal
    except (Redirect, Reroute) as caught:
        return caught


@pytest.mark.parametrize("signal", [LOGIN, Reroute("/x")], ids=repr)
def test_an_instance_can_be_raised_again_and_again(signal):
    """Whoever catches it can make it forget where it was; nothing else of it changes."""
    for _ in range(3):
        caught = raised(signal)
        caught.__traceback__ = None

    assert caught is signal
    assert len(traceback.extract_tb(raised(signal).__traceback__)) == 1


def test_a_copy_of_what_was_raised_has_no_past():
    """`raise LOGIN.with_query(...)` starts from nothing."""
    caught = raised(LOGIN)

    assert caught.__traceback__ is not None
    assert caught.with_query(a=1).__traceback__ is None
