"""What answers: an operation, a mount, a redirect to the other form of a slash, or 404 and 405."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redirflow import App, Redirect, Request, redirects
from redirflow.serve.failures import Failures
from redirflow.serve.gate import Gate


async def show(request: Request) -> dict[str, str]:
    return {"path": request.path, "original": request.original_path}


def site(**options):
    app = App(**options)
    app.get("/", name="root")(show)
    app.get("/users", name="users")(show)
    app.post("/users", name="add")(show)
    app.get("/teams/", name="teams")(show)
    app.post("/posted", name="posted")(show)
    app.route("/search", methods=["QUERY"], name="search")(show)

    @app.get("/users/{user_id}")
    async def user(user_id: int) -> int:
        return user_id

    @app.delete("/users/{user_id}")
    async def remove(user_id: int) -> None: ...

    @app.get("/teams/{team}/members/{member}")
    async def member(team: str, member: int) -> list[str]:
        return [team, str(member)]

    @app.get("/files/{rest:path}")
    async def files(rest: str) -> str:
        return rest

    @app.options("/own")
    async def own_options() -> str:
        return "mine"

    @app.head("/own")
    async def own_head() -> str:
        return "longer than nothing"

    return app


NOTHING = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "There is nothing at this path.",
}


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/nix",
            "/users/1/2",
            "/teams",
            "/teams/x",
            "/users//",
            "//users",
            "/users/.",
            "/users/..",
        ),
        *(
            "",
            "*",
            "users",
            "users/1",
            "@evil.test",
            "http://evil.test/users",
            "\\users",
            " /users",
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "BREW"])
async def test_nothing_at_a_path(call, method, path):
    """Nor at one without its slash, which some servers let through."""
    answer = await call(site(slashes="strict"), method, path)

    assert answer.status == 404
    assert answer["content-type"] == "application/problem+json"
    assert answer["x-content-type-options"] == "nosniff"
    assert answer["allow"] is None
    assert answer.json() == NOTHING


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("DELETE", "/users", "GET, POST, HEAD, OPTIONS"),
        ("get", "/users", "GET, POST, HEAD, OPTIONS"),
        ("BREW", "/users", "GET, POST, HEAD, OPTIONS"),
        ("__class__", "/users", "GET, POST, HEAD, OPTIONS"),
        ("POST", "/users/1", "GET, DELETE, HEAD, OPTIONS"),
        ("POST", "/users/-", "GET, DELETE, HEAD, OPTIONS"),
        ("GET", "/search", "OPTIONS, QUERY"),
        ("GET", "/own", "HEAD, OPTIONS"),
        ("HEAD", "/posted", "POST, OPTIONS"),
        ("POST", "/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_method_that_is_not_served(call, method, path, allow):
    """`Allow` names every one that is (RFC 9110 15.5.6); also where a parameter is wrong."""
    answer = await call(site(), method, path)

    assert answer.status == 405
    assert answer["allow"] == allow
    assert answer["x-content-type-options"] == "nosniff"
    if method != "HEAD":
        assert answer.detail == "The resource does not serve this method."


async def test_options(call):
    """204 with `Allow`, or what a handler of its own says."""
    app = site()

    plain, own = await call(app, "OPTIONS", "/users/1"), await call(app, "OPTIONS", "/own")

    assert plain.status == 204
    assert plain.headers == [(b"allow", b"GET, DELETE, HEAD, OPTIONS")]
    assert own.json() == "mine"


async def test_query_is_a_method_like_others(call):
    assert (await call(site(), "QUERY", "/search")).status == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/users/7", "/users/x", "/teams/a/members/3", "/files/", "/nix", "/users/"),
        *("/openapi.json", "/posted"),
    ],
)
async def test_head_is_get_without_the_body(call, path):
    """With the length that the body would have (RFC 9110 9.3.2); for refusals too."""
    app = site()

    head, get = await call(app, "HEAD", path), await call(app, "GET", path)

    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


async def test_a_refused_host_is_told_to_a_head_without_a_body(call):
    assert (await call(site(), "HEAD", "/", host=None)).status == 400


async def test_a_handler_for_head_sends_no_body(call):
    """Servers would write it between this response and the next."""
    answer = await call(site(), "HEAD", "/own")

    assert answer.status == 200
    assert answer["content-length"] == "21"
    assert answer.body == b""


# --- slashes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/users/", b"", "/users"),
        ("/teams", b"", "/teams/"),
        ("/users/1/", b"", "/users/1"),
        ("/users/", b"a=1&a=2", "/users?a=1&a=2"),
        ("/users/", b"q=%2F%zz+x; #", "/users?q=%2F%25zz+x;%20%23"),
        ("/users/", b"q=%41+x;%C3%A9", "/users?q=%41+x;%C3%A9"),
        ("/users/", b"q=\xff\xc3", "/users?q=%FF%C3"),
        ("/users/a b/", b"", "/users/a%20b"),
        ("/users/\u00e9%/", b"", "/users/%C3%A9%25"),
        ("/users//", b"", None),
        ("/nix/", b"", None),
        ("/search/", b"", None),
        ("/users/", b"q=" + b"x" * 8000, None),
    ],
)
async def test_a_slash_too_many_or_too_few(call, path, query, location):
    """A permanent redirect to this site, the query as it came; built from no header."""
    answer = await call(site(), "GET", path, query=query, headers={"x-forwarded-host": "evil.test"})

    if location is None:
        assert answer.status == 404
    else:
        assert answer.status == 308
        assert answer.headers == [(b"location", location.encode()), (b"content-length", b"0")]
        assert answer.body == b""


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/users/", 308),
        ("HEAD", "/users/", 308),
        ("POST", "/teams", 404),
        ("OPTIONS", "/users/", 404),
        ("DELETE", "/users/", 404),
        ("POST", "/teams/", 405),
        ("GET", "/posted/", 404),
    ],
)
async def test_only_a_method_that_the_other_form_serves_is_redirected(call, method, path, status):
    """OPTIONS never: a preflight follows no redirect."""
    assert (await call(site(), method, path)).status == status


@pytest.mark.parametrize(
    ("slashes", "path", "status"),
    [
        ("strict", "/users/", 404),
        ("strict", "/teams", 404),
        ("strict", "/users", 200),
        ("match", "/users/", 200),
        ("match", "/users/7/", 200),
        ("match", "/teams", 200),
        ("match", "/nix/", 404),
        ("match", "", 200),
        ("redirect", "", 308),
    ],
)
async def test_slashes_are_an_option(call, slashes, path, status):
    assert (await call(site(slashes=slashes), "GET", path)).status == status


@pytest.mark.parametrize(
    ("root", "path", "location"),
    [
        ("/api", "/api/users/", "/api/users"),
        ("/api", "/users/", "/api/users"),
        ("/api/", "/api/users/", "/api/users"),
        ("api", "/api/users/", "/api/users"),
        ("/", "/users/", "/users"),
        ("", "/users/", "/users"),
        ("/\u00e9", "/\u00e9/users/", "/%C3%A9/users"),
        ("/api", "/api", "/api/"),
        ("/api", "/apiusers/", None),
    ],
)
async def test_a_slash_redirect_below_a_root_path(call, root, path, location):
    answer = await call(site(), "GET", path, root_path=root)

    assert answer["location"] == location


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(["//", "/\\", "///", "/\t/", "//evil.test/", "/\\evil.test/", "/", ""]),
    st.text(max_size=8),
    st.sampled_from(["", "/", "//", "/..", "\\"]),
    st.binary(max_size=4),
)
def test_a_slash_redirect_never_leaves_the_site(at_once, asgi, before, text, after, query):
    """Two slashes at the beginning name a host, and a backslash is one to browsers."""
    app = App()

    @app.get("/{a}")
    async def one(a: str) -> str:
        return a

    @app.get("/a/{b}/{rest:path}")
    async def two(b: str, rest: str) -> str:
        return b

    scope = asgi.scope("GET", before + text + after, query=query)
    answer = asgi.answer(at_once(app, scope))

    assert answer.status in {200, 308, 404}
    if answer.status == 308:
        assert answer["location"].startswith("/")
        assert not answer["location"].startswith(("//", "/\\"))
        assert answer["location"].isascii()


# --- root_path ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("root", "path", "seen"),
    [
        ("/api", "/api/users", "/users"),
        ("/api", "/users", "/users"),
        ("/api/", "/api/users", "/users"),
        ("api", "/api/users", "/users"),
        ("/api", "/api/", "/"),
        ("/users", "/users/users", "/users"),
        ("/users", "/users", None),
        ("/", "/users", "/users"),
        ("", "/users", "/users"),
        (None, "/users", "/users"),
        ("/api", "/apiusers", None),
        ("/a/b", "/a/b/users", "/users"),
    ],
)
async def test_a_root_path_is_taken_off_once(call, root, path, seen):
    """Whether the server leaves it in the path or not; only as a whole segment."""
    answer = await call(site(slashes="strict"), "GET", path, root_path=root)

    if seen is None:
        assert answer.status == 404
    else:
        assert answer.json() == {"path": seen, "original": seen}


async def test_a_link_has_the_root_path_once(call):
    app = App()

    @app.get("/users/{user_id}")
    async def user(user_id: int, request: Request) -> str:
        return request.url_for("user", user_id=user_id)

    @app.get("/me")
    @redirects(303, to="user")
    async def me() -> Redirect:
        return Redirect.to("user", user_id=1)

    link = await call(app, "GET", "/api/users/7", root_path="/api")
    redirect = await call(app, "GET", "/api/me", root_path="/api")

    assert link.json() == "/api/users/7"
    assert redirect["location"] == "/api/users/1"


# --- Host --------------------------------------------------------------------------------------

BAD_HOST = "The Host header is missing, repeated or malformed."


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [(b"host", b"")],
        [(b"host", b"a"), (b"host", b"a")],
        [(b"host", b"a"), (b"host", b"b")],
        [(b"host", b"a"), (b"host", b"")],
        [(b"host", b""), (b"host", b"a")],
        [(b"host", b"testserver"), (b"Host", b"testserver")],
        [(b"HOST", b"testserver"), (b"host", b"testserver")],
        [(b"host", b"a b")],
        [(b"host", b"a/b")],
        [(b"host", b"user@a")],
        [(b"host", b"a:80:80")],
        [(b"host", b"a:b")],
        [(b"host", b"a#")],
        [(b"host", b"[::1")],
        [(b"host", b"[nix]")],
        [(b"host", b"\xff")],
        [(b"host", b"a\\b")],
        [(b"host", b"a" * 300)],
    ],
)
async def test_a_bad_host(call, hosts):
    """400 (RFC 9112 3.2), at every path, and also when a good one was served before."""
    app = site()
    assert (await call(app, "GET", "/")).status == 200

    for path in ("/", "/nix", "/openapi.json"):
        answer = await call(app, "GET", path, fields=hosts)

        assert answer.status == 400
        assert answer["x-content-type-options"] == "nosniff"
        assert answer.detail == BAD_HOST


@pytest.mark.parametrize("name", [b"host", b"Host", b"HOST", b"hOsT"])
@pytest.mark.parametrize(
    "value", [b"a", b"example.com:8000", b"EXAMPLE.com", b"127.0.0.1:80", b"[::1]", b"[::1]:80"]
)
async def test_a_good_host(call, name, value):
    """Field names need not come in lower case (ASGI), nor in tuples."""
    assert (await call(site(), "GET", "/", fields=[[name, value]])).status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"example.com", 200),
        (b"EXAMPLE.COM", 200),
        (b"example.com:8000", 200),
        (b"example.com:", 200),
        (b"[::1]", 200),
        (b"[::1]:80", 200),
        (b"example.com.", 400),
        (b"www.example.com", 400),
        (b"example.comx", 400),
        (b"evil.test", 400),
        (b"[::2]", 400),
        (b"1]", 400),
    ],
)
async def test_allowed_hosts(call, host, status):
    """They are compared literally, without the port; also for mounts, and again and again."""
    app = site(allowed_hosts=["Example.com", "[::1]"])

    async def mounted(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    app.mount("/mounted", mounted)

    for path in ("/", "/mounted/x", "/"):
        answer = await call(app, "GET", path, host=(b"host", host))
        assert answer.status == status
    if status == 400 and host != b"1]":
        answer = await call(app, "GET", "/", host=(b"host", host))
        assert answer.detail == "This server does not answer for that host."


def test_hosts_are_remembered_within_bounds():
    """A client that makes up hosts must not fill the memory."""
    gate = Gate(None, Failures({}, debug=False))

    for number in range(1100):
        assert gate.refusal({"headers": [(b"host", b"h%d" % number)]}) is None

    assert len(gate.known) == 1024


# --- mounts and pages --------------------------------------------------------------------------


def mounted_as(name):
    """An ASGI app that says who it is and what it sees."""

    async def app(scope, receive, send):
        said = f"{name} {scope['root_path']} {scope['path']}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": said})

    return app


def with_mounts(**options):
    app = site(**options)
    app.mount("/static", mounted_as("static"))
    app.mount("/static/deep", mounted_as("deep"))
    app.mount("/users", mounted_as("users"))
    return app


@pytest.mark.parametrize(
    ("root", "path", "said"),
    [
        ("", "/static/a.css", b"static /static /static/a.css"),
        ("", "/static/", b"static /static /static/"),
        ("", "/static/deep/a.css", b"deep /static/deep /static/deep/a.css"),
        ("", "/static/deeper", b"static /static /static/deeper"),
        ("", "/static//evil.test", b"static /static //evil.test".replace(b"//", b"/static//")),
        ("/api", "/api/static/a", b"static /api/static /api/static/a"),
        ("/api", "/static/a", b"static /api/static /api/static/a"),
        ("/api/", "/api/static/a", b"static /api/static /api/static/a"),
    ],
)
async def test_a_mount_answers_below_its_prefix(call, root, path, said):
    """The longest prefix counts; the path stays whole and `root_path` grows (ASGI)."""
    for method in ("GET", "POST", "OPTIONS", "BREW"):
        answer = await call(with_mounts(), method, path, root_path=root)

        assert answer.body == said


async def test_operations_come_before_mounts(call):
    """Also with another method: that is a 405, not a reason to look further."""
    app = with_mounts()

    assert (await call(app, "GET", "/users/7")).json() == 7
    assert (await call(app, "PUT", "/users/7")).status == 405
    assert (await call(app, "GET", "/users/7/photo")).body == b"users /users /users/7/photo"


@pytest.mark.parametrize(
    ("slashes", "path", "status"),
    [("redirect", "/static", 308), ("strict", "/static", 404), ("redirect", "/stat", 404)],
)
async def test_a_mount_without_its_slash(call, slashes, path, status):
    answer = await call(with_mounts(slashes=slashes), "POST", path)

    assert answer.status == status
    assert answer["location"] == ("/static/" if status == 308 else None)


async def test_a_mounted_app_gets_the_very_messages(asgi):
    """And a scope of its own: what it adds is no business of the outer one."""
    got = []

    async def inner(scope, receive, send):
        scope["mine"] = True
        got.extend([receive, send, scope["state"]])

    app = App()
    app.mount("/x", inner)
    peer, state = asgi.Peer(b""), {}
    scope = asgi.scope("GET", "/x/y", state=state)

    await app(scope, peer.receive, peer.send)

    assert got == [peer.receive, peer.send, state]
    assert "mine" not in scope
    assert scope["path"] == "/x/y"


async def test_an_app_in_an_app(call):
    inner, outer = site(), App()
    outer.mount("/inner", inner)

    user = await call(outer, "GET", "/inner/users/7")
    slash = await call(outer, "GET", "/inner/users/", root_path="/api")

    assert user.json() == 7
    assert slash["location"] == "/api/inner/users"


async def test_the_document_is_a_page(call):
    app = site()

    answer = await call(app, "GET", "/openapi.json")

    assert answer.status == 200
    assert answer["content-type"] == "application/json"
    assert answer["x-content-type-options"] == "nosniff"
    assert answer.body == app.openapi_json()
    assert (await call(site(openapi_url=None), "GET", "/openapi.json")).status == 404
    assert (await call(site(openapi_url="/api.json"), "GET", "/api.json")).status == 200


@pytest.mark.parametrize(
    ("options", "path", "status"),
    [
        ({}, "/docs", 200),
        ({"docs_url": None}, "/docs", 404),
        ({"docs_url": "/help"}, "/help", 200),
        ({"docs_url": "/help"}, "/docs", 404),
        ({"docs_ui": "swagger"}, "/docs", 200),
        ({"docs_url": None, "openapi_url": None, "docs_ui": "scalar"}, "/docs", 404),
        ({"openapi_url": None}, "/docs", 200),
    ],
)
async def test_the_docs_are_a_page(call, options, path, status):
    """Written when it is first asked for, the same for everyone."""
    app = site(**options)

    first, again = await call(app, "GET", path), await call(app, "GET", path)

    assert first.status == status
    assert first == again
    if status == 200:
        assert first["content-type"] == "text/html; charset=utf-8"
        assert first["x-content-type-options"] == "nosniff"
        assert (await call(app, "POST", path))["allow"] == "GET, HEAD, OPTIONS"


async def test_in_debug_a_redirect_can_be_reported(call):
    """To a page of this very machine; the rest of it is in `tests/docs`."""
    app = site(debug=True)
    asked = {"redirflow-follow": "manual"}

    local = await call(app, "GET", "/users/", host=(b"host", b"localhost"), headers=asked)
    other = await call(app, "GET", "/users/", headers=asked)

    assert (local.status, local.json()["location"]) == (200, "/users")
    assert (other.status, other["location"]) == (308, "/users")


# --- what middleware finds ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "path_format", "params"),
    [
        ("GET", "/users/7", "/users/{user_id}", {"user_id": 7}),
        ("HEAD", "/users/7", "/users/{user_id}", {"user_id": 7}),
        ("GET", "/files/a/b", "/files/{rest:path}", {"rest": "a/b"}),
        ("GET", "/files/", "/files/{rest:path}", {"rest": ""}),
        (
            "GET",
            "/teams/red/members/3",
            "/teams/{team}/members/{member}",
            {"team": "red", "member": 3},
        ),
        ("GET", "/users", "/users", {}),
        ("GET", "/users/x", "/users/{user_id}", {"user_id": "x"}),
    ],
)
async def test_the_given_scope_tells_of_the_route(asgi, method, path, path_format, params):
    """OpenTelemetry and Prometheus read it after the app has served; a wrong parameter is text."""
    app, peer = site(), asgi.Peer(b"")
    scope = asgi.scope(method, path)

    await app(scope, peer.receive, peer.send)

    assert scope["route"].path_format == path_format
    assert scope["route"].path == path_format
    assert scope["path_params"] == params
    (operation,) = [each for each in app.compile().endpoints if each.name == scope["route"].name]
    assert scope["endpoint"] is operation.handler


async def test_the_scope_of_what_is_no_operation_stays_as_it_is(asgi):
    app = with_mounts()

    for path in ("/nix", "/static/x", "/openapi.json", "/teams"):
        peer, scope = asgi.Peer(b""), asgi.scope("GET", path)
        before = {**scope}
        await app(scope, peer.receive, peer.send)

        assert scope == before


# --- WebSockets --------------------------------------------------------------------------------


async def websocket(app, path, **more):
    """What *app* sends to a handshake."""
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    fields = [(b"host", b"testserver")]
    scope = {"type": "websocket", "path": path, "headers": fields, "query_string": b"", **more}
    await app(scope, receive, send)
    return sent


async def echoing(scope, receive, send):
    await send({"type": "websocket.accept", "path": scope["path"], "root": scope["root_path"]})


async def test_a_websocket_is_for_a_mount():
    app = App(allowed_hosts=["testserver"])
    app.mount("/live", echoing)

    accepted = {"type": "websocket.accept", "path": "/live/x", "root": "/live"}
    assert await websocket(app, "/live/x") == [accepted]
    assert await websocket(app, "/live/x", root_path="") == [accepted]


@pytest.mark.parametrize(
    "more",
    [
        {"path": "/users"},
        {"path": "/live"},
        {"path": "/live/x", "headers": []},
        {"path": "/live/x", "headers": [(b"host", b"evil.test")]},
    ],
)
async def test_any_other_websocket_is_closed(more):
    """Servers answer such a handshake with 403."""
    app = site(allowed_hosts=["testserver"])
    app.mount("/live", echoing)

    assert await websocket(app, **more) == [{"type": "websocket.close", "code": 1000}]
