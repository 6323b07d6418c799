"""Requests sent through an app in this process, as a browser sends them.

The app is called as servers call it (ASGI 3.0): its lifespan runs around all requests, and a
client that has seen the head of a response goes away.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

import anyio
from msgspec.structs import replace

from redirflow.cli.report import Trouble, tell
from redirflow.cli.way import HOPS, Asked, Declared, Guide, Hop, after, elsewhere
from redirflow.declare.faults import Fault
from redirflow.http.methods import REDIRECT_STATUSES
from redirflow.http.types import ASGIApp, Message, Scope

_ASGI: Final = {"version": "3.0", "spec_version": "2.4"}
_DECIDED: Final = frozenset({"nothing", "method", "options"})


def sent_way(app: ASGIApp, asked: Asked, guide: Guide, host: str) -> list[Hop]:
    """The hops of a request that is sent.

    Args:
        guide: says which declaration answers each.
        host: one that the app answers for.

    Raises:
        Trouble: the lifespan of the app fails.
    """
    return anyio.run(_travel, app, asked, guide, host)


async def _travel(app: ASGIApp, asked: Asked, guide: Guide, host: str) -> list[Hop]:
    life = _Life(app)
    hops: list[Hop] = []
    async with anyio.create_task_group() as group:
        group.start_soon(life.live)
        await life.started.wait()
        if not life.failures:
            hops = await _hops(_Client(app, host, life.state), asked, guide)
        life.ending.set()
    if life.failures:
        raise Trouble(f"the lifespan of the app failed: {life.failures[0]}")
    return hops


async def _hops(client: "_Client", asked: Asked, guide: Guide) -> list[Hop]:
    hops: list[Hop] = []
    following: Asked | None = asked
    while following is not None and len(hops) <= HOPS:
        gone = elsewhere(following)
        if gone is not None:
            return [*hops, gone]
        status, location = await client.send(following)
        hops.append(_sent(guide.hop(following), status, location))
        following = after(hops[-1], f"http://{client.host}")
    return hops


def _sent(said: Hop, status: int, location: str | None) -> Hop:
    """What came, with the declarations that had a say in it."""
    by, parts = said.by, said.stands_for
    if by.kind in _DECIDED and status != said.status:
        by = Declared(kind="undeclared", text="no declaration; middleware, perhaps")
    return replace(
        said,
        by=by,
        status=status,
        location=location if status in REDIRECT_STATUSES else None,
        stands_for=parts if status == said.status else (),
        onward=(),
    )


class _Client:
    """Sends requests, one after the other."""

    def __init__(self, app: ASGIApp, host: str, state: Mapping[str, Any]) -> None:
        self.host: Final = host
        self._app: Final = app
        self._state: Final = state

    async def send(self, asked: Asked) -> tuple[int, str | None]:
        """The status and the Location of the response; 500 if there is none."""
        begun = anyio.Event()
        heads: list[Message] = []
        request: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Message:
            if request:
                return request.pop()
            await begun.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                heads.append(message)
                begun.set()

        try:
            await self._app(self._scope(asked), receive, send)
        except Exception as error:  # noqa: BLE001 - a server would go on, and answer 500
            tell([Fault(f"the app failed: {type(error).__name__}: {error}")])
        if not heads:
            return 500, None
        return heads[0]["status"], _location(heads[0].get("headers", ()))

    def _scope(self, asked: Asked) -> Scope:
        path, _, query = asked.target.partition("?")
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": "1.1",
            "method": asked.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "root_path": "",
            "headers": [(b"host", self.host.encode("ascii"))],
            "client": ("127.0.0.1", 1),
            "server": (self.host, 80),
            "state": dict(self._state),
        }


def _location(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    found = [value for name, value in headers if name.lower() == b"location"]
    return found[0].decode("latin-1") if found else None


class _Life:
    """One lifespan of an app.

    Attributes:
        started: set when the app may be asked, or has failed.
        ending: to be set when nobody asks any more.
        failures: what the app said about them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app: Final = app
        self._coming: Final[list[Message]] = [
            {"type": "lifespan.shutdown"},
            {"type": "lifespan.startup"},
        ]
        self.state: Final[dict[str, Any]] = {}
        self.started: Final = anyio.Event()
        self.ending: Final = anyio.Event()
        self.failures: Final[list[str]] = []

    async def live(self) -> None:
        """Run the lifespan to its end."""
        scope: Scope = {"type": "lifespan", "asgi": _ASGI, "state": self.state}
        try:
            await self._app(scope, self._receive, self._send)
        except Exception as error:  # noqa: BLE001 - whatever it is, the command ends
            self.failures.append(f"{type(error).__name__}: {error}")
        self.started.set()

    async def _receive(self) -> Message:
        if len(self._coming) == 1:
            await self.ending.wait()
        return self._coming.pop()

    async def _send(self, message: Message) -> None:
        if message["type"].endswith(".failed"):
            self.failures.append(message.get("message", ""))
        self.started.set()
