"""What the source of a function does, against what its specs declare.

Read by `redirflow check` and in `dev`, never while serving. It is advice: only what can be
decided from the text is told, and what calls code that is not seen is left alone. A name
counts for the object that the function's module or closure holds under it now.
"""

import ast
import builtins
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from redirflow.declare.attach import specs_of
from redirflow.declare.decorators import RaisesSpec
from redirflow.declare.errors import HTTPError
from redirflow.declare.faults import Fault, Place
from redirflow.declare.redirects import Redirect, RedirectSpec, Reroute
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.links import LinkRefused
from redirflow.endpoint.plan import Judge, RedirectPlan
from redirflow.endpoint.steps import Step
from redirflow.endpoint.target import NotAllowed
from redirflow.http.location import LocationRefused
from redirflow.http.methods import REDIRECT_STATUSES, method_after_hop
from redirflow.http.response import Response

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_UNKNOWN: Final = object()
_NESTED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_PLAIN: Final = (str, bytes, int, float, bool, list, dict, set, frozenset, tuple)


def source_warnings(endpoint: Endpoint) -> list[Fault]:
    """What the handler and the dependencies of *endpoint* do that they do not declare."""
    found: list[Fault] = []
    for step, judge in zip((*endpoint.steps, endpoint.handler), endpoint.judges, strict=True):
        if isinstance(step, Step):
            reading = _read(step.function)
            if reading is not None:
                found += _Reader(reading, judge, endpoint, step is endpoint.handler).faults()
    return found


