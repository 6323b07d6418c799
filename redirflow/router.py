"""`Router`: collects operations. Registration returns the handler unchanged."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar, Unpack

from msgspec import Struct, field
from msgspec.structs import replace

from redirflow.declare.attach import check_function
from redirflow.declare.callbacks import Callback
from redirflow.declare.checks import check, declares, meant
from redirflow.declare.errors import HTTPError
from redirflow.declare.faults import Fault, Place, calling_frame, calling_place, place_of, refuse
from redirflow.declare.group import (
    Group,
    Guard,
    checked_errors,
    checked_guards,
    checked_prefix,
)
from redirflow.declare.operation import Operation, RedirectRule, RerouteRule
from redirflow.declare.redirects import Target
from redirflow.declare.specs import NOTHING, HeaderSpec, checked_headers
from redirflow.http.foreign import remedy, told
from redirflow.http.methods import METHODS, REDIRECT_STATUSES

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class RouteOptions(TypedDict, total=False):
    """What every registration takes besides the path.

    Attributes:
        name: the operationId and the name for `to=`; by default the function's. With
            several methods, `_get`, `_post` ... is appended.
        tags, include_in_schema: for the document.
        summary, description: by default the docstring's first paragraph, and the rest.
        deprecated: `True` for the document; since when, to tell clients too (RFC 9745).
        sunset: until when it is there, which clients are told (RFC 8594).
        callbacks: for the document, what is sent later because of it.
        max_body_size: bytes; by default the app's.
        cancel_on_disconnect: cancel the async handler when its client leaves; streams always
            are, others run to their end unless this is set.
        dependencies: run before the handler, for their effect.
    """

    name: str | None
    tags: Iterable[str]
    summary: str | None
    description: str | None
    deprecated: bool | datetime
    sunset: datetime | None
    callbacks: Mapping[str, Callback]
    include_in_schema: bool
    max_body_size: int | None
    cancel_on_disconnect: bool
    dependencies: Iterable[Guard]


class Included(Struct, frozen=True):
    """A router inside another one."""

    router: "Router"
    group: Group
    place: Place


Rule: TypeAlias = RedirectRule | RerouteRule
Entry: TypeAlias = "Operation | Rule | Included"


class Collected(Struct):
    """Everything in a router and those inside it, with absolute paths.

    Attributes:
        routers: those inside, each with where it is included and its promises there.
    """

    operations: list[Operation] = field(default_factory=list[Operation])
    rules: list[Rule] = field(default_factory=list[Rule])
    faults: list[Fault] = field(default_factory=list[Fault])
    routers: dict["Router", list[tuple[Place, Group]]] = field(
        default_factory=dict["Router", list[tuple[Place, Group]]]
    )

    def includes_twice(self, entry: Included, group: Group) -> bool:
        """Whether a router was included before in a way that its operations would clash."""
        earlier = self.routers.setdefault(entry.router, [])
        for place, other in earlier:
            alike = other.name == group.name and entry.router.collect().operations
            if alike or other.prefix == group.prefix:
                self.faults.append(
                    Fault(
                        f"the same router is included twice: here and at {place}",
                        "once, or each time under a prefix and a name of its own",
                        'include_router(router, prefix="/v2", name="v2")',
                        entry.place,
                    )
                )
                return True
        earlier.append((entry.place, group))
        return False


class Router:
    """A group of operations.

    Args:
        prefix: stands before the path of each operation.
        name: stands before their names, with `_`.
        tags: for the document.
        raises: error classes that each of them may raise.
        headers: headers that each response may have, and successes must if required.
        dependencies: functions (or `Depends`, or credentials) that run before each of them.
        deprecated, sunset: of each of them, as in `RouteOptions`.
    """

    if not TYPE_CHECKING:
        __getattr__ = told("Router")

    @declares
    def __init__(
        self,
        *,
        prefix: str = "",
        name: str | None = None,
        tags: Iterable[str] = (),
        raises: Iterable[type[HTTPError]] = (),
        headers: Mapping[str, HeaderSpec] | None = None,
        dependencies: Iterable[Guard] = (),
        deprecated: bool | datetime = False,
        sunset: datetime | None = None,
    ) -> None:
        check(Router.__init__, locals())
        self._entries: list[Entry] = []
        self._sealed = False
        self._group = Group(
            prefix=checked_prefix(prefix),
            name=name,
            tags=tuple(tags),
            raises=checked_errors(raises),
            headers=checked_headers(headers),
            dependencies=checked_guards(dependencies),
            deprecated=deprecated,
            sunset=sunset,
        )

    def route(
        self, path: str, *, methods: Iterable[str], **options: Unpack[RouteOptions]
    ) -> Callable[[F], F]:
        """Register a handler for a path template and several methods.

        Args:
            path: `/users/{user_id}`, `/files/{rest:path}`.
            methods: upper-case.
            options: see `RouteOptions`.

        Raises:
            SpecError: a method or an option is unknown, or the app is compiled already.
        """
        check(Router.route, {"path": path, "methods": methods})
        _refuse_unknown(options)
        check(RouteOptions, options, "route")
        wanted = tuple(methods)
        unknown = [method for method in wanted if method not in METHODS]
        if unknown or not wanted:
            found = f"methods={list(wanted)!r}"
            raise refuse(found, ", ".join(METHODS), 'methods=["GET", "POST"]')
        guards = checked_guards(options.get("dependencies", ()))

        def register(handler: F) -> F:
            self._add(*_operations(handler, path, wanted, guards, options))
            return handler

        return register

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Register a handler for GET, which then serves HEAD too."""
        return self.route(path, methods=["GET"], **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Register a handler for POST."""
        return self.route(path, methods=["POST"], **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Register a handler for PUT."""
        return self.route(path, methods=["PUT"], **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Register a handler for PATCH."""
        return self.route(path, methods=["PATCH"], **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Register a handler for DELETE."""
        return self.route(path, methods=["DELETE"], **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Register a handler for HEAD, where it is not to be the one for GET."""
        return self.route(path, methods=["HEAD"], **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Register a handler for OPTIONS, where 204 with `Allow` does not suffice."""
        return self.route(path, methods=["OPTIONS"], **options)

    def redirect(
        self,
        source: str,
        *,
        to: Target,
        status_code: int = 308,
        keep_query: bool | None = None,
        max_age: int | None = None,
        deprecated: bool = False,
        description: str | None = None,
        include_in_schema: bool = False,
    ) -> None:
        """A redirect without a handler (RFC 9110 15.4).

        Args:
            source: a path template below this router's prefix.
            to: an absolute path template of this app that uses parameters of the source, a
                handler, an operation's name, or `"https://host/..."`.
            status_code: 301, 302, 303, 307 or 308.
            keep_query: whether the request's query is added to the target's own; by default
                for targets in this app, and not for others.
            max_age: seconds for which it may be cached.
            deprecated, description, include_in_schema: for the document.

        Raises:
            SpecError: another status, or a negative `max_age`.
        """
        check(Router.redirect, locals())
        status = int(status_code)
        if status not in REDIRECT_STATUSES:
            raise refuse(f"redirect({source!r}, status_code={status})", "301, 302, 303, 307, 308")
        self._add(
            RedirectRule(
                source=source,
                to=to,
                status_code=status,
                place=calling_place(),
                keep_query=keep_query,
                max_age=max_age,
                deprecated=deprecated,
                description=description,
                include_in_schema=include_in_schema,
            )
        )

    def reroute(
        self,
        source: str,
        *,
        to: Target,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Let another operation answer, without a round trip.

        Args:
            source: a path template below this router's prefix.
            to: as in `redirect`, in this app.
            query: replaces the request's query; `None` keeps it.
            headers: replace the client's own fields of the same names.
        """
        check(Router.reroute, locals())
        self._add(
            RerouteRule(
                source=source,
                to=to,
                place=calling_place(),
                query=query,
                headers=MappingProxyType(dict(headers or {})),
            )
        )

    def include_router(
        self,
        router: "Router",
        *,
        prefix: str = "",
        name: str | None = None,
        tags: Iterable[str] = (),
    ) -> None:
        """Put the operations of *router* into this one.

        What is registered on *router* later counts too, until the app is compiled.

        Args:
            prefix, name, tags: stand before the router's own.
        """
        check(Router.include_router, locals())
        group = Group(prefix=checked_prefix(prefix), name=name, tags=tuple(tags))
        self._add(Included(router, group, calling_place()))

    def collect(self) -> Collected:
        """All operations in this router and those inside it."""
        collected = Collected()
        self._collect(Group(), (), collected)
        return collected

    def seal(self) -> None:
        """Refuse what is registered from now on: an app that includes this is compiled."""
        self._sealed = True

    def _add(self, *entries: Entry) -> None:
        self._refuse_late()
        self._entries.extend(entries)

    def _refuse_late(self) -> None:
        if self._sealed:
            raise refuse(
                "the app is compiled: what is registered now would never be served",
                "registration before the first request, and before compile()",
            )

    def _collect(self, outer: Group, above: tuple["Router", ...], collected: Collected) -> None:
        group = outer.around(self._group)
        for entry in self._entries:
            if isinstance(entry, Operation):
                collected.operations.append(group.applied(entry))
            elif isinstance(entry, RedirectRule | RerouteRule):
                rule = replace(entry, source=group.prefix + entry.source)
                collected.rules.append(rule)
            elif entry.router is self or entry.router in above:
                fault = Fault(
                    "a router is included in itself", "routers that end", place=entry.place
                )
                collected.faults.append(fault)
            else:
                around = group.around(entry.group)
                if not collected.includes_twice(entry, around.around(entry.router._group)):
                    entry.router._collect(around, (*above, self), collected)


def _refuse_unknown(options: RouteOptions) -> None:
    known = RouteOptions.__annotations__
    for name in options:
        if name not in known:
            write = remedy("a route", name) or meant(name, known)
            raise refuse(f"a route with {name}=...", ", ".join(known), write)


def _operations(
    handler: Callable[..., Any],
    path: str,
    methods: tuple[str, ...],
    guards: tuple[Any, ...],
    options: RouteOptions,
) -> Iterator[Operation]:
    """One operation for each method."""
    check_function(handler, "a route decorates {}")
    base = options.get("name") or _own_name(handler)
    namespace = _namespace(handler)
    tags = tuple(options.get("tags", ()))
    # PERF: the line of a frame is counted from the start of its module, so it is seldom asked for.
    place = place_of(handler) or calling_place()
    for method in methods:
        yield Operation(
            method=method,
            path=path,
            name=f"{base}_{method.lower()}" if len(methods) > 1 else base,
            handler=handler,
            place=place,
            tags=tags,
            summary=options.get("summary"),
            description=options.get("description"),
            deprecated=options.get("deprecated", False),
            sunset=options.get("sunset"),
            callbacks=options.get("callbacks", NOTHING),
            include_in_schema=options.get("include_in_schema", True),
            max_body_size=options.get("max_body_size"),
            cancel_on_disconnect=options.get("cancel_on_disconnect", False),
            dependencies=guards,
            namespace=namespace,
        )


def _own_name(handler: Any) -> str:
    """The name of a function; that of its class for an object that can be called."""
    if isinstance(handler, partial):
        inner: Any = handler.func
        return _own_name(inner)
    return getattr(handler, "__name__", None) or type(handler).__name__


def _namespace(handler: Callable[..., Any]) -> Mapping[str, Any]:
    """The local names that a handler made inside a function may use in its annotations.

    String annotations are resolved after that function has ended; the frame knows them now.
    """
    if "<locals>" not in getattr(handler, "__qualname__", ""):
        return NOTHING
    return dict(calling_frame().f_locals)
