"""Twins: the declared type of a body, rebuilt to check bytes with.

A response is validated by decoding the very bytes that are about to go out. The declared
class itself is not the one to decode into: its `__post_init__` would run again, and it
overlooks fields that it does not know. So each object type gets two twins with the same
fields and encoding:

* strict: refuses unknown fields, and misses every field that msgspec always writes, also
  those with a default. One decode both validates and detects what is undeclared. A Decimal
  is the text that the document says it is, a NamedTuple has all of its items, and an Enum no
  more values than its members, whatever its `_missing_` takes.
* lenient: skips unknown fields and knows the defaults. Only when the strict one fails,
  decoding into it and encoding again cuts the value down to what was declared.

Recursive types are why fields refer to twins by name; the names are attributes of each
twin, where msgspec looks them up.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from functools import cache
from typing import (
    Annotated,
    Any,
    Final,
    ForwardRef,
    Literal,
    TypeAlias,
    Union,
    get_args,
    get_type_hints,
)
from uuid import UUID

import msgspec
from msgspec import inspect as types_of

from redirflow.declare.hooks import hook_of
from redirflow.endpoint.convert import DECIMAL
from redirflow.endpoint.parts import OBJECTS, parts_of, shown, type_info

ObjectType: TypeAlias = types_of.StructType | types_of.DataclassType | types_of.TypedDictType

_LOOSE: Final = (types_of.DecimalType, types_of.NamedTupleType)
"""Types that msgspec reads from more than it writes."""


def twin(type_: Any, *, strict: bool, wired: bool = False) -> Any:
    """The twin of *type_*: the type itself where nothing in it needs one.

    Args:
        wired: whether what travels stands in the place of each class that has a hook.

    Raises:
        TypeError: msgspec can't handle the type, or something in it.
    """
    info = type_info(type_)
    objects: dict[Any, ObjectType] = {}
    loose = wired
    for part in parts_of(info):
        if isinstance(part, OBJECTS):
            objects[part.cls] = part
        loose = loose or (strict and (isinstance(part, _LOOSE) or takes_more(part)))
    if not objects and not loose:
        return type_
    return _Twins(objects, strict=strict, wired=wired).annotation(info)


def takes_more(info: types_of.Type) -> bool:
    """Whether *info* is an Enum that is read from more than the values of its members."""
    if not isinstance(info, types_of.EnumType) or issubclass(info.cls, Flag):
        return False
    usual: Any = Enum._missing_
    return getattr(info.cls._missing_, "__func__", None) is not usual.__func__


class _Twins:
    """The twins of the object types in one declared type."""

    def __init__(self, objects: dict[Any, ObjectType], *, strict: bool, wired: bool) -> None:
        self._strict = strict
        self._wired = wired
        names = {cls: f"__twin_{number}" for number, cls in enumerate(objects)}
        self._references = {cls: ForwardRef(name) for cls, name in names.items()}
        self._made = {cls: self._make(info) for cls, info in objects.items()}
        for made in self._made.values():
            for cls, name in names.items():
                setattr(made, name, self._made[cls])

    def annotation(self, info: types_of.Type) -> Any:
        """What a decoder takes for *info*."""
        return _annotation(info, lambda found: self._beside(found, self._made))

    def _make(self, info: ObjectType) -> type[msgspec.Struct]:
        struct = info if isinstance(info, types_of.StructType) else None
        omitted = _omitted(info)
        return msgspec.defstruct(
            shown(info.cls),
            [self._field(field, omits=field.name in omitted) for field in info.fields],
            rename={field.name: field.encode_name for field in info.fields},
            kw_only=True,
            tag=struct.tag if struct else None,
            tag_field=struct.tag_field if struct else None,
            array_like=bool(struct and struct.array_like),
            forbid_unknown_fields=self._strict,
            frozen=True,  # so that sets hold them
            gc=False,  # PERF: it lives for one check
        )

    def _field(self, field: types_of.Field, *, omits: bool) -> Any:
        type_ = _annotation(field.type, lambda found: self._beside(found, self._references))
        if omits:
            return field.name, Union[type_, msgspec.UnsetType], msgspec.UNSET  # noqa: UP007 - made at run time
        if field.required or self._strict:
            return field.name, type_
        return field.name, type_, msgspec.field(default_factory=_default(field))

    def _beside(self, info: Any, twins: Mapping[Any, Any]) -> Any:
        """The twin of a class, with a stranger beside it if it has a tag: alone, it would not
        be missed.
        """
        if isinstance(info, types_of.DecimalType):
            return DECIMAL if self._strict else Decimal
        if isinstance(info, types_of.EnumType):
            members = tuple(member.value for member in info.cls)
            return Literal[members] if self._strict and takes_more(info) else info.cls
        if isinstance(info, types_of.CustomType):
            hook = hook_of(info.cls) if self._wired else None
            return hook.wire if hook else info.cls
        made = twins[info.cls]
        if not isinstance(info, types_of.StructType) or not info.tag_field:
            return made
        if info.array_like or not self._strict:
            return made
        numbered = isinstance(info.tag, int)
        return Union[made, _stranger(info.tag_field, numbered)]  # noqa: UP007 - made at run time


@cache
def _stranger(tag_field: str, numbered: bool) -> type[msgspec.Struct]:
    """A type that no value has."""
    tag = -(2**63) if numbered else "\0"
    return msgspec.defstruct("Stranger", [], tag=tag, tag_field=tag_field)


def _omitted(info: ObjectType) -> set[str]:
    """The fields that msgspec leaves out of some values."""
    optional = [field for field in info.fields if not field.required]
    if not optional or (isinstance(info, types_of.StructType) and info.array_like):
        return set()
    config = getattr(info.cls, "__struct_config__", None)
    if config and config.omit_defaults:
        return {field.name for field in optional}
    hints = get_type_hints(getattr(info.cls, "__origin__", info.cls))
    return {
        field.name
        for field in optional
        # Without a default it is UNSET, or a key that a TypedDict may lack.
        if field.default is field.default_factory
        or msgspec.UnsetType in get_args(hints[field.name])
    }


def _default(field: types_of.Field) -> Callable[[], Any]:
    default, factory = field.default, field.default_factory
    return factory if factory is not msgspec.NODEFAULT else lambda: default


Refer: TypeAlias = Callable[[Any], Any]


def _annotation(info: types_of.Type, refer: Refer) -> Any:
    """The annotation that msgspec reads as *info*; classes are what *refer* gives for them."""

    def inner(part: types_of.Type) -> Any:
        return _annotation(part, refer)

    if isinstance(info, (*OBJECTS, types_of.CustomType, types_of.DecimalType, types_of.EnumType)):
        return refer(info)
    base: Any = _BASES.get(type(info))
    match info:
        case types_of.Metadata():
            return inner(info.type)
        case types_of.UnionType():
            return Union[tuple(map(inner, info.types))]  # noqa: UP007 - made at run time
        case types_of.TupleType():
            return _TUPLE[tuple(map(inner, info.item_types))]
        case types_of.NamedTupleType():
            return _TUPLE[tuple(inner(field.type) for field in info.fields)]
        case types_of.LiteralType():
            return Literal[info.values]
        case types_of.VarTupleType():
            base = _TUPLE[inner(info.item_type), ...]
        case types_of.DictType():
            base = _DICT[inner(info.key_type), inner(info.value_type)]
        case types_of.ListType() | types_of.SetType() | types_of.FrozenSetType():
            base = base[inner(info.item_type)]
        case _:
            pass
    limits = {name: getattr(info, name) for name in _LIMITS & {*info.__struct_fields__}}
    given: Any = {name: limit for name, limit in limits.items() if limit is not None}
    return Annotated[base, msgspec.Meta(**given)] if given else base


_LIMITS: Final = {
    *("gt", "ge", "lt", "le", "multiple_of"),
    *("min_length", "max_length", "pattern", "tz"),
}

# Type checkers take what stands in brackets for annotations; these are made at run time.
_TUPLE: Final[Any] = tuple
_DICT: Final[Any] = dict

_BASES: Final[dict[type[types_of.Type], Any]] = {
    types_of.AnyType: Any,
    types_of.NoneType: None,
    types_of.BoolType: bool,
    types_of.IntType: int,
    types_of.FloatType: float,
    types_of.StrType: str,
    types_of.BytesType: bytes,
    types_of.ByteArrayType: bytearray,
    types_of.MemoryViewType: memoryview,
    types_of.DateTimeType: datetime,
    types_of.DateType: date,
    types_of.TimeType: time,
    types_of.TimeDeltaType: timedelta,
    types_of.UUIDType: UUID,
    types_of.ExtType: msgspec.msgpack.Ext,
    types_of.RawType: msgspec.Raw,
    types_of.ListType: list,
    types_of.SetType: set,
    types_of.FrozenSetType: frozenset,
}
