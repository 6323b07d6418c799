"""What is raised and returned: redirects, reroutes, errors, alone or in groups; 201; Accept."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Never

import anyio
import msgspec
import pytest
from msgspec import Struct

from redirflow import (
    App,
    BackgroundTasks,
    Basic,
    Bearer,
    Conflict,
    Cookie,
    CookieSpec,
    Credentials,
    Depends,
    Forbidden,
    Form,
    Header,
    NotFound,
    Query,
    Redirect,
    Request,
    Reroute,
    Response,
    Unauthorized,
    raises,
    redirects,
    reroutes,
    returns,
)


class Item(Struct):
    name: str


# --- groups ------------------------------------------------------------------------------------

GROUPS = {
    "alone": (lambda: ExceptionGroup("", [NotFound("no")]), 404),
    "alone, nested": (lambda: ExceptionGroup("", [ExceptionGroup("", [NotFound("no")])]), 404),
    "a redirect": (lambda: ExceptionGroup("", [Redirect.to("other")]), 303),
    "a reroute": (lambda: ExceptionGroup("", [Reroute.to("other")]), 200),
    "an undeclared one": (lambda: ExceptionGroup("", [Conflict("no")]), 500),
    "two": (lambda: ExceptionGroup("", [NotFound("no"), NotFound("no")]), 500),
    "one beside an error": (lambda: ExceptionGroup("", [NotFound("no"), KeyError()]), 500),
    "none": (lambda: ExceptionGroup("", [KeyError()]), 500),
}


@pytest.mark.parametrize(("make", "status"), GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("guarded", [False, True])
async def test_a_signal_in_a_group(call, make, status, guarded):
    """One that is the only leaf counts as raised; anything else is an error."""
    app = App()

    @app.get("/other")
    async def other() -> str:
        return "x"

    @redirects(303, to=other)
    @reroutes(to=other)
    @raises(NotFound)
    async def show() -> str:
        raise make()

    if guarded:

        @app.get("/", dependencies=[show])
        async def guarded_one() -> str:
            return "y"
    else:
        app.get("/")(show)

    assert (await call(app)).status == status


async def test_a_task_group_of_a_handler(call):
    app = App()

    @app.get("/")
    @raises(NotFound)
    async def show() -> str:
        async def look() -> None:
            raise NotFound("no such thing")

        async with anyio.create_task_group() as group:
            group.start_soon(look)
        return "x"

    assert (await call(app)).detail == "no such thing"


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("guarded", [False, True])
def test_what_is_no_exception_is_left_alone(at_once, asgi, raised, guarded):
    """It means the process, not the request."""
    app = App()

    async def stop() -> str:
        raise raised

    app.get("/", dependencies=[stop] if guarded else [])(stop)

    with pytest.raises(raised):
        at_once(app, asgi.scope())


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("items", [0, 2])
async def test_what_is_no_exception_is_left_alone_in_a_stream(call, raised, items):
    """No task group makes another exception of it."""
    app = App()

    @app.get("/")
    async def lines() -> AsyncIterator[int]:
        for number in range(items):
            yield number
        raise raised

    with pytest.raises(raised):
        await call(app)


@dataclass(frozen=True)
class Frozen(Exception):
    """Its attributes can't be set, not even those of every exception."""

    why: str


@pytest.mark.parametrize("guarded", [False, True])
async def test_an_exception_that_can_not_be_changed(call, logged, guarded):
    app = App()

    async def fail() -> str:
        raise Frozen("no")

    app.get("/", dependencies=[fail] if guarded else [])(fail)

    assert (await call(app)).status == 500
    assert logged()[0][1].endswith("failed: Frozen")


class Stubborn(Redirect):
    """Does not let its traceback be set."""

    def __setattr__(self, name, value):
        if name.startswith("__"):
            raise AttributeError(name)
        super().__setattr__(name, value)


