"""The text of a location: what no location may hold, and how its components are written.

A URI reference (RFC 3986, 4.1) taken as text; where it leads is decided in `http.location`.
"""

import re
from typing import Final


class LocationRefused(ValueError):
    """A text must not be sent as a location.

    Attributes:
        reason: A sentence: the broken rule and what to write instead. It quotes nothing of the
            text, which may be a client's, but for a remedy derived from it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# --- Rules for the whole text, in the order in which they are tried -------------------------

_SURROGATE = (
    "the location has a lone surrogate, which UTF-8 can't carry: decode the bytes it was made "
    "from properly"
)
_TEXT_RULES: Final = (
    (r"\A\Z", "the location is empty: write '/' for the root of the site"),
    (
        r"[\x00-\x1f\x7f]",
        "the location has a control character, which browsers drop and headers can't carry (RFC "
        "9110, 5.5): leave it out, or percent-encode it where it is data",
    ),
    (r"[\ud800-\udfff]", _SURROGATE),
    (
        r"\A[\s\ufeff]|[\s\ufeff]\Z",
        "the location starts or ends with white space: strip it, or write %20 where it is data",
    ),
    (
        r"\A[^?#]*\\",
        "the location has a backslash before '?' and '#', which browsers read as '/': write '/', "
        "or %5C where it is data",
    ),
    (
        r"\A//",
        "the location starts with '//', after which a host is read: write one '/' for a path of "
        "this site, or the scheme too ('https://host/path')",
    ),
)
_BROKEN: Final = re.compile("|".join(broken for broken, _ in _TEXT_RULES))


def checked(location: object) -> str:
    """The location as a plain str that breaks no rule for the whole text."""
    if not isinstance(location, str):
        raise LocationRefused("the location is no str: convert it first")
    text = str.__str__(location)  # a subclass may have its own way to slice or to add
    if _BROKEN.search(text):
        raise LocationRefused(next(why for rule, why in _TEXT_RULES if re.search(rule, text)))
    return text


# --- Percent-encoding: what each component can't hold (RFC 3986, 3.3 to 3.5) -----------------

_STRAY_PERCENT = r"%(?![0-9A-Fa-f]{2})"
# Browsers send some of these as they are; a header must not (RFC 9110, 2.2 and 10.2.2). In a
# query they encode one more, "'" (WHATWG URL, 1.3).
_NOT_IN_PATH = re.compile(rf"{_STRAY_PERCENT}|[^!$-;=@-Z_a-z~]+")
_NOT_IN_QUERY = re.compile(rf"{_STRAY_PERCENT}|[^!$-&(-;=?-Z_a-z~]+")
_NOT_IN_FRAGMENT = re.compile(rf"{_STRAY_PERCENT}|[^!$-;=?-Z_a-z~]+")
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


def encode_reference(reference: str) -> str:
    """A reference with each of its components percent-encoded, never twice."""
    before, hash_mark, fragment = reference.partition("#")
    path, query_mark, query = before.partition("?")
    return (
        f"{_encode(_NOT_IN_PATH, path)}{query_mark}{_encode(_NOT_IN_QUERY, query)}"
        f"{hash_mark}{_encode(_NOT_IN_FRAGMENT, fragment)}"
    )
