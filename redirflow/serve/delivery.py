"""Sending a complete reply, whatever has become of the client."""

from contextlib import suppress

from redirflow.http.response import Reply, send_reply
from redirflow.http.types import Scope, Send


async def deliver(reply: Reply, scope: Scope, send: Send) -> None:
    """Send *reply*, to a HEAD without its body (RFC 9110 9.3.2).

    That the client has left is nobody's failure: `send` may raise OSError then (ASGI).
    """
    if scope["method"] == "HEAD":
        reply = reply._replace(body=b"")
    with suppress(OSError):
        await send_reply(send, reply)
