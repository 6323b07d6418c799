"""The request as handlers see it. Nothing in it is built from Host or forwarded fields."""

from collections.abc import AsyncIterator, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from redirflow.http.cookies import parse_cookies
from redirflow.http.depth import refuse_deep
from redirflow.http.foreign import told
from redirflow.http.headers import Headers
from redirflow.http.local_url import local_url
from redirflow.http.media import UNDECODABLE
from redirflow.http.query import QueryParams, parse_pairs, untouched_query
from redirflow.http.reference import quote_path
from redirflow.http.types import Message, Receive, Scope

Links: TypeAlias = Callable[[object, dict[str, Any]], str]
"""From a target and its parameters to an app-relative location."""

ORIGINAL_PATH: Final = "redirflow.original_path"
"""The scope key under which a reroute keeps the path that the client asked for."""


class BodyTooLarge(Exception):
    """The body has more bytes than the operation allows."""


class MalformedBody(ValueError):
    """The body is not JSON."""


class ClientDisconnected(Exception):
    """The client left before its body was complete."""


def root_path(scope: Scope) -> str:
    """Where the app is mounted, decoded: `""` or `/prefix`, so that a path can follow."""
    root: str = (scope.get("root_path") or "").strip("/")
    return f"/{root}" if root else ""


def local_path(scope: Scope) -> str:
    """The path below the app's `root_path`, decoded."""
    path: str = scope["path"]
    root = root_path(scope)
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in {"", "/"}:
        return path[len(root) :]
    return path


class Request:
    """One request. A handler gets it by a parameter of this type.

    Attributes:
        scope: the ASGI scope.
        path_params: the path parameters, converted to their declared types.
    """

    if not TYPE_CHECKING:
        __getattr__ = told("Request")

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        *,
        max_body_size: int,
        links: Links,
    ) -> None:
        self.scope = scope
        self.path_params: dict[str, Any] = scope.get("path_params") or {}
        self._receive = receive
        self._max_body_size = max_body_size
        self._links = links
        self._body: bytes | None = None
        self._streamed = False
        self._given_again = False

    @property
    def method(self) -> str:
        """The request method, upper-case."""
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        """The decoded path below the app's `root_path`."""
        return local_path(self.scope)

    @property
    def original_path(self) -> str:
        """The path that the client asked for, before any reroute."""
        path: str = self.scope.get(ORIGINAL_PATH) or self.path
        return path

    @property
    def local_url(self) -> str:
        """The location of this request on this site, `"/notes?page=2"`: a value for `next=`.

        It can be sent back as it is, and is a `LocalURL`: where path and query are longer than
        one may be, it is the path alone, and else the root of the app.
        """
        root = quote_path(root_path(self.scope))
        path = root + quote_path(self.path)
        if path.startswith("//"):  # a host would be read behind them
            path = f"/%2F{path[2:]}"
        query = untouched_query(self.scope.get("query_string") or b"")
        return local_url(path + query, local_url(path, root or "/"))

    @property
    def client(self) -> tuple[str, int] | None:
        """The peer's address and port, as the server reports them."""
        peer = self.scope.get("client")
        return (peer[0], peer[1]) if peer else None

    @property
    def state(self) -> Mapping[str, Any]:
        """What the lifespan yielded."""
        state: Mapping[str, Any] = self.scope.get("state") or {}
        return state

    @cached_property
    def headers(self) -> Headers:
        """The header fields, read without regard to case."""
        return Headers(self.scope["headers"])

    @cached_property
    def query(self) -> QueryParams:
        """The decoded query.

        Raises:
            TooManyPairs: it has more than 1000 pairs.
        """
        return QueryParams(parse_pairs(self.scope.get("query_string") or b""))

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies, at most 100."""
        # RFC 9113 8.2.3: on HTTP/2 the field may be split, and is joined with "; ".
        return parse_cookies("; ".join(self.headers.getlist("cookie")))

    def url_for(self, target: object, /, **params: Any) -> str:
        """The location of an operation, path-absolute and with the app's `root_path`.

        Args:
            target: a handler, or the name of an operation.
            params: its path and query parameters.

        Raises:
            LookupError: no operation is meant by *target*.
            ValueError: a parameter is missing, unknown or not of its type.
        """
        return quote_path(root_path(self.scope)) + self._links(target, params)

    def back(self, default: str) -> str:
        """A safe way back to the page that the client came from.

        It is the path and query of `Referer` (RFC 9110 10.1.3), if that names this site, which
        is what `Host` calls it in the same request, and can be sent as a location.

        Args:
            default: the location otherwise; one of this site.

        Raises:
            ValueError: *default* is no location of this site.
        """
        scheme, _, rest = self.headers.get("referer", "").partition("://")
        authority, slash, path = rest.partition("/")
        same = authority and authority.lower() == self.headers.get("host", "").lower()
        came_from = slash + path if same and scheme.lower() in {"http", "https"} else None
        return local_url(came_from, default)

    async def stream(self) -> AsyncIterator[bytes]:
        """The body in the pieces in which it arrives, counted against the limit.

        Raises:
            BodyTooLarge: it has more bytes than allowed (answered with 413).
            ClientDisconnected: the client left.
            RuntimeError: it was streamed before, and is gone.
        """
        if self._body is not None:
            if self._body:
                yield self._body
            return
        self._refuse_declared_length()
        if self._streamed:
            raise RuntimeError("the body was streamed before; body() keeps it")
        self._streamed = True
        received = 0
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            chunk: bytes = message.get("body") or b""
            more = message.get("more_body", False)
            received += len(chunk)
            if received > self._max_body_size:
                raise BodyTooLarge
            if chunk:
                yield chunk

    async def body(self) -> bytes:
        """The whole body; kept, so that it can be read again. Raises what `stream` raises."""
        if self._body is None:
            self._body = b"".join([chunk async for chunk in self.stream()])
        return self._body

    async def json(self) -> Any:
        """The body decoded as JSON, into plain Python values.

        Raises:
            MalformedBody: it is not JSON (answered with 400).
            BodyTooLarge, ClientDisconnected: as `stream` does.
        """
        body = await self.body()
        try:
            refuse_deep(body)
            return msgspec.json.decode(body)
        except UNDECODABLE:
            raise MalformedBody from None

    @property
    def partly_read(self) -> bool:
        """Whether the body was read, or begun to be, without being kept."""
        return self._streamed and self._body is None

    async def receive_again(self) -> Message:
        """The `receive` of a request like this one: a body that was read comes again."""
        if self._body is not None and not self._given_again:
            self._given_again = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        return await self._receive()

    def _refuse_declared_length(self) -> None:
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and (len(declared) > 18 or int(declared) > self._max_body_size):
            raise BodyTooLarge
