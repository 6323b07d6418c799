"""Serving rules: redirects and reroutes that need no handler."""

from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import unquote

from msgspec import Struct

from redirflow.declare.errors import NotFound
from redirflow.endpoint.links import NOTHING_THERE
from redirflow.http.request import root_path
from redirflow.http.response import EMPTY, Reply, deliver
from redirflow.http.types import ASGIApp, RawHeaders, Receive, Scope, Send
from redirflow.routing.chain import FinalRule
from redirflow.routing.router import Values
from redirflow.routing.template import Segment
from redirflow.serve.failures import Failures
from redirflow.serve.reroute import HOPS, MAX_HOPS, Rerouted, scope_after
from redirflow.serve.route import Route, Serve

Shape: TypeAlias = tuple[Segment, ...]

MethodsAt: TypeAlias = Callable[[Shape], Mapping[str, Serve] | None]
"""From a shape to what serves its methods."""


class RuleServers(Struct, frozen=True, eq=False):
    """Makes what serves each rule.

    Attributes:
        app: the whole application, for reroutes whose target depends on the request.
        methods_at: for those whose target is known.
        apart: whether a page or a mount answers at a path: no reroute leads there.
    """

    failures: Failures
    app: ASGIApp
    methods_at: MethodsAt
    apart: Callable[[str], bool]

    def server(self, rule: FinalRule) -> Serve:
        """What serves *rule*."""
        return self._reroute(rule) if rule.status is None else self._redirect(rule, rule.status)

    def _redirect(self, rule: FinalRule, status: int) -> Serve:
        names = [hole.name for hole in rule.source.holes]
        route = Route(rule.source.text, str(rule.rule))
        ready = _caching(rule)

        async def serve(scope: Scope, receive: Receive, send: Send, values: Values) -> None:
            scope["route"] = route
            scope["path_params"] = named = _named(names, values)
            query: bytes = scope.get("query_string") or b""
            location = rule.expand(named, query, root_path(scope))
            if location is None:
                reply = self._nothing()
            else:
                reply = Reply(status, [(b"location", location), EMPTY, *ready])
            await deliver(reply, scope, send)

        return serve

    def _reroute(self, rule: FinalRule) -> Serve:
        names = [hole.name for hole in rule.source.holes]
        route = Route(rule.source.text, str(rule.rule))
        known = rule.known
        shape = None if known is None else known.template.shape

        async def serve(scope: Scope, receive: Receive, send: Send, values: Values) -> None:
            scope["route"] = route
            scope["path_params"] = named = _named(names, values)
            inside = rule.reroute(named, scope.get("query_string") or b"")
            if inside is None or scope.get(HOPS, 0) >= MAX_HOPS:
                await deliver(self._nothing(), scope, send)
                return
            path, query = inside
            if shape is None and self.apart(unquote(path)):
                await deliver(self._nothing(), scope, send)
                return
            changed = scope_after(scope, Rerouted(path, query, rule.headers))
            methods = None if shape is None else self.methods_at(shape)
            server = None if methods is None else methods.get(scope["method"])
            if server is None or known is None:
                await self.app(changed, receive, send)
            else:
                await server(changed, receive, send, known.values(named))

        return serve

    def _nothing(self) -> Reply:
        """What a client makes of a rule is never our fault, so it is a 404."""
        return self.failures.refusal(NotFound(NOTHING_THERE))


def _named(names: list[str], values: Values) -> dict[str, str]:
    texts = (values,) if isinstance(values, str) else values
    return dict(zip(names, texts, strict=True))


def _caching(rule: FinalRule) -> RawHeaders:
    if rule.max_age is None:
        return []
    return [(b"cache-control", f"max-age={rule.max_age}".encode("ascii"))]
