"""What a function declares, though no line of it can send it.

Told only if that is so in every operation that uses the function. An error counts as sent if any
function of the operation may raise it: the operation answers with the union of what they declare.
"""

import ast
import types
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final, Union, get_args, get_origin

from msgspec import Struct

from redirflow.declare.decorators import RaisesSpec
from redirflow.declare.errors import (
    BadRequest,
    ContentTooLarge,
    NotAcceptable,
    Unauthorized,
    UnsupportedMediaType,
    ValidationFailed,
)
from redirflow.declare.faults import Fault, Place
from redirflow.declare.redirects import Redirect, RedirectSpec, Reroute, RerouteSpec
from redirflow.declare.specs import ResponseSpec
from redirflow.endpoint.advice.flow import Readings, Sent
from redirflow.endpoint.advice.quiet import is_quiet
from redirflow.endpoint.advice.source import Source, is_class, own_nodes
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.steps import Step, functions, specs_on
from redirflow.http.response import Response

_OF_THE_FRAMEWORK: Final = (
    BadRequest,
    ContentTooLarge,
    NotAcceptable,
    Unauthorized,
    UnsupportedMediaType,
    ValidationFailed,
)
"""Errors that the framework raises by itself; those from 500 on it may too."""

_ANY: Final = -1
"""Stands for every status."""


def unsent(endpoints: Iterable[Endpoint], readings: Readings) -> Iterator[Fault]:
    """What the functions of an app declare without ever sending it."""
    uses: Counter[int] = Counter()
    found: Counter[tuple[int, Fault]] = Counter()
    for endpoint in endpoints:
        steps = [*functions(endpoint.steps), endpoint.handler]
        lines = {step: _lines(step, readings) for step in steps}
        for step in steps:
            uses[id(step.function)] += 1
            faults = {*_errors(step, lines), *_answers(endpoint, step, lines)}
            found.update((id(step.function), fault) for fault in faults)
    yield from (fault for (function, fault), count in found.items() if count == uses[function])


class _Lines(Struct, frozen=True, eq=False):
    """What the lines of a function name, and what they send."""

    source: Source
    named: Mapping[int, type[Any]]
    sent: tuple[Sent, ...]

    def name_any(self, kind: type[Any]) -> bool:
        """Whether there is a name of this class, or of one that is a kind of it."""
        return any(issubclass(each, kind) for each in self.named.values())

    def statuses(self, kind: type[Any], usual: int | None) -> set[int]:
        """The statuses of what is made of this class; `_ANY` where that can't be told."""
        made = [each.made for each in self.sent]
        loose = self.named.keys() - {id(each.head) for each in made}
        if any(issubclass(self.named[each], Redirect | Response) for each in loose):
            return {_ANY}
        return {
            (each.status or usual or _ANY) if each.settled else _ANY
            for each in made
            if issubclass(each.kind, kind)
        }


def _lines(step: Step, readings: Readings) -> _Lines | None:
    """The lines of a function, if they are all that it runs."""
    read = readings.of(step.function)
    if len(read) != 1 or read[0].source.function is not step.function:
        return None
    source, told = read[0].source, read[0].told
    scalars = [each.name for each in step.signature.parameters if each.group is None]
    try:
        quiet = is_quiet(source, scalars)
    except RecursionError:
        return None
    sent = tuple(each for each in told if isinstance(each, Sent))
    return _Lines(source, _named(source), sent) if quiet else None


def _named(source: Source) -> dict[int, type[Any]]:
    """The classes that are named in a function, by the nodes that name them."""
    nodes = (node for line in source.node.body for node in ast.walk(line))
    names = (node for node in nodes if isinstance(node, ast.Name | ast.Attribute))
    values = {id(node): source.value(node) for node in names}
    return {node: value for node, value in values.items() if is_class(value)}


# --- errors ----------------------------------------------------------------------------------


def _errors(step: Step, lines: Mapping[Step, _Lines | None]) -> Iterator[Fault]:
    """Errors that no function of the operation can raise."""
    known = [each for each in lines.values() if each is not None]
    own = lines[step]
    # A Struct that is made of the request may have a `__post_init__` that raises.
    making = any(each.signature.body or each.signature.groups for each in lines)
    if own is None or len(known) < len(lines) or making:
        return
    for spec in specs_on([step], RaisesSpec):
        for error in () if spec.on else spec.classes:
            raised = any(each.name_any(error) for each in known)
            ours = error.built_in and (error.status_code >= 500 or error in _OF_THE_FRAMEWORK)
            if not raised and not ours:
                yield _unsent(own, f"{error.__name__}, but no line of it raises it", spec.place)


def _unsent(lines: _Lines, what: str, place: Place) -> Fault:
    return Fault(f"{lines.source.name} declares {what}", place=place, severity="warning")


# --- redirects, reroutes, responses ----------------------------------------------------------


def _answers(
    endpoint: Endpoint, step: Step, lines: Mapping[Step, _Lines | None]
) -> Iterator[Fault]:
    """Redirects, reroutes and statuses that the function itself can't send."""
    own = lines[step]
    # What a generator raises after its yield is judged by the handler's specs.
    if own is None or any("generator" in each.kind for each in lines if each is not step):
        return
    handles = step is endpoint.handler
    hidden = handles and _may_return_signals(own, step.signature.returns)
    judge = endpoint.judges[[*endpoint.steps, endpoint.handler].index(step)]
    sent = {_ANY} if hidden else own.statuses(Redirect, judge.default_status)
    for spec in specs_on([step], RedirectSpec):
        if not {_ANY, spec.status_code} & sent:
            what = f"a redirect with {spec.status_code}, but no line of it sends one"
            yield _unsent(own, what, spec.place)
    for reroute in specs_on([step], RerouteSpec):
        if not own.name_any(Reroute):
            yield _unsent(own, "a reroute, but no line of it raises one", reroute.place)
    if handles and not hidden:
        yield from _responses(endpoint, own)


def _responses(endpoint: Endpoint, own: _Lines) -> Iterator[Fault]:
    """Statuses that are not the default one, and that no `Response` has."""
    specs = specs_on([endpoint.handler], ResponseSpec)
    sent = {endpoint.default_status} | own.statuses(Response, endpoint.default_status)
    for spec, response in zip(specs, endpoint.responses, strict=False):
        if not {_ANY, response.status} & sent:
            what = f"the status {response.status}, but no line of it sends it"
            yield _unsent(own, what, spec.place)


def _may_return_signals(lines: _Lines, annotation: Any) -> bool:
    """Whether something is returned that may be a redirect or a response made elsewhere."""
    told = {id(each.line) for each in lines.sent}
    returned = (
        node.value
        for node in own_nodes(lines.source.node.body)
        if isinstance(node, ast.Return) and id(node) not in told
    )
    opaque = any(value is not None and not isinstance(value, ast.Constant) for value in returned)
    return opaque and not _is_of_bodies(annotation)


def _is_of_bodies(annotation: Any) -> bool:
    """Whether a return annotation names nothing but types of bodies."""
    origin = get_origin(annotation)
    if origin in {Union, types.UnionType, Annotated}:
        parts = get_args(annotation)[:1] if origin is Annotated else get_args(annotation)
        return all(map(_is_of_bodies, parts))
    kind = annotation if origin is None else origin
    return is_class(kind) and kind is not object and not issubclass(kind, Redirect | Response)
