r"""Locations: what may stand in a ``Location`` header, and how it is written there.

The theory: the checker and the emitter are one function. Most open redirects were a good check
of a text that was then written, or read, as another one. Browsers drop tabs and take a backslash
for a slash; an encoder that runs after the check makes a user name of the host in
``http://site\@evil``. So `compile_location` takes a text apart once and builds the header from
the very parts it checked: what is checked is what is sent.

Three readers must agree on what passes: RFC 3986 (proxies, most clients), the WHATWG URL Standard
(browsers) and this file. Where they could differ a text is refused, never repaired, for a repair
is a guess and the text may be an attacker's. What is done to the rest keeps its meaning:
percent-encoding with the WHATWG sets, per component and never twice, a lower-case scheme and host,
no default port, "/" for an absent path. A result resolves to just what the text did, but for two
rewrites that RFC 3986 needs: a stray ``%`` becomes ``%25``, a backslash after ``?`` or ``#``
becomes ``%5C``. Compiled again, a result stays as it is.

What this file must not know: the request (nothing is built from Host), the routes, who raised the
redirect. Dot segments are plain text here; who fills a path template keeps a client's out of it.
"""

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from msgspec import Meta

_MAX_BYTES: Final = 8000  # what RFC 9110, 4.1 asks everyone to support
_MAX_URL: Final = 2000  # characters; encoded threefold, with a host, it still fits


