"""The one seam: operations and rules go in, a frozen `CompiledApp` comes out, or every
fault that was found.

Three passes: read each signature and enter each template into the router; resolve what
specs name; make the endpoints. Later passes need what earlier ones know of all operations.
"""

import gc
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Annotated, Any, Final, TypeAlias, get_args, get_origin

from msgspec import Struct
from msgspec.structs import replace

from redirflow.declare.attach import specs_of
from redirflow.declare.errors import HTTPError
from redirflow.declare.faults import Fault, SpecError
from redirflow.declare.formats import ErrorFormat
from redirflow.declare.operation import Mount, Operation, Page, RedirectRule, RerouteRule
from redirflow.declare.redirects import RerouteSpec
from redirflow.declare.settings import Info, Slashes
from redirflow.endpoint.endpoint import Endpoint, compile_endpoint
from redirflow.endpoint.forgotten import suppliers_of, told_with_marks
from redirflow.endpoint.judging import Workshop
from redirflow.endpoint.links import Directory, link_to
from redirflow.endpoint.parts import forget_types, shown
from redirflow.endpoint.plan import ErrorPlan, error_plan
from redirflow.endpoint.signature import Parameter
from redirflow.endpoint.steps import AnyStep, Step, flat_plan, functions, is_unhashable
from redirflow.endpoint.target import Resolver
from redirflow.http.media import JSON
from redirflow.http.methods import method_after_hop
from redirflow.http.response import Reply, content_length
from redirflow.openapi.document import build_document, write_document
from redirflow.openapi.downgrade import downgrade
from redirflow.routing.chain import FinalRule
from redirflow.routing.check import CheckedRules, check_rules
from redirflow.routing.handlers import HandlerHop, check_handlers
from redirflow.routing.router import Clash, Router
from redirflow.routing.rows import Rows
from redirflow.routing.survey import Survey
from redirflow.routing.table import RedirectTable
from redirflow.routing.template import Template, TemplateError, parse_template

Owner: TypeAlias = Operation | Page | FinalRule
"""What can answer at a path."""

DOCUMENT: Final = "openapi"


class Declarations(Struct, frozen=True, kw_only=True):
    """Everything that an app collected.

    Attributes:
        pages: where the framework itself answers.
        overrides: functions that stand for dependencies, for tests.
        faults: those found while collecting.
    """

    info: Info
    operations: tuple[Operation, ...]
    pages: tuple[Page, ...] = ()
    mounts: tuple[Mount, ...] = ()
    rules: tuple[RedirectRule | RerouteRule, ...] = ()
    tables: tuple[RedirectTable, ...] = ()
    slashes: Slashes = "redirect"
    error_format: ErrorFormat
    max_body_size: int
    overrides: Mapping[Any, Any]
    faults: tuple[Fault, ...] = ()


class CompiledApp(Struct, frozen=True, kw_only=True, eq=False):
    """An app that can serve.

    Attributes:
        router: what answers at a path.
        endpoints: by operation.
        pages: where the document is served, with the reply; the docs page is made when it
            is first asked for.
        mounts: other ASGI apps.
        rows: redirects by exact path.
        checked, hops: what the redirect graph is drawn from.
        warnings: what does not refuse start-up.
        document: the OpenAPI document in 3.2; `document_bytes` as it is served.
        errors: plans for what the router itself answers.
    """

    router: Router[Owner]
    endpoints: Mapping[Operation, Endpoint]
    pages: Mapping[Page, Reply]
    mounts: tuple[Mount, ...]
    rows: Rows
    checked: CheckedRules
    hops: tuple[HandlerHop, ...]
    warnings: tuple[Fault, ...]
    directory: Directory
    document: dict[str, Any]
    document_bytes: bytes
    errors: Mapping[type[HTTPError], ErrorPlan]


class NotCompiled(SpecError):
    """What is wrong with an app, and what stands beside it.

    Attributes:
        warnings: what does not refuse start-up.
        endpoints: those of operations that nothing is wrong with. Of what is around them, other
            operations and rules, some may be missing.
    """

    def __init__(self, told: Iterable[Fault], endpoints: Iterable[Endpoint]) -> None:
        faults = [*told]
        super().__init__(fault for fault in faults if fault.severity == "error")
        self.warnings = tuple(fault for fault in faults if fault.severity == "warning")
        self.endpoints = tuple(endpoints)


class _Draft(Struct, frozen=True):
    """An operation after the first pass; sound, if that found nothing wrong with it."""

    operation: Operation
    template: Template
    steps: tuple[AnyStep, ...]
    handler: Step
    sound: bool

    @property
    def parameters(self) -> Iterable[Parameter]:
        for step in (*functions(self.steps), self.handler):
            yield from step.signature.parameters


