"""What the checked graph says: every finding as the sentence that an author reads.

Each names the hop by source and target, every other hop with its file and line, what was
found there, what could stand there, and what to write instead.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final

from redirflow.declare.faults import Fault, Place
from redirflow.declare.operation import Operation, Page
from redirflow.http.methods import METHODS, REDIRECT_STATUSES, method_after_hop
from redirflow.routing.rule import REDIRECTED, Rule
from redirflow.routing.sheet import LISTED

_ENDS: Final = "hops that end at an operation, a mount, a page or another site"

_SHOWN: Final = 30
"""Hops of one loop that are told."""


def methods_text(methods: Iterable[str]) -> str:
    """Methods in their usual order, HEAD only where GET is not."""
    listed = set(methods)
    if "GET" in listed:
        listed.discard("HEAD")
    return ", ".join(method for method in METHODS if method in listed) or "nothing"


def nothing_there(label: str, path: str, known: Iterable[str], place: Place | None) -> Fault:
    """A target at which nothing stands."""
    near = get_close_matches(path, known, 1)
    return Fault(
        f"{label}: nothing in this app answers at {path!r}",
        "the path of an operation, a rule, a table row, a mount or a page",
        f"{near[0]!r}" if near else "",
        place,
    )


def not_for_reroutes(label: str, path: str, place: Place | None) -> Fault:
    """A reroute to what is no operation."""
    return Fault(
        f"{label}: at {path!r} there is only a mount or a page of the framework, and a reroute "
        "is answered by an operation",
        "the path of an operation",
        "app.redirect(...) to send the client there",
        place,
    )


def wrong_method(
    label: str, path: str, status: int, served: frozenset[str], place: Place | None
) -> Fault:
    """A target that serves none of the methods that a redirect may ask with."""
    asked = {method_after_hop(status, method) for method in REDIRECTED}
    working = [str(other) for other in REDIRECT_STATUSES if _works(other, REDIRECTED, served)]
    return Fault(
        f"{label}: {path!r} serves {methods_text(served)}, and after a {status} clients ask with "
        f"{methods_text(asked)}",
        f"the status {' or '.join(working)}" if working else "",
        f"status_code={working[-1]}" if working else "",
        place,
    )


def _works(status: int, methods: Iterable[str], served: frozenset[str]) -> bool:
    return any(method_after_hop(status, method) in served for method in methods)


def hop_text(before: str, after: str, status: int | None, where: object) -> str:
    """One hop: from, to, how, and where it is declared."""
    how = "reroute" if status is None else str(status)
    return f"{before} -> {after} ({how}, {where})"


def endless(before: str, hops: Iterable[str], count: int, place: Place | None) -> Fault:
    """A loop that every request runs in."""
    found = f"a loop without end: each request for {before!r} comes back"
    return Fault(f"{found}\n{_listed(hops, count)}", _ENDS, place=place)


def may_loop(before: str, hops: Iterable[str], count: int, place: Place | None) -> Fault:
    """A loop that some requests run in."""
    found = f"a possible loop: requests for {before!r} may come back"
    return Fault(f"{found}\n{_listed(hops, count)}", _ENDS, place=place, severity="warning")


def _listed(hops: Iterable[str], count: int) -> str:
    shown = [f"    {hop}" for hop in islice(hops, _SHOWN)]
    return "\n".join([*shown, f"    and {count - _SHOWN} more hops"] if count > _SHOWN else shown)


def taken_twice(first: str, second: str, methods: Iterable[str], place: Place | None) -> Fault:
    """Two owners of one shape with a method in common."""
    return Fault(
        f"{second}: {methods_text(methods)} is answered there by {first} already",
        "one owner for a method and a path, whatever the parameters are called",
        place=place,
    )


def owner_text(owner: Any) -> str:
    """An operation, a page or a rule, with its line."""
    if isinstance(owner, Page):
        return f"the page {owner.name!r}"
    return f"{owner if isinstance(owner, Rule) else owner.name} ({owner.place})"


def unclear_method(operation: Operation, status: int, place: Place) -> Fault:
    """A 301 or 302 after which clients differ (RFC 9110 15.4.2, 15.4.3)."""
    browsers = method_after_hop(status, operation.method)
    others = operation.method if browsers == "GET" else "GET"
    return Fault(
        f"{_told(operation)} redirects with {status}, after which clients differ: browsers ask "
        f"with {browsers}, some others with {others}",
        "303 to go on with GET, 307 or 308 to keep the method",
        "@redirects(303, to=...)",
        place,
        "warning",
    )


def unserved_hop(
    operation: Operation,
    status: int | None,
    target: Operation | str,
    served: frozenset[str],
    place: Place,
) -> Fault:
    """A hop of a handler to what does not serve the method after it."""
    led = repr(target) if isinstance(target, str) else _told(target)
    if status is None:
        return Fault(
            f"{_told(operation)} reroutes to {led}, which serves {methods_text(served)}, and a "
            "reroute keeps the method",
            f"an operation that serves {operation.method}",
            place=place,
        )
    working = [other for other in (303, 307, 308) if _works(other, [operation.method], served)]
    return Fault(
        f"{_told(operation)} redirects with {status} to {led}, which serves "
        f"{methods_text(served)}: clients ask with {method_after_hop(status, operation.method)}",
        f"the status {' or '.join(map(str, working))}" if working else "a target that serves it",
        f"@redirects({working[0]}, to=...)" if working else "",
        place,
    )


def handlers_circle(hops: list[str], place: Place) -> Fault:
    """Handlers that may send a client round."""
    found = "a circle of handlers, which ends only where one of them does not redirect"
    return Fault(f"{found}\n{_listed(hops, len(hops))}", place=place, severity="warning")


def _told(operation: Operation) -> str:
    return f"{operation.name} ({operation.method} {operation.path})"


def some(faults: list[Fault], count: int) -> list[Fault]:
    """The first of *count* faults of one sort, and how many were not told one by one."""
    if count <= LISTED:
        return faults
    more = f"and {count - LISTED} more like this, {count} in all"
    return [*faults[:LISTED], Fault(more, place=faults[LISTED - 1].place)]
