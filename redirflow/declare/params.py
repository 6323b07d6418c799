"""Where a handler's parameters come from.

The markers are generic aliases over `Annotated`, so that a type checker sees `int` in
`limit: Query[int] = 10` while the compiler sees the marker.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, TypeVar

T = TypeVar("T")

Where: TypeAlias = Literal["path", "query", "header", "cookie", "form", "body"]


@dataclass(frozen=True, slots=True)
class In:
    """The part of a request that a parameter is read from."""

    where: Where


@dataclass(frozen=True, slots=True)
class Alias:
    """The name that a parameter has on the wire, where Python can't spell it.

    `sid: Cookie[Annotated[str, Alias("__Host-sid")]]`
    """

    name: str


Query: TypeAlias = Annotated[T, In("query")]
Header: TypeAlias = Annotated[T, In("header")]
Cookie: TypeAlias = Annotated[T, In("cookie")]
Form: TypeAlias = Annotated[T, In("form")]
Body: TypeAlias = Annotated[T, In("body")]
