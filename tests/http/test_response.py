"""A response as a handler makes it, and as it is sent."""

from http import HTTPStatus

import pytest

from redirflow.http.response import (
    EMPTY,
    Reply,
    Response,
    content_length,
    send_reply,
    without_body,
)


class Sent(list):
    """A `send` that keeps the messages."""

    async def __call__(self, message):
        self.append(message)


def test_a_response_says_nothing_by_default():
    """What is not said is left to the spec."""
    response = Response()

    assert (
        response.body,
        response.status_code,
        response.headers,
        response.cookies,
        response.media_type,
    ) == (None, None, None, None, None)


def test_a_response_keeps_what_it_is_given():
    headers, cookies = {"X-A": 1}, {"sid": None}

    response = Response(
        [1], status_code=201, headers=headers, cookies=cookies, media_type="text/plain"
    )

    assert ([1], 201, headers, cookies, "text/plain") == (
        response.body,
        response.status_code,
        response.headers,
        response.cookies,
        response.media_type,
    )


def test_a_status_may_be_an_http_status():
    response = Response(status_code=HTTPStatus.CREATED)

    assert response.status_code == 201
    assert int is type(response.status_code)


def test_a_response_is_generic_in_its_body():
    """`Response[User]` is an annotation; at run time it makes the same thing."""
    assert Response[int](1).body == 1


def test_a_response_takes_no_other_attributes():
    """A mistyped name would be lost in silence."""
    with pytest.raises(AttributeError):
        Response().status = 201


@pytest.mark.parametrize("length", [0, 1, 10, 4095, 4096, 4097, 10**9])
def test_content_length(length):
    """The field says the length in plain decimals, whether made beforehand or not."""
    assert (b"content-length", str(length).encode()) == content_length(length)


def test_the_length_of_an_empty_body():
    assert EMPTY == (b"content-length", b"0")


async def test_a_reply_is_one_start_and_one_body():
    """Nothing says `more_body`: the answer is complete (ASGI, "Response Body")."""
    send = Sent()
    headers = [(b"content-type", b"text/plain"), content_length(2)]

    await send_reply(send, Reply(200, headers, b"ok"))

    assert [
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": b"ok"},
    ] == send


async def test_a_reply_has_no_body_by_default():
    send = Sent()

    await send_reply(send, Reply(204, []))

    assert send[1]["body"] == b""


# --- HEAD -----------------------------------------------------------------------------------


async def test_head_keeps_the_fields_and_drops_the_body():
    """HEAD has the fields that GET would have, its length included (RFC 9110 9.3.2)."""
    send = Sent()
    headers = [content_length(2)]

    await send_reply(without_body(send), Reply(200, headers, b"ok"))

    assert [
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": b""},
    ] == send


async def test_head_of_a_stream_ends_when_the_stream_ends():
    """Each chunk is emptied; the last one still says that it is the last."""
    send = Sent()
    head = without_body(send)
    chunks = [
        {"type": "http.response.body", "body": b"a", "more_body": True},
        {"type": "http.response.body", "body": b"b", "more_body": True},
        {"type": "http.response.body"},
    ]

    for chunk in chunks:
        await head(chunk)

    assert [message["body"] for message in send] == [b"", b"", b""]
    assert [message.get("more_body") for message in send] == [True, True, None]
    assert chunks[0]["body"] == b"a"


async def test_head_lets_other_messages_pass():
    """Extensions of servers are none of its business."""
    send = Sent()
    message = {"type": "http.response.debug", "info": {}}

    await without_body(send)(message)

    assert message is send[0]
