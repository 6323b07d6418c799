"""The makers of specs: `returns`, `redirects`, `raises`, `reroutes`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import isfunction
from types import MappingProxyType
from typing import Any, Final, cast

from redirflow.declare.attach import F, attach
from redirflow.declare.errors import HTTPError
from redirflow.declare.faults import Place, SpecError, calling_place, refuse
from redirflow.declare.group import checked_errors
from redirflow.declare.redirects import RedirectSpec, RerouteSpec, Target
from redirflow.declare.specs import (
    FROM_ANNOTATION,
    CookieSpec,
    HeaderSpec,
    ResponseSpec,
    checked_cookies,
    checked_headers,
)
from redirflow.http.headers import is_token
from redirflow.http.location import LocationRefused, parse_origin
from redirflow.http.media import essence
from redirflow.http.methods import REDIRECT_STATUSES

_FIVE: Final = "301, 302, 303, 307, 308"


def returns(
    type: Any = FROM_ANNOTATION,
    *,
    status_code: int | None = None,
    description: str | None = None,
    headers: Mapping[str, HeaderSpec] | None = None,
    cookies: Mapping[str, CookieSpec] | None = None,
    location: Target | tuple[Target, ...] | None = None,
    media_type: str | tuple[str, ...] = (),
    examples: Mapping[str, Any] | None = None,
    links: Mapping[str, Any] | None = None,
) -> ResponseSpec:
    """Declare a success response.

    Args:
        type: the type of the body; without it, what the return annotation names.
        status_code: 200 to 299 or 304; without it 204 for `None`, 201 for a POST, else 200.
        description: for the document; without it, the reason phrase.
        headers: the headers that the response may (or must) have.
        cookies: the cookies that it may (or must) set.
        location: what the `Location` of a 201 points to; other locations are refused.
        media_type: of the body; several are negotiated by `Accept`.
        examples: example values by name, for the document.
        links: OpenAPI link objects by name, for the document.

    Raises:
        SpecError: a status that is none of a success, or a broken header, cookie or media type.
    """
    if isfunction(type):
        raise refuse(f"@returns on {type.__name__}, not called", "a call", "@returns()")
    status = None if status_code is None else int(status_code)
    if status is not None and not 200 <= status <= 299 and status != 304:
        raise _no_success(status)
    if location is not None and status != 201:
        raise refuse(
            f"returns(status_code={status}, location=...)",
            "location with status_code=201",
            "@redirects(303, to=...) to send a client on",
        )
    return ResponseSpec(
        type=type,
        status_code=status,
        description=description,
        headers=checked_headers(headers),
        cookies=checked_cookies(cookies),
        location=None if location is None else _targets(location),
        media_type=_media_types(media_type),
        examples=MappingProxyType(dict(examples or {})),
        links=MappingProxyType(dict(links or {})),
    )


def _no_success(status: int) -> SpecError:
    found, allowed = f"returns(status_code={status})", "200 to 299, and 304"
    if status in REDIRECT_STATUSES:
        return refuse(
            f"{found}: a redirect is declared by its own decorator",
            allowed,
            f"@redirects({status}, to=...)",
        )
    if 400 <= status <= 599:
        return refuse(
            found,
            f"{allowed}; errors are declared as classes",
            f"class SomeError(HTTPError, status_code={status}), and @raises(SomeError)",
        )
    return refuse(found, allowed)


def _media_types(given: str | tuple[str, ...]) -> tuple[str, ...]:
    media_types = (given,) if isinstance(given, str) else tuple(given)
    for text in media_types:
        kind, _, subtype = essence(text).partition("/")
        plain = text.isascii() and text.isprintable() and text == text.strip()
        if not (plain and is_token(kind) and is_token(subtype)):
            raise refuse(f"media_type={text!r}", "a media type", 'media_type="text/plain"')
    return media_types


def redirects(
    status_code: int,
    *,
    to: Target | tuple[Target, ...] | None = None,
    external: str | tuple[str, ...] = (),
    description: str | None = None,
    headers: Mapping[str, HeaderSpec] | None = None,
    cookies: Mapping[str, CookieSpec] | None = None,
    max_age: int | None = None,
) -> RedirectSpec:
    """Declare a redirect (RFC 9110 15.4).

    Args:
        status_code: 301, 302, 303, 307 or 308.
        to: allowed operations (handlers, names) and paths; `"*"` for any location of
            this app. With neither `to` nor `external`: any location of this app.
        external: allowed origins, `"https://host"`; `"*"` for any http(s) URL.
        description: for the document; without it, the reason phrase.
        headers: the headers that the redirect may (or must) have.
        cookies: the cookies that it may (or must) set; it is then `no-store`.
        max_age: seconds for which it may be cached.

    Raises:
        SpecError: another status, a broken origin, header or cookie, `max_age` with cookies.
    """
    status = int(status_code)
    if status not in REDIRECT_STATUSES:
        raise refuse(f"redirects({status}): not a redirect", _FIVE, "@redirects(303, to=...)")
    if max_age is not None and cookies:
        raise refuse(
            f"redirects({status}, max_age={max_age}, cookies=...): a redirect that sets cookies "
            "must not be stored",
            "one of the two",
        )
    if max_age is not None and max_age < 0:
        raise refuse(f"redirects({status}, max_age={max_age})", "seconds, 0 or more")
    return RedirectSpec(
        status_code=status,
        to=None if to is None else _targets(to),
        external=_origins(external),
        description=description,
        headers=checked_headers(headers),
        cookies=checked_cookies(cookies),
        max_age=max_age,
    )


def reroutes(*, to: Target | tuple[Target, ...]) -> RerouteSpec:
    """Declare the operations that a handler may reroute to.

    Args:
        to: handlers, names of operations or their paths.
    """
    return RerouteSpec(to=_targets(to))


@dataclass(frozen=True, slots=True)
class RaisesSpec:
    """Declared errors; decorates a handler or a dependency. Made by `raises`.

    Attributes:
        classes: the error classes.
        on: foreign exceptions that become `classes[0]`.
    """

    classes: tuple[type[HTTPError], ...]
    on: tuple[type[Exception], ...] = ()
    place: Place = field(default_factory=calling_place, repr=False, compare=False)

    def __call__(self, handler: F) -> F:
        """Put this spec on *handler* and return *handler*."""
        return attach(handler, self)


def raises(
    *classes: type[HTTPError], on: type[Exception] | tuple[type[Exception], ...] = ()
) -> RaisesSpec:
    """Declare errors that a handler or dependency raises.

    Args:
        classes: subclasses of `HTTPError`.
        on: exceptions of others that are answered as the one class given, without their text.

    Raises:
        SpecError: something else than an error class, or `on` with several classes.
    """
    foreign: tuple[Any, ...] = on if isinstance(on, tuple) else (on,)
    checked_errors(classes)
    if not classes:
        raise refuse("raises() without a class", "subclasses of HTTPError", "@raises(NotFound)")
    if foreign and len(classes) > 1:
        raise refuse(
            f"raises({', '.join(error.__name__ for error in classes)}, on=...)",
            "exactly one class with on=",
            "@raises(Conflict, on=IntegrityError)",
        )
    for other in foreign:
        if not (isinstance(other, type) and issubclass(other, Exception)):
            raise refuse(f"raises(..., on={other!r})", "exception classes")
    return RaisesSpec(classes, foreign)


def _targets(to: Target | tuple[Target, ...]) -> tuple[Target, ...]:
    targets = cast("tuple[Any, ...]", to if isinstance(to, tuple) else (to,))
    for target in targets:
        if not (isinstance(target, str) and target) and not callable(target):
            raise refuse(
                f"the target {target!r}",
                'a handler, the name of an operation, a "/path", or a tuple of them',
            )
    if not targets:
        raise refuse("an empty tuple of targets", 'at least one; to="*" allows any local location')
    return targets


def _origins(external: str | tuple[str, ...]) -> tuple[str, ...]:
    given = (external,) if isinstance(external, str) else tuple(external)
    try:
        return tuple("*" if text == "*" else parse_origin(text) for text in given)
    except LocationRefused as refused:
        raise refuse(
            f"external={external!r}: {refused}",
            'origins, or "*" for any',
            'external="https://accounts.example.com"',
        ) from None
