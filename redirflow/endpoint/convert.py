"""From the text of a parameter to a typed value, and from an error of msgspec's to words.

msgspec does the work. What its lax mode would take but a client should not send is
refused first: integers that are no plain decimals, numbers that are not finite, `null`.
"""

import math
import re
import types
from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec import inspect as types_of

from redirflow.declare.hooks import Decode, TypeHook, decoding, encoding, hook_of
from redirflow.endpoint.parts import type_info
from redirflow.http.local_url import LocalURL, WebURL
from redirflow.http.values import Hook, wire_text

Read: TypeAlias = Callable[[str], Any]

_INTEGER: Final = re.compile(r"[0-9]{1,4300}|-[0-9]{1,4299}", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)

_MAX_MESSAGE: Final = 256
_MAX_KEY: Final = 64
_FEW: Final = 10
_PATH: Final = re.compile(r" - at (?:`key` in )?`\$([^`]{0,2000})`\Z")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_VALUE: Final = re.compile(r"(Invalid (?:enum )?value|Object contains unknown field) .*", re.DOTALL)


def _refusal(type_: Any) -> str:
    """What msgspec says of a text that the pattern of *type_* does not take."""
    return f"Expected `str` matching regex {get_args(type_)[1].pattern!r}"


DECIMAL: Final[Any] = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?(E[+-][0-9]+)?$")]
"""What a finite `Decimal` is written as."""

_WORDS: Final = {
    _refusal(DECIMAL): "Number out of range",
    _refusal(LocalURL): "Expected a location of this site: '/path', '?query' or '#fragment'",
    _refusal(WebURL): "Expected an absolute URL: 'https://host/path'",
}
"""What is said instead of a pattern that nobody can read."""


