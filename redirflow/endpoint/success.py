"""How a declared success is sent: what a handler returned becomes a reply, checked."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from redirflow.declare.errors import NotAcceptable
from redirflow.declare.redirects import Redirect
from redirflow.declare.specs import NOTHING
from redirflow.endpoint.binder import Refused
from redirflow.endpoint.body import BodyPlan, body_plan
from redirflow.endpoint.fields import FieldsPlan, fields_plan
from redirflow.endpoint.links import LinkRefused
from redirflow.endpoint.parts import is_anything, is_unbounded, parts_of, type_info
from redirflow.endpoint.plan import located, location_key
from redirflow.endpoint.responses import DeclaredResponse
from redirflow.endpoint.target import Destination, NotAllowed
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.media import JSON, MSGPACK_CODEC, codec_of
from redirflow.http.reference import LocationRefused
from redirflow.http.response import EMPTY, Reply, Response, content_length
from redirflow.http.types import RawHeaders, Scope


class SuccessPlan(Struct, frozen=True, eq=False):
    """How one declared success is sent.

    Attributes:
        bodies: by media type, in declared order; empty for no body.
        location: where the `Location` of a 201 may lead.
        ready: the fields that each response has, but for the length.
        spare: where there is only MessagePack, JSON, which has integers beyond 64 bits.
    """

    status: int
    bodies: Mapping[str, BodyPlan]
    fields: FieldsPlan
    location: Destination | None
    ready: RawHeaders
    spare: BodyPlan | None = None

    def negotiated(self, response: Response[Any], scope: Scope, taken: list[str]) -> Reply | None:
        """The reply in the first of the media types *taken* that can carry the body.

        MessagePack has no integers beyond 64 bits, and JSON has: such a value may be a
        client's own. `None` stands for a body that only what the client does not take can carry.

        Raises:
            ContractViolation: as `reply` does; no media type can carry the body.
        """
        violations: list[ContractViolation] = []
        for media_type in (*taken, *self.bodies):
            try:
                reply = self.reply(response, scope, media_type)
            except ContractViolation as error:
                violations.append(error)
            else:
                return reply if media_type in taken else None
        raise violations[0]

    def reply(self, response: Response[Any], scope: Scope, media_type: str | None = None) -> Reply:
        """The reply for *response*.

        Raises:
            ContractViolation: the body, a header, a cookie or the location is not declared.
            Refused: 406, as only JSON can carry the body, and it is not offered.
        """
        headers, location = self._parted(response.headers, scope)
        lines = self.fields.render(headers, response.cookies)
        if location:
            lines.append((b"location", location))
        if not self.bodies:
            return self._bodiless(response, lines)
        plan = self._body_plan(response.media_type or media_type)
        try:
            body = plan.render(response.body)
        except ContractViolation:
            if self.spare is not None and self.spare.takes(response.body):
                refusal = f"There is only {', '.join(self.bodies)}, which can't carry this."
                raise Refused(NotAcceptable(refusal)) from None
            raise
        head = [(b"content-type", plan.media_type), content_length(len(body))]
        return Reply(self.status, [*head, *self.ready, *lines], body)

    def _bodiless(self, response: Response[Any], lines: RawHeaders) -> Reply:
        if response.body is not None:
            raise ContractViolation(
                f"a body with the status {self.status}", "no body", response.body
            )
        # RFC 9110 8.6: no Content-Length on a 204; on a 304 it would be that of the 200.
        length = [] if self.status in {204, 304} else [EMPTY]
        return Reply(self.status, [*length, *self.ready, *lines])

    def _body_plan(self, media_type: str | None) -> BodyPlan:
        if media_type is None:
            return next(iter(self.bodies.values()))
        plan = self.bodies.get(media_type)
        if plan is None:
            raise ContractViolation(f"the media type {media_type!r}", ", ".join(self.bodies))
        return plan

    def _parted(
        self, headers: Mapping[str, Any] | None, scope: Scope
    ) -> tuple[Mapping[str, Any], bytes | None]:
        """The declared headers, and the checked location of a 201."""
        if self.location is None:
            return headers or NOTHING, None
        given = dict(headers or NOTHING)
        key = location_key(given)
        if key is None:
            raise ContractViolation("a response without Location", self.location.listed)
        return given, self._admitted(given.pop(key), self.location, scope)

    def _admitted(self, value: Any, destination: Destination, scope: Scope) -> bytes:
        """A location given as text, or as a `Redirect` to an operation."""
        try:
            if isinstance(value, Redirect):
                return located(value, destination, "GET", scope)
            return destination.admit(value, "GET", scope)
        except (LinkRefused, LocationRefused, NotAllowed) as error:
            sent = f"a Location that can't be sent: {error}"
            raise ContractViolation(sent, destination.listed, value) from None


def is_negotiable(declared: DeclaredResponse) -> bool:
    """Whether no media type that a client takes may be one that can carry the body."""
    return len(declared.media_types) > 1 or _may_overflow(declared)


def _may_overflow(declared: DeclaredResponse) -> bool:
    """Whether there is only MessagePack for what may hold an integer beyond 64 bits."""
    codecs = {codec_of(media_type) for media_type in declared.media_types}
    parts = parts_of(type_info(declared.type)) if codecs == {MSGPACK_CODEC} else ()
    return any(is_anything(part) or is_unbounded(part) for part in parts)


def success_plan(declared: DeclaredResponse) -> SuccessPlan:
    """The plan of one declared success that is no stream; a `TypeError` for an odd type."""
    return SuccessPlan(
        declared.status,
        {name: body_plan(declared.type, name) for name in declared.media_types},
        fields_plan(declared.headers, declared.cookies),
        declared.location,
        # RFC 9110 12.5.5: caches are told that the answer depends on `Accept`.
        [(b"vary", b"accept")] if len(declared.media_types) > 1 else [],
        body_plan(declared.type, JSON) if _may_overflow(declared) else None,
    )
