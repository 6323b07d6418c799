"""One app that shows every kind of response once, and what to ask for each: `EXCHANGES`.

The handlers do no more than it takes. Where HTTP asks something of a handler's author (a
`Location` beside a 201, a validator before a 304) they do what the author should.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Never

from msgspec import Meta, Struct

from redirflow import (
    App,
    Basic,
    Bearer,
    Conflict,
    CookieSpec,
    Credentials,
    Forbidden,
    Form,
    Gone,
    Header,
    HeaderSpec,
    HTTPError,
    LocalURL,
    NotFound,
    PreconditionFailed,
    Query,
    Redirect,
    RedirectTable,
    Reroute,
    Response,
    Router,
    ServerSentEvent,
    ServiceUnavailable,
    TooManyRequests,
    UploadFile,
    WebURL,
    raises,
    redirects,
    reroutes,
    returns,
)

TEXT = (
    b"It is a truth universally acknowledged, that a single man in possession of a good fortune,"
    b" must be in want of a wife."
)
TAG = '"one"'
CHANGED = "Wed, 01 Oct 2025 12:00:00 GMT"


class Book(Struct):
    """What most answers are about."""

    id: int
    title: str


class OutOfPrint(HTTPError, status_code=409):
    """This book is not printed any more."""

    book_id: int


class RangeNotSatisfiable(HTTPError, status_code=416, headers={"Content-Range": HeaderSpec()}):
    """There is no such part."""


EMMA = Book(1, "Emma – a novel")

app = App(title="Shown", max_body_size=1000)


# --- successes -----------------------------------------------------------------------------------


@app.get("/books/{book_id}")
@raises(NotFound)
async def read_book(book_id: int) -> Book:
    if book_id != EMMA.id:
        raise NotFound(f"no book {book_id}")
    return EMMA


@app.get("/books")
@returns(headers={"X-Total-Count": HeaderSpec(int)})
async def list_books(
    limit: Query[Annotated[int, Meta(ge=1, le=9)]] = 9,
) -> Response[list[Book]]:
    return Response([EMMA][:limit], headers={"X-Total-Count": 1})


@app.post("/books")
@returns(status_code=201, location=read_book)
async def add_book(book: Book) -> Response[Book]:
    return Response(book, headers={"Location": "/books/1"})


@app.put("/books/{book_id}")
@returns(status_code=202)
async def replace_book(book_id: int, book: Book) -> Book:
    return book


@app.delete("/books/{book_id}")
async def remove_book(book_id: int) -> None: ...


@app.post("/form")
async def form(name: Form[str]) -> str:
    return name


@app.post("/upload")
@returns(status_code=200)
async def upload(file: UploadFile) -> int:
    return len(await file.read())


@app.get("/text")
@returns(media_type="text/plain")
async def text() -> str:
    return "naïve\n"


@app.get("/page")
@returns(media_type="text/html")
async def page() -> str:
    return "<!doctype html><title>naïve</title>\n"


@app.get("/bytes")
@returns(media_type="application/octet-stream")
async def some_bytes() -> bytes:
    return b"\x00\xff"


@app.get("/empty-text")
@returns(media_type="text/plain")
async def empty_text() -> str:
    return ""


@app.post("/reset")
@returns(None, status_code=205)
async def reset() -> None: ...


@app.get("/kinds")
@returns(Book, media_type=("application/json", "application/msgpack"))
async def kinds() -> Book:
    return EMMA


@app.get("/sync")
def sync() -> Book:
    return EMMA


@app.get("/cookie")
@returns(cookies={"seen": CookieSpec(max_age=60), "__Host-sid": CookieSpec(same_site="strict")})
async def cookie() -> Response[Book]:
    return Response(EMMA, cookies={"seen": "yes", "__Host-sid": None})


# --- validators and parts: the handlers' own doing, which the framework lets through -------------


TAGGED = {"ETag": HeaderSpec(), "Cache-Control": HeaderSpec()}
DATED = {"Last-Modified": HeaderSpec()}


@app.get("/tagged")
@returns(Book, headers=TAGGED)
@returns(None, status_code=304, headers=TAGGED)
async def tagged(if_none_match: Header[str] = "") -> Response[Book] | Response[None]:
    headers = {"ETag": TAG, "Cache-Control": "max-age=60"}
    if if_none_match == TAG:
        return Response(status_code=304, headers=headers)
    return Response(EMMA, status_code=200, headers=headers)


@app.get("/dated")
@returns(Book, headers=DATED)
@returns(None, status_code=304, headers=DATED)
async def dated(if_modified_since: Header[str] = "") -> Response[Book] | Response[None]:
    headers = {"Last-Modified": CHANGED}
    if if_modified_since == CHANGED:
        return Response(status_code=304, headers=headers)
    return Response(EMMA, status_code=200, headers=headers)


@app.put("/tagged")
@raises(PreconditionFailed)
async def replace_tagged(book: Book, if_match: Header[str]) -> None:
    if if_match != TAG:
        raise PreconditionFailed


@app.get("/parts")
@returns(bytes, media_type="text/plain", headers={"Accept-Ranges": HeaderSpec()})
@returns(bytes, status_code=206, media_type="text/plain", headers={"Content-Range": HeaderSpec()})
@raises(RangeNotSatisfiable)
async def parts(range: Header[str] = "") -> Response[bytes]:
    asked = re.fullmatch(r"bytes=(\d{1,3})-(\d{1,3})", range)
    if asked is None:
        return Response(TEXT, status_code=200, headers={"Accept-Ranges": "bytes"})
    first, last = int(asked[1]), min(int(asked[2]), len(TEXT) - 1)
    if first > last:
        raise RangeNotSatisfiable().with_headers({"Content-Range": f"bytes */{len(TEXT)}"})
    told = f"bytes {first}-{last}/{len(TEXT)}"
    return Response(TEXT[first : last + 1], status_code=206, headers={"Content-Range": told})


# --- streams -------------------------------------------------------------------------------------


@app.get("/lines")
@returns(media_type="application/jsonl")
async def lines(count: Annotated[int, Meta(ge=0, le=9)] = 2) -> AsyncIterator[Book]:
    for number in range(count):
        yield Book(number, "Emma")


@app.get("/events")
@returns(media_type="text/event-stream")
async def events() -> AsyncIterator[ServerSentEvent[Book]]:
    yield ServerSentEvent(event="book", id="1", data=EMMA)


@app.get("/chunks")
@returns(media_type="text/plain")
async def chunks() -> AsyncIterator[str]:
    yield "one\n"
    yield "zwölf\n"


# --- redirects and reroutes ----------------------------------------------------------------------


def declare(status: int) -> None:
    """Every form of a redirect with one status."""

    @app.get(f"/to/{status}", name=f"to_{status}")
    @redirects(status, to=read_book)
    async def local() -> Never:
        raise Redirect.to(read_book, book_id=1)

    @app.get(f"/away/{status}", name=f"away_{status}")
    @redirects(status, external="https://example.com")
    async def away() -> Redirect:
        return Redirect("https://example.com").with_query(q="naïve").with_fragment("§ 1")

    @app.get(f"/kept/{status}", name=f"kept_{status}")
    @redirects(status, to=read_book, max_age=60)
    async def kept() -> Never:
        raise Redirect.to(read_book, book_id=1)

    @app.get(f"/kept-for-me/{status}", name=f"kept_for_me_{status}")
    @redirects(status, to=read_book, max_age=60)
    async def kept_for_me(token: Annotated[str, Bearer()]) -> Never:
        raise Redirect.to(read_book, book_id=1)

    @app.get(f"/set/{status}", name=f"set_{status}")
    @redirects(status, cookies={"sid": CookieSpec(max_age=60), "old": CookieSpec()})
    async def with_cookies() -> Never:
        raise Redirect("?a=b#c").with_cookies({"sid": "opaque", "old": None})

    app.redirect(f"/rule/{status}/{{book_id}}", to="/books/{book_id}", status_code=status)
    app.redirect(f"/kept-rule/{status}", to="/text", status_code=status, max_age=60)


STATUSES = (301, 302, 303, 307, 308)
WAYS = ("to", "away", "kept", "set", "kept-rule")

for status in STATUSES:
    declare(status)


@app.post("/login")
@redirects(303)
async def login(next: Form[LocalURL]) -> Redirect:
    return Redirect(next)


@app.get("/out")
@redirects(302, external="*")
async def out(to: WebURL) -> Redirect:
    return Redirect(to)


@app.get("/first")
@reroutes(to=read_book)
async def first() -> Never:
    raise Reroute.to(read_book, book_id=1)


app.redirect("/gone-away/{rest:path}", to="https://example.com/{rest}")
app.redirect_table(RedirectTable.from_pairs([("/row", "/text"), ("/row/old", "/books?limit=3")]))
app.reroute("/v0/{rest:path}", to="/{rest}", headers={"x-rerouted": "yes"})


# --- errors --------------------------------------------------------------------------------------


@app.get("/conflict")
@raises(OutOfPrint)
async def conflict() -> Never:
    raise OutOfPrint("Try a second-hand shop.", book_id=1)


@app.post("/conflict")
@raises(Conflict)
async def plain_conflict() -> Never:
    raise Conflict


@app.get("/gone")
@raises(Gone)
async def gone() -> Never:
    raise Gone


@app.get("/forbidden")
@raises(Forbidden)
async def forbidden() -> Never:
    raise Forbidden


@app.get("/bearer", dependencies=[Bearer()])
async def bearer() -> str:
    return "in"


@app.get("/basic")
async def basic(user: Annotated[Credentials, Basic()]) -> str:
    return user.username


@app.get("/slow-down")
@raises(TooManyRequests)
async def slow_down() -> Never:
    raise TooManyRequests().with_headers({"Retry-After": 30})


@app.get("/busy")
@raises(ServiceUnavailable)
async def busy() -> Never:
    raise ServiceUnavailable("Back soon.").with_headers({"Retry-After": 30})


@app.get("/broken")
async def broken() -> Book:
    return Book("three", "Persuasion")


@app.get("/raising")
async def raising() -> Book:
    raise RuntimeError("of the handler")


# --- what is old, what is elsewhere, and the pages -----------------------------------------------

old = Router(
    prefix="/v1",
    deprecated=datetime(2026, 1, 1, tzinfo=UTC),
    sunset=datetime(2027, 6, 30, tzinfo=UTC),
)


@old.get("/books")
async def old_books() -> list[Book]:
    return [EMMA]


app.include_router(old)
app.mount("/swagger", App(docs_ui="swagger"))
app.mount("/scalar", App(docs_ui="scalar", openapi_version="3.1.1"))


# --- what to ask ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exchange:
    """A request, and the status of its answer."""

    status: int
    target: str
    method: str = "GET"
    fields: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.target} ({self.status})"

    @property
    def has_body(self) -> bool:
        """Whether the method means that there is a body, were it an empty one."""
        return self.method in {"POST", "PUT"}

    @property
    def has_host(self) -> bool:
        """Whether the Host is not just the server's."""
        return "Host" in self.fields


