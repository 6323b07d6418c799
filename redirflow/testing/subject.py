"""The app under test: with other functions for some of its dependencies, compiled and known."""

from collections.abc import Callable, Mapping
from typing import Any

from redirflow.app import App
from redirflow.declare.faults import Fault, SpecError, place_of
from redirflow.testing import received


class Overrides(dict[Any, Any]):
    """Functions that stand for dependencies; it remembers which dependencies were looked up."""

    def __init__(self, given: Mapping[Any, Callable[..., Any]]) -> None:
        super().__init__(given)
        self._known: dict[Any, None] = {}

    def get(self, key: Any, default: Any = None, /) -> Any:
        """As of any mapping; a compiled app has asked for each of its dependencies."""
        self._known[key] = None
        return super().get(key, default)

    def faults(self) -> list[Fault]:
        """One for each key that no operation of a compiled app depends on."""
        known = ", ".join(map(_name, self._known)) or "none"
        return [
            Fault(
                f"overrides: {_name(key)} is no dependency of this app",
                f"its dependencies are: {known}",
                place=place_of(key),
            )
            for key in self
            if key not in self._known
        ]


class Subject:
    """An app, and the form of it that is served.

    Attributes:
        app: what is served.
    """

    def __init__(self, declared: App, overrides: Mapping[Any, Callable[..., Any]]) -> None:
        self._declared = declared
        self._overrides = Overrides(overrides)
        self.app = declared.overridden(self._overrides) if overrides else declared

    def compile(self) -> None:
        """Make the app ready to serve.

        Raises:
            SpecError: its declarations are wrong, or an override is of no dependency.
        """
        self.app.compile()
        faults = self._overrides.faults()
        if faults:
            raise SpecError(faults)
        received.expect(self._declared)

    def answered(self, name: str, status: int) -> None:
        """Note that an operation has answered."""
        received.note(self._declared, name, status)


def _name(function: Any) -> str:
    return getattr(function, "__name__", None) or repr(function)
