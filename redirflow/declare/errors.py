"""Errors that handlers raise. A class is its own spec.

    HTTPError                       has no status of its own
    |- 4xx: the client's fault
    |  BadRequest 400, Unauthorized 401, PaymentRequired 402, Forbidden 403, NotFound 404,
    |  MethodNotAllowed 405, NotAcceptable 406, RequestTimeout 408, Conflict 409, Gone 410,
    |  LengthRequired 411, PreconditionFailed 412, ContentTooLarge 413, URITooLong 414,
    |  UnsupportedMediaType 415, MisdirectedRequest 421, ValidationFailed 422, Locked 423,
    |  FailedDependency 424, TooEarly 425, UpgradeRequired 426, PreconditionRequired 428,
    |  TooManyRequests 429, UnavailableForLegalReasons 451
    `- 5xx: ours
       InternalServerError 500, NotImplementedByServer 501, BadGateway 502,
       ServiceUnavailable 503, GatewayTimeout 504

The annotated fields of a subclass are members of the body, given by keyword. How a body
looks is decided by the app's error format (`declare.formats`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cache
from inspect import cleandoc
from types import MappingProxyType
from typing import (
    Any,
    ClassVar,
    Final,
    ParamSpec,
    Self,
    TypeVar,
    cast,
    dataclass_transform,
    get_origin,
    get_type_hints,
)

import msgspec

from redirflow.declare.checks import check
from redirflow.declare.faults import Fault, Place, SpecError, calling_frame, refuse
from redirflow.declare.specs import (
    NOTHING,
    CookieSpec,
    HeaderSpec,
    checked_cookies,
    checked_headers,
    merged_headers,
)

P = ParamSpec("P")
T = TypeVar("T")

_BETWEEN_WORDS: Final = r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
_TAKEN: Final = frozenset({"type", "title", "status", "detail", "errors"})
_REASONS: Final = MappingProxyType(
    {
        # RFC 9110 15.5 has newer phrases than Python before 3.13.
        413: "Content Too Large",
        414: "URI Too Long",
        416: "Range Not Satisfiable",
        422: "Unprocessable Content",
        501: "Not Implemented",
    }
)
"""Where a reason phrase is neither what Python says nor the name of the class here."""


class ErrorDetail(msgspec.Struct, omit_defaults=True):
    """One thing that is wrong with a request."""

    # The document shows the docstring above to clients; this is for readers of the source.
    msg: str  # what is wrong, at most 256 characters
    loc: list[str | int] = []  # the part of the request, then the path into it
    type: str = ""  # a short name of the kind of fault


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """`functools.cache`, whose own type has no room for classes as arguments."""
    return cast("Callable[P, T]", cache(function))


def member(*, default: Any = ..., kw_only: bool = True) -> Any:
    """Declares a field of an error for type checkers; has no effect at run time."""
    return default


@dataclass_transform(kw_only_default=True, field_specifiers=(member,))
class _Fields(Exception):
    """Tells type checkers that annotated fields are keyword parameters."""


class HTTPError(_Fields):
    """An error response that a handler raises, if `raises` declares its class.

    Subclass it with a status; the first line of the docstring is the title:

        class OutOfStock(HTTPError, status_code=409):
            \"\"\"There are not enough of these.\"\"\"

            left: int

    Args:
        detail: what is wrong this time, for the client to read.

    Class parameters:
        status_code: 400 to 599.
        headers: `HeaderSpec`s of the headers given by `with_headers`.
        cookies: `CookieSpec`s of the cookies given by `with_cookies`.

    Raises:
        SpecError: when the class is made: no status, or one outside 400 to 599; when the app
            is compiled: a field whose name is taken (`type`, `title`, `status`, `detail`,
            `errors`, and what this class has itself).
        TypeError: when it is raised: an unknown or missing field.
    """

    detail: str | None = member(default=None, kw_only=False)

    status_code: ClassVar[int] = 0
    title: ClassVar[str] = ""
    header_specs: ClassVar[Mapping[str, HeaderSpec]] = NOTHING
    cookie_specs: ClassVar[Mapping[str, CookieSpec]] = NOTHING
    built_in: ClassVar[bool] = False
    _place: ClassVar[Place | None] = None
    _namespace: ClassVar[Mapping[str, Any]] = NOTHING

    def __init_subclass__(
        cls,
        *,
        status_code: int | None = None,
        headers: Mapping[str, HeaderSpec] | None = None,
        cookies: Mapping[str, CookieSpec] | None = None,
        **more: Any,
    ) -> None:
        super().__init_subclass__(**more)
        cls.built_in = cls.__module__ == __name__
        if not cls.built_in:
            check(HTTPError.__init_subclass__, locals(), f"class {cls.__name__}")
        cls.status_code = int(cls.status_code if status_code is None else status_code)
        if not 400 <= cls.status_code <= 599:
            raise refuse(
                f"the error class {cls.__name__} has the status {cls.status_code or None}",
                "400 to 599",
                f"class {cls.__name__}(HTTPError, status_code=409)",
            )
        cls.header_specs = merged_headers(cls.header_specs, checked_headers(headers))
        cls.cookie_specs = MappingProxyType({**cls.cookie_specs, **checked_cookies(cookies)})
        cls.title = _title(cls)
        frame = calling_frame()
        cls._place = Place(frame.f_code.co_filename, frame.f_lineno)
        if "<locals>" in cls.__qualname__:
            # What its annotations may name is gone when they are read.
            cls._namespace = {**cls._namespace, **frame.f_locals}

    def __init__(self, detail: str | None = None, **fields: Any) -> None:
        if not self.status_code:
            raise TypeError("HTTPError has no status: raise one of its subclasses")
        super().__init__(self.title if detail is None else detail)
        self.detail = detail
        self.headers: Mapping[str, Any] | None = None
        self.cookies: Mapping[str, str | None] | None = None
        declared = members_of(type(self))
        unknown = fields.keys() - declared.keys()
        missing = {name for name in declared.keys() - fields.keys() if not hasattr(self, name)}
        if unknown or missing:
            raise TypeError(_wrong_fields(type(self), sorted(unknown), sorted(missing)))
        for name, value in fields.items():
            setattr(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy, or one from another process, is not made by way of the required fields.
        return type(self).__new__, (type(self), *self.args), self.__dict__

    def with_headers(self, headers: Mapping[str, Any]) -> Self:
        """A copy with more values of headers that its class declares."""
        return self._with(headers={**(self.headers or {}), **headers})

    def with_cookies(self, cookies: Mapping[str, str | None]) -> Self:
        """A copy with more values of cookies that its class declares."""
        return self._with(cookies={**(self.cookies or {}), **cookies})

    def _with(self, **changed: Any) -> Self:
        error = copy(self)
        error.__dict__.update(changed)
        return error


def built_in(status: object) -> str:
    """The name of the class above that has *status*; empty if none has."""
    kinds = (kind for kind in HTTPError.__subclasses__() if kind.built_in)
    return next((kind.__name__ for kind in kinds if kind.status_code == status), "")


def _title(error: type[HTTPError]) -> str:
    own = cleandoc(error.__dict__.get("__doc__") or "").partition("\n")[0].strip()
    if error.built_in:
        return _REASONS.get(error.status_code) or re.sub(_BETWEEN_WORDS, " ", error.__name__)
    if own:
        return own
    from http import HTTPStatus  # seldom needed, and start-up counts

    try:
        return _REASONS.get(error.status_code) or HTTPStatus(error.status_code).phrase
    except ValueError:
        return error.__name__


def _wrong_fields(error: type[HTTPError], unknown: list[str], missing: list[str]) -> str:
    said = [f"no field {name!r}" for name in unknown] + [f"{name!r} is missing" for name in missing]
    fields = ", ".join(members_of(error)) or "none but detail"
    elsewhere = "".join(f".with_{name}(...)" for name in unknown if name in _SENT)
    write = f"; write: {error.__name__}(...){elsewhere}" if elsewhere else ""
    return f"{error.__name__}: {'; '.join(said)} (fields: {fields}){write}"


_SENT: Final = frozenset({"headers", "cookies"})
"""What an error has besides its fields."""


@remembered
def members_of(error: type[HTTPError]) -> Mapping[str, Any]:
    """The annotated fields of *error* and its parents, each with its type, `detail` left out.

    Raises:
        SpecError: a field has a name that is taken.
        NameError: an annotation names something that can't be found.
    """
    hints = get_type_hints(error, localns=dict(error._namespace) or None, include_extras=True)
    fields = {
        name: hint
        for name, hint in hints.items()
        if (name, hint) != ("detail", str | None) and ClassVar not in (hint, get_origin(hint))
    }
    inherited = [kind for kind in error.__mro__ if getattr(kind, "built_in", False)]
    known = {name for kind in inherited if kind is not error for name in members_of(kind)}
    taken = [] if error.built_in else sorted((_TAKEN | _OWN) & fields.keys() - known)
    if taken:
        fault = Fault(
            f"the error class {error.__name__} has a field {taken[0]!r}",
            "any other name: the error format or the class itself needs this one",
            place=error._place,
        )
        raise SpecError([fault])
    return MappingProxyType(fields)


_OWN: Final = _SENT | {*dir(HTTPError)}


_RETRY_AFTER: Final = {
    "Retry-After": HeaderSpec(int, required=False, description="Seconds to wait (RFC 9110 10.2.3)")
}
_CHALLENGE: Final = {
    "WWW-Authenticate": HeaderSpec(
        required=False, description="How to authenticate (RFC 9110 11.6.1)"
    )
}


class BadRequest(HTTPError, status_code=400):
    """The request can't be understood (RFC 9110 15.5.1)."""

    errors: Sequence[ErrorDetail] | None = None


