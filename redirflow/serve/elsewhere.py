"""What is answered without an operation: a bad Host, mounts, 404, 405, OPTIONS, slashes."""

from collections.abc import Iterable

from msgspec import Struct

from redirflow.compile import Owner
from redirflow.declare.errors import MethodNotAllowed, NotFound
from redirflow.declare.operation import Mount, Page
from redirflow.declare.settings import Settings
from redirflow.endpoint.links import NOTHING_THERE
from redirflow.http.location import compile_location
from redirflow.http.methods import allow_header
from redirflow.http.query import untouched_query
from redirflow.http.reference import LocationRefused, quote_path
from redirflow.http.request import local_path, root_path
from redirflow.http.response import EMPTY, Reply, deliver
from redirflow.http.types import Receive, Scope, Send
from redirflow.routing.ground import other_form
from redirflow.routing.router import Leaf, Router, Values
from redirflow.routing.rows import Rows, sent_location
from redirflow.serve.failures import Failures


class Elsewhere(Struct, frozen=True, eq=False):
    """Answers requests that belong to no operation."""

    router: Router[Owner]
    rows: Rows
    mounts: tuple[Mount, ...]
    settings: Settings
    failures: Failures

    def find(self, path: str) -> tuple[Leaf[Owner], Values] | None:
        """What serves *path*, with the other form of its last slash if that is as good."""
        found = self.router.find(path)
        if found is None and self.settings.slashes == "match":
            other = self.router.find(other_form(path))
            return None if other is None or _is_page(other[0]) else other
        return found

    async def serve(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """Answer for a path that no operation has: a mount, a slash redirect, or 404."""
        mount = self.mount(path)
        if mount is not None:
            await mount.app(_below(scope, mount, path), receive, send)
            return
        location = self._slash_redirect(scope, path)
        if self.settings.slashes == "match" and other_form(path) in self.rows:
            reply = self.row(scope, other_form(path))
        elif location is None:
            reply = self.failures.refusal(NotFound(NOTHING_THERE))
        else:
            reply = Reply(308, [(b"location", location), EMPTY])
        await deliver(reply, scope, send)

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a WebSocket to the mount that it is for, else close it."""
        path = local_path(scope)
        mount = self.mount(path)
        if mount is None:
            await refuse_websocket(send)
        else:
            await mount.app(_below(scope, mount, path), receive, send)

    def mount(self, path: str) -> Mount | None:
        """The mount with the longest prefix that *path* is below of."""
        below = [mount for mount in self.mounts if path.startswith(f"{mount.prefix}/")]
        return max(below, key=lambda mount: len(mount.prefix), default=None)

    def apart(self, path: str) -> bool:
        """Whether a page or a mount answers at *path*."""
        found = self.find(path)
        return self.mount(path) is not None if found is None else _is_page(found[0])

    def row(self, scope: Scope, path: str, others: Iterable[str] = ()) -> Reply:
        """The reply of the table row at *path*, where operations serve the *others*."""
        kind, location = self.rows[path]
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if method not in kind.methods:
            return self._not_served(scope, {*kind.methods, *others})
        query, root = scope.get("query_string"), scope.get("root_path")
        if query or root:
            sent = sent_location(kind, location, query or b"", root_path(scope))
            if sent is None:
                return self.failures.refusal(NotFound(NOTHING_THERE))
            location = sent
        headers = [(b"location", location), EMPTY]
        if kind.max_age is not None:  # of a rule that the row leads through
            headers.append((b"cache-control", b"max-age=%d" % kind.max_age))
        return Reply(kind.status, headers)

    def other_method(self, scope: Scope, methods: Iterable[str], path: str) -> Reply:
        """What answers a method that the operations at *path* do not serve."""
        if path in self.rows:
            return self.row(scope, path, methods)
        return self._not_served(scope, methods)

    def _not_served(self, scope: Scope, methods: Iterable[str]) -> Reply:
        """204 with `Allow` for OPTIONS, else 405 with it (RFC 9110 9.3.7, 15.5.6)."""
        allow = (b"allow", allow_header(set(methods)))
        if scope["method"] == "OPTIONS":
            return Reply(204, [allow])
        error = MethodNotAllowed("The resource does not serve this method.")
        return self.failures.refusal(error, allow)

    def _slash_redirect(self, scope: Scope, path: str) -> bytes | None:
        """The other form of *path*, if it serves this method; never another host."""
        other = other_form(path)
        method: str = scope["method"]
        if method == "OPTIONS" or not self._leads(other, method):
            return None
        query: bytes = scope.get("query_string") or b""
        try:
            return compile_location(quote_path(root_path(scope) + other) + untouched_query(query))
        except LocationRefused:
            return None

    def _leads(self, path: str, method: str) -> bool:
        """Whether a request with another last slash is sent to *path*."""
        if self.settings.slashes == "match":
            # Only to pages: links in them are relative, and would lead elsewhere from below.
            found = self.router.find(path)
            return found is not None and _is_page(found[0])
        return self.settings.slashes == "redirect" and self._serves(path, method)

    def _serves(self, path: str, method: str) -> bool:
        if self.router.serves(path, method) or self.mount(path) is not None:
            return True
        return ("GET" if method == "HEAD" else method) in self.rows.methods(path)


async def refuse_websocket(send: Send) -> None:
    """Close a handshake, which is then answered with 403 (ASGI)."""
    await send({"type": "websocket.close", "code": 1000})


def _is_page(leaf: Leaf[Owner]) -> bool:
    return any(isinstance(owner, Page) for owner in leaf.owners.values())


def _below(scope: Scope, mount: Mount, path: str) -> Scope:
    """The scope of a mounted app: its prefix belongs to `root_path`, the path stays whole."""
    root = root_path(scope)
    return {**scope, "path": root + path, "root_path": root + mount.prefix}
