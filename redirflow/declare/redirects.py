"""Redirects and reroutes: what a handler raises, and the specs that allow it.

`Redirect` and `Reroute` are exceptions that are no errors: they hold where to go and
know no response. Which status, which targets, which headers and cookies are possible
stands in the spec of the function that raises them.
"""

from collections.abc import Callable, Mapping
from copy import copy
from inspect import signature
from typing import Any, Final, ParamSpec, Self, TypeAlias, overload

from msgspec import Struct
from msgspec.structs import replace

from redirflow.declare.attach import Spec
from redirflow.declare.specs import NOTHING, CookieSpec, HeaderSpec
from redirflow.http.query import pairs_of
from redirflow.http.reference import quote_query

P = ParamSpec("P")

Target: TypeAlias = Callable[..., Any] | str
"""A handler, an operation's name, or a `"/path"`."""


class RedirectSpec(Spec, frozen=True, kw_only=True):
    """A declared redirect; decorates a handler or a dependency. Made by `redirects`.

    Attributes:
        to: the operations and paths that are allowed; `None` if none was listed.
        external: allowed origins, or `("*",)`.
    """

    status_code: int
    to: tuple[Target, ...] | None = None
    external: tuple[str, ...] = ()
    description: str | None = None
    headers: Mapping[str, HeaderSpec] = NOTHING
    cookies: Mapping[str, CookieSpec] = NOTHING
    max_age: int | None = None


class RerouteSpec(Spec, frozen=True, kw_only=True):
    """Operations that a handler may reroute to. Made by `reroutes`."""

    to: tuple[Target, ...]


def _named(target: object, args: tuple[Any, ...], params: dict[str, Any]) -> dict[str, Any]:
    """*args* under the names that *target* gives them, with *params*."""
    if not callable(target):
        raise TypeError("parameters of a target that is a name are given by keyword")
    return dict(signature(target).bind_partial(*args, **params).arguments)


class _Signal(Exception):
    """An exception that is no error; it shows and copies what it holds, not its arguments."""

    # PERF: most signals are a target and its parameters; what else one may have stands in a
    # record of its own, so that the usual one sets four slots (0.17 us instead of 0.3).
    __slots__ = ("extras", "location", "params", "target")

    location: str | None
    target: Target | None
    params: dict[str, Any]
    extras: Any

    @overload
    @classmethod
    def to(cls, target: str, /, **params: object) -> Self: ...

    @overload
    @classmethod
    def to(cls, target: Callable[P, object], /, *args: P.args, **params: P.kwargs) -> Self: ...

    @classmethod
    def to(cls, target: Any, /, *args: Any, **params: Any) -> Any:
        """A redirect or a reroute to an operation of this app.

        Args:
            target: a handler, whose parameters a type checker then checks, or the name
                of an operation.
            params: its path parameters and, if wanted, its query parameters. A path parameter
                of the right type that no path holds (empty, a dot segment, a slash where none
                fits) is mostly a client's, so the answer is 404; anything else that the target
                does not take is a contract violation.
        """
        signal = _made(cls)
        signal.location = None
        signal.target = target
        signal.params = _named(target, args, params) if args else params
        signal.extras = None
        return signal

    def __str__(self) -> str:
        target = self.target
        if self.location is not None or target is None:
            return repr(self.location)
        return f"to {target if isinstance(target, str) else getattr(target, '__name__', '?')}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"

    def __reduce__(self) -> tuple[Any, ...]:
        state = {**self.__dict__, **{name: getattr(self, name) for name in self._slots()}}
        return type(self).__new__, (type(self),), state

    def check_made(self) -> None:
        """Look for slots that a subclass has left empty.

        PERF: no `__getattr__` tells this where a slot is read; it would make each read slower.

        Raises:
            TypeError: there is one.
        """
        for name in self._slots():
            if not hasattr(self, name):
                kind = type(self).__name__
                raise TypeError(f"{kind} has no {name}: its __init__ must call super().__init__()")

    def _slots(self) -> list[str]:
        return [name for kind in type(self).__mro__ for name in kind.__dict__.get("__slots__", ())]


_made: Final = BaseException.__new__  # PERF: found faster than through the class


