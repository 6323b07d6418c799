"""Specs stand on the functions that they decorate, in any order, and on no others."""

import functools

import pytest

from redirflow import NotFound, Router, raises, redirects, reroutes, returns
from redirflow.declare.attach import specs_of
from redirflow.declare.checks import shown

SPECS = [returns(int), redirects(303), raises(NotFound), reroutes(to="get_user")]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_the_function_itself_is_returned(spec):
    """Types and direct calls survive."""

    def handler(number: int) -> int:
        return number + 1

    decorated = spec(handler)

    assert decorated is handler
    assert decorated(1) == 2
    assert specs_of(handler) == (spec,)


def test_specs_are_read_from_the_top():
    """The outermost decorator comes first, as it is read."""
    first, second, third = returns(int), redirects(303), raises(NotFound)

    @first
    @second
    @third
    def handler(): ...

    assert specs_of(handler) == (first, second, third)


def test_a_function_without_specs():
    assert specs_of(lambda: None) == ()
    assert specs_of(len) == ()


def test_specs_and_routes_stand_in_any_order():
    """A spec above the route is seen too, for specs are read when the app is compiled."""
    above, below = raises(NotFound), redirects(303)
    router = Router()

    @above
    @router.get("/")
    @below
    def handler(): ...

    (operation,) = router.collect().operations

    assert operation.specs == (above, below)


def test_a_spec_serves_several_functions():
    """It is a value: nothing of a function is kept on it."""
    spec = redirects(303)

    @spec
    def first(): ...

    @spec
    def second(): ...

    assert specs_of(first) == specs_of(second) == (spec,)


def test_wrappers_take_specs_over_and_share_none_of_theirs():
    """`functools.wraps` copies what stands on a function; later additions stay apart."""
    inner, outer, late = returns(int), redirects(303), raises(NotFound)

    @inner
    def handler(): ...

    @outer
    @functools.wraps(handler)
    def wrapper(): ...

    late(handler)

    assert specs_of(wrapper) == (outer, inner)
    assert specs_of(handler) == (late, inner)


class Handlers:
    @returns(int)
    def method(self): ...

    @staticmethod
    @returns(str)
    def static(): ...

    @classmethod
    @returns(bytes)
    def of_class(cls): ...


@pytest.mark.parametrize(
    ("function", "type_"),
    [(Handlers().method, int), (Handlers.static, str), (Handlers().of_class, bytes)],
    ids=["bound method", "static method", "class method"],
)
def test_methods_carry_specs(function, type_):
    """A spec inside a class is found on the method that is bound later."""
    (spec,) = specs_of(function)

    assert spec.type is type_


class Callable:
    def __call__(self): ...


@pytest.mark.parametrize(
    "function",
    [functools.partial(len), Callable(), type("Made", (), {})],
    ids=["partial", "callable object", "class"],
)
def test_other_callables_carry_specs(function):
    spec = returns(int)

    assert spec(function) is function
    assert specs_of(function) == (spec,)


@pytest.mark.parametrize("value", [None, 5, "get_user", ()], ids=repr)
def test_what_is_no_function_is_refused(refusal, value):
    assert refusal(SPECS[1], value) == (
        f"a {type(SPECS[1]).__name__} decorates {shown(value)}",
        "a function",
        "@... above the def line of a handler or a dependency",
    )


@pytest.mark.parametrize(
    "function", [len, int, Handlers().method, [].append], ids=lambda function: function.__name__
)
def test_what_can_carry_no_spec_is_refused(refusal, function):
    """Built-in functions and types, and a method that is bound anew at each access."""
    assert refusal(SPECS[1], function) == (
        f"a spec can't be put on {function!r}",
        "a function defined with def",
        "the decorator on the function itself, where it is defined",
    )
