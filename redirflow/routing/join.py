"""Two redirects as one, which leads at once to where they lead one after the other.

The one changes the method as both do, and is kept no longer than the shorter-lived of them.
"""

from functools import cache
from typing import NamedTuple, TypeAlias

from redirflow.http.methods import PERMANENT, method_after_hop
from redirflow.routing.reader import literal_target
from redirflow.routing.rule import REDIRECTED
from redirflow.routing.sheet import Kind

_Kept: TypeAlias = tuple[int, int | None]
"""What says how long a redirect is kept: its status and `max_age`."""


def joined_status(first: int, last: int) -> int:
    """The status that changes the method as two hops do, and lasts if both do."""
    lasts = first in PERMANENT and last in PERMANENT
    if 303 in {first, last}:
        return 303
    if {301, 302}.isdisjoint({first, last}):
        return 308 if lasts else 307
    return 301 if lasts else 302


def joined_age(first: _Kept, last: _Kept) -> int | None:
    """The `max_age` of one hop that stands for two.

    Without it a permanent redirect is kept for ever, and another one not at all (RFC 9110
    15.1, RFC 9111 4.2.2).
    """
    ends = [age for status, age in (first, last) if age is not None or status not in PERMANENT]
    ages = [age for age in ends if age is not None]
    return min(ages) if ages and len(ages) == len(ends) else None


@cache
def answered_by(status: int, served: frozenset[str]) -> frozenset[str]:
    """The methods that a redirect answers where *served* are served after it."""
    return frozenset(one for one in REDIRECTED if method_after_hop(status, one) in served)


# --- Rows ------------------------------------------------------------------------------------


class Row(NamedTuple):
    """A row apart from its source."""

    kind: Kind
    location: bytes


def answering(kind: Kind, served: frozenset[str]) -> Kind:
    """*kind* where *served* are served after the hop."""
    return Kind(kind.status, kind.keep_query, answered_by(kind.status, served), kind.max_age)


def joined_kind(first: Kind, last: Kind) -> Kind:
    """The kind of one row that stands for two."""
    return Kind(
        joined_status(first.status, last.status),
        first.keep_query and last.keep_query,
        answered_by(first.status, last.methods),
        joined_age((first.status, first.max_age), (last.status, last.max_age)),
    )


def joined_row(kind: Kind, location: bytes, last: Row) -> Row:
    """One row for two.

    Raises:
        LocationRefused: their queries together are too long.
    """
    joined = joined_kind(kind, last.kind)
    if b"?" not in location and b"#" not in location:
        return Row(joined, last.location)
    first = literal_target(location, keep_query=kind.keep_query)
    then = literal_target(last.location, keep_query=last.kind.keep_query)
    return Row(joined, first.then({}, then).location({}))
