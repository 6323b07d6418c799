"""Which of the signals that a function makes leave it, and which are lost on the way: a broad
`except` swallows them, or a line makes them and does no more.

A line counts if it can be reached. What is raised leaves the function if no `try` and no
context manager around it may keep it in; where that can't be told, it is left alone.
"""

import ast
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from msgspec import Struct

from redirflow.endpoint.advice.asking import Asked, asked
from redirflow.endpoint.advice.guards import EXITS, GOING, Guard, keeper, swallows
from redirflow.endpoint.advice.signals import Made, made
from redirflow.endpoint.advice.source import Library, Source, own_nodes
from redirflow.http.response import Response


class Sent(Struct, frozen=True):
    """A line that sends something."""

    line: ast.Raise | ast.Return
    made: Made


class Lost(Struct, frozen=True):
    """A redirect or reroute that a broad `except` swallows."""

    line: ast.Raise
    made: Made
    clause: ast.ExceptHandler


class Dropped(Struct, frozen=True):
    """A line that makes what is to be raised, and does not raise it."""

    line: ast.Expr
    made: Made


Told: TypeAlias = Sent | Lost | Dropped | Asked


class Reading(Struct, frozen=True, eq=False):
    """The source of a function, and what its lines do as far as that can be told."""

    source: Source
    told: tuple[Told, ...]


class Readings:
    """What is known of functions, each read once."""

    def __init__(self) -> None:
        self._library = Library()
        self._known: dict[int, list[Reading]] = {}

    def of(self, function: Callable[..., Any]) -> list[Reading]:
        """What runs when *function* is called, outermost first, as far as it can be read."""
        known = self._known.get(id(function))
        if known is None:
            known = self._known[id(function)] = self._read(function)
        return known

    def _read(self, function: Callable[..., Any]) -> list[Reading]:
        try:
            layers = self._library.layers(function)
            return [Reading(source, tuple(_told(source))) for source in layers]
        except RecursionError:
            return []  # an expression too deep to be followed


def _told(source: Source) -> Iterator[Told]:
    for line, guards in _reachable(source, source.node.body, ()):
        yield from asked(source, line, guards)
        if isinstance(line, ast.Raise):
            yield from _raised(source, line, guards)
        elif isinstance(line, ast.Expr):
            makes = made(source, line.value)
            yield from (Dropped(line, each) for each in makes if each.kind is not Response)
        elif isinstance(line, ast.Return):
            overtaken = any(isinstance(guard, EXITS) for guard in guards)
            if line.value is not None and not overtaken and not source.generates:
                yield from (Sent(line, each) for each in made(source, line.value))


def _raised(source: Source, line: ast.Raise, guards: tuple[Guard, ...]) -> Iterator[Sent | Lost]:
    for each in made(source, line.exc) if line.exc else ():
        going = issubclass(each.kind, GOING)
        kept_by = keeper(source, each.kind, guards)
        # After the yield of a generator the answer is made already.
        if kept_by is None and not (going and _follows_yield(source, line)):
            yield Sent(line, each)
        if isinstance(kept_by, ast.ExceptHandler) and going and swallows(source, kept_by):
            yield Lost(line, each, kept_by)


def _follows_yield(source: Source, line: ast.stmt) -> bool:
    yields = [
        node.lineno
        for node in own_nodes(source.node.body)
        if isinstance(node, ast.Yield | ast.YieldFrom)
    ]
    return bool(yields) and min(yields) <= line.lineno


# --- lines and what stands around them -------------------------------------------------------


def _reachable(
    source: Source, block: list[ast.stmt], guards: tuple[Guard, ...]
) -> Iterator[tuple[ast.stmt, tuple[Guard, ...]]]:
    for statement in block:
        yield statement, guards
        for inner, more in _blocks(source, statement):
            yield from _reachable(source, inner, (*guards, *more))
        if _ends(statement):
            return


def _blocks(
    source: Source, statement: ast.stmt
) -> Iterator[tuple[list[ast.stmt], tuple[Guard, ...]]]:
    """The blocks of a statement that may run, each with what the statement puts around it."""
    match statement:
        case ast.If() | ast.While():
            truth = _truth(source, statement.test)
            yield [] if truth is False else statement.body, ()
            yield [] if truth is True else statement.orelse, ()
        case ast.For() | ast.AsyncFor():
            yield statement.body, ()
            yield statement.orelse, ()
        case ast.Try() | ast.TryStar():
            yield from _try_blocks(statement)
        case ast.With() | ast.AsyncWith():
            yield statement.body, tuple(statement.items)
        case ast.Match():
            yield from ((case.body, ()) for case in statement.cases)
        case _:
            pass


def _try_blocks(
    statement: ast.Try | ast.TryStar,
) -> Iterator[tuple[list[ast.stmt], tuple[Guard, ...]]]:
    # What leaves a `finally` on its own takes the place of an exception or a return.
    exits = tuple(each for each in own_nodes(statement.finalbody) if isinstance(each, EXITS))
    yield statement.body, (*exits, statement)
    yield from ((clause.body, exits) for clause in statement.handlers)
    yield statement.orelse, exits
    yield statement.finalbody, ()


def _ends(statement: ast.stmt) -> bool:
    """Whether nothing runs after it in its block."""
    match statement:
        case ast.Raise() | ast.Return() | ast.Break() | ast.Continue():
            return True
        case ast.While(test=ast.Constant(value=True | 1)):
            return not any(isinstance(node, ast.Break) for node in own_nodes(statement.body))
        case ast.If():
            ways = [statement.body, statement.orelse]
        case ast.Try() | ast.TryStar():
            handled = [clause.body for clause in statement.handlers]
            ways = [[*statement.body, *statement.orelse], *handled]
            ways = [[*way, *statement.finalbody] for way in ways]
        case ast.Match():
            last = statement.cases[-1]
            named = last.pattern.pattern if isinstance(last.pattern, ast.MatchAs) else last.pattern
            ways = [case.body for case in statement.cases]
            ways += [[]] if last.guard or named else []
        case _:
            return False
    return all(any(map(_ends, way)) for way in ways)


def _truth(source: Source, test: ast.expr) -> bool | None:
    """Whether a test holds, where a constant or a flag such as TYPE_CHECKING decides it."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _truth(source, test.operand)
        return None if inner is None else not inner
    if isinstance(test, ast.Constant):
        return bool(test.value)
    value = source.value(test)
    return value if type(value) is bool else None