class Unauthorized(HTTPError, status_code=401, headers=_CHALLENGE):
    """Valid credentials are missing (RFC 9110 15.5.2)."""


class PaymentRequired(HTTPError, status_code=402):
    """Reserved (RFC 9110 15.5.3)."""


class Forbidden(HTTPError, status_code=403):
    """The credentials do not suffice (RFC 9110 15.5.4)."""


class NotFound(HTTPError, status_code=404):
    """There is no such resource, or none that is admitted to (RFC 9110 15.5.5)."""


class MethodNotAllowed(HTTPError, status_code=405):
    """The resource does not serve this method (RFC 9110 15.5.6)."""


class NotAcceptable(HTTPError, status_code=406):
    """No representation suits the client (RFC 9110 15.5.7)."""


class RequestTimeout(HTTPError, status_code=408):
    """The request came too slowly (RFC 9110 15.5.9)."""


class Conflict(HTTPError, status_code=409):
    """The request conflicts with the state of the resource (RFC 9110 15.5.10)."""


class Gone(HTTPError, status_code=410):
    """The resource is gone for good (RFC 9110 15.5.11)."""


class LengthRequired(HTTPError, status_code=411):
    """The request needs a Content-Length (RFC 9110 15.5.12)."""


class PreconditionFailed(HTTPError, status_code=412):
    """A condition in the request's fields is false (RFC 9110 15.5.13)."""


