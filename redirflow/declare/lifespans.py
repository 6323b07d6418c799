"""Which lifespans of a mounted app nobody enters.

The outer app may enter them itself, as `App(lifespan=[own, other])` or inside of its own one.
What names them may well do so, and what can't be read is believed to.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from inspect import unwrap
from types import CodeType, FunctionType, ModuleType
from typing import Any

from redirflow.declare.settings import Lifespan


def not_entered(
    mounted: object, theirs: Iterable[Lifespan], ours: tuple[Lifespan, ...]
) -> list[Lifespan]:
    """Those lifespans of a mounted app that the app around it does not enter.

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
