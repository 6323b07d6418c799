"""An app in the place of a network: ASGI in an event loop of its own, as httpx2 wants it.

One loop in one thread for the life of a client. What the app keeps between requests (a pool of
the lifespan, a lock, a limiter) belongs to a loop, so a loop for each request would break it.
"""

from contextlib import ExitStack
from threading import Lock
from typing import Any, Final, Self
from weakref import finalize

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal

from redirflow.http.types import Scope
from redirflow.serve.reroute import INSIDE
from redirflow.serve.route import Route
from redirflow.testing.exchange import Exchange
from redirflow.testing.lifespan import Lifespan
from redirflow.testing.subject import Subject

_PORTS: Final = {"http": 80, "https": 443}


class AppTransport(httpx2.BaseTransport):
    """Sends requests through an app.

    Args:
        root_path, client: for the scope of each request.
        raising: whether what the app answers with a 500 is raised.
    """

    def __init__(
        self, subject: Subject, *, root_path: str, client: tuple[str, int], raising: bool
    ) -> None:
        self._subject = subject
        self._root_path = root_path
        self._client = client
        self._raising = raising
        self._state: dict[str, Any] = {}
        self._running: set[Exchange] = set()
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        self._opening = Lock()

    def __enter__(self) -> Self:
        """Run the start-up of the app's lifespan.

        Raises:
            SpecError: the declarations are wrong.
            Exception: what the start-up raised, or a `RuntimeError` with what it said.
        """
        try:
            lifespan = Lifespan(self._subject.app, self._open())
            lifespan.start()
        except BaseException:
            self._stack.close()
            raise
        self._state = lifespan.state
        self._stack.callback(lifespan.stop)
        return self

    def close(self) -> None:
        """Leave the responses that are not closed, run the shutdown, end the loop."""
        for exchange in [*self._running]:
            self._stack.callback(exchange.close)
        self._stack.close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response, as soon as its head is there."""
        portal = self._open()
        scope = self._scope(request)
        body: Any = request.stream
        exchange = Exchange(scope, body, self._running.discard, raising=self._raising)
        self._running.add(exchange)
        response = exchange.begin(self._subject.app, portal)
        while INSIDE in scope:
            scope = scope[INSIDE]
        route = scope.get("route")
        if isinstance(route, Route):
            self._subject.answered(route.name, response.status_code)
        return response

    def _open(self) -> BlockingPortal:
        with self._opening:
            if self._portal is None:
                self._subject.compile()
                portal = self._stack.enter_context(start_blocking_portal())
                self._stack.callback(portal.call, portal.stop, True)
                self._portal = portal
                # For a client that nobody closes: its thread ends with it, or with the process.
                finalize(self, self._stack.close)
            return self._portal

    def _scope(self, request: httpx2.Request) -> Scope:
        url = request.url
        path, _, query = url.raw_path.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": path,
            "query_string": query,
            "root_path": self._root_path,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": self._client,
            "server": (url.host, url.port or _PORTS.get(url.scheme)),
            "state": {**self._state},
        }
