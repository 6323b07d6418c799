"""Twenty requests that are wrong, byte for byte, against `examples/accounts.py` and a real server.

None is a 5xx, none hangs, and after each one the server still answers.
"""

import json
import socket
from urllib.parse import urlsplit

import pytest


def request(line, *fields, body=b"", host=("Host: localhost",)):
    """The bytes of a request that closes its connection."""
    length = [f"Content-Length: {len(body)}"] if body else []
    lines = [f"{line} HTTP/1.1", *host, "Connection: close", *fields, *length, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def post_json(body, *fields):
    return request("POST /accounts", "Content-Type: application/json", *fields, body=body)


def post_form(body):
    return request("POST /login", "Content-Type: application/x-www-form-urlencoded", body=body)


MALFORMED = {
    "a word for a number in the path": (request("GET /accounts/x"), 422),
    "bytes in the path that are no UTF-8": (request("GET /accounts/%FF%FE"), 422),
    "an encoded NUL in the path": (request("GET /accounts/1%00"), 422),
    "two slashes in front": (request("GET //evil.example/%2e%2e/me"), 404),
    "a number with 5000 digits": (request(f"GET /accounts/{'9' * 5000}"), 422),
    "two wrong parameters": (request("GET /accounts?limit=1e3&after=x"), 422),
    "2000 pairs in the query": (request(f"GET /accounts?{'a=1&' * 2000}"), 400),
    "half an object": (post_json(b'{"email": "a@b'), 400),
    "a body that is no UTF-8": (post_json(b'{"email": "\xff@b", "name": "x"}'), 400),
    "half a surrogate pair": (post_json(rb'{"email": "\ud800@b", "name": "x"}'), 400),
    "100 000 brackets": (post_json(b"[" * 100_000), 400),
    "wrong types": (post_json(b'{"email": 3, "name": null}'), 422),
    "the first byte of a terabyte": (
        request("POST /accounts", "Content-Type: application/json", f"Content-Length: {10**12}")
        + b"{",
        413,
    ),
    "text for JSON": (request("POST /accounts", "Content-Type: text/plain", body=b"hi"), 415),
    "a body said to be zipped": (post_json(b"{}", "Content-Encoding: gzip"), 415),
    "a next that leads away": (post_form(b"email=ada@example.com&next=//evil.example"), 422),
    "parts without a boundary": (
        request("POST /login", "Content-Type: multipart/form-data", body=b"--x"),
        400,
    ),
    "2000 fields": (post_form(b"a=1&" * 2000), 413),
    "credentials of another scheme": (
        request("DELETE /accounts/1", "Authorization: Basic \xff"),
        401,
    ),
    "no Host": (request("GET /me", host=()), 400),
}


def send(address, request):
    """Everything that the server answers to these bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", urlsplit(address).port), 10) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode("latin-1").lower(), body


@pytest.fixture(scope="module")
def address(serve, example):
    return serve(example("accounts").app)


@pytest.mark.parametrize(("request_bytes", "expected"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_requests_are_told_what_is_wrong(address, request_bytes, expected):
    status, head, body = send(address, request_bytes)

    assert status == expected
    assert send(address, request("GET /accounts/1"))[0] == 200
    if "application/problem+json" in head:
        problem = json.loads(body)
        assert problem["status"] == expected
        assert problem["title"]
    else:
        assert body == b"Invalid HTTP request received."  # h11 itself asks for a Host
