"""Who may come in: one well-formed Host field, of a host that the app answers for."""

from collections.abc import Awaitable, Callable
from itertools import product
from typing import Final, TypeAlias, TypeVar

from msgspec import Struct, field

from redirflow.declare.errors import BadRequest
from redirflow.http.headers import host_name, is_host
from redirflow.http.response import Reply, deliver
from redirflow.http.types import Receive, Scope, Send
from redirflow.serve.failures import Failures

T = TypeVar("T")

Serves: TypeAlias = Callable[[Scope, Receive, Send, T], Awaitable[None]]

HOST: Final = frozenset(bytes(letters) for letters in product(*zip(b"host", b"HOST", strict=True)))
"""Every spelling of the field name: servers need not write it in lower case (ASGI).

PERF: a look-up here costs what a comparison does; lowering each name first, twice as much.
"""

_KNOWN: Final = 1024
"""Hosts remembered as admitted; more than a server has, few enough to hold."""


class Gate(Struct, frozen=True, eq=False):
    """Looks at the Host of each request.

    Attributes:
        allowed: host names without port, in lower case; `None` admits all.
        known: Host fields that were admitted. What serves looks here first: a field that stands
            alone among `HOST` and in here needs no other look.
    """

    allowed: frozenset[str] | None
    failures: Failures
    known: set[bytes] = field(default_factory=set[bytes])

    def refusal(self, scope: Scope) -> Reply | None:
        """400 unless there is one well-formed Host that is allowed (RFC 9112 3.2)."""
        hosts = [value for name, value in scope["headers"] if name in HOST]
        if len(hosts) == 1 and hosts[0] in self.known:
            return None
        if len(hosts) != 1 or not hosts[0] or not is_host(hosts[0]):
            error = BadRequest("The Host header is missing, repeated or malformed.")
            return self.failures.refusal(error)
        if self.allowed is not None and host_name(hosts[0].decode("ascii")) not in self.allowed:
            return self.failures.refusal(BadRequest("This server does not answer for that host."))
        if len(self.known) < _KNOWN:
            self.known.add(hosts[0])
        return None

    def before(self, serve: Serves[T]) -> Serves[T]:
        """*serve* for requests that come in."""

        def guarded(scope: Scope, receive: Receive, send: Send, about: T) -> Awaitable[None]:
            refusal = self.refusal(scope)
            if refusal is not None:
                return deliver(refusal, scope, send)
            return serve(scope, receive, send, about)

        return guarded
