"""What `.to(...)` and `url_for(...)` mean in the source of a function: an operation, and parameters
for it.
"""

import ast
from collections.abc import Iterable
from contextlib import suppress
from inspect import signature
from types import FunctionType
from typing import Any, NamedTuple

from msgspec import Struct

from redirflow.declare.redirects import Reroute
from redirflow.endpoint.advice.signals import Made, literal
from redirflow.endpoint.advice.source import Source
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.links import Link, LinkRefused, name_of
from redirflow.endpoint.plan import Judge
from redirflow.endpoint.target import Destination, NotAllowed


class Objection(Exception):
    """What is wrong with a line; it is told after the name of the function."""

    def __init__(self, found: str, allowed: str = "", write: str = "") -> None:
        super().__init__(found)
        self.found, self.allowed, self.write = found, allowed, write


class Hearing(Struct, frozen=True, eq=False):
    """A function, the judge of what it sends, and the operation that it is called for.

    Attributes:
        requests: arguments of the function that are the request.
        alone: whether other operations and rules may be missing, so that nothing can be told of
            where it leads.
    """

    source: Source
    judge: Judge
    endpoint: Endpoint
    requests: tuple[str, ...]
    alone: bool


class Aim(NamedTuple):
    """Where `.to` leads.

    Attributes:
        location: the very location, if every parameter is a literal.
    """

    link: Link
    location: str | None


def aim_of(hearing: Hearing, made: Made, where: Iterable[Destination] = ()) -> Aim | None:
    """Where `.to` leads; `None` if that can't be told.

    Args:
        where: one of these must list the operation.

    Raises:
        Objection: there is no such operation, or it does not take these parameters.
    """
    target = _target(hearing.source, made.where)
    if target is None:
        return None
    destinations = [*where]
    verb = "reroutes" if issubclass(made.kind, Reroute) else "redirects"
    try:
        link = _link(hearing.judge, target, destinations)
        return Aim(link, _location(link, _parameters(target, made.call)))
    except NotAllowed as error:
        found = f"{verb} to {name_of(target)}: {error}"
        raise Objection(found, listed(destinations)) from None
    except (LookupError, ValueError) as error:
        raise Objection(f"{verb} to {name_of(target)}: {error}") from None


def hear_link(hearing: Hearing, call: ast.Call) -> None:
    """Object to a call of `url_for` that names no operation, or gives it other parameters."""
    target = _target(hearing.source, call.args[0] if call.args else None)
    if target is None:
        return
    try:
        link = hearing.judge.directory.link(target)
        given = _parameters(target, call)
        if given is not None and call.args[1:]:
            raise LinkRefused("the parameters of url_for are given by keyword")
        _location(link, given)
    except (LookupError, ValueError) as error:
        raise Objection(f"links to {name_of(target)}: {error}") from None


def listed(destinations: Iterable[Destination]) -> str:
    """What several specs allow."""
    return " or ".join(dict.fromkeys(each.listed for each in destinations))


def _target(source: Source, node: ast.expr | None) -> Any:
    """A name or a handler; `None` if it can't be told."""
    if node is None or isinstance(literal(node), str):
        return None if node is None else literal(node)
    value = source.value(node)
    return value if type(value) is FunctionType else None


def _link(judge: Judge, target: Any, where: list[Destination]) -> Link:
    for destination in where:
        with suppress(NotAllowed):
            return destination.link(target)
    link = judge.directory.link(target)
    if where:
        raise NotAllowed("an operation that the spec does not list")
    return link


def _location(link: Link, given: dict[str, Any] | None) -> str | None:
    if given is None:
        return None
    if any(value is ... for value in given.values()):
        link.refuse_names(given)
        return None
    return link(given)


def _parameters(target: Any, call: ast.Call | None) -> dict[str, Any] | None:
    """By name, `...` for what is no literal; `None` if not even the names can be told.

    Raises:
        LinkRefused: `.to` itself refuses them.
    """
    if call is None or any(isinstance(each, ast.Starred) for each in call.args):
        return None
    if any(keyword.arg is None for keyword in call.keywords):
        return None
    named = {str(keyword.arg): literal(keyword.value) for keyword in call.keywords}
    values = [literal(each) for each in call.args[1:]]
    if not values:
        return named
    if isinstance(target, str):
        raise LinkRefused("parameters of a target that is a name are given by keyword")
    try:
        return dict(signature(target).bind_partial(*values, **named).arguments)
    except TypeError as error:
        raise LinkRefused(str(error)) from None
