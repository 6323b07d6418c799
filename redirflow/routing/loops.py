"""Loops of rules: those that every request runs in, and those that some may.

Chains are followed symbolically, with all instances of a path at once. Two questions are
asked of a rule:

* Does no request ever come out? The states that follow from its target are opened until
  each has been opened before, or is an instance of one that has: then none of them ends,
  and neither does what begins there. One request that an operation takes, or nobody, and
  the loop is not certain.
* Can a request come back? One branch is followed, with the parameters bound to what its
  rules ask for, until the same rule takes an instance of what it took before.

Most rules need neither: a loop is a circle in the graph of rules that may follow each other
(`_suspects`), and a circle in which each hop makes the path shorter comes to an end.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from redirflow.routing.answers import landing_of
from redirflow.routing.cycles import circles
from redirflow.routing.ground import EVERY, Spot
from redirflow.routing.pattern import Bindings, Path, match, substitute
from redirflow.routing.reach import Branch, Landing, Reach
from redirflow.routing.rule import Rule, slash_rule
from redirflow.routing.template import Hole

_DEPTH: Final = 20
"""Hops after which no browser follows (Fetch 4.4)."""

_STATES: Final = 200
"""States that are opened to find a loop that is not certain."""


@dataclass(frozen=True, slots=True)
class State:
    """The requests of a chain after some hops: their path, and the methods they may have."""

    path: Path
    methods: frozenset[str]

    def within(self, other: "State") -> bool:
        """Whether each of these requests is one of *other*."""
        return self.methods <= other.methods and match(other.path, self.path) is not None

    def bound(self, bindings: Bindings) -> "State":
        """Those of the requests that have *bindings*."""
        return State(substitute(self.path, bindings), self.methods)


@dataclass(frozen=True, slots=True)
class Hop:
    """What a rule does to some requests.

    Attributes:
        spot: where the rule stands.
        certain: whether all the requests are taken that no branch before has taken.
    """

    state: State
    rule: Rule
    after: State
    spot: Spot
    bound: Bindings


@dataclass(frozen=True, slots=True)
class Loop:
    """Hops that lead back to where they began.

    Attributes:
        certain: whether every request of the first state comes back.
    """

    hops: tuple[Hop, ...]
    certain: bool
