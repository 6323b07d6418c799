"""What a handler asks for besides the request's own values: results, credentials, tasks."""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from redirflow.declare.attach import check_function
from redirflow.declare.checks import DeclaredMeta, check_fields, declares, listed, shown
from redirflow.declare.faults import calling_place, refuse
from redirflow.http.headers import is_token


class Depends:
    """The result of a function that has parameters of the same kinds as a handler's.

    `user: Annotated[User, Depends(current_user)]`. Resolved once per request.
    """

    __slots__ = ("function", "place")

    @declares
    def __init__(self, function: Callable[..., Any]) -> None:
        check_function(function, "Depends({})")
        if any(function is each for each in (Bearer, Basic, APIKey)):
            scheme = function.__name__
            raise refuse(f"Depends({scheme})", "", f"Annotated[str, {scheme}()]")
        self.function = function
        self.place = calling_place()

    def __repr__(self) -> str:
        return f"Depends({shown(self.function)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Depends) and self.function == other.function

    def __hash__(self) -> int:
        return hash(self.function)


class Bearer(Struct, frozen=True, kw_only=True, metaclass=DeclaredMeta):
    """The token of `Authorization: Bearer ...` (RFC 6750 2.1).

    Args:
        scopes: what the token must allow; whatever takes `Scopes` checks them.
        name: the name of the scheme in the document.
        format: how the token is made, for the document: `"JWT"`.
    """

    scopes: tuple[str, ...] = ()
    name: str = "bearer"
    format: str | None = None

    challenge = "Bearer"

    def __post_init__(self) -> None:
        check_fields(self)
        force_setattr(self, "scopes", listed(self.scopes))


class Basic(Struct, frozen=True, kw_only=True, metaclass=DeclaredMeta):
    """User name and password of `Authorization: Basic ...` (RFC 7617).

    Args:
        realm: the protection space, named in the challenge.
        name: the name of the scheme in the document.
    """

    realm: str = "api"
    name: str = "basic"

    def __post_init__(self) -> None:
        check_fields(self)
        if not _can_be_quoted(self.realm):
            raise refuse(f"Basic(realm={self.realm!r})", "printable ASCII without quotes")

    @property
    def challenge(self) -> str:
        """The value of `WWW-Authenticate`."""
        return f'Basic realm="{self.realm}", charset="UTF-8"'


class APIKey(Struct, frozen=True, kw_only=True, metaclass=DeclaredMeta):
    """A key in a header, a query parameter or a cookie: give exactly one of the three.

    Args:
        header, query, cookie: its name there.
        name: the name of the scheme in the document.
    """

    header: str | None = None
    query: str | None = None
    cookie: str | None = None
    name: str = "apiKey"

    def __post_init__(self) -> None:
        check_fields(self)
        if len([name for name in (self.header, self.query, self.cookie) if name]) != 1:
            raise refuse(
                "APIKey() with none or several of header, query and cookie",
                "exactly one of them",
                'APIKey(header="X-API-Key")',
            )
        if self.where != "query" and not is_token(self.key):
            raise refuse(f"APIKey({self.where}={self.key!r})", "a token: letters, digits and '-'")
        if not _can_be_quoted(self.key):
            raise refuse(f"APIKey(query={self.key!r})", "printable ASCII without quotes")

    @property
    def where(self) -> Literal["header", "query", "cookie"]:
        """The part of the request that holds the key."""
        return "header" if self.header else "query" if self.query else "cookie"

    @property
    def key(self) -> str:
        """The name of the field, parameter or cookie."""
        return self.header or self.query or self.cookie or ""

    @property
    def challenge(self) -> str:
        """The value of `WWW-Authenticate`; the scheme has no registered name."""
        return f'ApiKey in="{self.where}", name="{self.key}"'


def _can_be_quoted(text: str) -> bool:
    """Whether *text* can stand between quotes in a challenge (RFC 9110 5.6.4)."""
    return text.isascii() and text.isprintable() and not set(text) & {'"', "\\"}


class Scopes(frozenset[str]):
    """All scopes that the credentials of an operation must allow, by `Bearer(scopes=[...])`.

    A dependency that checks them takes them: `def user(token: ..., scopes: Scopes)`. It raises
    `Forbidden` if one is missing, which is declared for it.
    """


Scheme: TypeAlias = Bearer | Basic | APIKey


class Credentials(Struct, frozen=True):
    """What `Basic()` gives."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r})"


def same_secret(given: str | bytes, expected: str | bytes) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    from hmac import compare_digest  # it brings much along, and start-up counts

    left = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else given
    right = expected.encode("utf-8", "surrogatepass") if isinstance(expected, str) else expected
    return compare_digest(left, right)
