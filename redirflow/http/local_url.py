r"""Locations as types of parameters: `LocalURL`, `WebURL`, and a check for values from elsewhere.

The patterns are read by Python's `re` and, from the document, as ECMA 262 with or without the
u flag: no \A, \Z or look-behind, and an end that no line feed slips past.
"""

import re
from typing import Annotated, Final, TypeAlias

from msgspec import Meta

from redirflow.http.location import compile_location
from redirflow.http.origin import IPV4, NAME, PORT
from redirflow.http.reference import LocationRefused

_MAX_URL: Final = 2000  # characters; encoded threefold, with a host, it still fits
_END = r"(?![\s\S])"
_LOCAL_PATTERN = (
    rf'^(?=[/?#])(?!//)(?: *[!"$->@-\[\]-~])*(?: *[?#](?: *[!-~])*)?{_END}'  # path, then the rest
)
_WEB_PATTERN = (
    rf"^[Hh][Tt][Tt][Pp][Ss]?://(?:{IPV4}|{NAME})(?::{PORT})?"
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
