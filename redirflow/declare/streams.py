"""Items and tasks: what a stream yields, and what runs after a response."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec

import msgspec

from redirflow.http.foreign import told

P = ParamSpec("P")


class ServerSentEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a `text/event-stream` (HTML Standard 9.2).

    Attributes:
        data: text is sent as it is, anything else as JSON.
        event: the name of the event.
        id: what the client sends back as `Last-Event-ID`.
        retry: milliseconds until the client connects again.
    """

    data: Any = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None


class BackgroundTasks:
    """Functions that run after a success or a redirect was sent, one after the other.

    A handler gets it by a parameter of this type. A failure is logged; the next task runs.
    """

    __slots__ = ("tasks",)

    if not TYPE_CHECKING:
        __getattr__ = told("BackgroundTasks")

    def __init__(self) -> None:
        self.tasks: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def add(self, function: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run *function*, sync or async, with these arguments later."""
        self.tasks.append((function, args, kwargs))