@pytest.mark.parametrize("guarded", [False, True])
async def test_a_redirect_that_can_not_be_changed(call, guarded):
    """It is sent, and keeps no frame alive."""
    app = App()

    @app.get("/users/{number}")
    async def user(number: int) -> int:
        return number

    signal = Stubborn.to(user, number=1)

    async def nothing() -> None:
        pass

    @app.get("/", dependencies=[nothing] if guarded else [])
    @redirects(303, to=user)
    async def go() -> Never:
        raise signal

    answer = await call(app)

    assert (answer.status, answer["location"]) == (303, "/users/1")
    assert signal.__traceback__ is None


async def test_a_signal_in_many_groups(call):
    """However deep it is; groups are no reason to run out of stack."""
    app = App()

    @app.get("/")
    @raises(NotFound)
    async def show() -> Never:
        error = NotFound("no such thing")
        for _ in range(3000):
            error = ExceptionGroup("one more", [error])
        raise error

    assert (await call(app)).detail == "no such thing"


# --- redirects ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["async", "sync", "returned", "by hand"])
async def test_a_redirect_from_any_handler(call, kind):
    """Raised or returned, in a thread or not, it is the same."""
    app = App()

    @app.get("/other")
    async def other() -> None: ...

    spec = redirects(303, to=other, cookies={"sid": CookieSpec()})
    cookies = {"sid": "x"}

    if kind == "sync":

        @app.get("/")
        @spec
        def sync() -> Never:
            raise Redirect.to(other).with_cookies(cookies)

    elif kind == "async":

        @app.get("/")
        @spec
        async def raising() -> Never:
            raise Redirect.to(other).with_cookies(cookies)

    elif kind == "returned":

        @app.get("/")
        @spec
        async def returning() -> Redirect:
            return Redirect.to(other).with_cookies(cookies)

    else:

        @app.get("/")
        @spec
        async def responding() -> Response[None]:
            return Response(status_code=303, headers={"location": "/other"}, cookies=cookies)

    answer = await call(app)

    assert answer.status == 303
    assert answer.body == b""
    assert answer.headers == [
        (b"location", b"/other"),
        (b"content-length", b"0"),
        (b"cache-control", b"no-store"),
        (b"set-cookie", b"sid=x; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ]


# --- errors ------------------------------------------------------------------------------------


async def test_an_error_from_a_thread(call):
    app = App()

    @app.get("/")
    @raises(NotFound)
    def show() -> Never:
        raise NotFound("no")

    assert (await call(app)).status == 404


async def test_a_foreign_exception_says_nothing_of_its_own(call, logged):
    app = App()

    @app.get("/")
    @raises(Conflict, on=(KeyError, OSError))
    async def show() -> Never:
        raise FileNotFoundError("/secret")

    answer = await call(app)

    assert answer.status == 409
    assert answer.detail is None
    assert logged() == []


async def test_an_unauthorized_has_the_challenges_of_its_operation(call):
    """One instance raised by operations with other credentials does not carry theirs along."""
    refused = Unauthorized("no")
    app = App()

    @app.get("/bearer")
    @raises(Unauthorized)
    async def with_bearer(token: Annotated[str, Bearer()]) -> Never:
        raise refused

    @app.get("/basic")
    @raises(Unauthorized)
    async def with_basic(
        user: Annotated[Credentials | None, Basic()], token: Annotated[str | None, Bearer()]
    ) -> Never:
        raise refused

    @app.get("/own")
    @raises(Unauthorized)
    async def with_own(token: Annotated[str, Bearer()]) -> Never:
        raise Unauthorized("no").with_headers({"www-authenticate": "Own"})

    headers = {"authorization": "Bearer t"}
    challenges = [
        (await call(app, "GET", path, headers=headers))["www-authenticate"]
        for path in ("/bearer", "/basic", "/own", "/bearer")
    ]

    basic = 'Basic realm="api", charset="UTF-8", Bearer'
    assert challenges == ["Bearer", basic, "Own", "Bearer"]


async def test_missing_credentials_challenge_too(call):
    app = App()

    @app.get("/")
    async def show(token: Annotated[str, Bearer()]) -> str:
        return token

    answer = await call(app)

    assert (answer.status, answer["www-authenticate"]) == (401, "Bearer")
    assert (await call(app, headers={"Authorization": "bearer t"})).json() == "t"


@pytest.mark.parametrize(
    ("read", "status", "detail"),
    [
        ("query", 400, "The query has more than 1000 pairs."),
        ("json", 400, "The body is not JSON."),
        ("body", 413, "The body must not have more than 10 bytes."),
    ],
)
async def test_what_a_request_refuses_is_the_client_s_fault(call, read, status, detail):
    """Also where a handler reads it by itself."""
    app = App()

    @app.post("/", max_body_size=10)
    async def show(request: Request) -> str:
        if read == "query":
            return str(request.query)
        return str(await request.json() if read == "json" else await request.body())

    body = b"x" * 11 if read == "body" else b"{"
    answer = await call(app, "POST", "/", query=b"&" * 1000, body=body)

    assert (answer.status, answer.detail) == (status, detail)


@pytest.mark.parametrize(
    ("parts", "status"), [([b"{"], 400), ([b"x" * 6, b"x" * 6], 413), ([b"{", None], 400)]
)
async def test_a_body_that_is_read_in_a_task_group(asgi, logged, parts, status):
    """A group is no reason to take the client's fault for the author's."""
    app = App()

    @app.post("/", max_body_size=10)
    async def show(request: Request) -> str:
        async with anyio.create_task_group() as group:
            group.start_soon(request.json)
        return "x"

    peer = asgi.Peer(*parts)
    await app(asgi.scope("POST"), peer.receive, peer.send)

    assert status == asgi.answer(peer.sent).status
    assert logged() == []


async def test_an_api_key_in_a_query_of_too_many_pairs(call):
    from redirflow import APIKey

    app = App()

    @app.get("/")
    async def show(key: Annotated[str, APIKey(query="key")]) -> str:
        return key

    assert (await call(app, query=b"key=1")).json() == "1"
    assert (await call(app, query=b"key=1" + b"&" * 1000)).status == 400


# --- reroutes ----------------------------------------------------------------------------------


def rerouting(raised):
    """An app whose `/from` raises *raised*, and whose `/target` tells what it got."""
    app = App()

    async def target(
        request: Request, number: int, q: Query[list[str]] = (), x: Header[str] = "none"
    ) -> dict[str, Any]:
        scope = request.scope
        return {
            "path": scope["path"],
            "raw": scope["raw_path"].decode(),
            "number": number,
            "q": q,
            "x": ", ".join(request.headers.getlist("x")) or x,
            "original": request.original_path,
            "body": (await request.body()).decode(),
            "host": request.headers["host"],
        }

    app.route("/target/{number}", methods=["GET", "POST"], name="target")(target)

    async def source(request: Request) -> Never:
        raise await raised(request) if callable(raised) else raised

    async def posted(request: Request) -> Never:
        raise await raised(request) if callable(raised) else raised

    app.get("/from", name="from_get")(reroutes(to="target_get")(source))
    app.post("/from", name="from_post")(reroutes(to="target_post")(posted))
    return app


async def test_a_reroute_is_answered_by_another_operation(call):
    """Path, raw path, query and fields change in step; method, body and host stay."""

    async def read(request: Request) -> Reroute:
        assert await request.body() == b"hello"
        return Reroute("/target/7?q=a%20b", headers={"X": "new"})

    answer = await call(
        rerouting(read),
        "POST",
        "/from",
        body=[b"hel", b"lo"],
        query=b"q=old",
        headers={"X": "old", "x-more": "1"},
    )

    assert answer.json() == {
        "path": "/target/7",
        "raw": "/target/7",
        "number": 7,
        "q": ["a b"],
        "x": "new",
        "original": "/from",
        "body": "hello",
        "host": "testserver",
    }


@pytest.mark.parametrize(
    ("reroute", "q"),
    [
        (Reroute("/target/7"), ["old"]),
        (Reroute("/target/7?"), []),
        (Reroute("/target/7?q=new"), ["new"]),
        (Reroute("/target/7", query={}), []),
        (Reroute("/target/7", query={"q": ["a", "b&c"]}), ["a", "b&c"]),
        (Reroute("/target/7?q=lost", query={"q": "kept"}), ["kept"]),
        (Reroute("/target/7#fragment"), ["old"]),
        (Reroute.to("target_get", number=7), ["old"]),
        (Reroute.to("target_get", number=7, q=["new"]), ["new"]),
    ],
    ids=repr,
)
async def test_the_query_of_a_reroute(call, reroute, q):
    """`None` keeps the client's; the target's own, or `query=`, replaces it."""
    answer = await call(rerouting(reroute), "GET", "/from", query=b"q=old")

    assert answer.json()["q"] == q


async def test_an_unread_body_is_left_to_the_other_operation(call):
    answer = await call(rerouting(Reroute("/target/7")), "POST", "/from", body=[b"hel", b"", b"lo"])

    assert answer.json()["body"] == "hello"


async def test_a_reroute_leaves_the_given_scope_alone(asgi):
    """Middleware sees the route that the client asked for."""
    app, peer = rerouting(Reroute("/target/7")), asgi.Peer(b"")
    scope = asgi.scope("GET", "/from")
    fields = [*scope["headers"]]

    await app(scope, peer.receive, peer.send)

    assert asgi.answer(peer.sent).status == 200
    assert scope["path"] == "/from"
    assert scope["headers"] == fields
    assert scope["route"].name == "from_get"


@pytest.mark.parametrize("root", ["/api", "/api/", "api", "/\u00e9"])
async def test_a_reroute_below_a_root_path(call, root):
    clean = f"/{root.strip('/')}"

    answer = await call(rerouting(Reroute("/target/7")), "GET", f"{clean}/from", root_path=root)

    assert answer.json()["path"] == f"{clean}/target/7"
    assert answer.json()["raw"] == clean.replace("\u00e9", "%C3%A9") + "/target/7"
    assert answer.json()["original"] == "/from"


async def test_a_rerouted_path_is_decoded(call):
    app = App()

    @app.get("/{name}")
    async def show(name: str, request: Request) -> list[str]:
        return [name, request.scope["raw_path"].decode()]

    @app.get("/from/here")
    @reroutes(to=show)
    async def source() -> Never:
        raise Reroute.to(show, name="a b\u00e9%")

    assert (await call(app, "GET", "/from/here")).json() == ["a b\u00e9%", "/a%20b%C3%A9%25"]


async def test_a_reroute_of_a_head(call):
    """It stays a HEAD: fields, no body."""
    app = rerouting(Reroute("/target/7"))

    answer = await call(app, "HEAD", "/from")

    assert answer.status == 200
    assert answer.body == b""
    assert int(answer["content-length"]) > 0


@pytest.mark.parametrize(
    ("reroute", "sent"),
    [
        (Reroute("/nix"), "a reroute of a GET to what the spec does not list"),
        (Reroute("/from"), "a reroute of a GET to what the spec does not list"),
        (Reroute("//evil.test"), "a reroute that can't be followed: the location starts with '//'"),
        (
            Reroute("https://evil.test/"),
            "a reroute that can't be followed: an absolute URL is never local",
        ),
        (Reroute("?a=1"), "a reroute of a GET to what the spec does not list"),
        (
            Reroute("/target/7", query={"q": {}}),
            "a reroute that can't be followed: a dict, not a scalar",
        ),
        (
            Reroute("/target/7", query={"q": "\ud800"}),
            "a reroute that can't be followed: 'utf-8' codec can't encode",
        ),
        (
            Reroute("/target/7", headers={"x": "a\nb"}),
            "a reroute that can't be followed: the value holds a control",
        ),
        (
            Reroute("/target/7", headers={"x": 5}),
            "a reroute that can't be followed: expected string",
        ),
        (
            Reroute("/target/7", headers={"Host": "a"}),
            "a reroute that can't be followed: a reroute can't set the header",
        ),
        (
            Reroute("/target/7", headers={"TE": "a"}),
            "a reroute that can't be followed: a reroute can't set the header",
        ),
        (
            Reroute.to("target_get"),
            "a reroute that can't be followed: target_get needs the parameter 'number'",
        ),
        (
            Reroute.to("target_get", number="x"),
            "a reroute that can't be followed: the parameter 'number'",
        ),
        (
            Reroute.to("target_got", number=1),
            "a reroute that can't be followed: there is no operation named",
        ),
    ],
    ids=repr,
)
async def test_a_reroute_that_is_not_declared(call, logged, reroute, sent):
    """A contract violation; the log does not repeat where it led."""
    answer = await call(rerouting(reroute), "GET", "/from")

    assert answer.status == 500
    ((_, text),) = logged()
    assert f" sent {sent}" in text
    assert text.endswith("; declared: to=target_get")
    assert "evil" not in text


async def test_a_reroute_that_no_spec_declares(call, logged):
    app = App()

    @app.get("/from")
    async def source() -> str:
        raise Reroute("/secret")

    assert (await call(app, "GET", "/from")).status == 500
    ((_, text),) = logged()
    assert text.endswith(
        "sent a reroute; declared: no reroute from here; @reroutes(to=...) declares one"
    )


async def test_a_dependency_whose_specs_declare_no_reroute(call, logged):
    app = App()

    async def guard() -> None:
        raise Reroute("/secret")

    @app.get("/from", dependencies=[guard])
    async def source() -> str:
        return "x"

    assert (await call(app, "GET", "/from")).status == 500
    ((_, text),) = logged()
    declared = "no reroute; @reroutes(to=...) declares one"
    assert text.endswith(f"sent a reroute; declared: {declared}")


@pytest.mark.parametrize("kept", [False, True])
async def test_a_reroute_after_part_of_the_body_was_read(call, logged, kept):
    """What is gone can't be given to the other operation."""
    app = App()

    @app.post("/target")
    async def target(request: Request) -> str:
        return (await request.body()).decode()

    @app.post("/from")
    @reroutes(to=target)
    async def source(request: Request) -> Never:
        if kept:
            await request.body()
        async for _ in request.stream():
            break
        raise Reroute("/target")

    answer = await call(app, "POST", "/from", body=b"hello")

    if kept:
        assert answer.json() == "hello"
    else:
        assert answer.status == 500
        ((_, text),) = logged()
        assert "sent a reroute after part of the body was read; declared: a body kept by" in text


async def test_an_urlencoded_form_is_read_again(call):
    app = App()

    @app.post("/target")
    async def target(b: Form[str]) -> str:
        return b

    @app.post("/from")
    @reroutes(to=target)
    async def source(a: Form[str]) -> Never:
        raise Reroute("/target")

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await call(app, "POST", "/from", body=b"a=1&b=2", headers=headers)

    assert answer.json() == "2"


async def test_reroutes_in_a_circle(call, logged):
    """The eleventh is refused: a 500, and one record."""
    app = App()
    hops = []

    @app.get("/a")
    @reroutes(to="b")
    async def a() -> Never:
        hops.append("a")
        raise Reroute.to("b")

    @app.get("/b")
    @reroutes(to="a")
    async def b(request: Request) -> Never:
        assert request.original_path == "/a"
        hops.append("b")
        raise Reroute.to("a")

    answer = await call(app, "GET", "/a", headers={"redirflow.hops": "9"})

    assert answer.status == 500
    assert hops == ["a", "b"] * 5 + ["a"]
    ((_, text),) = logged()
    assert "sent reroutes in a circle, 10 of them; declared: reroutes that end" in text


# --- 201 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "root", "location"),
    [
        ({"Location": "/items/1"}, "", "/items/1"),
        ({"location": "/api/items/1"}, "/api", "/api/items/1"),
        ({"Location": Redirect.to("item", number=1)}, "/api", "/api/items/1"),
        ({"Location": "/other"}, "", None),
        ({"Location": "//evil.test"}, "", None),
        ({"Location": Redirect.to("other")}, "", None),
        ({"Location": 5}, "", None),
        ({}, "", None),
    ],
    ids=repr,
)
async def test_the_location_of_a_201(call, headers, root, location):
    """Checked like that of a redirect, and needed."""
    app = App()

    @app.get("/items/{number}")
    async def item(number: int) -> int:
        return number

    @app.get("/other")
    async def other() -> None: ...

    @app.post("/items")
    @returns(Item, status_code=201, location=item)
    async def add() -> Response[Item]:
        return Response(Item("a"), headers=headers)

    answer = await call(app, "POST", f"{root}/items", root_path=root)

    assert answer.status == (500 if location is None else 201)
    assert answer["location"] == location


# --- Accept ------------------------------------------------------------------------------------

JSON, PACKED, PLAIN = "application/json", "application/msgpack", "text/plain"


def negotiating():
    app = App()

    @app.get("/")
    @returns(Item, media_type=(JSON, PACKED))
    async def show() -> Item:
        return Item("a")

    @app.get("/one")
    async def one() -> Item:
        return Item("a")

    @app.get("/several")
    @returns(Item, media_type=(JSON, PACKED))
    @returns(str, status_code=202, media_type=(PLAIN, "text/markdown"))
    @returns(Item, status_code=203, media_type=PACKED)
    async def several(status: int, kind: str | None = None) -> Response[Item | str]:
        return Response("a" if status == 202 else Item("a"), status_code=status, media_type=kind)

    return app


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        (PACKED, PACKED),
        (f"{JSON};q=0.5, {PACKED}", PACKED),
        (f"{JSON};q=0, */*", PACKED),
        ("application/*", JSON),
        (PLAIN, None),
        ("*/*;q=0", None),
        ("nonsense", None),
        (f"{JSON};q=2, {PACKED};q=0.1", PACKED),
        (f"{JSON};q=, {PACKED};q=0.001", PACKED),
    ],
)
async def test_the_media_type_that_the_client_likes(call, accept, chosen):
    """Caches are told that it depends on `Accept` (RFC 9110 12.5.5)."""
    headers = {} if accept is None else {"accept": accept}

    answer = await call(negotiating(), headers=headers)

    if chosen is None:
        assert answer.status == 406
        assert answer.detail == f"There is only {JSON}, {PACKED}."
    else:
        assert (answer.status, answer["content-type"]) == (200, chosen)
        assert answer["vary"] == "accept"
        codec = msgspec.json if chosen == JSON else msgspec.msgpack
        assert codec.decode(answer.body) == {"name": "a"}


