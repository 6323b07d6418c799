"""Cookies: reading the `Cookie` field and writing `Set-Cookie` (RFC 6265)."""

import re
from typing import Final

LIMIT: Final = 100
"""Cookies read from one request; what comes after them is not looked at."""

_VALUE: Final = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
_MAX_BYTES: Final = 4096


class CookieRefused(ValueError):
    """A cookie value that must not be sent. The message never repeats the value."""


def parse_cookies(field: str) -> dict[str, str]:
    """The cookies of one `Cookie` field (several are joined with `; ` first).

    The first of two with one name counts: a browser sends the more specific path first
    (RFC 6265 5.4). Quotes around a value are taken off. A part without `=` is skipped.
    """
    cookies: dict[str, str] = {}
    for part in field.split(";", LIMIT)[:LIMIT]:
        name, equals, value = part.partition("=")
        name = name.strip(" \t")
        if equals and name:
            value = value.strip(" \t")
            if len(value) > 1 and value[0] == value[-1] == '"':
                value = value[1:-1]
            cookies.setdefault(name, value)
    return cookies


def cookie_value(value: str) -> str:
    """*value*, if it can stand in a `Set-Cookie` field as it is.

    Raises:
        CookieRefused: it holds a character that RFC 6265 4.1.1 does not allow, or it is
            longer than 4096 bytes.
    """
    if not _VALUE.fullmatch(value):
        raise CookieRefused(
            "a cookie value holds printable ASCII without blank, quote, comma, semicolon "
            "or backslash: encode it first, with base64 or percent-encoding"
        )
    if len(value) > _MAX_BYTES:
        raise CookieRefused(f"a cookie value has at most {_MAX_BYTES} bytes")
    return value
