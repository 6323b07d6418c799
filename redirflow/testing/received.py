"""Which of the declared responses a test has received; the pytest plugin asks for it.

Apps made by one factory are one here: an operation is known by its method, its path and the line
of its handler. What another operation answers after a reroute is not counted.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

from redirflow.app import App
from redirflow.declare.faults import SpecError
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.responses import phrase


@dataclass(frozen=True, slots=True, order=True)
class Declared:
    """A status that an operation may answer with.

    Attributes:
        place: the line of the handler.
        names: the classes of an error, else the reason phrase.
    """

    path: str
    method: str
    place: str
    status: int
    names: tuple[str, ...] = field(compare=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}  {self.status} {', '.join(self.names)}"


class Received:
    """What is declared by the apps that were tested, and what was received of it.

    Args:
        ignored: statuses that are expected of no operation.
    """

    def __init__(self, ignored: frozenset[int] = frozenset()) -> None:
        self._ignored = ignored
        self._apps: WeakKeyDictionary[App, dict[tuple[str, int], Declared]] = WeakKeyDictionary()
        self._received: set[Declared] = set()
        self.declared: set[Declared] = set()

    @property
    def missing(self) -> list[Declared]:
        """What was never received, by path."""
        return sorted(self.declared - self._received)

    def expect(self, app: App) -> None:
        """Expect every declared response of *app*; none if it only starts with overrides."""
        if app not in self._apps:
            with suppress(SpecError):
                self._apps[app] = {
                    (endpoint.operation.name, declared.status): declared
                    for endpoint in app.compile().endpoints.values()
                    for declared in _declared_by(endpoint)
                    if declared.status not in self._ignored
                }
                self.declared.update(self._apps[app].values())

    def note(self, app: App, operation: str, status: int) -> None:
        """The operation of that name has answered with *status*."""
        declared = self._apps[app].get((operation, status)) if app in self._apps else None
        if declared is not None:
            self._received.add(declared)


def _declared_by(endpoint: Endpoint) -> Iterator[Declared]:
    operation = endpoint.operation
    names: dict[int, dict[str, None]] = {}
    for status in (
        *(response.status for response in endpoint.responses),
        *(redirect.spec.status_code for redirect in endpoint.redirects),
    ):
        names.setdefault(status, {})[phrase(status)] = None
    for error in endpoint.errors:
        names.setdefault(error.status_code, {})[error.__name__] = None
    for status, known in names.items():
        place = str(operation.place)
        yield Declared(operation.path, operation.method, place, status, tuple(known))


sessions: Final[list[Received]] = []
"""One for each pytest session that wants to know; the last is the one that runs."""


def expect(app: App) -> None:
    """Expect every declared response of *app*, if a session wants to know."""
    for session in sessions[-1:]:
        session.expect(app)


def note(app: App, operation: str, status: int) -> None:
    """An operation has answered; told to the session that runs."""
    for session in sessions[-1:]:
        session.note(app, operation, status)
