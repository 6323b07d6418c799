"""Values that come from a client are no fault of the author's: whatever they are, no 5xx."""

import logging
from typing import Annotated, Any, Never

import msgspec
import pytest

from redirflow import (
    App,
    BackgroundTasks,
    BadRequest,
    Body,
    Form,
    HeaderSpec,
    NotFound,
    Redirect,
    Request,
    Reroute,
    raises,
    redirects,
    reroutes,
    returns,
)

JSON, MSGPACK = "application/json", "application/msgpack"
LARGE = b"123456789012345678901234567890"
Bounded = Annotated[int, msgspec.Meta(ge=0, le=9)]


def echoing(*media_types):
    app = App()

    @app.post("/")
    @returns(media_type=media_types)
    async def echo(number: Body[int]) -> int:
        return number

    return app


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        ("", 201, JSON),
        (MSGPACK, 406, "application/problem+json"),
        (f"{MSGPACK}, {JSON};q=0.1", 201, JSON),
        ("application/*", 201, JSON),
    ],
)
async def test_an_integer_that_message_pack_has_not(call, logged, accept, status, media_type):
    """JSON carries it, if the client takes JSON."""
    headers = {"content-type": JSON, "accept": accept}

    answer = await call(echoing(MSGPACK, JSON), "POST", "/", body=LARGE, headers=headers)

    assert (answer.status, answer["content-type"]) == (status, media_type)
    assert answer.body == LARGE or status == 406
    assert logged() == []


@pytest.mark.parametrize(("type_", "bound"), [(int, False), (Any, False), (Bounded, True)])
async def test_an_integer_where_there_is_only_message_pack(call, logged, type_, bound):
    """What it may not carry is a 406, which is declared; a wrong value is still the author's."""
    app = App()

    @app.post("/")
    @returns(type_, media_type=MSGPACK)
    async def echo(value: Body[int]) -> Any:
        return value

    responses = app.openapi()["paths"]["/"]["post"]["responses"]
    headers = {"content-type": JSON}
    large = await call(app, "POST", "/", body=LARGE, headers=headers)

    assert ("406" in responses) is not bound
    assert large.status == (500 if bound else 406)
    assert len(logged()) == (1 if bound else 0)
    assert (await call(app, "POST", "/", body=b"5", headers=headers)).body == b"\x05"


async def test_a_wrong_value_where_there_is_only_message_pack(call, logged):
    app = App()

    @app.get("/")
    @returns(int, media_type=MSGPACK)
    async def show() -> Any:
        return "five"

    assert (await call(app)).status == 500
    assert len(logged()) == 1


async def test_a_value_that_every_media_type_carries(call):
    headers = {"content-type": JSON, "accept": f"{JSON};q=0.5, {MSGPACK}"}

    answer = await call(echoing(JSON, MSGPACK), "POST", "/", body=b"5", headers=headers)

    assert msgspec.msgpack.decode(answer.body) == 5


async def test_a_value_that_no_media_type_carries_is_the_author_s(call, logged):
    app = App()

    @app.get("/")
    @returns(int, media_type=(JSON, MSGPACK))
    async def show() -> Any:
        return "five"

    assert (await call(app)).status == 500
    assert len(logged()) == 1


# --- reroutes ----------------------------------------------------------------------------------

PARTS = [b'--x\r\ncontent-disposition: form-data; name="name"\r\n\r', b"\nada\r\n--x--\r\n"]
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}


def form_app(log):
    app = App()

    @app.post("/users")
    @raises(BadRequest)
    async def add_user(name: Form[str]) -> str:
        if name == "bad":
            raise BadRequest("no")
        return name

    @app.post("/people")
    @reroutes(to=add_user)
    async def add_person(name: Form[str], tasks: BackgroundTasks) -> Never:
        tasks.add(log.append, name)
        raise Reroute("/users")

    return app


async def test_a_multipart_form_that_is_read_before_a_reroute(call, logged):
    """Its bytes are kept, for the target reads it too."""
    log = []

    answer = await call(form_app(log), "POST", "/people", body=PARTS, headers=MULTIPART)

    assert (answer.status, answer.json()) == (201, "ada")
    assert logged() == []


@pytest.mark.parametrize(("name", "ran"), [(b"ada", ["ada"]), (b"bad", [])])
async def test_tasks_that_were_added_before_a_reroute(call, name, ran):
    """They run when the answer of the target, which is no error, was sent."""
    log = []
    headers = {"content-type": "application/x-www-form-urlencoded"}

    await call(form_app(log), "POST", "/people", body=b"name=" + name, headers=headers)

    assert log == ran


async def test_a_reroute_to_a_path_that_a_template_serves(call):
    app = App()

    @app.get("/users/{number}")
    async def show(number: int) -> int:
        return number

    @app.get("/first")
    @reroutes(to="/users/1")
    async def first() -> Never:
        raise Reroute("/users/1")

    assert (await call(app, path="/first")).json() == 1


