"""Request methods, and what a redirect makes of them.

The table below is the only place that knows which method a client uses after a hop:
the checked graph, the document, the docs page and the test client all read it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY")
"""Methods an operation may have, in the order in which they are listed."""

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE", "QUERY"})
"""Methods whose content has a meaning (RFC 9110 9.3; QUERY: its own draft)."""

REDIRECT_STATUSES: Final = (301, 302, 303, 307, 308)
"""The statuses that redirect (RFC 9110 15.4; the Fetch standard names the same five)."""

PERMANENT: Final = frozenset({301, 308})

_ANY: Final = "*"

_REWRITTEN: Final[Mapping[int, Mapping[str, str]]] = MappingProxyType(
    {
        # RFC 9110 15.4.2 and 15.4.3: a user agent MAY change POST to GET, and all browsers do.
        301: {"POST": "GET"},
        302: {"POST": "GET"},
        # RFC 9110 15.4.4: the other resource is retrieved, whatever was sent to this one.
        303: {"HEAD": "HEAD", _ANY: "GET"},
        307: {},
        308: {},
    }
)


def method_after_hop(status_code: int, method: str) -> str:
    """The method of the request that follows a redirect.

    Args:
        status_code: one of `REDIRECT_STATUSES`.
        method: the method of the redirected request.
    """
    rewritten = _REWRITTEN[status_code]
    return rewritten.get(method) or rewritten.get(_ANY, method)


def allow_header(methods: frozenset[str] | set[str]) -> bytes:
    """The value of `Allow` (RFC 9110 10.2.1) for a resource that serves *methods*.

    HEAD goes with GET and OPTIONS with everything.
    """
    served = {*methods, "OPTIONS"}
    if "GET" in methods:
        served.add("HEAD")
    known = [method for method in METHODS if method in served]
    return ", ".join([*known, *sorted(served.difference(METHODS))]).encode("ascii")
