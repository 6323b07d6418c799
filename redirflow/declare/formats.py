"""Error formats: how an error looks on the wire, and how the document describes it.

A format gives, for each error class, the exact type of the body and its values. Both the
response and the document are made from that type, so they can't disagree.
"""

import re
from collections.abc import Mapping
from types import UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    Protocol,
    Union,
    get_args,
    get_origin,
    runtime_checkable,
)

import msgspec
from msgspec import Struct

from redirflow.declare.checks import DeclaredMeta, check_fields
from redirflow.declare.errors import ErrorDetail, HTTPError, members_of, remembered
from redirflow.http.media import JSON, PROBLEM_JSON

_WORD: Final = r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+"


@runtime_checkable
class ErrorFormat(Protocol):
    """What an app's `error_format` must offer; write your own for another house style."""

    @property
    def media_type(self) -> str:
        """The Content-Type of every error."""
        ...

    def body_type(self, error: type[HTTPError]) -> Any:
        """The msgspec type of the body of this class of errors, for the document."""
        ...

    def body(self, error: HTTPError) -> Any:
        """The body of *error*; it is checked against `body_type` before it is sent."""
        ...


def kebab(name: str) -> str:
    """`EmailTaken` as `email-taken`."""
    return "-".join(word.lower() for word in re.findall(_WORD, name))


def _present(error: HTTPError) -> dict[str, Any]:
    """The members of *error* that are not `None`."""
    values = {name: getattr(error, name) for name in members_of(type(error))}
    return {name: value for name, value in values.items() if value is not None}


def _field(name: str, type_: Any) -> Any:
    """A member as `defstruct` takes it; one that is `None` is left out, and never null."""
    try:
        msgspec.convert(None, type_)
    except msgspec.ValidationError:
        return name, type_
    return name, Union[_without_none(type_), msgspec.UnsetType], msgspec.UNSET  # noqa: UP007 - made at run time


def _without_none(type_: Any) -> Any:
    if get_origin(type_) is Annotated:
        inner, *marks = get_args(type_)
        return Annotated[(_without_none(inner), *marks)]
    if get_origin(type_) not in {Union, UnionType}:
        return type_
    return Union[tuple(part for part in get_args(type_) if part is not type(None))]  # noqa: UP007 - made at run time


def _body_struct(
    error: type[HTTPError], own: list[Any], members: Mapping[str, Any]
) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        error.__name__,
        [*own, *(_field(name, type_) for name, type_ in members.items())],
        kw_only=True,
        module=error.__module__,
        namespace={"__doc__": error.__doc__ or error.title},
    )


class ProblemDetails(Struct, frozen=True, metaclass=DeclaredMeta):
    """RFC 9457 problem details, `application/problem+json`. The default.

    Args:
        base: what the class name, in kebab case, is put behind to make the `type`; by
            default the section of the docs page that explains it. The built-in classes
            have the type `about:blank` (RFC 9457 4.2.1).
    """

    base: str = "/docs#"

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def media_type(self) -> str:
        """`application/problem+json`."""
        return PROBLEM_JSON

    @remembered
    def body_type(self, error: type[HTTPError]) -> Any:
        """A Struct with the standard members and those of the class."""
        own = [
            ("type", Literal[self.uri(error)]),
            ("title", Literal[error.title]),
            ("status", Literal[error.status_code]),
            ("detail", str | msgspec.UnsetType, msgspec.UNSET),
        ]
        return _body_struct(error, own, members_of(error))

    def body(self, error: HTTPError) -> Mapping[str, Any]:
        """The members of one problem; `detail` and fields that are `None` are left out."""
        kind = type(error)
        problem = {"type": self.uri(kind), "title": kind.title, "status": kind.status_code}
        if error.detail is not None:
            problem["detail"] = error.detail
        return {**problem, **_present(error)}

    def uri(self, error: type[HTTPError]) -> str:
        """The problem type of this class of errors."""
        return "about:blank" if error.built_in else self.base + kebab(error.__name__)


class ErrorModel(Struct, frozen=True, metaclass=DeclaredMeta):
    """`application/json` with a list of what is wrong: `{"detail": [{"msg", "loc", "type"}]}`.

    Only `msg` is always there. Fields of an error class stand beside `detail`.
    """

    @property
    def media_type(self) -> str:
        """`application/json`."""
        return JSON

    @remembered
    def body_type(self, error: type[HTTPError]) -> Any:
        """One shared type, or for a class with fields one of its own."""
        # Faults go into `detail`.
        beside = {name: type_ for name, type_ in members_of(error).items() if name != "errors"}
        own = [("detail", list[ErrorDetail])]
        return _body_struct(error, own, beside) if beside else ErrorBody

    def body(self, error: HTTPError) -> Mapping[str, Any]:
        """One entry per fault; an error without faults has one entry, its detail."""
        kind = type(error)
        fields = _present(error)
        faults = fields.pop("errors", None)
        own = ErrorDetail(error.detail or kind.title, type=kebab(kind.__name__))
        return {"detail": faults or [own], **fields}


class ErrorBody(msgspec.Struct):
    """What is wrong with a request."""

    detail: list[ErrorDetail]
