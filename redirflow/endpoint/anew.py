"""What makes a default for each request: the object itself, or a copy if it could be changed."""

import copy
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from redirflow.endpoint.convert import NOTHING


def making(default: Any) -> Callable[[], Any]:
    """A function that makes *default*: a fresh copy where something in it could be changed."""
    if type(default) in FIXED or _is_fixed(default):
        return lambda: default
    # PERF: a list of numbers is copied in 30 ns by itself, in 1200 by `deepcopy`.
    if type(default) in _COPIED and _is_fixed((*default, *_values(default))):
        shallow: Callable[[], Any] = default.copy
        return shallow
    if isinstance(default, Struct) and not hasattr(default, "__deepcopy__"):
        return _struct_making(default)
    parts = _PARTS.get(type(default))
    if parts is not None:
        return parts(default)
    return partial(copy.deepcopy, default) if _is_copied(default) else lambda: default


_COPIED: Final[Any] = (list, set, dict)


def _list_making(default: Any) -> Callable[[], Any]:
    makers = [making(item) for item in default]
    return lambda: [make() for make in makers]


def _tuple_making(default: Any) -> Callable[[], Any]:
    make = _list_making(default)
    return lambda: tuple(make())


def _dict_making(default: Any) -> Callable[[], Any]:
    makers = {key: making(item) for key, item in default.items()}
    return lambda: {key: make() for key, make in makers.items()}


_PARTS: Final[dict[Any, Callable[[Any], Callable[[], Any]]]] = {
    list: _list_making,
    tuple: _tuple_making,
    dict: _dict_making,
}
"""What makes each part anew; where one can't be copied, the others are."""


def _struct_making(default: Struct) -> Callable[[], Any]:
    """As `deepcopy`, which runs `__post_init__` once more, and that may not bear it."""
    fields = {name: getattr(default, name) for name in default.__struct_fields__}
    makers = {name: making(each) for name, each in fields.items() if not _is_fixed(each)}
    makers |= {name: making(each) for name, each in getattr(default, "__dict__", {}).items()}

    def make() -> Any:
        made = copy.copy(default)
        for name, make_field in makers.items():
            msgspec.structs.force_setattr(made, name, make_field())
        return made

    return make


def _values(items: Any) -> Iterable[Any]:
    return items.values() if isinstance(items, _DICT) else ()


def _is_copied(default: Any) -> bool:
    """Whether *default* can be copied and the copy is another object.

    What can't be copied, as a lock or a connection, is meant to be shared. So is an object that
    has nothing but its class: a function knows such a sentinel by its identity.
    """
    try:
        return not _is_bare(default) and copy.deepcopy(default) is not default
    except Exception:  # noqa: BLE001 - an author's class may raise anything
        return False


def _is_bare(value: Any) -> bool:
    """Whether *value* has nothing but its class: neither attributes nor items."""
    made: Any = value.__reduce_ex__(4)
    return bool(made[1:] == ((type(value),), None, None, None))


def _is_fixed(default: Any) -> bool:
    """Whether nothing in *default* can be changed."""
    waiting = [default]
    while waiting:
        value = waiting.pop()
        if type(value) in FIXED or isinstance(value, Enum):
            continue
        if isinstance(value, _FROZEN) and not hasattr(value, "__dict__"):
            waiting += value
        elif _is_frozen(value):
            waiting += msgspec.structs.astuple(value)
        else:
            return False
    return True


def _is_frozen(value: Any) -> bool:
    return isinstance(value, Struct) and (
        value.__struct_config__.frozen and not value.__struct_config__.dict
    )


_FROZEN: Final[Any] = (tuple, frozenset)

FIXED: Final = frozenset(
    {
        *NOTHING,
        *(bool, int, float, str, bytes),
        *(date, datetime, time, timedelta),
        *(Decimal, UUID, msgspec.Raw),
    }
)

_DICT: Final[Any] = dict
