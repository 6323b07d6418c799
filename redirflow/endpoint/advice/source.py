"""The source of a function, and what the names in it mean.

For advice only: read by `redirflow check` and in `dev`, never while serving. What can't be told
for certain is `UNKNOWN`, and nobody is told of it. Two things are certain:

* The text. A function is looked up in its file by name and line, and believed only if the file,
  compiled again, gives the very code that runs. So neither a file that changed since its import
  nor code made by `exec` or by an import hook is ever mistaken.
* A name that the function's closure or module holds, for what it holds now, unless the function
  binds it itself or the file has a `global` or `nonlocal` for it.
"""

import ast
import builtins
import inspect
import linecache
import types
import warnings
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import EnumType
from functools import partial
from typing import Any, Final, TypeAlias, TypeGuard

from msgspec import Struct

from redirflow.declare.faults import Place
from redirflow.endpoint.signature import held_by

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

NESTED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
"""Nodes whose insides run at another time, if at all."""

_GUARDING: Final = (ast.Try, ast.TryStar, ast.With, ast.AsyncWith)
_AWAITING: Final = (ast.Await, ast.Return)
_CALLING: Final = (*_AWAITING, ast.Assign, ast.Expr)

UNKNOWN: Final = object()
"""Stands for "this can't be told from the source"."""


def is_class(value: Any) -> TypeGuard[type[Any]]:
    """Whether *value* is a class; unlike `isinstance`, it asks no proxy what it stands for."""
    return issubclass(type(value), type)


def own_nodes(block: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of *block*, without the insides of functions and classes."""
    waiting = [*block]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, NESTED):
            waiting += ast.iter_child_nodes(node)


class Source(Struct, frozen=True, eq=False):
    """The source of one function.

    Attributes:
        names: what its closure, its module and the builtins hold.
        bound: names that may mean something else when it runs.
    """

    function: types.FunctionType
    node: FunctionNode
    names: Mapping[str, Any]
    bound: frozenset[str]

    @property
    def name(self) -> str:
        """As in messages: `get_user`, `Guard.__call__`."""
        return self.function.__qualname__.rpartition("<locals>.")[2]

    @property
    def generates(self) -> bool:
        """Whether calling it makes a generator."""
        flags = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
        return bool(self.function.__code__.co_flags & flags)

    def place(self, node: ast.stmt | ast.expr | ast.ExceptHandler) -> Place:
        """The line of *node*."""
        return Place(self.function.__code__.co_filename, node.lineno)

    def value(self, node: ast.expr) -> Any:
        """What a name, or an attribute of a module or a class, means."""
        if isinstance(node, ast.Name):
            known = node.id not in self.bound and not _is_mangled(node.id)
            return self.names.get(node.id, UNKNOWN) if known else UNKNOWN
        if isinstance(node, ast.Attribute):
            return _attribute(self.value(node.value), node.attr)
        return UNKNOWN

    def hands_on(self, function: object) -> bool:
        """Whether it calls *function*, and surely raises what that raises."""
        nodes = [*own_nodes(self.node.body)]
        # A coroutine that is not awaited at once may be awaited by who knows whom.
        at_once = _AWAITING if inspect.iscoroutinefunction(function) else _CALLING
        called = [node.value for node in nodes if isinstance(node, at_once)]
        guarded = any(isinstance(node, _GUARDING) for node in nodes)
        return not guarded and any(
            isinstance(each, ast.Call) and self.value(each.func) is function for each in called
        )


def _is_mangled(name: str) -> bool:
    """Whether a name would mean another one inside a class."""
    return name.startswith("__") and not name.endswith("__")


def _attribute(owner: Any, name: str) -> Any:
    if issubclass(type(owner), EnumType):
        return owner.__members__.get(name, UNKNOWN)
    if is_class(owner) or issubclass(type(owner), types.ModuleType):
        return inspect.getattr_static(owner, name, UNKNOWN)
    return UNKNOWN


Key: TypeAlias = tuple[str, int]
"""The name of a function, and its first line: that of its first decorator, if it has one."""


class _File(Struct, frozen=True):
    """One file.

    Attributes:
        functions: each with its code as the file has it.
        rebound: names that some function binds outside of itself.
    """

    functions: Mapping[Key, tuple[FunctionNode, types.CodeType]]
    rebound: frozenset[str]


class Library:
    """Files of source, each read once."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}

    def layers(self, function: Callable[..., Any]) -> list[Source]:
        """The functions that run when *function* is called, outermost first.

        It ends with the first that can't be read, or that may not hand on what the next one
        raises.
        """
        found: list[Source] = []
        outer: Any = function
        while outer is not None and (source := self._read(_called(outer))):
            found.append(source)
            inner = getattr(source.function, "__wrapped__", None)
            inner = getattr(outer, "__wrapped__", None) if inner is None else inner
            outer = inner if source.hands_on(inner) else None
        return found

    def _read(self, function: Any) -> Source | None:
        if not isinstance(function, types.FunctionType):
            return None
        code = function.__code__
        file = self._file(code.co_filename, function.__globals__)
        node, compiled = file.functions.get((code.co_name, code.co_firstlineno), (None, None))
        if node is None or compiled is None or _shape(compiled) != _shape(code):
            return None
        held = held_by(function)
        names = ChainMap(held, function.__globals__, builtins.__dict__)
        unheld = {*code.co_freevars} - held.keys()
        bound = file.rebound.union(code.co_varnames, code.co_cellvars, unheld)
        return Source(function, node, names, bound)

    def _file(self, name: str, names: dict[str, Any]) -> _File:
        if name not in self._files:
            linecache.checkcache(name)
            self._files[name] = _parsed("".join(linecache.getlines(name, names)))
        return self._files[name]


def _called(function: Any) -> Any:
    """What runs when *function* is called: for a partial, a class, an object with `__call__`."""
    while isinstance(function, partial):
        function = function.func
    if is_class(function):
        return function.__init__
    function = getattr(function, "__func__", function)
    return function if isinstance(function, types.FunctionType) else type(function).__call__


def _parsed(text: str) -> _File:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the file's own were told when it was imported
            tree = ast.parse(text)
            code = compile(text, "<source>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _File({}, frozenset())
    codes = {(each.co_name, each.co_firstlineno): each for each in _codes(code)}
    functions: dict[Key, tuple[FunctionNode, types.CodeType]] = {}
    rebound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode) and _key(node) in codes:
            functions[_key(node)] = (node, codes[_key(node)])
        elif isinstance(node, ast.Global | ast.Nonlocal):
            rebound.update(node.names)
    return _File(functions, frozenset(rebound))


def _key(node: FunctionNode) -> Key:
    first = node.decorator_list[0] if node.decorator_list else node
    return node.name, first.lineno


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    waiting = [code]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += (each for each in code.co_consts if isinstance(each, types.CodeType))


def _shape(code: types.CodeType) -> tuple[Any, ...]:
    """What two codes from the same text have in common, wherever and by whom they were made."""
    consts = [_shape(each) if isinstance(each, types.CodeType) else each for each in code.co_consts]
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, consts
