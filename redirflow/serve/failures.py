"""What goes wrong while serving, as replies; each violation and unexpected error is logged
once, and a client learns nothing of either.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from redirflow.declare.errors import (
    BadRequest,
    ContentTooLarge,
    HTTPError,
    InternalServerError,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    Unauthorized,
    UnsupportedMediaType,
    ValidationFailed,
)
from redirflow.declare.redirects import Redirect, Reroute
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.plan import ErrorPlan
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.query import TooManyPairs
from redirflow.http.request import BodyTooLarge, ClientDisconnected, MalformedBody
from redirflow.http.response import Reply
from redirflow.http.types import Scope

LOGGER: Final = logging.getLogger("redirflow")

RAISED: Final = "redirflow.raised"
"""The scope key of a list that takes what was answered with a 500; the test client reads it."""

ROUTER_ERRORS: Final = (
    BadRequest,
    ContentTooLarge,
    InternalServerError,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    Unauthorized,
    UnsupportedMediaType,
    ValidationFailed,
)
"""What is answered without an author's doing."""


@dataclass(frozen=True, slots=True, eq=False)
class Failures:
    """Turns errors into replies.

    Attributes:
        plans: for `ROUTER_ERRORS`.
        debug: whether a 500 says what happened.
    """

    plans: Mapping[type[HTTPError], ErrorPlan]
    debug: bool

    def refusal(self, error: HTTPError, *more: tuple[bytes, bytes]) -> Reply:
        """The reply for an error of the framework's own."""
        return self.plans[type(error)].reply(error, more)

    def violation(self, violation: ContractViolation, endpoint: Endpoint, scope: Scope) -> Reply:
        """The reply for a contract violation."""
        operation = endpoint.operation
        value = (
            f" (value: {violation.value!r})" if self.debug and violation.value is not None else ""
        )
        LOGGER.error(
            "%s (%s) sent %s%s; declared: %s",
            operation.name,
            operation.place,
            violation.sent,
            value,
            violation.declared,
        )
        return self._internal(violation, scope)

    def unexpected(self, error: Exception, endpoint: Endpoint, scope: Scope) -> Reply:
        """The reply for any other exception."""
        operation = endpoint.operation
        LOGGER.error(
            "%s (%s) failed: %s",
            operation.name,
            operation.place,
            type(error).__name__,
            exc_info=error,
        )
        return self._internal(error, scope)

    def _internal(self, error: Exception, scope: Scope) -> Reply:
        raised = scope.get(RAISED)
        if raised is not None:
            raised.append(error)
        told = _shown(error) if self.debug else None
        return self.plans[InternalServerError].reply(InternalServerError(told))


def _shown(error: Exception) -> str:
    """*error* for the response in debug; what no UTF-8 can carry is replaced."""
    text = f"{type(error).__name__}: {error}"[:1000]
    return text.encode("utf-8", "replace").decode()


SIGNALS: Final = (
    Redirect,
    Reroute,
    HTTPError,
    BodyTooLarge,
    ClientDisconnected,
    MalformedBody,
    TooManyPairs,
)
"""What is raised to be answered, by authors or by a `Request` that is read."""


def sole_signal(error: Exception) -> Exception:
    """The one of `SIGNALS` that is alone in an `ExceptionGroup`, or *error* itself.

    Task groups wrap what is raised inside them; a signal that is alone counts as raised.
    """
    first, *others = _leaves(error)
    return first if not others and isinstance(first, SIGNALS) else error


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for part in cast("ExceptionGroup[Exception]", error).exceptions:
            yield from _leaves(part)
    else:
        yield error


def forget(error: BaseException) -> None:
    """Drop the traceback: a module-level instance raised again would keep every frame alive."""
    error.__traceback__ = None
    error.__context__ = None
