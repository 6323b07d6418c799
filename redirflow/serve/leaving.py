"""Work that ends when its client leaves.

Servers do not tell a handler that its client is gone, and `send` need not fail then. So a
second task waits for `http.disconnect` and cancels the first.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from redirflow.http.request import ClientDisconnected
from redirflow.serve.cancelled import is_cancellation, is_cancelled

T = TypeVar("T")


async def unless_left(work: Callable[[], Awaitable[T]], *signs: Callable[[], Awaitable[None]]) -> T:
    """The result of *work*, which is cancelled when one of *signs* returns.

    Raises:
        ClientDisconnected: one did.
        BaseException: what *work* raises, as it is.
    """
    results: list[T] = []
    failures: list[BaseException] = []
    async with anyio.create_task_group() as group:

        async def watch(sign: Callable[[], Awaitable[None]]) -> None:
            await sign()
            group.cancel_scope.cancel()

        for sign in signs:
            group.start_soon(watch, sign)
        try:
            results.append(await work())
        except BaseException as error:
            if is_cancellation(error) and is_cancelled():
                raise
            failures.append(error)  # raised again outside of the task group, which would wrap it
        group.cancel_scope.cancel()
    if failures:
        raise failures[0]
    if not results:
        raise ClientDisconnected
    return results[0]
