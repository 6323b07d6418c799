"""Specs stand on the functions they decorate, in any order with the route decorators.

They are read at compile time, so that a spec written above `@app.get` counts too. The
function itself is returned unchanged: types and direct calls survive.
"""

from collections.abc import Callable
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

from msgspec import Struct, field

from redirflow.declare.checks import DeclaredMeta, shown
from redirflow.declare.faults import Place, calling_place, refuse

F = TypeVar("F", bound=Callable[..., Any])

_SPECS: Final = "__redirflow_specs__"


class Spec(Struct, frozen=True, kw_only=True, eq=False, metaclass=DeclaredMeta):
    """A promise that decorates a handler or a dependency; a value that may decorate several.

    Two are equal that promise the same, wherever they stand.
    """

    place: Place = field(default_factory=calling_place)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._promised == other._promised

    def __hash__(self) -> int:
        return hash(self._promised)

    @property
    def _promised(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__ if name != "place")

    def __call__(self, handler: F) -> F:
        """Put this spec in front of those that stand on *handler*, and return *handler*."""
        if not callable(handler):
            raise refuse(
                f"a {type(self).__name__} decorates {shown(handler)}",
                "a function",
                "@... above the def line of a handler or a dependency",
            )
        try:
            # A new tuple each time: functools.wraps copies the attribute, and must not share it.
            setattr(handler, _SPECS, (self, *specs_of(handler)))
        except (AttributeError, TypeError):
            raise refuse(
                f"a spec can't be put on {handler!r}",
                "a function defined with def",
                "the decorator on the function itself, where it is defined",
            ) from None
        return handler


def specs_of(function: Callable[..., Any]) -> tuple[Any, ...]:
    """The specs on *function*, outermost first."""
    specs: tuple[Any, ...] = getattr(function, _SPECS, ())
    return specs


def check_function(function: Any, use: str) -> None:
    """Refuse what can't be called for a request.

    Args:
        use: what the author wrote, with `{}` for the function.

    Raises:
        SpecError: it can't be called, or makes a context manager, which only `with` can begin.
    """
    found = use.format(shown(function))
    if not callable(function):
        raise refuse(found, "a function", "Depends(current_user)" if "Depends" in use else "")
    inner = function
    while inner is not None:
        if getattr(inner, "__code__", None) in _MANAGERS:
            raise refuse(
                f"{found}, which makes a context manager",
                "the generator itself: what follows its yield runs when the request ends",
                f"def {shown(function)}(...) without its @contextmanager or @asynccontextmanager",
            )
        inner = getattr(inner, "__wrapped__", None)


_MANAGERS: Final[frozenset[Any]] = frozenset(
    make(check_function).__code__  # type: ignore[arg-type]
    for make in (contextmanager, asynccontextmanager)
)
"""What runs when a function with one of these decorators is called."""
