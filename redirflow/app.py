"""`App`: collects, compiles once, serves.

What compiles and what serves is imported where it is first needed: a process that only declares
(a module that is imported, a command's `--help`) starts three times as fast without.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from inspect import isclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Self

from redirflow.declare.attach import check_function
from redirflow.declare.checks import check, declares, shown
from redirflow.declare.errors import HTTPError
from redirflow.declare.faults import Fault, calling_place, refuse
from redirflow.declare.formats import ErrorFormat, ProblemDetails
from redirflow.declare.group import Guard, checked_prefix
from redirflow.declare.hooks import TypeHook, checked_hooks, in_force
from redirflow.declare.operation import Mount, Page
from redirflow.declare.settings import (
    UI,
    Info,
    Lifespan,
    OpenAPIVersion,
    Settings,
    Slashes,
    host_names,
)
from redirflow.declare.specs import NOTHING, HeaderSpec
from redirflow.http.response import Reply
from redirflow.http.types import ASGIApp, Receive, Scope, Send
from redirflow.router import Router
from redirflow.routing.table import RedirectTable
from redirflow.routing.template import TemplateError, parse_template

if TYPE_CHECKING:
    from redirflow.compile import CompiledApp, Declarations

MEBIBYTE: Final = 1024 * 1024


class App(Router):
    """An ASGI application made of declared operations.

    Args:
        title, version, description, servers: for the document; a server is a URL or an
            OpenAPI server object.
        openapi_tags: OpenAPI tag objects, for tags that have a description or a parent.
        webhooks: for the document, what this app sends elsewhere: the type of the body by name.
        lifespan: an async context manager of the app; what it yields is `request.state`. Of
            several, the first is entered first and left last.
        middleware: factories `factory(app) -> app`; the first is outermost.
        raises, headers, dependencies: for every operation, as in `Router`.
        slashes: what happens to `/x/` where only `/x` is served, and the reverse:
            `"redirect"` (308), `"strict"` (404), `"match"` (served).
        allowed_hosts: host names this app answers for, compared literally; `None` for all.
        max_body_size: bytes of a request body.
        error_format: how errors look: `ProblemDetails()` or `ErrorModel()`, or your own.
        openapi_version: `"3.2.0"` or `"3.1.1"`.
        openapi_url: where the document is served; `None` for nowhere.
        docs_url: where the docs page is served; `None` for nowhere.
        docs_ui: `"redirflow"`, which needs nothing from elsewhere, or `"swagger"` or
            `"scalar"` from a CDN.
        type_hooks: for classes that msgspec does not know: how their values travel.
        debug: whether a 500 says what happened.

    Raises:
        SpecError: what can be seen at once is wrong. The rest is told by `compile`.
    """

    @declares
    def __init__(
        self,
        *,
        title: str = "API",
        version: str = "0.1.0",
        description: str | None = None,
        servers: Iterable[str | Mapping[str, Any]] = (),
        openapi_tags: Iterable[Mapping[str, Any]] = (),
        webhooks: Mapping[str, Any] = NOTHING,
        lifespan: Lifespan | Iterable[Lifespan] | None = None,
        middleware: Iterable[Callable[[ASGIApp], ASGIApp]] = (),
        raises: Iterable[type[HTTPError]] = (),
        headers: Mapping[str, HeaderSpec] | None = None,
        dependencies: Iterable[Guard] = (),
        slashes: Slashes = "redirect",
        allowed_hosts: Iterable[str] | None = None,
        max_body_size: int = MEBIBYTE,
        error_format: ErrorFormat = ProblemDetails(),  # noqa: B008 - frozen
        openapi_version: OpenAPIVersion = "3.2.0",
        openapi_url: str | None = "/openapi.json",
        docs_url: str | None = "/docs",
        docs_ui: UI = "redirflow",
        type_hooks: Iterable[TypeHook] = (),
        debug: bool = False,
    ) -> None:
        check(App.__init__, locals())
        super().__init__(raises=raises, headers=headers, dependencies=dependencies)
        for name, url in (("openapi_url", openapi_url), ("docs_url", docs_url)):
            if url is not None and not _is_plain(url):
                allowed = "a path without parameters, or None for nowhere"
                raise refuse(f"App({name}={url!r})", allowed, f'{name}="/{name[:-4]}"')
        if openapi_url is not None and openapi_url == docs_url:
            raise refuse(f"App(openapi_url={docs_url!r}, docs_url={docs_url!r})", "a path for each")
        if docs_url and docs_ui != "redirflow" and openapi_url is None:
            raise refuse(
                f"App(docs_ui={docs_ui!r}, openapi_url=None): it can't do without the document",
                'an address for the document, or docs_ui="redirflow"',
            )
        self._info = Info(
            title=title,
            version=version,
            description=description,
            servers=tuple(servers),
            tags=tuple(openapi_tags),
            webhooks=webhooks,
            openapi_version=openapi_version,
        )
        from redirflow.declare.lifespans import one_lifespan

        given = () if lifespan is None else (lifespan,) if callable(lifespan) else tuple(lifespan)
        self._lifespans = given
        self._lifespan = one_lifespan(given)
        self._middleware = tuple(middleware)
        hosts = None if allowed_hosts is None else host_names(allowed_hosts)
        self._settings = Settings(debug=debug, slashes=slashes, allowed_hosts=hosts)
        self._max_body_size = max_body_size
        self._error_format = error_format
        self._hooks = checked_hooks(type_hooks)
        self._docs_url = docs_url
        self._docs_ui: UI = docs_ui
        self._openapi_url = openapi_url
        self._mounts: list[Mount] = []
        self._tables: list[RedirectTable] = []
        self._overrides: Mapping[Any, Any] = NOTHING
        self._compiled: CompiledApp | None = None
        self._forget()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope: `http`, `lifespan`, or a `websocket`, which is for a mount."""
        await self._serve(scope, receive, send)

    def compile(self) -> "CompiledApp":
        """Compile the declarations; once, later calls give the first result.

        It happens by itself in the start-up of a lifespan, or before the first request.

        Raises:
            SpecError: with every fault found.
        """
        from redirflow.compile import compile_app
        from redirflow.serve.failures import ROUTER_ERRORS

        with self._compiling:
            if self._compiled is None:
                with in_force(self._hooks):
                    self._compiled = compile_app(self.declarations(), ROUTER_ERRORS)
                for router in (self, *self.collect().routers):
                    router.seal()
        return self._compiled

    def overridden(self, overrides: Mapping[Any, Any]) -> Self:
        """This app, with other functions for some dependencies; it compiles on its own.

        Args:
            overrides: by dependency, the function that stands for it in tests.
        """
        check(App.overridden, locals())
        for function in overrides.values():
            check_function(function, "an override by {}")
        app = copy(self)
        app._overrides = overrides
        app._forget()
        return app

    def declarations(self) -> "Declarations":
        """Everything collected so far."""
        from redirflow.compile import Declarations

        collected = self.collect()
        return Declarations(
            info=self._info,
            operations=tuple(collected.operations),
            pages=self._pages(),
            mounts=tuple(self._mounts),
            rules=tuple(collected.rules),
            tables=tuple(self._tables),
            slashes=self._settings.slashes,
            error_format=self._error_format,
            max_body_size=self._max_body_size,
            overrides=self._overrides,
            faults=(*collected.faults, *self._idle_mounts()),
        )

    def mount(self, prefix: str, app: ASGIApp) -> None:
        """Let another ASGI app answer everything below a prefix, but what is registered here.

        Args:
            prefix: `"/static"`; it becomes part of the `root_path` of *app*.
            app: its lifespan is its own business and is not run, of which `redirflow check`
                warns; guards do not cover it.

        Raises:
            SpecError: the prefix is empty, ends with `/`, is no path or has parameters, or
                another app is mounted there.
        """
        check(App.mount, locals())
        if not checked_prefix(prefix) or not _is_plain(prefix):
            raise refuse(
                f"mount({prefix!r}, ...)", "a path without parameters", 'mount("/static", app)'
            )
        given: Any = app
        if isclass(given) and not hasattr(given, "__await__"):
            raise refuse(f"mount({prefix!r}, {shown(given)})", "an ASGI application, made already")
        if any(mount.prefix == prefix for mount in self._mounts):
            raise refuse(f"mount({prefix!r}, ...), twice", "one app for a prefix")
        self._refuse_late()
        self._mounts.append(Mount(prefix=prefix, app=app, place=calling_place()))

    def redirect_table(self, table: RedirectTable) -> None:
        """Add redirects in bulk; they are checked with everything else.

        Args:
            table: made by `RedirectTable.load` or `RedirectTable.from_pairs`.
        """
        check(App.redirect_table, locals())
        self._refuse_late()
        self._tables.append(table)

    def url_for(self, target: object, /, **params: Any) -> str:
        """The app-relative location of an operation.

        Args:
            target: a handler, or the name of an operation.
            params: its path and query parameters.

        Raises:
            LookupError: no operation is meant by *target*.
            ValueError: a parameter is missing, unknown or not of its type.
        """
        return self.compile().directory.location(target, params)

    def openapi(self, version: OpenAPIVersion | None = None) -> dict[str, Any]:
        """The OpenAPI document, in the app's version or another one."""
        from redirflow.openapi.downgrade import downgrade

        check(App.openapi, locals())
        document = self.compile().document
        wanted = version or self._info.openapi_version
        return downgrade(document)[0] if wanted == "3.1.1" else document

    def openapi_json(self, version: OpenAPIVersion | None = None) -> bytes:
        """The OpenAPI document as it is written: the same bytes each time."""
        from redirflow.openapi.document import write_document

        return write_document(self.openapi(version))

    def _idle_mounts(self) -> Iterator[Fault]:
        """Warnings of lifespans that nobody enters, since the app that has them is mounted."""
        from redirflow.declare.lifespans import not_entered

        for mount in self._mounts:
            theirs = mount.app._lifespans if isinstance(mount.app, App) else ()
            left = not_entered(mount.app, theirs, self._lifespans) if theirs else []
            if left:
                names = [shown(each) for each in (*self._lifespans, *left)]
                found = f"mount({mount.prefix!r}, ...): nobody enters the lifespan of that App"
                allowed = "a lifespan that the app around it has too"
                write = f"App(lifespan=[{', '.join(names)}])"
                yield Fault(found, allowed, write, mount.place, "warning")

    def _forget(self) -> None:
        """Serve by a compiled form yet to be made."""
        self._compiled = None
        self._sealed = False
        self._compiling = Lock()
        self._inner: ASGIApp = self._first
        self._serve: ASGIApp = self._wrapped() if self._middleware else self._first

    def _start(self) -> None:
        """Compile, and let the runtime take over."""
        from redirflow.compile import without_collections
        from redirflow.serve.follow_header import report_redirects
        from redirflow.serve.runtime import make_runtime

        with without_collections():
            self._inner = make_runtime(self.compile(), self._settings, self._other, self._docs)
        if self._settings.debug:
            self._inner = report_redirects(self._inner)
        if not self._middleware:
            # PERF: one coroutine less for each request.
            self._serve = self._inner

    async def _first(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stands in for the runtime until the app is compiled."""
        if scope["type"] in {"http", "websocket"}:
            self._start()
            await self._inner(scope, receive, send)
        else:
            await self._other(scope, receive, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Scopes that belong to no client."""
        if scope["type"] != "lifespan":
            raise ValueError(f"an ASGI scope of the unknown type {scope['type']!r}")
        from redirflow.serve.lifespan import run_lifespan

        await run_lifespan(self, self._start, self._lifespan, scope, receive, send)

    def _wrapped(self) -> ASGIApp:
        """The whole application: the middleware around what serves."""

        async def inner(scope: Scope, receive: Receive, send: Send) -> None:
            await self._inner(scope, receive, send)

        app: ASGIApp = inner
        for factory in reversed(self._middleware):
            app = factory(app)
            if not callable(app):
                found = f"the middleware {shown(factory)} gives {app!r}"
                raise refuse(found, "a factory that returns an ASGI application")
        return app

    def _pages(self) -> tuple[Page, ...]:
        """Where the app itself answers: the document, the docs page and its files."""
        from redirflow.compile import DOCUMENT
        from redirflow.docs.assets import docs_paths

        document = (self._openapi_url,) if self._openapi_url else ()
        docs = docs_paths(self._docs_url, self._docs_ui) if self._docs_url else ()
        return (
            *(Page(path=path, name=DOCUMENT) for path in document),
            *(Page(path=path, name="docs") for path in docs),
        )

    def _docs(self) -> Mapping[str, Reply]:
        """The docs page and what it loads, by path; written when first asked for."""
        from redirflow.docs.edges import app_edges
        from redirflow.docs.pages import docs_pages

        compiled = self.compile()
        return docs_pages(
            compiled.document,
            self._docs_url or "",
            self._docs_ui,
            debug=self._settings.debug,
            openapi_url=self._openapi_url,
            edges=app_edges(compiled),
        )


def _is_plain(path: str) -> bool:
    try:
        return not parse_template(path).holes
    except TemplateError:
        return False
