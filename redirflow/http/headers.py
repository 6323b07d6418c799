"""Header fields: reading them without case, and the grammar that outgoing ones must keep.

Servers pass CR, LF and NUL on or drop the connection without an answer, so the check
stands here, before anything is sent (RFC 9110 5.5).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from redirflow.http.types import RawHeaders

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE: Final = re.compile(
    r"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?"
)
_HOST: Final = re.compile(
    rb"(?:[A-Za-z0-9._~!$&'()*+,;=\-]+"
    rb"|\[[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:\-]+\]"
    rb"|\[(?P<ipv6>[^%\]]+)\])"
    rb"(?::[0-9]{0,5})?"
)

FRAMING: Final = frozenset(
    {"connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Fields that the server and the framework own; no handler sets them."""


class HeaderRefused(ValueError):
    """A field name or value that must not be sent. The message never repeats the value."""


def field_name(name: str) -> str:
    """*name* in lower case.

    Raises:
        HeaderRefused: it is not a token (RFC 9110 5.6.2).
    """
    if not _TOKEN.fullmatch(name):
        raise HeaderRefused(f"{name!r} is not a header name: use letters, digits and '-'")
    return name.lower()


def field_value(value: str) -> bytes:
    """*value* as it travels, in Latin-1.

    Raises:
        HeaderRefused: it holds a control character or one outside Latin-1, or begins or
            ends with a blank (RFC 9110 5.5).
    """
    if not _VALUE.fullmatch(value):
        raise HeaderRefused(
            "the value holds a control character, a character outside Latin-1, or an outer blank"
        )
    return str.encode(value, "latin-1")  # a subclass may have its own way


def is_token(text: str) -> bool:
    """Whether *text* is a token (RFC 9110 5.6.2): a header or cookie name."""
    return _TOKEN.fullmatch(text) is not None


def is_host(value: bytes) -> bool:
    """Whether *value* is a host with an optional port (RFC 9110 7.2, RFC 3986 3.2.2).

    Percent-encoding is refused: no client sends it here, and readers differ about it.
    """
    match = _HOST.fullmatch(value) if len(value) <= 260 else None
    return match is not None and (match["ipv6"] is None or _is_ipv6(match["ipv6"]))


def host_name(host: str) -> str:
    """The host of a well-formed Host field without its port, in lower case."""
    text = host.lower()
    return text if text.endswith("]") else text.rpartition(":")[0] or text


def _is_ipv6(text: bytes) -> bool:
    from ipaddress import IPv6Address  # seldom needed, and start-up counts

    try:
        IPv6Address(text.decode("ascii"))
    except ValueError:
        return False
    return True


class Headers(Mapping[str, str]):
    """Header fields, read without regard to case; a repeated field gives its last value.

    `getlist` gives every value of a field, `raw` the fields as they came.
    """

    __slots__ = ("_fields", "raw")

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self.raw: RawHeaders = list(raw)
        # "should be lowercased, but it is not required" (ASGI), so it is done here.
        self._fields = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.raw
        }

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"

    def getlist(self, name: str) -> list[str]:
        """Every value of the field *name*, in the order received."""
        wanted = name.lower()
        return [
            value.decode("latin-1")
            for key, value in self.raw
            if key.decode("latin-1").lower() == wanted
        ]
