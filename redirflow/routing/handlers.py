"""What handlers declare, held against the ground: methods after their hops, and circles.

A handler decides for each request whether it redirects, so a circle of handlers (the login
form and the home page) is no fault, but worth a look.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from redirflow.declare.faults import Fault, Place
from redirflow.declare.operation import Operation
from redirflow.http.methods import method_after_hop
from redirflow.routing.cycles import circles
from redirflow.routing.findings import handlers_circle, hop_text, unclear_method, unserved_hop
from redirflow.routing.survey import Survey

HopTarget: TypeAlias = Operation | str
"""An operation, or a `"/path"` of this app."""


class HandlerHop(Struct, frozen=True, kw_only=True):
    """A redirect or a reroute that a handler declares, or one of its dependencies does.

    Attributes:
        status: `None` for a reroute.
        targets: what it may lead to; none if it may lead anywhere.
        external: other origins.
        place: the line of the spec.
    """

    operation: Operation
    status: int | None
    targets: tuple[HopTarget, ...] = ()
    external: tuple[str, ...] = ()
    place: Place

    @property
    def asked(self) -> str:
        """The method of the request that follows."""
        method = self.operation.method
        return method if self.status is None else method_after_hop(self.status, method)


def check_handlers(hops: Iterable[HandlerHop], survey: Survey) -> Iterator[Fault]:
    """What is wrong with the hops of handlers, or may surprise."""
    known = [*hops]
    for hop in known:
        if hop.status in {301, 302} and hop.operation.method not in {"GET", "HEAD"}:
            yield unclear_method(hop.operation, hop.status, hop.place)
        for target in hop.targets:
            served = _served(target, hop, survey)
            if hop.asked not in served:
                yield unserved_hop(hop.operation, hop.status, target, served, hop.place)
    yield from _circles(known, survey)


def _served(target: HopTarget, hop: HandlerHop, survey: Survey) -> frozenset[str]:
    """The methods that a target serves."""
    if isinstance(target, str):
        return survey.served(target, inside=hop.status is None)
    return frozenset({target.method, "HEAD"} if target.method == "GET" else {target.method})


# --- Circles ---------------------------------------------------------------------------------

_After: TypeAlias = Mapping[Operation, Mapping[Operation, HandlerHop]]
"""From an operation to those it leads to, each with the hop."""


def _circles(hops: list[HandlerHop], survey: Survey) -> Iterator[Fault]:
    after: dict[Operation, dict[Operation, HandlerHop]] = {}
    for hop in hops:
        for target in hop.targets:
            end = survey.answers(target, hop.asked) if isinstance(target, str) else target
            if isinstance(end, Operation):
                after.setdefault(hop.operation, {}).setdefault(end, hop)
    for circle in circles(after, lambda node: after.get(node, {})):
        way = _around(circle, after)
        pairs = zip(way, [*way[1:], way[0]], strict=True)
        told = [(first, last, after[first][last]) for first, last in pairs]
        yield handlers_circle(
            [hop_text(_text(a), _text(b), hop.status, hop.place) for a, b, hop in told],
            told[0][2].place,
        )


def _around(circle: list[Operation], after: _After) -> list[Operation]:
    """A shortest way from the first operation of a circle back to it."""
    first = circle[0]
    came: dict[Operation, Operation] = {}
    waiting = [first]
    following = iter(waiting)
    while first not in after[node := next(following)]:
        new = [each for each in after[node] if each in circle and each not in came]
        came.update(dict.fromkeys(new, node))
        waiting += new
    way = [node]
    while way[-1] is not first:
        way.append(came[way[-1]])
    return way[::-1]


def _text(operation: Operation) -> str:
    return f"{operation.name} [{operation.method} {operation.path}]"
