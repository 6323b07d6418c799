"""The default of an argument or of a field: a value of its type, made anew for each request."""

import inspect
import re
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from enum import Enum
from typing import (
    Annotated,
    Any,
    Final,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from typing import Required as Needed

import msgspec
from msgspec import Struct
from msgspec import inspect as types_of

from redirflow.declare.hooks import decoding, encoding
from redirflow.endpoint.anew import FIXED, making
from redirflow.endpoint.convert import NOTHING, bare_info, takes, unaliased, without_none
from redirflow.endpoint.marks import Misread
from redirflow.endpoint.parts import parts_of, shown
from redirflow.endpoint.signature import REQUIRED, Required, is_upload


def default_of(argument: inspect.Parameter, type_: Any) -> tuple[Callable[[], Any] | Required, Any]:
    """What makes the default of *argument*, which is of *type_*, and the default itself."""
    if argument.default is argument.empty:
        return REQUIRED, REQUIRED
    default = _thawed(argument.default, type_)
    _refuse_default(argument.name, type_, default)
    try:
        return making(default), default
    except RecursionError:  # what a Struct holds besides its fields counts as well
        raise _endless(argument.name, default) from None


def _thawed(default: Any, type_: Any) -> Any:
    """A list or dict for what is written in place of one because nobody can change it."""
    thaw, kind = _THAWED.get(type(default), (None, None))
    return thaw(default) if thaw and isinstance(bare_info(without_none(type_)), kind) else default


_THAWED: Final[dict[Any, Any]] = {
    tuple: (list, types_of.ListType),
    types.MappingProxyType: (dict, types_of.DictType),
}


def field_default(field: msgspec.structs.FieldInfo) -> tuple[Callable[[], Any] | Required, Any]:
    """`default_of` for a field of a Struct, which is not looked at."""
    default = _given(field)
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory, default
    return (REQUIRED if default is REQUIRED else making(default)), default


def _given(field: msgspec.structs.FieldInfo) -> Any:
    """The default of a field."""
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return REQUIRED if field.default is msgspec.NODEFAULT else field.default


def refuse_field_defaults(info: types_of.Type) -> None:
    """Refuse wrong defaults in the fields of every Struct in a type."""
    for part in parts_of(info):
        # PERF: the fields of a class are read only where one has a default.
        if isinstance(part, types_of.StructType) and not all(each.required for each in part.fields):
            for field in msgspec.structs.fields(part.cls):
                default = _given(field)
                if default not in (REQUIRED, msgspec.UNSET):
                    _refuse_default(f"{part.cls.__name__}.{field.name}", field.type, default)


def _refuse_default(name: str, type_: Any, default: Any) -> None:
    """Refuse a default that no client may send: it breaks its own type or constraints.

    What only stands for a value of the type on the wire, as a text does for a member of an
    Enum, would reach the handler as it is.
    """
    absent = _ABSENT.get(type(default), "")
    if absent and takes(type_, type(default)):
        return
    write = f"{name}: {shown(type_)} | {absent}" if absent else ""
    try:
        meant = _meant(type_, default)
        if not _is_of(default, type_):
            write = f"{name}: {shown(type_)} = {_written(meant)}"
            raise TypeError(f"Expected `{shown(type_)}`, got {_kind(default, type_)}")
    except (TypeError, ValueError) as error:
        raise Misread(
            f"the default {_shown(default)} of {name} is not of its type: {error}",
            _SENT,
            write,
        ) from None
    except RecursionError:
        raise _endless(name, default) from None


def _endless(name: str, default: Any) -> Misread:
    return Misread(
        f"the default {_shown(default)} of {name} is nested too deep, or holds itself", _SENT
    )


def _kind(default: Any, type_: Any) -> str:
    name = type(default).__name__
    return f"`{name}` with a wrong field" if name == shown(type_) else f"`{name}`"


_ABSENT: Final[dict[Any, str]] = dict(
    zip(NOTHING, ("None = None", "UnsetType = UNSET"), strict=True)
)
"""How a parameter that may be missing is written, by the class of its default."""

_SENT: Final = "a value that a client may send"


def _meant(type_: Any, default: Any) -> Any:
    """The value of *type_* that a client sends who sends *default*."""
    if is_upload(type_) and default != []:
        raise TypeError("Expected a file")
    if type_ is Any:
        with suppress(TypeError, ValueError):  # what no client may send is all right there
            msgspec.to_builtins(default, enc_hook=lambda _: None)
        return default
    sent = default
    if type(default) not in _UNSENT:
        sent = msgspec.to_builtins(default, enc_hook=encoding())
    return msgspec.convert(sent, type_, dec_hook=decoding())


_UNSENT: Final = (msgspec.UnsetType, msgspec.Raw)
"""What msgspec takes as it is, and does not write."""


def _is_of(value: Any, hint: Any) -> bool:
    """Whether *value*, which msgspec takes for *hint*, is what a type checker takes for it."""
    if type(value) is hint and hint in FIXED:
        return True  # PERF: as most are, 0.1 us in place of 4
    hint = unaliased(hint)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in _WRAPPERS:
        return _is_of(value, inner[0])
    if origin in {Union, types.UnionType}:
        return any(_is_of(value, each) for each in inner)
    cls = origin or hint
    if cls is Any or not isinstance(cls, type):
        return True  # what it is made of is msgspec's business
    if not isinstance(value, dict if is_typeddict(cls) else _WIDER.get(cls, cls)):
        return False
    return all(_is_of(part, each) for part, each in _inside(value, hint, cls))


_WRAPPERS: Final = (Annotated, NotRequired, Needed)


def _inside(value: Any, hint: Any, cls: Any) -> Iterable[tuple[Any, Any]]:
    """What is directly in *value*, which is of *cls*, each with the type that *hint* has for it."""
    if type(value) in _LISTS:
        return _paired(value, get_args(hint))
    if is_typeddict(cls):
        hints = _hints(cls)
        return [(item, hints.get(key, Any)) for key, item in value.items()]
    if isinstance(value, _DICT):
        key_type, item_type = get_args(hint) or (Any, Any)
        return [
            pair for key, item in value.items() for pair in ((key, key_type), (item, item_type))
        ]
    fields = [(name, each) for name, each in _fields(hint, cls) if hasattr(value, name)]
    return [(getattr(value, name), each) for name, each in fields]


def _fields(hint: Any, cls: Any) -> Iterable[tuple[str, Any]]:
    """The fields of a class that msgspec looks into, each with its type."""
    if issubclass(cls, Struct):
        return [(field.name, field.type) for field in msgspec.structs.fields(hint)]
    if not any(hasattr(cls, mark) for mark in _MARKS):
        return ()
    return _hints(cls).items()


_MARKS: Final = ("__dataclass_fields__", "__attrs_attrs__", "_fields")
"""What only dataclasses, classes of attrs and named tuples have, whose fields msgspec reads."""


def _hints(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _paired(items: Any, inner: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """Each of *items* with its own type; of those of a bare list nothing is known."""
    own = len(inner) == len(items) and ... not in inner
    return zip(items, inner if own else (inner[:1] or (Any,)) * len(items), strict=True)


_LISTS: Final = (list, tuple, set, frozenset)
_DICT: Final[Any] = dict

_WIDER: Final[dict[Any, Any]] = {float: (float, int)}
"""Where an integer is a value of another type (PEP 484)."""


def _written(value: Any) -> str:
    """*value* as an author writes it: the members of an Enum by their names."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    return _MEMBER.sub(r"\1", repr(value))


_MEMBER: Final = re.compile(r"<(\w+\.\w+): (?:'[^']*'|[^<>]*)>")


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except (RecursionError, ValueError):  # an integer of more digits than Python writes
        return object.__repr__(value)
