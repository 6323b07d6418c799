"""What an operation may answer, resolved: the one record that both the response plan and
the document are made from.
"""

import collections.abc
import types
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    Never,
    NoReturn,
    TypeAlias,
    Union,
    get_args,
    get_origin,
)

from msgspec import Struct
from msgspec import inspect as types_of

from redirflow.declare.faults import SpecError
from redirflow.declare.operation import Operation
from redirflow.declare.redirects import Redirect, RedirectSpec
from redirflow.declare.specs import (
    FROM_ANNOTATION,
    NOTHING,
    CookieSpec,
    HeaderSpec,
    ResponseSpec,
    merged_headers,
)
from redirflow.endpoint.judging import Workshop
from redirflow.endpoint.parts import shown, type_info
from redirflow.endpoint.signature import UNKNOWN
from redirflow.endpoint.target import Destination, Resolver
from redirflow.http.media import EVENT_STREAM, JSON, JSON_LINES, codec_of, essence
from redirflow.http.response import Response

Stream: TypeAlias = Literal["lines", "events", "raw"]

BODILESS: Final = frozenset({204, 205, 304})
"""Success statuses without content (RFC 9110 15.3.5, 15.3.6, 15.4.5)."""

_STREAMS: Final = (
    collections.abc.AsyncIterator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncGenerator,
)


class Nothing:
    """Stands for "this function never returns a body of its own"."""

    def __repr__(self) -> str:
        return "Never"


NEVER: Final = Nothing()


class DeclaredResponse(Struct, frozen=True, kw_only=True):
    """A success that an operation declares.

    Attributes:
        type: the type of the body, or of each item of a stream; `None` for no body.
        media_types: empty for no body.
        headers: those of the spec and of the groups around the operation.
        location: where the `Location` of a 201 may lead.
    """

    status: int
    type: Any
    media_types: tuple[str, ...] = ()
    stream: Stream | None = None
    description: str
    headers: Mapping[str, HeaderSpec] = NOTHING
    cookies: Mapping[str, CookieSpec] = NOTHING
    location: Destination | None = None
    location_to: tuple[Any, ...] | None = None
    examples: Mapping[str, Any] = NOTHING
    links: Mapping[str, Any] = NOTHING


