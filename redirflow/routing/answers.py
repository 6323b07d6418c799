"""Which methods each rule answers: those that are served after its hop.

What serves there may be a rule again, so the answer is the least fixed point: rules that
lead nowhere but to each other answer nothing. Each change is passed on along the edges it
matters to, and a set of methods grows at most as often as there are methods.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from redirflow.routing.ground import EVERY
from redirflow.routing.reach import Landing, Reach
from redirflow.routing.rule import Rule

_ELSEWHERE = Landing(EVERY, (), empty=False)


def landing_of(rule: Rule, reach: Reach) -> Landing:
    """What may serve where *rule* leads."""
    path = rule.target.path
    return _ELSEWHERE if path is None else reach.landing(path, inside=rule.status is None)


def answered(rules: Iterable[Rule], reach: Reach) -> dict[Rule, frozenset[str]]:
    """The methods that each of *rules* answers; HEAD is among them where GET is."""
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
