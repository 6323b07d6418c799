"""What goes wrong while serving, as replies; each violation and unexpected error is logged
once, and a client learns nothing of either.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from msgspec import Struct

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
from redirflow.endpoint.plan import ErrorPlan, Judge
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.media import PROBLEM_JSON
from redirflow.http.query import TooManyPairs
from redirflow.http.request import BodyTooLarge, ClientDisconnected, MalformedBody
from redirflow.http.response import Reply, content_length
from redirflow.http.types import Scope

LOGGER: Final = logging.getLogger("redirflow")

BARE: Final = Reply(
    500,
    [
        (b"content-type", PROBLEM_JSON.encode()),
        content_length(67),
        (b"x-content-type-options", b"nosniff"),
    ],
    b'{"type":"about:blank","title":"Internal Server Error","status":500}',
)
"""What is sent where the app's own error format fails."""

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


class Failures(Struct, frozen=True, eq=False):
    """Turns errors into replies.

    Attributes:
        plans: for `ROUTER_ERRORS`.
        debug: whether a 500 says what happened.
    """

    plans: Mapping[type[HTTPError], ErrorPlan]
    debug: bool

    def refusal(self, error: HTTPError, *more: tuple[bytes, bytes]) -> Reply:
        """The reply for an error of the framework's own."""
        try:
            return self.plans[type(error)].reply(error, more)
        except Exception as broken:
            LOGGER.error("the error format failed: %s", type(broken).__name__, exc_info=broken)
            return BARE

    def violation(
        self, violation: ContractViolation, endpoint: Endpoint, judge: Judge, scope: Scope
    ) -> Reply:
        """The reply for a contract violation of the function before *judge*."""
        told = self.debug and violation.value is not None
        value = f" (value: {_said(repr, violation.value)})" if told else ""
        LOGGER.error(
            "%s sent %s%s; declared: %s",
            _named(endpoint, judge),
            violation.sent,
            value,
            violation.declared,
        )
        return self._internal(violation, scope)

    def unexpected(self, error: Exception, endpoint: Endpoint, judge: Judge, scope: Scope) -> Reply:
        """The reply for any other exception of the function before *judge*."""
        LOGGER.error("%s failed: %s", _named(endpoint, judge), type(error).__name__, exc_info=error)
        return self._internal(error, scope)

    def _internal(self, error: Exception, scope: Scope) -> Reply:
        raised = scope.get(RAISED)
        if raised is not None:
            raised.append(error)
        told = f"{type(error).__name__}: {_said(str, error)}"[:1000] if self.debug else None
        try:
            return self.plans[InternalServerError].reply(InternalServerError(told))
        except Exception:  # noqa: BLE001 - the error format may be what failed in the first place
            return BARE


def _named(endpoint: Endpoint, judge: Judge) -> str:
    """Who is to blame, and where: the handler, or one of its dependencies."""
    operation = endpoint.operation
    if judge is endpoint.judge:
        return f"{operation.name} ({operation.place})"
    return f"{judge.name} ({judge.place}), a dependency of {operation.name},"


def _said(show: Callable[[Any], str], value: Any) -> str:
    """*value* as its class shows it, if it can; what no UTF-8 can carry is replaced."""
    try:
        return show(value).encode("utf-8", "replace").decode()
    except Exception:  # noqa: BLE001 - an author's own method
        return f"<a {type(value).__name__} that can't be shown>"


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
    waiting = [error]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ExceptionGroup):
            waiting.extend(cast("ExceptionGroup[Exception]", part).exceptions)
        else:
            yield part


def forget(error: BaseException) -> None:
    """Drop the traceback: a module-level instance raised again would keep every frame alive."""
    # Not by attribute: an exception may be a frozen dataclass.
    _TRACEBACK.__set__(error, None)
    _CONTEXT.__set__(error, None)


_TRACEBACK: Final[Any] = BaseException.__dict__["__traceback__"]
_CONTEXT: Final[Any] = BaseException.__dict__["__context__"]
