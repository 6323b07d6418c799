"""What is no data in a value that a handler returned: a forgotten `await`, a generator.

Objects are read by the attributes that their declared type names. Read so, a coroutine would
be a Struct of nothing but defaults.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from inspect import iscoroutine
from typing import Any, Final

from msgspec import inspect as types_of

from redirflow.endpoint.convert import COLLECTIONS
from redirflow.endpoint.parts import parts_of, shown, type_info
from redirflow.endpoint.violation import AWAIT, ContractViolation

_LISTS: Final[Any] = (list, tuple, set, frozenset)
_DICTS: Final[Any] = Mapping
_LISTED: Final = (*COLLECTIONS, types_of.TupleType, types_of.AnyType)


def refuse_strangers(value: Any, type_: Any, encode: Callable[[Any], bytes]) -> None:
    """Refuse what *encode* does not know and what has no field of *type_*, however deep it is.

    Raises:
        ContractViolation: there is something of the kind in *value*.
    """
    parts = parts_of(type_info(type_))
    names = {field.name for part in parts for field in getattr(part, "fields", ())}
    listed = any(isinstance(part, _LISTED) for part in parts)
    strangers = [*_strangers(value, names, encode)]
    for coroutine in filter(iscoroutine, strangers):
        coroutine.close()  # nobody will await it
    for stranger in strangers:
        said = _said_of(stranger, names, listed=listed)
        if said:
            raise ContractViolation(said, shown(type_), value)


def _said_of(stranger: Any, names: Collection[str], *, listed: bool) -> str:
    """What is wrong with a value; nothing where msgspec has better words."""
    kind = type(stranger).__name__
    if iscoroutine(stranger):
        return AWAIT
    if listed and isinstance(stranger, Iterable):
        return f"a value of type {kind}, which is no list: list(...) makes one"
    return f"a value of type {kind} without any of the declared fields" if names else ""


def _strangers(value: Any, names: Collection[str], encode: Callable[[Any], bytes]) -> Iterator[Any]:
    waiting, seen = [value], dict[int, Any]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen[id(part)] = part  # held, so that no other object gets its id
        if isinstance(part, _DICTS):
            waiting.extend(part.values())
        elif isinstance(part, _LISTS):
            waiting.extend(part)
        elif not _is_data(part, encode):
            held = [getattr(part, name) for name in names if hasattr(part, name)]
            waiting.extend(held)
            if not held or iscoroutine(part):
                yield part


def _is_data(value: Any, encode: Callable[[Any], bytes]) -> bool:
    try:
        encode(value)
    except Exception:  # noqa: BLE001 - whatever it was
        return False
    return True
