"""A response: as a handler makes it, and as it goes over the wire."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Generic, NamedTuple, TypeVar, overload

from redirflow.http.types import Message, RawHeaders, Scope, Send

T_co = TypeVar("T_co", covariant=True)


class Response(Generic[T_co]):
    """What a handler returns when the body alone does not say it all.

    The values are checked against the response spec of the chosen status; what the spec
    does not declare is a contract violation.

    Args:
        body: a value of the declared type; `None` for no body.
        status_code: one of the declared statuses; without it, the default one.
        headers: values of declared headers, of their declared types.
        cookies: values of declared cookies; `None` deletes a cookie.
        media_type: one of the declared media types, when there are several.
    """

    __slots__ = ("body", "cookies", "headers", "media_type", "status_code")

    @overload
    def __init__(
        self: "Response[None]",
        body: None = None,
        *,
        status_code: int | None = None,
        headers: Mapping[str, Any] | None = None,
        cookies: Mapping[str, str | None] | None = None,
        media_type: str | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        body: T_co,
        *,
        status_code: int | None = None,
        headers: Mapping[str, Any] | None = None,
        cookies: Mapping[str, str | None] | None = None,
        media_type: str | None = None,
    ) -> None: ...

    def __init__(
        self,
        body: Any = None,
        *,
        status_code: int | None = None,
        headers: Mapping[str, Any] | None = None,
        cookies: Mapping[str, str | None] | None = None,
        media_type: str | None = None,
    ) -> None:
        self.body = body
        self.status_code = None if status_code is None else int(status_code)
        self.headers = headers
        self.cookies = cookies
        self.media_type = media_type


class Reply(NamedTuple):
    """A complete response, ready for the wire. Header names are lower-case."""

    status: int
    headers: RawHeaders
    body: bytes = b""


EMPTY: Final = (b"content-length", b"0")
"""`content-length: 0`; without it servers frame an empty body in chunks."""


def content_length(length: int) -> tuple[bytes, bytes]:
    """The `content-length` field for *length* bytes."""
    return b"content-length", b"%d" % length


async def send_reply(send: Send, reply: Reply) -> None:
    """Send *reply*: exactly one start and one body message."""
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    await send({"type": "http.response.body", "body": reply.body})


async def deliver(reply: Reply, scope: Scope, send: Send) -> None:
    """Send *reply*, to a HEAD without its body (RFC 9110 9.3.2), whatever became of the client.

    That it has left is nobody's failure: `send` may raise OSError then (ASGI).
    """
    if scope["method"] == "HEAD":
        reply = reply._replace(body=b"")
    with suppress(OSError):
        await send_reply(send, reply)


def without_body(send: Send) -> Send:
    """A *send* for HEAD: the fields of a response, none of its content (RFC 9110 9.3.2)."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