class Unreadable(ValueError):
    """A text that is not a value of its type. `where` leads into a list."""

    def __init__(self, message: str, where: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.where = where


class Reader(Struct, frozen=True):
    """How one parameter is read.

    Attributes:
        read: from text to the value; raises `Unreadable`.
        many: whether all values of the name are read, into `collect`.
        fallible: whether some text is refused.
        fast: the plain type that generated code may read by itself.
        hook: gives what travels for a value of a class that msgspec does not know.
    """

    read: Read
    many: bool = False
    collect: Callable[[list[Any]], Any] = list
    fallible: bool = True
    fast: Literal["int", "str"] | None = None
    hook: Hook | None = None


def capped(message: str) -> str:
    """*message*, with at most 256 characters: msgspec repeats input without limit."""
    return message if len(message) <= _MAX_MESSAGE else message[: _MAX_MESSAGE - 3] + "..."


def discreet(message: str) -> str:
    """*message* without the value that msgspec repeats in some, for a log."""
    return _VALUE.sub(r"\1", message)


def split_error(error: BaseException) -> tuple[str, list[str | int]]:
    """The message of a msgspec error without its path, and the path as a list."""
    text = str(error)
    match = _PATH.search(text)
    said, path = (text, "") if match is None else (text[: match.start()], match[1])
    steps = [int(number) if number else name for name, number in _STEP.findall(path)]
    return capped(_WORDS.get(said, said)), [step for step in steps if step != ""]


def refuse_infinite(value: Any) -> None:
    """A `ValidationError` for a value that holds a number that is not finite."""
    plain = msgspec.to_builtins(value, builtin_types=(Decimal,), enc_hook=lambda _: None)
    _look_for_infinite(plain, "$")


def _look_for_infinite(value: Any, path: str) -> None:
    if isinstance(value, _DICT):
        for key, item in value.items():
            _look_for_infinite(key, f"{path}[...]")
            # The name of a field is told, and nothing that a client made up.
            known = isinstance(key, str) and len(key) <= _MAX_KEY and key.isidentifier()
            _look_for_infinite(item, f"{path}.{key}" if known else f"{path}[...]")
    elif isinstance(value, _LISTS):
        for index, item in enumerate(value):
            _look_for_infinite(item, f"{path}[{index}]")
    elif (isinstance(value, Decimal) and not value.is_finite()) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise msgspec.ValidationError(f"Number out of range - at `{path}`")


_DICT: Final[Any] = dict
_LISTS: Final[Any] = (list, tuple)


def reader_of(type_: Any) -> Reader:
    """How a parameter of *type_* is read.

    Raises:
        TypeError: msgspec can't handle the type, or it is no scalar and no list of scalars.
    """
    bare = without_none(type_)
    info = bare_info(bare)
    if isinstance(info, COLLECTIONS):
        return _list_reader(bare, info)
    if not is_scalar(info):
        raise TypeError("it is neither a scalar nor a list of scalars")
    return _scalar_reader(bare)


def bare_info(type_: Any) -> types_of.Type:
    """What msgspec knows of *type_*, without what only the document needs."""
    info = type_info(type_)
    while isinstance(info, types_of.Metadata):
        info = info.type
    return info


COLLECTIONS: Final = (
    types_of.ListType,
    types_of.SetType,
    types_of.FrozenSetType,
    types_of.VarTupleType,
)
"""Lists, and what is written like one."""

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
    if isinstance(info, types_of.CustomType):
        hook = hook_of(info.cls)
        return hook is not None and is_scalar(type_info(hook.wire))
    return isinstance(info, _SCALARS)


def without_none(type_: Any) -> Any:
    """*type_* without `None` and `UNSET`, which no text stands for."""
    if isinstance(type_, type):  # PERF: most are a class
        return type_
    type_ = unaliased(type_)
    if get_origin(type_) is Annotated:
        inner, *marks = get_args(type_)
        marks = [mark for mark in marks if isinstance(mark, msgspec.Meta)]
        stripped = without_none(inner)
        return Annotated[(stripped, *marks)] if marks else stripped
    if get_origin(type_) in {Union, types.UnionType}:
        parts = [part for part in get_args(type_) if part not in NOTHING]
        return Union[tuple(parts)] if parts else type_  # noqa: UP007 - made at run time
    return type_


NOTHING: Final = (type(None), msgspec.UnsetType)
"""The classes of what stands for a value that is not there."""


def takes_none(type_: Any) -> bool:
    """Whether `None` is one of the values of *type_*."""
    return takes(type_, type(None))


def takes(type_: Any, part: Any) -> bool:
    """Whether the class *part* is a member of the union *type_*."""
    type_ = unaliased(type_)
    if get_origin(type_) is Annotated:
        return takes(get_args(type_)[0], part)
    return get_origin(type_) in {Union, types.UnionType} and part in get_args(type_)


def _scalar_reader(type_: Any) -> Reader:
    info = bare_info(type_)
    if isinstance(info, types_of.UnionType):
        return _first_of([_scalar_reader(part) for part in _parts(type_)])
    if isinstance(info, types_of.StrType) and _is_plain(info):
        return Reader(str, fallible=False, fast="str")
    if isinstance(info, types_of.AnyType):
        return Reader(str, fallible=False)
    if isinstance(info, types_of.IntType):
        return Reader(
            _number(type_, _INTEGER, "Expected `int`"), fast="int" if _is_plain(info) else None
        )
    if isinstance(info, types_of.FloatType):
        return Reader(_number(type_, _NUMBER, "Expected `float`"))
    if isinstance(info, types_of.DecimalType):
        return Reader(_number(type_, _NUMBER, "Invalid decimal string"))
    if isinstance(info, types_of.LiteralType):
        return Reader(_listing(_literal_reader(info.values), info.values))
    if isinstance(info, types_of.CustomType) and (hook := hook_of(info.cls)):
        return Reader(_hooked(_scalar_reader(hook.wire).read, hook), hook=encoding())
    lax = isinstance(info, types_of.BoolType)
    if isinstance(info, types_of.EnumType):
        values = [member.value for member in info.cls]
        lax = any(isinstance(value, int) for value in values)
        return Reader(_listing(lambda text: _converted(text, type_, strict=not lax), values))
    return Reader(lambda text: _converted(text, type_, strict=not lax))


def _parts(type_: Any) -> Iterable[Any]:
    """The members of a union, each with the constraints that stand on the whole."""
    if get_origin(type_) is Annotated:
        inner, *marks = get_args(type_)
        return [Annotated[(part, *marks)] for part in _parts(inner)]
    return get_args(type_)


def unaliased(type_: Any) -> Any:
    """What a `NewType` or a `type` statement stands for."""
    for name in ("__supertype__", "__value__"):
        type_ = getattr(type_, name, type_)
    return type_


def _is_plain(info: types_of.Type) -> bool:
    """Whether nothing but the type itself is asked for."""
    return info == type(info)()


def _converted(value: Any, type_: Any, *, strict: bool = True, decode: Decode | None = None) -> Any:
    try:
        return msgspec.convert(value, type_, strict=strict, dec_hook=decode)
    except msgspec.ValidationError as error:
        message, where = split_error(error)
        raise Unreadable(message, tuple(where)) from None
    except UnicodeEncodeError:  # half a surrogate pair, which a path of some servers may hold
        raise Unreadable("Expected text of whole characters") from None


def _number(type_: Any, looks: re.Pattern[str], expected: str) -> Read:
    """A converter for a number that has to look like one; leading zeros are its own business."""
    make, strict = (int, True) if looks is _INTEGER else (str, False)

    def read(text: str) -> Any:
        if not looks.fullmatch(text):
            raise Unreadable(expected)
        return _converted(make(text), type_, strict=strict)

    return read


def _hooked(read: Read, hook: TypeHook) -> Read:
    """What travels, read as its own type, and then by the hook."""

    def read_custom(text: str) -> Any:
        try:
            return hook.read(read(text))
        except Unreadable:
            raise
        except (TypeError, ValueError) as error:
            raise Unreadable(capped(str(error))) from None

    return read_custom


def _listing(read: Read, values: Collection[Any]) -> Read:
    """*read*, which tells a client of the *values*, if they are few."""
    allowed = ", ".join(wire_text(value) for value in values if value is not None)
    if len(values) > _FEW:
        return read

    def read_one(text: str) -> Any:
        try:
            return read(text)
        except Unreadable as error:
            raise Unreadable(capped(f"{error}; allowed: {allowed}")) from None

    return read_one


def _literal_reader(values: Iterable[Any]) -> Read:
    """Each value by its text; none stands for `None`."""
    known = {wire_text(value): value for value in values if value is not None}

    def read(text: str) -> Any:
        if text not in known:
            raise Unreadable(capped(f"Invalid enum value {text!r}"))
        return known[text]

    return read


def _first_of(readers: list[Reader]) -> Reader:
    """The first member of a union, in declared order, that takes the text."""

    def read(text: str) -> Any:
        said: list[str] = []
        for reader in readers:
            try:
                return reader.read(text)
            except Unreadable as error:
                said.append(str(error))
        raise Unreadable(capped(" or ".join(said)))

    return Reader(read, fallible=all(reader.fallible for reader in readers))


def _list_reader(type_: Any, info: types_of.Type) -> Reader:
    inner = get_args(type_)[0] if get_origin(type_) is Annotated else type_
    item_type = get_args(inner)[:1] or (str,)
    item = reader_of(item_type[0])
    if item.many:
        raise TypeError("it is a list of lists")
    decode = decoding()
    bounded = any(getattr(info, name) is not None for name in ("min_length", "max_length"))
    return Reader(
        item.read,
        many=True,
        collect=lambda values: _converted(values, type_, decode=decode),
        fallible=item.fallible or bounded,
        hook=item.hook,
    )
