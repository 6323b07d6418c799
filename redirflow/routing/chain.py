"""Rules as they are served: each leads straight to where its chain ends.

A rule whose target is taken, for all instances and methods, by one other redirect answers
with the target of that one, and so on; slash redirects and table rows count, reroutes and
operations end a chain. One hop then does what following would have done, in location,
method and query, and is kept no longer than the shortest-lived of them (RFC 9111 4.2).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from redirflow.declare.operation import Mount
from redirflow.http.reference import LocationRefused
from redirflow.http.types import RawHeaders
from redirflow.routing.ground import ROW
from redirflow.routing.hops import Answered
from redirflow.routing.join import joined_age, joined_status
from redirflow.routing.pattern import Path, match
from redirflow.routing.reach import Branch, Reach
from redirflow.routing.router import Values
from redirflow.routing.rows import Rows
from redirflow.routing.rule import REDIRECTED, Rule, slash_rule
from redirflow.routing.target import Single, Target
from redirflow.routing.template import Template


class Known(Struct, frozen=True):
    """The shape that every request of a reroute comes to.

    Attributes:
        template: of an operation.
        holes: what its parameters are, in its order.
    """

    template: Template
    holes: tuple[Path, ...]

    def values(self, values: Mapping[str, str]) -> Values:
        """The operation's path parameters, as a router gives them."""
        texts = tuple(_text(path, values) for path in self.holes)
        return texts[0] if len(texts) == 1 else texts


def _text(path: Path, values: Mapping[str, str]) -> str:
    return "/".join(
        segment if isinstance(segment, str) else values[segment.name] for segment in path
    )


class FinalRule(Struct, frozen=True, kw_only=True, eq=False):
    """A rule as it is served.

    Attributes:
        methods: those that it answers; HEAD goes with GET.
        status: `None` for a reroute.
        known: where a reroute leads, if every request comes to one shape.
        ready: the location, if all requests without a query have the same.
        single: the usual target, if this is one.
        then: the hop after it, which this one stands for too.
    """

    rule: Rule
    methods: frozenset[str]
    target: Target
    status: int | None
    max_age: int | None = None
    known: Known | None = None
    ready: bytes | None = None
    single: Single | None = None
    then: "FinalRule | None" = None

    @property
    def source(self) -> Template:
        """Where the rule stands."""
        return self.rule.source

    @property
    def every_method(self) -> bool:
        """Whether it answers methods too that nobody has heard of."""
        return self.methods >= REDIRECTED - {"HEAD"}

    @property
    def headers(self) -> RawHeaders:
        """What a reroute puts in the place of the client's fields."""
        return self.rule.headers

    @property
    def hops(self) -> tuple[Rule, ...]:
        """The rules that this one stands for, itself first."""
        return tuple(_chained(self))

    def expand(self, values: Mapping[str, str], query: bytes = b"", root: str = "") -> bytes | None:
        """The `Location` for a request; `None` where a parameter makes it one to refuse.

        Args:
            values: the parameters of the source, decoded.
            query: the request's query.
            root: the app's `root_path`.
        """
        if self.ready is not None and not query and not root:
            return self.ready
        try:
            if self.single is not None and not root:
                location = self.single.location(values, query)
                if location is not None:
                    return location
            return self.target.location(values, query, root)
        except LocationRefused:
            return None

    def reroute(self, values: Mapping[str, str], query: bytes) -> tuple[str, bytes] | None:
        """The app-relative path, percent-encoded, and the query; `None` as in `expand`."""
        try:
            return self.target.inside(values, query)
        except LocationRefused:
            return None


def _chained(first: FinalRule) -> Iterator[Rule]:
    final: FinalRule | None = first
    while final is not None:
        yield final.rule
        final = final.then


# --- Making them -----------------------------------------------------------------------------

_Next: TypeAlias = tuple[Rule, Path]
"""The rule that comes next, and the path that it takes."""


class Chains:
    """Joins the rules of an app, but for those that stand in a loop."""

    def __init__(
        self, reach: Reach, rows: Rows, methods: Answered, looped: frozenset[Rule]
    ) -> None:
        self._reach: Final = reach
        self._rows: Final = rows
        self._methods: Final = methods
        self._looped: Final = looped
        self._done: Final[dict[Rule, FinalRule]] = {}

    def final(self, rules: Iterable[Rule]) -> tuple[FinalRule, ...]:
        """The rules as they are served, in the same order."""
        return tuple(self._final(rule) for rule in rules)

    def _final(self, rule: Rule) -> FinalRule:
        """*rule*, after those that it leads to: not by recursion, for chains may be long."""
        trail: dict[Rule, _Next | None] = {}
        node: Rule | None = rule
        while node is not None and node not in self._done and node not in trail:
            trail[node] = following = None if node in self._looped else self._next(node)
            node = None if following is None else following[0]
        for each, following in reversed(trail.items()):
            then = following and self._done.get(following[0])
            self._done[each] = self._made(each, following, then or None)
        return self._done[rule]

    def _next(self, rule: Rule) -> _Next | None:
        """The one redirect that takes all requests after *rule*."""
        branch = None if rule.status is None or rule.kind == "row" else self._certain(rule)
        if branch is None:
            return None
        if branch.slash:
            before = rule.target.path or ()
            return slash_rule(before, branch.path), before
        spot = branch.spot
        if not spot.rules and all(owner == ROW for owner in spot.owners.values()):
            return self._rows.rule(spot.template.text), branch.path
        if spot.owners or len(spot.rules) > 1 or spot.rules[0].status is None:
            return None
        return spot.rules[0], branch.path

    def _certain(self, rule: Rule) -> Branch | None:
        """Where all requests come to after *rule*, if that is one place."""
        path = rule.target.path
        branch = None if path is None else next(self._reach.branches(path), None)
        return branch if branch and branch.certain else None

    def _made(self, rule: Rule, following: _Next | None, then: FinalRule | None) -> FinalRule:
        target, status, age = rule.target, rule.status, rule.max_age
        if following and then and status is not None and then.status is not None:
            bindings = match(then.source.segments, following[1]) or {}
            target = target.then(bindings, then.target)
            age = joined_age((status, age), (then.status, then.max_age))
            status = joined_status(status, then.status)
        final = FinalRule(
            rule=rule,
            methods=listed(self._methods.get(rule, frozenset())),
            target=target,
            status=status,
            max_age=age,
            known=self._known(rule) if rule.status is None else None,
            single=target.single,
            then=then,
        )
        fixed = status is not None and target.is_fixed
        return replace(final, ready=final.expand({})) if fixed else final

    def _known(self, rule: Rule) -> Known | None:
        branch = self._certain(rule)
        if branch is None or branch.slash or _foreign(branch):
            return None
        template = branch.spot.template
        bindings = match(template.segments, branch.path) or {}
        return Known(template, tuple(bindings[hole.name] for hole in template.holes))


def _foreign(branch: Branch) -> bool:
    """Whether no shape of the router is meant: a mount, or a row alone."""
    owners = branch.spot.owners.values()
    return not branch.spot.rules and all(isinstance(each, Mount) or each == ROW for each in owners)


def listed(methods: frozenset[str]) -> frozenset[str]:
    """*methods* as a router lists them: GET stands for HEAD too."""
    return methods - {"HEAD"} if "GET" in methods else methods
