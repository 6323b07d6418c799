"""What stands on an annotation beside its type: marks, ours and those of others."""

import inspect
from collections.abc import Iterator
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec

from redirflow.declare.dependencies import APIKey, Basic, Bearer, Depends
from redirflow.declare.params import Alias, In, Marker
from redirflow.endpoint.convert import unaliased
from redirflow.endpoint.parts import shown


class Misread(Exception):
    """One argument can't be placed; becomes a `Fault`."""

    def __init__(self, found: str, allowed: str = "", write: str = "") -> None:
        super().__init__(found)
        self.found, self.allowed, self.write = found, allowed, write


class Foreign(Misread):
    """It is of a class that no client can send."""


INJECTED: Final = (Depends, Bearer, Basic, APIKey)
_OURS: Final = (In, Alias, *INJECTED)

_REMEDIES: Final[tuple[tuple[Any, str], ...]] = (
    (Depends, "Depends(current_user)"),
    (Bearer, "Bearer()"),
    (Basic, "Basic()"),
    (APIKey, 'APIKey(header="X-API-Key")'),
    (Alias, 'Alias("x-name")'),
    (msgspec.Meta, "Meta(ge=1)"),
)
_OTHERS: Final = frozenset({"annotated_types", "fastapi", "litestar", "pydantic"})
"""Packages whose marks mean something, but not here."""


def taken_apart(hint: Any) -> tuple[Any, list[Any]]:
    """A hint as the type that msgspec reads, and the marks on it that are not msgspec's."""
    hint = unaliased(hint)
    if get_origin(hint) is not Annotated:
        return hint, []
    type_, *marks = get_args(hint)
    metas = [mark for mark in marks if isinstance(mark, msgspec.Meta)]
    ours = [mark for mark in marks if not isinstance(mark, msgspec.Meta)]
    return (Annotated[(type_, *metas)] if metas else type_), ours


def source_of(argument: inspect.Parameter, marks: list[Any]) -> Any:
    """The mark that says where the argument comes from, if there is one."""
    if isinstance(argument.default, INJECTED):
        shown = type(argument.default).__name__
        raise Misread(
            f"{shown}(...) is its default",
            "defaults that are values",
            f"{argument.name}: Annotated[..., {shown}(...)]",
        )
    sources = [mark for mark in marks if isinstance(mark, (In, *INJECTED))]
    if len(sources) > 1:
        raise Misread(f"it comes from {len(sources)} places: {sources}", "one marker")
    return sources[0] if sources else None


def alias_of(marks: list[Any]) -> str | None:
    """The name on the wire that an `Alias` among *marks* gives."""
    return next((mark.name for mark in marks if isinstance(mark, Alias)), None)


def refuse_strays(hint: Any, marks: list[Any], known: tuple[type, ...] = ()) -> None:
    """Refuse what looks like a mark and is none: to ignore it would open what it guards.

    Args:
        marks: those on the outside of *hint*.
        known: the kinds that count here; `()` for all of them.

    Raises:
        Misread: there is one.
    """
    for mark in marks:
        if isinstance(mark, _OURS):
            if known and not isinstance(mark, known):
                raise Misread(f"{mark!r} in a field of a Struct", "Alias, and constraints by Meta")
        elif isinstance(mark, Marker):
            raise Misread(f"{mark.name} stands beside its type", "", f"{mark.name}[int]")
        elif callable(mark):
            name = getattr(mark, "__name__", repr(mark))
            remedy = next((r for each, r in _REMEDIES if each is mark), f"Depends({name})")
            raise Misread(f"{name} stands in Annotated, and does nothing", "", remedy)
        elif type(mark).__module__.partition(".")[0] in _OTHERS:
            raise Misread(f"{mark!r} is not known here", "msgspec's Meta", "Meta(ge=1)")
    if any(isinstance(mark, (Marker, *_OURS)) or callable(mark) for mark in _inner_marks(hint)):
        raise Misread(
            f"a mark inside of {shown(hint)}", "marks on the outside", "Header[str | None]"
        )


def _inner_marks(hint: Any, above: tuple[Any, ...] = ()) -> Iterator[Any]:
    """The marks that do not stand on the outside of *hint*."""
    inner = unaliased(get_args(hint)[0] if get_origin(hint) is Annotated else hint)
    if inner in above:
        return  # a `type` statement that means itself
    for part in map(unaliased, get_args(inner)):
        if get_origin(part) is Annotated:
            yield from get_args(part)[1:]
        yield from _inner_marks(part, (*above, inner))
