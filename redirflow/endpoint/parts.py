"""What a type is made of, and what clients could do with that."""

import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Annotated, Any, Final, Union, get_args, get_origin

from msgspec import inspect as types_of

from redirflow.declare.hooks import hook_of, hooked

_SETS: Final = (types_of.SetType, types_of.FrozenSetType)
OBJECTS: Final = (types_of.StructType, types_of.DataclassType, types_of.TypedDictType)
_ENDLESS: Final = (types_of.AnyType, types_of.CustomType, types_of.RawType)
_GUESSABLE: Final = (types_of.AnyType, types_of.CustomType, types_of.DecimalType, types_of.UUIDType)


def shown(type_: Any) -> str:
    """*type_* in a message: the name of a class, else as it is written."""
    return type_.__name__ if isinstance(type_, type) else str(type_)


def own_class(hint: Any) -> Any:
    """The class or `NewType` that *hint* is, with or without `None`, if Python has not brought it.

    `None` for all else: a `str` may be anything, a `User` is one thing. So is a class of Python's
    that no client can send, `sqlite3.Connection`.
    """
    hint = getattr(hint, "__value__", hint)
    inner = get_args(hint)
    if get_origin(hint) is Annotated:
        return own_class(inner[0])
    if get_origin(hint) in {Union, types.UnionType}:
        some = [part for part in inner if part is not type(None)]
        return own_class(some[0]) if len(some) == 1 else None
    package = str(getattr(hint, "__module__", "builtins")).partition(".")[0]
    if package not in sys.stdlib_module_names:
        return hint
    return hint if isinstance(hint, type) and package != "builtins" and _is_foreign(hint) else None


def _is_foreign(cls: type) -> bool:
    with suppress(NameError, TypeError):
        return foreign_class(type_info(cls)) is not None
    return False


def type_info(type_: Any) -> types_of.Type:
    """What msgspec knows of *type_*.

    PERF: it reads all that a class reaches, 50 us for each class, and argument, body, twins and
    document each ask. So a class is read once for each compile: `forget_types` ends one.

    Raises:
        TypeError, NameError: msgspec can't handle the type, or something in it.
    """
    try:
        return _class_info(type_) if isinstance(type_, type) else types_of.type_info(type_)
    except (NameError, TypeError):
        raise
    except Exception as error:
        # An annotation that is a text is run, and a generic class may hold ever larger ones.
        raise TypeError(f"{shown(type_)} can't be read: {error}") from error


def remedy_of(error: Exception) -> str:
    """What to write instead of a type that msgspec refuses with *error*, if that can be told."""
    said = str(error)
    wrapped = _WRAPPED.match(said)
    if wrapped:
        return wrapped[1]
    return next((remedy for start, remedy in _REMEDIES.items() if said.startswith(start)), "")


_WRAPPED: Final = re.compile(r"Type 'typing\.(?:ClassVar|NotRequired|Required)\[(.*)\]'")
_REMEDIES: Final[Mapping[str, str]] = {
    "Enum types must have": 'class Kind(Enum): A = "a"',
    "Enums must contain": "an Enum whose values are all texts or all integers: what else a member "
    "stands for can be a property of it",
    "Literal may only": "Literal of texts, integers, booleans or None; else the type of the value",
}
"""By how msgspec begins."""


@cache
def _class_info(cls: type) -> types_of.Type:
    return types_of.type_info(cls)


def forget_types() -> None:
    """Let go of what `type_info` and `parts_of` remember."""
    _class_info.cache_clear()
    _class_parts.cache_clear()


def inner_types(info: types_of.Type) -> Iterable[types_of.Type]:
    """The types directly inside *info*."""
    return _INSIDE.get(type(info), _nothing)(info)


def _nothing(_: types_of.Type) -> tuple[types_of.Type, ...]:
    return ()


def _of_fields(info: Any) -> Iterable[types_of.Type]:
    return [field.type for field in info.fields]


def _of_item(info: Any) -> Iterable[types_of.Type]:
    return (info.item_type,)


