"""Where a function asks `url_for` for the location of an operation.

Only calls whose refusal surely leaves the function are told: whoever catches it may have meant
to find out.
"""

import ast
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from redirflow.endpoint.advice.guards import Guard, keeper
from redirflow.endpoint.advice.source import Source, own_nodes
from redirflow.endpoint.links import LinkRefused

_BLOCKS: Final = (ast.stmt, ast.ExceptHandler, ast.match_case)
_BINDING: Final = ("name", "asname", "rest")
"""Where a function, an import, an `except` or a pattern has the name that it binds."""

_REFUSALS: Final = (LookupError, LinkRefused, TypeError)
"""What `url_for` raises."""


class Asked(Struct, frozen=True):
    """A call of `url_for`.

    Attributes:
        owner: the argument of the function whose `url_for` it is.
    """

    call: ast.Call
    owner: str


def asked(source: Source, line: ast.stmt, guards: tuple[Guard, ...]) -> Iterator[Asked]:
    """The calls of `url_for` in a line, without the blocks inside it."""
    own = (each for each in ast.iter_child_nodes(line) if not isinstance(each, _BLOCKS))
    for node in own_nodes(own):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="url_for")):
                kept = any(keeper(source, kind, guards) for kind in _REFUSALS)
                if not kept and _stays(source, owner):
                    yield Asked(node, owner)
            case _:
                pass


def _stays(source: Source, name: str) -> bool:
    """Whether *name* is an argument of the function, and nothing else is bound to it."""
    code = source.function.__code__
    inside = (node for line in source.node.body for node in ast.walk(line))
    return name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] and not any(
        _binds(node, name) for node in inside
    )


def _binds(node: ast.AST, name: str) -> bool:
    """Whether a node may bind *name*."""
    if isinstance(node, ast.Name):
        return node.id == name and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Nonlocal):
        return name in node.names
    return any(getattr(node, field, None) == name for field in _BINDING)
