"""Following redirects as a browser does (RFC 9110 15.4; the Fetch standard, "HTTP-redirect fetch").

The method after a hop is the one of `redirflow.http.methods`, the table that the checked graph and
the document read too.
"""

import re
from typing import Final
from urllib.parse import urljoin

import httpx2
from msgspec import Struct

from redirflow.http.methods import REDIRECT_STATUSES, method_after_hop

MAX_HOPS: Final = 20
"""Redirects that are followed, as in the Fetch standard; one more is an error."""

_OF_CONTENT: Final = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-type",
    "transfer-encoding",
)


class Hop(Struct, frozen=True):
    """One request on the way, and its response.

    Attributes:
        url: with its fragment; path-absolute where it is the client's own origin.
        location: what a redirect says, unchanged; `None` for any other response.
    """

    method: str
    url: str
    status: int
    location: str | None
    response: httpx2.Response

    def __str__(self) -> str:
        to = "" if self.location is None else f" -> {self.location}"
        return f"{self.status} {self.url}{to}"


class Hops(Struct, frozen=True):
    """The way that a browser went.

    Attributes:
        left: the URL of another origin to which the last redirect leads, if it does: there is no
            network to go on in.
    """

    hops: tuple[Hop, ...]
    left: str | None = None

    @property
    def response(self) -> httpx2.Response:
        """The last response."""
        return self.hops[-1].response

    @property
    def urls(self) -> tuple[str, ...]:
        """What was requested, in order."""
        return tuple(hop.url for hop in self.hops)

    @property
    def statuses(self) -> tuple[int, ...]:
        """What was answered, in order."""
        return tuple(hop.status for hop in self.hops)

    def __repr__(self) -> str:
        ways = ", ".join(map(str, self.hops))
        return ways if self.left is None else f"{ways} (another site)"


def follow(client: httpx2.Client, response: httpx2.Response, fragment: str) -> Hops:
    """Follow *response* while it redirects to the client's own origin.

    Args:
        fragment: the one of the request's URL, which is never sent.

    Raises:
        httpx2.TooManyRedirects: after `MAX_HOPS`.
        httpx2.RemoteProtocolError: a redirect has a location that no browser follows.
    """
    site = client.base_url
    hops = [_hop(response, fragment, site)]
    while (location := hops[-1].location) is not None:
        url, fragment = _resolved(response, location, fragment)
        if not _same_origin(url, site):
            return Hops(tuple(hops), _written(url, fragment, site))
        if len(hops) > MAX_HOPS:
            raise httpx2.TooManyRedirects(
                f"more than {MAX_HOPS} redirects: {', '.join(map(str, hops))}",
                request=response.request,
            )
        request = _request_after(response, url, client.cookies)
        response = client.send(request, auth=None, follow_redirects=False)
        hops.append(_hop(response, fragment, site))
    return Hops(tuple(hops))


def fragment_of(url: httpx2.URL | str) -> str:
    """The fragment of *url*, as it is written."""
    return str(url).partition("#")[2]


def _hop(response: httpx2.Response, fragment: str, site: httpx2.URL) -> Hop:
    request = response.request
    return Hop(
        request.method,
        _written(request.url, fragment, site),
        response.status_code,
        _location(response),
        response,
    )


def _written(url: httpx2.URL, fragment: str, site: httpx2.URL) -> str:
    whole = str(url).partition("#")[0]
    text = url.raw_path.decode("ascii") if _same_origin(url, site) else whole
    return f"{text}#{fragment}" if fragment else text


def _same_origin(url: httpx2.URL, other: httpx2.URL) -> bool:
    return url.is_absolute_url and url.origin == other.origin


def _location(response: httpx2.Response) -> str | None:
    """What a redirect says; without it the user sees the response itself."""
    if response.status_code not in REDIRECT_STATUSES:
        return None
    values = {*response.headers.get_list("location")}
    if len(values) > 1:
        raise _refused(response, f"two locations, {' and '.join(sorted(values))}")
    return values.pop() if values else None


def _resolved(response: httpx2.Response, location: str, fragment: str) -> tuple[httpx2.URL, str]:
    """The URL that *location* means, and its fragment: its own, else that of the request."""
    reference, mark, own = location.partition("#")
    base = str(response.request.url).partition("#")[0]
    try:
        url = httpx2.URL(_joined(base, reference))
    except (httpx2.InvalidURL, ValueError):
        raise _refused(response, f"{location!r}, which is no URL") from None
    return url, own if mark else fragment


def _joined(base: str, reference: str) -> str:
    if reference.startswith("?"):
        return base.partition("?")[0] + reference
    # WHATWG URL 4.4: before the query a backslash is a slash, and of slashes before a host any
    # number. What an app means as its own path may be another site to a browser.
    path, mark, query = reference.partition("?")
    path = re.sub(r"^(https?:)?//+", r"\1//", path.replace("\\", "/"), flags=re.IGNORECASE)
    return urljoin(base, path + mark + query)


def _refused(response: httpx2.Response, what: str) -> httpx2.RemoteProtocolError:
    said = f"{response.request.method} {response.request.url.raw_path.decode('ascii')} redirects to"
    return httpx2.RemoteProtocolError(f"{said} {what}", request=response.request)


def _request_after(
    response: httpx2.Response, url: httpx2.URL, cookies: httpx2.Cookies
) -> httpx2.Request:
    """The request that a browser sends next; its cookies come from the jar alone."""
    before = response.request
    method = method_after_hop(response.status_code, before.method)
    headers = before.headers.copy()
    dropped = ["cookie"]
    if method != before.method:
        dropped += _OF_CONTENT
    if not _same_origin(url, before.url):
        dropped += ["authorization", "host"]
    for name in dropped:
        headers.pop(name, None)
    content = before.read() if method == before.method else b""
    return httpx2.Request(method, url, headers=headers, cookies=cookies, content=content or None)
