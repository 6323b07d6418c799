"""Declared streams: each item is checked and encoded like a body of its own."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct

from redirflow.declare.streams import ServerSentEvent, data_of, is_event
from redirflow.endpoint.body import BodyPlan, body_plan, content_type, plain_plan
from redirflow.endpoint.fields import FieldsPlan, fields_plan
from redirflow.endpoint.responses import DeclaredResponse
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.media import JSON

KEEP_ALIVE: Final = b": keep-alive\n\n"
"""A comment that keeps proxies from closing a silent stream of events."""


class StreamPlan(Struct, frozen=True, eq=False):
    """How one declared stream is sent.

    Attributes:
        encode: from an item to its bytes; raises `ContractViolation`.
        events: whether silence is filled with comments.
    """

    status: int
    media_type: bytes
    fields: FieldsPlan
    encode: Callable[[Any], bytes]
    events: bool


def stream_plan(declared: DeclaredResponse) -> StreamPlan:
    """The plan of one declared stream; a `TypeError` if msgspec can't handle its items."""
    media_type = declared.media_types[0]
    encode = _encoder(declared)
    fields = fields_plan(declared.headers, declared.cookies)
    return StreamPlan(
        declared.status, content_type(media_type), fields, encode, declared.stream == "events"
    )


def _encoder(declared: DeclaredResponse) -> Callable[[Any], bytes]:
    if declared.stream == "raw":
        return plain_plan(declared.type, declared.media_types[0]).render
    if declared.stream == "lines":
        plan = body_plan(declared.type, JSON)
        return lambda item: _one_line(plan.render(item)) + b"\n"
    if is_event(declared.type):
        data = data_of(declared.type)
        plan, plain = body_plan(data, JSON), data in (Any, str)
        return lambda item: _event(item, plan, plain=plain)
    plan = body_plan(declared.type, JSON)
    return lambda item: _framed("data", plan.render(item).decode()) + b"\n"


def _event(item: Any, plan: BodyPlan, *, plain: bool) -> bytes:
    """A `ServerSentEvent` as its lines; its fields must not hold line ends of their own.

    Args:
        plan: of its data.
        plain: whether data that is a text is no JSON.
    """
    data: Any = getattr(item, "data", None)
    if not isinstance(item, ServerSentEvent):
        raise ContractViolation(f"an item of type {type(item).__name__}", "ServerSentEvent", item)
    retry: Any = item.retry
    if retry is not None and (type(retry) is not int or retry < 0):
        raise ContractViolation("an event whose retry is no number of milliseconds", "int", retry)
    lines = [
        _framed(name, str(value))
        for name, value in (("event", item.event), ("id", item.id), ("retry", item.retry))
        if value is not None and _has_one_line(name, str(value))
    ]
    text = data if plain and isinstance(data, str) else plan.render(data).decode()
    return b"".join(lines) + _framed("data", text) + b"\n"


def _one_line(item: bytes) -> bytes:
    """JSON without line ends, which only a `msgspec.Raw` brings along."""
    return msgspec.json.format(item, indent=-1) if b"\n" in item else item


def _has_one_line(name: str, value: str) -> bool:
    if any(end in value for end in "\r\n\0"):
        raise ContractViolation(f"an event whose {name} holds a line end or NUL", "one line", value)
    return True


def _framed(name: str, text: str) -> bytes:
    """The field *name*, once for each line of *text*."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    try:
        return "".join(f"{name}: {line}\n" for line in lines).encode()
    except UnicodeEncodeError:
        raise ContractViolation(f"an event whose {name} is no valid Unicode", "str", text) from None
