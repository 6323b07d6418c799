"""Answers: what a handler returned or raised, as what is sent for it."""

from collections.abc import Iterable
from copy import copy
from inspect import iscoroutine
from typing import Any, Never, cast

from msgspec import Struct

from redirflow.declare.dependencies import Scheme
from redirflow.declare.errors import (
    BadRequest,
    ContentTooLarge,
    HTTPError,
    NotAcceptable,
    Unauthorized,
)
from redirflow.declare.redirects import Redirect, Reroute
from redirflow.endpoint.binder import Refused
from redirflow.endpoint.body import content_type
from redirflow.endpoint.credentials import challenged
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.parts import shown
from redirflow.endpoint.plan import Judge, as_redirect
from redirflow.endpoint.steps import CredentialsStep
from redirflow.endpoint.violation import RETURN, ContractViolation, refuse_coroutine
from redirflow.http.accept import acceptable
from redirflow.http.query import TooManyPairs
from redirflow.http.request import BodyTooLarge, MalformedBody
from redirflow.http.response import Reply, Response
from redirflow.http.types import Scope
from redirflow.serve.call import Caller
from redirflow.serve.failures import RAISED, Failures, forget
from redirflow.serve.stream import Streaming


class Answering(Struct, frozen=True, eq=False):
    """Makes answers; shared by all operations of an app."""

    caller: Caller
    failures: Failures

    def responded(self, result: Any, endpoint: Endpoint, scope: Scope) -> Reply:
        """The reply for what a handler returned, where that is no stream."""
        try:
            return reply_for(result, endpoint, scope)
        except Exception as error:  # noqa: BLE001 - every one of them has an answer
            return self.failed(error, endpoint, endpoint.judge, scope)

    def failed(self, error: Exception, endpoint: Endpoint, judge: Judge, scope: Scope) -> Reply:
        """The reply for what a function raised, judged by *judge*."""
        try:
            reply = self._judged(error, endpoint, judge, scope)
        except ContractViolation as violation:
            reply = self.failures.violation(violation, endpoint, judge, scope)
        except Exception as raised:  # noqa: BLE001 - an error format is an author's too
            reply = self._otherwise(raised, endpoint, judge, scope)
        forget(error)
        return reply

    def broken(self, error: Exception, endpoint: Endpoint, scope: Scope) -> None:
        """Tell of a stream that fails after its response has begun, unless the request did it."""
        if isinstance(error, ContractViolation):
            self.failures.violation(error, endpoint, endpoint.judge, scope)
        elif _refusal(error, endpoint) is None:
            self.failures.unexpected(error, endpoint, endpoint.judge, scope)

    def _judged(self, error: Exception, endpoint: Endpoint, judge: Judge, scope: Scope) -> Reply:
        if isinstance(error, Redirect):
            return judge.redirect(error, scope)
        if isinstance(error, HTTPError):
            if isinstance(error, Unauthorized):
                # A copy: an instance may be raised by operations with other credentials too.
                error = challenged(copy(error), _schemes(endpoint))
            return judge.error(error)
        if isinstance(error, ContractViolation):
            raise error
        if isinstance(error, Reroute):
            raise ContractViolation(
                "a reroute", "no reroute from here; @reroutes(to=...) declares one", error.path
            )
        translated = None if _refusal(error, endpoint) else judge.translated(error)
        if translated is not None:
            return judge.error(translated)
        return self._otherwise(error, endpoint, judge, scope)

    def _otherwise(self, error: Exception, endpoint: Endpoint, judge: Judge, scope: Scope) -> Reply:
        refused = _refusal(error, endpoint)
        if refused is not None:
            return self.failures.refusal(refused)
        return self.failures.unexpected(error, endpoint, judge, scope)


