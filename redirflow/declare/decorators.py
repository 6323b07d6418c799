"""The makers of specs: `returns`, `redirects`, `raises`, `reroutes`."""

from collections.abc import Mapping
from inspect import isfunction
from types import MappingProxyType
from typing import Any, Final

from redirflow.declare.attach import Spec
from redirflow.declare.checks import check, declares, fits, listed, uncalled
from redirflow.declare.errors import HTTPError, built_in
from redirflow.declare.faults import SpecError, refuse
from redirflow.declare.group import checked_errors
from redirflow.declare.redirects import Redirect, RedirectSpec, Reroute, RerouteSpec, Target
from redirflow.declare.specs import (
    FROM_ANNOTATION,
    CookieSpec,
    HeaderSpec,
    ResponseSpec,
    checked_cookies,
    checked_headers,
)
from redirflow.http.headers import is_token
from redirflow.http.media import essence
from redirflow.http.methods import REDIRECT_STATUSES
from redirflow.http.origin import parse_origin
from redirflow.http.reference import LocationRefused

_FIVE: Final = "301, 302, 303, 307, 308"


@declares
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
    check(returns, locals())
    if isfunction(type):
        raise uncalled(type, "@returns()")
    if fits(type, int):
        raise _no_type(int(type))
    status = None if status_code is None else int(status_code)
    if status is not None and not 200 <= status <= 299 and status != 304:
        raise _no_success(status)
    if location is not None and status != 201:
        said = "no status_code" if status is None else f"status_code={status}"
        raise refuse(
            f"returns(location=...) with {said}",
            "location with status_code=201; @redirects(303, to=...) to send a client on",
            "@returns(status_code=201, location=...)",
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


def _no_type(status: int) -> SpecError:
    """What is said of `returns(201)`."""
    if status in REDIRECT_STATUSES or 400 <= status <= 599:
        return _no_success(status)
    return refuse(
        f"returns({status})", "a type; the status by its name", f"@returns(status_code={status})"
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
        known = built_in(status)
        return refuse(
            found,
            f"{allowed}; errors are declared as classes",
            f"@raises({known})" if known else f"class SomeError(HTTPError, status_code={status})",
        )
    return refuse(found, allowed)


def _media_types(given: str | tuple[str, ...]) -> tuple[str, ...]:
    media_types = listed(given)
    for text in media_types:
        kind, _, subtype = essence(text).partition("/")
        plain = text.isascii() and text.isprintable() and text == text.strip()
        if not (plain and is_token(kind) and is_token(subtype)):
            raise refuse(f"media_type={text!r}", "a media type", 'media_type="text/plain"')
    return media_types


@declares
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
        to: allowed operations (handlers, or names for those that are defined further down)
            and paths; `"*"`, or neither `to` nor `external`: any location of this app.
        external: allowed origins, `"https://host"`; `"*"` for any http(s) URL.
        description: for the document; without it, the reason phrase.
        headers: the headers that the redirect may (or must) have.
        cookies: the cookies that it may (or must) set; it is then `no-store`.
        max_age: seconds for which it may be cached.

    Raises:
        SpecError: another status, a broken origin, header or cookie, `max_age` with cookies.
    """
    check(redirects, locals())
    status = int(status_code)
    if status not in REDIRECT_STATUSES:
        raise refuse(f"redirects({status}): not a redirect", _FIVE, "@redirects(303, to=...)")
    if max_age is not None and cookies:
        raise refuse(
            f"redirects({status}, max_age={max_age}, cookies=...): a redirect that sets cookies "
            "must not be stored",
            "one of the two",
        )
    return RedirectSpec(
        status_code=status,
        to=None if to is None else _targets(to),
        external=_origins(external),
        description=description,
        headers=checked_headers(headers),
        cookies=checked_cookies(cookies),
        max_age=max_age,
    )


@declares
def reroutes(*, to: Target | tuple[Target, ...]) -> RerouteSpec:
    """Declare the operations that a handler may reroute to.

    Args:
        to: handlers, names of operations or their paths.

    Raises:
        SpecError: `"*"`, or something else than that.
    """
    check(reroutes, locals())
    targets = _targets(to)
    if "*" in targets:
        raise refuse(
            'reroutes(to="*")',
            "the operations themselves: the document tells their responses as the handler's own",
            "@reroutes(to=(get_user, get_team))",
        )
    return RerouteSpec(to=targets)


class RaisesSpec(Spec, frozen=True):
    """Declared errors; decorates a handler or a dependency. Made by `raises`.

    Attributes:
        classes: the error classes.
        on: foreign exceptions that become `classes[0]`.
    """

    classes: tuple[type[HTTPError], ...]
    on: tuple[type[Exception], ...] = ()


@declares
def raises(
    *classes: type[HTTPError], on: type[Exception] | tuple[type[Exception], ...] | None = None
) -> RaisesSpec:
    """Declare errors that a handler or dependency raises.

    Args:
        classes: subclasses of `HTTPError`.
        on: exceptions of others that are answered as the one class given, without their text.

    Raises:
        SpecError: something else than an error class, or `on` with several classes.
    """
    check(raises, {"on": on})
    for function in filter(isfunction, classes):
        raise uncalled(function, "@raises(NotFound)")
    checked_errors(classes)
    foreign = () if on is None else listed(on)
    if not classes:
        raise refuse("raises() without a class", "subclasses of HTTPError", "@raises(NotFound)")
    if foreign and len(classes) > 1:
        raise refuse(
            f"raises({', '.join(error.__name__ for error in classes)}, on=...)",
            "exactly one class with on=",
            "@raises(Conflict, on=IntegrityError)",
        )
    for other in foreign:
        if issubclass(other, (HTTPError, Redirect, Reroute)):
            raise refuse(
                f"raises(..., on={other.__name__}), which has an answer of its own",
                "exceptions of others",
                f"@raises({other.__name__})" if issubclass(other, HTTPError) else "",
            )
    return RaisesSpec(classes, foreign)


def _targets(to: Any) -> tuple[Target, ...]:
    targets = listed(to)
    if not targets:
        raise refuse("an empty tuple of targets", 'at least one; to="*" allows any local location')
    for target in targets:
        if not target:
            raise refuse(f"the target {target!r}", _TARGETS)
        if isinstance(target, str) and "://" in target:
            raise refuse(
                f"to={target!r}: a URL of another site",
                _TARGETS,
                f'external="{_origin(target)}", in @redirects',
            )
    return targets


_TARGETS: Final = 'a handler, the name of an operation, a "/path", or a tuple of them'


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _origins(external: str | tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple("*" if text == "*" else parse_origin(text) for text in listed(external))
    except LocationRefused as refused:
        raise refuse(
            f"external={external!r}: {refused}",
            'origins, or "*" for any',
            'external="https://accounts.example.com"',
        ) from None
