"""What a router promises for all operations in it, and how groups nest."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from redirflow.declare.checks import fits, shown
from redirflow.declare.dependencies import APIKey, Basic, Bearer, Depends, Scheme
from redirflow.declare.errors import HTTPError, built_in
from redirflow.declare.faults import refuse
from redirflow.declare.operation import Operation
from redirflow.declare.specs import NOTHING, HeaderSpec, merged_headers

Guard: TypeAlias = Callable[..., object] | Depends | Scheme
"""What `dependencies=` takes: a function, `Depends(function)`, or credentials."""


class Group(Struct, frozen=True, kw_only=True):
    """The promises of an app or a router; those of inner groups are added to outer ones."""

    prefix: str = ""
    name: str | None = None
    tags: tuple[str, ...] = ()
    raises: tuple[type[HTTPError], ...] = ()
    headers: Mapping[str, HeaderSpec] = NOTHING
    dependencies: tuple[Depends | Scheme, ...] = ()
    deprecated: bool | datetime = False
    sunset: datetime | None = None

    def around(self, inner: "Group") -> "Group":
        """This group with *inner* inside it."""
        return Group(prefix=self.prefix + inner.prefix, **self._with(inner))

    def applied(self, operation: Operation) -> Operation:
        """*operation* inside this group."""
        return replace(operation, path=self.prefix + operation.path, **self._with(operation))

    def _with(self, inner: "Group | Operation") -> dict[str, Any]:
        return {
            "name": "_".join(name for name in (self.name, inner.name) if name) or None,
            "tags": tuple(dict.fromkeys((*self.tags, *inner.tags))),
            "raises": (*self.raises, *inner.raises),
            "headers": merged_headers(self.headers, inner.headers),
            "dependencies": (*self.dependencies, *inner.dependencies),
            "deprecated": _nearest_date(inner.deprecated, self.deprecated),
            "sunset": inner.sunset or self.sunset,
        }


def _nearest_date(inner: bool | datetime, outer: bool | datetime) -> bool | datetime:
    """Since when, by whoever says it nearest to the operation; else whether at all."""
    dates = (each for each in (inner, outer) if isinstance(each, datetime))
    return next(dates, inner or outer)


def checked_prefix(prefix: str) -> str:
    """*prefix*, if it can stand before a path.

    Raises:
        SpecError: it does not begin with `/`, or ends with it.
    """
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        meant = prefix.strip("/")
        raise refuse(
            f"prefix={prefix!r}",
            "a path that begins with '/' and does not end with it",
            f'"/{meant}"' if meant else "",
        )
    return prefix


_GUARDS: Final = (Depends, Bearer, Basic, APIKey)


def checked_guards(guards: Iterable[Guard]) -> tuple[Depends | Scheme, ...]:
    """*guards*, each function as `Depends`.

    Raises:
        SpecError: something that can't be called.
    """
    given = tuple(guards)
    for guard in given:
        if guard in _GUARDS:
            found = f"dependencies=[{shown(guard)}]"
            write = f"{found[:-1]}(...)]"
            raise refuse(f"{found}: the class itself guards nothing", "an instance of it", write)
    return tuple(guard if isinstance(guard, _GUARDS) else Depends(guard) for guard in given)


def checked_errors(errors: Iterable[type[HTTPError]]) -> tuple[type[HTTPError], ...]:
    """*errors*, if each is an error class with a status.

    Raises:
        SpecError: one is not.
    """
    classes: tuple[Any, ...] = tuple(errors)
    for error in classes:
        if not (fits(error, type[HTTPError]) and error.status_code):
            known = built_in(getattr(error, "status_code", error))
            raise refuse(
                f"raises: {shown(error)}",
                "subclasses of HTTPError that have a status",
                f"@raises({known or 'NotFound'}), or class OutOfStock(HTTPError, status_code=409)",
            )
    return classes
