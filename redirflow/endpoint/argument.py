"""One argument of a function: the part of a request that it comes from, and how it is read."""

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as types_of

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
from redirflow.endpoint.default import default_of, field_default, refuse_field_defaults
from redirflow.endpoint.marks import Foreign, Misread, alias_of, refuse_strays, taken_apart
from redirflow.endpoint.parts import collide, foreign_class, parts_of, remedy_of, shown
from redirflow.endpoint.signature import Parameter, Required, is_upload
from redirflow.http.headers import is_token
from redirflow.http.upload import UploadFile


def where_of(
    name: str, type_: Any, info: types_of.Type, marker: In | None, template: frozenset[str]
) -> Where:
    """The part of the request that an argument comes from.

    Args:
        name: its own, or its alias.
        info: what msgspec knows of *type_*.
    """
    if is_upload(type_):
        if name in template or (marker is not None and marker.where != "form"):
            raise Misread("a file that comes from no form", "UploadFile", f"{name}: UploadFile")
        return "form"
    if name in template:
        if marker is not None:
            raise Misread(
                f"it stands in the path, but is marked as {marker.where}",
                "a path parameter has no marker",
            )
        return "path"
    if marker is not None:
        return marker.where
    # Neither a scalar nor a list of scalars is read from one text.
    item = info.item_type if isinstance(info, COLLECTIONS) else info
    return "query" if is_scalar(item) else "body"


def info_of(type_: Any) -> types_of.Type:
    """What msgspec knows of a type that a request may hold."""
    if is_upload(type_):
        return types_of.AnyType()
    info = _known(type_)
    foreign = next(filter(None, map(foreign_class, parts_of(info))), None)
    if foreign is not None:
        hook = f"App(type_hooks=[TypeHook({shown(foreign)}, decode=..., encode=...)]), or a Struct"
        raise Foreign(
            f"{shown(foreign)} is no type that msgspec reads",
            "Struct, dataclass, attrs class, TypedDict, most types of the standard library, and "
            "what the app has a hook for",
            "Any" if foreign is object else hook,
        )
    if any(collide(part) for part in parts_of(info)):
        raise Misread(
            "a set, or keys of a dict, of numbers or UUIDs in a request: colliding ones stall it",
            "a list, text, or bounded integers",
            "set[Annotated[int, Meta(ge=0, le=1_000_000)]]",
        )
    refuse_field_defaults(info)
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
            remedy_of(error) or "a Struct or a dataclass with the same fields",
        ) from None


def parameter_of(
    argument: inspect.Parameter, type_: Any, marks: list[Any], where: Where
) -> Parameter:
    """The parameter that is *argument*."""
    default, shown = default_of(argument, type_)
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
        refuse_strays(field.type, marks, (Alias,))
        default, shown = field_default(field)
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


def _key(name: str, marks: list[Any], where: Where) -> str:
    alias = alias_of(marks)
    if alias is not None and where in {"header", "cookie"} and not is_token(alias):
        raise Misread(f"Alias({alias!r}) can't name a {where}", "letters, digits and '-'")
    if where == "header":
        return (alias or name.replace("_", "-")).lower()
    return alias or name
