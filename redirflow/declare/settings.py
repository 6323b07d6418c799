"""What an app says of itself: how it is served, and what the document tells of it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from inspect import isasyncgenfunction, iscoroutine, iscoroutinefunction, isgeneratorfunction
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, cast

from msgspec import Struct

from redirflow.declare.attach import is_manager, manager_by
from redirflow.declare.checks import shown
from redirflow.declare.faults import Fault, Place, SpecError, calling_place, place_of, refuse
from redirflow.declare.specs import NOTHING
from redirflow.http.headers import host_name, is_host

Slashes: TypeAlias = Literal["redirect", "strict", "match"]
"""What happens to `/x/` where only `/x` is served, and the reverse."""

UI: TypeAlias = Literal["redirflow", "swagger", "scalar"]
"""Who shows the document: our page, or one of two others from a CDN."""

OpenAPIVersion: TypeAlias = Literal["3.2.0", "3.1.1"]

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]


class Settings(Struct, frozen=True, kw_only=True):
    """What an app decides about serving.

    Attributes:
        allowed_hosts: host names without port, in lower case; `None` admits all.
    """

    debug: bool = False
    slashes: Slashes = "redirect"
    allowed_hosts: frozenset[str] | None = None


class Info(Struct, frozen=True, kw_only=True):
    """What the document says about the API as a whole.

    Attributes:
        servers: URLs, or Server Objects.
        tags: Tag Objects; tags that have none are described by their name.
        webhooks: the types of what the app sends to others, by name.
        openapi_version: the version that is served.
    """

    title: str
    version: str
    description: str | None = None
    servers: tuple[Any, ...] = ()
    tags: tuple[Any, ...] = ()
    webhooks: Mapping[str, Any] = NOTHING
    openapi_version: OpenAPIVersion = "3.2.0"


def host_names(hosts: Iterable[str]) -> frozenset[str]:
    """*hosts* in lower case.

    Raises:
        SpecError: no Host field without its port can be just that.
    """
    names = frozenset(host.lower() for host in hosts)
    for name in sorted(names):
        plain = name.isascii() and "*" not in name and is_host(name.encode())
        if not plain or host_name(name) != name:
            raise refuse(
                f"allowed_hosts=[{name!r}]",
                "host names without scheme, port or wildcard, in ASCII",
                'allowed_hosts=["example.com", "[::1]"]',
            )
    return names


def one_lifespan(given: Lifespan | Iterable[Lifespan] | None) -> Lifespan:
    """What `App(lifespan=...)` takes, as one: none, one, or several.

    Several are entered in order and left in reverse, each of them even if another fails, and
    as if it had not: what one does behind its `yield` is done. Of equal keys in their states
    the last counts.

    Raises:
        SpecError: one can't be called, was called already, or lacks its decorator. What a call
            gives is known only when the app starts.
    """
    several = () if given is None else (given,) if callable(given) else tuple(given)
    for lifespan in several:
        if is_manager(lifespan):
            raise refuse(
                "lifespan=lifespan(app): it was called already",
                "the function itself, which is called when the app starts",
                "lifespan=lifespan",
            )
        for what, gives in _GIVES.items():
            if gives(lifespan):
                raise _no_lifespan(lifespan, what, calling_place())

    @asynccontextmanager
    async def entered(app: object) -> AsyncGenerator[Mapping[str, Any]]:
        state: dict[str, Any] = {}
        async with AsyncExitStack() as stack:
            for lifespan in several:
                context = _opened(lifespan, app)
                yielded = await context.__aenter__()
                stack.push_async_exit(_leaving(context))
                state.update(yielded or {})
            yield state

    return entered


_GIVES: Final[Mapping[str, Callable[[Any], bool]]] = MappingProxyType(
    {
        "an async generator": isasyncgenfunction,
        "a generator": isgeneratorfunction,
        "a coroutine": iscoroutinefunction,
        "a context manager for `with`": lambda given: manager_by(given) == "contextmanager",
    }
)
"""What can be known to be no async context manager before it is there."""


def _opened(lifespan: Lifespan, app: object) -> AbstractAsyncContextManager[Any]:
    """What *lifespan* gives for *app*, if it can be entered."""
    context: Any = lifespan(app)
    if not isinstance(context, AbstractAsyncContextManager):
        if iscoroutine(context):
            context.close()  # nobody will await it
        what = "None" if context is None else f"a value of type {type(context).__name__}"
        raise _no_lifespan(lifespan, what)
    return cast("AbstractAsyncContextManager[Any]", context)


def _no_lifespan(lifespan: Lifespan, gives: str, place: Place | None = None) -> SpecError:
    fault = Fault(
        f"lifespan={shown(lifespan)}, which gives {gives}",
        "an async context manager of the app, or several",
        "@asynccontextmanager on an async generator that yields once",
        place_of(lifespan) or place,
    )
    return SpecError([fault])


def _leaving(context: AbstractAsyncContextManager[Any]) -> Callable[..., Awaitable[None]]:
    """What leaves *context*; an error of another one is kept from it, cancellation is not."""

    async def leave(*raised: Any) -> None:
        others = isinstance(raised[1], Exception)
        given = (None, None, None) if others else raised
        try:
            await context.__aexit__(*given)
        except Exception as error:
            if others:
                setattr(error, _EARLIER, failures(raised[1]))
            raise

    return leave


_EARLIER: Final = "__redirflow_earlier__"


def failures(error: Exception) -> tuple[Exception, ...]:
    """*error* of a lifespan, behind those of others that failed before it."""
    return (*getattr(error, _EARLIER, ()), error)
