"""The careful way through one request: bind, call, respond, and end what was begun.

It is complete: every kind of function, every kind of failure. The generated way of
`serve.fast` handles the happy case of common shapes and comes here for everything else.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeAlias

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
from redirflow.http.types import ASGIApp, Message, Send
from redirflow.http.upload import FormData
from redirflow.serve.answer import Answering, outcome_of, taken
from redirflow.serve.call import Ending, Swallowed, told
from redirflow.serve.cancelled import answerable, is_over, pass_on, requests_to_end
from redirflow.serve.failures import LOGGER, forget, sole_signal
from redirflow.serve.inbox import Inbox
from redirflow.serve.leaving import unless_left
from redirflow.serve.reroute import Rerouted, rerouted, scope_after
from redirflow.serve.stream import Streaming, StreamSender

Outcome: TypeAlias = Reply | Rerouted | BaseException
"""What becomes of a request; an exception stands for no answer at all."""


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
        self._left = False  # the client, in the middle of a stream
        self._index = 0  # of the step that runs: its judge is the right one

    async def serve(self, send: Send) -> None:
        """Answer the request, run its background tasks, and leave nothing open."""
        try:
            try:
                await self._answer(send)
            finally:
                if self._endings:
                    await self._abandon()
        except ClientDisconnected:
            # Servers drop it, but for those that call broken framing a disconnect: what gets
            # no answer from here gets their 500.
            error = BadRequest("The request has broken off.")
            await deliver(self._answering.failures.refusal(error), self._request.scope, send)
        finally:
            if self._form is not None:
                await self._form.close()

    async def _answer(self, send: Send) -> None:
        outcome, error = await self._attempt()
        if isinstance(outcome, Streaming):
            sender = StreamSender(outcome, send)
            outcome, error = await self._stream(sender)
            if sender.begun:
                await self._finish_stream(outcome, error)
                return
        last, _ = await self._ended(outcome, error)
        if isinstance(last, BaseException):
            await pass_on(last)
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

    async def _attempt(self) -> tuple[Outcome | Streaming, BaseException | None]:
        """The outcome, and what generators are to be told: a redirect is no error to them."""
        try:
            result = await self._result()
            return outcome_of(result, self._endpoint, self._request.scope, self._accept), None
        except BaseException as raised:  # noqa: BLE001 - what has no answer is raised at the end
            return self._failed(raised)

    def _failed(self, raised: BaseException) -> tuple[Outcome, BaseException | None]:
        error = answerable(raised)
        if not isinstance(error, Exception):
            return error, error
        error = sole_signal(error)
        if isinstance(error, ClientDisconnected):
            raise error from None
        if isinstance(error, Reroute):
            try:
                reroute = rerouted(error, self._request, self._judge)
            except Exception as fault:  # noqa: BLE001 - what it holds is an author's
                error = fault
            else:
                forget(error)
                return reroute, None
        outcome = self._answer_to(error, self._judge)
        kept = isinstance(error, Redirect) and outcome.status < 400
        return outcome, None if kept else error

    def _answer_to(self, error: Exception, judge: Judge) -> Reply:
        return self._answering.failed(error, self._endpoint, judge, self._request.scope)

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
        try:
            return await self._answering.caller.call(step, arguments, begun)
        finally:
            self._endings += [(ending, self._judge) for ending in begun]

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

    async def _ended(
        self, outcome: Outcome, error: BaseException | None
    ) -> tuple[Outcome, BaseException | None]:
        """The outcome after every generator has ended, and what the last of them was told.

        One that fails to end makes it a 500. A cancellation is thrown into each: where it was one
        of a generator's own, what comes out instead is answered.
        """
        while self._endings:
            ending, judge = self._endings.pop()
            answered = isinstance(error, Exception | None)
            requests = 0 if answered else requests_to_end()
            raised = await told(ending, error, hurried=self._left)
            if raised is None:
                continue
            if not isinstance(raised, Exception):
                outcome = error = raised
            elif answered or is_over(error) or requests_to_end() < requests:
                outcome, error = self._answer_to(raised, judge), raised
            elif not isinstance(raised, Swallowed):  # there is nobody to tell but the log
                LOGGER.error("the dependency %s failed to end", judge.name, exc_info=raised)
        if isinstance(outcome, BaseException) and is_over(outcome):
            # Two scopes were cancelled at once, and one exception told of both.
            ended = Swallowed("a cancel scope of a dependency was cancelled")
            outcome, error = self._answer_to(ended, self._judge), ended
        return outcome, error

    async def _stream(self, sender: StreamSender) -> tuple[Outcome, BaseException | None]:
        """Send a stream; the outcome is an answer where it failed before it has begun."""
        sent = Reply(200, [])
        try:
            await sender.send_all(self._inbox, head=self._request.method == "HEAD")
        except BaseException as raised:  # noqa: BLE001 - what has no answer is raised at the end
            if not sender.begun:
                return self._failed(raised)
            error = answerable(raised)
            if isinstance(error, Exception):
                error = sole_signal(error)
                if isinstance(error, ClientDisconnected):
                    self._left = True
                    return sent, None
                self._answering.broken(error, self._endpoint, self._request.scope)
            return error, error
        return sent, None

    async def _finish_stream(self, outcome: Outcome, error: BaseException | None) -> None:
        """End generators behind a stream, and run the tasks of one that was sent."""
        _, newest = await self._ended(outcome, error)
        if error is not None:
            # The response has begun: only the server can still cut the connection.
            await pass_on(newest or error)
        await self._run_tasks()

    async def _run_tasks(self) -> None:
        for function, args, kwargs in self._tasks.tasks:
            try:
                if is_async(function):
                    await function(*args, **kwargs)
                else:
                    await self._answering.caller.in_thread(partial(function, *args, **kwargs))
            except BaseException as raised:
                error = answerable(raised)
                if not isinstance(error, Exception):
                    raise
                name = getattr(function, "__name__", type(function).__name__)
                LOGGER.error("the background task %s failed", name, exc_info=error)

    async def _abandon(self) -> None:
        """End generators of a request that nobody waits for any more."""
        gone = GeneratorExit()
        outcome, _ = await self._ended(gone, gone)
        if isinstance(outcome, BaseException) and outcome is not gone:
            raise outcome  # the task was cancelled meanwhile
