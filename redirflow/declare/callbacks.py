"""What an app sends later, to an address that a client gave (OpenAPI 3.2, Callback Object)."""

import re
from typing import Any, Final, Literal

from msgspec import Struct

from redirflow.declare.checks import DeclaredMeta, check_fields
from redirflow.declare.faults import refuse

_BRACED: Final = r"\{([^{}]*)\}"
_EXPRESSION: Final = (
    r"\$(url|method|statusCode|request\.(path|query)\..+|(request|response)"
    r"(\.header\.[!#$%&'*+.^_`|~0-9A-Za-z-]+|\.body(#(/.*)?)?))"
)
"""A runtime expression (OpenAPI 3.2, "Runtime Expressions")."""


class _Sent(Struct, frozen=True, kw_only=True, metaclass=DeclaredMeta):
    method: Literal["POST", "PUT", "PATCH", "DELETE", "GET"] = "POST"
    description: str | None = None


class Callback(_Sent, frozen=True):
    """A request that this app sends later, because of one that it got; for the document.

    Args:
        url: where it goes, with runtime expressions in braces:
            `"{$request.body#/callback_url}"`, `"{$request.query.back}?done=1"`. Start-up refuses
            one that names what the operation does not take or answer.
        body: the type of what is sent as JSON; `None` for no body.
        method: how it is sent.
        description: when it is sent.

    Raises:
        SpecError: *url* has no expression, or one that is none.
    """

    url: str
    body: Any = None

    def __post_init__(self) -> None:
        check_fields(self)
        wrong = [each for each in self.expressions if not re.fullmatch(_EXPRESSION, each)]
        if wrong or not self.expressions:
            raise refuse(
                f"Callback({self.url!r}): {f'{wrong[0]!r} is no' if wrong else 'no'} expression",
                "in braces $request.body#/..., $request.query.NAME, $request.header.NAME, "
                "$request.path.NAME, the same of $response (body, header), or $url",
                'Callback("{$request.body#/callback_url}", Paid)',
            )

    @property
    def expressions(self) -> list[str]:
        """The runtime expressions of the address, without their braces."""
        return re.findall(_BRACED, self.url)
