"""What a matched request is served by, and what middleware finds of it in the scope."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct

from redirflow.http.types import Receive, Scope, Send
from redirflow.routing.router import Values

Serve: TypeAlias = Callable[[Scope, Receive, Send, Values], Awaitable[None]]
"""Serves one method of one route; the last argument holds the path parameters as text."""


class Route(Struct, frozen=True):
    """The matched route, as `scope["route"]`.

    Attributes:
        path_format: the template, with parameters in braces.
        name: the operationId.
    """

    path_format: str
    name: str

    @property
    def path(self) -> str:
        """The template, under the name that Starlette's routes use."""
        return self.path_format
