"""Rules and tables as they are served: redirects and reroutes that have no handler."""

import pytest

from redirflow import App, Header, Query, RedirectTable, Request

NOTHING = "There is nothing at this path."


def site(**options):
    app = App(**options)

    @app.get("/users/{user_id}")
    async def user(user_id: int, request: Request, q: Query[str] = "") -> list[str]:
        return [str(user_id), q, request.original_path]

    @app.post("/users")
    async def add(request: Request) -> str:
        return (await request.body()).decode()

    @app.get("/files/{rest:path}")
    async def files(rest: str, x: Header[str] = "none") -> list[str]:
        return [rest, x]

    app.redirect("/people/{user_id}", to="/users/{user_id}")
    app.redirect("/folk/{user_id}", to="/users/{user_id}", status_code=302, max_age=60)
    app.redirect("/persons", to="/users")
    app.redirect("/away/{name}", to="https://example.com/{name}", status_code=301)
    app.redirect("/docs/{rest:path}", to="/files/{rest}")
    app.reroute("/v0/{rest:path}", to="/{rest}", headers={"X": "v0"})
    app.reroute("/me", to="/users/1", query={"q": "me"})
    app.reroute("/member/{user_id}", to="/users/{user_id}")
    app.redirect_table(
        RedirectTable.from_pairs([("/old", "/users/1"), ("/older", "/users", 307), ("/x/", "/old")])
    )
    return app


@pytest.mark.parametrize(
    ("method", "path", "query", "status", "location"),
    [
        ("GET", "/people/7", b"", 308, "/users/7"),
        ("HEAD", "/people/7", b"", 308, "/users/7"),
        ("GET", "/people/7", b"q=a%20b&r", 308, "/users/7?q=a%20b&r"),
        ("GET", "/folk/7", b"", 302, "/users/7"),
        ("POST", "/persons", b"", 308, "/users"),
        ("GET", "/away/a b", b"q=1", 301, "https://example.com/a%20b"),
        ("BREW", "/away/a", b"", 405, None),
        ("DELETE", "/away/a", b"", 301, "https://example.com/a"),
        ("GET", "/docs/a/b", b"", 308, "/files/a/b"),
        ("GET", "/docs/../a", b"", 404, None),
        ("POST", "/people/7", b"", 405, None),
        ("OPTIONS", "/people/7", b"", 204, None),
        ("GET", "/old", b"", 308, "/users/1"),
        ("HEAD", "/old", b"q=1", 308, "/users/1?q=1"),
        ("POST", "/older", b"", 307, "/users"),
        ("GET", "/older", b"", 405, None),
        ("OPTIONS", "/older", b"", 204, None),
        ("GET", "/x/", b"", 308, "/users/1"),
        ("GET", "/x", b"q=1", 308, "/x/?q=1"),
        ("GET", "/old", b"q=" + b"x" * 9000, 404, None),
        ("GET", "/people/7", b"q=" + b"x" * 9000, 404, None),
    ],
)
async def test_a_redirect_without_a_handler(call, method, path, query, status, location):
    """The query is kept; what a client makes of a rule is never worse than a 404."""
    answer = await call(site(), method, path, query=query)

    assert (answer.status, answer["location"]) == (status, location)
    if location is not None:
        assert answer.body == b""
        assert answer["content-length"] == "0"
        assert answer["content-type"] is None
    if path.startswith("/folk"):
        assert answer["cache-control"] == "max-age=60"


@pytest.mark.parametrize("root", ["/api", "/api/", "api"])
async def test_a_rule_below_a_root_path(call, root):
    app = site()

    rule = await call(app, "GET", "/api/people/7", root_path=root)
    row = await call(app, "GET", "/api/old", root_path=root)

    assert rule["location"] == "/api/users/7"
    assert row["location"] == "/api/users/1"


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/v0/users/7", b"q=1", ["7", "1", "/v0/users/7"]),
        ("GET", "/me", b"q=1", ["1", "me", "/me"]),
        ("GET", "/member/7", b"q=1", ["7", "1", "/member/7"]),
        ("GET", "/v0/v0/v0/users/7", b"", ["7", "", "/v0/v0/v0/users/7"]),
        ("GET", "/v0/files/a/b", b"", ["a/b", "v0"]),
        ("POST", "/v0/users", b"", "hello"),
    ],
)
async def test_a_reroute_without_a_handler(call, method, path, query, expected):
    """The client sees no round trip; method and body stay."""
    answer = await call(site(), method, path, query=query, body=[b"hel", b"lo"])

    assert answer.json() == expected


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v0/nix", 404),
        ("GET", "/v0/users/x", 422),
        ("GET", "/v0" * 9 + "/users/7", 200),
        ("GET", "/v0" * 11 + "/users/7", 404),
        ("GET", "/v0" * 40 + "/users/7", 404),
        ("DELETE", "/v0/users/7", 405),
        ("GET", "/v0/people/7", 308),
        ("POST", "/me", 405),
        ("HEAD", "/me", 200),
        ("OPTIONS", "/me", 204),
    ],
)
async def test_where_a_reroute_ends(call, method, path, status):
    """More than ten hops are a 404: a client can make them up."""
    answer = await call(site(), method, path)

    assert answer.status == status
    if status == 404:
        assert answer.detail == NOTHING


async def test_a_rule_is_a_route_to_middleware(asgi):
    app, peer = site(), asgi.Peer(b"")
    scope = asgi.scope("GET", "/people/7")

    await app(scope, peer.receive, peer.send)

    assert scope["route"].path_format == "/people/{user_id}"


@pytest.mark.parametrize(
    ("method", "status", "allow"),
    [
        ("GET", 308, None),
        ("HEAD", 308, None),
        ("POST", 201, None),
        ("DELETE", 405, "GET, POST, HEAD, OPTIONS"),
        ("OPTIONS", 204, "GET, POST, HEAD, OPTIONS"),
    ],
)
async def test_a_row_and_an_operation_at_one_path(call, method, status, allow):
    """Each answers its own methods; `Allow` names all of them."""
    app = site()

    @app.post("/both")
    async def both() -> str:
        return "x"

    app.redirect_table(RedirectTable.from_pairs([("/both", "/users/1")]))

    answer = await call(app, method, "/both")

    assert (answer.status, answer["allow"]) == (status, allow)


async def test_tables_and_slashes(call):
    """A row answers for its other form too, where both are the same."""
    app = site(slashes="match")

    assert (await call(app, "GET", "/old/"))["location"] == "/users/1"
    assert (await call(app, "GET", "/x"))["location"] == "/users/1"
    assert (await call(app, "POST", "/old/")).status == 405


@pytest.mark.parametrize("path", ["/people/7", "/old", "/v0/nix", "/me"])
async def test_the_client_has_left(asgi, logged, path):
    async def send(message):
        raise OSError

    await site()(asgi.scope("GET", path), asgi.Peer(b"").receive, send)

    assert logged() == []
