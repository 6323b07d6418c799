"""Redirects without a handler that their authors want in the document.

A rule is one operation for each method that it answers: it takes texts, and answers with a
location of a known form. What it stands for, a chain perhaps, is nobody's business but ours.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from redirflow.declare.operation import Operation, RedirectRule
from redirflow.endpoint.responses import phrase
from redirflow.http.methods import METHODS, method_after_hop
from redirflow.openapi.answer import Answer, merged
from redirflow.openapi.location import rule_location
from redirflow.openapi.parameters import REST
from redirflow.openapi.responses import constant, serving
from redirflow.openapi.schema import Schema, given
from redirflow.openapi.scribe import Book
from redirflow.routing.chain import FinalRule
from redirflow.routing.check import CheckedRules
from redirflow.routing.reach import Reach

_FEW: Final = 12
"""Operations that one rule links to; where it may lead to more, links say nothing."""


class ShownRule(Struct, frozen=True, eq=False):
    """A redirect that stands in the document.

    Attributes:
        targets: the operations that it may lead to, if they are few.
    """

    final: FinalRule
    declared: RedirectRule
    status: int
    targets: Sequence[Operation]


def shown_rules(checked: CheckedRules | None) -> Iterator[ShownRule]:
    """The redirects that stand in the document, in order of declaration."""
    if checked is None:
        return
    for final in checked.rules:
        declared, status = final.rule.declared, final.status
        if isinstance(declared, RedirectRule) and declared.include_in_schema and status:
            yield ShownRule(final, declared, status, _targets(checked.reach, final))


def rule_operations(
    book: Book, shown: ShownRule, names: Sequence[str], taken: set[str]
) -> Iterator[tuple[str, Schema]]:
    """The methods of a redirect, each with its Operation Object.

    Args:
        names: what the document calls the parameters of the path.
        taken: the operationIds so far; those that are given here are added.
    """
    final, declared = shown.final, shown.declared
    for method in (each for each in METHODS if each in final.methods):
        yield (
            method,
            given(
                summary=f"Redirects to {_written(final, names)}",
                description=declared.description,
                operationId=_operation_id(method, final, taken),
                parameters=_parameters(final, names),
                responses={str(shown.status): _response(book, shown, method, names)},
                deprecated=declared.deprecated or None,
            ),
        )


def _operation_id(method: str, final: FinalRule, taken: set[str]) -> str:
    """A name made of method and path; a number follows where that is taken."""
    words = "_".join(re.findall(r"[A-Za-z0-9]+", f"redirect {method.lower()} {final.source.text}"))
    name, number = words, 1
    while name in taken:
        number += 1
        name = f"{words}_{number}"
    taken.add(name)
    return name


def _parameters(final: FinalRule, names: Sequence[str]) -> list[Schema]:
    return [
        {
            "name": name,
            "in": "path",
            **given(description=REST if hole.rest else None),
            "required": True,
            "schema": {"type": "string"},
        }
        for hole, name in zip(final.source.holes, names, strict=True)
    ]


def _response(book: Book, shown: ShownRule, method: str, names: Sequence[str]) -> Schema:
    final, status = shown.final, shown.status
    targets = serving(method_after_hop(status, method), shown.targets)
    told = ", ".join(each.name for each in book.seen(targets)) or _written(final, names)
    headers = [rule_location(final, told)]
    if final.max_age is not None:
        line = (b"cache-control", f"max-age={final.max_age}".encode("ascii"))
        headers.append(constant(line, required=True))
    answer = Answer(
        status=status,
        description=phrase(status),
        headers={header.name.lower(): header for header in headers},
        links=book.links(targets),
    )
    return merged([answer], bodiless=True)


def _targets(reach: Reach, final: FinalRule) -> list[Operation]:
    """The operations that a rule may lead to, if they are few."""
    path = final.target.path
    branches = [*islice(reach.branches(path), _FEW + 1)] if path is not None else []
    owners = [owner for branch in branches for owner in branch.spot.owners.values()]
    found = [*dict.fromkeys(owner for owner in owners if isinstance(owner, Operation))]
    return found if len(branches) <= _FEW else []


def _written(final: FinalRule, names: Sequence[str]) -> str:
    """Where a rule leads, with the parameters as the document calls them."""
    called = dict(zip((hole.name for hole in final.source.holes), names, strict=True))
    return "".join(
        piece if isinstance(piece, str) else f"{{{called[piece.name]}}}"
        for piece in final.target.text
    )
