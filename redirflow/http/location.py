r"""Locations: what may stand in a ``Location`` header, and how it is written there.

The theory: the checker and the emitter are one function. Most open redirects were a good check
of a text that was then written, or read, as another one. Browsers drop tabs and take a backslash
for a slash; an encoder that runs after the check makes a user name of the host in
``http://site\@evil``. So `compile_location` takes a text apart once and builds the header from
the very parts it checked: what is checked is what is sent. The rules for the text and how its
parts are written stand in `http.reference`, those for hosts in `http.origin`.

Three readers must agree on what passes: RFC 3986 (proxies, most clients), the WHATWG URL Standard
(browsers) and this package. Where they could differ a text is refused, never repaired, for a repair
is a guess and the text may be an attacker's. What is done to the rest keeps its meaning:
percent-encoding of what RFC 3986 has no place for, per component and never twice, a lower-case
scheme and host, no default port, "/" for an absent path. A browser that reads a result comes to
just what the text said, with some characters escaped that it would have left alone: ``|^[]`` and
a ``\`` past the path, ``{}`` and the backtick past it too, a second ``#``, and a stray ``%``.
Compiled again, a result stays as it is.

What this file must not know: the request (nothing is built from Host), the routes, who raised the
redirect. Dot segments are plain text here; who fills a path template keeps a client's out of it.
"""

import re
from typing import Final

from msgspec import Struct

from redirflow.http.origin import split_origin
from redirflow.http.reference import LocationRefused, checked, encode_reference

_MAX_BYTES: Final = 8000  # what RFC 9110, 4.1 asks everyone to support


class LocationTooLong(LocationRefused):
    """A location that is fine but for its length, which is mostly a client's doing."""


class LocationPolicy(Struct, frozen=True):
    """Where a location may lead: by default to this site only.

    Attributes:
        local: Whether ``/...``, ``?...`` and ``#...`` may be sent.
        origins: Origins that may be sent to, each as `parse_origin` writes it.
        any_origin: Whether every http(s) origin may be sent to.
    """

    local: bool = True
    origins: frozenset[str] = frozenset()
    any_origin: bool = False


LOCAL: Final = LocationPolicy()

# PERF: nearly all that is ever sent needs neither a closer look nor encoding; 0.2 us, not 2.5.
# Its limits keep it below _MAX_BYTES; what is longer gets the closer look.
_READY = re.compile(r"(?:/(?!/)|(?=[?#]))[!$&(-;=?-Z_a-z~]{0,7000}(?:#[!$&(-;=?-Z_a-z~]{0,900})?")


def compile_location(location: str, policy: LocationPolicy = LOCAL) -> bytes:
    """Check a location and write it for the header (RFC 9110, 10.2.2), in one.

    Args:
        location: ``/...``, ``?...``, ``#...`` or an absolute http(s) URL. Its valid
            percent-escapes are kept.
        policy: Where it may lead.

    Returns:
        The field value: at most 8000 bytes of printable ASCII without blank or backslash.

    Raises:
        LocationRefused: It is none of these or not a str, two parsers could read it differently
            (RFC 3986, WHATWG URL), it is too long, or the policy does not have it.
    """
    if policy.local and type(location) is str and _READY.fullmatch(location):
        return location.encode("ascii")
    text = checked(location)
    origin, rest = ("", text) if text[0] in "/?#" else split_origin(text)
    _admit(origin, policy)
    path = "/" if origin and not rest.startswith("/") else ""
    sent = f"{origin}{path}{encode_reference(rest)}".encode("ascii")
    if len(sent) > _MAX_BYTES:
        raise LocationTooLong(
            f"the location takes more than {_MAX_BYTES} bytes: keep long values out of it"
        )
    return sent


_PLAIN = re.compile(r"/(?!/)[!$&(-;=@-Z_a-z~]{0,4000}")


def plain_path(text: str) -> bytes | None:
    """What `compile_location` makes of *text*, if that is a path with nothing special in it.

    PERF: a table has a million of them, and asks besides for escapes, a query, a fragment and dot
    segments; one look tells both (a fifteenth of reading it).
    """
    return text.encode("ascii") if _PLAIN.fullmatch(text) and "/." not in text else None


def _admit(origin: str, policy: LocationPolicy) -> None:
    """Refuse an origin ("" is this site) that the policy does not have."""
    declared = f" (declared: {', '.join(sorted(policy.origins))})" if policy.origins else ""
    if not origin and not policy.local:
        raise LocationRefused(
            f"the location is one of this site, and only other origins are declared{declared}: "
            "declare it, or write the whole URL"
        )
    if origin and not policy.any_origin and origin not in policy.origins:
        raise LocationRefused(
            f"an absolute URL is never local, and its origin is not declared{declared}: write "
            "'/path' for this site, or declare the origin with external="
        )
