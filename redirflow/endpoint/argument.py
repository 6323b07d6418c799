"""One argument of a function: the part of a request that it comes from, and how it is read."""

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec
from msgspec import inspect as types_of

from redirflow.declare.dependencies import APIKey, Basic, Bearer, Depends
from redirflow.declare.params import Alias, In, Where
from redirflow.endpoint.convert import (
    COLLECTIONS,
    Reader,
    Unreadable,
    bare_info,
    is_scalar,
    reader_of,
    without_none,
)
from redirflow.endpoint.parts import collide, foreign_class, parts_of, shown
from redirflow.endpoint.signature import REQUIRED, Parameter, Required, is_upload
from redirflow.http.headers import is_token
from redirflow.http.upload import UploadFile


class Misread(Exception):
    """One argument can't be placed; becomes a `Fault`."""

    def __init__(self, found: str, allowed: str = "", write: str = "") -> None:
        super().__init__(found)
        self.found, self.allowed, self.write = found, allowed, write


INJECTED: Final = (Depends, Bearer, Basic, APIKey)


def source_of(argument: inspect.Parameter, marks: list[Any]) -> Any:
    """The mark that says where the argument comes from, if there is one."""
    if isinstance(argument.default, INJECTED):
        shown = type(argument.default).__name__
        raise Misread(
            f"{shown}(...) is its default",
            "defaults that are values",
            f"{argument.name}: Annotated[..., {shown}(...)]",
        )
    sources = [mark for mark in marks if isinstance(mark, (In, *INJECTED))]
    if len(sources) > 1:
        raise Misread(f"it comes from {len(sources)} places: {sources}", "one marker")
    return sources[0] if sources else None


def taken_apart(hint: Any) -> tuple[Any, list[Any]]:
    """A hint as the type that msgspec reads, and our marks on it."""
    if get_origin(hint) is not Annotated:
        return hint, []
    type_, *marks = get_args(hint)
    metas = [mark for mark in marks if isinstance(mark, msgspec.Meta)]
    ours = [mark for mark in marks if not isinstance(mark, msgspec.Meta)]
    return (Annotated[(type_, *metas)] if metas else type_), ours


def where_of(
    name: str, type_: Any, info: types_of.Type, marker: In | None, template: frozenset[str]
) -> Where:
    """The part of the request that an argument comes from.

    Args:
        name: its own, or its alias.
        info: what msgspec knows of *type_*.
    """
    if name in template:
        if marker is not None:
            raise Misread(
                f"it stands in the path, but is marked as {marker.where}",
                "a path parameter has no marker",
            )
        return "path"
    if marker is not None:
        return marker.where
    if is_upload(type_):
        return "form"
    return "body" if _is_composite(info) else "query"


def info_of(type_: Any) -> types_of.Type:
    """What msgspec knows of a type that a request may hold."""
    if is_upload(type_):
        return types_of.AnyType()
    info = _known(type_)
    foreign = next(filter(None, map(foreign_class, parts_of(info))), None)
    if foreign is not None:
        raise Misread(
            f"{shown(foreign)} is no type that msgspec reads",
            "Struct, dataclass, attrs class, TypedDict, and the types of the standard library",
            "a Struct or a dataclass with the same fields",
        )
    if any(collide(part) for part in parts_of(info)):
        raise Misread(
            "a set, or keys of a dict, of numbers or UUIDs in a request: colliding ones stall it",
            "a list, text, or bounded integers",
            "set[Annotated[int, Meta(ge=0, le=1_000_000)]]",
        )
    return info


def _known(type_: Any) -> types_of.Type:
    try:
        return bare_info(without_none(type_))
    except NameError as error:
        raise Misread(
            f"a field of {shown(type_)} has an annotation that can't be resolved: {error}",
            "names of the module",
            "define the type at module level, or without `from __future__ import annotations`",
        ) from None
    except TypeError as error:
        raise Misread(
            f"msgspec can't read a {shown(type_)} ({error})",
            "the types that msgspec reads",
            "a Struct or a dataclass with the same fields",
        ) from None


def _is_composite(info: types_of.Type) -> bool:
    """Whether a value of this type is a body: neither a scalar nor a list of scalars."""
    return not is_scalar(info.item_type if isinstance(info, COLLECTIONS) else info)


def parameter_of(
    argument: inspect.Parameter, type_: Any, marks: list[Any], where: Where
) -> Parameter:
    """The parameter that is *argument*."""
    default, shown = default_of(argument)
    reader = _reader(type_)
    if where == "path" and not isinstance(default, Required):
        raise Misread("a path parameter with a default", "none: the path always has it")
    if where == "path" and reader.many:
        raise Misread("a path parameter that is a list", "a scalar")
    return Parameter(
        name=argument.name,
        where=where,
        key=_key(argument.name, marks, where),
        type=type_,
        reader=reader,
        default=default,
        shown=shown,
    )


def field_parameters(struct: type[msgspec.Struct], where: Where, group: str) -> Iterator[Parameter]:
    """The parameters that are the fields of *struct*, which is the argument *group*."""
    for field in msgspec.structs.fields(struct):
        type_, marks = taken_apart(field.type)
        default, shown = _field_default(field)
        yield Parameter(
            name=field.name,
            where=where,
            key=_key(field.encode_name, marks, where),
            type=type_,
            reader=_reader(type_),
            default=default,
            shown=shown,
            group=group,
        )


def _read_upload(value: Any) -> UploadFile:
    if not isinstance(value, UploadFile):
        raise Unreadable("Expected a file")
    return value


def _reader(type_: Any) -> Reader:
    if is_upload(type_):
        return Reader(_read_upload, many=without_none(type_) is not UploadFile)
    try:
        return reader_of(type_)
    except TypeError as error:
        raise Misread(
            f"{shown(type_)} can't be read from one text: {error}",
            "a scalar, or a list of scalars",
            "Body[...] if it is the body",
        ) from None


def alias_of(marks: list[Any]) -> str | None:
    """The name on the wire that an `Alias` among *marks* gives."""
    return next((mark.name for mark in marks if isinstance(mark, Alias)), None)


def _key(name: str, marks: list[Any], where: Where) -> str:
    alias = alias_of(marks)
    if alias is not None and where in {"header", "cookie"} and not is_token(alias):
        raise Misread(f"Alias({alias!r}) can't name a {where}", "letters, digits and '-'")
    if where == "header":
        return (alias or name.replace("_", "-")).lower()
    return alias or name


def default_of(argument: inspect.Parameter) -> tuple[Callable[[], Any] | Required, Any]:
    """What makes the default of *argument*, and the default itself."""
    if argument.default is argument.empty:
        return REQUIRED, REQUIRED
    return _making(argument.default), argument.default


def _field_default(field: msgspec.structs.FieldInfo) -> tuple[Callable[[], Any] | Required, Any]:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory, field.default_factory()
    if field.default is not msgspec.NODEFAULT:
        return _making(field.default), field.default
    return REQUIRED, REQUIRED


def _making(default: Any) -> Callable[[], Any]:
    """A function that makes *default*: a fresh copy of what could be changed."""
    if isinstance(default, list | set | dict):
        return default.copy
    return lambda: default
