"""Where a redirect or a reroute goes, against where its function says that it may."""

from contextlib import suppress
from itertools import zip_longest
from urllib.parse import unquote

from redirflow.endpoint.advice.aim import Aim, Hearing, Objection, aim_of, listed
from redirflow.endpoint.advice.signals import Made, literal
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.plan import Judge, RedirectPlan
from redirflow.endpoint.target import Destination, NotAllowed
from redirflow.http.location import LOCAL, compile_location
from redirflow.http.methods import REDIRECT_STATUSES, method_after_hop
from redirflow.http.origin import split_origin
from redirflow.http.reference import LocationRefused
from redirflow.routing.template import Hole, Template


def hear_redirect(hearing: Hearing, made: Made) -> None:
    """Object to a redirect that the function does not declare."""
    plans = _plans(hearing.judge, made)
    if hearing.alone:
        return
    where = [plan.destination for plan in plans]
    if made.call is not None:
        aim_of(hearing, made, where)
        return
    location = literal(made.where)
    refusals = [_refusal(hearing.endpoint, plan, location) for plan in plans]
    if all(refusals):
        allowed = listed(where) if isinstance(refusals[-1], NotAllowed) else ""
        raise Objection(f"redirects to {location!r}: {refusals[-1]}", allowed)


def _plans(judge: Judge, made: Made) -> list[RedirectPlan]:
    """The plans that a redirect may be sent by."""
    declared, status = judge.redirects, made.status
    statuses = ", ".join(map(str, declared))
    if not declared:
        raise Objection("redirects, but declares no redirect", write=_spec(status or 303, made))
    if status is not None and status not in declared:
        found = f"redirects with {status}, which it does not declare"
        raise Objection(found, statuses, _spec(status, made))
    if status is None and made.settled:
        status = judge.default_status
        if status is None:
            found = "redirects without a status, and declares several"
            raise Objection(found, statuses, f".with_status({next(iter(declared))})")
    return [plan for each in declared if status in {None, each} for plan in declared[each]]


def _spec(status: int, made: Made) -> str:
    """What declares a redirect: by its origin, if that is another one."""
    where = "to=..."
    location = None if made.call else literal(made.where)
    if isinstance(location, str):
        with suppress(LocationRefused):
            where = f'external="{split_origin(location)[0]}"'
    return f"@redirects({status}, {where})" if status in REDIRECT_STATUSES else ""


def _refusal(endpoint: Endpoint, plan: RedirectPlan, location: object) -> ValueError | None:
    """Why a plan refuses a literal location; `None` if it may admit it."""
    if not isinstance(location, str):
        return None
    refusals = [_refused(endpoint, plan, each) for each in (location, *_tails(location))]
    # Neither the path of a request nor the `root_path` of the app is known here.
    from_here = location[:1] in {"?", "#"} and "{" in endpoint.operation.path
    unsure = from_here or not all(refusals)
    return None if unsure and isinstance(refusals[0], NotAllowed) else refusals[0]


def _refused(endpoint: Endpoint, plan: RedirectPlan, location: str) -> ValueError | None:
    """Why a plan refuses a location where the app has no `root_path`."""
    operation = endpoint.operation
    method = method_after_hop(plan.spec.status_code, operation.method)
    try:
        plan.destination.admit(location, method, {"path": operation.path})
    except (LocationRefused, NotAllowed) as error:
        return error
    return None


def _tails(location: str) -> list[str]:
    """What is left of a location below each `root_path` that there may be."""
    path = _path(location)
    return [path[index:] for index in range(1, len(path)) if path[index] == "/"]


def _path(location: str) -> str:
    return location.partition("#")[0].partition("?")[0]


def _leads_to(destination: Destination, location: str, method: str) -> bool:
    """Whether one of the listed operations answers at *location*."""
    return destination.serves(unquote(_path(location)), method) in destination.owners


def hear_reroute(hearing: Hearing, made: Made) -> None:
    """Object to a reroute that the function does not declare."""
    declared = hearing.judge.reroutes
    if declared is None:
        raise Objection("reroutes, but declares no reroute", write="@reroutes(to=...)")
    if hearing.alone:
        return
    method = hearing.endpoint.operation.method
    if made.call is None:
        path = literal(made.where)
        strays = isinstance(path, str) and not _leads_to(declared, _compiled(path), method)
        shown = repr(path)
    else:
        aim = aim_of(hearing, made)
        strays = aim is not None and not _may_lead_to(declared, aim, method)
        shown = aim.link.operation.name if aim else ""
    if strays:
        raise Objection(f"reroutes to {shown}, which it does not declare", declared.listed)


def _compiled(path: str) -> str:
    try:
        return compile_location(path, LOCAL).decode()
    except LocationRefused as error:
        raise Objection(f"reroutes to {path!r}: {error}") from None


def _may_lead_to(destination: Destination, aim: Aim, method: str) -> bool:
    """Whether one of the listed operations may answer: whichever has the path, not the name."""
    if aim.location is not None:
        return _leads_to(destination, aim.location, method)
    return any(_overlap(aim.link.template, link.template) for link in destination.links.values())


def _overlap(one: Template, other: Template) -> bool:
    """Whether some path may match both templates."""
    for left, right in zip_longest(one.segments, other.segments):
        if any(isinstance(each, Hole) and each.rest for each in (left, right)):
            return True
        if left is None or right is None:
            return False
        if isinstance(left, str) and isinstance(right, str) and left != right:
            return False
    return True