def posted(status, target, body=b"", kind="application/json", method="POST", **fields):
    """An exchange that changes something; `If_Match="..."` is a field."""
    told = {"Content-Type": kind} if body else {}
    other = {name.replace("_", "-"): value for name, value in fields.items()}
    return Exchange(status, target, method, {**told, **other}, body)


TOKEN = {"Authorization": "Bearer a"}
BOOK = b'{"id":1,"title":"Emma"}'
FORM = "application/x-www-form-urlencoded"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'

WITH_BODIES = [
    posted(201, "/books", BOOK),
    posted(202, "/books/1", BOOK, method="PUT"),
    posted(201, "/form", b"name=Ada", FORM),
    posted(200, "/upload", PART, "multipart/form-data; boundary=b"),
    posted(205, "/reset"),
    posted(204, "/books/1", method="DELETE"),
    posted(204, "/tagged", BOOK, method="PUT", If_Match=TAG),
    posted(412, "/tagged", BOOK, method="PUT", If_Match='"two"'),
    posted(303, "/login", b"next=/books/1?a=b|c", FORM),
    posted(400, "/books", b"{"),
    posted(409, "/conflict"),
    posted(413, "/books", b" " * 1001),
    posted(415, "/books", b"x", "text/plain"),
    posted(415, "/books", BOOK, Content_Encoding="gzip"),
    posted(422, "/books", b"{}"),
    posted(422, "/form", b"nome=Ada", FORM),
    posted(405, "/text", b"x", "text/plain"),
]

