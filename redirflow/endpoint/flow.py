"""Which of the signals that a function makes leave it, and which a broad `except` swallows.

A line counts if it can be reached. What is raised leaves the function if no `try` and no
context manager around it may keep it in; where that can't be told, it is left alone.
"""

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from redirflow.declare.errors import HTTPError
from redirflow.declare.redirects import Redirect, Reroute
from redirflow.endpoint.signals import Made, made
from redirflow.endpoint.source import NESTED, UNKNOWN, Source, is_class, own_nodes

Guard: TypeAlias = ast.Try | ast.TryStar | ast.withitem | ast.stmt
"""What stands around a line: a `try`, a context manager, an exit from a `finally`."""

_EXITS: Final = (ast.Return, ast.Break, ast.Continue)
_BROAD: Final = (Exception, BaseException)
_TELLING: Final = frozenset(
    {"debug", "info", "warning", "error", "exception", "critical", "log"}
    | {"print_exc", "print_exception", "format_exc", "format_exception"}
)
"""Methods and functions that tell of an exception, and do no more with it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A line that sends something."""

    line: ast.Raise | ast.Return
    made: Made


@dataclass(frozen=True, slots=True)
class Lost:
    """A redirect or reroute that a broad `except` swallows."""

    line: ast.Raise
    made: Made
    clause: ast.ExceptHandler


def sendings(source: Source) -> Iterator[Sent | Lost]:
    """What the lines of a function send, as far as that can be told."""
    start = _first_yield(source)
    for line, guards in _reachable(source, source.node.body, ()):
        if isinstance(line, ast.Raise) and line.exc is not None:
            for each in made(source, line.exc):
                # After its yield a generator speaks when the answer is made already.
                if issubclass(each.kind, HTTPError) or (line.lineno, line.col_offset) < start:
                    yield from _raised(source, line, each, guards)
        elif isinstance(line, ast.Return) and line.value is not None and not source.generates:
            if not any(isinstance(guard, _EXITS) for guard in guards):
                yield from (Sent(line, each) for each in made(source, line.value))


def _first_yield(source: Source) -> tuple[float, int]:
    yields = [
        (node.lineno, node.col_offset)
        for node in own_nodes(source.node.body)
        if isinstance(node, ast.Yield | ast.YieldFrom)
    ]
    return min(yields, default=(float("inf"), 0))


def _raised(
    source: Source, line: ast.Raise, each: Made, guards: Iterable[Guard]
) -> Iterator[Sent | Lost]:
    keeper = _keeper(source, each.kind, [*guards])
    if keeper is None:
        yield Sent(line, each)
    elif isinstance(keeper, ast.ExceptHandler) and issubclass(each.kind, Redirect | Reroute):
        if _is_broad(source, keeper) and _drops(source, keeper):
            yield Lost(line, each, keeper)


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
    exits = tuple(each for each in own_nodes(statement.finalbody) if isinstance(each, _EXITS))
    yield statement.body, (*exits, statement)
    yield from ((clause.body, exits) for clause in statement.handlers)
    yield statement.orelse, exits
    yield statement.finalbody, ()


def _ends(statement: ast.stmt) -> bool:
    """Whether nothing runs after it in its block."""
    if isinstance(statement, ast.If):
        return all(any(map(_ends, block)) for block in (statement.body, statement.orelse))
    return isinstance(statement, ast.Raise | ast.Return | ast.Break | ast.Continue)