def phrase(status: int) -> str:
    """The reason phrase of *status*."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def returned_type(annotation: Any) -> tuple[Any, bool]:
    """The type of the body that a return annotation names, and whether it is `Response[...]`.

    `Response[T]` counts as `T`, `User | Redirect` as `User`, `Never` and `Redirect` as `NEVER`.
    """
    if annotation is Redirect or annotation is Never or annotation is NoReturn:
        return NEVER, False
    if annotation is Response:
        return UNKNOWN, True
    if get_origin(annotation) is Response:
        return returned_type(get_args(annotation)[0])[0], True
    if get_origin(annotation) in {Union, types.UnionType}:
        parts = [returned_type(part) for part in get_args(annotation)]
        kept = [type_ for type_, _ in parts if type_ is not NEVER]
        wrapped = any(is_response for _, is_response in parts)
        if UNKNOWN in kept:
            return UNKNOWN, wrapped
        if len(kept) < 2:
            return (kept[0] if kept else NEVER), wrapped
        return Union[tuple(kept)], wrapped  # noqa: UP007 - made at run time
    return (None if annotation is type(None) else annotation), False


def _names_redirect(annotation: Any) -> bool:
    return annotation is Redirect or any(map(_names_redirect, get_args(annotation)))


def declared_responses(
    operation: Operation, annotation: Any, shop: Workshop
) -> tuple[DeclaredResponse, ...]:
    """The successes of *operation*, from its specs and its return annotation."""
    specs = [spec for spec in operation.specs if isinstance(spec, ResponseSpec)]
    redirecting = any(isinstance(spec, RedirectSpec) for spec in operation.specs)
    returned, wrapped = returned_type(annotation)
    if not redirecting and _names_redirect(annotation):
        found = f"{operation.name} returns a Redirect, and declares none"
        allowed = "@redirects on the handler that returns or raises one"
        shop.faults.append(operation.fault(found, allowed, "@redirects(303, to=...)"))
    if not specs:
        if returned is UNKNOWN:
            found = f"{operation.name} has no return annotation"
            write = f"async def {operation.name}(...) -> User"
            if wrapped:
                found = f"{operation.name} returns a Response of no type"
                write = "-> Response[User]"
            allowed = "a return annotation, or @returns(type)"
            shop.faults.append(operation.fault(found, allowed, write))
            return ()
        if returned is NEVER or (returned is None and wrapped and redirecting):
            return ()
        specs = [ResponseSpec(place=operation.place)]
    # An annotation can speak for one response only; beside others it is the union of them all.
    alone = len(specs) == 1 or returned is UNKNOWN or returned is NEVER
    seen = returned if alone else _Several(returned)
    made = (shop.attempt(operation, _declared, operation, spec, seen, shop) for spec in specs)
    responses = tuple(response for response in made if response)
    statuses = Counter(response.status for response in responses)
    for status in sorted(status for status, count in statuses.items() if count > 1):
        found = f"{operation.name} declares the status {status} twice"
        write = f"@returns(A | B, status_code={status}) for several types"
        shop.faults.append(operation.fault(found, "one @returns for each status", write))
    return responses


def _declared(
    operation: Operation, spec: ResponseSpec, returned: Any, shop: Workshop
) -> DeclaredResponse:
    type_ = _body_type(operation, spec, returned)
    usual = 204 if type_ is None else 201 if operation.method == "POST" else 200
    status = spec.status_code or usual
    stream, type_ = _stream(type_, spec.media_type)
    if status in BODILESS and type_ is not None:
        found = f"{operation.name}: returns({shown(type_)}, status_code={status})"
        write = f"@returns(None, status_code={status})"
        raise SpecError([operation.fault(found, f"a {status} has no body", write)])
    if not stream:
        _refuse_one_item(operation, spec, type_)
    else:
        _refuse_broken_stream(operation, spec, stream, type_)
    return DeclaredResponse(
        status=status,
        type=type_,
        media_types=_media_types(type_, spec.media_type, stream),
        stream=stream,
        description=spec.description or phrase(status),
        headers=merged_headers(operation.headers, spec.headers),
        cookies=spec.cookies,
        location=_destination(operation, spec, shop.resolver),
        location_to=spec.location,
        examples=spec.examples,
        links=spec.links,
    )


def _destination(
    operation: Operation, spec: ResponseSpec, resolver: Resolver
) -> Destination | None:
    """Where the `Location` of a 201 may lead."""
    try:
        return resolver.destination(spec.location) if spec.location is not None else None
    except LookupError as error:
        found = f"{operation.name}: returns(location=...): {error}"
        raise SpecError([operation.fault(found)]) from None


def _body_type(operation: Operation, spec: ResponseSpec, returned: Any) -> Any:
    """The declared type of one spec's body."""
    if isinstance(returned, _Several):
        if spec.type is FROM_ANNOTATION:
            return None if spec.status_code in BODILESS else returned.type
        returned = UNKNOWN
    named = returned is not UNKNOWN and returned is not NEVER
    if spec.type is FROM_ANNOTATION:
        if named:
            return returned
        if spec.status_code in BODILESS or (returned is NEVER and spec.status_code is None):
            return None
        found = (
            f"{operation.name}: @returns() does not say the type of the body, "
            "and the return annotation does not either"
        )
        raise SpecError([operation.fault(found, "a type in one of the two", "@returns(User)")])
    if named and _contradict(returned, spec.type):
        found = (
            f"{operation.name}: @returns({shown(spec.type)}) contradicts "
            f"the return annotation {shown(returned)}"
        )
        allowed = "one type, or an annotation that is a looser view of it"
        raise SpecError([operation.fault(found, allowed, f"-> {shown(spec.type)}")])
    return None if spec.type is type(None) else spec.type


class _Several(NamedTuple):
    """A return annotation shared by several specs: a type for those that name none."""

    type: Any


def _stream(type_: Any, media_type: tuple[str, ...]) -> tuple[Stream | None, Any]:
    """The kind of stream that an annotation means, and the type of its items."""
    if get_origin(type_) not in _STREAMS:
        return None, type_
    item = get_args(type_)[0]
    named = essence(media_type[0]) if media_type else ""
    if named == EVENT_STREAM:
        return "events", item
    if named not in _LINES and (item is bytes or item is str):
        return "raw", item
    return "lines", item


