"""Whether a function runs no code but its own lines, so that they tell all that it can raise.

Code that is not seen hides in calls, and in operators, attributes and loops on objects of the
author's classes. So these pass on plain data alone: literals, values read from the request, and
the dictionaries, lists and so on that the module holds.
"""

import ast
import builtins
from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct

from redirflow.declare.errors import HTTPError
from redirflow.declare.redirects import Redirect, Reroute
from redirflow.endpoint.advice.signals import made
from redirflow.endpoint.advice.source import UNKNOWN, Source, is_class, own_nodes
from redirflow.http.response import Response

_DISPLAYS: Final = (ast.Constant, ast.JoinedStr, ast.Tuple, ast.List, ast.Set, ast.Dict)
_BRANCHES: Final = (ast.BoolOp, ast.IfExp)
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MARKS: Final = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.keyword)
_STEPS: Final = (ast.Assign, ast.AnnAssign, ast.Expr, ast.Return, ast.Raise, ast.Assert, ast.Pass)
_BLOCKS: Final = (ast.If, ast.While, ast.Try, ast.TryStar, ast.ExceptHandler)
_JUMPS: Final = (ast.Break, ast.Continue)
_IDLE: Final = (
    *(*_DISPLAYS, *_BRANCHES, *_COMPREHENSIONS, ast.Name, ast.NamedExpr),
    *(*_MARKS, *_STEPS, *_BLOCKS, *_JUMPS),
)
"""Nodes that run nothing beyond what is inside them."""

_OF_PLAIN: Final = (*_DISPLAYS, *_BRANCHES, ast.BinOp, ast.UnaryOp, ast.Compare)
"""Expressions that give plain data if everything inside them is plain."""

_PLAIN: Final = (str, bytes, int, float, bool, list, dict, set, frozenset, tuple)
_HARMLESS: Final = (len, str, int, float, bool, list, dict, set, tuple, sorted, print)
"""Functions that give plain data, and run nothing, if they are given plain data."""

_SEEN: Final[tuple[Any, ...]] = (Redirect, Reroute, HTTPError, Response)


def is_quiet(source: Source, scalars: Iterable[str]) -> bool:
    """Whether the lines of a function are all that it runs; there are more to come in a stub.

    Args:
        scalars: arguments that are read from the request.
    """
    if all(map(_is_left_open, source.node.body)):
        return False
    nodes = [*own_nodes(source.node.body)]
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    listener = _Listener(source, frozenset(scalars) - stored)
    return all(map(listener.hears_nothing, nodes))


class _Listener(Struct, frozen=True):
    source: Source
    scalars: frozenset[str]

    def hears_nothing(self, node: ast.AST) -> bool:
        """Whether a node runs no code that is not seen, whatever is inside it."""
        match node:
            case ast.Call():
                return self._calls_nothing(node)
            case ast.Raise(exc=ast.expr() as raised):
                return self._is_seen(raised)
            case ast.Compare():
                same = all(isinstance(each, ast.Is | ast.IsNot) for each in node.ops)
                return same or self._is_plain(node)
            case ast.BinOp() | ast.UnaryOp():
                return isinstance(node.op, ast.Not) or self._is_plain(node)
            case ast.Subscript():
                known = is_class(self.source.value(node.value))
                return known or (self._is_plain(node.value) and self._is_plain(node.slice))
            case ast.Attribute():
                # A method is one of plain data, or of something that a handler raises.
                owned = self._is_plain(node.value) or any(made(self.source, node.value))
                return owned or self.source.value(node) is not UNKNOWN
            case ast.FormattedValue():
                return self._is_plain(node.value)
            case ast.For() | ast.comprehension():
                return isinstance(node.iter, ast.Call) or self._is_plain(node.iter)
            case _:
                return isinstance(node, _IDLE)

    def _is_plain(self, node: ast.AST) -> bool:
        """Whether an expression gives plain data, and nothing is run to make it."""
        if isinstance(node, ast.Name):
            return node.id in self.scalars or type(self.source.value(node)) in _PLAIN
        if isinstance(node, ast.Call):
            function = self.source.value(node.func)
            return any(function is each for each in _HARMLESS) and self._takes_plain(node)
        parts = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
        return isinstance(node, _OF_PLAIN) and all(map(self._is_plain, parts))

    def _takes_plain(self, call: ast.Call) -> bool:
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        return all(map(self._is_plain, arguments))

    def _calls_nothing(self, call: ast.Call) -> bool:
        if any(made(self.source, call)):
            # One of `(A if x else B)(...)` may be unknown.
            return not isinstance(call.func, ast.IfExp) and self._makes_seen(call)
        method = isinstance(call.func, ast.Attribute) and self._is_plain(call.func.value)
        error = _is_built_in_error(self.source.value(call.func))
        return self._is_plain(call) or ((method or error) and self._takes_plain(call))

    def _is_seen(self, raised: ast.expr) -> bool:
        """Whether it can be told what is raised."""
        if isinstance(raised, ast.IfExp):
            return self._is_seen(raised.body) and self._is_seen(raised.orelse)
        named = raised.func if isinstance(raised, ast.Call) else raised
        built_in = _is_built_in_error(self.source.value(named))
        return built_in or self._makes_seen(raised)

    def _makes_seen(self, node: ast.expr) -> bool:
        """Whether it makes something of a class whose `__init__` is redirflow's own."""
        made_here = [*made(self.source, node)]
        inits: list[Any] = [each.__init__ for each in _SEEN]
        return bool(made_here) and all(each.kind.__init__ in inits for each in made_here)


def _is_left_open(line: ast.stmt) -> bool:
    """Whether a line is a docstring, `...` or `pass`."""
    return isinstance(line, ast.Pass) or (
        isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
    )


def _is_built_in_error(value: Any) -> bool:
    if not is_class(value) or value is NotImplementedError:
        return False
    return issubclass(value, BaseException) and getattr(builtins, value.__name__, None) is value
