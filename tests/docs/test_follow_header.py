"""The report of a redirect: for who asks for it, on this machine, and nothing else changes."""

import json

import pytest

from redirflow.serve.follow_header import report_redirects

pytestmark = pytest.mark.anyio

ASKED = (b"redirflow-follow", b"manual")
LOOPBACK = (b"host", b"127.0.0.1:8000")
COOKIE = (b"set-cookie", b"sid=secret; Path=/; HttpOnly")


@pytest.fixture
def anyio_backend():
    return "asyncio"


def redirecting(status=303, headers=((b"location", b"/me"),), body=b"moved"):
    """An app that sends a redirect in three messages, and keeps the scopes it got."""

    async def app(scope, receive, send):
        app.scopes.append(scope)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    app.scopes = []
    return app


async def answered(app, *headers, method="POST", **more):
    """The scope and the messages of one request."""
    scope = {"type": "http", "method": method, "path": "/x", "headers": [*headers], **more}
    messages = []

    async def send(message):
        messages.append(message)

    await app(scope, None, send)
    return scope, messages


async def test_a_redirect_is_reported():
    app = redirecting(headers=[(b"Location", b"/me"), (b"X-Some", b"caf\xe9"), COOKIE])
    _, (start, body) = await answered(report_redirects(app), LOOPBACK, ASKED)

    assert json.loads(body["body"]) == {
        "status": 303,
        "location": "/me",
        "headers": [
            ["location", "/me"],
            ["x-some", "caf\xe9"],
            ["set-cookie", "sid=\N{HORIZONTAL ELLIPSIS}; Path=/; HttpOnly"],
        ],
    }
    assert (start["status"], body.get("more_body", False)) == (200, False)
    assert start["headers"] == [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body["body"])),
        (b"redirflow-follow", b"reported"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        COOKIE,
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_each_of_the_five_is_reported(status):
    _, (start, body) = await answered(report_redirects(redirecting(status)), LOOPBACK, ASKED)

    assert (200, status) == (start["status"], json.loads(body["body"])["status"])


@pytest.mark.parametrize(
    "host",
    [b"localhost", b"LOCALHOST:80", b"127.0.0.1", b"127.1.2.3:65535", b"[::1]", b"[::1]:8000"],
)
async def test_loopback_hosts_are_admitted(host):
    _, messages = await answered(report_redirects(redirecting()), (b"host", host), ASKED)

    assert messages[0]["status"] == 200


@pytest.mark.parametrize(
    "headers",
    [
        [LOOPBACK],
        [LOOPBACK, (b"redirflow-follow", b"auto")],
        [LOOPBACK, (b"redirflow-follow", b"Manual")],
        [LOOPBACK, ASKED, ASKED],
        [ASKED],
        [ASKED, LOOPBACK, LOOPBACK],
        [ASKED, (b"host", b"example.com")],
        [ASKED, (b"host", b"127.0.0.1.example.com")],
        [ASKED, (b"host", b"example.com#127.0.0.1")],
        [ASKED, (b"host", b"localhost.example.com")],
        [ASKED, (b"host", b"localhost:80:80")],
        [ASKED, (b"host", b"127.0.0.1\n")],
        [ASKED, (b"host", b"128.0.0.1")],
        [ASKED, (b"host", b"[::2]")],
        [ASKED, (b"host", b"")],
    ],
)
async def test_all_others_get_the_very_messages_of_the_app(headers):
    _, expected = await answered(redirecting(), *headers)
    _, messages = await answered(report_redirects(redirecting()), *headers)

    assert expected == messages


async def test_the_header_names_may_have_capitals():
    headers = [(b"Host", b"localhost"), (b"Redirflow-Follow", b"manual")]
    _, messages = await answered(report_redirects(redirecting()), *headers)

    assert messages[0]["status"] == 200


@pytest.mark.parametrize(
    ("status", "headers"),
    [(200, [(b"location", b"/me")]), (304, [(b"location", b"/me")]), (303, []), (404, [])],
)
async def test_what_is_no_redirect_is_sent_as_it_is(status, headers):
    app = redirecting(status, headers)
    _, expected = await answered(app)
    _, messages = await answered(report_redirects(app), LOOPBACK, ASKED)

    assert expected == messages


async def test_headers_that_can_be_read_once_only_are_sent():
    app = redirecting(200, (each for each in [(b"x-some", b"1")]))
    _, messages = await answered(report_redirects(app), LOOPBACK, ASKED)

    assert messages[0]["headers"] == [(b"x-some", b"1")]


async def test_a_start_without_headers_is_sent():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 204})

    _, messages = await answered(report_redirects(app), LOOPBACK, ASKED)

    assert messages[0]["status"] == 204


async def test_head_is_left_alone():
    """The answer to HEAD has no body that could carry a report."""
    _, expected = await answered(redirecting(), method="HEAD")
    app = report_redirects(redirecting())
    _, messages = await answered(app, LOOPBACK, ASKED, method="HEAD")

    assert expected == messages


async def test_the_app_gets_the_very_scope():
    """Observability reads the route from it."""
    app = redirecting()
    scope, _ = await answered(report_redirects(app), LOOPBACK, ASKED)

    assert scope is app.scopes[0]


async def test_other_scopes_pass():
    app = redirecting()
    await answered(report_redirects(app), type="lifespan")

    assert [scope["type"] for scope in app.scopes] == ["lifespan"]


async def test_each_request_is_judged_anew():
    app = report_redirects(redirecting())
    first = await answered(app, LOOPBACK, ASKED)
    second = await answered(app, LOOPBACK)
    third = await answered(app, LOOPBACK, ASKED)

    assert [messages[0]["status"] for _, messages in (first, second, third)] == [200, 303, 200]