READ = [
    Exchange(200, "/books/1"),
    Exchange(200, "/books?limit=1"),
    Exchange(200, "/text"),
    Exchange(200, "/page"),
    Exchange(200, "/bytes"),
    Exchange(200, "/empty-text"),
    Exchange(200, "/kinds"),
    Exchange(200, "/kinds", fields={"Accept": "application/msgpack"}),
    Exchange(406, "/kinds", fields={"Accept": "image/png"}),
    Exchange(200, "/sync"),
    Exchange(200, "/cookie"),
    Exchange(200, "/tagged"),
    Exchange(304, "/tagged", fields={"If-None-Match": TAG}),
    Exchange(200, "/dated"),
    Exchange(304, "/dated", fields={"If-Modified-Since": CHANGED}),
    Exchange(200, "/parts"),
    Exchange(206, "/parts", fields={"Range": "bytes=8-15"}),
    Exchange(416, "/parts", fields={"Range": "bytes=900-901"}),
    Exchange(200, "/lines"),
    Exchange(200, "/lines?count=0"),
    Exchange(200, "/events"),
    Exchange(200, "/chunks"),
    Exchange(302, "/out?to=https://example.com/a|b?c={d}%5Be]^`%23f%23g"),
    *(Exchange(status, f"/{way}/{status}") for status in STATUSES for way in WAYS),
    *(Exchange(status, f"/rule/{status}/1?a=b") for status in STATUSES),
    *(Exchange(status, f"/kept-for-me/{status}", fields=TOKEN) for status in STATUSES),
    Exchange(308, "/books/1/"),
    Exchange(308, "/row"),
    Exchange(308, "/row/old"),
    Exchange(308, "/gone-away/a/%C3%A9"),
    Exchange(200, "/first"),
    Exchange(200, "/v0/books/1"),
    Exchange(404, "/v0/nothing"),
    Exchange(400, "/text", fields={"Host": "a@b"}),
    Exchange(401, "/bearer"),
    Exchange(401, "/basic"),
    Exchange(200, "/bearer", fields=TOKEN),
    Exchange(403, "/forbidden"),
    Exchange(404, "/nothing"),
    Exchange(404, "/books/9"),
    Exchange(409, "/conflict"),
    Exchange(410, "/gone"),
    Exchange(422, "/books/x"),
    Exchange(422, "/books?limit=10"),
    Exchange(429, "/slow-down"),
    Exchange(503, "/busy"),
    Exchange(500, "/broken"),
    Exchange(500, "/raising"),
    Exchange(200, "/v1/books"),
    Exchange(200, "/openapi.json"),
    Exchange(200, "/docs"),
    Exchange(200, "/scalar/docs"),
    Exchange(200, "/scalar/openapi.json"),
    Exchange(200, "/swagger/docs"),
    Exchange(200, "/swagger/openapi.json"),
]


def assets(read):
    """What the pages load from their own origin; `read` gives the body of an exchange."""
    for exchange in READ:
        if exchange.target.endswith("/docs"):
            for name in re.findall(rb' (?:src|href)="\./(\w+/[\w.]+)"', read(exchange)):
                yield Exchange(200, f"{exchange.target.removesuffix('docs')}{name.decode()}")


def asked(read):
    """All exchanges: each that reads also as HEAD, and OPTIONS of each path."""
    reading = [*READ, *assets(read)]
    yield from WITH_BODIES
    yield from reading
    yield from (replace(exchange, method="HEAD") for exchange in reading)
    yield from (Exchange(204, path, "OPTIONS") for path in paths([*WITH_BODIES, *reading]))
    yield Exchange(404, "/books/1/", "OPTIONS")  # no slash is added or taken for it
    yield Exchange(400, "/text", "OPTIONS", {"Host": "a@b"})


def paths(exchanges):
    """Each path that serves something, once."""
    served = (each.target for each in exchanges if each.status != 404)
    found = dict.fromkeys(target.partition("?")[0] for target in served)
    return [path for path in found if path != "/books/1/"]
