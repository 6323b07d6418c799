"""One operation, compiled: everything that serving it and documenting it needs."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain

from msgspec import Struct
from msgspec import inspect as types_of

from redirflow.declare.attach import Spec
from redirflow.declare.decorators import RaisesSpec
from redirflow.declare.dependencies import Scopes
from redirflow.declare.errors import (
    BadRequest,
    ContentTooLarge,
    Forbidden,
    HTTPError,
    NotAcceptable,
    NotFound,
    Unauthorized,
    UnsupportedMediaType,
    ValidationFailed,
)
from redirflow.declare.faults import Fault
from redirflow.declare.operation import Operation
from redirflow.declare.redirects import RedirectSpec, RerouteSpec
from redirflow.endpoint.binder import BodyReader, body_reader
from redirflow.endpoint.convert import bare_info
from redirflow.endpoint.forgotten import forgotten_marks
from redirflow.endpoint.forms import refuse_forms
from redirflow.endpoint.judging import Workshop, judges_of
from redirflow.endpoint.links import Link
from redirflow.endpoint.parts import is_anything
from redirflow.endpoint.plan import Judge
from redirflow.endpoint.reads import BODY_READS, body_reads
from redirflow.endpoint.responses import NEVER, DeclaredResponse, declared_responses, returned_type
from redirflow.endpoint.steps import AnyStep, CredentialsStep, Step, functions, specs_on
from redirflow.endpoint.stream import StreamPlan, stream_plan
from redirflow.endpoint.success import SuccessPlan, is_negotiable, success_plan
from redirflow.endpoint.sunset import refuse_odd_dates
from redirflow.http.methods import WITH_BODY
from redirflow.routing.template import Template


class DeclaredRedirect(Struct, frozen=True, kw_only=True, eq=False):
    """A redirect that an operation may answer with, and the operations it leads to."""

    spec: RedirectSpec
    targets: tuple[Operation, ...]


class Endpoint(Struct, frozen=True, kw_only=True, eq=False):
    """A compiled operation.

    Attributes:
        steps: what is called before the handler, in order.
        judges: one for each of the steps (credentials included), and the handler's last.
        responses: the declared successes.
        successes: the plans of those that are no streams, by status.
        streams: the plans of those that are.
        offered: the media types that a client chooses from, if there are several.
        redirects: the declared redirects, those of dependencies included.
        errors: every class of errors that can be answered.
        default_status: the success of a bare value; `None` if there is none.
        scopes: what the credentials must allow.
    """

    operation: Operation
    template: Template
    link: Link
    steps: tuple[AnyStep, ...]
    handler: Step
    judges: tuple[Judge, ...]
    responses: tuple[DeclaredResponse, ...]
    successes: Mapping[int, SuccessPlan]
    streams: Mapping[int, StreamPlan]
    offered: tuple[str, ...]
    redirects: tuple[DeclaredRedirect, ...]
    reroutes: tuple[Operation, ...]
    errors: tuple[type[HTTPError], ...]
    default_status: int | None
    body: BodyReader | None
    form: bool
    max_body_size: int
    scopes: Scopes

    @property
    def judge(self) -> Judge:
        """The handler's own judge."""
        return self.judges[-1]

    @property
    def replays(self) -> bool:
        """Whether one of its functions may reroute, so that the body must be kept."""
        return any(judge.reroutes is not None for judge in self.judges)


