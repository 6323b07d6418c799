"""The flat plan of one operation: what is called, in which order, with what.

Guards of the app, the routers and the operation come first, then dependencies and
credentials, the handler last. Each function is called once per request; what a later
one needs of an earlier one is an index.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct, field

from redirflow.declare.attach import specs_of
from redirflow.declare.dependencies import Depends, Scheme
from redirflow.declare.faults import Fault, Place, place_of
from redirflow.declare.operation import Operation
from redirflow.endpoint.binder import Binder
from redirflow.endpoint.reading import read_signature
from redirflow.endpoint.signature import Kind, Signature, kind_of

T = TypeVar("T")


class Step(Struct, frozen=True, eq=False):
    """One function that is called for a request.

    Attributes:
        feeds: arguments that are results of earlier steps, as `(name, index)`.
    """

    function: Callable[..., Any]
    name: str
    kind: Kind
    signature: Signature
    binder: Binder
    feeds: tuple[tuple[str, int], ...] = ()
    place: Place | None = None


class CredentialsStep(Struct, frozen=True, eq=False):
    """Credentials that are read before any parameter.

    Attributes:
        optional: whether a request without them goes on, with `None`.
    """

    scheme: Scheme
    optional: bool


AnyStep: TypeAlias = Step | CredentialsStep


class _Flattening(Struct):
    operation: Operation
    overrides: Mapping[Any, Any]
    faults: list[Fault]
    steps: list[AnyStep] = field(default_factory=list[AnyStep])
    indexes: dict[Any, int] = field(default_factory=dict[Any, int])
    open: list[Callable[..., Any]] = field(default_factory=list[Callable[..., Any]])

    def add_depends(self, depends: Depends) -> int | None:
        """The index of a dependency's step, made if it is new; `None` after a fault."""
        if is_unhashable(depends.function, depends.place, self.faults):
            return None
        function = self.overrides.get(depends.function, depends.function)
        if function in self.indexes:
            return self.indexes[function]
        if function in self.open:
            names = [_name(opened) for opened in (*self.open, function)]
            self.faults.append(
                Fault(
                    f"dependencies in a circle: {' -> '.join(names)}",
                    "dependencies that end",
                    place=place_of(function) or depends.place,
                )
            )
            return None
        self.open.append(function)
        step = self.step(function, place_of(function) or depends.place)
        self.open.pop()
        return self._append(function, step)

    def add_scheme(self, scheme: Scheme, *, optional: bool) -> int:
        key = (scheme, optional)
        if key in self.indexes:
            return self.indexes[key]
        return self._append(key, CredentialsStep(scheme, optional))

    def step(self, function: Callable[..., Any], place: Place | None) -> Step:
        """The step of a function, after those that it needs."""
        signature = read_signature(
            function,
            template=_template_names(self.operation),
            namespace=self.operation.namespace,
            place=place,
            faults=self.faults,
        )
        feeds = [(name, self.add_depends(depends)) for name, depends in signature.depends]
        feeds += [
            (name, self.add_scheme(scheme, optional=optional))
            for name, scheme, optional in signature.schemes
        ]
        known = tuple((name, index) for name, index in feeds if index is not None)
        return Step(
            function, _name(function), kind_of(function), signature, Binder(signature), known, place
        )

    def _append(self, key: Any, step: AnyStep) -> int:
        self.steps.append(step)
        self.indexes[key] = len(self.steps) - 1
        return self.indexes[key]


def flat_plan(
    operation: Operation, overrides: Mapping[Any, Any], faults: list[Fault]
) -> tuple[tuple[AnyStep, ...], Step]:
    """The steps before the handler, and the handler's own.

    Args:
        overrides: functions that stand for others, for tests.
        faults: what is wrong is added here.
    """
    flattening = _Flattening(operation, overrides, faults)
    for guard in operation.dependencies:
        if isinstance(guard, Depends):
            flattening.add_depends(guard)
        else:
            flattening.add_scheme(guard, optional=False)
    handler = flattening.step(operation.handler, operation.place)
    return tuple(flattening.steps), handler


def is_unhashable(function: object, place: Place | None, faults: list[Fault]) -> bool:
    """Whether *function* can't be told from others; a fault says so."""
    if isinstance(function, Hashable):
        return False
    found = f"{type(function).__name__} objects can't be hashed, and so not be told apart"
    faults.append(Fault(found, "functions and hashable objects", "@dataclass(eq=False)", place))
    return True


def functions(steps: Iterable[AnyStep]) -> list[Step]:
    """The steps that call a function of the author's."""
    return [step for step in steps if isinstance(step, Step)]


def specs_on(steps: Iterable[Step], kind: type[T]) -> list[T]:
    """The specs of one kind on the functions of *steps*."""
    return [spec for step in steps for spec in specs_of(step.function) if isinstance(spec, kind)]


def _template_names(operation: Operation) -> list[str]:
    parts = operation.path.split("/")
    return [part[1:-1].partition(":")[0] for part in parts if part.startswith("{")]


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", None) or type(function).__name__
