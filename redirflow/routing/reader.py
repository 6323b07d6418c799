"""From the text of a target to a `Target`: what an author may write behind `to=`.

`/path?query#fragment` in this app, or `https://host/path?query#fragment` elsewhere, with
`{name}` for a parameter of the source. In a path of this app a parameter is a whole
segment, as in a template, so that the graph can tell what answers there; elsewhere it may
stand anywhere but in the authority. Whether it holds slashes is said by the source.

`compile_location` reads the text with a stand-in for each parameter, so literal parts are
checked and encoded here, once, by the function that will check the finished location.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote, unquote_plus

from redirflow.http.location import LOCAL, LocationPolicy, compile_location
from redirflow.http.origin import parse_origin
from redirflow.http.reference import LocationRefused
from redirflow.routing.target import Pair, Pieces, Target
from redirflow.routing.template import DOTS, Hole, Segment

SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
"""How every absolute URL begins, and no name of an operation."""

_AUTHORITY: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:/*[^/?#]*")
_BRACES: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::path)?\}|[{}]")


class Refused(ValueError):
    """A target, or a row of a table, that can't be used.

    Attributes:
        allowed, write: as in a `Fault`.
    """

    def __init__(self, found: str, allowed: str = "", write: str = "") -> None:
        super().__init__(found)
        self.allowed = allowed
        self.write = write


def read_target(text: str, holes: Mapping[str, Hole], *, keep_query: bool | None = None) -> Target:
    """Read a target.

    Args:
        text: what the author wrote; it begins with `/` or a scheme.
        holes: the parameters of the source, by name.
        keep_query: by default, for targets in this app.

    Raises:
        Refused: it can't be sent whatever the parameters are, or names one that the
            source does not have.
    """
    policy = _policy(text)
    stand_ins = _stand_ins(text, holes)
    try:
        compiled = compile_location(_marked(text, stand_ins), policy).decode("ascii")
    except LocationRefused as refused:
        raise Refused(str(refused)) from None
    known = {stand_ins[name]: hole for name, hole in holes.items()}
    keep = policy.local if keep_query is None else keep_query
    return _parsed(compiled, policy, known, keep=keep)


def literal_target(location: bytes, *, keep_query: bool) -> Target:
    """A compiled location without parameters as a target."""
    text = location.decode("ascii")
    return _parsed(text, _policy(text), {}, keep=keep_query)


def _policy(text: str) -> LocationPolicy:
    authority = _AUTHORITY.match(text)
    if authority is None:
        return LOCAL
    if "{" in authority[0]:
        raise Refused(
            f"a parameter in or right behind the host, in {authority[0]!r}, would choose the host",
            "a literal host with '/', '?', '#' or nothing behind it",
            "'https://host/{name}'",
        )
    try:
        origin = parse_origin(authority[0])
    except LocationRefused as refused:
        raise Refused(str(refused)) from None
    return LocationPolicy(local=False, origins=frozenset({origin}))


def _stand_ins(text: str, holes: Mapping[str, Hole]) -> dict[str, str]:
    """For each parameter a text that no component encodes, and that *text* does not have."""
    stem = "~"
    while stem in text:
        stem += "~"
    return {name: f"{stem}{index}." for index, name in enumerate(holes)}


def _marked(text: str, stand_ins: Mapping[str, str]) -> str:
    """*text* with a stand-in for each parameter."""

    def mark(brace: re.Match[str]) -> str:
        name = brace[1]
        if name is None:
            raise Refused(f"a lone {brace[0]!r} in {text!r}", "{name}; '%7B' and '%7D' as data")
        if name not in stand_ins:
            known = ", ".join(stand_ins) or "none"
            raise Refused(f"the source has no parameter {name!r}", f"its parameters are: {known}")
        return stand_ins[name]

    return _BRACES.sub(mark, text)


def _parsed(
    compiled: str, policy: LocationPolicy, holes: Mapping[str, Hole], *, keep: bool
) -> Target:
    """The target whose compiled text has stand-ins for *holes*."""
    before, hash_mark, fragment = compiled.partition("#")
    text, _, query = before.partition("?")
    cut = _cutter(holes)
    if not DOTS.isdisjoint(unquote(text).split("/")):
        raise Refused("the path has a dot segment; clients remove it")
    return Target(
        text=cut(text),
        path=tuple(_segments(text, cut)) if policy.local else None,
        policy=policy,
        query=tuple(_pair(part, cut) for part in query.split("&") if part),
        fragment=cut(fragment) if hash_mark else None,
        keep_query=keep,
    )


def _cutter(holes: Mapping[str, Hole]) -> Callable[[str], Pieces]:
    """What cuts text at its stand-ins."""
    if not holes:
        return lambda text: (text,) if text else ()
    stand_in = re.compile("(" + "|".join(map(re.escape, holes)) + ")")
    return lambda text: tuple(holes.get(part, part) for part in stand_in.split(text) if part)


def _segments(path: str, cut: Callable[[str], Pieces]) -> Iterator[Segment]:
    """The decoded segments of a path of this app; a parameter is a whole one."""
    for part in path.split("/")[1:]:
        pieces = cut(part)
        if len(pieces) > 1:
            raise Refused(
                "a parameter is a part of a segment", "a parameter that is a whole segment"
            )
        yield from (pieces if pieces and isinstance(pieces[0], Hole) else unquote(part).split("/"))


def _pair(text: str, cut: Callable[[str], Pieces]) -> Pair:
    name = text.partition("=")[0]
    if any(isinstance(piece, Hole) for piece in cut(name)):
        raise Refused("a parameter is in the name of a query parameter", "literal names")
    return Pair(unquote_plus(name), cut(text))
