"""Requests without a server, and operations without an app."""

import pytest

from redirflow.http.request import Request


def a_request(
    method="POST", path="/", *, query="", headers=None, body=b"", root_path="", **more
):  # fmt: skip
    """A request that arrives in two pieces."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": root_path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers or ()],
        **more,
    }
    half = len(body) // 2
    messages = [
        {"type": "http.request", "body": body[:half], "more_body": True},
        {"type": "http.request", "body": body[half:], "more_body": False},
    ]

    async def receive():
        return messages.pop(0)

    return Request(scope, receive, max_body_size=2**21, links=lambda target, params: "")


@pytest.fixture
def request_of():
    """Makes a `Request`."""
    return a_request
