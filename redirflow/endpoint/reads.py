"""What a function reads of its request, as its bytecode tells: a dependency that looks at the
headers only can't find the body malformed or too large.
"""

import dis
from itertools import pairwise
from types import CodeType
from typing import Any, Final

from redirflow.endpoint.signature import innermost
from redirflow.endpoint.steps import Step

BODY_READS: Final = frozenset({"body", "json", "stream"})
_TUPLE: Final[Any] = tuple
_ATTRIBUTE: Final = frozenset({"LOAD_ATTR", "LOAD_METHOD"})


def body_reads(step: Step) -> frozenset[str] | None:
    """The methods of `BODY_READS` that a function uses; `None` if that can't be told."""
    requests = {*step.signature.requests}
    if not requests:
        return frozenset()
    function = innermost(step.function)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return _used(code, requests) if isinstance(code, CodeType) else None


def _used(code: CodeType, names: set[str]) -> frozenset[str] | None:
    """The attributes of *names* that *code* reads; `None` if it hands one of them on."""
    if names.intersection(code.co_cellvars):
        return None
    found: set[str] = set()
    for load, use in pairwise(dis.get_instructions(code)):
        # Some instructions of Python 3.13 load two variables.
        loaded: Any = load.argval if isinstance(load.argval, _TUPLE) else (load.argval,)
        if "LOAD_FAST" in load.opname and names.intersection(loaded):
            if loaded[-1] not in names or use.opname not in _ATTRIBUTE:
                return None
            found.add(use.argval)
    return BODY_READS & found
