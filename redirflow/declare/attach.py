"""Specs stand on the functions they decorate, in any order with the route decorators.

They are read at compile time, so that a spec written above `@app.get` counts too. The
function itself is returned unchanged: types and direct calls survive.
"""

from collections.abc import Callable, Mapping
from contextlib import AsyncContextDecorator, ContextDecorator, asynccontextmanager, contextmanager
from functools import partial
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
        return hash(type(self))  # examples and headers can't be hashed

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
    maker = _maker_of(function)
    if maker is not None:
        name = shown(maker)
        verb, call = ("is", "()") if is_manager(function) else ("makes", "")
        raise refuse(
            f"{use.format(name + call)}, which {verb} a context manager",
            "the generator itself: what follows its yield runs when the request ends",
            f"def {name}(...) without its @contextmanager or @asynccontextmanager",
        )


def is_manager(value: Any) -> bool:
    """Whether *value* is a context manager, made already: a call of it only wraps a function."""
    return getattr(value.__class__, "__call__", None) in _WRAPPING  # noqa: B004 - it is compared


def manager_by(function: Any) -> str:
    """The decorator by which *function* makes a context manager; empty if it has none."""
    return _MANAGERS.get(getattr(function, "__code__", None), "")


def _maker_of(function: Any) -> Any:
    """What makes a context manager when *function* is called, or has made it already."""
    if is_manager(function):
        return getattr(function, "func", function)
    while function is not None and not manager_by(function):
        inner = "func" if isinstance(function, _PARTIAL) else "__wrapped__"
        function = getattr(function, inner, None)
    return function


_MANAGERS: Final[Mapping[Any, str]] = {
    make(check_function).__code__: make.__name__  # type: ignore[arg-type]
    for make in (contextmanager, asynccontextmanager)
}
"""What runs when a function with one of these decorators is called."""

_WRAPPING: Final = (ContextDecorator.__call__, AsyncContextDecorator.__call__)
_PARTIAL: Final[Any] = partial
