"""Redirects reported to the docs page, for debugging.

A browser's fetch follows redirects by itself and hides what was on the way. So, in `debug`, a
request that carries `redirflow-follow: manual` gets its redirect told: status 200, the header
`redirflow-follow: reported`, and as JSON what would have been sent,

    {"status": 303, "location": "/me", "headers": [["location", "/me"], ...]}

The page follows that itself, hop by hop. Two rules keep this from strangers. It happens for a
loopback Host only: a page of another site that made its own name lead to 127.0.0.1 (DNS rebinding)
is not answered. And cookies do what they would have done, but their values are not told: what
`HttpOnly` keeps from scripts stays kept from them.
"""

import re
from typing import Final

import msgspec

from redirflow.http.headers import Headers
from redirflow.http.media import JSON
from redirflow.http.methods import REDIRECT_STATUSES
from redirflow.http.response import Reply, content_length, send_reply
from redirflow.http.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

HEADER: Final = b"redirflow-follow"

_LOOPBACK: Final = re.compile(rb"(?:(?i:localhost)|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?")
_COOKIE_VALUE: Final = re.compile(r"(?<==)[^;]*")


def report_redirects(app: ASGIApp) -> ASGIApp:
    """*app*, whose redirects are reported to whoever asks for it on this very machine.

    Put it around an app in `debug` only. HEAD is left alone: its answer has no body for a report.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] != "HEAD" and _asks(scope["headers"])
        await app(scope, receive, _reporting(send) if asked else send)

    return serve


def _asks(headers: RawHeaders) -> bool:
    """Whether a request wants its redirect reported, and comes from this machine."""
    asked = [value for name, value in headers if name.lower() == HEADER]
    hosts = [value for name, value in headers if name.lower() == b"host"]
    return asked == [b"manual"] and len(hosts) == 1 and bool(_LOOPBACK.fullmatch(hosts[0]))


def _reporting(send: Send) -> Send:
    """A *send* that sends a report in place of a redirect."""
    reported = False

    async def report(message: Message) -> None:
        nonlocal reported
        if reported:
            return  # the rest of a redirect that was told already
        if message["type"] == "http.response.start":
            fields = Headers(message.get("headers", ()))
            if message["status"] in REDIRECT_STATUSES and "location" in fields:
                reported = True
                await send_reply(send, _report(message["status"], fields))
                return
            message = {**message, "headers": fields.raw}  # they may be readable once only
        await send(message)

    return report


def _report(status: int, fields: Headers) -> Reply:
    told = [_told(name, value) for name, value in fields.raw]
    body = msgspec.json.encode({"status": status, "location": fields["location"], "headers": told})
    cookies = [(name, value) for name, value in fields.raw if name.lower() == b"set-cookie"]
    headers = [
        (b"content-type", JSON.encode()),
        content_length(len(body)),
        (HEADER, b"reported"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Reply(200, [*headers, *cookies], body)


def _told(name: bytes, value: bytes) -> tuple[str, str]:
    """A header field as a script may see it."""
    field, text = name.decode("latin-1").lower(), value.decode("latin-1")
    if field == "set-cookie":
        text = _COOKIE_VALUE.sub("\N{HORIZONTAL ELLIPSIS}", text, count=1)
    return field, text
