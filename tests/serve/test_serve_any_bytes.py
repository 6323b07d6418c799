"""No bytes from a client cause a 5xx, an exception, or no answer at all."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Never

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct

from redirflow import (
    APIKey,
    App,
    BackgroundTasks,
    Basic,
    Bearer,
    Body,
    Conflict,
    Cookie,
    CookieSpec,
    Credentials,
    Depends,
    ErrorModel,
    Form,
    Header,
    LocalURL,
    NotFound,
    Query,
    Redirect,
    Request,
    Reroute,
    Response,
    UploadFile,
    WebURL,
    local_url,
    raises,
    redirects,
    reroutes,
    returns,
)
from redirflow.http.request import BodyTooLarge


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Node(Struct):
    name: str
    children: list["Node"] = []
    price: float = 0.0
    when: date | None = None
    amount: Decimal | None = None
    colour: Colour = Colour.RED
    more: dict[str, Any] = {}


class Cat(Struct, tag=True):
    lives: int


class Dog(Struct, tag=True):
    bark: str


class Page(Struct):
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    order: Literal["up", "down"] = "up"
    next: LocalURL = "/"


class Checked(Struct):
    low: int
    high: int

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError("low is above high")


async def session() -> AsyncIterator[str]:
    yield "session"


def connection() -> Iterator[str]:
    yield "connection"


@redirects(303, to="login")
async def current_user(sid: Cookie[str | None] = None) -> str:
    if sid is None:
        raise Redirect.to("login", next="/me")
    return sid


async def mounted(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def everything(**options):
    """An app with an operation of every kind."""
    app = App(max_body_size=3000, **options)

    @app.get("/")
    async def root(page: Query[Page]) -> Page:
        return page

    @app.get("/texts/{a}/{b}")
    async def texts(a: str, b: int, c: float = 0, d: bool = False, e: Colour = Colour.RED) -> str:
        return f"{a} {b} {c} {d} {e}"

    @app.get("/files/{rest:path}")
    async def files(rest: str, q: Query[list[int]] = []) -> list[str]:  # noqa: B006
        return [rest, *map(str, q)]

    @app.post("/nodes")
    async def add(node: Node, x: Header[str] = "") -> Node:
        return node

    @app.put("/animals/{number}")
    async def put(number: int, animal: Cat | Dog) -> Cat | Dog:
        return animal

    @app.patch("/any")
    async def patch(value: Body[Any]) -> Any:
        return value

    @app.delete("/any")
    async def delete(value: Body[list[Decimal]] = []) -> list[Decimal]:  # noqa: B006
        return value

    @app.post("/form")
    async def form(email: Form[str], age: Form[int] = 0, tags: Form[list[str]] = []) -> str:  # noqa: B006
        return email

    @app.post("/upload")
    async def upload(file: UploadFile, name: Form[str] = "") -> int:
        return len(await file.read())

    @app.get("/login")
    async def login(next: LocalURL = "/me", web: WebURL | None = None) -> list[str | None]:
        return [next, web]

    @app.post("/login")
    @redirects(303, cookies={"sid": CookieSpec()})
    async def log_in(next: Form[LocalURL] = "/") -> Redirect:
        return Redirect(next).with_cookies({"sid": "token"})

    @app.get("/back")
    @redirects(302)
    async def back(referer: Header[str] = "", to: Cookie[str] = "") -> Redirect:
        return Redirect(local_url(to, local_url(referer, "/")))

    @app.get("/out")
    @redirects(302, external="*")
    async def out(to: WebURL) -> Redirect:
        return Redirect(to)

    @app.get("/me")
    async def me(user: Annotated[str, Depends(current_user)], tasks: BackgroundTasks) -> str:
        tasks.add(str)
        return user

    @app.get("/secret", dependencies=[Bearer()])
    async def secret(user: Annotated[Credentials | None, Basic()]) -> str:
        return user.username if user else ""

    @app.get("/key")
    async def key(
        a: Annotated[str | None, APIKey(query="key")],
        b: Annotated[str | None, APIKey(header="x-key", name="b")],
        c: Annotated[str | None, APIKey(cookie="key", name="c")],
    ) -> list[str | None]:
        return [a, b, c]

    @app.get("/sync/{number}")
    @redirects(307, to="texts")
    def sync(number: int, value: Annotated[str, Depends(connection)]) -> Never:
        raise Redirect.to("texts", a=value, b=number)

    @app.get("/checked")
    async def checked(range_: Query[Checked], value: Annotated[str, Depends(session)]) -> int:
        return range_.low

    @app.get("/kinds")
    @returns(Node, media_type=("application/json", "application/msgpack"))
    @raises(NotFound)
    async def kinds(name: str) -> Node:
        if not name:
            raise NotFound("no name")
        return Node(name)

    @app.get("/stream")
    @returns(media_type="application/jsonl")
    async def stream(count: Annotated[int, Meta(ge=0, le=3)] = 1) -> AsyncIterator[Node]:
        for number in range(count):
            yield Node(str(number))

    @app.post("/echo", max_body_size=5000)
    @returns(AsyncIterator[bytes], status_code=200)
    async def echo(request: Request) -> AsyncIterator[bytes]:
        yield b"<"
        async for chunk in request.stream():
            yield chunk

    @app.route("/raw", methods=["POST", "QUERY"])
    @raises(Conflict, on=KeyError)
    async def raw(request: Request) -> Response[Any]:
        value = await request.json()
        if isinstance(value, dict):
            value = value["key"]
        return Response([value, len(request.cookies), len(request.headers), len(request.query)])

    @app.get("/first/{name}")
    @reroutes(to=texts)
    async def first(name: str) -> Never:
        raise Reroute.to(texts, a=name, b=1)

    @app.options("/own")
    async def own() -> str:
        return "own"

    app.redirect("/old/{name}", to="/files/{name}")
    app.redirect("/away/{name}", to="https://example.com/{name}")
    app.reroute("/v0/{rest:path}", to="/{rest}", headers={"x-key": "v0"})
    app.mount("/mounted", mounted)
    return app


SERVED = {
    "GET": [
        *("/", "/texts/a/1", "/files/a/b", "/login", "/back", "/out", "/me", "/secret", "/key"),
        *("/sync/1", "/checked", "/kinds", "/stream", "/first/a", "/old/a", "/v0/v0/me"),
    ],
    "POST": ["/nodes", "/nodes", "/form", "/upload", "/login", "/raw", "/echo", "/v0/nodes"],
    "PUT": ["/animals/1"],
    "PATCH": ["/any"],
    "DELETE": ["/any"],
}
OPERATIONS = [(method, path) for method, paths in SERVED.items() for path in paths]
PATHS = [
    *("/", "/files/", "/files/a/b", "/nodes/", "/any", "/own", "/away/a", "/mounted/x", "/mounted"),
    *("/openapi.json", "/docs", "/nix", "*", "", "nodes", "/texts/a/x"),
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY", "BREW", "get"]
NAMES = [
    *("limit", "order", "next", "c", "d", "e", "q", "web", "to", "low", "high", "name", "count"),
    *("email", "age", "tags", "key", "sid", "x"),
]
VALUES = st.one_of(
    st.sampled_from(
        [
            *(
                "",
                "1",
                "-1",
                "5",
                "9" * 30,
                "1.5",
                "nan",
                "inf",
                "1e999",
                "true",
                "red",
                "up",
                "\0",
            ),
            *(
                "/",
                "/me",
                "//evil.test",
                "/\\evil.test",
                "https://example.com/",
                "http://[::1",
                "?",
            ),
            *("\u00e9", "\u20ac", "%", "%ff", "%00", "%0d%0a", "a b", "..", ".", "a/b", "\ufffd"),
        ]
    ),
    st.text(max_size=5),
)
SMALL = st.binary(max_size=6)
DEEP = b"[" * 2000 + b"]" * 500
JSON_TEXTS = st.one_of(
    st.sampled_from(
        [
            *(
                b"",
                b"{}",
                b"[]",
                b"null",
                b"NaN",
                b"1e999",
                b"9" * 400,
                b'"\\ud800"',
                b'"\xff"',
                DEEP,
            ),
            *(
                b'{"name":"a"}',
                b'{"name":"a","children":[{"name":"b"}]}',
                b'{"type":"Cat","lives":9}',
            ),
            *(b'{"type":"Cow"}', b'{"name":"a","price":1e400}', b'{"name":"a","amount":"NaN"}'),
            *(
                b'{"name":"a","more":{"x":[1,{}]}}',
                b'{"key":1}',
                b'["1.5","x"]',
                b'{"name":"\\u0000"}',
            ),
            *(b'{"name":"a","when":"2024-02-30"}', b"x" * 4000, b"\xff\xfe{\x00}\x00", b"{" * 900),
            *(b"\x81\xa4name\xa1a", b"\x81\xa4name\xa1\xff", b"\x91" * 1500, b"\xc1", b"\xd9\xff"),
        ]
    ),
    SMALL,
)
FORM_TEXTS = st.sampled_from(
    [
        *(
            b"email=a&age=1",
            b"email=%ff&tags=%00",
            b"&" * 1200,
            b"=",
            b"email",
            b"next=//evil.test",
        ),
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\ncontent-disposition: form-data; name="email"; filename="a"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\ncontent-disposition: form-data; name="name"\r\n\r\n\xff\r\n--b--\r\n',
        *(b"--b\r\n", b"--b--", b"--b\r\n\r\n\r\n--b--\r\n"),
    ]
)
CONTENT_TYPES = [
    *(b"application/json", b"application/msgpack", b"application/x-www-form-urlencoded"),
    *(b"multipart/form-data; boundary=b", b"application/json; charset=utf-16", b"text/plain", b""),
    *(
        b"multipart/form-data",
        b"application/json;" * 50,
        b'a/b; c="',
        b"\xff",
        b"application/problem+json",
    ),
]
FIELDS = st.one_of(
    st.tuples(st.just(b"content-type"), st.sampled_from(CONTENT_TYPES)),
    st.tuples(
        st.sampled_from([b"accept", b"content-encoding", b"transfer-encoding", b"content-length"]),
        st.sampled_from([b"*/*", b"application/msgpack", b";q=x", b"gzip", b"5", b"9" * 40, b"-1"]),
    ),
    st.tuples(
        st.sampled_from([b"authorization", b"Authorization"]),
        st.sampled_from([b"Bearer t", b"Bearer", b"Basic YTpi", b"Basic \xff", b"Basic /w==", b""]),
    ),
    st.tuples(
        st.just(b"cookie"),
        st.sampled_from([b"sid=1", b"sid", b"to=/x; key=\xff", b";;=;", b'a="', b"a=b;" * 300]),
    ),
    st.tuples(st.sampled_from([b"x", b"x-key", b"referer", b"X"]), SMALL),
    st.tuples(st.sampled_from([b"redirflow-follow", b"redirflow.hops"]), st.just(b"manual")),
    st.tuples(SMALL, SMALL),
)


@st.composite
def requests(draw):
    """A scope and the parts of a body; now and then the client leaves in the middle."""
    method, path = draw(st.sampled_from(OPERATIONS))
    if draw(st.integers(0, 9)) == 0:
        method, path = draw(st.sampled_from(METHODS)), draw(st.sampled_from(PATHS))
    if draw(st.integers(0, 9)) == 0:
        path = "/".join([path, draw(VALUES)]) + draw(st.sampled_from(["", "/"]))
    pairs = draw(st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=3))
    query = "&".join(f"{name}={value}" for name, value in pairs).encode()
    query += draw(st.sampled_from([b"", b"", b"&", b"%", b"\xff", b"&" * 1500, b"=&=", b"a;b"]))
    fields = draw(st.lists(FIELDS, max_size=3))
    if method in {"POST", "PUT", "PATCH", "DELETE"}:
        fields.append(
            (b"content-type", draw(st.sampled_from(CONTENT_TYPES[:4] * 3 + CONTENT_TYPES)))
        )
    host = draw(st.sampled_from([b"testserver"] * 9 + [b"evil@test"]))
    body = draw(JSON_TEXTS | FORM_TEXTS)
    cut = draw(st.integers(0, len(body)))
    parts = draw(st.sampled_from([[body], [body[:cut], body[cut:]], [body[:cut], None]]))
    more = draw(st.sampled_from([{}, {}, {"root_path": "/v0"}, {"root_path": "/\u00e9"}]))
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(b"host", host), *fields],
        **more,
    }
    return scope, parts


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def apps():
    return {
        "plain": everything(),
        "other": everything(
            slashes="match", error_format=ErrorModel(), allowed_hosts=["testserver"], debug=True
        ),
    }


@pytest.fixture(scope="module")
def records():
    """What redirflow logs."""
    kept = []
    handler = logging.Handler()
    handler.emit = kept.append
    logging.getLogger("redirflow").addHandler(handler)
    yield kept
    logging.getLogger("redirflow").removeHandler(handler)


async def answered(app, asgi, scope, parts):
    peer = asgi.Peer(*parts)
    async with asyncio.timeout(5):
        try:
            await app(scope, peer.receive, peer.send)
        except BodyTooLarge:
            # A stream that has begun can only be cut.
            assert scope["path"].endswith("/echo")
            return []
    return peer.sent


@settings(deadline=None, max_examples=1200)
@given(request=requests(), kind=st.sampled_from(["plain", "plain", "other"]))
@example(
    request=(
        {
            "type": "http",
            "method": "POST",
            "path": "/upload",
            "query_string": b"",
            "headers": [(b"host", b"testserver"), (b"content-type", CONTENT_TYPES[3])],
        },
        [b'--b\r\ncontent-disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n'],
    ),
    kind="plain",
)
def test_any_request_is_answered(runner, asgi, apps, records, request, kind):
    """Whatever is wrong with it is the client's fault, and is told with a 4xx."""
    scope, parts = request

    sent = runner.run(answered(apps[kind], asgi, dict(scope), parts))

    assert [record.getMessage() for record in records] == [], (scope, parts)
    if not sent or sent[-1].get("more_body"):
        assert None in parts or scope["path"].endswith("/echo"), "no whole answer"
        return
    answer = asgi.answer(sent, scope["method"])
    assert answer.status < 500, (scope, parts, answer.body)
    assert answer["x-content-type-options"] == "nosniff" or answer.status < 400
    if answer["location"] is not None:
        location = answer["location"]
        assert not location.startswith(("//", "/\\"))
        assert location.isascii()
        assert location.isprintable()
