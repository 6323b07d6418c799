"""`TestClient`: an httpx2 client whose network is an app."""

from collections.abc import Callable, Mapping
from http.cookiejar import Cookie, CookieJar
from typing import Any, TypedDict, Unpack, overload

try:
    import httpx2
except ImportError as error:
    raise ImportError("redirflow.testing needs httpx2: pip install 'redirflow[test]'") from error

from redirflow.app import App
from redirflow.endpoint.violation import ContractViolation
from redirflow.testing.follow import Hop, Hops, follow, fragment_of
from redirflow.testing.subject import Subject
from redirflow.testing.transport import AppTransport

__all__ = ["ContractViolation", "Hop", "Hops", "TestClient"]


class RequestOptions(TypedDict, total=False):
    """What `TestClient.follow` takes for its first request, as `httpx2.Client.request` does."""

    params: Any
    headers: Any
    content: Any
    data: Any
    files: Any
    json: Any


class TestClient(httpx2.Client):
    """Sends requests to an app in process: every method of `httpx2.Client`, no network.

    `with TestClient(app) as client:` runs the app's lifespan; without `with` requests work too.
    Redirects are not followed unless asked: `follow` does it as a browser would. What the app
    answers with a 500, a contract violation or an unexpected exception, is raised in the test
    once the response is complete. There are no timeouts.

    Args:
        app: served with its middleware, in one event loop for the life of the client.
        overrides: by dependency, the function that stands for it; the app itself stays as it is.
        base_url: https, so that secure cookies come back.
        headers, cookies: sent with each request.
        root_path, client: of the ASGI scope; paths are written as clients see them.
        raise_violations: `False` for the 500 as clients get it.

    Raises:
        SpecError: on entering, or at the first request: the app's declarations are wrong, or an
            override is of no dependency.
    """

    __test__ = False  # pytest: no tests in here

    def __init__(
        self,
        app: App,
        *,
        overrides: Mapping[Any, Callable[..., Any]] | None = None,
        base_url: str = "https://testserver",
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        root_path: str = "",
        client: tuple[str, int] = ("testclient", 50000),
        raise_violations: bool = True,
    ) -> None:
        self.app = app
        transport = AppTransport(
            Subject(app, overrides or {}),
            root_path=root_path,
            client=client,
            raising=raise_violations,
        )
        super().__init__(
            transport=transport,
            base_url=base_url,
            headers={"user-agent": "testclient", **(headers or {})},
            cookies=_Jar(httpx2.URL(base_url).host),
            trust_env=False,
        )
        self.cookies.update(dict(cookies or {}))

    @overload
    def follow(self, start: httpx2.Response) -> Hops: ...

    @overload
    def follow(
        self,
        start: str,
        url: httpx2.URL | str,
        *,
        auth: Any = ...,
        **request: Unpack[RequestOptions],
    ) -> Hops: ...

    def follow(
        self,
        start: httpx2.Response | str,
        url: httpx2.URL | str = "",
        *,
        auth: Any = httpx2.USE_CLIENT_DEFAULT,
        **request: Unpack[RequestOptions],
    ) -> Hops:
        """Follow redirects as a browser does, to the last response.

        Methods change as in `redirflow.http.methods`, and a body goes with its method; a fragment
        is inherited; cookies come from the jar; Authorization is dropped where the origin changes.
        A redirect to another origin than `base_url` ends it: see `Hops.left`.

        Args:
            start: a response to go on from, or the method of a first request to *url*.
            auth: as for `httpx2.Client.request`.
            request: `params`, `headers`, `content`, `data`, `files`, `json`.

        Raises:
            httpx2.TooManyRedirects: after 20.
            httpx2.RemoteProtocolError: a location that no browser follows.
        """
        if isinstance(start, httpx2.Response):
            return follow(self, start, fragment_of(start.request.url))
        first = self.build_request(start, url, **request)
        first.read()  # a body that can be sent again
        response = self.send(first, auth=auth, follow_redirects=False)
        return follow(self, response, fragment_of(url))


class _Jar(CookieJar):
    """A cookie that a test sets by hand belongs to the site, as if the app had set it.

    So the app can replace it and delete it. (httpx2 leaves such cookies without a domain.)
    """

    def __init__(self, host: str) -> None:
        super().__init__()
        self._host = host if "." in host else f"{host}.local"  # as http.cookiejar has it

    def set_cookie(self, cookie: Cookie) -> None:
        cookie.domain = cookie.domain or self._host
        super().set_cookie(cookie)
