"""What stands around a line and may keep in what it raises.

A clause of a `try`, a context manager, an exit from a `finally`. Where it can't be told whether
an exception gets past, it is taken for kept: nobody is told of it then.
"""

import ast
import asyncio
import logging
import threading
import traceback
from contextlib import suppress
from typing import Any, Final, TypeAlias

import anyio

from redirflow.declare.redirects import Redirect, Reroute
from redirflow.endpoint.advice.signals import made
from redirflow.endpoint.advice.source import NESTED, Source, is_class, own_nodes

Guard: TypeAlias = ast.Try | ast.TryStar | ast.withitem | ast.stmt
"""A `try`, a context manager, or an exit from a `finally`."""

EXITS: Final = (ast.Return, ast.Break, ast.Continue)
GOING: Final = (Redirect, Reroute)
_BROAD: Final = (Exception, BaseException)
_LOCKS: Final = (
    anyio.Lock,
    anyio.Semaphore,
    anyio.CapacityLimiter,
    asyncio.Lock,
    asyncio.Semaphore,
    threading.Semaphore,
    type(threading.Lock()),
    type(threading.RLock()),
)
"""Context managers that let exceptions pass."""

_LOGGING: Final = frozenset({"logging", "structlog", "loguru"})
"""Libraries whose loggers tell of an exception, and do no more with it."""


def keeper(source: Source, kind: type[Any], guards: tuple[Guard, ...]) -> ast.AST | None:
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
    match last:
        case ast.Raise(exc=None):
            pass
        case ast.Raise(exc=ast.Name(id=name)) if name == clause.name:
            pass
        case _:
            return False
    return not any(isinstance(node, EXITS) for node in own_nodes(clause.body))


def _may_suppress(source: Source, kind: type[Any], item: ast.withitem) -> bool:
    """Whether a context manager may swallow an exception, or make another one of it."""
    manager = item.context_expr
    if not isinstance(manager, ast.Call):
        return not issubclass(type(source.value(manager)), _LOCKS)
    maker = source.value(manager.func)
    if maker is suppress:
        return _catches([source.value(each) for each in manager.args], kind) is not False
    return maker is not open


# --- what a broad clause does with an exception ----------------------------------------------


def swallows(source: Source, clause: ast.ExceptHandler) -> bool:
    """Whether a clause means everything, not redirects in particular, and drops it."""
    kinds = _kinds(source, clause.type)
    if not all(map(is_class, kinds)) or any(issubclass(each, GOING) for each in kinds):
        return False
    return any(each in _BROAD for each in kinds) and _drops(source, clause)


def _drops(source: Source, clause: ast.ExceptHandler) -> bool:
    """Whether it can be told that a clause neither raises again what it caught nor hands it on."""
    nodes = [*own_nodes(clause.body)]
    ends = [node for node in nodes if _is_end(source, node)]
    told = {id(inner) for node in ends for inner in ast.walk(node)}
    return not any(
        (node.id == clause.name and id(node) not in told)
        if isinstance(node, ast.Name)
        else isinstance(node, (ast.Raise, ast.Call, *NESTED)) and node not in ends
        for node in nodes
    )


def _is_end(source: Source, node: ast.AST) -> bool:
    """Whether nothing of what goes in here comes out again."""
    if isinstance(node, ast.Raise):
        return node.exc is not None and any(made(source, node.exc))
    if isinstance(node, ast.Call):
        plain = any(source.value(node.func) is each for each in (print, str, repr, type))
        return plain or _tells(source, node.func) or any(made(source, node))
    return isinstance(node, ast.FormattedValue)


def _tells(source: Source, function: ast.expr) -> bool:
    """Whether it is a method of a logger, or a function of `logging` or `traceback`."""
    if not isinstance(function, ast.Attribute):
        return False
    owner = source.value(function.value)
    logs = str(type(owner).__module__).partition(".")[0] in _LOGGING
    return logs or any(owner is each for each in (logging, traceback))
