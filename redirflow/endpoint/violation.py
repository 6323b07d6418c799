"""A contract violation: a handler sent what its specs do not declare."""

from inspect import iscoroutine
from typing import Any, Final

AWAIT: Final = "a coroutine: is an await missing?"
RETURN: Final = "None: is a raise or a return missing?"


class ContractViolation(Exception):
    """What was sent is not what was declared; the client gets a 500.

    Args:
        sent: what was sent, without its value.
        declared: what the specs declare.
        value: the value itself, told only in debug.
    """

    def __init__(self, sent: str, declared: str, value: Any = None) -> None:
        super().__init__(f"{sent}; declared: {declared}")
        self.sent = sent
        self.declared = declared
        self.value = value


def refuse_coroutine(value: Any, declared: str) -> None:
    """Refuse a coroutine, which is no value; it is closed, for nobody will await it."""
    if iscoroutine(value):
        value.close()
        raise ContractViolation(AWAIT, declared)
