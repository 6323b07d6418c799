"""What is answered without an operation: a bad Host, 404, 405, OPTIONS, slash redirects."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from redirflow.compile import Owner
from redirflow.declare.errors import BadRequest, MethodNotAllowed, NotFound
from redirflow.endpoint.plan import rooted
from redirflow.http.headers import is_host
from redirflow.http.location import LocationRefused, compile_location, quote_path
from redirflow.http.methods import allow_header
from redirflow.http.response import EMPTY, Reply
from redirflow.http.types import Scope
from redirflow.routing.router import Router
from redirflow.serve.failures import Failures

Slashes: TypeAlias = Literal["redirect", "strict", "match"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an app decides about serving.

    Attributes:
        allowed_hosts: host names without port, in lower case; `None` admits all.
    """

    debug: bool = False
    slashes: Slashes = "redirect"
    allowed_hosts: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """Replies for requests that belong to no operation."""

    router: Router[Owner]
    settings: Settings
    failures: Failures

    def bad_host(self, scope: Scope) -> Reply | None:
        """400 unless there is one well-formed Host that is allowed (RFC 9112 3.2)."""
        hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
        if len(hosts) != 1 or not hosts[0] or not is_host(hosts[0]):
            error = BadRequest("The Host header is missing, repeated or malformed.")
            return self.failures.refusal(error)
        allowed = self.settings.allowed_hosts
        if allowed is not None and _name(hosts[0]) not in allowed:
            return self.failures.refusal(BadRequest("This server does not answer for that host."))
        return None

    def unserved(self, scope: Scope, path: str) -> Reply:
        """A slash redirect if the other form serves this method, else 404."""
        other = path[:-1] if path.endswith("/") else path + "/"
        method: str = scope["method"]
        if self.settings.slashes == "redirect" and other and self.router.serves(other, method):
            location = rooted(quote_path(other), scope)
            query: bytes = scope.get("query_string") or b""
            try:
                sent = compile_location(location + _mark(query))
            except LocationRefused:
                return self._not_found()
            return Reply(308, [(b"location", sent), EMPTY])
        return self._not_found()

    def other_method(self, scope: Scope, methods: Iterable[str]) -> Reply:
        """204 with `Allow` for OPTIONS, else 405 with it (RFC 9110 9.3.7, 15.5.6)."""
        allow = (b"allow", allow_header(set(methods)))
        if scope["method"] == "OPTIONS":
            return Reply(204, [allow])
        return self.failures.refusal(
            MethodNotAllowed("The resource does not serve this method."), allow
        )

    def _not_found(self) -> Reply:
        return self.failures.refusal(NotFound("There is nothing at this path."))


def _mark(query: bytes) -> str:
    return "?" + query.decode("latin-1") if query else ""


def _name(host: bytes) -> str:
    """The host of a Host field without its port, in lower case."""
    text = host.decode("ascii").lower()
    return text if text.endswith("]") else text.rpartition(":")[0] or text