def compile_endpoint(
    operation: Operation, link: Link, steps: tuple[AnyStep, ...], handler: Step, shop: Workshop
) -> Endpoint | None:
    """The endpoint of *operation*; faults are noted in *shop*, and `None` stands for too many."""
    before = len(shop.faults)
    called = [*functions(steps), handler]
    responses = declared_responses(operation, handler.signature.returns, shop)
    shop.faults.extend(_faults(operation, called, responses, shop))
    refuse_forms(operation, called, shop.faults)
    refuse_odd_dates(operation, shop.faults)
    successes, streams = _response_plans(operation, responses, shop)
    errors = _error_classes(operation, steps, handler, called, responses)
    if NotFound not in errors and _fills_texts(called, shop):
        errors += (NotFound,)
    judges = judges_of(operation, steps, handler, errors, shop)
    body = handler.signature.body
    reader = shop.attempt(operation, body_reader, body) if body else None
    redirects = _redirects(operation, called, shop)
    if len(shop.faults) > before:
        return None
    limit = operation.max_body_size
    rerouted = (shop.resolver.operations(spec.to) for spec in specs_on(called, RerouteSpec))
    several = [response.media_types for response in responses if len(response.media_types) > 1]
    return Endpoint(
        operation=operation,
        template=link.template,
        link=link,
        steps=steps,
        handler=handler,
        judges=judges,
        responses=responses,
        successes=successes,
        streams=streams,
        offered=tuple(dict.fromkeys(chain.from_iterable(several))),
        redirects=redirects,
        reroutes=tuple(dict.fromkeys(chain.from_iterable(rerouted))),
        errors=errors,
        default_status=_default_status(operation, responses),
        body=reader,
        form=reads_form(called),
        max_body_size=shop.max_body_size if limit is None else limit,
        scopes=_scopes(steps),
    )


def _response_plans(
    operation: Operation, responses: Iterable[DeclaredResponse], shop: Workshop
) -> tuple[dict[int, SuccessPlan], dict[int, StreamPlan]]:
    """The plans of successes and of streams, by status."""
    successes: dict[int, SuccessPlan] = {}
    streams: dict[int, StreamPlan] = {}
    for response in responses:
        if response.stream is not None:
            stream = shop.attempt(operation, stream_plan, response)
            if stream is not None:
                streams[response.status] = stream
        else:
            success = shop.attempt(operation, success_plan, response)
            if success is not None:
                successes[response.status] = success
    return successes, streams


def _redirects(
    operation: Operation, called: Iterable[Step], shop: Workshop
) -> tuple[DeclaredRedirect, ...]:
    """The redirects that the functions of an operation declare."""
    found: list[DeclaredRedirect] = []
    for spec in specs_on(called, RedirectSpec):
        targets = shop.attempt(operation, shop.resolver.operations, spec.to)
        found.append(DeclaredRedirect(spec=spec, targets=tuple(targets or ())))
    return tuple(found)


def _error_classes(
    operation: Operation,
    steps: tuple[AnyStep, ...],
    handler: Step,
    called: list[Step],
    responses: tuple[DeclaredResponse, ...],
) -> tuple[type[HTTPError], ...]:
    """Every error that can be answered: what authors declare, and what the inputs imply."""
    found: list[type[HTTPError]] = [*operation.raises]
    found += (error for spec in specs_on(called, RaisesSpec) for error in spec.classes)
    if any(isinstance(step, CredentialsStep) and not step.optional for step in steps):
        found.append(Unauthorized)
    if _scopes(steps) and any(step.signature.scopes for step in called):
        found.append(Forbidden)
    if any(parameter.fallible for step in called for parameter in step.signature.parameters):
        found.append(ValidationFailed)
    body = handler.signature.body
    if body is not None or reads_form(called):
        found += [BadRequest, ContentTooLarge, UnsupportedMediaType]
        if body is None or not is_anything(bare_info(body.type)):
            found.append(ValidationFailed)
    else:
        found += _refusals_of_requests(operation, called)
    if any(map(is_negotiable, responses)):
        found.append(NotAcceptable)
    return tuple(dict.fromkeys(found))


def _fills_texts(called: Iterable[Step], shop: Workshop) -> bool:
    """Whether a redirect or reroute may write a text into a path: some texts no path holds."""
    specs: list[RedirectSpec | RerouteSpec] = [
        *specs_on(called, RedirectSpec),
        *specs_on(called, RerouteSpec),
    ]
    with suppress(LookupError):  # a wrong target is told elsewhere
        listed = [target for spec in specs for target in shop.resolver.operations(spec.to)]
        links = map(shop.resolver.directory.link, {target.name for target in listed})
        texts = (each.type for link in links for each in link.path.values())
        return any(isinstance(bare_info(text), types_of.StrType) for text in texts)
    return False


