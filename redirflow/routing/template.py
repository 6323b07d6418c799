"""Path templates: `/users/{user_id}`, `/files/{rest:path}`.

A parameter is a whole segment. `{name}` takes one segment that is not empty and not a dot
segment; `{name:path}`, only at the end, takes everything that is left, slashes included,
and may be empty. Types stand in the handler's annotations, not in the template.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from msgspec import Struct

from redirflow.http.reference import LocationRefused, quote_path, quote_segment

_PARAMETER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(:path)?\}")
_FOREIGN: Final = re.compile(r"<(?:\w+:)?(\w+)>|:(\w+)")
_UNFIT: Final = re.compile(r"[\x00-\x20\x7f?#%\\\ud800-\udfff]")

DOTS: Final = frozenset({".", ".."})
"""Dot segments (RFC 3986 5.2.4). Clients remove them; no parameter takes them."""


class TemplateError(ValueError):
    """A path template that can't be read; the message says what to write."""


class Hole(Struct, frozen=True):
    """A parameter in a template."""

    name: str
    rest: bool = False


Segment: TypeAlias = str | Hole


class Template(Struct, frozen=True):
    """A parsed path template.

    Attributes:
        text: as the author wrote it.
        segments: what stands between the slashes; `/` has one empty segment.
    """

    text: str
    segments: tuple[Segment, ...]

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The parameters, from left to right."""
        return tuple(segment for segment in self.segments if isinstance(segment, Hole))

    @property
    def shape(self) -> tuple[Segment, ...]:
        """The segments with nameless parameters: equal for templates that match the same paths."""
        return tuple(
            Hole("", segment.rest) if isinstance(segment, Hole) else segment
            for segment in self.segments
        )

    def expand(self, values: Mapping[str, str]) -> str:
        """The path for *values*, percent-encoded.

        Raises:
            ValueError: a value is empty or a dot segment, or holds a slash where none fits or
                where it would begin a host.
        """
        path = "".join(
            "/" + fill(segment, values[segment.name])
            if isinstance(segment, Hole)
            else "/" + quote_segment(segment)
            for segment in self.segments
        )
        if path.startswith("//"):
            raise ValueError("begins with a slash, so that a host would be read")
        return path


def fill(hole: Hole, value: str) -> str:
    """The text of a parameter, percent-encoded.

    Raises:
        LocationRefused: *value* is empty or a dot segment, or holds a slash where none fits.
    """
    if hole.rest:
        if not DOTS.isdisjoint(value.split("/")):
            raise LocationRefused(f"{hole.name} holds a dot segment")
        return quote_path(value)
    if not value or value in DOTS or "/" in value:
        raise LocationRefused(f"{hole.name} is empty, a dot segment, or holds a slash")
    return quote_segment(value)


def parse_template(text: str) -> Template:
    """Read a template.

    Raises:
        TemplateError: it does not begin with `/`, a brace is misplaced, a name repeats, a
            `:path` does not stand at the end, or a character can't be part of a path.
    """
    if not text.startswith("/"):
        raise TemplateError(f"the path {text!r} does not begin with '/'")
    if text.startswith("//"):
        raise TemplateError(f"the path {text!r} begins with '//', after which clients read a host")
    segments = tuple(_segment(text, part) for part in text[1:].split("/"))
    template = Template(text, segments)
    names = [hole.name for hole in template.holes]
    for name in names:
        if names.count(name) > 1:
            raise TemplateError(f"the path {text!r} has two parameters {name!r}")
    for hole in template.holes:
        if hole.rest and hole is not segments[-1]:
            raise TemplateError(f"{{{hole.name}:path}} in {text!r} must be the last segment")
    return template


def _segment(text: str, part: str) -> Segment:
    match = _PARAMETER.fullmatch(part)
    if match:
        return Hole(match[1], bool(match[2]))
    foreign = _FOREIGN.fullmatch(part)
    if foreign:
        raise TemplateError(
            f"the segment {part!r} of {text!r} is no parameter here: write "
            f"{{{foreign[1] or foreign[2]}}}; its type stands in the handler's annotation"
        )
    if "{" in part or "}" in part:
        raise TemplateError(
            f"the segment {part!r} of {text!r} is not read: a parameter is a whole segment, "
            "{name} or {name:path}; its type stands in the handler's annotation"
        )
    if _UNFIT.search(part):
        raise TemplateError(
            f"the segment {part!r} of {text!r} has a character that no decoded path segment "
            "holds here: write it decoded, without query, fragment, blank, '%' or '\\'"
        )
    if part in DOTS:
        raise TemplateError(f"the path {text!r} has a dot segment; clients remove it")
    return part
