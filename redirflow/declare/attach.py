"""Specs stand on the functions they decorate, in any order with the route decorators.

They are read at compile time, so that a spec written above `@app.get` counts too. The
function itself is returned unchanged: types and direct calls survive.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from redirflow.declare.faults import refuse

F = TypeVar("F", bound=Callable[..., Any])

_SPECS: Final = "__redirflow_specs__"


def attach(function: F, spec: object) -> F:
    """Put *spec* in front of those that stand on *function*, and return *function*."""
    if not callable(function):
        raise refuse(
            f"{spec!r} decorates {function!r}",
            "a function",
            "@... above the def line of a handler or a dependency",
        )
    try:
        # A new tuple each time: functools.wraps copies the attribute, and must not share it.
        setattr(function, _SPECS, (spec, *specs_of(function)))
    except (AttributeError, TypeError):
        raise refuse(
            f"a spec can't be put on {function!r}",
            "a function defined with def",
            "the decorator on the function itself, where it is defined",
        ) from None
    return function


def specs_of(function: Callable[..., Any]) -> tuple[Any, ...]:
    """The specs on *function*, outermost first."""
    specs: tuple[Any, ...] = getattr(function, _SPECS, ())
    return specs
