"""Paths with parameters, and when one is an instance of another.

A rule leads every path of its source somewhere, so the checks of the graph follow them all
at once: they follow a `Path`, a row of segments in which a parameter stands for any text
that it may hold. A `{name}` holds one segment that is neither empty nor a dot segment; a
`{name:path}` holds one or more of any kind, an empty one too. Unlike in a template, a
parameter of a path may stand anywhere and more than once: a target may be
`/{rest}/copy/{rest}`.

Percent-encoding is no part of this: segments are decoded, as a router sees them.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from redirflow.routing.template import DOTS, Hole, Segment

Path: TypeAlias = tuple[Segment, ...]
Bindings: TypeAlias = Mapping[str, Path]
"""What stands for each parameter."""

PARTS: Final = "-'"
"""What is put behind the name of a parameter for its first segment, and for the rest of it."""


def path_of(text: str) -> Path:
    """The segments of a decoded path that begins with `/`."""
    return tuple(text.split("/")[1:])


def text_of(path: Path) -> str:
    """A path as authors write it; a part of a parameter has the name of the whole."""
    return "/" + "/".join(
        segment
        if isinstance(segment, str)
        else f"{{{segment.name.rstrip(PARTS)}{':path' * segment.rest}}}"
        for segment in path
    )


def is_exact(path: Path) -> bool:
    """Whether a path has no parameters."""
    return all(isinstance(segment, str) for segment in path)


def holds(segment: Segment) -> bool:
    """Whether a parameter for one segment takes everything that *segment* stands for."""
    if isinstance(segment, Hole):
        return not segment.rest
    return segment != "" and segment not in DOTS


def substitute(path: Path, bindings: Bindings) -> Path:
    """*path* with its parameters replaced; those without a binding stay."""
    if not bindings:
        return path
    replaced: list[Segment] = []
    for segment in path:
        if isinstance(segment, Hole):
            replaced += bindings.get(segment.name, (segment,))
        else:
            replaced.append(segment)
    return tuple(replaced)


def match(general: Path, path: Path) -> Bindings | None:
    """What the parameters of *general* stand for where it is *path*.

    A path comes from one source, which has at most one parameter for the rest: wherever that
    stands, it is as long.

    Returns:
        `None` if there is an instance of *path* that is none of *general*.
    """
    rests = sum(isinstance(segment, Hole) and segment.rest for segment in general)
    spare = len(path) - len(general)
    if spare % rests or spare <= -rests if rests else spare:
        return None
    size, at = 1 + spare // max(rests, 1), 0
    bound: dict[str, Path] = {}
    for segment in general:
        part = path[at : at + (size if isinstance(segment, Hole) and segment.rest else 1)]
        at += len(part)
        if isinstance(segment, str):
            if part[0] != segment:
                return None
        elif not (segment.rest or holds(part[0])) or bound.setdefault(segment.name, part) != part:
            return None
    return bound


def canonical(path: Path) -> Path:
    """*path* with its parameters numbered: equal for paths that have the same instances."""
    names: dict[str, str] = {}
    return tuple(
        Hole(names.setdefault(segment.name, str(len(names))), segment.rest)
        if isinstance(segment, Hole)
        else segment
        for segment in path
    )


def slashed(path: Path) -> list[tuple[Bindings, Path]]:
    """The other form of *path*: with a slash at its end, or without the one it has.

    Returns:
        Each other form with the bindings of the instances that have it; no bindings stand
        for all instances. A parameter for the rest may end with a slash or not.
    """
    *before, last = path
    if isinstance(last, str) or not last.rest:
        other = (*before, last, "") if last != "" else tuple(before)
        return [({}, other)] if other else []
    open_end, slash_end = (last,), (Hole(f"{last.name}'", rest=True), "")
    forms: list[tuple[Bindings, Path]] = [
        ({last.name: open_end}, (*path, "")),
        ({last.name: slash_end}, substitute(path, {last.name: slash_end})[:-1]),
    ]
    if before:
        bare = substitute(path, {last.name: ("",)})
        forms.append(({last.name: ("",)}, bare[:-1]))
    return forms