class Redirect(_Signal):
    """Raise (or return) it, and the declared 3xx is sent (RFC 9110 15.4).

    Args:
        location: `"/path"`, `"?query"`, `"#fragment"`, or an absolute http(s) URL whose
            origin the spec allows.
        status_code: one of the declared ones, where there are several.
        headers: values of the headers that the spec declares.
        cookies: values of the cookies that the spec declares; `None` deletes one.

    Use `Redirect.to` for an operation of this app.
    """

    __slots__ = ()

    extras: "Extras | None"

    def __init__(
        self,
        location: str,
        *,
        status_code: int | None = None,
        headers: Mapping[str, Any] | None = None,
        cookies: Mapping[str, str | None] | None = None,
    ) -> None:
        self.location = location
        self.target = None
        self.params = {}
        self.extras = None
        if status_code is not None or headers is not None or cookies is not None:
            status = None if status_code is None else int(status_code)
            self.extras = Extras(status_code=status, headers=headers, cookies=cookies)

    @property
    def status_code(self) -> int | None:
        """The chosen status; `None` leaves it to the spec."""
        return None if self.extras is None else self.extras.status_code

    @property
    def headers(self) -> Mapping[str, Any] | None:
        """Values of declared headers."""
        return None if self.extras is None else self.extras.headers

    @property
    def cookies(self) -> Mapping[str, str | None] | None:
        """Values of declared cookies."""
        return None if self.extras is None else self.extras.cookies

    def with_status(self, status_code: int) -> Self:
        """A copy with another status."""
        return self._with(status_code=int(status_code))

    def with_headers(self, headers: Mapping[str, Any]) -> Self:
        """A copy with more values of declared headers."""
        return self._with(headers={**(self.headers or {}), **headers})

    def with_cookies(self, cookies: Mapping[str, str | None]) -> Self:
        """A copy with more values of declared cookies; `None` deletes one."""
        return self._with(cookies={**(self.cookies or {}), **cookies})

    def with_query(self, query: Mapping[str, Any] | None = None, /, **more: Any) -> Self:
        """A copy with more query parameters: `None` is left out, a list repeats its name.

        `with_query(request.query)` hands on a request's own.
        """
        given = [pair for pair in pairs_of(query or {}) if pair[0] not in more]
        pairs = (*(self.extras or Extras()).query, *given, *pairs_of(more))
        return self._with(query=pairs)

    def with_fragment(self, fragment: str) -> Self:
        """A copy with another fragment (without `#`)."""
        return self._with(fragment=fragment)

    def _with(self, **changed: Any) -> Self:
        # PERF: 4 us instead of 14; `copy` is for what a subclass holds besides.
        redirect = type(self).__new__(type(self)) if type(self) is Redirect else copy(self)
        redirect.location, redirect.target = self.location, self.target
        redirect.params = {**self.params}
        redirect.extras = replace(self.extras or Extras(), **changed)
        return redirect


class Extras(Struct, frozen=True, kw_only=True):
    """What a `Redirect` may have besides where it goes."""

    status_code: int | None = None
    headers: Mapping[str, Any] | None = None
    cookies: Mapping[str, str | None] | None = None
    query: tuple[tuple[str, str], ...] = ()
    fragment: str | None = None

    def extend(self, location: str) -> str:
        """*location* with these pairs added to its query, and with this fragment."""
        rest, mark, fragment = location.partition("#")
        if self.query:
            path, _, old = rest.partition("?")
            pairs = [f"{quote_query(name)}={quote_query(value)}" for name, value in self.query]
            rest = f"{path}?{'&'.join([old, *pairs] if old else pairs)}"
        if self.fragment is not None:
            return f"{rest}#{self.fragment}"
        return rest + mark + fragment


class Reroute(_Signal):
    """Raise it, and another operation of this app answers; the client sees no round trip.

    Args:
        path: the path of an operation that the handler's `reroutes` lists.
        query: replaces the query; `None` keeps it.
        headers: replace the client's own fields of the same names.

    Use `Reroute.to` for an operation by handler or name.
    """

    __slots__ = ()

    extras: "tuple[Mapping[str, Any] | None, Mapping[str, str] | None] | None"

    def __init__(
        self,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.location = path
        self.target = None
        self.params = {}
        self.extras = (query, headers)

    @property
    def path(self) -> str | None:
        """The path; `None` beside a target."""
        return self.location

    @property
    def query(self) -> Mapping[str, Any] | None:
        """What replaces the query."""
        return self.extras[0] if self.extras else None

    @property
    def headers(self) -> Mapping[str, str] | None:
        """What replaces fields of the client's."""
        return self.extras[1] if self.extras else None
