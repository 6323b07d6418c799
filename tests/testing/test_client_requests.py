"""`TestClient` sends every kind of request through the whole app, in process."""

import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any, Never

import anyio
import httpx2
import pytest
from msgspec import Struct

from redirflow import (
    App,
    Cookie,
    CookieSpec,
    Form,
    Query,
    Redirect,
    Request,
    Response,
    UploadFile,
    redirects,
    returns,
)
from redirflow.testing import TestClient


class User(Struct):
    id: int
    email: str = ""


class Echo(Struct):
    """What an app sees of a request."""

    method: str
    path: str
    raw_path: str
    query: str
    root_path: str
    scheme: str
    headers: dict[str, str]
    client: list[Any]
    server: list[Any]


app = App()


@app.route("/echo/{rest:path}", methods=["GET", "POST", "DELETE", "OPTIONS"])
async def echo(rest: str, request: Request) -> Echo:
    scope = request.scope
    return Echo(
        method=scope["method"],
        path=scope["path"],
        raw_path=scope["raw_path"].decode(),
        query=scope["query_string"].decode(),
        root_path=scope["root_path"],
        scheme=scope["scheme"],
        headers={name.decode(): value.decode() for name, value in scope["headers"]},
        client=[*scope["client"]],
        server=[*scope["server"]],
    )


@app.post("/users")
async def add_user(user: User, limit: Query[int] = 1) -> User:
    return User(user.id * limit, user.email)


@app.post("/form")
async def read_form(name: Form[str], size: Form[int] = 0) -> list[str | int]:
    return [name, size]


@app.post("/upload")
async def upload(note: Form[str], file: Form[UploadFile]) -> list[str]:
    return [note, file.filename, (await file.read()).decode()]


@app.post("/parts")
async def parts(request: Request) -> list[int]:
    return [len(part) async for part in request.stream()]


@app.put("/put")
async def put(request: Request) -> str:
    return (await request.body()).decode()


@app.patch("/patch")
async def patch(request: Request) -> str:
    return (await request.body()).decode()


@app.post("/login")
@returns(None, cookies={"sid": CookieSpec(), "__Host-one": CookieSpec(max_age=60)})
async def login() -> Response[None]:
    return Response(cookies={"sid": "opaque", "__Host-one": "1"})


@app.post("/logout")
@returns(None, cookies={"sid": CookieSpec()})
async def logout() -> Response[None]:
    return Response(cookies={"sid": None})


@app.get("/session")
async def session(sid: Cookie[str] = "none") -> str:
    return sid


@app.get("/moved")
@redirects(302, to="*")
async def moved() -> Never:
    raise Redirect("/session")


@app.get("/loop")
async def loop() -> tuple[int, str]:
    """Which loop and thread an app runs in."""
    return id(anyio.lowlevel.current_token().native_token), threading.current_thread().name


@app.get("/lines")
async def lines() -> AsyncIterator[User]:
    yield User(1)
    yield User(2)


@pytest.fixture
def client():
    with TestClient(app) as client:
        yield client


def test_pytest_does_not_collect_it():
    assert TestClient.__test__ is False


def test_it_is_an_httpx2_client_of_this_app():
    with TestClient(app) as client:
        assert isinstance(client, httpx2.Client)
        assert client.app is app
        assert client.get("/session").json() == "none"

    assert client.is_closed


def test_scope_of_a_request(client):
    """The scope is one that a server would make for an https site."""
    response = client.get("/echo/a%20b%2Fc/é", params={"q": "x y"})

    assert response.status_code == 200
    seen = response.json()
    assert seen["method"] == "GET"
    assert seen["path"] == "/echo/a b/c/é"
    assert seen["raw_path"] == "/echo/a%20b%2Fc/%C3%A9"
    assert seen["query"] == "q=x+y"
    assert seen["scheme"] == "https"
    assert seen["headers"]["host"] == "testserver"
    assert seen["headers"]["user-agent"] == "testclient"
    assert seen["root_path"] == ""
    assert seen["client"] == ["testclient", 50000]
    assert seen["server"] == ["testserver", 443]


def test_what_a_client_is_made_with():
    with TestClient(
        app,
        base_url="http://api.example:8080",
        headers={"X-Token": "t", "User-Agent": "mine"},
        cookies={"sid": "given"},
        root_path="/v1",
        client=("192.0.2.1", 9),
    ) as client:
        seen = client.get("/v1/echo/x").json()

        assert seen["path"] == "/v1/echo/x"
        assert seen["root_path"] == "/v1"
        assert seen["scheme"] == "http"
        assert seen["server"] == ["api.example", 8080]
        assert seen["client"] == ["192.0.2.1", 9]
        assert seen["headers"]["host"] == "api.example:8080"
        assert seen["headers"]["x-token"] == "t"
        assert seen["headers"]["user-agent"] == "mine"
        assert client.get("/v1/session").json() == "given"


def test_every_method(client):
    assert client.get("/echo/").json()["method"] == "GET"
    assert client.post("/echo/").json()["method"] == "POST"
    assert client.delete("/echo/").json()["method"] == "DELETE"
    assert client.options("/echo/").json()["method"] == "OPTIONS"
    assert client.put("/put", content="p").json() == "p"
    assert client.patch("/patch", content=b"p").json() == "p"
    assert client.request("DELETE", "/session").status_code == 405


