"""What serves each owner of a path: an operation, a rule, a page."""

import sys
from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from redirflow.compile import CompiledApp, Owner
from redirflow.declare.operation import Operation
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.steps import functions
from redirflow.endpoint.sunset import announced
from redirflow.http.request import Links, Request
from redirflow.http.response import Reply, deliver, without_body
from redirflow.http.types import Message, RawHeaders, Receive, Scope, Send
from redirflow.routing.chain import FinalRule
from redirflow.routing.router import Leaf, Values
from redirflow.serve.cancelled import answerable
from redirflow.serve.exchange import Exchange, Surroundings
from redirflow.serve.failures import sole_signal
from redirflow.serve.fast import fast_server
from redirflow.serve.gate import Gate
from redirflow.serve.inbox import Inbox
from redirflow.serve.route import Route, Serve
from redirflow.serve.rules import RuleServers

Docs: TypeAlias = Callable[[], Mapping[str, Reply]]
"""Writes the docs page and what it loads; by path."""

Methods: TypeAlias = Mapping[str, Serve]


class Servers(Struct, frozen=True, eq=False):
    """Makes what serves each owner in the router."""

    compiled: CompiledApp
    around: Surroundings
    gate: Gate
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
            return self.gate.before(self.rules.server(owner))
        document = self.compiled.pages.get(owner)
        return self.gate.before(_page(lambda: document or self.docs()[owner.path]))

    def _operation(self, endpoint: Endpoint) -> Serve:
        route = Route(endpoint.template.text, endpoint.operation.name)
        answering, links = self.around.answering, self.compiled.directory.location
        careful = _careful(endpoint, route, self.around, links)
        server = fast_server(
            endpoint,
            careful,
            route,
            self.gate,
            lambda result, scope: answering.responded(result, endpoint, scope),
            lambda error, scope: answering.failed(
                sole_signal(_failure(error)), endpoint, endpoint.judge, scope
            ),
        ) or self.gate.before(careful)
        lines = announced(endpoint.operation)
        return _announcing(server, lines) if lines else server


def _failure(raised: BaseException) -> Exception:
    """What *raised* is answered for; raises what there is no answer to."""
    error = answerable(raised)
    if not isinstance(error, Exception):
        raise error
    return error


def _careful(endpoint: Endpoint, route: Route, around: Surroundings, links: Links) -> Serve:
    """What serves *endpoint* by the careful way."""
    names = [hole.name for hole in endpoint.template.holes]
    called = (*functions(endpoint.steps), endpoint.handler)
    reads = endpoint.replays or any(step.signature.requests for step in called)
    # Who waits for the client to leave, and who reads its body, take turns.
    shared = bool(endpoint.streams) or endpoint.operation.cancel_on_disconnect
    reads = reads or endpoint.form or endpoint.body is not None
    limit = endpoint.max_body_size if reads else 0
    if endpoint.replays:  # its target has a limit of its own
        limit = sys.maxsize

    async def serve(scope: Scope, receive: Receive, send: Send, values: Values) -> None:
        texts = (values,) if isinstance(values, str) else values
        path = dict(zip(names, texts, strict=True))
        scope["route"] = route
        scope["endpoint"] = endpoint.operation.handler
        scope["path_params"] = {**path}
        inbox = Inbox(receive, limit)
        taking = inbox.receive if shared else receive
        request = Request(scope, taking, max_body_size=endpoint.max_body_size, links=links)
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