@pytest.mark.parametrize("query", [{"a": ["1", "2"]}, None])
async def test_a_reroute_with_the_query_of_its_request(call, query):
    """A name that repeats stays so."""
    app = App()

    @app.get("/target")
    async def target(request: Request) -> list[str]:
        return request.query.getlist("a")

    @app.get("/source")
    @reroutes(to=target)
    async def source(request: Request) -> Never:
        raise Reroute("/target", query=query or request.query)

    assert (await call(app, path="/source", query=b"a=1&a=2")).json() == ["1", "2"]


# --- parameters of a redirect ------------------------------------------------------------------


def moved():
    app = App()

    @app.get("/users/{name}")
    async def user(name: str) -> str:
        return name

    @app.get("/old/{rest:path}")
    @redirects(303, to=user)
    async def old(rest: str) -> Never:
        raise Redirect.to(user, name=rest)

    @app.get("/returned/{rest:path}")
    @redirects(303, to=user)
    async def returned(rest: str) -> Redirect:
        return Redirect.to(user, name=rest)

    @app.get("/within/{rest:path}")
    @reroutes(to=user)
    async def within(rest: str) -> Never:
        raise Reroute.to(user, name=rest)

    return app


@pytest.mark.parametrize("way", ["old", "returned", "within"])
@pytest.mark.parametrize(("rest", "status"), [("", 404), ("a/b", 404), ("a", 303), ("a b", 303)])
async def test_a_parameter_that_no_path_holds(call, logged, way, rest, status):
    """There is nothing at such a path, and nobody is at fault."""
    answer = await call(moved(), path=f"/{way}/{rest}")

    assert answer.status == (200 if (way, status) == ("within", 303) else status)
    assert logged() == []


async def test_a_link_in_a_body_is_the_author_s(call, logged):
    """What `url_for` refuses is no request for something that is not there."""
    app = App()

    @app.get("/users/{name}")
    async def user(name: str) -> str:
        return name

    @app.get("/")
    async def show(request: Request) -> str:
        return request.url_for(user, name="a/b")

    assert (await call(app)).status == 500
    assert len(logged()) == 1


@pytest.mark.parametrize("root", ["/", "/api", "/api/", "api"])
async def test_the_root_path_in_every_spelling(call, root):
    app = App()

    @app.get("/users/{number}")
    async def user(number: int) -> str:
        return "x"

    @app.get("/first")
    @redirects(303, to=user)
    async def first(request: Request, by_path: bool = False) -> Never:
        there = request.url_for(user, number=1)
        raise Redirect(there) if by_path else Redirect.to(user, number=1)

    path, expected = ("/first", "/users/1") if root == "/" else ("/api/first", "/api/users/1")
    for query in (b"", b"by_path=1"):
        answer = await call(app, path=path, query=query, root_path=root)
        assert (answer.status, answer["location"]) == (303, expected)


# --- what middleware finds ---------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/old/5", "/inside/5"])
async def test_a_rule_tells_its_route_in_the_given_scope(asgi, path):
    app = App()

    @app.get("/users/{number}")
    async def user(number: int) -> int:
        return number

    app.redirect("/old/{number}", to="/users/{number}")
    app.reroute("/inside/{number}", to="/users/{number}")
    peer, scope = asgi.Peer(b""), asgi.scope(path=path)

    await app(scope, peer.receive, peer.send)

    assert scope["route"].path_format == path.replace("5", "{number}")
    assert scope["path_params"] == {"number": "5"}


# --- slashes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
async def test_pages_with_another_last_slash(call, path):
    """The links of the docs page are relative, so it has one address only."""
    app = App(slashes="match")

    @app.get("/users")
    @returns(headers={"X-N": HeaderSpec(int, required=False)})
    async def users() -> str:
        return "x"

    assert (await call(app, path=path)).status == 200
    answer = await call(app, path=f"{path}/", query=b"a=1")
    assert (answer.status, answer["location"]) == (308, f"{path}?a=1")
    assert (await call(app, "OPTIONS", f"{path}/")).status == 404
    assert (await call(app, path="/users/")).status == 200
    assert (await call(app, path="/nix/")).status == 404


async def test_a_malformed_multipart_body_is_no_news(call, caplog):
    """Its parser tells of every bad form, and nobody could do anything about it."""
    app = App()

    @app.post("/")
    async def show(name: Form[str]) -> str:
        return name

    with caplog.at_level(logging.DEBUG):
        answer = await call(app, "POST", body=b"--y\r\n\r\n", headers=MULTIPART)
        more = await call(app, "POST", body=b"".join(PARTS) + b"behind the end", headers=MULTIPART)

    assert (answer.status, more.status) == (400, 201)
    assert [record.name for record in caplog.records if "multipart" in record.name] == []


