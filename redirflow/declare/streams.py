"""Items and tasks: what a stream yields, and what runs after a response."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, cast, get_args, get_origin

import msgspec

from redirflow.http.foreign import told

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T = TypeVar("T", default=Any)  # a plain `ServerSentEvent` is one of anything
else:
    from typing import TypeVar

    T = TypeVar("T")

P = ParamSpec("P")


class ServerSentEvent(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One event of a `text/event-stream` (HTML Standard 9.2).

    The data of a `ServerSentEvent[Book]` is checked and documented, that of a plain one is not.

    Attributes:
        data: a text is sent as it is, but where something else is declared; else it is JSON.
        event: the name of the event.
        id: what the client sends back as `Last-Event-ID`.
        retry: milliseconds until the client connects again.
    """

    data: T = cast("T", None)
    event: str | None = None
    id: str | None = None
    retry: int | None = None


def is_event(type_: Any) -> bool:
    """Whether items of *type_* are events, with or without the type of their data."""
    return (get_origin(type_) or type_) is ServerSentEvent


def data_of(type_: Any) -> Any:
    """The type of the data of an event."""
    return (*get_args(type_), Any)[0]


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
