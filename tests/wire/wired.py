"""One app with every kind of input, answer, redirect, rule and guard, for the battery."""

import logging
from collections.abc import AsyncIterator
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Never

import anyio
from msgspec import Meta, Struct

from redirflow import (
    APIKey,
    App,
    Basic,
    Bearer,
    Body,
    Conflict,
    Cookie,
    CookieSpec,
    Credentials,
    Form,
    GatewayTimeout,
    Header,
    HeaderSpec,
    LocalURL,
    NotFound,
    Query,
    Redirect,
    RedirectTable,
    Request,
    Reroute,
    Response,
    ServerSentEvent,
    UploadFile,
    WebURL,
    raises,
    redirects,
    reroutes,
    returns,
)

logging.basicConfig(format="%(name)s: %(message)s")


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Item(Struct):
    name: Annotated[str, Meta(max_length=100)]
    price: float = 0.0
    count: int = 0
    tags: list[str] = []
    colour: Colour = Colour.RED
    more: dict[str, Any] = {}


class Packed(Struct):
    """Nothing in it may be just anything, so MessagePack is taken too."""

    name: str
    children: list["Packed"] = []


async def guard() -> None:
    """Sends an operation the careful way."""


async def mounted(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"mounted")]})
    await send({"type": "http.response.body", "body": b"mounted"})


app = App(max_body_size=10_000)


@app.get("/")
async def root() -> str:
    return "root"


WAITING: list[str] = []
"""What waits for its client now."""


@app.get("/hang", cancel_on_disconnect=True)
async def hang() -> None:
    WAITING.append("handler")
    try:
        await anyio.sleep_forever()
    finally:
        WAITING.remove("handler")


@app.get("/drip")
@returns(media_type="text/event-stream")
async def drip() -> AsyncIterator[int]:
    WAITING.append("stream")
    try:
        yield 1
        await anyio.sleep_forever()
    finally:
        WAITING.remove("stream")


@app.get("/drip/group")
async def drip_group() -> AsyncIterator[int]:
    WAITING.append("task")

    async def wait() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            WAITING.remove("task")

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        yield 1
        await anyio.sleep_forever()


@app.get("/waiting")
async def waiting() -> list[str]:
    return WAITING


@app.get("/probe")
async def probe(n: int) -> int:
    return n


@app.get("/items/{number}")
async def show(number: int) -> Item:
    return Item(str(number))


@app.post("/items")
async def add(item: Item) -> Item:
    return item


@app.put("/items/{number}", dependencies=[guard])
async def replace(number: int, item: Item) -> Item:
    return item


@app.delete("/items/{number}")
async def remove(number: int) -> None: ...


@app.post("/packed")
async def pack(packed: Packed) -> Packed:
    return packed


@app.patch("/any")
async def anything(value: Body[Any]) -> Any:
    return value


@app.get("/files/{rest:path}")
async def files(rest: str) -> str:
    return rest


@app.get("/names/{name}")
async def named(name: str) -> str:
    return name


@app.get("/search")
async def search(
    q: Query[str] = "",
    limit: Query[Annotated[int, Meta(ge=1, le=100)]] = 20,
    tags: Query[list[str]] = [],  # noqa: B006
    on: Query[bool] = False,
    ratio: Query[float] = 0.0,
    amount: Query[Decimal | None] = None,
    colour: Query[Colour] = Colour.RED,
) -> list[str]:
    return [q, str(limit), *tags, str(on), str(ratio), str(amount), colour.value]


@app.get("/fast")
async def fast(q: str = "", limit: int = 20) -> list[str]:
    return [q, str(limit)]


@app.get("/token")
async def token(x_token: Header[int]) -> int:
    return x_token


@app.get("/cookie")
async def cookie(sid: Cookie[str] = "none") -> str:
    return sid


@app.get("/number-cookie")
async def number_cookie(n: Cookie[int]) -> int:
    return n


@app.post("/form")
async def form(
    email: Form[str],
    age: Form[int] = 0,
    tags: Form[list[str]] = [],  # noqa: B006
) -> str:
    return f"{email} {age} {len(tags)}"


@app.post("/upload")
async def upload(file: UploadFile, note: Form[str] = "") -> int:
    return len(await file.read())


