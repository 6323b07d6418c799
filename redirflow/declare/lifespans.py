"""Lifespans: several as one, and which of a mounted app's nobody enters."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from inspect import (
    isasyncgenfunction,
    iscoroutine,
    iscoroutinefunction,
    isgeneratorfunction,
    unwrap,
)
from types import CodeType, FunctionType, MappingProxyType, ModuleType
from typing import Any, Final, TypeAlias, cast

from redirflow.declare.attach import is_manager, manager_by
from redirflow.declare.checks import shown
from redirflow.declare.faults import Fault, Place, SpecError, calling_place, place_of, refuse
from redirflow.declare.settings import Lifespan

Opening: TypeAlias = Callable[[object], Iterator[AbstractAsyncContextManager[Any]]]
"""What opens the lifespans of an app, to be entered in this order."""


def one_lifespan(several: tuple[Lifespan, ...]) -> Opening:
    """Several lifespans as one, which opens them for an app: each when the one before it has begun.

    Of equal keys in their states the last counts.

    Raises:
        SpecError: one can't be called, was called already, or lacks its decorator. What a call
            gives is known only when the app starts.
    """
    for lifespan in several:
        if is_manager(lifespan):
            raise refuse(
                "lifespan=lifespan(app): it was called already",
                "the function itself, which is called when the app starts",
                "lifespan=lifespan",
            )
        for what, gives in _GIVES.items():
            if gives(lifespan):
                raise _no_lifespan(lifespan, what, calling_place())
    return lambda app: (_opened(lifespan, app) for lifespan in several)


_GIVES: Final[Mapping[str, Callable[[Any], bool]]] = MappingProxyType(
    {
        "an async generator": isasyncgenfunction,
        "a generator": isgeneratorfunction,
        "a coroutine": iscoroutinefunction,
        "a context manager for `with`": lambda given: manager_by(given) == "contextmanager",
    }
)
"""What can be known to be no async context manager before it is there."""


def _opened(lifespan: Lifespan, app: object) -> AbstractAsyncContextManager[Any]:
    """What *lifespan* gives for *app*, if it can be entered."""
    context: Any = lifespan(app)
    if not isinstance(context, AbstractAsyncContextManager):
        if iscoroutine(context):
            context.close()  # nobody will await it
        what = "None" if context is None else f"a value of type {type(context).__name__}"
        raise _no_lifespan(lifespan, what)
    return cast("AbstractAsyncContextManager[Any]", context)


def _no_lifespan(lifespan: Lifespan, gives: str, place: Place | None = None) -> SpecError:
    fault = Fault(
        f"lifespan={shown(lifespan)}, which gives {gives}",
        "an async context manager of the app, or several",
        "@asynccontextmanager on an async generator that yields once",
        place_of(lifespan) or place,
    )
    return SpecError([fault])


def not_entered(
    mounted: object, theirs: Iterable[Lifespan], ours: tuple[Lifespan, ...]
) -> list[Lifespan]:
    """Those lifespans of a mounted app that the app around it does not enter.

    It may enter them as `App(lifespan=[own, other])` or inside of its own one: what names them
    may well do so, and what can't be read is believed to.

    Args:
        theirs: the lifespans of *mounted*.
        ours: those of the app around it.
    """
    read: list[Any] = [unwrap(each) for each in ours]
    if any(type(each) is not FunctionType for each in read):
        return []
    seen = {id(each) for each in (*ours, *(value for each in read for value in _named(each)))}
    return [] if id(mounted) in seen else [each for each in theirs if id(each) not in seen]


def _named(function: FunctionType) -> Iterator[Any]:
    """What the names in a function may mean, also behind the dot of a module."""
    names = {*_names(function.__code__)}
    values = [value for name, value in function.__globals__.items() if name in names]
    for value in (*values, *_held(function)):
        yield value
        if isinstance(value, ModuleType):
            yield from (held for name, held in vars(value).items() if name in names)


def _names(code: CodeType) -> Iterator[str]:
    """The names in a function, and in the functions inside it."""
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)


def _held(function: FunctionType) -> list[Any]:
    """What the closure of a function holds by now."""
    held: list[Any] = []
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # it is empty
            held.append(cell.cell_contents)
    return held
