"""All rules of an app, checked together and made ready to serve.

Rules are read; with the operations they stand on one ground; the rows of tables are settled
on it; and then the questions are asked that no rule can answer by itself: what serves its
target, under which methods, whether a chain ends, whether two claim the same requests.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from redirflow.declare.faults import Fault, Place
from redirflow.declare.operation import Mount
from redirflow.declare.settings import Slashes
from redirflow.http.methods import METHODS
from redirflow.routing.chain import Chains, FinalRule, listed
from redirflow.routing.findings import (
    endless,
    hop_text,
    may_loop,
    not_for_reroutes,
    nothing_there,
    owner_text,
    some,
    taken_twice,
    wrong_method,
)
from redirflow.routing.ground import UNKNOWN, Ground, Spot
from redirflow.routing.hops import Answered, Hop, Hops, answered, landing_of
from redirflow.routing.loops import Loop, find_loops
from redirflow.routing.pattern import path_of, text_of
from redirflow.routing.reach import Reach
from redirflow.routing.router import Router
from redirflow.routing.rows import Rows, Tables
from redirflow.routing.rule import Declared, OperationOf, Rule, read_rule, read_source
from redirflow.routing.settle import settled
from redirflow.routing.table import RedirectTable
from redirflow.routing.template import Template

_FEW: Final = 500
"""Paths among which a near one is looked for."""


class CheckedRules(Struct, frozen=True, kw_only=True, eq=False):
    """The rules and rows of an app.

    Attributes:
        rules: as they are served, in order of declaration, those of tables last.
        rows: the exact rows of all tables.
        faults: what is wrong; errors and warnings.
        ground, reach, tables: what was asked, for the graph.
    """

    rules: tuple[FinalRule, ...]
    rows: Rows
    faults: tuple[Fault, ...]
    ground: Ground
    reach: Reach
    tables: Tables


def check_rules(
    router: Router[Any],
    rules: Iterable[Declared],
    operation_of: OperationOf,
    *,
    mounts: Iterable[Mount] = (),
    tables: Iterable[RedirectTable] = (),
    slashes: Slashes = "redirect",
) -> CheckedRules:
    """Read and check the rules of an app.

    Args:
        router: its operations and pages; it is only read.
        operation_of: the operation that a handler or a name means; raises `LookupError`.
    """
    faults: list[Fault] = []
    known = Tables(tables)
    ground = Ground(router, mounts, slashes)
    declared = [*rules, *(rule for table in known.tables for rule in table.rules)]
    read = [rule for each in declared if (rule := _read(each, ground, operation_of, faults))]
    for path in (path for table in known.tables for path in table.spoilt):
        _hold(ground.spot(Template(path, path_of(path))))
    rows = settled(known, ground, faults)
    reach = Reach(ground, rows)
    methods = answered(read, reach)
    loops = find_loops(read, reach, Hops(reach, methods))
    faults += map(_loop, loops.found)
    silent = [rule for rule in read if rule not in loops.endless and not methods[rule]]
    for rule in silent:
        faults += _unserved(rule, ground, reach)
    if silent and not any(fault.severity == "error" for fault in faults):
        faults += [_nothing_there(rule) for rule in silent]
    faults += (fault for table in known.tables for fault in table.faults)
    faults += known.twice()
    faults += _claimed_twice(ground, methods, rows, known)
    finals = Chains(reach, rows, methods, loops.rules).final(read)
    return CheckedRules(
        rules=finals, rows=rows, faults=tuple(faults), ground=ground, reach=reach, tables=known
    )


def _read(
    declared: Declared, ground: Ground, operation_of: OperationOf, faults: list[Fault]
) -> Rule | None:
    """The rule, on its ground; one with a fault holds its place there."""
    source = read_source(declared, faults)
    if source is None:
        return None
    rule = read_rule(declared, source, operation_of, faults)
    spot = ground.spot(source)
    if rule is None:
        _hold(spot)
    else:
        spot.rules.append(rule)
    return rule


def _hold(spot: Spot) -> None:
    """What is wrong with the source at a spot is told; what leads there is all right."""
    for method in METHODS:
        spot.owners.setdefault(method, UNKNOWN)


def _loop(loop: Loop) -> Fault:
    told = map(_hop, loop.hops)
    place = next(hop.rule.place for hop in loop.hops if hop.rule.place)
    finding = endless if loop.certain else may_loop
    return finding(text_of(loop.hops[0].before.path), told, len(loop.hops), place)


def _hop(hop: Hop) -> str:
    before, after = text_of(hop.before.path), text_of(hop.after.path)
    return hop_text(before, after, hop.rule.status, hop.rule.place or "slash redirect")


def _unserved(rule: Rule, ground: Ground, reach: Reach) -> Iterator[Fault]:
    """Why a rule answers no method; nothing where another fault is the reason."""
    landing, path = landing_of(rule, reach), rule.target.path or ()
    if landing.empty:
        spots = ground.spots()
        others = (spot for spot in spots if rule not in spot.rules)
        near = [spot.template.text for spot in others] if len(spots) <= _FEW else []
        yield _nothing_there(rule, near)
    elif landing.served and rule.status is not None:
        yield wrong_method(str(rule), text_of(path), rule.status, landing.served, rule.place)
    elif rule.status is None and reach.landing(path).served:
        yield not_for_reroutes(str(rule), text_of(path), rule.place)


def _nothing_there(rule: Rule, near: Iterable[str] = ()) -> Fault:
    return nothing_there(str(rule), text_of(rule.target.path or ()), near, rule.place)


def _claimed_twice(
    ground: Ground, methods: Answered, rows: Rows, tables: Tables
) -> Iterator[Fault]:
    """Methods of one shape that two owners claim."""
    by_rows: list[Fault] = []
    for spot in ground.spots():
        owners = {method: owner for method, owner in spot.owners.items() if owner is not UNKNOWN}
        for rule in spot.rules:
            mine = listed(methods[rule])
            yield from _taken(owners, mine, str(rule), rule.place)
            owners = {**dict.fromkeys(mine, rule), **owners}
        path = spot.template.text
        if path in rows and not spot.template.holes:
            label, place = tables.label(path), tables.place(path)
            by_rows += _taken(owners, listed(rows.methods(path)), label, place)
    yield from some(by_rows, len(by_rows))


def _taken(
    owners: Mapping[str, Any], mine: frozenset[str], label: str, place: Place | None
) -> Iterator[Fault]:
    """The methods in *mine* that have owners already."""
    common = [method for method in METHODS if method in owners and method in mine]
    if common:
        first = ", ".join(map(owner_text, dict.fromkeys(owners[method] for method in common)))
        yield taken_twice(first, label, common, place)