def _refusals_of_requests(operation: Operation, called: Iterable[Step]) -> list[type[HTTPError]]:
    """What `Request.json` (400) and whatever else reads a body (413) are answered with."""
    unknown = BODY_READS if operation.method in WITH_BODY else frozenset[str]()
    read: set[str] = set()
    for step in called:
        words = body_reads(step)
        read |= unknown if words is None else words
    return [BadRequest, ContentTooLarge] if "json" in read else [ContentTooLarge] * bool(read)


def _scopes(steps: Iterable[AnyStep]) -> Scopes:
    schemes = [step.scheme for step in steps if isinstance(step, CredentialsStep)]
    return Scopes(scope for each in schemes for scope in getattr(each, "scopes", ()))


def reads_form(steps: Iterable[Step]) -> bool:
    """Whether one of the functions has a parameter that comes from a form."""
    return any(
        parameter.where == "form" for step in steps for parameter in step.signature.parameters
    )


def _faults(
    operation: Operation,
    called: list[Step],
    responses: tuple[DeclaredResponse, ...],
    shop: Workshop,
) -> Iterator[Fault]:
    """What the functions of an operation can't do together."""
    name, handler = operation.name, called[-1]
    streams = handler.kind == "async generator" and all(each.stream for each in responses)
    if "generator" in handler.kind and not streams:
        kind = f"{'a' if handler.kind[0] == 's' else 'an'} {handler.kind}"
        found = f"{name} is {kind}, and no stream"
        allowed = "an async generator that declares the type of its items"
        yield operation.fault(found, allowed, f"async def {name}(...) -> AsyncIterator[Item]")
    if operation.cancel_on_disconnect and handler.kind == "sync":
        found = f"{name} is sync, and cancel_on_disconnect=True: no thread can be cancelled"
        yield operation.fault(found, "an async handler", f"async def {name}(...)")
    # What never returns and declares nothing that is raised could only ever answer 500; but an
    # annotation that can't be read may say anything.
    silent = returned_type(handler.signature.returns)[0] is NEVER
    unread = any(fault.place == operation.place for fault in shop.faults)
    if silent and not unread and not operation.raises and not specs_on(called, Spec):
        found = f"{name} never returns, and declares nothing that it raises"
        allowed = "@redirects, @reroutes or @raises"
        yield operation.fault(found, allowed, "@redirects(303, to=...)")
    forgotten = [*forgotten_marks(operation, called, shop.suppliers)]
    yield from forgotten or _bodies(operation, called)


def _bodies(operation: Operation, called: list[Step]) -> Iterator[Fault]:
    """Bodies where there can be none."""
    for step in called[:-1]:
        if step.signature.body is not None:
            found = f"the dependency {step.name} reads the body as {step.signature.body.name}"
            allowed = "a body in the handler only; a dependency can take the Request"
            yield Fault(found, allowed, place=step.place)
    body, method = called[-1].signature.body, operation.method
    if body is not None and method not in WITH_BODY:
        found = f"{operation.name} reads {body.name} from the body of a {method}, which has none"
        allowed = "a scalar or a marker: Query, Header, Cookie"
        write = f"{body.name}: Query[...] reads a Struct from the query"
        yield operation.fault(found, allowed, write)


def _default_status(operation: Operation, responses: tuple[DeclaredResponse, ...]) -> int | None:
    """The status of a bare value: the only one, else the usual one if it is declared."""
    if len(responses) == 1:
        return responses[0].status
    statuses = {response.status for response in responses}
    usual = 201 if operation.method == "POST" else 200
    return usual if usual in statuses else None