def test_head_has_the_fields_and_no_body(client):
    got, headed = client.get("/session"), client.head("/session")

    assert headed.status_code == 200
    assert headed.headers["content-length"] == got.headers["content-length"]
    assert headed.content == b""


def test_a_body_is_dropped_for_head_whatever_the_app_sends():
    """A server never sends one, so a test must not see one that an app's mount sends."""
    served = App()
    served.mount("/raw", raw(b"body"))
    with TestClient(served) as client:
        assert client.get("/raw/").content == b"body"
        assert client.head("/raw/").content == b""


def test_json(client):
    response = client.post("/users", json={"id": 3, "email": "a@b"}, params={"limit": 2})

    assert response.status_code == 201
    assert response.json() == {"id": 6, "email": "a@b"}
    assert client.post("/users", json={"id": "x"}).status_code == 422
    assert client.post("/users", content=b"{").status_code == 415


def test_forms_and_files(client):
    assert client.post("/form", data={"name": "Ada", "size": "3"}).json() == ["Ada", 3]
    files = {"file": ("n.txt", b"content", "text/plain")}
    assert client.post("/upload", data={"note": "x"}, files=files).json() == [
        "x",
        "n.txt",
        "content",
    ]


def test_a_body_arrives_in_the_pieces_it_was_given_in(client):
    assert client.post("/parts", content=(b"a" * size for size in (1, 2, 3))).json() == [1, 2, 3]
    assert client.post("/parts", content=b"abc").json() == [3]
    assert client.post("/parts").json() == []
    assert client.post("/parts", content=iter(())).json() == []


def test_cookies_come_back_secure_ones_too(client):
    client.post("/login")

    assert client.cookies["sid"] == "opaque"
    assert client.get("/session").json() == "opaque"
    assert client.get("http://testserver/session").json() == "none"
    assert client.get("https://elsewhere.example/session").json() == "none"


def test_the_app_deletes_a_cookie_that_the_test_has_set(client):
    """A cookie set by hand belongs to the site, so there is one of each name."""
    client.cookies.set("sid", "by hand")
    assert client.get("/session").json() == "by hand"
    client.post("/login")
    assert client.cookies["sid"] == "opaque"
    client.post("/logout")

    assert "sid" not in client.cookies
    assert client.get("/session").json() == "none"


@pytest.mark.parametrize("base_url", ["https://site.example", "http://localhost:8000"])
def test_cookies_by_hand_belong_to_any_site(base_url):
    with TestClient(app, base_url=base_url, cookies={"sid": "given"}) as client:
        assert client.get("/session").json() == "given"
        client.post("/logout")
        assert client.get("/session").json() == "none"


def test_redirects_are_not_followed_unless_asked(client):
    response = client.get("/moved")

    assert response.status_code == 302
    assert response.headers["location"] == "/session"
    assert client.get("/moved", follow_redirects=True).json() == "none"


def test_one_loop_in_a_thread_of_its_own(client):
    first, second = client.get("/loop").json(), client.get("/loop").json()

    assert first == second
    assert first[1] != threading.current_thread().name


def test_without_with_requests_work_in_one_loop_too():
    client = TestClient(app)

    assert client.get("/loop").json() == client.get("/loop").json()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.get("/loop")


def test_middleware_is_part_of_the_app():
    def stamping(inner):
        async def stamp(scope, receive, send):
            async def sending(message):
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"x-stamp", b"1")]
                await send(message)

            await inner(scope, receive, sending)

        return stamp

    served = App(middleware=[stamping])
    served.get("/")(echoing())
    with TestClient(served) as client:
        assert client.get("/").headers["x-stamp"] == "1"
        assert client.get("/nothing").headers["x-stamp"] == "1"


def test_several_threads_share_a_client(client):
    found = []

    def ask(number):
        found.append(client.post("/users", json={"id": number}).json()["id"])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [*range(8)]


def test_a_sync_handler_may_ask_its_own_app(client):
    served = App()

    @served.get("/outer")
    def outer() -> str:
        return inner_client.get("/inner").json()

    served.get("/inner")(echoing())
    with TestClient(served) as inner_client:
        assert inner_client.get("/outer").json() == "here"


async def test_works_while_a_loop_runs_in_this_thread():
    with TestClient(app) as client:
        assert client.get("/session").json() == "none"
        await anyio.lowlevel.checkpoint()
        assert client.get("/lines").text == '{"id":1,"email":""}\n{"id":2,"email":""}\n'


def test_context_of_the_test_reaches_the_app():
    """A context variable that a fixture sets is seen by the handler, as in a function call."""
    tenant = ContextVar("tenant", default="none")
    served = App()

    @served.get("/")
    async def read() -> str:
        return tenant.get()

    with TestClient(served) as client:
        tenant.set("mine")
        assert client.get("/").json() == "mine"


def test_response_fields_keep_order_and_repeat(client):
    response = client.post("/login")

    assert len(response.headers.get_list("set-cookie")) == 2
    assert response.elapsed.total_seconds() >= 0


def raw(body, *, status=200, headers=()):
    """An ASGI app that is not of redirflow."""

    async def serve(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": [*headers]})
        await send({"type": "http.response.body", "body": body})

    return serve


def echoing():
    async def here() -> str:
        return "here"

    return here
