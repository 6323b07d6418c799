"""How deeply a JSON body may be nested.

msgspec gives up at a depth that differs between releases of Python (research: 900 to 20 000),
and what comes after it, with a fuller stack, gives up a little sooner. So there is a limit of
our own, far below both. It is looked for in the bytes, and only where one could be that deep.
"""

import re
from itertools import accumulate
from typing import Final

MAX_DEPTH: Final = 200

_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_STEPS: Final = bytes.maketrans(b"[{]}", b"\2\2\0\0")
_OTHERS: Final = bytes(set(range(256)) - set(b"[{]}"))


def refuse_deep(body: bytes) -> None:
    """Refuse a JSON body with more than 200 arrays and objects inside of each other.

    Raises:
        RecursionError: it has.
    """
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    steps = _TEXT.sub(b"", body).translate(_STEPS, _OTHERS)
    if any(depth > MAX_DEPTH for depth in accumulate(step - 1 for step in steps)):
        raise RecursionError("nested too deeply")
