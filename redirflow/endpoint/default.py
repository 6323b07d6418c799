"""The default of an argument or of a field: a value of its type, made anew for each request."""

import inspect
import types
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Annotated, Any, Final, Union, get_args, get_origin, is_typeddict

import msgspec
from msgspec import inspect as types_of

from redirflow.declare.hooks import decoding, encoding
from redirflow.endpoint.convert import bare_info, takes_none, unaliased, without_none
from redirflow.endpoint.marks import Misread
from redirflow.endpoint.parts import parts_of, shown
from redirflow.endpoint.signature import REQUIRED, Required, is_upload


def default_of(argument: inspect.Parameter, type_: Any) -> tuple[Callable[[], Any] | Required, Any]:
    """What makes the default of *argument*, which is of *type_*, and the default itself."""
    if argument.default is argument.empty:
        return REQUIRED, REQUIRED
    default: Any = argument.default
    if default.__class__ is tuple and isinstance(bare_info(without_none(type_)), types_of.ListType):
        default = [*default]  # written so because nobody can change it
    _refuse_default(argument.name, type_, default)
    return _making(default), default


def field_default(field: msgspec.structs.FieldInfo) -> tuple[Callable[[], Any] | Required, Any]:
    """`default_of` for a field of a Struct, which is not looked at."""
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory, field.default_factory()
    if field.default is not msgspec.NODEFAULT:
        return _making(field.default), field.default
    return REQUIRED, REQUIRED


def refuse_field_defaults(info: types_of.Type) -> None:
    """Refuse wrong defaults in the fields of every Struct in a type."""
    for part in parts_of(info):
        # PERF: the fields of a class are read only where one has a default.
        if isinstance(part, types_of.StructType) and not all(each.required for each in part.fields):
            for field in msgspec.structs.fields(part.cls):
                default = field_default(field)[1]
                if default not in (REQUIRED, msgspec.UNSET):
                    _refuse_default(f"{part.cls.__name__}.{field.name}", field.type, default)


def _refuse_default(name: str, type_: Any, default: Any) -> None:
    """Refuse a default that no client may send: it breaks its own type or constraints.

    What only stands for a value of the type on the wire, as a text does for a member of an
    Enum, would reach the handler as it is.
    """
    if type_ is Any or (default is None and takes_none(type_)):
        return
    write = f"{name}: {shown(type_)} | None = None" if default is None else ""
    try:
        if is_upload(type_) and default != []:
            raise TypeError("Expected a file")
        meant = msgspec.convert(
            msgspec.to_builtins(default, enc_hook=encoding()), type_, dec_hook=decoding()
        )
        if not _is_of(default, type_):
            write = f"{name}: {shown(type_)} = {_written(meant)}"
            raise TypeError(f"Expected `{shown(type_)}`, got `{type(default).__name__}`")
    except (TypeError, ValueError) as error:
        raise Misread(
            f"the default {_shown(default)} of {name} is not of its type: {error}",
            "a value that a client may send",
            write,
        ) from None


def _is_of(value: Any, hint: Any) -> bool:
    """Whether *value*, which msgspec takes for *hint*, is what a type checker takes for it."""
    hint = unaliased(hint)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _is_of(value, inner[0])
    if origin in {Union, types.UnionType}:
        return any(_is_of(value, each) for each in inner)
    cls = origin or hint
    if cls is Any or not isinstance(cls, type) or is_typeddict(cls):
        return True  # what it is made of is msgspec's business
    if type(value) in _LISTS and isinstance(value, cls):
        return all(_is_of(item, each) for item, each in _paired(value, inner))
    return isinstance(value, _WIDER.get(cls, cls))


def _paired(items: Any, inner: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """Each of *items* with its own type; of those of a bare list nothing is known."""
    own = len(inner) == len(items) and ... not in inner
    return zip(items, inner if own else (inner[:1] or (Any,)) * len(items), strict=True)


_LIST: Final[Any] = list
_LISTS: Final = (list, tuple, set, frozenset)

_WIDER: Final[dict[Any, Any]] = {float: (float, int)}
"""Where an integer is a value of another type (PEP 484)."""


def _written(value: Any) -> str:
    """*value* as an author writes it."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, _LIST):
        return f"[{', '.join(map(_written, value))}]"
    return repr(value)


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except ValueError:  # an integer of more digits than Python writes
        return object.__repr__(value)


def _making(default: Any) -> Callable[[], Any]:
    """A function that makes *default*: a fresh copy of what could be changed."""
    if isinstance(default, list | set | dict):
        return default.copy
    return lambda: default
