"""Which spots the instances of a path come to, and which methods are served there.

A request comes to one spot. A rule leads to a path with parameters, whose instances may come
to many: those of `/{rest}` to all. The order is that of serving: a table row or the most
specific shape; in `match` mode the same for the other form of the last slash; a mount; and at
last, in `redirect` mode, what a slash redirect leads to.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from msgspec import Struct

from redirflow.routing.ground import EVERY, ROW, Ground, Spot
from redirflow.routing.pattern import (
    Bindings,
    Path,
    canonical,
    is_exact,
    path_of,
    slashed,
    substitute,
    text_of,
)
from redirflow.routing.router import Router
from redirflow.routing.rows import Rows
from redirflow.routing.rule import Rule
from redirflow.routing.template import Hole, Template
from redirflow.routing.tree import walk

_LOOKED: Final = 10_000
"""Rows that are compared with one path; of more than that, some are taken to be its instances."""

_SOME: Final[Bindings] = {"": ()}
"""Bindings of no parameter, where not every instance is meant."""


class Branch(Struct, frozen=True):
    """A spot that instances of a path come to.

    Attributes:
        path: as it is matched there.
        bound: what the parameters of the path are in these instances.
        slash: whether a slash redirect comes between.
    """

    spot: Spot
    path: Path
    bound: Bindings
    slash: bool = False

    @property
    def certain(self) -> bool:
        """Whether all instances come here that no earlier branch has taken."""
        return not self.bound


class Landing(Struct, frozen=True, eq=False):
    """What may serve the instances of a path.

    Attributes:
        served: the methods that operations, pages, mounts and rows serve.
        rules: the rules they may come to.
        empty: whether nothing at all stands there.
    """

    served: frozenset[str]
    rules: tuple[Rule, ...]
    empty: bool


class Reach:
    """The spots of an app, asked with paths that have parameters."""

    def __init__(self, ground: Ground, rows: Rows) -> None:
        self._ground: Final = ground
        self._rows: Final = rows
        self._mounts: Final[Router[Spot]] = Router()
        for mount in ground.mounts:
            below = _template((*path_of(mount.prefix), Hole("rest", rest=True)))
            self._mounts.add(below, mount.prefix, Spot(below, dict.fromkeys(EVERY, mount)))
        self._landings: Final[dict[tuple[Path, bool], Landing]] = {}

    def branches(self, path: Path) -> Iterator[Branch]:
        """The spots that instances of *path* come to, in order of precedence."""
        for branch in self._all(path):
            yield branch
            if branch.certain:
                return

    def landing(self, path: Path, *, inside: bool = False) -> Landing:
        """What may serve the instances of *path*.

        Args:
            inside: whether a reroute asks: mounts and pages are not for it.
        """
        key = (canonical(path), inside)
        landing = self._landings.get(key)
        if landing is None:
            landing = self._landings[key] = self._land(key[0], inside)
        return landing

    def _land(self, path: Path, inside: bool) -> Landing:
        served: frozenset[str] = frozenset()
        rules: dict[Rule, None] = {}
        empty = True
        for branch in self.branches(path):
            spot = branch.spot if not inside else branch.spot.inside
            served |= spot.served
            rules |= dict.fromkeys(spot.rules)
            empty = False
        return Landing(served, tuple(rules), empty)

    def _all(self, path: Path) -> Iterator[Branch]:
        for spot, bound in self._at(path):
            yield Branch(spot, substitute(path, bound), bound)
        mode = self._ground.slashes
        other = [] if mode == "strict" else slashed(path)
        if mode == "match":
            yield from self._others(other, slash=False)
        for spot, bound in walk(self._mounts, path):
            yield Branch(spot, substitute(path, bound), bound)
        if mode == "redirect":
            yield from self._others(other, slash=True)

    def _others(self, forms: list[tuple[Bindings, Path]], *, slash: bool) -> Iterator[Branch]:
        """The spots of the other forms of a path; a slash redirect leads to mounts too."""
        for given, other in forms:
            mounted = walk(self._mounts, other) if slash else ()
            for spot, more in (*self._at(other), *mounted):
                bound = {name: substitute(old, more) for name, old in given.items()}
                yield Branch(spot, substitute(other, more), {**bound, **more}, slash)

    def _at(self, path: Path) -> Iterator[tuple[Spot, Bindings]]:
        """The rows and the spots of *path*; a row is as specific as an exact spot."""
        if is_exact(path):
            text = text_of(path)
            spot = self._ground.find(text)
            if text in self._rows:
                row = _row(path, self._rows.methods(text))
                beside = spot if spot and not spot.template.holes else row
                spot = Spot(row.template, {**row.owners, **beside.owners}, beside.rules)
            if spot is not None:
                yield spot, {}
            return
        methods = self._matching(path)
        if methods is not None:
            yield _row(path, methods), _SOME
        yield from walk(self._ground.router, path)

    def _matching(self, path: Path) -> frozenset[str] | None:
        """The methods of the rows that are instances of *path*; `None` if there are none."""
        prefix = _prefix(path)
        ordered = self._rows.ordered
        first, end = bisect_left(ordered, prefix), bisect_left(ordered, prefix[:-1] + "0")
        if first == end:
            return None
        if end - first > _LOOKED:
            return self._rows.everything
        wanted = _expression(path)
        found: set[str] | None = None
        for index in range(first, end):
            if wanted.fullmatch(ordered[index]):
                found = {*(found or ()), *self._rows.methods(ordered[index])}
                if found >= self._rows.everything:
                    break
        return None if found is None else frozenset(found)


def _row(path: Path, methods: frozenset[str]) -> Spot:
    return Spot(_template(path), dict.fromkeys(methods, ROW))


def _template(path: Path) -> Template:
    return Template(text_of(path), path)


def _prefix(path: Path) -> str:
    """The text with which each instance of a path that is not exact begins, up to a slash."""
    literal = takewhile(lambda segment: isinstance(segment, str), path)
    return "".join(f"/{segment}" for segment in literal) + "/"


def _expression(path: Path) -> re.Pattern[str]:
    """What matches the instances of *path*; a parameter that comes again has the same text."""
    parts: list[str] = []
    for segment in path:
        if isinstance(segment, str):
            parts.append(re.escape(segment))
        elif segment in path[: len(parts)]:
            parts.append(f"(?P=p{path.index(segment)})")
        else:
            text = ".*" if segment.rest else r"(?!\.\.?(?:/|\Z))[^/]+"
            parts.append(f"(?P<p{len(parts)}>{text})")
    return re.compile("/" + "/".join(parts), re.DOTALL)