@pytest.mark.parametrize(
    ("path", "query", "root", "expected"),
    [
        ("/notes", b"page=2", "", "/notes?page=2"),
        ("/notes", b"a=1&a=2&b=%zz", "", "/notes?a=1&a=2&b=%zz"),
        ("/api/notes", b"", "/api", "/api/notes"),
        ("/notes", b"", "api/", "/api/notes"),
        ("//evil.test/", b"", "", "/%2Fevil.test/"),
        ("/\\evil.test", b"a\\ #\xff", "", "/%5Cevil.test?a\\%20%23%FF"),
        ("/a//b\u00e9", b"", "", "/a//b%C3%A9"),
        ("/notes", b"x" * 2000, "", "/notes"),
        ("/" + "x" * 2000, b"", "", "/"),
        ("/api/" + "x" * 2000, b"", "/api", "/api"),
        ("*", b"", "", "/"),
    ],
)
async def test_the_location_of_a_request(call, path, query, root, expected):
    """A value for `next=`: of this site, and sent as it is."""
    told = []

    async def tell(request: Request) -> None:
        told.append(request.local_url)

    app = App(dependencies=[tell])

    @app.get("/{rest:path}")
    @redirects(303)
    async def show(rest: str) -> Never:
        raise Redirect(told[0])

    answer = await call(app, path=path, query=query, root_path=root)

    if path == "*":
        assert answer.status == 404
    else:
        assert told == [expected]
        assert answer["location"] == expected.replace("a\\", "a%5C").replace("%zz", "%25zz")


async def test_a_redirect_with_the_query_of_its_request(call):
    """Names that repeat stay so; names given beside them take their place."""
    app = App()

    @app.get("/")
    @redirects(303)
    @raises(NotFound)
    async def show(request: Request) -> Never:
        raise Redirect("/x").with_query(request.query, b=[3, 4])

    answer = await call(app, query=b"a=1&a=2&b=5")

    assert answer["location"] == "/x?a=1&a=2&b=3&b=4"


# --- values that are too long for a location, or lead where nothing is ---------------------------


async def item(n: int) -> int:
    return n


async def page(slug: str) -> str:
    return slug


async def following(n: Body[int]) -> Never:
    raise Redirect.to(item, n=n + 1)


async def following_slowly(n: int, request: Request) -> Never:
    raise Redirect.to(item, n=n + 1).with_fragment("x")


async def slug(slug: str) -> Never:
    raise Redirect.to(page, slug=slug)


async def same_query(request: Request) -> Never:
    raise Redirect("/items/1").with_query(request.query)


async def rerouted(slug: str) -> Never:
    raise Reroute(f"/pages/{slug}?{'x' * len(slug)}")


def leading():
    app, inner = App(), App()
    inner.get("/x")(page_of_another)
    app.get("/items/{n}")(item)
    app.get("/pages/{slug}")(page)
    app.post("/next")(redirects(303, to=item)(following))
    app.get("/next/{n}")(redirects(303, to=item)(following_slowly))
    app.get("/old/{slug}")(redirects(308, to=page)(slug))
    app.get("/query")(redirects(303)(same_query))
    app.get("/inside/{slug}")(reroutes(to=page)(rerouted))
    app.mount("/mounted", inner)
    app.reroute("/v0/{rest:path}", to="/{rest}")
    return app


async def page_of_another() -> int:
    return 1


NINES = "9" * 4300


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/next", NINES[:3000], 303),
        ("POST", "/next", NINES[1:], 303),
        ("POST", "/next", NINES, 404),
        ("GET", f"/next/{NINES[:3000]}", "", 303),
        ("GET", f"/next/{NINES[1:]}", "", 303),
        ("GET", f"/next/{NINES}", "", 404),
        ("GET", "/old/" + "é" * 1400, "", 404),
        ("GET", "/old/" + "x" * 8100, "", 404),
        ("GET", "/query?a=" + "!" * 2000, "", 303),
        ("GET", "/query?a=" + "!" * 3000, "", 404),
        ("GET", "/inside/" + "x" * 3000, "", 200),
        ("GET", "/inside/" + "x" * 5000, "", 404),
        ("GET", "/v0/items/5", "", 200),
        ("GET", "/v0/mounted/x", "", 404),
        ("GET", "/v0/docs", "", 404),
        ("GET", "/v0/openapi.json", "", 404),
        ("GET", "/v0/nothing", "", 404),
    ],
    ids=range(17),
)
async def test_what_leads_nowhere(call, logged, method, path, body, status):
    headers = {"content-type": JSON} if body else {}

    path, _, query = path.partition("?")
    answer = await call(
        leading(), method, path, query=query.encode(), body=body.encode(), headers=headers
    )

    assert answer.status == status
    assert logged() == []


def test_a_text_that_is_filled_into_a_path_may_lead_nowhere():
    paths = leading().openapi()["paths"]

    assert {
        path for path, item in paths.items() for one in item.values() if "404" in one["responses"]
    } == {
        "/old/{slug}",
        "/inside/{slug}",
    }
