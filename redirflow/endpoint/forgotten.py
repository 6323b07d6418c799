"""A mark that was forgotten: what a dependency supplies elsewhere, and clients would send here.

Where `user: Annotated[User, Depends(current_user)]` is meant, `user: User` is the body, and whoever
asks says who they are. Nothing else would tell: it compiles, and it answers. So a class that a
dependency or a scheme supplies anywhere in an app is nowhere in it taken from clients unless a
marker says so. What Python itself brings along (`str`, `dict`, `datetime`) is left alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NewType, TypeAlias

from redirflow.declare.checks import shown
from redirflow.declare.dependencies import Depends
from redirflow.declare.faults import Fault
from redirflow.declare.operation import Operation
from redirflow.endpoint.parts import own_class
from redirflow.endpoint.steps import AnyStep, Step, functions
from redirflow.http.methods import WITH_BODY

Suppliers: TypeAlias = Mapping[Any, Mapping[str, Any]]
"""By class: the marks that supply it, as they are written, each with its function."""


Plans: TypeAlias = Iterable[tuple[tuple[AnyStep, ...], Step]]
"""Of each operation: what is called before the handler, and the handler."""


def suppliers_of(plans: Plans) -> Suppliers:
    """What supplies the classes of an app, from the plans of its operations.

    What a dependency returns counts though nothing takes it: it may be a guard.
    """
    found: dict[Any, dict[str, Any]] = {}
    for steps, handler in plans:
        for step in functions(steps):
            own = own_class(step.signature.returns)
            if own is not None:
                found.setdefault(own, {})[f"Depends({shown(step.function)})"] = step.function
        for step in (*functions(steps), handler):
            for own, mark in step.signature.supplied:
                function = mark.function if isinstance(mark, Depends) else None
                written = f"{type(mark).__name__}({shown(function) if function else ''})"
                found.setdefault(own, {}).setdefault(written, function)
    return found


def told_with_marks(faults: Iterable[Fault], plans: Plans, suppliers: Suppliers) -> list[Fault]:
    """*faults*; where no client can send a class that something supplies, that is what is told."""
    instead = {
        fault: _supplied(step, name, own, suppliers) or fault
        for steps, handler in plans
        for step in (*functions(steps), handler)
        for name, own, fault in step.signature.unreadable
    }
    return [instead.get(fault, fault) for fault in faults]


def _supplied(step: Step, name: str, own: Any, suppliers: Suppliers) -> Fault | None:
    marks = suppliers.get(own, {})
    if not marks or step.function in marks.values():
        return None
    kind, mark = _called(own), next(iter(marks))
    found = f"no client can send a {kind}; elsewhere in this app {mark} supplies it"
    write = f"{name}: Annotated[{kind}, {mark}]"
    return Fault(f"{step.name}({name}): {found}", "the same here", write, step.place)


def _called(own: Any) -> str:
    return own.__name__ if isinstance(own, type | NewType) else str(own)


def forgotten_marks(
    operation: Operation, called: Iterable[Step], suppliers: Suppliers
) -> Iterator[Fault]:
    """Faults of the arguments that clients would send, though something supplies their class."""
    for step in called:
        for name, own, where in step.signature.unmarked:
            marks = suppliers.get(own, {})
            # What supplies a class may be made of what a client sends of it.
            if marks and step.function not in marks.values():
                kind, mark = _called(own), next(iter(marks))
                read = where if operation.method in WITH_BODY else "query"
                yield Fault(
                    f"{step.name}({name}): a client would send this {kind}, in the {where}; "
                    f"elsewhere in this app {mark} supplies it",
                    f"the same here, or {read.capitalize()}[{kind}] if clients are to send it",
                    f"{name}: Annotated[{kind}, {mark}]",
                    step.place,
                )
