"""Where a handler's parameters come from.

The markers are generic aliases over `Annotated`, so that a type checker sees `int` in
`limit: Query[int] = 10` while the compiler sees the marker.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Never, TypeAlias, TypeVar, cast

from msgspec import Struct

from redirflow.declare.checks import DeclaredMeta, check_fields, shown
from redirflow.declare.faults import refuse

T = TypeVar("T")

Where: TypeAlias = Literal["path", "query", "header", "cookie", "form", "body"]


class In(Struct, frozen=True):
    """The part of a request that a parameter is read from."""

    where: Where

    def __repr__(self) -> str:
        return self.where.capitalize()  # as its author wrote it


class Alias(Struct, frozen=True, metaclass=DeclaredMeta):
    """The name that a parameter has on the wire, where Python can't spell it.

    `sid: Cookie[Annotated[str, Alias("__Host-sid")]]`
    """

    name: str

    def __post_init__(self) -> None:
        check_fields(self)


class Marker(Struct, frozen=True):
    """What a marker is at run time: the same alias, but one that says how it is written."""

    name: str

    def __getitem__(self, type_: Any) -> Any:
        try:
            return Annotated[type_, In(cast("Where", self.name.lower()))]
        except Exception:  # noqa: BLE001 - typing has no one error for what is no type
            raise refuse(f"{self.name}[{shown(type_)}]", "a type", f"{self.name}[int]") from None

    def __call__(self, *args: object, **_: object) -> Never:
        """Refuse `limit: int = Query(20)`, which is how other frameworks are told."""
        default = f" = {args[0]!r}" if args else ""
        raise refuse(
            f"{self.name}({', '.join(map(repr, args))}): a marker takes a type, in brackets",
            "a marker around the type, and the default behind it",
            f"limit: {self.name}[int]{default}",
        )


if TYPE_CHECKING:
    Query: TypeAlias = Annotated[T, In("query")]
    Header: TypeAlias = Annotated[T, In("header")]
    Cookie: TypeAlias = Annotated[T, In("cookie")]
    Form: TypeAlias = Annotated[T, In("form")]
    Body: TypeAlias = Annotated[T, In("body")]
else:
    Query, Header, Cookie, Form, Body = map(Marker, ("Query", "Header", "Cookie", "Form", "Body"))