async def test_one_media_type_is_sent_whatever_the_client_likes(call):
    answer = await call(negotiating(), "GET", "/one", headers={"accept": PLAIN})

    assert (answer.status, answer["content-type"], answer["vary"]) == (200, JSON, None)


async def test_accept_may_repeat(call):
    """As if it were one field (RFC 9110 5.3)."""
    fields = [(b"host", b"a"), (b"accept", PLAIN.encode()), (b"Accept", PACKED.encode())]

    assert (await call(negotiating(), fields=fields))["content-type"] == PACKED


@pytest.mark.parametrize(
    ("status", "accept", "query", "expected"),
    [
        (200, "*/*", b"", (200, JSON)),
        (202, "*/*", b"", (202, "text/plain; charset=utf-8")),
        (203, "*/*", b"", (203, PACKED)),
        (203, JSON, b"", (203, PACKED)),
        (202, "text/markdown", b"", (202, "text/markdown; charset=utf-8")),
        (200, PLAIN, b"", (406, "application/problem+json")),
        (200, PLAIN, b"&kind=application/msgpack", (200, PACKED)),
        (200, "image/png", b"", (406, "application/problem+json")),
    ],
)
async def test_each_response_is_negotiated_among_its_own_types(
    call, status, accept, query, expected
):
    """What suits another response only is no server's fault; what the handler chose is sent."""
    answer = await call(
        negotiating(),
        "GET",
        "/several",
        query=b"status=%d" % status + query,
        headers={"accept": accept},
    )

    assert (answer.status, answer["content-type"]) == expected