@app.post("/raw")
async def raw(request: Request) -> Response[Any]:
    value = await request.json()
    return Response([value, len(request.cookies), len(request.headers), len(request.query)])


@app.post("/unread")
async def unread() -> str:
    return "unread"


@app.post("/echo")
@returns(AsyncIterator[bytes], status_code=200)
async def echo(request: Request) -> AsyncIterator[bytes]:
    yield b"<"
    async for chunk in request.stream():
        yield chunk


@app.get("/login")
async def login_form(next: LocalURL = "/") -> str:
    return next


@app.post("/login")
@redirects(303, cookies={"sid": CookieSpec()})
async def login(next: Form[LocalURL] = "/") -> Redirect:
    return Redirect(next).with_cookies({"sid": "token"})


@app.get("/out")
@redirects(302, external="*")
async def out(to: WebURL) -> Redirect:
    return Redirect(to)


@app.get("/back")
@redirects(302)
async def back(request: Request) -> Redirect:
    return Redirect(request.back("/"))


@app.get("/nothing")
async def nothing() -> None: ...


@app.get("/reset")
@returns(None, status_code=205)
async def reset() -> None: ...


@app.get("/unchanged")
@returns(None, status_code=304, headers={"ETag": HeaderSpec()})
async def unchanged() -> Response[None]:
    return Response(status_code=304, headers={"ETag": '"x"'})


@app.get("/missing")
@raises(NotFound)
async def missing() -> Never:
    raise NotFound("nothing here")


@app.get("/lines")
async def lines(count: Annotated[int, Meta(ge=0, le=9)] = 2) -> AsyncIterator[Item]:
    for number in range(count):
        yield Item(str(number))


@app.get("/grouped")
async def grouped() -> AsyncIterator[int]:
    """Items of a task of its own, which ends with its client."""
    give, take = anyio.create_memory_object_stream[int]()

    async def produce() -> None:
        async with give:
            for number in range(3):
                await give.send(number)

    async with take, anyio.create_task_group() as group:
        group.start_soon(produce)
        async for number in take:
            yield number


@app.get("/grouped/each")
async def grouped_each() -> AsyncIterator[int]:
    for number in range(3):
        with anyio.fail_after(60):
            yield number


@raises(GatewayTimeout, on=TimeoutError)
async def limited() -> AsyncIterator[None]:
    with anyio.fail_after(0.05):
        yield


@raises(Conflict)
async def failing() -> AsyncIterator[None]:
    async def fail() -> None:
        raise Conflict

    async with anyio.create_task_group() as group:
        group.start_soon(fail)
        yield


@app.get("/late", dependencies=[limited])
async def late() -> None:
    await anyio.sleep_forever()


@app.get("/late/group", dependencies=[failing])
async def late_group() -> None:
    await anyio.sleep_forever()


@app.get("/events")
async def events() -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(data="one")


@app.get("/sync/{number}")
def sync(number: int) -> int:
    return number


@app.get("/bearer", dependencies=[Bearer()])
async def bearer() -> str:
    return "in"


@app.get("/basic")
async def basic(user: Annotated[Credentials, Basic()]) -> str:
    return user.username


@app.get("/key")
async def key(
    a: Annotated[str | None, APIKey(query="key")],
    b: Annotated[str | None, APIKey(header="x-key", name="b")],
    c: Annotated[str | None, APIKey(cookie="key", name="c")],
) -> list[str | None]:
    return [a, b, c]


@app.get("/kinds")
@returns(Item, media_type=("application/json", "application/msgpack"))
async def kinds() -> Item:
    return Item("kinds")


@app.get("/first/{number}")
@reroutes(to=show)
async def first(number: int) -> Never:
    raise Reroute.to(show, number=number)


@app.route("/own", methods=["OPTIONS", "QUERY"])
async def own() -> str:
    return "own"


app.redirect("/old/{name}", to="/names/{name}")
app.redirect("/tree/{rest:path}", to="/files/{rest}")
app.redirect("/away/{name}", to="https://example.com/{name}")
app.reroute("/v0/{rest:path}", to="/{rest}")
app.redirect_table(RedirectTable.from_pairs([("/row", "/search"), ("/row/two", "/lines")]))
app.mount("/mounted", mounted)
