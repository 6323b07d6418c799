"""What a response may be: frozen promises that decorate handlers and can be reused.

A compiled plan is never kept on a spec: one spec may serve many operations.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from redirflow.declare.attach import Spec
from redirflow.declare.checks import DeclaredMeta, check_fields
from redirflow.declare.faults import refuse
from redirflow.http.headers import is_token

SameSite: TypeAlias = Literal["lax", "strict", "none"]

NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})


class FromAnnotation:
    """Stands for "the type that the return annotation names"."""

    def __repr__(self) -> str:
        return "<the return annotation>"


FROM_ANNOTATION: Final = FromAnnotation()


class _Described(Struct, frozen=True, kw_only=True, metaclass=DeclaredMeta):
    required: bool = True
    description: str | None = None


class HeaderSpec(_Described, frozen=True):
    """A response header.

    Args:
        type: the type of its values; a `datetime` is written as an HTTP date, a list with
            commas, all else as in a query.
        required: whether each response of this spec must have it.
        description: for the document.
    """

    type: Any = str

    def __post_init__(self) -> None:
        check_fields(self)


class CookieSpec(Struct, frozen=True, kw_only=True, metaclass=DeclaredMeta):
    """The attributes of a cookie (RFC 6265 4.1.2); the handler only gives its value.

    Args:
        max_age: its life in seconds; `None` for the browser's session.
        required: whether each response of this spec must set (or delete) it.
    """

    path: str = "/"
    domain: str | None = None
    max_age: int | None = None
    secure: bool = True
    http_only: bool = True
    same_site: SameSite = "lax"
    partitioned: bool = False
    required: bool = True
    description: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if (self.same_site == "none" or self.partitioned) and not self.secure:
            raise refuse(
                "a cookie with SameSite=None or Partitioned that is not Secure: browsers drop it",
                "secure=True with them",
                "CookieSpec(same_site='none', secure=True)",
            )
        if not self.path.startswith("/"):
            raise refuse(f"CookieSpec(path={self.path!r})", "a path that begins with '/'")
        for name, value in (("path", self.path), ("domain", self.domain or "")):
            if not value.isascii() or not value.isprintable() or set(value) & {";", ",", " "}:
                raise refuse(
                    f"CookieSpec({name}={value!r})", "printable ASCII without ; , or blank"
                )


class ResponseSpec(Spec, frozen=True, kw_only=True):
    """A declared success response; decorates a handler. Made by `returns`."""

    type: Any = FROM_ANNOTATION
    status_code: int | None = None
    description: str | None = None
    headers: Mapping[str, HeaderSpec] = NOTHING
    cookies: Mapping[str, CookieSpec] = NOTHING
    location: Any = None
    media_type: tuple[str, ...] = ()
    examples: Mapping[str, Any] = NOTHING
    links: Mapping[str, Any] = NOTHING


def checked_headers(headers: Mapping[str, HeaderSpec] | None) -> Mapping[str, HeaderSpec]:
    """*headers*, read-only, after a look at each name and spec.

    Raises:
        SpecError: a name is not a token, or belongs to the framework.
    """
    for name in headers or NOTHING:
        if not is_token(name):
            raise refuse(f"the header name {name!r}", "letters, digits and '-'")
        if name.lower() in RESERVED:
            raise refuse(f"headers={{{name!r}: ...}}", "any other header", RESERVED[name.lower()])
    return MappingProxyType(dict(headers or {}))


def merged_headers(
    outer: Mapping[str, HeaderSpec], inner: Mapping[str, HeaderSpec]
) -> Mapping[str, HeaderSpec]:
    """*outer* with *inner* over it: of two spellings of one name the inner one counts."""
    redeclared = {name.lower() for name in inner}
    kept = {name: spec for name, spec in outer.items() if name.lower() not in redeclared}
    return MappingProxyType({**kept, **inner})


def checked_cookies(cookies: Mapping[str, CookieSpec] | None) -> Mapping[str, CookieSpec]:
    """*cookies*, read-only, after a look at each name and what its prefix demands.

    Raises:
        SpecError: a name is not a token, or its attributes contradict its prefix
            (RFC 6265bis 4.1.3).
    """
    for name, spec in (cookies or NOTHING).items():
        if not is_token(name):
            raise refuse(f"the cookie name {name!r}", "a token (RFC 6265 4.1.1)")
        prefix = name.lower()
        if prefix.startswith(("__secure-", "__host-")) and not spec.secure:
            raise refuse(f"the cookie {name!r} is not Secure", "secure=True for this prefix")
        if prefix.startswith("__host-") and (spec.domain or spec.path != "/"):
            raise refuse(
                f"the cookie {name!r} has a domain or a path", "no domain and path='/' for __Host-"
            )
    return MappingProxyType(dict(cookies or {}))


RESERVED: Final = MappingProxyType(
    {
        "location": "@returns(status_code=201, location=get_user), or @redirects(303, to=get_user)",
        "set-cookie": 'cookies={"name": CookieSpec(...)}',
        "content-type": 'media_type="..."',
        "content-length": "nothing: the length is always sent",
        "transfer-encoding": "nothing: the server frames the body",
        "connection": "nothing: the server owns the connection",
        "keep-alive": "nothing: the server owns the connection",
        "upgrade": "nothing: the server owns the connection",
        "trailer": "nothing: trailers are not sent",
        "te": "nothing: it is a request header",
    }
)
"""Headers that no handler sets by `headers=`, each with what to write instead."""