async def test_a_bare_value_where_several_statuses_are_declared(call, logged):
    """The handler has to say which."""
    app = App()

    @app.post("/")
    @returns(int, status_code=202)
    @returns(int, status_code=203)
    @redirects(303, to="/")
    async def add() -> Response[int]:
        return 5  # type: ignore[return-value]

    @app.get("/")
    @raises(NotFound)
    async def never() -> Never:
        return Response(5, status_code=200)  # type: ignore[return-value]

    assert (await call(app, "POST")).status == 500
    assert (await call(app, "GET")).status == 500
    post, get = (text.partition(" sent ")[2] for _, text in logged())
    assert post == (
        "a value of type int without a status; declared: 202, 203, 303; "
        "say which: Response(..., status_code=...)"
    )
    assert get == "a response with the status 200; declared: nothing but errors"


# --- odds and ends -----------------------------------------------------------------------------


async def test_cookies_from_fields_that_were_split(call):
    """HTTP/2 lets a client split them (RFC 9113 8.2.3)."""
    app = App()

    @app.get("/")
    async def show(a: Cookie[str], b: Cookie[str]) -> str:
        return a + b

    fields = [(b"host", b"x"), (b"cookie", b"a=1"), (b"Cookie", b"b=2")]

    assert (await call(app, fields=fields)).json() == "12"


