"""The ASGI application of a compiled app: match, then let the endpoint serve.

What is not an operation (an unknown path, a method that is not served, OPTIONS, a slash too
many or too few) is answered by `serve.elsewhere`, away from the straight line.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

import anyio

from redirflow.compile import CompiledApp, Owner
from redirflow.declare.operation import Operation
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.steps import functions
from redirflow.endpoint.sunset import announced
from redirflow.http.request import Links, Request, local_path
from redirflow.http.response import Reply, deliver, without_body
from redirflow.http.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from redirflow.routing.chain import FinalRule
from redirflow.routing.router import Leaf, Values
from redirflow.serve.answer import Answering
from redirflow.serve.call import THREADS, Caller
from redirflow.serve.elsewhere import HOST, Elsewhere, Settings
from redirflow.serve.exchange import Exchange, Surroundings
from redirflow.serve.failures import Failures, sole_signal
from redirflow.serve.fast import fast_server
from redirflow.serve.inbox import Inbox
from redirflow.serve.route import Route, Serve
from redirflow.serve.rules import RuleServers, Shape

Docs: TypeAlias = Callable[[], Mapping[str, Reply]]
"""Writes the docs page and what it loads; by path."""

Methods: TypeAlias = Mapping[str, Serve]

_KNOWN_HOSTS: Final = 1024
"""Hosts remembered as admitted; more than a server has, few enough to hold."""


def make_runtime(compiled: CompiledApp, settings: Settings, other: ASGIApp, docs: Docs) -> ASGIApp:
    """The ASGI application; *other* gets the scopes that are no HTTP request."""
    failures = Failures(compiled.errors, settings.debug)
    answering = Answering(Caller(anyio.CapacityLimiter(THREADS)), failures)

    async def again(scope: Scope, receive: Receive, send: Send) -> None:
        await serve(scope, receive, send)

    router = compiled.router
    shapes: dict[Shape, Methods] = {}
    elsewhere = Elsewhere(router, compiled.rows, compiled.mounts, settings, failures)
    rules = RuleServers(failures, again, shapes.get, elsewhere.apart)
    servers = _Servers(compiled, Surroundings(answering, again), rules, cache(docs))
    tables = [servers.methods(leaf) for leaf in router.leaves]
    shapes.update({leaf.template.shape: tables[leaf.index] for leaf in router.leaves})
    exact: dict[str, Methods] = {path: tables[leaf.index] for path, leaf in router.exact.items()}
    # A parameter right behind the root is left to the router: for these keys alone a path
    # without its slash would look the same.
    tails: dict[str, Methods] = {
        path: tables[leaf.index] for path, leaf in router.tails.items() if path
    }
    rows = compiled.rows if len(compiled.rows) else None
    hosts: set[bytes] = set()

    # PERF: matching awaits nothing, so it is no coroutine of its own but hands over the one of
    # what serves (700 of 33 000 instructions).
    def serve(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            apart = elsewhere.websocket if scope["type"] == "websocket" else other
            return apart(scope, receive, send)
        path: str = local_path(scope) if scope.get("root_path") else scope["path"]
        host = None
        for name, value in scope["headers"]:
            if name in HOST:
                host = value if host is None else b""
        if host not in hosts:
            refusal = elsewhere.bad_host(scope)
            if refusal is not None:
                return deliver(refusal, scope, send)
            if len(hosts) < _KNOWN_HOSTS and host:
                hosts.add(host)
        values: Values = ()
        methods = exact.get(path)
        if methods is None:
            if rows is not None and path in rows:
                return deliver(elsewhere.row(scope, path), scope, send)
            head, _, values = path.rpartition("/")
            # PERF: one comparison holds for nearly every text, and neither for an empty one
            # nor for dot segments; what it leaves out takes the careful way.
            methods = tails.get(head) if values >= "0" else None
            if methods is None:
                found = elsewhere.find(path)
                if found is None:
                    return elsewhere.serve(scope, receive, send, path)
                methods = tables[found[0].index]
                values = found[1]
        server = methods.get(scope["method"])
        if server is None:
            return deliver(elsewhere.other_method(scope, methods, path), scope, send)
        return server(scope, receive, send, values)

    return serve


@dataclass(frozen=True, slots=True, eq=False)
class _Servers:
    """Makes what serves each owner in the router."""

    compiled: CompiledApp
    around: Surroundings
    rules: RuleServers
    docs: Docs

    def methods(self, leaf: Leaf[Owner]) -> Methods:
        """What serves each method of a leaf; HEAD goes with GET."""
        served = {method: self._server(owner) for method, owner in leaf.owners.items()}
        head = served.get("HEAD") or served.get("GET")
        if head is not None:
            served["HEAD"] = _head(head)
        return served

    def _server(self, owner: Owner) -> Serve:
        if isinstance(owner, Operation):
            return self._operation(self.compiled.endpoints[owner])
        if isinstance(owner, FinalRule):
            return self.rules.server(owner)
        document = self.compiled.pages.get(owner)
        return _page(lambda: document or self.docs()[owner.path])

    def _operation(self, endpoint: Endpoint) -> Serve:
        route = Route(endpoint.template.text, endpoint.operation.name)
        answering, links = self.around.answering, self.compiled.directory.location
        server = fast_server(
            endpoint,
            _careful(endpoint, route, self.around, links),
            route,
            lambda result, scope: answering.responded(result, endpoint, scope),
            lambda error, scope: answering.failed(
                sole_signal(error), endpoint, endpoint.judge, scope
            ),
        )
        lines = announced(endpoint.operation)
        return _announcing(server, lines) if lines else server


def _careful(endpoint: Endpoint, route: Route, around: Surroundings, links: Links) -> Serve:
    """What serves *endpoint* by the careful way."""
    names = [hole.name for hole in endpoint.template.holes]
    called = (*functions(endpoint.steps), endpoint.handler)
    reads = endpoint.replays or any(step.signature.requests for step in called)
    limit = endpoint.max_body_size if reads else 0

    async def serve(scope: Scope, receive: Receive, send: Send, values: Values) -> None:
        texts = (values,) if isinstance(values, str) else values
        path = dict(zip(names, texts, strict=True))
        scope["route"] = route
        scope["endpoint"] = endpoint.operation.handler
        scope["path_params"] = {**path}
        inbox = Inbox(receive, limit)
        request = Request(scope, inbox.receive, max_body_size=endpoint.max_body_size, links=links)
        await Exchange(endpoint, request, inbox, path, around).serve(send)

    return serve


def _head(serve_whole: Serve) -> Serve:
    async def serve(scope: Scope, receive: Receive, send: Send, values: Values) -> None:
        await serve_whole(scope, receive, without_body(send), values)

    return serve


def _announcing(serve_plainly: Serve, lines: RawHeaders) -> Serve:
    """What also says, on each answer, that the operation goes away."""

    async def serve(scope: Scope, receive: Receive, send: Send, values: Values) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message["headers"]
                names = {name for name, _ in own}
                more = [line for line in lines if line[0] not in names]
                message = {**message, "headers": [*own, *more]}
            await send(message)

        await serve_plainly(scope, receive, tell, values)

    return serve


def _page(reply: Callable[[], Reply]) -> Serve:
    """What serves a page; *reply* writes it when it is first asked for, or has it already."""

    async def serve(scope: Scope, receive: Receive, send: Send, values: Values) -> None:
        page = reply()
        # Middleware may add to the list of a message: each gets one of its own.
        await deliver(page._replace(headers=[*page.headers]), scope, send)

    return serve
