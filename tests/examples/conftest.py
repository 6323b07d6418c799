"""A client of an example over a real server, and a way to say what it answered."""

import httpx2
import pytest


@pytest.fixture(scope="module")
def client(request, serve, example):
    """A client of the example that the test module names as `EXAMPLE`, over a real server."""
    app = example(request.module.EXAMPLE).app
    with httpx2.Client(base_url=serve(app), trust_env=False) as client:
        yield client


@pytest.fixture
def ask(client):
    """`ask(method, path, ...)` gives the status, the header fields and the body of the answer.

    `date` and `server` are the server's. `content-length` is compared with the body here, as
    every answer has to get it right; that of a HEAD tells about another one.
    """

    def ask(method, path, **more):
        response = client.request(method, path, **more)
        fields = dict(response.headers)
        assert fields.pop("server") == "uvicorn"
        assert fields.pop("date")
        length = fields.pop("content-length", None)
        if length is not None and method != "HEAD":
            assert int(length) == len(response.content)
        return response.status_code, fields, body_of(response, fields)

    return ask


def body_of(response, fields):
    """The decoded body, JSON where the answer says so."""
    kind = fields.get("content-type", "")
    return response.json() if "json" in kind and "jsonl" not in kind else response.text
