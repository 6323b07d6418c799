"""Streams: each item is checked and framed like a body of its own."""

from collections.abc import AsyncIterator

import pytest
from msgspec import Struct

from redirflow import App, HeaderSpec, ServerSentEvent, returns
from redirflow.endpoint.violation import ContractViolation


class User(Struct):
    id: int


class Staff(User):
    salary: int = 0


def plan_of(item, media_type=(), **spec):
    """The plan of a handler that yields items of a type."""
    app = App()

    async def ticks(): ...

    ticks.__annotations__["return"] = AsyncIterator[item]
    app.get("/")(returns(media_type=media_type, **spec)(ticks))
    (endpoint,) = app.compile().endpoints.values()
    return endpoint.streams[200]


def violation(plan, item):
    with pytest.raises(ContractViolation) as caught:
        plan.encode(item)
    return caught.value.sent, caught.value.declared


EVENTS = "text/event-stream"


@pytest.mark.parametrize(
    ("type_", "media_type", "item", "sent"),
    [
        (User, (), User(1), b'{"id":1}\n'),
        (User, (), Staff(1, 5), b'{"id":1}\n'),
        (int | None, (), None, b"null\n"),
        (bytes, (), b"\x00\n", b"\x00\n"),
        (str, "text/csv", "a,ж\n", "a,ж\n".encode()),
        (User, EVENTS, User(1), b'data: {"id":1}\n\n'),
        (str, EVENTS, "a\nb", b'data: "a\\nb"\n\n'),
        (str, "application/jsonl", "a", b'"a"\n'),
        (bytes, "text/csv", b"1,", b"1,"),
        (ServerSentEvent, EVENTS, ServerSentEvent(data="a\r\nb\rc"), b"data: a\ndata: b\n"
         b"data: c\n\n"),
        (ServerSentEvent, EVENTS, ServerSentEvent(data={"a": 1}), b'data: {"a":1}\n\n'),
        (
            ServerSentEvent,
            EVENTS,
            ServerSentEvent(data="ж", event="tick", id="7", retry=100),
            "event: tick\nid: 7\nretry: 100\ndata: ж\n\n".encode(),
        ),
        (ServerSentEvent[User], EVENTS, ServerSentEvent(data=Staff(1, 5), id="7"),
         b'id: 7\ndata: {"id":1}\n\n'),
        (ServerSentEvent[str], EVENTS, ServerSentEvent[str](data="a\nb"), b"data: a\ndata: b\n\n"),
        (ServerSentEvent[str | int], EVENTS, ServerSentEvent(data="a"), b'data: "a"\n\n'),
    ],
)  # fmt: skip
def test_items_are_framed(type_, media_type, item, sent):
    assert plan_of(type_, media_type).encode(item) == sent


@pytest.mark.parametrize(
    ("type_", "media_type", "item", "sent", "declared"),
    [
        (
            User,
            (),
            {"id": "x"},
            "a body that is not of the declared type: Expected `int`, got `str` at $.id",
            "User",
        ),
        (bytes, (), "x", "a body of type str", "bytes"),
        (ServerSentEvent, EVENTS, "secret", "an item of type str", "ServerSentEvent"),
        (
            ServerSentEvent,
            EVENTS,
            ServerSentEvent(id="a\nsecret"),
            "an event whose id holds a line end or NUL",
            "one line",
        ),
        (
            ServerSentEvent,
            EVENTS,
            ServerSentEvent(data="\ud800"),
            "an event whose data is no valid Unicode",
            "str",
        ),
        (
            ServerSentEvent[User],
            EVENTS,
            ServerSentEvent(data="secret"),
            "a body that is not of the declared type: Expected `object`, got `str` at $",
            "User",
        ),
        (
            ServerSentEvent[str],
            EVENTS,
            ServerSentEvent(),
            "None: is a raise or a return missing?",
            "str",
        ),
    ],
)
def test_an_item_of_another_type_is_a_violation(type_, media_type, item, sent, declared):
    assert violation(plan_of(type_, media_type), item) == (sent, declared)


def test_a_stream_has_fields_too():
    plan = plan_of(str, "text/csv", headers={"X-A": HeaderSpec(int)})

    assert (plan.status, plan.media_type) == (200, b"text/csv; charset=utf-8")
    assert plan.fields.render({"X-A": 1}, None) == [(b"x-a", b"1")]
    assert (plan.events, plan_of(User, EVENTS).events) == (False, True)
