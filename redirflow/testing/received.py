"""Which of the declared responses a test has received; the pytest plugin asks for it.

Apps made by one factory are one here: an operation is known by its method, its path and the line
of its handler. After a reroute the operation that has answered counts.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

from msgspec import Struct

from redirflow.app import App
from redirflow.declare.decorators import RaisesSpec
from redirflow.declare.errors import Forbidden, HTTPError, Unauthorized
from redirflow.declare.faults import SpecError
from redirflow.declare.redirects import RedirectSpec
from redirflow.endpoint.endpoint import Endpoint
from redirflow.endpoint.responses import phrase
from redirflow.endpoint.steps import CredentialsStep, Step, specs_on


class Declared(Struct, frozen=True, order=True):
    """A status that an operation may answer with.

    Attributes:
        path, method: of the operation; else the name of what declares it, and its kind.
        place: the line of the function.
        names: the classes of an error, else the reason phrase.
    """

    path: str
    method: str
    place: str
    status: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}  {self.status} {', '.join(self.names)}"


Known: TypeAlias = dict[tuple[str, int], set[Declared]]
"""What an operation of a name declares with a status."""


class Received:
    """What is declared by the apps that were tested, and what was received of it.

    Args:
        ignored: statuses that are expected of no operation.
    """

    def __init__(self, ignored: frozenset[int] = frozenset()) -> None:
        self._ignored = ignored
        self._apps: WeakKeyDictionary[App, Known] = WeakKeyDictionary()
        self._received: set[Declared] = set()
        self.declared: set[Declared] = set()

    @property
    def missing(self) -> list[Declared]:
        """What was never received, by path."""
        return sorted(self.declared - self._received)

    def expect(self, app: App) -> None:
        """Expect every declared response of *app*; none if it only starts with overrides."""
        if app in self._apps:
            return
        with suppress(SpecError):
            known = self._apps.setdefault(app, {})
            for endpoint in app.compile().endpoints.values():
                for declared in _declared_by(endpoint):
                    if declared.status not in self._ignored:
                        key = (endpoint.operation.name, declared.status)
                        known.setdefault(key, set()).add(declared)
                        self.declared.add(declared)

    def note(self, app: App, operation: str, status: int) -> None:
        """The operation of that name has answered with *status*."""
        self._received |= self._apps.get(app, {}).get((operation, status), set())


def _declared_by(endpoint: Endpoint) -> Iterator[Declared]:
    """What authors declare for an operation; 422 and the like need no test of theirs.

    What a dependency declares is one and the same for all operations that use it, and so is what
    an app or a router declares.
    """
    operation, handler = endpoint.operation, endpoint.handler
    where = (operation.path, operation.method, str(operation.place))
    own = [(each.status, phrase(each.status)) for each in endpoint.responses]
    yield from _declared(*where, [*own, *_on(handler)])
    yield from _declared("operation", "any", "", _errors(operation.raises))
    for step in endpoint.steps:
        if isinstance(step, CredentialsStep):
            refusals = [] if step.optional else _errors([Unauthorized])
            yield from _declared(step.scheme.name, "credentials", "", refusals)
        else:
            scoped = _errors([Forbidden]) if step.signature.scopes else []
            yield from _declared(step.name, "dependency", str(step.place), [*_on(step), *scoped])


def _on(step: Step) -> list[tuple[int, str]]:
    """What the specs on a function promise, each with its name."""
    redirects = [spec.status_code for spec in specs_on([step], RedirectSpec)]
    raised = [error for spec in specs_on([step], RaisesSpec) for error in spec.classes]
    return [*((status, phrase(status)) for status in redirects), *_errors(raised)]


def _errors(classes: Iterable[type[HTTPError]]) -> list[tuple[int, str]]:
    return [(error.status_code, error.__name__) for error in classes]


def _declared(
    path: str, method: str, place: str, promises: Iterable[tuple[int, str]]
) -> Iterator[Declared]:
    names: dict[int, dict[str, None]] = {}
    for status, name in promises:
        names.setdefault(status, {})[name] = None
    for status, known in names.items():
        yield Declared(path, method, place, status, tuple(known))


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
