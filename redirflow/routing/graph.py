"""The redirect graph: who leads where, for pictures and listings.

Nodes are (template, method). What does not depend on the method (a rule, a mount, another
site) is one node with the method `*`, and so is a whole table, whose edges carry the number
of its rows. Where a rule may lead to very many places there is one node for them all.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from redirflow.declare.faults import Place
from redirflow.declare.operation import Mount, Page
from redirflow.http.methods import method_after_hop
from redirflow.routing.check import CheckedRules
from redirflow.routing.ground import ROW, Spot
from redirflow.routing.handlers import HandlerHop
from redirflow.routing.pattern import Path, path_of, substitute, text_of
from redirflow.routing.rule import Rule
from redirflow.routing.sheet import Kind
from redirflow.routing.survey import decoded
from redirflow.routing.table import RedirectTable

NodeKind: TypeAlias = Literal[
    "operation", "page", "rule", "mount", "table", "site", "slash", "several"
]
EdgeKind: TypeAlias = Literal["redirect", "reroute", "rule", "row", "slash"]

_EVERY: Final = "*"

_SEVERAL: Final = 12
"""Targets of one rule that are drawn one by one."""


class Node(Struct, frozen=True):
    """Something that answers.

    Attributes:
        template: the path template; a site's origin, a table's name.
        method: `*` for any.
        name: an operation's.
    """

    template: str
    method: str
    kind: NodeKind
    name: str = ""
    place: Place | None = None


class Edge(Struct, frozen=True):
    """A hop from one node to another.

    Attributes:
        kind: what declares it: a handler's `redirects` and `reroutes`, a rule, rows, slashes.
        status: `None` for a reroute.
        label: as short as a picture has room for.
    """

    source: Node
    target: Node
    kind: EdgeKind
    status: int | None
    label: str
    place: Place | None = None


class Graph(Struct, frozen=True):
    """All hops that are declared, in order of declaration."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def draw(checked: CheckedRules, handlers: Iterable[HandlerHop] = ()) -> Graph:
    """The graph of an app that has no errors."""
    edges = list(dict.fromkeys(_edges(checked, handlers)))
    spots = checked.ground.spots()
    owners = [_owner_node(owner) for spot in spots for owner in spot.owners.values()]
    ends = [node for edge in edges for node in (edge.source, edge.target)]
    return Graph(tuple(dict.fromkeys([*owners, *ends])), tuple(edges))


def _edges(checked: CheckedRules, handlers: Iterable[HandlerHop]) -> Iterator[Edge]:
    artist = _Artist(checked)
    for hop in handlers:
        yield from artist.handler_edges(hop)
    for final in checked.rules:
        yield from artist.rule_edges(final.rule, final.methods)
    for table in checked.tables.tables:
        yield from artist.table_edges(table)


class _Artist:
    """Finds the nodes at both ends of each hop."""

    def __init__(self, checked: CheckedRules) -> None:
        self._checked: Final = checked

    def handler_edges(self, hop: HandlerHop) -> Iterator[Edge]:
        """The hops that a handler declares."""
        source = _owner_node(hop.operation)
        targets = [Node(origin, _EVERY, "site") for origin in hop.external]
        for target in hop.targets:
            if isinstance(target, str):
                targets += self._at(target, frozenset({hop.asked}))
            else:
                targets.append(_owner_node(target))
        kind: EdgeKind = "reroute" if hop.status is None else "redirect"
        for node in targets:
            yield Edge(source, node, kind, hop.status, _label(hop.status), hop.place)

    def rule_edges(self, rule: Rule, methods: frozenset[str]) -> Iterator[Edge]:
        """The hops of a rule; one edge stands for very many."""
        path = rule.target.path
        if path is None:
            yield _rule_edge(rule, Node(min(rule.target.policy.origins), _EVERY, "site"))
            return
        asked = frozenset(rule.after(method) for method in methods)
        edges = [*islice(self._reached(rule, path, asked), _SEVERAL + 1)]
        if len(edges) > _SEVERAL:
            edges = [_rule_edge(rule, Node(text_of(path), _EVERY, "several"))]
        yield from edges

    def _reached(self, rule: Rule, path: Path, asked: frozenset[str]) -> Iterator[Edge]:
        """The edges to what instances of *path* come to."""
        for branch in self._checked.reach.branches(path):
            served_inside = rule.status is None and not branch.slash
            nodes = self._nodes(branch.spot.inside if served_inside else branch.spot, asked)
            if branch.slash:
                slash = Node(text_of(substitute(path, branch.bound)), _EVERY, "slash")
                yield _rule_edge(rule, slash)
                yield from (Edge(slash, node, "slash", 308, _label(308)) for node in nodes)
            else:
                yield from (_rule_edge(rule, node) for node in nodes)

    def table_edges(self, table: RedirectTable) -> Iterator[Edge]:
        """The hops of a table, each with the number of its rows."""
        rows = self._checked.rows
        counts: Counter[tuple[Node, int]] = Counter()
        for kind, location in filter(None, map(rows.find, table.rows)):
            counts.update((node, kind.status) for node in self._led(location, kind))
        for (node, status), count in counts.items():
            label = f"{status} x {count}" if count > 1 else _label(status)
            yield Edge(_table_node(table), node, "row", status, label, table.place)

    def _led(self, location: bytes, kind: Kind) -> list[Node]:
        """The nodes at the location of a row."""
        path = decoded(location)
        if path is None:
            return [Node("/".join(location.decode("ascii").split("/")[:3]), _EVERY, "site")]
        return self._at(path, frozenset(method_after_hop(kind.status, m) for m in kind.methods))

    def _at(self, path: str, asked: frozenset[str]) -> list[Node]:
        """The nodes at a path, under these methods."""
        branch = next(self._checked.reach.branches(path_of(path)))
        return [Node(path, _EVERY, "slash")] if branch.slash else self._nodes(branch.spot, asked)

    def _nodes(self, spot: Spot, asked: frozenset[str]) -> list[Node]:
        """The nodes of a spot, under these methods."""
        methods = {*asked, "GET"} if "HEAD" in asked else asked
        owners = dict.fromkeys(spot.owners[one] for one in spot.owners if one in methods)
        nodes = [node for owner in owners for node in self._owner_nodes(owner, spot)]
        return nodes + [_rule_node(rule) for rule in spot.rules]

    def _owner_nodes(self, owner: object, spot: Spot) -> list[Node]:
        if owner != ROW:
            return [_owner_node(owner)]
        tables = self._checked.tables
        exact = spot.template.text in tables.rows
        found = [tables.table(spot.template.text)] if exact else tables.tables
        return [_table_node(table) for table in found]


def _owner_node(owner: Any) -> Node:
    """The node of an operation, a page or a mount."""
    if isinstance(owner, Mount):
        return Node(owner.prefix, _EVERY, "mount", "", owner.place)
    if isinstance(owner, Page):
        return Node(owner.path, "GET", "page", owner.name)
    return Node(owner.path, owner.method, "operation", owner.name, owner.place)


def _rule_node(rule: Rule) -> Node:
    return Node(rule.source.text, _EVERY, "rule", "", rule.place)


def _table_node(table: RedirectTable) -> Node:
    return Node(table.name, _EVERY, "table", f"{len(table.rows)} rows", table.place)


def _rule_edge(rule: Rule, target: Node) -> Edge:
    kind: EdgeKind = "reroute" if rule.status is None else "rule"
    return Edge(_rule_node(rule), target, kind, rule.status, _label(rule.status), rule.place)


def _label(status: int | None) -> str:
    return "reroute" if status is None else str(status)
