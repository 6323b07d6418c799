"""What a router collects: operations, rules without a handler, mounts."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from redirflow.declare.attach import specs_of
from redirflow.declare.callbacks import Callback
from redirflow.declare.dependencies import Depends, Scheme
from redirflow.declare.errors import HTTPError
from redirflow.declare.faults import Fault, Place
from redirflow.declare.specs import NOTHING, HeaderSpec
from redirflow.http.types import ASGIApp


class Operation(Struct, frozen=True, kw_only=True, eq=False):
    """One method of one path template, with all that its author promised.

    Attributes:
        path: the template, prefixes included.
        name: the operationId and the name for `to=`.
        namespace: names that the annotations of a handler made in a function may use.
        raises, headers, dependencies: those of App, Routers and the operation itself,
            outermost first.
        deprecated, sunset: whether, or since when; and until when it is there.
        callbacks: what is sent later because of it, by name.
        cancel_on_disconnect: whether the handler is cancelled when its client leaves.
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
    callbacks: Mapping[str, Callback] = NOTHING
    include_in_schema: bool = True
    max_body_size: int | None = None
    cancel_on_disconnect: bool = False
    dependencies: tuple[Depends | Scheme, ...] = ()
    raises: tuple[type[HTTPError], ...] = ()
    headers: Mapping[str, HeaderSpec] = NOTHING
    namespace: Mapping[str, Any] = NOTHING

    def __repr__(self) -> str:
        return f"Operation({self.method} {self.path}, {self.name})"

    @property
    def specs(self) -> tuple[Any, ...]:
        """The specs on the handler, outermost first; read late, as they may follow the route."""
        return specs_of(self.handler)

    def fault(self, found: str, allowed: str = "", write: str = "") -> Fault:
        """A fault at the handler."""
        return Fault(found, allowed, write, self.place)


class RedirectRule(Struct, frozen=True, kw_only=True, eq=False):
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


class RerouteRule(Struct, frozen=True, kw_only=True, eq=False):
    """A path that another operation answers, without a round trip."""

    source: str
    to: Any
    place: Place
    query: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = NOTHING


class Mount(Struct, frozen=True, kw_only=True, eq=False):
    """Another ASGI app that answers everything below a prefix."""

    prefix: str
    app: ASGIApp
    place: Place


class Page(Struct, frozen=True, kw_only=True, eq=False):
    """Something that the framework itself serves: the document, the docs page."""

    path: str
    name: str
