"""Advice: what functions do that they do not declare, and what they declare but do not do.

For `redirflow check` and `dev`. Each function is heard before its own `Judge`, which decides at
run time too. A warning is told once, however many operations use the function.
"""

import ast
from collections.abc import Iterable, Iterator

from redirflow.declare.errors import HTTPError
from redirflow.declare.faults import Fault
from redirflow.declare.redirects import Redirect, Reroute
from redirflow.endpoint.advice.aim import Hearing, Objection, hear_link
from redirflow.endpoint.advice.asking import Asked
from redirflow.endpoint.advice.flow import Dropped, Lost, Reading, Readings, Sent, Told
from redirflow.endpoint.advice.going import hear_redirect, hear_reroute
from redirflow.endpoint.advice.signals import Made
from redirflow.endpoint.advice.unsent import unsent
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.steps import Step


def source_warnings(endpoints: Iterable[Endpoint]) -> list[Fault]:
    """What is told of the handlers and dependencies of an app."""
    heard, readings = [*endpoints], Readings()
    found = [fault for endpoint in heard for fault in _faults(endpoint, readings, alone=False)]
    return [*dict.fromkeys([*found, *unsent(heard, readings)])]


def warnings_of_some(endpoints: Iterable[Endpoint]) -> list[Fault]:
    """What is told of some operations of an app, whatever the others are."""
    readings = Readings()
    found = (fault for each in endpoints for fault in _faults(each, readings, alone=True))
    return [*dict.fromkeys(found)]


def _faults(endpoint: Endpoint, readings: Readings, *, alone: bool) -> Iterator[Fault]:
    for step, judge in zip((*endpoint.steps, endpoint.handler), endpoint.judges, strict=True):
        if isinstance(step, Step):
            for depth, reading in enumerate(readings.of(step.function)):
                requests = step.signature.requests
                hearing = Hearing(reading.source, judge, endpoint, requests, alone)
                # What an inner layer or a dependency returns, others get to see first.
                answers = depth == 0 and step is endpoint.handler
                yield from _faults_of(hearing, reading, answers=answers)


def _faults_of(hearing: Hearing, reading: Reading, *, answers: bool) -> Iterator[Fault]:
    for told in reading.told:
        if answers or not _is_returned(told):
            yield from _heard(hearing, told)


def _is_returned(told: Told) -> bool:
    return isinstance(told, Sent) and isinstance(told.line, ast.Return)


def _heard(hearing: Hearing, told: Told) -> Iterator[Fault]:
    try:
        _hear(hearing, told)
    except Objection as objection:
        place = hearing.source.place(_line(told))
        found = f"{hearing.source.name} {objection.found}"
        yield Fault(found, objection.allowed, objection.write, place, "warning")


def _line(told: Told) -> ast.stmt | ast.expr | ast.ExceptHandler:
    """What an author has to look at."""
    if isinstance(told, Lost):
        return told.clause
    return told.call if isinstance(told, Asked) else told.line


def _hear(hearing: Hearing, told: Told) -> None:
    if isinstance(told, Sent):
        _hear_sent(hearing, told)
    elif isinstance(told, Asked):
        if told.owner in hearing.requests and not hearing.alone:
            hear_link(hearing, told.call)
    else:
        _hear_lost(told)


def _hear_lost(told: Lost | Dropped) -> None:
    name = told.made.kind.__name__
    if isinstance(told, Dropped):
        raise Objection(f"makes {name} here, but does not raise it", write=f"raise {name}(...)")
    found = f"catches everything here, and so swallows the {name} of line {told.line.lineno}"
    raise Objection(found, write=f"except {name}: raise")


def _hear_sent(hearing: Hearing, told: Sent) -> None:
    kind = told.made.kind
    if issubclass(kind, Redirect):
        hear_redirect(hearing, told.made)
    elif isinstance(told.line, ast.Return) and issubclass(kind, HTTPError | Reroute):
        write = f"raise {kind.__name__}(...)"
        raise Objection(f"returns {kind.__name__} instead of raising it", write=write)
    elif issubclass(kind, Reroute):
        hear_reroute(hearing, told.made)
    elif issubclass(kind, HTTPError):
        _hear_error(hearing, kind)
    else:
        _hear_response(hearing, told.made)


def _hear_error(hearing: Hearing, kind: type[HTTPError]) -> None:
    if not any(parent in hearing.judge.errors for parent in kind.__mro__):
        found = f"raises {kind.__name__} ({kind.status_code}), which is not declared"
        raise Objection(found, write=f"@raises({kind.__name__})")


def _hear_response(hearing: Hearing, made: Made) -> None:
    declared = [response.status for response in hearing.endpoint.responses]
    listed = ", ".join(map(str, declared))
    if made.status is not None and made.status not in declared:
        found = f"returns a Response with {made.status}, which it does not declare"
        raise Objection(found, listed, _declaration(made.status))
    if made.status is None and made.settled and hearing.endpoint.default_status is None:
        raise Objection("returns a Response without a status, and none is the usual one", listed)


def _declaration(status: int) -> str:
    if 400 <= status <= 599:
        return f"raise a subclass of HTTPError with status_code={status}"
    return f"@returns(status_code={status})" if 200 <= status <= 299 else ""
