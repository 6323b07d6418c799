"""The ASGI application of a compiled app: match, then let the endpoint serve.

What is not an operation (an unknown path, a method that is not served, OPTIONS, a slash too
many or too few) is answered by `serve.elsewhere`, away from the straight line. What serves an
operation looks at the Host by itself, in its one pass over the fields; all else by `Gate`.
"""

from collections.abc import Awaitable, Callable
from functools import cache

import anyio

from redirflow.compile import CompiledApp
from redirflow.declare.settings import Settings
from redirflow.http.request import local_path
from redirflow.http.response import Reply, deliver
from redirflow.http.types import ASGIApp, Receive, Scope, Send
from redirflow.routing.router import Values
from redirflow.serve.answer import Answering
from redirflow.serve.call import THREADS, Caller
from redirflow.serve.elsewhere import Elsewhere, refuse_websocket
from redirflow.serve.exchange import Surroundings
from redirflow.serve.failures import Failures
from redirflow.serve.gate import Gate
from redirflow.serve.rules import RuleServers, Shape
from redirflow.serve.servers import Docs, Methods, Servers


def make_runtime(compiled: CompiledApp, settings: Settings, other: ASGIApp, docs: Docs) -> ASGIApp:
    """The ASGI application; *other* gets the scopes that are no HTTP request."""
    failures = Failures(compiled.errors, settings.debug)
    answering = Answering(Caller(anyio.CapacityLimiter(THREADS)), failures)

    async def again(scope: Scope, receive: Receive, send: Send) -> None:
        await serve(scope, receive, send)

    router = compiled.router
    gate = Gate(settings.allowed_hosts, failures)
    shapes: dict[Shape, Methods] = {}
    elsewhere = Elsewhere(router, compiled.rows, compiled.mounts, settings, failures)
    rules = RuleServers(failures, again, shapes.get, elsewhere.apart)
    servers = Servers(compiled, Surroundings(answering, again), gate, rules, cache(docs))
    tables = [servers.methods(leaf) for leaf in router.leaves]
    shapes.update({leaf.template.shape: tables[leaf.index] for leaf in router.leaves})
    exact: dict[str, Methods] = {path: tables[leaf.index] for path, leaf in router.exact.items()}
    # A parameter right behind the root is left to the router: for these keys alone a path
    # without its slash would look the same.
    tails: dict[str, Methods] = {
        path: tables[leaf.index] for path, leaf in router.tails.items() if path
    }
    outside = gate.before(elsewhere.serve)
    rows = compiled.rows if len(compiled.rows) else None

    # PERF: matching awaits nothing, so it is no coroutine of its own but hands over the one of
    # what serves (700 of 33 000 instructions).
    def serve(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http":
            return apart(scope, receive, send)
        path: str = local_path(scope) if scope.get("root_path") else scope["path"]
        values: Values = ()
        methods = exact.get(path)
        if methods is None:
            if rows is not None and path in rows:
                return told(scope, send, elsewhere.row, path)
            head, _, values = path.rpartition("/")
            # PERF: one comparison holds for nearly every text, and neither for an empty one
            # nor for dot segments; what it leaves out takes the careful way.
            methods = tails.get(head) if values >= "0" else None
            if methods is None:
                found = elsewhere.find(path)
                if found is None:
                    return outside(scope, receive, send, path)
                methods = tables[found[0].index]
                values = found[1]
        server = methods.get(scope["method"])
        if server is None:
            return told(scope, send, elsewhere.other_method, methods, path)
        return server(scope, receive, send, values)

    def told(
        scope: Scope, send: Send, reply: Callable[..., Reply], *about: object
    ) -> Awaitable[None]:
        return deliver(gate.refusal(scope) or reply(scope, *about), scope, send)

    async def apart(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await other(scope, receive, send)
        elif gate.refusal(scope) is None:
            await elsewhere.websocket(scope, receive, send)
        else:
            await refuse_websocket(send)

    return serve