def _refusal(error: Exception, endpoint: Endpoint) -> HTTPError | None:
    """The framework's own answer to a request that it refuses."""
    if isinstance(error, Refused):
        return error.error
    if isinstance(error, BodyTooLarge):
        limit = endpoint.max_body_size
        return ContentTooLarge(f"The body must not have more than {limit} bytes.")
    if isinstance(error, TooManyPairs):
        return BadRequest(f"The query has {error}.")
    return BadRequest("The body is not JSON.") if isinstance(error, MalformedBody) else None


def _schemes(endpoint: Endpoint) -> Iterable[Scheme]:
    return (step.scheme for step in endpoint.steps if isinstance(step, CredentialsStep))


def reply_for(result: Any, endpoint: Endpoint, scope: Scope, accept: str = "") -> Reply:
    """The reply for what a handler returned, where that is no stream.

    Args:
        accept: the media types that the client takes.

    Raises:
        ContractViolation: no spec of the operation declares it.
        Refused: the client takes none of its media types (406).
    """
    response = _as_response(result, endpoint)
    if isinstance(response, Redirect):
        return endpoint.judge.redirect(response, scope)
    status = response.status_code or endpoint.default_status
    plan = endpoint.successes.get(status or 0)
    if plan is None:
        raise undeclared(response, status, endpoint)
    offered = tuple(plan.bodies)
    if len(offered) < 2 or response.media_type is not None:
        return plan.reply(response, scope)
    reply = plan.negotiated(response, scope, taken(accept, offered))
    return reply or _none_of(offered)


def taken(accept: str, offered: tuple[str, ...]) -> list[str]:
    """The offered media types that the client takes, those it likes best first.

    Raises:
        Refused: it takes none of them (406).
    """
    return acceptable(accept, offered) or _none_of(offered)


def _none_of(offered: tuple[str, ...]) -> Never:
    raise Refused(NotAcceptable(f"There is only {', '.join(offered)}."))


def outcome_of(result: Any, endpoint: Endpoint, scope: Scope, accept: str) -> Reply | Streaming:
    """What is sent for what a handler returned.

    Raises:
        ContractViolation, Refused: as `reply_for` does.
    """
    response = _as_response(result, endpoint)
    if isinstance(response, Response):
        plan = endpoint.streams.get(response.status_code or endpoint.default_status or 0)
        if plan is not None:
            if not hasattr(response.body, "__aiter__"):
                sent = f"a value of type {type(response.body).__name__}"
                raise ContractViolation(sent, "an async iterator", response.body)
            chosen = response.media_type
            if chosen is not None and content_type(chosen) != plan.media_type:
                raise ContractViolation(f"the media type {chosen!r}", plan.media_type.decode())
            lines = plan.fields.render(response.headers, response.cookies)
            return Streaming(plan, aiter(response.body), lines, scope.get(RAISED, []))
    return reply_for(response, endpoint, scope, accept)


def _as_response(result: Any, endpoint: Endpoint) -> Redirect | Response[Any]:
    """What a handler returned, as one of the two things that it can mean."""
    if isinstance(result, Redirect):
        return result
    is_response = isinstance(result, Response)
    response = cast("Response[Any]", result if is_response else Response(result))
    if iscoroutine(response.body):
        types = " or ".join(shown(each.type) for each in endpoint.responses)
        refuse_coroutine(response.body, types or "nothing but redirects and errors")
    return as_redirect(response) or response


def undeclared(
    response: Response[Any], status: int | None, endpoint: Endpoint
) -> ContractViolation:
    """What is wrong with a response of no declared status."""
    successes = [str(each.status) for each in endpoint.responses]
    redirects = [str(each) for each in endpoint.judge.redirects]
    declared = ", ".join([*successes, *redirects]) or "nothing but errors"
    if status is None and response.body is None and not successes:
        sent = RETURN
    elif status is None:
        sent = f"a value of type {type(response.body).__name__} without a status"
        declared += "; say which: Response(..., status_code=...)"
    else:
        sent = f"a response with the status {status}"
    return ContractViolation(sent, declared, response.body)
