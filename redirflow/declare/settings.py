"""What an app says of itself: how it is served, and what the document tells of it."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from redirflow.declare.faults import refuse
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
