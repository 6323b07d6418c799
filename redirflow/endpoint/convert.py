"""From the text of a parameter to a typed value.

msgspec does the work. What its lax mode would take but a client should not send is
refused first: integers that are no plain decimals, floats that are not finite, `null`.
"""

import re
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

import msgspec
from msgspec import inspect as types_of

Read: TypeAlias = Callable[[str], Any]

_INTEGER: Final = re.compile(r"-?[0-9]{1,4300}", re.ASCII)
_FLOAT: Final = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)

_MAX_MESSAGE: Final = 256
_PATH: Final = re.compile(r" - at (?:`key` in )?`\$(.*)`\Z", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")


class Unreadable(ValueError):
    """A text that is not a value of its type. `where` leads into a list."""

    def __init__(self, message: str, where: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.where = where


@dataclass(frozen=True, slots=True)
class Reader:
    """How one parameter is read.

    Attributes:
        read: from text to the value; raises `Unreadable`.
        many: whether all values of the name are read, into `collect`.
        fallible: whether some text is refused.
        fast: the plain type that generated code may read by itself.
    """

    read: Read
    many: bool = False
    collect: Callable[[list[Any]], Any] = list
    fallible: bool = True
    fast: Literal["int", "str"] | None = None


def capped(message: str) -> str:
    """*message*, with at most 256 characters: msgspec repeats input without limit."""
    return message if len(message) <= _MAX_MESSAGE else message[: _MAX_MESSAGE - 3] + "..."


def split_error(error: BaseException) -> tuple[str, list[str | int]]:
    """The message of a msgspec error without its path, and the path as a list."""
    text = str(error)
    match = _PATH.search(text)
    if match is None:
        return capped(text), []
    steps = [int(number) if number else name for name, number in _STEP.findall(match[1])]
    return capped(text[: match.start()]), [step for step in steps if step != ""]


def reader_of(type_: Any) -> Reader:
    """How a parameter of *type_* is read.

    Raises:
        TypeError: msgspec can't handle the type, or it is no scalar and no list of scalars.
    """
    bare = without_none(type_)
    info = types_of.type_info(bare)
    while isinstance(info, types_of.Metadata):
        info = info.type
    if isinstance(info, _COLLECTIONS):
        return _list_reader(bare, info)
    if not is_scalar(info):
        raise TypeError("it is neither a scalar nor a list of scalars")
    return _scalar_reader(bare, info)


_COLLECTIONS: Final = (
    types_of.ListType,
    types_of.SetType,
    types_of.FrozenSetType,
    types_of.VarTupleType,
)

_SCALARS: Final = (
    types_of.AnyType,
    types_of.BoolType,
    types_of.BytesType,
    types_of.DateTimeType,
    types_of.DateType,
    types_of.DecimalType,
    types_of.EnumType,
    types_of.FloatType,
    types_of.IntType,
    types_of.LiteralType,
    types_of.StrType,
    types_of.TimeDeltaType,
    types_of.TimeType,
    types_of.UUIDType,
)


def is_scalar(info: types_of.Type) -> bool:
    """Whether one text holds a value of this type."""
    if isinstance(info, types_of.Metadata):
        return is_scalar(info.type)
    if isinstance(info, types_of.UnionType):
        return all(is_scalar(part) or isinstance(part, types_of.NoneType) for part in info.types)
    return isinstance(info, _SCALARS)


def without_none(type_: Any) -> Any:
    """*type_* without `None`, which no text stands for."""
    if get_origin(type_) is Annotated:
        inner, *marks = get_args(type_)
        marks = [mark for mark in marks if isinstance(mark, msgspec.Meta)]
        stripped = without_none(inner)
        return Annotated[(stripped, *marks)] if marks else stripped
    if get_origin(type_) in {Union, types.UnionType}:
        parts = [part for part in get_args(type_) if part is not type(None)]
        return Union[tuple(parts)] if parts else type_  # noqa: UP007 - made at run time
    return type_


def _scalar_reader(type_: Any, info: types_of.Type) -> Reader:
    if isinstance(info, types_of.UnionType):
        return Reader(
            _first_of([_scalar_reader(part, types_of.type_info(part)) for part in _parts(type_)])
        )
    if isinstance(info, types_of.StrType) and _is_plain(info):
        return Reader(str, fallible=False, fast="str")
    if isinstance(info, types_of.AnyType):
        return Reader(str, fallible=False)
    if isinstance(info, types_of.IntType):
        return Reader(_int_reader(type_), fast="int" if _is_plain(info) else None)
    if isinstance(info, types_of.FloatType):
        return Reader(_checked(type_, _FLOAT, "Expected `float`"))
    lax = isinstance(info, types_of.BoolType) or _of_numbers(info)
    return Reader(_converter(type_, strict=not lax))


def _parts(type_: Any) -> Iterable[Any]:
    """The members of a union, each with the constraints that stand on the whole."""
    if get_origin(type_) is Annotated:
        inner, *marks = get_args(type_)
        return [Annotated[(part, *marks)] for part in _parts(inner)]
    return get_args(type_)


def _is_plain(info: types_of.Type) -> bool:
    """Whether nothing but the type itself is asked for."""
    return info == type(info)()


def _of_numbers(info: types_of.Type) -> bool:
    """Whether an enum or a literal has members that are numbers."""
    if isinstance(info, types_of.EnumType):
        values: Iterable[Any] = [member.value for member in info.cls]
    elif isinstance(info, types_of.LiteralType):
        values = info.values
    else:
        return False
    return any(isinstance(value, int) for value in values)


def _converter(type_: Any, *, strict: bool) -> Read:
    def read(text: str) -> Any:
        try:
            return msgspec.convert(text, type_, strict=strict)
        except msgspec.ValidationError as error:
            raise Unreadable(capped(str(error))) from None

    return read


def _checked(type_: Any, pattern: re.Pattern[str], expected: str) -> Read:
    """A converter for a number that has to look like *pattern*."""
    convert = _converter(type_, strict=False)

    def read(text: str) -> Any:
        if not pattern.fullmatch(text):
            raise Unreadable(expected)
        return convert(text)

    return read


def _int_reader(type_: Any) -> Read:
    """Plain decimals only; leading zeros are the number's own business."""

    def read(text: str) -> Any:
        if not _INTEGER.fullmatch(text):
            raise Unreadable("Expected `int`")
        try:
            return msgspec.convert(int(text), type_)
        except msgspec.ValidationError as error:
            raise Unreadable(capped(str(error))) from None

    return read


def _first_of(readers: list[Reader]) -> Read:
    """The first member of a union, in declared order, that takes the text."""

    def read(text: str) -> Any:
        said: list[str] = []
        for reader in readers:
            try:
                return reader.read(text)
            except Unreadable as error:
                said.append(str(error))
        raise Unreadable(capped(" or ".join(said)))

    return read


def _list_reader(type_: Any, info: types_of.Type) -> Reader:
    item_type = get_args(_unannotated(type_))[:1] or (str,)
    item = reader_of(item_type[0])
    if item.many:
        raise TypeError("it is a list of lists")

    def collect(values: list[Any]) -> Any:
        try:
            return msgspec.convert(values, type_)
        except msgspec.ValidationError as error:
            message, where = split_error(error)
            raise Unreadable(message, tuple(where)) from None

    return Reader(
        item.read, many=True, collect=collect, fallible=item.fallible or not _is_plain_list(info)
    )


def _is_plain_list(info: types_of.Type) -> bool:
    return getattr(info, "min_length", None) is None and getattr(info, "max_length", None) is None


def _unannotated(type_: Any) -> Any:
    return get_args(type_)[0] if get_origin(type_) is Annotated else type_