class ContentTooLarge(HTTPError, status_code=413):
    """The body is larger than allowed (RFC 9110 15.5.14)."""


class URITooLong(HTTPError, status_code=414):
    """The target is longer than the server interprets (RFC 9110 15.5.15)."""


class UnsupportedMediaType(HTTPError, status_code=415):
    """The body has a format that is not read here (RFC 9110 15.5.16)."""


class MisdirectedRequest(HTTPError, status_code=421):
    """This server does not answer for that host (RFC 9110 15.5.20)."""


class ValidationFailed(HTTPError, status_code=422):
    """The request is well-formed, its values are wrong (RFC 9110 15.5.21)."""

    errors: Sequence[ErrorDetail] | None = None


class Locked(HTTPError, status_code=423):
    """The resource is locked (RFC 4918 11.3)."""


class FailedDependency(HTTPError, status_code=424):
    """Something that this request depends on failed (RFC 4918 11.4)."""


class TooEarly(HTTPError, status_code=425):
    """The request might be replayed (RFC 8470 5.2)."""


class UpgradeRequired(HTTPError, status_code=426):
    """Another protocol is needed (RFC 9110 15.5.22)."""


class PreconditionRequired(HTTPError, status_code=428):
    """The request must be conditional (RFC 6585 3)."""


class TooManyRequests(HTTPError, status_code=429, headers=_RETRY_AFTER):
    """The client sends too many requests (RFC 6585 4)."""


class UnavailableForLegalReasons(HTTPError, status_code=451):
    """The law forbids it (RFC 7725 3)."""


class InternalServerError(HTTPError, status_code=500):
    """Something unexpected happened (RFC 9110 15.6.1)."""


class NotImplementedByServer(HTTPError, status_code=501):
    """The server can't do this at all (RFC 9110 15.6.2)."""


class BadGateway(HTTPError, status_code=502):
    """A server behind this one gave a bad answer (RFC 9110 15.6.3)."""


class ServiceUnavailable(HTTPError, status_code=503, headers=_RETRY_AFTER):
    """The server is busy or being mended (RFC 9110 15.6.4)."""


class GatewayTimeout(HTTPError, status_code=504):
    """A server behind this one did not answer in time (RFC 9110 15.6.5)."""