@contextmanager
def without_collections() -> Generator[None, None, None]:
    """No collection of garbage meanwhile.

    PERF: nearly all that is made here stays, and looking at all of it again and again took a
    third of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@without_collections()
def compile_app(declared: Declarations, router_errors: Iterable[type[HTTPError]]) -> CompiledApp:
    """Compile an app.

    Args:
        router_errors: what is answered without an operation.

    Raises:
        NotCompiled: with every fault found.
    """
    faults = [*declared.faults]
    router: Router[Owner] = Router()
    drafts = [
        draft for each in declared.operations if (draft := _drafted(each, router, declared, faults))
    ]
    for page in declared.pages:
        _enter(page, page.path, "GET", router, faults)
    _refuse_equal_names(declared.operations, faults)
    directory = Directory(link_to(d.operation, d.template, [*d.parameters]) for d in drafts)
    checked = _checked_rules(declared, router, directory, faults)
    plans = [(draft.steps, draft.handler) for draft in drafts]
    suppliers = suppliers_of(plans)
    faults = told_with_marks(faults, plans, suppliers)
    shop = Workshop(
        resolver=Resolver(directory, router.serves, lambda path: _owners(router, checked, path)),
        format=declared.error_format,
        max_body_size=declared.max_body_size,
        faults=faults,
        suppliers=suppliers,
    )
    endpoints = {
        draft.operation: endpoint
        for draft, link in zip(drafts, directory.links, strict=True)
        if (endpoint := compile_endpoint(draft.operation, link, draft.steps, draft.handler, shop))
    }
    hops = tuple(
        hop for each in endpoints.values() for hop in _hops(each, directory, shop.resolver)
    )
    faults += check_handlers(hops, Survey(checked.tables, checked.ground))
    document = build_document(
        declared.info, [*endpoints.values()], declared.error_format, faults, checked=checked
    )
    forget_types()
    told = [*dict.fromkeys(faults)]
    if any(fault.severity == "error" for fault in told):
        sound = {draft.operation for draft in drafts if draft.sound}
        raise NotCompiled(told, (endpoints[each] for each in endpoints if each in sound))
    served = downgrade(document)[0] if declared.info.openapi_version == "3.1.1" else document
    written = write_document(served)
    return CompiledApp(
        router=router,
        endpoints=endpoints,
        pages={page: _page(written) for page in declared.pages if page.name == DOCUMENT},
        mounts=declared.mounts,
        rows=checked.rows,
        checked=checked,
        hops=hops,
        warnings=tuple(told),
        directory=directory,
        document=document,
        document_bytes=written,
        errors={error: error_plan(error, declared.error_format) for error in router_errors},
    )


def _checked_rules(
    declared: Declarations, router: Router[Owner], directory: Directory, faults: list[Fault]
) -> CheckedRules:
    """The rules, checked against operations and pages, and entered into the router."""
    checked = check_rules(
        router,
        declared.rules,
        lambda target: directory.link(target).operation,
        mounts=declared.mounts,
        tables=declared.tables,
        slashes=declared.slashes,
    )
    faults += checked.faults
    if not any(fault.severity == "error" for fault in checked.faults):
        for rule in checked.rules:
            for method in rule.methods:
                router.add(rule.source, method, rule)
    return checked


def _hops(endpoint: Endpoint, directory: Directory, resolver: Resolver) -> Iterator[HandlerHop]:
    """The redirects and reroutes that an operation declares, as edges of the graph."""
    operation = endpoint.operation
    for declared in endpoint.redirects:
        spec = declared.spec
        asked = method_after_hop(spec.status_code, operation.method)
        targets = [
            target
            for each in spec.to or ()
            if each != "*"
            for target in _targets(each, asked, declared.targets, directory)
        ]
        yield HandlerHop(
            operation=operation,
            status=spec.status_code,
            targets=tuple(dict.fromkeys(targets)),
            external=spec.external,
            place=spec.place,
        )
    for step in (*functions(endpoint.steps), endpoint.handler):
        for spec in specs_of(step.function):
            if isinstance(spec, RerouteSpec):
                to = tuple(resolver.operations(spec.to))
                yield HandlerHop(operation=operation, status=None, targets=to, place=spec.place)


def _targets(
    to: Any, asked: str, known: Iterable[Operation], directory: Directory
) -> list[Operation | str]:
    """What one target of a spec means: of a path that several serve, those that serve *asked*."""
    if not isinstance(to, str) or not to.startswith("/"):
        return [directory.link(to).operation]
    there = [operation for operation in known if operation.path == to]
    served = {asked, "GET"} if asked == "HEAD" else {asked}
    return [each for each in there if each.method in served] or [*there] or [to]


def _drafted(
    operation: Operation, router: Router[Owner], declared: Declarations, faults: list[Fault]
) -> _Draft | None:
    """The first pass over one operation."""
    template = _enter(operation, operation.path, operation.method, router, faults)
    if template is None or is_unhashable(operation.handler, operation.place, faults):
        return None
    before = len(faults)
    steps, handler = flat_plan(operation, declared.overrides, faults)
    draft = _Draft(operation, template, steps, handler, sound=len(faults) == before)
    if draft.sound:
        _refuse_unread_holes(draft, faults)
    return replace(draft, sound=len(faults) == before)


def _enter(
    owner: Operation | Page, path: str, method: str, router: Router[Owner], faults: list[Fault]
) -> Template | None:
    """Enter *owner* into the router; `None` after a fault."""
    place = owner.place if isinstance(owner, Operation) else None
    try:
        template = parse_template(path)
        router.add(template, method, owner)
    except TemplateError as error:
        faults.append(Fault(f"{owner.name}: {error}", place=place))
        return None
    except Clash as clash:
        faults.append(_clash(clash, owner, path))
        return None
    return template


def _clash(clash: Clash, owner: Operation | Page, path: str) -> Fault:
    pages = [each for each in (clash.first, owner) if isinstance(each, Page)]
    operations = [each for each in (owner, clash.first) if isinstance(each, Operation)]
    said = f"{clash.method} {path} is"
    if not pages:
        later, first = operations
        return Fault(
            f"{later.name}: {said} served by {first.name} ({first.place}) already",
            "one operation for a method and a path, whatever the parameters are called",
            place=later.place,
        )
    name = operations[0].name if operations else owner.name
    return Fault(
        f"{name}: {said} where the app serves its {pages[0].name}",
        "another path for one of the two",
        f"App({pages[0].name}_url=None), or another address for it",
        operations[0].place if operations else None,
    )


def _page(written: bytes) -> Reply:
    head = [(b"content-type", JSON.encode()), content_length(len(written))]
    return Reply(200, [*head, (b"x-content-type-options", b"nosniff")], written)


def _refuse_unread_holes(draft: _Draft, faults: list[Fault]) -> None:
    """A parameter of the path that no function reads is a misspelt name."""
    read = {parameter.key for parameter in draft.parameters if parameter.where == "path"}
    arguments = ", ".join(parameter.name for parameter in draft.parameters) or "none"
    unread = (hole.name for hole in draft.template.holes if hole.name not in read)
    faults.extend(
        Fault(
            f"{draft.operation.name}: the path parameter {name!r} of {draft.template.text!r} is "
            "not an argument of the handler or of its dependencies",
            f"its arguments are: {arguments}",
            _meant(name, draft.parameters),
            draft.operation.place,
        )
        for name in unread
    )


def _meant(hole: str, parameters: Iterable[Parameter]) -> str:
    """The argument that a parameter of the path was meant for: of those left over, the nearest."""
    left = {each.name: each for each in parameters if each.where == "query" and each.required}
    near = get_close_matches(hole, left, 1, 0.0)
    if not near:
        return f"{hole}: str"
    type_ = left[near[0]].type
    kind = shown(get_args(type_)[0] if get_origin(type_) is Annotated else type_)
    return f"{hole}: {kind}, or {{{near[0]}}} in the path"


def _refuse_equal_names(operations: tuple[Operation, ...], faults: list[Fault]) -> None:
    first: dict[str, Operation] = {}
    for operation in operations:
        earlier = first.setdefault(operation.name, operation)
        if earlier is not operation:
            faults.append(
                Fault(
                    f"two operations are named {operation.name!r}: "
                    f"{earlier.method} {earlier.path} ({earlier.place}) "
                    f"and {operation.method} {operation.path}",
                    "a name for each: it is the operationId and the name for to=",
                    f'@app.{operation.method.lower()}("{operation.path}", name="...")',
                    operation.place,
                )
            )


def _owners(router: Router[Owner], checked: CheckedRules, path: str) -> list[object]:
    """What answers at *path*, whatever the method."""
    found = router.find(path)
    if found is not None:
        return [*found[0].owners.values()]
    place = Survey(checked.tables, checked.ground).at(path)
    return [] if place is None else [path]