async def test_an_error_format_that_fails(call, logged):
    """Is an author's mistake like any other: a 500, and one record."""

    class Faulty:
        media_type = "application/json"

        def body_type(self, error: type) -> object:
            return dict[str, str]

        def body(self, error: Exception) -> dict[str, str]:
            if str(error) == "secret":
                raise ZeroDivisionError
            return {"said": str(error)}

    app = App(error_format=Faulty())

    @app.get("/")
    @raises(NotFound)
    async def show() -> Never:
        raise NotFound("secret")

    answer = await call(app)

    assert answer.status == 500
    assert b"secret" not in answer.body
    assert [text.partition(" failed: ")[2] for _, text in logged()] == ["ZeroDivisionError"]


async def test_tasks_and_guards_do_not_hinder_each_other(call):
    done = []
    app = App()

    async def queue(tasks: BackgroundTasks) -> BackgroundTasks:
        tasks.add(done.append, "dependency")
        return tasks

    @app.get("/")
    async def show(
        tasks: BackgroundTasks, same: Annotated[BackgroundTasks, Depends(queue)]
    ) -> bool:
        tasks.add(done.append, "handler")
        return tasks is same

    assert (await call(app)).json() is True
    assert done == ["dependency", "handler"]


@raises(Forbidden)
async def refusing() -> None:
    raise Forbidden("no")


async def test_a_guard_without_a_spec_on_the_operation(call):
    """What a guard declares counts for every operation that it guards."""
    app = App(dependencies=[refusing])

    @app.get("/")
    async def show() -> str:
        return "x"

    assert (await call(app)).status == 403
