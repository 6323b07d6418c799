"""What goes wrong on the app's side, kept so that it can be raised in the test."""

from collections.abc import Awaitable
from types import TracebackType

from anyio import get_cancelled_exc_class


class Raised(list[Exception]):
    """What the runtime answered with a 500 in one scope, each with the traceback it had.

    The runtime drops tracebacks once an error is answered, and a test wants to see the line.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: list[tuple[TracebackType | None, BaseException | None]] = []

    def append(self, error: Exception) -> None:
        """Keep *error* as it is now."""
        self._seen.append((error.__traceback__, error.__context__))
        super().append(error)

    def again(self) -> None:
        """Raise the first error, if there is one; its notes tell of the others."""
        if not self:
            return
        error, *others = self
        traceback, error.__context__ = self._seen[0]
        for other in others:
            error.add_note(f"and then: {type(other).__name__}: {other}")
        raise error.with_traceback(traceback)


async def error_of(running: Awaitable[None]) -> BaseException | None:
    """What *running* raised; pytest's `fail` and `skip` raise what is no `Exception`."""
    try:
        await running
    except get_cancelled_exc_class():
        raise
    except BaseException as error:  # noqa: BLE001 - raised again in the test
        return error
    return None
