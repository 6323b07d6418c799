"""The careful way through one request: bind, call, respond, and end what was begun.

It is complete: every kind of function, every kind of failure. The generated way of
`serve.fast` handles the happy case of common shapes and comes here for everything else.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from anyio import to_thread
from msgspec import Struct

from redirflow.declare.errors import BadRequest
from redirflow.declare.redirects import Redirect, Reroute
from redirflow.declare.streams import BackgroundTasks
from redirflow.endpoint.credentials import read_credentials
from redirflow.endpoint.endpoint import Endpoint, reads_form
from redirflow.endpoint.forms import read_form
from redirflow.endpoint.plan import Judge
from redirflow.endpoint.signature import is_async
from redirflow.endpoint.steps import CredentialsStep, Step
from redirflow.http.request import ClientDisconnected, Request
from redirflow.http.response import Reply, deliver
from redirflow.http.types import ASGIApp, Message, Scope, Send
from redirflow.http.upload import FormData
from redirflow.serve.answer import Answering, Outcome, outcome_of, taken
from redirflow.serve.call import Ending
from redirflow.serve.failures import LOGGER, forget, sole_signal
from redirflow.serve.inbox import Inbox
from redirflow.serve.leaving import unless_left
from redirflow.serve.reroute import Rerouted, rerouted, scope_after
from redirflow.serve.stream import Streaming, send_stream


class Surroundings(Struct, frozen=True, eq=False):
    """What an exchange needs besides its endpoint.

    Attributes:
        app: the whole application, for reroutes.
    """

    answering: Answering
    app: ASGIApp


class Exchange:
    """One request on its way through one operation.

    Args:
        path: the texts of the path parameters by name.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        request: Request,
        inbox: Inbox,
        path: Mapping[str, str],
        around: Surroundings,
    ) -> None:
        self._endpoint = endpoint
        self._request = request
        self._inbox = inbox
        self._path = path
        self._around = around
        self._answering = around.answering
        self._endings: list[tuple[Ending, Judge]] = []
        self._tasks = BackgroundTasks()
        self._form: FormData | None = None
        self._index = 0  # of the step that runs: its judge is the right one

    async def serve(self, send: Send) -> None:
        """Answer the request, run its background tasks, and leave nothing open."""
        try:
            await self._answer(send)
        except ClientDisconnected:
            # Servers drop it, but for those that call broken framing a disconnect: what gets
            # no answer from here gets their 500.
            error = BadRequest("The request has broken off.")
            await deliver(self._answering.failures.refusal(error), self._request.scope, send)
        finally:
            if self._endings:
                await self._abandon()
            if self._form is not None:
                await self._form.close()

    async def _answer(self, send: Send) -> None:
        outcome, error = await self._attempt()
        if isinstance(outcome, Streaming):
            await self._stream(outcome, send)
            return
        last = await self._ended(outcome, error)
        if error is not None:
            forget(error)  # generators have seen it since
        if isinstance(last, Rerouted):
            status = await self._reroute(last, send)
        else:
            await deliver(last, self._request.scope, send)
            status = last.status
        if status < 400:
            await self._run_tasks()

    async def _reroute(self, to: Rerouted, send: Send) -> int:
        """Let another operation answer; gives the status of its answer."""
        status = 500  # of no answer at all

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        scope = scope_after(self._request.scope, to)
        await self._around.app(scope, self._request.receive_again, noting)
        return status

    @property
    def _judge(self) -> Judge:
        return self._endpoint.judges[self._index]

    async def _attempt(self) -> tuple[Outcome, Exception | None]:
        """The outcome, and what generators are to be told: a redirect is no error to them."""
        scope = self._request.scope
        try:
            result = await self._result()
            accept = self._accept
            return await outcome_of(result, self._endpoint, scope, accept, self._inbox), None
        except Exception as raised:  # noqa: BLE001 - every one of them has an answer
            error = sole_signal(raised)
            if isinstance(error, ClientDisconnected):
                raise error from None
            return self._failed(error, scope)

    def _failed(self, error: Exception, scope: Scope) -> tuple[Outcome, Exception | None]:
        if isinstance(error, Reroute):
            try:
                reroute = rerouted(error, self._request, self._judge)
            except Exception as raised:  # noqa: BLE001 - what it holds is an author's
                error = raised
            else:
                forget(error)
                return reroute, None
        outcome = self._answering.failed(error, self._endpoint, self._judge, scope)
        kept = isinstance(error, Redirect) and outcome.status < 400
        return outcome, None if kept else error

    async def _result(self) -> Any:
        """Bind and call each step, then the handler."""
        endpoint, request = self._endpoint, self._request
        results: list[Any] = []
        for step in endpoint.steps:
            if isinstance(step, CredentialsStep):
                results.append(read_credentials(step, request))
            else:
                results.append(await self._call(step, await self._arguments(step, results)))
            self._index += 1
        arguments = await self._arguments(endpoint.handler, results)
        if endpoint.body is not None:
            arguments[endpoint.body.parameter.name] = await endpoint.body.read(request)
        if endpoint.offered:
            taken(self._accept, endpoint.offered)
        if endpoint.handler.kind == "async generator":
            return endpoint.handler.function(**arguments)
        if endpoint.operation.cancel_on_disconnect:
            left = self._inbox.left
            return await unless_left(lambda: self._call(endpoint.handler, arguments), left)
        return await self._call(endpoint.handler, arguments)

    async def _call(self, step: Step, arguments: dict[str, Any]) -> Any:
        begun: list[Ending] = []
        result = await self._answering.caller.call(step, arguments, begun)
        self._endings += [(ending, self._judge) for ending in begun]
        return result

    async def _arguments(self, step: Step, results: list[Any]) -> dict[str, Any]:
        """The arguments of *step*, its body left out."""
        if self._endpoint.form and reads_form([step]):
            if self._endpoint.replays and self._form is None:
                await self._request.body()  # the target of a reroute reads it too
            self._form = self._form or await read_form(self._request)
        arguments = step.binder.read(self._request, self._path, self._form)
        for parameter in step.signature.parameters:
            if parameter.where == "path" and parameter.group is None:
                self._request.path_params[parameter.key] = arguments[parameter.name]
        for name in step.signature.tasks:
            arguments[name] = self._tasks
        for name in step.signature.scopes:
            arguments[name] = self._endpoint.scopes
        for name, index in step.feeds:
            arguments[name] = results[index]
        return arguments

    @property
    def _accept(self) -> str:
        """The media types that the client takes (RFC 9110 12.5.1)."""
        return ",".join(self._request.headers.getlist("accept")) if self._endpoint.offered else ""

    async def _ended(self, outcome: Reply | Rerouted, error: Exception | None) -> Reply | Rerouted:
        """The outcome after every generator has ended; one that fails to makes it a 500."""
        while self._endings:
            ending, judge = self._endings.pop()
            try:
                await ending.end(error)
            except Exception as raised:  # noqa: BLE001 - a failing commit is an honest failure
                error = raised
                outcome = self._answering.failed(raised, self._endpoint, judge, self._request.scope)
        return outcome

    async def _stream(self, streaming: Streaming, send: Send) -> None:
        """Send a stream; generators end with it."""
        try:
            head = self._request.method == "HEAD"
            await send_stream(streaming, self._inbox, send, head=head)
        except Exception as raised:
            error = sole_signal(raised)
            if not isinstance(error, ClientDisconnected):
                self._answering.broken(error, self._endpoint, self._request.scope)
                await self._ended(Reply(500, []), error)
                # The response has begun: only the server can still cut the connection.
                raise
        await self._ended(Reply(200, []), None)
        await self._run_tasks()

    async def _run_tasks(self) -> None:
        for function, args, kwargs in self._tasks.tasks:
            try:
                if is_async(function):
                    await function(*args, **kwargs)
                else:
                    limiter = self._answering.caller.limiter
                    await to_thread.run_sync(partial(function, *args, **kwargs), limiter=limiter)
            except Exception as error:  # noqa: BLE001 - the response is sent
                name = getattr(function, "__name__", type(function).__name__)
                LOGGER.error("the background task %s failed", name, exc_info=error)

    async def _abandon(self) -> None:
        """End generators of a request that nobody waits for any more."""
        ending, judge = self._endings.pop()
        try:
            await ending.abandon()
        except Exception as error:  # noqa: BLE001 - there is nobody to tell but the log
            LOGGER.error("the dependency %s failed to end", judge.name, exc_info=error)
        finally:  # also when the task is cancelled meanwhile
            if self._endings:
                await self._abandon()