class LocationRefused(ValueError):
    """A text must not be sent as a location.

    Attributes:
        reason: A sentence: the broken rule and what to write instead. It quotes nothing of the
            text, which may be a client's, but for a remedy derived from it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LocationPolicy:
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

# --- LocalURL and WebURL --------------------------------------------------------------------
# The patterns are read by Python's `re` and, from the document, as ECMA 262 with or without the
# u flag: no \A, \Z or look-behind, and an end that no line feed slips past.

_END = r"(?![\s\S])"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_PORT = "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
# No pattern tells good punycode from bad, and a last label that is a number makes an IPv4 address.
_LABEL = "(?![Xx][Nn]--)[0-9A-Za-z_-]+"
_NUMBER = "(?:[0-9]+|0[Xx][0-9A-Fa-f]*)(?![0-9A-Za-z_-])"
_NAME = rf"(?:{_LABEL}\.)*(?!{_NUMBER}){_LABEL}\.?"

_LOCAL_PATTERN = (
    rf'^(?=[/?#])(?!//)(?: *[!"$->@-\[\]-~])*(?: *[?#](?: *[!-~])*)?{_END}'  # path, then the rest
)
_WEB_PATTERN = (
    rf"^[Hh][Tt][Tt][Pp][Ss]?://(?:{_IPV4}|{_NAME})(?::{_PORT})?"
    rf'(?:/[!"$->@-\[\]-~]*)?(?:[?#][!-~]*)?{_END}'
)

LocalURL: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=_MAX_URL, pattern=_LOCAL_PATTERN)
]
"""A location of this site (``/...``, ``?...``, ``#...``): 1 to 2000 characters of printable ASCII,
blanks inside only. Whatever it lets in, `compile_location` sends."""

WebURL: TypeAlias = Annotated[str, Meta(min_length=1, max_length=_MAX_URL, pattern=_WEB_PATTERN)]
"""An absolute http(s) URL: 1 to 2000 characters of ASCII without blank or user name; the host a
name, not in punycode, or an IPv4 address. `compile_location` sends it under `any_origin`."""

# --- Rules for the whole text, in the order in which they are tried -------------------------

_SURROGATE = (
    "the location has a lone surrogate, which UTF-8 can't carry: decode the bytes it was made "
    "from properly"
)
_TEXT_RULES: Final = (
    (re.compile(r"\A\Z"), "the location is empty: write '/' for the root of the site"),
    (
        re.compile(r"[\x00-\x1f\x7f]"),
        "the location has a control character, which browsers drop and headers can't carry (RFC "
        "9110, 5.5): leave it out, or percent-encode it where it is data",
    ),
    (re.compile(r"[\ud800-\udfff]"), _SURROGATE),
    (
        re.compile(r"\A[\s\ufeff]|[\s\ufeff]\Z"),
        "the location starts or ends with white space: strip it, or write %20 where it is data",
    ),
    (
        re.compile(r"\A[^?#]*\\"),
        "the location has a backslash before '?' and '#', which browsers read as '/': write '/', "
        "or %5C where it is data",
    ),
    (
        re.compile(r"\A//"),
        "the location starts with '//', after which a host is read: write one '/' for a path of "
        "this site, or the scheme too ('https://host/path')",
    ),
)

# --- Percent-encoding: what each component can't hold (WHATWG URL, 1.3; RFC 3986, 2.1) ------

_STRAY_PERCENT = r"%(?![0-9A-Fa-f]{2})"
# Parsers encode "^" in a path or, being older, don't: as it is, it means the same to all.
_NOT_IN_PATH = re.compile(rf"{_STRAY_PERCENT}|[^!#-;=?-_a-z|~]+")
_NOT_IN_QUERY = re.compile(rf"{_STRAY_PERCENT}|[^!#-&(-;=?-\[\]-~]+")
_NOT_IN_FRAGMENT = re.compile(rf"{_STRAY_PERCENT}|[^!#-;=?-\[\]-_a-~]+")
# Of values: all but RFC 3986's characters (3.3, 3.4) that neither part values nor get encoded.
_NOT_IN_SEGMENT_VALUE = re.compile(r"[^0-9A-Za-z\-._~!$&'()*+,;=:@]+")
_NOT_IN_PATH_VALUE = re.compile(r"[^0-9A-Za-z\-._~!$&'()*+,;=:@/]+")
_NOT_IN_QUERY_VALUE = re.compile(r"[^0-9A-Za-z\-._~]+")


def _encode(outside: re.Pattern[str], text: str) -> str:
    try:
        return outside.sub(lambda run: "".join(f"%{byte:02X}" for byte in run[0].encode()), text)
    except UnicodeEncodeError:
        raise LocationRefused(_SURROGATE) from None


def quote_segment(text: str) -> str:
    """Write a value as one path segment (RFC 3986, 3.3), for a template.

    Args:
        text: Any text. ``""``, ``"."`` and ``".."`` have no other spelling: keep them out.

    Returns:
        ASCII that `compile_location` leaves alone: ``/``, ``%``, ``?``, ``#`` and all that the
        grammar has no place for are percent-encoded, as UTF-8.

    Raises:
        LocationRefused: The text has a lone surrogate.
    """
    return _encode(_NOT_IN_SEGMENT_VALUE, text)


def quote_path(text: str) -> str:
    """Write a value as the rest of a path: as `quote_segment` does, but slashes stay."""
    return _encode(_NOT_IN_PATH_VALUE, text)


def quote_query(text: str) -> str:
    """Write a name or value of a query (RFC 3986, 3.4); URI and form decoders read it alike.

    All but the unreserved characters are percent-encoded; a blank becomes ``%20``.
    """
    return _encode(_NOT_IN_QUERY_VALUE, text)


# --- Origins: one spelling for each, the one that a browser arrives at ----------------------

_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*(?=:)")
_AFTER_SCHEME = re.compile(r"://(?!/)([^/?#]*)(.*)")
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*)(?::(.*))?")
_HOST_NAME = re.compile(r"[0-9a-z_-]+(?:\.[0-9a-z_-]+)*\.?")
_READ_AS_IPV4 = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
_PLAIN_IPV4 = re.compile(_IPV4)
_PLAIN_PORT = re.compile(_PORT)
_BAD_IPV6 = "the brackets hold no IPv6 address or more than the host: write 'http://[2001:db8::1]/'"


def parse_origin(text: str) -> str:
    """Read an origin that an author declares, as in ``external="https://host"``.

    Args:
        text: ``scheme://host`` or ``scheme://host:port``, and nothing else.

    Returns:
        The origin as `LocationPolicy` and `compile_location` write it: scheme and host in lower
        case, an IPv6 address in its canonical form, no default port.

    Raises:
        LocationRefused: The text is not exactly an http(s) origin (RFC 6454, 6.2).
    """
    text = _checked(text)
    if "*" in text:
        raise LocationRefused("an origin has no wildcard: list each, or write '*' alone for any")
    if not _SCHEME.match(text):
        raise LocationRefused("an origin starts with its scheme: write 'https://host'")
    origin, rest = _split_origin(text)
    if rest:
        raise LocationRefused(
            "an origin ends with its host or port: write 'https://host' with nothing after it, "
            "not even '/'"
        )
    return origin


def _split_origin(text: str) -> tuple[str, str]:
    """The canonical origin of an absolute URL, and the text after its authority."""
    named = _SCHEME.match(text)
    if named is None:
        raise LocationRefused(
            "the location is relative to the page it is sent from: write '/ok' rather than 'ok' "
            "for a path of this site, 'https://host/path' for another one"
        )
    scheme = named[0].lower()
    if scheme not in _DEFAULT_PORTS:
        raise LocationRefused(
            "the scheme is neither http nor https, and redirects lead nowhere else: write "
            "'https://host/path', or '/path' for this site"
        )
    match = _AFTER_SCHEME.fullmatch(text, named.end())
    if match is None:
        raise LocationRefused(
            "the scheme is not followed by exactly two slashes, and parsers differ on what that "
            "means: write 'https://host/path'"
        )
    host, port = _split_authority(match[1])
    suffix = "" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{_host(host)}{suffix}", match[2]


def _split_authority(authority: str) -> tuple[str, str | None]:
    """The host, still unchecked, and the port."""
    if "@" in authority:
        raise LocationRefused(
            "there is an '@' before the path, and what is in front of it is no host but a user "
            "name (RFC 9110, 4.2.4): leave user name and password out"
        )
    if "%" in authority:
        raise LocationRefused(
            "the host has a percent sign, which browsers decode and others don't: write the host "
            "in plain letters, an IPv6 address without its zone"
        )
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise LocationRefused(_BAD_IPV6)
    if match[2] is not None and not _PLAIN_PORT.fullmatch(match[2]):
        raise LocationRefused(
            "the port is no plain number from 1 to 65535: write it so, or leave it and its colon "
            "out"
        )
    return match[1], match[2]


def _host(host: str) -> str:
    if not host.isascii():
        raise LocationRefused(
            f"the host is not ASCII, and parsers map it differently: write {_in_punycode(host)}"
        )
    return f"[{_ipv6(host[1:-1])}]" if host.startswith("[") else _host_name(host.lower())


def _host_name(name: str) -> str:
    if not name:
        raise LocationRefused("the URL has no host: write 'https://host/path'")
    if not _HOST_NAME.fullmatch(name):
        raise LocationRefused(
            "the host has more than ASCII letters, digits, '-', '_' and single dots between them: "
            "write it with these"
        )
    if _READ_AS_IPV4.fullmatch(name) and not _PLAIN_IPV4.fullmatch(name):
        raise LocationRefused(
            "the host ends in a number, so browsers read an IPv4 address: write four plain "
            "decimals ('127.0.0.1')"
        )
    if any(part.startswith("xn--") and not _is_punycode(part[4:]) for part in name.split(".")):
        raise LocationRefused(
            "a label of the host starts with 'xn--' but is no punycode: write the host as its "
            "registry lists it"
        )
    return name


def _ipv6(text: str) -> str:
    """An address as WHATWG writes it (URL, 3.5): no leading zeros, the longest zero run ``::``."""
    import ipaddress  # seldom needed, and start-up counts

    try:
        groups = ipaddress.IPv6Address(text).exploded.split(":")
    except ValueError:
        raise LocationRefused(_BAD_IPV6) from None
    plain = ":".join(f"{int(group, 16):x}" for group in groups)
    runs = re.finditer(r"\b0(?::0)+\b", plain)
    longest = max(runs, key=lambda run: len(run[0]), default=None)
    if longest is None:
        return plain
    return f"{plain[: longest.start()].rstrip(':')}::{plain[longest.end() :].lstrip(':')}"


def _is_punycode(code: str) -> bool:
    """Whether this is how punycode spells a label of printable, lower-case, composed characters.

    UTS 46 has rules for marks and writing direction too; a browser goes nowhere where they fail.
    """
    if len(code) > 59:  # of a label's 63; decoding takes quadratic time
        return False
    try:
        label = code.encode().decode("punycode")
    except UnicodeError:
        return False
    printable = label.replace("\u200c", "").replace("\u200d", "").isprintable()  # joiners may be
    plain = printable and unicodedata.normalize("NFKC", label.lower()) == label
    return plain and not label.isascii() and label.encode("punycode").decode() == code


def _in_punycode(host: str) -> str:
    """What to write for a host by UTS 46, as browsers do; the codec `idna` follows older rules."""
    if len(host) < 254:  # the longest name there can be has 253
        with suppress(ImportError, UnicodeError):
            import idna  # anyio brings it; without it the remedy is only less exact

            return repr(idna.encode(host, uts46=True).decode())
    return "it in punycode ('xn--...')"


# --- The one way to a Location header -------------------------------------------------------

# PERF: nearly all that is ever sent needs neither a closer look nor encoding; 0.2 us, not 2.5.
_READY = re.compile(r"(?:/(?!/)|[?#])[!#$&(-;=?-\[\]_a-z|~]{0,7999}")


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
    text = _checked(location)
    origin, rest = ("", text) if text[0] in "/?#" else _split_origin(text)
    _admit(origin, policy)
    path = "/" if origin and not rest.startswith("/") else ""
    sent = f"{origin}{path}{_encode_reference(rest)}".encode("ascii")
    if len(sent) > _MAX_BYTES:
        raise LocationRefused(
            f"the location takes more than {_MAX_BYTES} bytes: keep long values out of it"
        )
    return sent


def _checked(location: object) -> str:
    """The location as a plain str that breaks no rule for the whole text."""
    if not isinstance(location, str):
        raise LocationRefused("the location is no str: convert it first")
    text = str.__str__(location)  # a subclass may have its own way to slice or to add
    for broken, reason in _TEXT_RULES:
        if broken.search(text):
            raise LocationRefused(reason)
    return text


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


def _encode_reference(reference: str) -> str:
    before, hash_mark, fragment = reference.partition("#")
    path, query_mark, query = before.partition("?")
    return (
        f"{_encode(_NOT_IN_PATH, path)}{query_mark}{_encode(_NOT_IN_QUERY, query)}"
        f"{hash_mark}{_encode(_NOT_IN_FRAGMENT, fragment)}"
    )


# --- Values from elsewhere ------------------------------------------------------------------

_LOCAL_URL = re.compile(_LOCAL_PATTERN)


def local_url(value: str | None, default: str) -> str:
    """Take a value from a cookie, a database or a header if it is a `LocalURL`.

    Args:
        value: The text to judge; None where there is none.
        default: What to take instead; itself a `LocalURL`.

    Returns:
        `value` or `default` as it is; either can be sent as a location of this site.

    Raises:
        ValueError: `default` is no `LocalURL`.
    """
    if not _is_local_url(default):
        raise ValueError("the default of local_url() is no LocalURL: write a path such as '/'")
    return value if value is not None and _is_local_url(value) else default


def _is_local_url(text: str) -> bool:
    try:
        compile_location(text)
    except LocationRefused:
        return False
    return len(text) <= _MAX_URL and _LOCAL_URL.search(text) is not None