@dataclass(frozen=True, slots=True)
class _Source:
    """The source of one function, and what its names mean."""

    function: Callable[..., Any]
    node: FunctionNode
    file: str
    before: int
    names: dict[str, Any]

    def place(self, node: ast.AST) -> Place:
        return Place(self.file, self.before + getattr(node, "lineno", 1))

    def value(self, node: ast.expr) -> Any:
        """What an expression of names and attributes of modules and classes means."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, _UNKNOWN)
        if isinstance(node, ast.Attribute):
            owner = self.value(node.value)
            if isinstance(owner, types.ModuleType | type):
                return inspect.getattr_static(owner, node.attr, _UNKNOWN)
        return _UNKNOWN


def _read(function: Callable[..., Any]) -> _Source | None:
    """The source of *function*, or `None` where there is none to read."""
    inner = inspect.unwrap(function)
    inner = getattr(inner, "__func__", inner)
    if not isinstance(inner, types.FunctionType):
        return None
    try:
        lines, first = inspect.getsourcelines(inner)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, SyntaxError):
        return None
    node = tree.body[0] if tree.body else None
    if not isinstance(node, FunctionNode):
        return None
    closure = inspect.getclosurevars(inner).nonlocals
    names = {**vars(builtins), **inner.__globals__, **closure}
    for local in _locals(node):
        names.pop(local, None)
    return _Source(function, node, inner.__code__.co_filename, first - 1, names)


def _locals(node: FunctionNode) -> Iterator[str]:
    """Names that the function itself binds; what they mean is not known."""
    arguments = node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield argument.arg
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store | ast.Del):
            yield each.id
        elif isinstance(each, ast.ExceptHandler) and each.name:
            yield each.name
        elif isinstance(each, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in each.names)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _NESTED):
            yield child
            yield from _own(child)


@dataclass(frozen=True, slots=True)
class _Made:
    """An expression that makes a signal: `Redirect.to(...).with_status(303)`.

    Attributes:
        kind: the class.
        call: the call that makes it; `None` for the bare class.
        named: whether it was made by `.to`.
        status: a literal status, or `None`.
        dynamic: whether a status is given that is no literal.
    """

    kind: type[Any]
    call: ast.Call | None
    named: bool = False
    status: int | None = None
    dynamic: bool = False


class _Reader:
    def __init__(self, source: _Source, judge: Judge, endpoint: Endpoint, handler: bool) -> None:
        self._source = source
        self._judge = judge
        self._endpoint = endpoint
        self._handler = handler
        self._found: list[Fault] = []

    def faults(self) -> list[Fault]:
        """Every warning about this function."""
        nodes = [each for line in self._source.node.body for each in (line, *_own(line))]
        for node in nodes:
            if isinstance(node, ast.Raise) and node.exc is not None:
                self._raised(node, self._made(node.exc))
            elif isinstance(node, ast.Return) and node.value is not None:
                self._returned(node, node.value)
            elif isinstance(node, ast.Try):
                self._swallowed(node)
        self._never_made(nodes)
        return self._found

    def _warn(self, node: ast.AST, found: str, write: str = "") -> None:
        name = getattr(self._source.function, "__name__", "?")
        fault = Fault(
            f"{name} {found}", write=write, place=self._source.place(node), severity="warning"
        )
        self._found.append(fault)

    def _made(self, node: ast.expr) -> _Made | None:
        """What *node* makes, if it is a signal."""
        if not isinstance(node, ast.Call):
            kind = self._source.value(node)
            return _Made(kind, None) if _is_signal(kind) else None
        kind = self._source.value(node.func)
        if _is_signal(kind):
            status, dynamic = _status(node)
            return _Made(kind, node, status=status, dynamic=dynamic)
        if not isinstance(node.func, ast.Attribute):
            return None
        if node.func.attr == "to" and _is_signal(self._source.value(node.func.value)):
            return _Made(self._source.value(node.func.value), node, named=True)
        inner = self._made(node.func.value)
        if inner is None or node.func.attr != "with_status" or not node.args:
            return inner
        literal = _literal(node.args[0])
        status = int(literal) if isinstance(literal, int) else None
        return _Made(inner.kind, inner.call, inner.named, status, status is None)

    def _raised(self, node: ast.AST, made: _Made | None) -> None:
        if made is None:
            return
        if issubclass(made.kind, HTTPError):
            self._error(node, made.kind)
        elif issubclass(made.kind, Redirect):
            self._redirect(node, made)

    def _returned(self, node: ast.Return, value: ast.expr) -> None:
        made = self._made(value)
        if made is not None and issubclass(made.kind, Redirect):
            self._redirect(node, made)
        elif isinstance(value, ast.Call) and self._source.value(value.func) is Response:
            self._response(node, value)

    def _error(self, node: ast.AST, kind: type[HTTPError]) -> None:
        if not any(parent in self._judge.errors for parent in kind.__mro__):
            found = f"raises {kind.__name__} ({kind.status_code}), which is not declared"
            self._warn(node, found, f"@raises({kind.__name__})")

    def _response(self, node: ast.AST, call: ast.Call) -> None:
        status, _ = _status(call)
        if not self._handler or status is None or status in REDIRECT_STATUSES:
            return
        declared = [response.status for response in self._endpoint.responses]
        if status not in declared:
            found = f"returns a Response with the status {status}, which is not declared"
            self._warn(node, found, f"@returns(status_code={status})")

    def _redirect(self, node: ast.AST, made: _Made) -> None:
        statuses = [*self._judge.redirects]
        if not statuses:
            found = "sends a Redirect, but declares none"
            self._warn(node, found, f"@redirects({made.status or 303}, to=...)")
            return
        status = made.status or (None if made.dynamic else self._judge.default_status)
        if made.status is not None and made.status not in statuses:
            declared = ", ".join(map(str, statuses))
            found = f"sends a Redirect with the status {made.status}; declared: {declared}"
            self._warn(node, found, f"@redirects({made.status}, to=...)")
        elif status is None and not made.dynamic:
            found = f"sends a Redirect without a status, with {len(statuses)} of them declared"
            self._warn(node, found, f".with_status({statuses[0]})")
        elif made.call is not None:
            kept = statuses if status is None else [status]
            self._target(node, made, [p for each in kept for p in self._judge.redirects[each]])

    def _target(self, node: ast.AST, made: _Made, plans: list[RedirectPlan]) -> None:
        """Whether one of the plans allows a literal target."""
        assert made.call is not None
        if not made.call.args or isinstance(made.call.args[0], ast.Starred):
            return
        target = _literal(made.call.args[0])
        if made.named:
            if target is _UNKNOWN:
                target = self._source.value(made.call.args[0])
            if isinstance(target, str) or callable(target):
                self._operation(node, made.call, target, plans)
        elif isinstance(target, str) and not any(self._admits(plan, target) for plan in plans):
            listed = " or ".join(plan.destination.listed for plan in plans)
            self._warn(node, f"sends a Redirect to {target!r}; declared: {listed}")

    def _operation(
        self, node: ast.AST, call: ast.Call, target: Any, plans: list[RedirectPlan]
    ) -> None:
        try:
            link = self._judge.directory.link(target)
        except LookupError as error:
            self._warn(node, f"sends a Redirect to an unknown target: {error}")
            return
        allowed = any(
            plan.destination.any_local or link.operation in plan.destination.owners
            for plan in plans
        )
        if not allowed:
            listed = " or ".join(plan.destination.listed for plan in plans)
            found = f"sends a Redirect to {link.operation.name!r}; declared: {listed}"
            self._warn(node, found)
        elif len(call.args) == 1 and all(keyword.arg for keyword in call.keywords):
            given = dict.fromkeys((str(keyword.arg) for keyword in call.keywords), "")
            try:
                link.refuse_names(given)
            except LinkRefused as error:
                self._warn(node, f"sends a Redirect that can't be made: {error}")

    def _admits(self, plan: RedirectPlan, location: str) -> bool:
        operation = self._endpoint.operation
        method = method_after_hop(plan.spec.status_code, operation.method)
        try:
            plan.destination.admit(location, method, {"path": operation.path})
        except (LocationRefused, NotAllowed):
            return False
        return True

    def _swallowed(self, node: ast.Try) -> None:
        """A broad `except` around a signal that is raised in the same function."""
        signals = [
            each
            for statement in node.body
            for each in (statement, *_own(statement))
            if isinstance(each, ast.Raise) and each.exc is not None and self._made(each.exc)
        ]
        for handler in node.handlers if signals else ():
            if self._catches_signals(handler.type):
                return
            if self._is_broad(handler.type) and not _raises(handler):
                line = self._source.place(signals[0]).line
                self._warn(
                    handler,
                    f"catches everything here, and so swallows what line {line} raises",
                    "a narrower except, or `except (Redirect, HTTPError): raise` before it",
                )
                return

    def _catches_signals(self, node: ast.expr | None) -> bool:
        return any(_is_signal(kind) for kind in self._kinds(node))

    def _is_broad(self, node: ast.expr | None) -> bool:
        return node is None or any(kind in {Exception, BaseException} for kind in self._kinds(node))

    def _kinds(self, node: ast.expr | None) -> list[Any]:
        if node is None:
            return []
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        kinds = [self._source.value(part) for part in parts]
        return [kind for kind in kinds if isinstance(kind, type)]

    def _never_made(self, nodes: list[ast.AST]) -> None:
        """What is declared, though no line can send it: told only if every line is understood."""
        if not all(self._is_understood(node) for node in nodes):
            return
        made = [self._made(node) for node in nodes if isinstance(node, ast.expr)]
        kinds = [each.kind for each in made if each is not None]
        redirecting = any(issubclass(kind, Redirect) for kind in kinds) or _makes_redirects(nodes)
        for spec in specs_of(self._source.function):
            if isinstance(spec, RedirectSpec) and not redirecting:
                self._never(f"a redirect {spec.status_code}", spec.place)
            elif isinstance(spec, RaisesSpec) and not spec.on:
                for error in spec.classes:
                    if not any(issubclass(kind, error) for kind in kinds):
                        self._never(error.__name__, spec.place)

    def _never(self, what: str, place: Place) -> None:
        name = getattr(self._source.function, "__name__", "?")
        found = f"{name} declares {what}, but no line of it can send it"
        self._found.append(Fault(found, place=place, severity="warning"))

    def _is_understood(self, node: ast.AST) -> bool:
        """Whether a node runs no code that is not seen here."""
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith | ast.With | ast.Yield):
            return False
        if isinstance(node, ast.Raise):
            return node.exc is not None and self._made(node.exc) is not None
        if not isinstance(node, ast.Call) or self._made(node) is not None:
            return True
        called = self._source.value(node.func)
        if called is not _UNKNOWN:
            return called in {Response, len, str, int, sorted, list, dict, set, tuple, print}
        if isinstance(node.func, ast.Attribute):
            owner = self._source.value(node.func.value)
            return type(owner) in _PLAIN or isinstance(node.func.value, ast.Constant)
        return False


def _is_signal(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Redirect | Reroute | HTTPError)


def _literal(node: ast.expr) -> Any:
    return node.value if isinstance(node, ast.Constant) else _UNKNOWN


def _status(call: ast.Call) -> tuple[int | None, bool]:
    """A literal `status_code=`, and whether there is one that is no literal."""
    for keyword in call.keywords:
        if keyword.arg is None:
            return None, True
        if keyword.arg == "status_code":
            value = _literal(keyword.value)
            return (value, False) if isinstance(value, int) else (None, True)
    return None, False


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for node in _own(handler))


def _makes_redirects(nodes: list[ast.AST]) -> bool:
    """Whether a `Response` gets a status, which may be that of a redirect."""
    return any(isinstance(node, ast.Call) and _status(node) != (None, False) for node in nodes)
