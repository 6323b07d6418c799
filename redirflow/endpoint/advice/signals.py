"""What an expression makes: a redirect, a reroute, an error, a response.

`Redirect.to(home).with_status(303)`, `rf.NotFound("...")`, `(A if x else B)(...)`. Only classes
that do what those of redirflow do are understood; a subclass with an `__init__` of its own is
known by its class alone.
"""

import ast
import inspect
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from redirflow.declare.errors import HTTPError
from redirflow.declare.redirects import Redirect, Reroute
from redirflow.endpoint.advice.source import Source
from redirflow.http.methods import REDIRECT_STATUSES
from redirflow.http.response import Response

_COPIES: Final = (
    Redirect.with_headers,
    Redirect.with_cookies,
    HTTPError.with_headers,
    HTTPError.with_cookies,
    Exception.with_traceback,
)
"""Methods that give what they are called on, or a copy of it."""

_TO: Final = inspect.getattr_static(Redirect, "to")
_EXTENDING: Final = (Redirect.with_query, Redirect.with_fragment)


class Made(Struct, frozen=True, kw_only=True, eq=False):
    """What an expression makes.

    Attributes:
        kind: its class; a `Response` with a redirect status counts as a `Redirect`.
        head: what names the class.
        where: the location, or the target of `.to`.
        call: the call of `.to`.
        status: the literal status.
        settled: whether there is no other status than `status`.
    """

    kind: type[Any]
    head: ast.expr
    where: ast.expr | None = None
    call: ast.Call | None = None
    status: int | None = None
    settled: bool = True


def is_signal(value: Any) -> bool:
    """Whether *value* is a class of what a handler raises, and is called like one."""
    return (
        type(value) is type
        and issubclass(value, Redirect | Reroute | HTTPError)
        and value is not HTTPError
        and value.__new__ is Exception.__new__
    )


def made(source: Source, node: ast.expr) -> Iterator[Made]:
    """What *node* may make, as far as that can be told."""
    if isinstance(node, ast.IfExp):
        yield from made(source, node.body)
        yield from made(source, node.orelse)
    elif isinstance(node, ast.NamedExpr):
        yield from made(source, node.value)
    elif isinstance(node, ast.Call):
        yield from _made_by(source, node)
    elif is_signal(kind := source.value(node)) and issubclass(kind, HTTPError):
        yield Made(kind=kind, head=node)


def _made_by(source: Source, call: ast.Call) -> Iterator[Made]:
    for head in _choices(call.func):
        kind = source.value(head)
        if is_signal(kind):
            yield _constructed(source, kind, head, call)
        elif kind is Response:
            yield _response(source, head, call)
    if isinstance(call.func, ast.Attribute):
        yield from _made_by_method(source, call, call.func)


def _choices(node: ast.expr) -> list[ast.expr]:
    """The names that may be called: `A` and `B` of `A if x else B`, `A` of `A[int]`."""
    if isinstance(node, ast.IfExp):
        return [*_choices(node.body), *_choices(node.orelse)]
    return [node.value if isinstance(node, ast.Subscript) else node]


def _constructed(source: Source, kind: type[Any], head: ast.expr, call: ast.Call) -> Made:
    if issubclass(kind, HTTPError):
        return Made(kind=kind, head=head)
    if kind.__init__ is not Redirect.__init__ and kind.__init__ is not Reroute.__init__:
        return Made(kind=kind, head=head, settled=False)
    given = keywords(call)
    where = call.args[0] if call.args else given.get("location", given.get("path"))
    status, settled = _status(source, given.get("status_code"), complete=None not in given)
    return Made(kind=kind, head=head, where=where, status=status, settled=settled)


def _response(source: Source, head: ast.expr, call: ast.Call) -> Made:
    given = keywords(call)
    status, settled = _status(source, given.get("status_code"), complete=None not in given)
    plain = Made(kind=Response, head=head, status=status, settled=settled)
    if status not in REDIRECT_STATUSES:
        return plain
    where = _location(given.get("headers"))
    inner = next(made(source, where), plain) if where else plain
    if issubclass(inner.kind, Redirect):
        return replace(inner, head=head, status=status, settled=True)
    return replace(plain, kind=Redirect, where=where)


def _location(headers: ast.expr | None) -> ast.expr | None:
    """The value of `Location` in a literal dictionary."""
    if isinstance(headers, ast.Dict):
        for key, value in zip(headers.keys, headers.values, strict=True):
            if isinstance(key, ast.Constant) and str(key.value).lower() == "location":
                return value
    return None


def _made_by_method(source: Source, call: ast.Call, method: ast.Attribute) -> Iterator[Made]:
    """What `Redirect.to(...)` makes, or `something.with_...(...)`."""
    kind = source.value(method.value)
    if is_signal(kind):
        if inspect.getattr_static(kind, method.attr, None) is _TO:
            where = call.args[0] if call.args else None
            yield Made(kind=kind, head=method.value, where=where, call=call)
    elif isinstance(method.value, ast.Call):
        for inner in _made_by(source, method.value):
            own = inspect.getattr_static(inner.kind, method.attr, None)
            yield from _changed(source, inner, own, call)


def _changed(source: Source, inner: Made, method: object, call: ast.Call) -> Iterator[Made]:
    """What a method of *inner* gives, if it is known."""
    if any(method is each for each in _COPIES):
        yield inner
    elif method is Redirect.with_status:
        node = call.args[0] if call.args else keywords(call).get("status_code")
        status, settled = _status(source, node, complete=False)
        yield replace(inner, status=status, settled=settled)
    elif any(method is each for each in _EXTENDING):
        # What is wrong with the end of a location may be right before a query.
        text = literal(inner.where)
        neat = inner.call or (isinstance(text, str) and text and not text[-1].isspace())
        yield inner if neat else replace(inner, where=None)


def _status(source: Source, node: ast.expr | None, *, complete: bool) -> tuple[int | None, bool]:
    """The literal status that *node* is, and whether there can be no other one.

    Args:
        complete: whether *node* would be there if a status were given.
    """
    if node is None:
        return None, complete
    value = literal(node)
    if value is None or type(value) is int:
        return value, True
    value = source.value(node)
    return (int(value), True) if type(value) is HTTPStatus else (None, False)


def keywords(call: ast.Call) -> dict[str | None, ast.expr]:
    """The keyword arguments of *call*; `None` stands for `**`."""
    return {keyword.arg: keyword.value for keyword in call.keywords}


def literal(node: ast.expr | None) -> Any:
    """The value of a literal; `...` for anything else."""
    return node.value if isinstance(node, ast.Constant) else ...
