"""The `Location` of an answer: which form it has, as far as its author said.

A regular expression (ECMA-262) and no `enum`: the app's `root_path` may stand before a local
location, and a query or a fragment may follow it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from redirflow.declare.operation import Operation
from redirflow.http.reference import quote_path, quote_segment
from redirflow.openapi.answer import Header
from redirflow.openapi.schema import Schema
from redirflow.openapi.scribe import Book
from redirflow.routing.chain import FinalRule
from redirflow.routing.template import Hole, Segment

_LOCATION: Final[Schema] = {"type": "string", "format": "uri-reference"}
_TAIL: Final = "([?#].*)?$"
_SPECIAL: Final = re.compile(r"[\\^$.*+?()\[\]{}|]")


def location(
    book: Book, to: Sequence[Any] | None, external: Sequence[str], targets: Sequence[Operation]
) -> Header:
    """The `Location` of a spec.

    Args:
        to, external: what the spec lists.
        targets: the operations among them that serve the method after the hop.
    """
    listed = to or ()
    names = [each.name for each in book.seen(targets)]
    served = {each.path for each in targets}
    paths = [each for each in listed if _is_path(each) and each not in served]
    anywhere = ["any location of this site"] if "*" in listed or not (to or external) else []
    origins = ["any http(s) URL" if origin == "*" else origin for origin in external]
    told = ", ".join([*names, *paths, *anywhere, *origins])
    # A path with parameters that is none of an operation is that of a rule: it is left open, as
    # is where an operation that the document hides stands.
    hidden = len(names) < len(targets) or any("{" in path for path in paths)
    known = listed and not (anywhere or external or hidden)
    schema = _one_of([*map(quote_path, paths)], targets, book) if known else {}
    return Header("Location", _LOCATION | schema, True, f"Leads to: {told}" if told else None)


def _is_path(target: object) -> bool:
    return isinstance(target, str) and target.startswith("/")


def _one_of(paths: Iterable[str], targets: Iterable[Operation], book: Book) -> Schema:
    """From a location to itself a client may be sent by a query alone, hence the `^`."""
    # An operation with faults of its own has no endpoint.
    found = [book.endpoints[each] for each in targets if each in book.endpoints]
    made = (_path(endpoint.template.segments) for endpoint in found)
    choice = dict.fromkeys(["^", *map(_literal, paths), *made])
    return {"pattern": f"({'|'.join(choice)}){_TAIL}"}


def _path(segments: Sequence[Segment]) -> str:
    return "".join(
        "/" + (_expression(each) if isinstance(each, Hole) else _literal(quote_segment(each)))
        for each in segments
    )


def rule_location(final: FinalRule, told: str) -> Header:
    """The `Location` of a rule: whole at another site; here a `root_path` may stand before it."""
    return Header("Location", _LOCATION | _rule_form(final), True, f"Leads to: {told}")


def _rule_form(final: FinalRule) -> Schema:
    target = final.target
    if final.ready is not None and target.path is None and not target.keep_query:
        return {"const": final.ready.decode("ascii")}
    open_end = target.keep_query or target.query or target.fragment is not None
    begin, end = "^" if target.path is None else "", _TAIL if open_end else "$"
    return {"pattern": "".join([begin, *_expressions(target.text), end])}


def _expressions(pieces: Iterable[str | Hole]) -> Iterator[str]:
    for piece in pieces:
        yield _expression(piece) if isinstance(piece, Hole) else _literal(piece)


def _expression(hole: Hole) -> str:
    return "[^?#]*" if hole.rest else "[^/?#]+"


def _literal(text: str) -> str:
    """*text* in a regular expression (nothing but these may be escaped)."""
    return _SPECIAL.sub(r"\\\g<0>", text)
