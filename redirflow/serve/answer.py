"""The careful way through one operation: bind, call, respond, and end what was begun.

It is complete: every kind of function, every kind of failure. The generated way of
`serve.fast` handles the happy case of common shapes and comes here for everything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import anyio

from redirflow.declare.dependencies import Scheme
from redirflow.declare.errors import BadRequest, ContentTooLarge, HTTPError, Unauthorized
from redirflow.declare.redirects import Redirect, Reroute
from redirflow.endpoint.binder import Refused
from redirflow.endpoint.credentials import challenged, read_credentials
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.plan import Judge, as_redirect
from redirflow.endpoint.steps import CredentialsStep, Step
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.request import BodyTooLarge, ClientDisconnected, MalformedBody, Request
from redirflow.http.response import Reply, Response
from redirflow.http.types import Scope
from redirflow.serve.call import Caller, Ending
from redirflow.serve.failures import LOGGER, Failures, forget, sole_signal

_ENDING_SECONDS: Final = 1.0
"""How long generators get to end when the client has left or the server stops."""


@dataclass(frozen=True, slots=True, eq=False)
class Answering:
    """What answering takes besides the endpoint."""

    caller: Caller
    failures: Failures

    async def answer(
        self, endpoint: Endpoint, request: Request, path: Mapping[str, str]
    ) -> Reply | None:
        """The reply to *request*; `None` if the client left before its body was complete.

        Args:
            path: the texts of the path parameters by name.
        """
        endings: list[Ending] = []
        progress = _Progress(endpoint, request, path, endings)
        try:
            reply, error = await self._attempt(progress)
            return await self._ended(progress, reply, error)
        except ClientDisconnected:
            return None
        finally:
            if endings:
                await _abandon(endings)

    async def _attempt(self, progress: "_Progress") -> tuple[Reply, Exception | None]:
        """The reply, and what generators are to be told: a redirect is no error to them."""
        try:
            result = await self._result(progress)
            return respond(progress.endpoint, result, progress.request.scope), None
        except ClientDisconnected:
            raise
        except Exception as raised:  # noqa: BLE001 - every one of them has a reply
            error = sole_signal(raised)
            told = None if isinstance(error, Redirect | Reroute) else error
            return self._failed(progress, error), told

    async def _result(self, progress: "_Progress") -> Any:
        """Bind and call each step, then the handler."""
        endpoint, request = progress.endpoint, progress.request
        results: list[Any] = []
        for step in endpoint.steps:
            if isinstance(step, CredentialsStep):
                results.append(read_credentials(step, request))
            else:
                arguments = progress.arguments(step, results)
                results.append(await self.caller.call(step, arguments, progress.endings))
            progress.index += 1
        arguments = progress.arguments(endpoint.handler, results)
        if endpoint.body is not None:
            arguments[endpoint.body.parameter.name] = await endpoint.body.read(request)
        return await self.caller.call(endpoint.handler, arguments, progress.endings)

    def _failed(self, progress: "_Progress", error: Exception) -> Reply:
        """The reply for what was raised."""
        endpoint, scope = progress.endpoint, progress.request.scope
        if isinstance(error, Refused):
            return self.failures.refusal(error.error)
        try:
            reply = self._judged(progress, error)
        except ContractViolation as violation:
            reply = self.failures.violation(violation, endpoint, scope)
        forget(error)
        return reply

    def _judged(self, progress: "_Progress", error: Exception) -> Reply:
        judge, scope = progress.judge, progress.request.scope
        if isinstance(error, Redirect):
            return judge.redirect(error, scope)
        if isinstance(error, HTTPError):
            if isinstance(error, Unauthorized):
                error = challenged(error, _schemes(progress.endpoint))
            return judge.error(error)
        if isinstance(error, ContractViolation):
            raise error
        if isinstance(error, BodyTooLarge):
            return self.failures.refusal(_too_large(progress.endpoint))
        if isinstance(error, MalformedBody):
            return self.failures.refusal(BadRequest("The body is not JSON."))
        translated = judge.translated(error)
        if translated is not None:
            return judge.error(translated)
        return self.failures.unexpected(error, progress.endpoint, scope)

    async def _ended(self, progress: "_Progress", reply: Reply, error: Exception | None) -> Reply:
        """The reply after every generator has ended; one that fails to makes it a 500."""
        while progress.endings:
            ending = progress.endings.pop()
            try:
                await ending.end(error)
            except Exception as raised:  # noqa: BLE001 - a failing commit is an honest failure
                error = raised
                reply = self._failed(progress, raised)
        return reply


class _Progress:
    """How far one request has come; its `index` says whose judge is the right one."""

    __slots__ = ("endings", "endpoint", "index", "path", "request")

    def __init__(
        self, endpoint: Endpoint, request: Request, path: Mapping[str, str], endings: list[Ending]
    ) -> None:
        self.endpoint = endpoint
        self.request = request
        self.path = path
        self.endings = endings
        self.index = 0

    @property
    def judge(self) -> Judge:
        return self.endpoint.judges[self.index]

    def arguments(self, step: Step, results: list[Any]) -> dict[str, Any]:
        """The arguments of *step*, its body left out."""
        arguments = step.binder.read(self.request, self.path)
        for parameter in step.signature.parameters:
            if parameter.where == "path" and parameter.group is None:
                self.request.path_params[parameter.key] = arguments[parameter.name]
        for name, index in step.feeds:
            arguments[name] = results[index]
        return arguments


def respond(endpoint: Endpoint, result: Any, scope: Scope) -> Reply:
    """The reply for what the handler returned.

    Raises:
        ContractViolation: no spec of the operation declares it.
    """
    if isinstance(result, Redirect):
        return endpoint.judge.redirect(result, scope)
    response = result if isinstance(result, Response) else Response(result)
    redirect = as_redirect(response)
    if redirect is not None:
        return endpoint.judge.redirect(redirect, scope)
    status = response.status_code or endpoint.default_status
    plan = endpoint.successes.get(status) if status else None
    if plan is None:
        raise ContractViolation(_undeclared(response, status), _statuses(endpoint), response.body)
    return plan.reply(response, scope)


def _undeclared(response: Response[Any], status: int | None) -> str:
    if response.status_code is None and status is None:
        return f"a {type(response.body).__name__} without a status"
    return f"a response with the status {status}"


def _statuses(endpoint: Endpoint) -> str:
    successes = [str(response.status) for response in endpoint.responses]
    redirects = [str(status) for status in endpoint.judge.redirects]
    return ", ".join([*successes, *redirects]) or "nothing but errors"


def _too_large(endpoint: Endpoint) -> ContentTooLarge:
    return ContentTooLarge(f"The body must not have more than {endpoint.max_body_size} bytes.")


def _schemes(endpoint: Endpoint) -> list[Scheme]:
    return [step.scheme for step in endpoint.steps if isinstance(step, CredentialsStep)]


async def _abandon(endings: list[Ending]) -> None:
    """End generators of a request that nobody waits for any more."""
    with anyio.move_on_after(_ENDING_SECONDS, shield=True):
        while endings:
            try:
                await endings.pop().end(GeneratorExit())
            except Exception as error:
                LOGGER.error("a dependency failed to end", exc_info=error)
