"""Where a function asks `url_for` for the location of an operation.

Only calls whose refusal surely leaves the function are told: whoever catches it may have meant
to find out.
"""

import ast
import dis
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from redirflow.endpoint.advice.guards import Guard, keeper
from redirflow.endpoint.advice.source import Source, own_nodes
from redirflow.endpoint.links import LinkRefused

_BLOCKS: Final = (ast.stmt, ast.ExceptHandler, ast.match_case)
_TUPLE: Final[Any] = tuple

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
    code, inside = source.function.__code__, ast.walk(source.node)
    if any(isinstance(node, ast.Nonlocal) and name in node.names for node in inside):
        return False
    stored = (each.argval for each in dis.get_instructions(code) if "STORE" in each.opname)
    # Some instructions of Python 3.13 store two variables.
    return name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] and not any(
        name in (each if isinstance(each, _TUPLE) else (each,)) for each in stored
    )