_LINES: Final = frozenset({JSON_LINES, "application/x-ndjson", "application/json-lines"})


def _refuse_one_item(operation: Operation, spec: ResponseSpec, type_: Any) -> None:
    """Refuse a whole body as what is a stream of items, unless it is made by hand."""
    items = [text for text in spec.media_type if essence(text) in {*_LINES, EVENT_STREAM}]
    if items and type_ is not str and type_ is not bytes:
        found = f"{operation.name}: a body of {shown(type_)} as {items[0]}, which has many items"
        allowed = "a stream of items; str or bytes that hold them all"
        raise SpecError([operation.fault(found, allowed, f"-> AsyncIterator[{shown(type_)}]")])


def _refuse_broken_stream(
    operation: Operation, spec: ResponseSpec, stream: Stream, type_: Any
) -> None:
    """Refuse a stream whose items can't be sent as its spec says."""
    said = ", ".join(spec.media_type)
    named = essence(spec.media_type[0]) if spec.media_type else JSON_LINES
    found, write = f"of {shown(type_)} as {said}", f'media_type="{JSON_LINES}"'
    if len(spec.media_type) > 1:
        found, write = f"with the media types {said}", ""
        allowed = "one media type: a stream is not negotiated"
    elif spec.location is not None:
        found, write = "with location=...", ""
        allowed = "location= of a whole body; a stream has no Location"
    elif stream == "lines" and named not in _LINES:
        allowed = f"items of {JSON_LINES} or {EVENT_STREAM}; of other media types, str or bytes"
    elif stream == "raw" and codec_of(named) is not None and spec.media_type:
        allowed = f"{JSON_LINES}, whose items are checked, or a whole body"
    else:
        return
    raise SpecError([operation.fault(f"{operation.name}: a stream {found}", allowed, write)])


def _media_types(type_: Any, given: tuple[str, ...], stream: Stream | None) -> tuple[str, ...]:
    if type_ is None:
        return ()
    if given:
        return given
    if stream == "raw":
        return ("application/octet-stream" if type_ is bytes else "text/plain",)
    return (JSON_LINES,) if stream else (JSON,)


def _kinds(type_: Any) -> frozenset[str]:
    """What JSON makes of values of *type_*; empty when that can't be told."""
    try:
        return frozenset({"null"}) if type_ is None else _kinds_of(type_info(type_))
    except (TypeError, NameError):
        return frozenset()


def _kinds_of(info: types_of.Type) -> frozenset[str]:
    if isinstance(info, types_of.Metadata):
        return _kinds_of(info.type)
    if isinstance(info, types_of.UnionType):
        parts = [_kinds_of(part) for part in info.types]
        return frozenset[str]().union(*parts) if all(parts) else frozenset()
    if isinstance(info, types_of.StructType) and info.array_like:
        return frozenset({"array"})
    return frozenset(kind for kind, classes in _KINDS.items() if isinstance(info, classes))


_KINDS: Final[dict[str, tuple[type[types_of.Type], ...]]] = {
    "object": (
        types_of.StructType,
        types_of.DataclassType,
        types_of.TypedDictType,
        types_of.DictType,
    ),
    "array": (types_of.CollectionType, types_of.TupleType),
    "boolean": (types_of.BoolType,),
    "number": (types_of.IntType, types_of.FloatType),
    "null": (types_of.NoneType,),
    "string": (
        types_of.StrType,
        types_of.BytesType,
        types_of.DateTimeType,
        types_of.DateType,
        types_of.TimeType,
        types_of.UUIDType,
        types_of.DecimalType,
    ),
}


def _contradict(annotation: Any, declared: Any) -> bool:
    """Whether no value of the annotation could be one of the declared type.

    A dictionary or a row is a looser view of an object, so only types that JSON writes in
    different ways contradict each other.
    """
    if get_origin(annotation) in _STREAMS or get_origin(declared) in _STREAMS:
        return False
    left, right = _kinds(annotation), _kinds(declared)
    bare = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    base = get_origin(bare) or bare
    is_row = isinstance(base, type) and issubclass(base, tuple)
    if is_row and "object" in right:
        return False
    return bool(left and right) and left.isdisjoint(right)
