"""One function before its judge, and what is objected to."""

from dataclasses import dataclass

from redirflow.endpoint.advice.source import Source
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.plan import Judge


class Objection(Exception):
    """What is wrong with a line; it is told after the name of the function."""

    def __init__(self, found: str, allowed: str = "", write: str = "") -> None:
        super().__init__(found)
        self.found, self.allowed, self.write = found, allowed, write


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """A function, the judge of what it sends, and the operation that it is called for."""

    source: Source
    judge: Judge
    endpoint: Endpoint