def _of_hook(info: Any) -> Iterable[types_of.Type]:
    hook = hook_of(info.cls)
    return () if hook is None else (types_of.type_info(hook.wire),)


_INSIDE: Final[Mapping[type[types_of.Type], Callable[[Any], Iterable[types_of.Type]]]] = {
    types_of.Metadata: lambda info: (info.type,),
    types_of.UnionType: lambda info: info.types,
    types_of.TupleType: lambda info: info.item_types,
    types_of.DictType: lambda info: (info.key_type, info.value_type),
    types_of.CustomType: _of_hook,
    **dict.fromkeys((types_of.ListType, types_of.VarTupleType, *_SETS), _of_item),
    **dict.fromkeys((*OBJECTS, types_of.NamedTupleType), _of_fields),
}
"""What is inside each kind of type; scalars have nothing."""


def parts_of(info: types_of.Type) -> Iterable[types_of.Type]:
    """*info* and every type inside it, each class once."""
    if type(info) not in _INSIDE:
        return (info,)
    cls = getattr(info, "cls", None)
    # PERF: walked once for each class; what a hook puts inside is another app's other thing.
    known = isinstance(cls, type) and not hooked()
    return _class_parts(cls) if known else tuple(_walk(info))


@cache
def _class_parts(cls: type) -> tuple[types_of.Type, ...]:
    return tuple(_walk(_class_info(cls)))


def _walk(info: types_of.Type) -> Iterator[types_of.Type]:
    waiting, seen = [info], set[object]()
    while waiting:
        each = waiting.pop()
        if type(each) in _INSIDE:
            cls = getattr(each, "cls", None)
            if cls in seen:
                continue
            if cls is not None:
                seen.add(cls)
            waiting.extend(reversed([*inner_types(each)]))
        yield each


def can_nest(info: types_of.Type, above: tuple[object, ...] = ()) -> bool:
    """Whether values of this type can be nested without end: one of its classes holds itself.

    So do `Any`, and what a hook decodes, of which nothing is known.
    """
    cls = getattr(info, "cls", None)
    if cls in above or isinstance(info, _ENDLESS):
        return True
    inside = above if cls is None else (*above, cls)
    return any(can_nest(part, inside) for part in inner_types(info))


def is_anything(info: types_of.Type) -> bool:
    """Whether *info* takes whatever there is."""
    return isinstance(info, types_of.AnyType)


def is_raw(info: types_of.Type) -> bool:
    """Whether *info* is what travels, as it is."""
    return isinstance(info, types_of.RawType)


def foreign_class(info: types_of.Type) -> type | None:
    """The class of which neither msgspec nor a hook knows anything, if *info* is one."""
    return info.cls if isinstance(info, types_of.CustomType) and not hook_of(info.cls) else None


def collide(info: types_of.Type) -> bool:
    """Whether *info* is a set or dictionary whose members a client can make collide.

    CPython's hashes of numbers, and of what holds numbers, are no secret: 400 kB of chosen
    ones take seconds to insert. Those of text are a secret of the process.
    """
    if isinstance(info, _SETS):
        return _guessable(info.item_type)
    # Keys of any type are text in JSON, the only format that a body with `Any` is read from.
    key = info.key_type if isinstance(info, types_of.DictType) else None
    return key is not None and not is_anything(key) and _guessable(key)


def _guessable(info: types_of.Type) -> bool:
    """Whether many values of one hash can be chosen."""
    for part in parts_of(info):
        if is_unbounded(part) or isinstance(part, _GUESSABLE):
            return True
        if isinstance(part, types_of.FloatType) and part is not info:
            return True  # alone, only some 60 floats share a hash; pairs of them are many
    return False


def is_unbounded(info: types_of.Type) -> bool:
    """Whether *info* takes integers of any size."""
    if not isinstance(info, types_of.IntType):
        return False
    return (info.ge is None and info.gt is None) or (info.le is None and info.lt is None)
