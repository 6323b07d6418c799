"""Origins: one spelling for each, the one that a browser arrives at (WHATWG URL, 3 and 4)."""

import re
from contextlib import suppress
from typing import Final

from redirflow.http.reference import LocationRefused, checked

# Read by Python's `re` and, as parts of `WebURL`, by ECMA 262.
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
PORT = "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
# No pattern tells good punycode from bad, and a last label that is a number makes an IPv4 address.
_LABEL = "(?![Xx][Nn]--)[0-9A-Za-z_-]+"
_NUMBER = "(?:[0-9]+|0[Xx][0-9A-Fa-f]*)(?![0-9A-Za-z_-])"
NAME = rf"(?:{_LABEL}\.)*(?!{_NUMBER}){_LABEL}\.?"

_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
# Compiled, and kept by `re`, when they are first needed: most processes need none.
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*(?=:)"
_AFTER_SCHEME = r"://(?!/)([^/?#]*)(.*)"
_AUTHORITY = r"(\[[^\[\]]*\]|[^\[\]:]*)(?::(.*))?"
_HOST_NAME = r"[0-9a-z_-]+(?:\.[0-9a-z_-]+)*\.?"
_READ_AS_IPV4 = r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?"
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
    text = checked(text)
    if "*" in text:
        raise LocationRefused("an origin has no wildcard: list each, or write '*' alone for any")
    if not re.match(_SCHEME, text):
        raise LocationRefused("an origin starts with its scheme: write 'https://host'")
    origin, rest = split_origin(text)
    if rest:
        raise LocationRefused(
            "an origin ends with its host or port: write 'https://host' with nothing after it, "
            "not even '/'"
        )
    return origin


def split_origin(text: str) -> tuple[str, str]:
    """The canonical origin of an absolute URL, and the text after its authority."""
    named = re.match(_SCHEME, text)
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
    match = re.fullmatch(_AFTER_SCHEME, text[named.end() :])
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
    match = re.fullmatch(_AUTHORITY, authority)
    if match is None:
        raise LocationRefused(_BAD_IPV6)
    if match[2] is not None and not re.fullmatch(PORT, match[2]):
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
    if not re.fullmatch(_HOST_NAME, name):
        raise LocationRefused(
            "the host has more than ASCII letters, digits, '-', '_' and single dots between them: "
            "write it with these"
        )
    if re.fullmatch(_READ_AS_IPV4, name) and not re.fullmatch(IPV4, name):
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
    import unicodedata  # seldom needed, and start-up counts

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