def _truth(source: Source, test: ast.expr) -> bool | None:
    """Whether a test holds, where a constant or a flag such as TYPE_CHECKING decides it."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _truth(source, test.operand)
        return None if inner is None else not inner
    value = test.value if isinstance(test, ast.Constant) else source.value(test)
    return value if type(value) is bool else None


# --- what keeps an exception in --------------------------------------------------------------


def _keeper(source: Source, kind: type[Any], guards: list[Guard]) -> ast.AST | None:
    """The innermost of *guards* that may keep an exception in, or `None`."""
    for guard in reversed(guards):
        if isinstance(guard, ast.Try | ast.TryStar):
            clause = _catching(source, kind, guard.handlers)
            if clause is not None:
                return clause
        elif not isinstance(guard, ast.withitem) or _may_suppress(source, kind, guard):
            return guard
    return None


def _catching(
    source: Source, kind: type[Any], clauses: list[ast.ExceptHandler]
) -> ast.ExceptHandler | None:
    """The clause that may keep an exception in, or `None`."""
    for clause in clauses:
        caught = _catches(_kinds(source, clause.type), kind)
        if caught is not False and not _raises_again(clause):
            return clause
        if caught:
            return None
    return None


def _kinds(source: Source, node: ast.expr | None) -> list[Any]:
    """What an `except` names, one by one."""
    if node is None:
        return [BaseException]
    if isinstance(node, ast.Tuple):
        return [source.value(part) for part in node.elts]
    value = source.value(node)
    return [*value] if type(value) is tuple else [value]


def _catches(kinds: list[Any], kind: type[Any]) -> bool | None:
    """Whether one of *kinds* is *kind* or a parent; `None` if that can't be told."""
    if any(each is parent for each in kinds for parent in kind.__mro__):
        return True
    return False if all(map(is_class, kinds)) else None


def _raises_again(clause: ast.ExceptHandler) -> bool:
    """Whether a clause surely ends by raising what it caught."""
    last = clause.body[-1]
    if not isinstance(last, ast.Raise) or not _is_caught(last.exc, clause):
        return False
    return not any(isinstance(node, _EXITS) for node in own_nodes(clause.body))


def _is_caught(raised: ast.expr | None, clause: ast.ExceptHandler) -> bool:
    return raised is None or (isinstance(raised, ast.Name) and raised.id == clause.name)


def _may_suppress(source: Source, kind: type[Any], item: ast.withitem) -> bool:
    """Whether a context manager may swallow an exception, or make another one of it."""
    manager = item.context_expr
    if not isinstance(manager, ast.Call):
        return not _is_honest(type(source.value(manager)))
    maker = source.value(manager.func)
    if maker is suppress:
        return _catches([source.value(each) for each in manager.args], kind) is not False
    return not _is_honest(maker)


def _is_honest(manager: Any) -> bool:
    """Whether instances of a class say in their annotations that they swallow nothing."""
    if not is_class(manager):
        return False
    exits = [inspect.getattr_static(manager, name, None) for name in ("__exit__", "__aexit__")]
    said = [getattr(each, "__annotations__", {}).get("return", UNKNOWN) for each in exits if each]
    return bool(said) and all(each is None or each == "None" for each in said)


# --- what a broad clause does with an exception ----------------------------------------------


def _is_broad(source: Source, clause: ast.ExceptHandler) -> bool:
    """Whether a clause means everything, and not redirects in particular."""
    kinds = [each for each in _kinds(source, clause.type) if is_class(each)]
    meant = any(issubclass(each, Redirect | Reroute) for each in kinds)
    return not meant and any(each in _BROAD for each in kinds)


def _drops(source: Source, clause: ast.ExceptHandler) -> bool:
    """Whether it can be told that a clause neither raises again what it caught nor hands it on."""
    nodes = [*own_nodes(clause.body)]
    ends = [node for node in nodes if _is_end(source, node)]
    seen = {id(inner) for node in ends for inner in ast.walk(node)}
    return not any(_may_hand_on(clause, node) for node in nodes if id(node) not in seen)


def _is_end(source: Source, node: ast.AST) -> bool:
    """Whether nothing of what goes in here comes out again."""
    if isinstance(node, ast.Raise):
        return node.exc is not None and any(made(source, node.exc))
    if isinstance(node, ast.Call):
        told = isinstance(node.func, ast.Attribute) and node.func.attr in _TELLING
        plain = any(source.value(node.func) is each for each in (print, str, repr, type))
        return told or plain or any(made(source, node))
    return isinstance(node, ast.FormattedValue)


def _may_hand_on(clause: ast.ExceptHandler, node: ast.AST) -> bool:
    named = isinstance(node, ast.Name) and node.id == clause.name
    return named or isinstance(node, (ast.Raise, ast.Call, *NESTED))
