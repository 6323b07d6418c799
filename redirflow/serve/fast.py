"""The generated way through one operation: the happy case of common shapes, and nothing else.

For each operation without dependencies a function is written that parses only what the
operation declares, calls the handler, encodes and checks the answer, and sends it. At the
first doubt (a missing, odd or repeated value, a body in pieces, an unusual header) it hands
over to the careful way, before the handler has been called, so no rule is written twice:
what this file accepts, `endpoint.binder` accepts with the same value.

The function is written in `serve.writing`. Operations of one shape have the same source, which is
compiled once.

Field names are looked up in lower case, as all servers write them; where one is not found the
careful way reads them without regard to case. Only a request that mixes both spellings could
tell the two ways apart.
"""

import linecache
from collections.abc import Callable
from functools import cache
from types import CodeType, FunctionType
from typing import Any, Final

from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.signature import Parameter
from redirflow.http.response import Reply, content_length, deliver
from redirflow.http.types import Message, Receive, Scope
from redirflow.serve.gate import HOST, Gate
from redirflow.serve.route import Route, Serve
from redirflow.serve.writing import Writing

_LENGTHS: Final = [content_length(length) for length in range(4096)]
"""The field of each usual length."""


def fast_server(
    endpoint: Endpoint,
    careful: Serve,
    route: Route,
    gate: Gate,
    respond: Callable[[Any, Scope], Reply],
    failed: Callable[[BaseException, Scope], Reply],
) -> Serve | None:
    """A generated function that serves *endpoint*; `None` where no shape fits.

    Args:
        careful: what serves where there is a doubt, behind the gate.
        respond: the reply for what the handler returned.
        failed: the reply for what the handler raised; raises what there is none for.
    """
    if not _fits(endpoint):
        return None
    writing = Writing(endpoint)
    source = "\n".join(writing.lines())
    names: dict[str, Any] = {
        **writing.names,
        "careful": careful,
        "route": route,
        "handler": endpoint.operation.handler,
        "respond": respond,
        "failed": failed,
        "replayed": replayed,
        "HOST": HOST,
        "known": gate.known,
        "refusal": gate.refusal,
        "deliver": deliver,
        "content_length": content_length,
        "lengths": _LENGTHS,
        "kept": len(_LENGTHS),
    }
    function: Any = FunctionType(_compiled(source), names, "serve")
    return function  # type: ignore[no-any-return]


def replayed(message: Message, receive: Receive) -> Receive:
    """A *receive* that gives *message*, which was taken already, first."""
    waiting = [message]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


@cache
def _compiled(source: str) -> CodeType:
    """The code of the one function in *source*; tracebacks show its lines."""
    name = f"<redirflow fast way {_compiled.cache_info().currsize}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    (code,) = (
        constant
        for constant in compile(source, name, "exec").co_consts
        if isinstance(constant, CodeType)
    )
    return code


def _fits(endpoint: Endpoint) -> bool:
    """Whether the generated way can serve the usual requests of *endpoint*."""
    signature = endpoint.handler.signature
    return (
        not endpoint.steps
        and endpoint.handler.kind == "async"
        and signature.positional is not None
        and not signature.requests
        and not signature.tasks
        and not signature.scopes
        and not signature.groups
        and not endpoint.replays
        and not endpoint.operation.cancel_on_disconnect
        and all(_readable(parameter) for parameter in signature.parameters)
        and not any(response.stream for response in endpoint.responses)
        and not any(len(response.media_types) > 1 for response in endpoint.responses)
    )


def _readable(parameter: Parameter) -> bool:
    return parameter.where in {"path", "query", "header"} and not parameter.reader.many
