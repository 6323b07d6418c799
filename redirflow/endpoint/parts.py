"""What a type is made of, and what clients could do with that."""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import inspect as types_of

_SETS: Final = (types_of.SetType, types_of.FrozenSetType)


def shown(type_: Any) -> str:
    """*type_* in a message: the name of a class, else as it is written."""
    return type_.__name__ if isinstance(type_, type) else str(type_)


def inner_types(info: types_of.Type) -> Iterator[types_of.Type]:
    """The types directly inside *info*."""
    for name in ("type", "item_type", "key_type", "value_type"):
        part = getattr(info, name, None)
        if isinstance(part, types_of.Type):
            yield part
    yield from getattr(info, "types", ())
    yield from getattr(info, "item_types", ())
    for field in getattr(info, "fields", ()):
        yield field.type


def parts_of(info: types_of.Type, seen: set[object] | None = None) -> Iterator[types_of.Type]:
    """*info* and every type inside it, each class once."""
    seen = set() if seen is None else seen
    cls = getattr(info, "cls", None)
    if cls is not None:
        if cls in seen:
            return
        seen.add(cls)
    yield info
    for part in inner_types(info):
        yield from parts_of(part, seen)


def is_anything(info: types_of.Type) -> bool:
    """Whether *info* takes whatever there is: `Any`, or `object`."""
    return isinstance(info, types_of.AnyType) or (
        isinstance(info, types_of.CustomType) and info.cls is object
    )


def foreign_class(info: types_of.Type) -> type | None:
    """The class of which msgspec knows nothing, if *info* is one."""
    if isinstance(info, types_of.CustomType) and not is_anything(info):
        return info.cls
    return None


def collide(info: types_of.Type) -> bool:
    """Whether *info* is a set or dictionary whose members a client can make collide.

    CPython's hashes of numbers, and of what holds numbers, are no secret: 400 kB of chosen
    ones take seconds to insert. Those of text are a secret of the process.
    """
    if isinstance(info, _SETS):
        return _guessable(info.item_type)
    if isinstance(info, types_of.DictType) and not is_anything(info.key_type):
        # Keys of any type are text in JSON, the only format that a body with `Any` is read from.
        return _guessable(info.key_type)
    return False


def _guessable(info: types_of.Type) -> bool:
    """Whether many values of one hash can be chosen."""
    for part in parts_of(info):
        if isinstance(part, types_of.IntType) and not _bounded(part):
            return True
        if is_anything(part) or isinstance(part, types_of.DecimalType | types_of.UUIDType):
            return True
        if isinstance(part, types_of.FloatType) and part is not info:
            return True  # alone, only some 60 floats share a hash; pairs of them are many
    return False


def _bounded(info: types_of.IntType) -> bool:
    low = info.ge if info.ge is not None else info.gt
    high = info.le if info.le is not None else info.lt
    return low is not None and high is not None
