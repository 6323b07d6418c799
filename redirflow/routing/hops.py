"""What happens to the requests of a path, all at once: one step of a chain of rules.

A `State` is a set of requests: the instances of a path, with the methods they may have. Its
hops are what the rules do to them; where an operation takes some of them, a page, a row, a
mount, another site or nobody, their chain ends.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from redirflow.routing.ground import EVERY
from redirflow.routing.pattern import Bindings, Path, match, substitute
from redirflow.routing.reach import Branch, Landing, Reach
from redirflow.routing.rule import Rule, slash_rule

Answered: TypeAlias = Mapping[Rule, frozenset[str]]
"""The methods that each rule answers."""


# --- Which methods a rule answers ------------------------------------------------------------

_ELSEWHERE: Final = Landing(EVERY, (), empty=False)


def landing_of(rule: Rule, reach: Reach) -> Landing:
    """What may serve where *rule* leads."""
    path = rule.target.path
    return _ELSEWHERE if path is None else reach.landing(path, inside=rule.status is None)


def answered(rules: Iterable[Rule], reach: Reach) -> dict[Rule, frozenset[str]]:
    """The methods that each of *rules* answers; HEAD is among them where GET is.

    They are those that are served after its hop. What serves there may be a rule again, so the
    answer is the least fixed point: rules that lead nowhere but to each other answer nothing.
    Each change is passed on along the edges it matters to, and a set of methods grows at most
    as often as there are methods.
    """
    landings = {rule: landing_of(rule, reach) for rule in rules}
    return _settled(landings, {landing: landing.served for landing in landings.values()})


def _settled(
    landings: Mapping[Rule, Landing], served: dict[Landing, frozenset[str]]
) -> dict[Rule, frozenset[str]]:
    methods: dict[Rule, frozenset[str]] = dict.fromkeys(landings, frozenset())
    arriving: defaultdict[Landing, list[Rule]] = defaultdict(list)
    for rule, landing in landings.items():
        arriving[landing].append(rule)
    passed: defaultdict[Rule, list[Landing]] = defaultdict(list)
    for landing in arriving:
        for rule in landing.rules:
            passed[rule].append(landing)
    waiting = deque(landings)
    while waiting:
        rule = waiting.popleft()
        methods[rule] = rule.answers(served[landings[rule]])
        for landing in passed[rule]:
            if not methods[rule] <= served[landing]:
                served[landing] |= methods[rule]
                waiting += arriving[landing]
    return methods


# --- Hops ------------------------------------------------------------------------------------


class State(Struct, frozen=True):
    """The requests of a chain after some hops: their path, and the methods they may have."""

    path: Path
    methods: frozenset[str]

    def within(self, other: "State") -> bool:
        """Whether each of these requests is one of *other*."""
        return self.methods <= other.methods and match(other.path, self.path) is not None

    def narrowed(self, bindings: Bindings) -> "State":
        """Those of the requests that have *bindings*."""
        return replace(self, path=substitute(self.path, bindings))


class Hop(Struct, frozen=True):
    """What a rule does to some requests.

    Attributes:
        before: the requests that the rule takes.
        bound: what the parameters of the state are in them.
    """

    before: State
    rule: Rule
    after: State
    bound: Bindings

    @property
    def taker(self) -> object:
        """The rule, but for slash redirects, which are made up where they are needed."""
        return "slash" if self.rule.kind == "slash" else self.rule

    def narrowed(self, bindings: Bindings) -> "Hop":
        """The hop of those requests that have *bindings*."""
        before, after = self.before.narrowed(bindings), self.after.narrowed(bindings)
        return Hop(before, self.rule, after, {})


class Hops:
    """The hops of all rules of an app.

    Args:
        methods: those that each rule answers.
    """

    def __init__(self, reach: Reach, methods: Answered) -> None:
        self._reach: Final = reach
        self._methods: Final = methods

    def first(self, rule: Rule) -> Hop:
        """The hop of all requests that *rule* can take."""
        return _hop(rule, rule.source.segments, self.taken(rule), {})

    def taken(self, rule: Rule) -> frozenset[str]:
        """The methods that *rule* answers; if it answers none, those it could be asked with."""
        return self._methods[rule] or rule.answers(EVERY)

    def following(self, state: State) -> Iterator[Hop | None]:
        """What happens to the requests of a state; `None` for each end that some come to."""
        for branch in self._reach.branches(state.path):
            yield from self._slash(state, branch) if branch.slash else self._ruled(state, branch)
            if branch.certain:
                return
        yield None

    def _ruled(self, state: State, branch: Branch) -> Iterator[Hop | None]:
        left = state.methods - branch.spot.served
        if left < state.methods:
            yield None
        for rule in branch.spot.rules:
            taken = left & self.taken(rule)
            left -= taken
            if taken and rule.target.path is None:
                yield None
            elif taken:
                yield _hop(rule, branch.path, taken, branch.bound)
        if left:
            yield None

    def _slash(self, state: State, branch: Branch) -> Iterator[Hop | None]:
        served = branch.spot.served.union(*map(self.taken, branch.spot.rules))
        taken = state.methods & served - {"OPTIONS"}
        if taken:
            path = substitute(state.path, branch.bound)
            yield _hop(slash_rule(path, branch.path), path, taken, branch.bound)
        if taken < state.methods:
            yield None


def _hop(rule: Rule, path: Path, methods: frozenset[str], bound: Bindings) -> Hop:
    bindings = match(rule.source.segments, path) or {}
    after = substitute(rule.target.path or (), bindings)
    changed = frozenset(rule.after(method) for method in methods)
    return Hop(State(path, methods), rule, State(after, changed), bound)
