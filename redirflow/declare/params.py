"""Where a handler's parameters come from.

The markers are generic aliases over `Annotated`, so that a type checker sees `int` in
`limit: Query[int] = 10` while the compiler sees the marker.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Never, TypeAlias, TypeVar, cast

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

    def __call__(self, *args: object, **given: object) -> Never:
        """Refuse `limit: int = Query(20, ge=1)`, which is how other frameworks are told."""
        called = [
            *map(_written, args),
            *(f"{name}={_written(each)}" for name, each in given.items()),
        ]
        raise refuse(
            f"{self.name}({', '.join(called)}): a marker takes a type, in brackets",
            "a marker around the type, and the default behind it",
            f"limit: {self.name}{_meant(*args, **given)}",
        )


def _meant(default: object = ..., *_: object, alias: object = None, **given: object) -> str:
    """The type and the default that another framework's *given* stand for."""
    kind = "int" if default is None or default is ... else type(default).__name__
    if {"pattern", "regex", "min_length", "max_length"} & given.keys() and kind == "int":
        kind = "str"
    limits = {_META[name]: each for name, each in given.items() if name in _META}
    meta = ", ".join(f"{name}={_written(each)}" for name, each in limits.items())
    kind = f"Annotated[{kind}, Meta({meta})]" if meta else kind
    kind = f"{kind} | None" if default is None else kind
    kind = f"Annotated[{kind}, Alias({alias!r})]" if isinstance(alias, str) else kind
    return f"[{kind}]" + ("" if default is ... else f" = {_written(default)}")


def _written(value: object) -> str:
    return "..." if value is ... else shown(value)


_META: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{name: name for name in ("gt", "ge", "lt", "le", "multiple_of", "pattern")},
        **{name: name for name in ("min_length", "max_length", "title", "description", "examples")},
        "regex": "pattern",
    }
)
"""What others give to their markers and msgspec to `Meta`, by the names there."""


if TYPE_CHECKING:
    Query: TypeAlias = Annotated[T, In("query")]
    Header: TypeAlias = Annotated[T, In("header")]
    Cookie: TypeAlias = Annotated[T, In("cookie")]
    Form: TypeAlias = Annotated[T, In("form")]
    Body: TypeAlias = Annotated[T, In("body")]
else:
    Query, Header, Cookie, Form, Body = map(Marker, ("Query", "Header", "Cookie", "Form", "Body"))
