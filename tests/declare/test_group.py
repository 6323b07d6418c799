"""Groups: what a router promises for all in it, and how groups nest."""

import pytest

from redirflow import (
    APIKey,
    Basic,
    Bearer,
    Conflict,
    Depends,
    Gone,
    HeaderSpec,
    NotFound,
    SpecError,
)
from redirflow.declare.faults import Place
from redirflow.declare.group import Group, checked_errors, checked_guards, checked_prefix
from redirflow.declare.operation import Operation

OPTIONAL, TEXT, NUMBER = HeaderSpec(required=False), HeaderSpec(str), HeaderSpec(int)


def first(): ...


def second(): ...


def third(): ...


def handler(): ...


OUTER = Group(
    prefix="/outer",
    name="outer",
    tags=("a", "b"),
    raises=(NotFound,),
    headers={"X-A": TEXT, "X-B": TEXT},
    dependencies=(Depends(first),),
    deprecated=True,
)
INNER = Group(
    prefix="/inner/{key}",
    name="inner",
    tags=("b", "c"),
    raises=(Conflict,),
    headers={"X-B": NUMBER, "X-C": NUMBER},
    dependencies=(Depends(second), Bearer()),
)
OPERATION = Operation(
    method="GET",
    path="/users",
    name="get_users",
    handler=handler,
    place=Place("/a.py", 1),
    tags=("c", "d"),
    raises=(Gone,),
    headers={"X-C": OPTIONAL},
    dependencies=(Depends(third),),
    summary="Users",
    max_body_size=5,
)


def promises(value):
    """What a group and an operation have in common."""
    return {
        name: getattr(value, name)
        for name in ("name", "tags", "raises", "headers", "dependencies", "deprecated")
    }


def test_a_group_in_a_group():
    """The outer one's come first; of headers of one name the inner one's counts."""
    group = OUTER.around(INNER)

    assert group.prefix == "/outer/inner/{key}"
    assert promises(group) == {
        "name": "outer_inner",
        "tags": ("a", "b", "c"),
        "raises": (NotFound, Conflict),
        "headers": {"X-A": TEXT, "X-B": NUMBER, "X-C": NUMBER},
        "dependencies": (Depends(first), Depends(second), Bearer()),
        "deprecated": True,
    }


def test_an_operation_in_a_group():
    operation = OUTER.around(INNER).applied(OPERATION)

    assert operation.path == "/outer/inner/{key}/users"
    assert promises(operation) == {
        "name": "outer_inner_get_users",
        "tags": ("a", "b", "c", "d"),
        "raises": (NotFound, Conflict, Gone),
        "headers": {"X-A": TEXT, "X-B": NUMBER, "X-C": OPTIONAL},
        "dependencies": (Depends(first), Depends(second), Bearer(), Depends(third)),
        "deprecated": True,
    }
    assert (operation.summary, operation.max_body_size) == ("Users", 5)
    assert operation.handler is handler


def test_nesting_is_the_same_from_inside_and_outside():
    """One group after the other, or both at once."""
    stepwise = OUTER.applied(INNER.applied(OPERATION))
    at_once = OUTER.around(INNER).applied(OPERATION)

    assert promises(stepwise) == promises(at_once)
    assert stepwise.path == at_once.path


@pytest.mark.parametrize("outside", [True, False])
def test_a_group_that_promises_nothing_changes_nothing(outside):
    group = Group().around(INNER) if outside else INNER.around(Group())

    assert promises(group) == promises(INNER)
    assert group.prefix == INNER.prefix


def test_an_operation_in_no_group():
    operation = Group().applied(OPERATION)

    assert promises(operation) == promises(OPERATION)
    assert operation.path == OPERATION.path


def test_what_is_nested_stays_as_it_was():
    """A router may stand in several others."""
    before = promises(INNER), promises(OPERATION)

    OUTER.around(INNER).applied(OPERATION)

    assert before == (promises(INNER), promises(OPERATION))


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [(None, None, None), ("a", None, "a"), (None, "b", "b"), ("a", "b", "a_b"), ("", "b", "b")],
)
def test_names_are_joined(outer, inner, expected):
    """A group without a name leaves no mark."""
    group = Group(name=outer).around(Group(name=inner))

    assert expected == group.name
    assert (f"{expected}_get_users" if expected else "get_users") == group.applied(OPERATION).name


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [(False, False, False), (True, False, True), (False, True, True)],
)
def test_what_is_deprecated_stays_so(outer, inner, expected):
    assert expected == Group(deprecated=outer).around(Group(deprecated=inner)).deprecated


# --- What is checked ------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "/a", "/a/b", "/a/{key}", "/{key}"])
def test_prefixes(prefix):
    assert prefix == checked_prefix(prefix)


@pytest.mark.parametrize(
    ("prefix", "write"),
    [("/", ""), ("a", '"/a"'), ("a/", '"/a"'), ("/a/", '"/a"'), ("{key}", '"/{key}"')],
)
def test_what_no_path_can_follow(refusal, prefix, write):
    expected = (
        f"prefix={prefix!r}",
        "a path that begins with '/' and does not end with it",
        write,
    )

    assert expected == refusal(checked_prefix, prefix)


def test_guards():
    """Functions are dependencies; credentials stand for themselves."""
    guards = [first, Depends(second), Bearer(), Basic(), APIKey(query="key")]

    assert checked_guards(guards) == (Depends(first), *guards[1:])
    assert checked_guards(()) == ()


def test_what_is_no_guard(refusal):
    expected = ("Depends('admin')", "a function", "Depends(current_user)")

    assert expected == refusal(checked_guards, [first, "admin"])


def test_errors():
    assert checked_errors(iter([NotFound, Gone])) == (NotFound, Gone)
    assert checked_errors(()) == ()


@pytest.mark.parametrize("guard", [Bearer, Basic, APIKey, Depends])
def test_a_class_in_the_place_of_its_instance_guards_nothing(guard):
    with pytest.raises(SpecError) as caught:
        checked_guards([guard])

    assert caught.value.faults[0].write == f"dependencies=[{guard.__name__}(...)]"
