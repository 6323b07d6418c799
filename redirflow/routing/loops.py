"""Loops of rules: those that every request runs in, and those that some may.

Chains are followed with all instances of a path at once. Two questions are asked of a rule:

* Does no request ever come out? The states that follow from its target are opened until
  each has been opened before, or is a part of one that has: then none of them ends, and
  neither does what began there. One request that an operation takes, or nobody, and the
  loop is not certain.
* Can a request come back? One branch is followed, with the parameters bound to what its
  rules ask for, until the same rule takes a part of what it took before, or a path has
  grown for so long that no browser would follow.

Most rules need neither: a loop is a circle in the graph of rules that may follow each other,
and a circle in which each hop makes the path shorter comes to an end.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Final, TypeAlias

from msgspec import Struct

from redirflow.routing.cycles import circles
from redirflow.routing.hops import Hop, Hops, State, landing_of
from redirflow.routing.pattern import Path
from redirflow.routing.reach import Landing, Reach
from redirflow.routing.rule import Rule
from redirflow.routing.template import Hole

_Node: TypeAlias = Rule | Landing

_DEPTH: Final = 20
"""Hops after which no browser follows (Fetch 4.4)."""

_SEGMENTS: Final = 64
"""Segments of a path that is followed on; a rest parameter that a target holds twice doubles it."""

_OPENED: Final = 10
"""States of one rule that others are compared with: what grows is a part of what it grew from."""

_HOPS: Final = 100
"""Hops that are looked at for each rule in a circle, on average: the search is linear in their
number. A circle about which nothing is known by then is told as a possible loop.
"""


class Loop(Struct, frozen=True):
    """Hops of which the last leads back to the first.

    Attributes:
        certain: whether every request that the first takes comes back.
    """

    hops: tuple[Hop, ...]
    certain: bool


class Loops(Struct, frozen=True):
    """All loops of the rules of an app.

    Attributes:
        endless: the rules whose requests never come to an end.
    """

    found: tuple[Loop, ...]
    endless: frozenset[Rule]

    @property
    def rules(self) -> frozenset[Rule]:
        """The rules that stand in a loop, be it certain or not."""
        return self.endless.union(hop.rule for loop in self.found for hop in loop.hops)


def find_loops(rules: Iterable[Rule], reach: Reach, hops: Hops) -> Loops:
    """The certain loops of *rules*, each once; of those that are not, one of each circle."""
    order = {rule: number for number, rule in enumerate(rules)}
    suspects = [
        sorted(circle, key=order.__getitem__)
        for circle in _circles(order, reach, order)
        if not _shrinks(circle, reach)
    ]
    search = _Search(hops, sum(map(len, suspects)))
    found: dict[frozenset[object], Loop] = {}
    # First those that are certain: they need few hops, and must not lack them for the others.
    for look in (search.certain, search.possible):
        for loop in chain.from_iterable(map(look, suspects)):
            found.setdefault(frozenset(hop.taker for hop in loop.hops), loop)
    return Loops(tuple(found.values()), frozenset(search.endless))


# --- Which rules may come back ---------------------------------------------------------------


def _circles(
    rules: Iterable[Rule], reach: Reach, members: Mapping[Rule, object]
) -> list[list[Rule]]:
    """The circles of *members*: a rule is followed by its landing, and that by its rules."""

    def after(node: _Node) -> Iterable[_Node]:
        if isinstance(node, Rule):
            return (landing_of(node, reach),)
        return [rule for rule in node.rules if rule in members]

    nodes: list[_Node] = [*rules]
    found = circles(nodes, after)
    return [[node for node in circle if isinstance(node, Rule)] for circle in found]


def _shrinks(circle: list[Rule], reach: Reach) -> bool:
    """Whether no hop makes a path longer, and none of the circles keeps its length."""
    growths = {rule: _growth(rule) for rule in circle}
    same = {rule: growth for rule, growth in growths.items() if growth == 0}
    return max(growths.values()) <= 0 and not _circles(same, reach, same)


def _growth(rule: Rule) -> float:
    """By how many segments a path is longer after the hop, at most.

    A slash at the end does not count, for slash redirects add and remove it.
    """
    target: Path = rule.target.path or ()
    rests = [segment for segment in target if isinstance(segment, Hole) and segment.rest]
    if len(rests) > 1:
        return float("inf")
    inner = bool(rests) and rests != [*target[-1:]]
    return _length(target) - _length(rule.source.segments) + inner


def _length(path: Path) -> int:
    """The number of segments but for the parameter that holds the rest, and an empty last one."""
    fixed = [segment for segment in path if not (isinstance(segment, Hole) and segment.rest)]
    return len(fixed) - (path[-1:] == ("",))


# --- Following -------------------------------------------------------------------------------


class _Search:
    """Follows chains of rules.

    Args:
        rules: how many rules there are to follow.
    """

    def __init__(self, hops: Hops, rules: int) -> None:
        self._hops: Final = hops
        self._left = _HOPS * (rules + _DEPTH)
        self.endless: Final[set[Rule]] = set()

    def certain(self, circle: list[Rule]) -> Iterator[Loop]:
        """The loops in a circle of rules that no request leaves."""
        for rule in circle:
            if rule not in self.endless and self.never_ends(rule):
                yield Loop(self.circle(rule), certain=True)

    def possible(self, circle: list[Rule]) -> Iterator[Loop]:
        """The first loop in a circle of rules that some requests may run into."""
        trails = (self.may_return(rule) for rule in circle if rule not in self.endless)
        yield from (Loop(trail, certain=False) for trail in islice(filter(None, trails), 1))

    def never_ends(self, rule: Rule) -> bool:
        """Whether no request that *rule* takes ever comes to an end; notes it if so."""
        opened: defaultdict[object, list[State]] = defaultdict(list)
        waiting = [self._hops.first(rule).after]
        while waiting:
            state = waiting.pop()
            hops = self._endless_hops(state)
            if hops is None:
                return False
            if not any(state.within(other) for other in opened[hops[0].taker][:_OPENED]):
                for hop in hops:
                    opened[hop.taker].append(state)
                waiting += [hop.after for hop in hops if hop.rule not in self.endless]
        self._note(rule, opened)
        return True

    def circle(self, rule: Rule) -> tuple[Hop, ...]:
        """The hops of the loop that the requests of *rule* run into."""
        hops = [self._hops.first(rule)]
        taken: defaultdict[object, list[int]] = defaultdict(list)
        while len(hops[-1].after.path) <= _SEGMENTS:
            taken[hops[-1].taker].append(len(hops) - 1)
            hop = next(hop for hop in self._hops.following(hops[-1].after) if hop)
            for index in taken[hop.taker][:_OPENED]:
                if hop.before.within(hops[index].before):
                    return tuple(hops[index:])
            hops.append(hop)
        return self._whole(hops)

    def may_return(self, rule: Rule) -> tuple[Hop, ...]:
        """The hops of a loop that some requests of *rule* may run into; none if there is none."""
        waiting: list[tuple[Hop, ...]] = [(self._hops.first(rule),)]
        while waiting:
            trail = waiting.pop()
            if self._is_far(trail[-1].after) or len(trail) > _DEPTH:
                if turn := self._turn(trail):
                    return turn
                continue
            for hop in self._following(trail[-1].after):
                if hop is None or hop.rule in self.endless:
                    continue
                narrowed = tuple(earlier.narrowed(hop.bound) for earlier in trail)
                for index, earlier in enumerate(narrowed):
                    if hop.taker == earlier.taker and hop.before.within(earlier.before):
                        return narrowed[index:]
                waiting.append((*narrowed, hop))
        return ()

    def _turn(self, trail: tuple[Hop, ...]) -> tuple[Hop, ...]:
        """The rules in the last turn of a long trail, each with all it takes.

        Returns:
            No hops if the path did not grow in that turn, and so may come to an end.
        """
        last: dict[object, int] = {}
        turn = trail
        for index, hop in enumerate(trail):
            if hop.taker in last:
                turn = trail[last[hop.taker] : index + 1]
            last[hop.taker] = index
        shorter = len(turn[-1].before.path) <= len(turn[0].before.path)
        if turn is not trail and shorter and self._left >= 0:
            return ()
        return self._whole(turn)

    def _whole(self, hops: Iterable[Hop]) -> tuple[Hop, ...]:
        """The rules of a long way, each once and with all that it takes."""
        rules = dict.fromkeys(hop.rule for hop in hops if hop.rule.kind != "slash")
        return tuple(map(self._hops.first, rules))

    def _endless_hops(self, state: State) -> list[Hop] | None:
        """The hops of a state; `None` if one of its requests comes to an end, for all we know."""
        hops: list[Hop] = []
        for hop in self._following(state):
            if hop is None or self._is_far(state):
                return None
            hops.append(hop)
        return hops

    def _following(self, state: State) -> Iterator[Hop | None]:
        for hop in self._hops.following(state):
            self._left -= 1
            yield hop

    def _is_far(self, state: State) -> bool:
        """Whether to follow no longer."""
        return self._left < 0 or len(state.path) > _SEGMENTS

    def _note(self, rule: Rule, opened: Mapping[object, list[State]]) -> None:
        """*rule* is endless, and so is each other one all of whose requests were followed."""
        self.endless.add(rule)
        for taker, states in opened.items():
            if isinstance(taker, Rule):
                mine = self._hops.first(taker).before
                self.endless.update([taker] if any(map(mine.within, states)) else [])
