"""What a router collects: operations, rules without a handler, mounts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from redirflow.declare.attach import specs_of
from redirflow.declare.callbacks import Callback
from redirflow.declare.dependencies import Depends, Scheme
from redirflow.declare.errors import HTTPError
from redirflow.declare.faults import Fault, Place
from redirflow.declare.specs import HeaderSpec, nothing
from redirflow.http.types import ASGIApp


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation:
    """One method of one path template, with all that its author promised.

    Attributes:
        path: the template, prefixes included.
        name: the operationId and the name for `to=`.
        namespace: names that the annotations of a handler made in a function may use.
        raises, headers, dependencies: those of App, Routers and the operation itself,
            outermost first.
        deprecated, sunset: whether, or since when; and until when it is there.
        callbacks: what is sent later because of it, by name.
        place: the line of the handler.
    """

    method: str
    path: str
    name: str
    handler: Callable[..., Any]
    place: Place
    tags: tuple[str, ...] = ()
    summary: str | None = None
    description: str | None = None
    deprecated: bool | datetime = False
    sunset: datetime | None = None
    callbacks: Mapping[str, Callback] = field(default_factory=nothing)
    include_in_schema: bool = True
    max_body_size: int | None = None
    dependencies: tuple[Depends | Scheme, ...] = ()
    raises: tuple[type[HTTPError], ...] = ()
    headers: Mapping[str, HeaderSpec] = field(default_factory=nothing)
    namespace: Mapping[str, Any] = field(default_factory=nothing, repr=False)

    @property
    def specs(self) -> tuple[Any, ...]:
        """The specs on the handler, outermost first; read late, as they may follow the route."""
        return specs_of(self.handler)

    def fault(self, found: str, allowed: str = "", write: str = "") -> Fault:
        """A fault at the handler."""
        return Fault(found, allowed, write, self.place)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RedirectRule:
    """A redirect without a handler."""

    source: str
    to: Any
    status_code: int
    place: Place
    keep_query: bool | None = None
    max_age: int | None = None
    deprecated: bool = False
    description: str | None = None
    include_in_schema: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RerouteRule:
    """A path that another operation answers, without a round trip."""

    source: str
    to: Any
    place: Place
    query: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mount:
    """Another ASGI app that answers everything below a prefix."""

    prefix: str
    app: ASGIApp
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """Something that the framework itself serves: the document, the docs page."""

    path: str
    name: str
