"""Making the judges of an operation, from the specs that stand on its functions."""

from collections.abc import Callable, Iterable, Mapping
from typing import ParamSpec, TypeVar

from msgspec import Struct, field

from redirflow.declare.decorators import RaisesSpec
from redirflow.declare.errors import HTTPError
from redirflow.declare.faults import Fault, SpecError
from redirflow.declare.formats import ErrorFormat
from redirflow.declare.operation import Operation
from redirflow.declare.redirects import RedirectSpec, RerouteSpec
from redirflow.endpoint.forgotten import Suppliers
from redirflow.endpoint.parts import remedy_of
from redirflow.endpoint.plan import (
    ErrorPlan,
    Judge,
    RedirectPlan,
    default_status,
    error_plan,
    redirect_plan,
)
from redirflow.endpoint.steps import AnyStep, Step, functions, specs_on
from redirflow.endpoint.target import Destination, Resolver

P = ParamSpec("P")
T = TypeVar("T")


class Workshop(Struct, frozen=True, kw_only=True):
    """What every endpoint of an app is made with.

    Attributes:
        suppliers: what supplies the classes of the app.
        errors: plans that were made already; most operations can answer with the same errors.
    """

    resolver: Resolver
    format: ErrorFormat
    max_body_size: int
    faults: list[Fault]
    suppliers: Suppliers
    errors: dict[type[HTTPError], ErrorPlan] = field(
        default_factory=dict[type[HTTPError], ErrorPlan]
    )

    def attempt(
        self, operation: Operation, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """The result of *make*, or `None` after noting what went wrong."""
        try:
            return make(*args, **kwargs)
        except SpecError as error:
            self.faults.extend(error.faults)
        except (TypeError, ValueError, LookupError, NameError) as error:
            self.faults.append(
                operation.fault(f"{operation.name}: {error}", write=remedy_of(error))
            )
        return None


def judges_of(
    operation: Operation,
    steps: tuple[AnyStep, ...],
    handler: Step,
    errors: Iterable[type[HTTPError]],
    shop: Workshop,
) -> tuple[Judge, ...]:
    """One judge for each step, and the handler's."""
    plans = _error_plans(operation, errors, shop)
    read = [each for step in (*functions(steps), handler) for each in step.signature.parameters]
    private = len(functions(steps)) < len(steps) or any(
        each.where == "cookie" or each.key == "authorization" for each in read
    )
    directory = shop.resolver.directory
    return tuple(
        _judge(step, operation, plans, shop, private=private)
        if isinstance(step, Step)
        else Judge("credentials", directory, errors=plans)
        for step in (*steps, handler)
    )


def _judge(
    step: Step,
    operation: Operation,
    plans: Mapping[type[HTTPError], ErrorPlan],
    shop: Workshop,
    *,
    private: bool,
) -> Judge:
    """The judge of one function, from the specs that stand on it."""
    redirects: dict[int, tuple[RedirectPlan, ...]] = {}
    for spec in specs_on([step], RedirectSpec):
        where = shop.attempt(operation, shop.resolver.destination, spec.to, spec.external)
        made = where and shop.attempt(
            operation, redirect_plan, spec, where, operation.headers, private=private
        )
        if made:
            redirects[spec.status_code] = (*redirects.get(spec.status_code, ()), made)
    foreign: list[tuple[type[Exception], type[HTTPError]]] = []
    for raised in specs_on([step], RaisesSpec):
        if raised.on:
            shop.attempt(operation, raised.classes[0])  # it is raised with nothing but its class
            foreign += [(kind, raised.classes[0]) for kind in raised.on]
    return Judge(
        step.name,
        shop.resolver.directory,
        redirects,
        default_status([*redirects]),
        plans,
        tuple(foreign),
        _reroutes(step, operation, shop),
        step.place,
    )


def _reroutes(step: Step, operation: Operation, shop: Workshop) -> Destination | None:
    """Where a function may reroute to: what all its specs list."""
    specs = specs_on([step], RerouteSpec)
    listed = tuple(target for spec in specs for target in spec.to)
    found = shop.attempt(operation, shop.resolver.destination, listed) if listed else None
    for path in sorted(found.paths) if found else ():
        if not any(isinstance(owner, Operation) for owner in shop.resolver.everywhere(path)):
            said = f"{step.name}: reroutes(to={path!r}) leads to no operation"
            allowed = "operations of this app; not its pages, rules, tables and mounts"
            write = "@redirects(303, to=...) sends the client there"
            shop.faults.append(Fault(said, allowed, write, specs[0].place))
    return found


def _error_plans(
    operation: Operation, errors: Iterable[type[HTTPError]], shop: Workshop
) -> dict[type[HTTPError], ErrorPlan]:
    made = {} if operation.headers else shop.errors
    for error in errors:
        if error not in made:
            plan = shop.attempt(operation, error_plan, error, shop.format, operation.headers)
            made |= {error: plan} if plan else {}
    return {error: made[error] for error in errors if error in made}
