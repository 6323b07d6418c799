"""Markers are seen as the types they mark, so that handlers are ordinary functions."""

from collections.abc import AsyncIterator
from typing import Annotated, assert_type

from msgspec import Meta, Struct

from redirflow import (
    Alias,
    APIKey,
    App,
    BackgroundTasks,
    Basic,
    Bearer,
    Body,
    Cookie,
    Credentials,
    Depends,
    Form,
    Header,
    LocalURL,
    Query,
    Request,
    UploadFile,
    WebURL,
    local_url,
)

app = App()


class Filter(Struct):
    words: list[str] = []
    page: int = 1


async def pool(request: Request) -> AsyncIterator[int]:
    yield 1


@app.post("/{key}")
async def handler(
    key: str,
    data: Body[dict[str, int]],
    request: Request,
    tasks: BackgroundTasks,
    size: Annotated[int, Depends(pool)],
    token: Annotated[str, Bearer()],
    login: Annotated[Credentials, Basic()],
    api_key: Annotated[str | None, APIKey(header="x-key")],
    limit: Query[Annotated[int, Meta(le=100)]] = 10,
    x_trace: Header[str | None] = None,
    sid: Cookie[Annotated[str | None, Alias("__Host-sid")]] = None,
    which: Query[Filter] = Filter(),  # noqa: B008 - the document shows it
    next: LocalURL = "/",
    site: WebURL = "https://example.com/",
) -> None:
    assert_type(key, str)
    assert_type(data, dict[str, int])
    assert_type(limit, int)
    assert_type(x_trace, str | None)
    assert_type(sid, str | None)
    assert_type(which.words, list[str])
    assert_type(next, str)
    assert_type(site, str)
    assert_type(size, int)
    assert_type(token, str)
    assert_type(login.password, str)
    assert_type(api_key, str | None)
    assert_type(await request.body(), bytes)
    assert_type(request.path, str)
    assert_type(request.headers["x"], str)
    assert_type(request.cookies, dict[str, str])
    assert_type(request.client, tuple[str, int] | None)
    tasks.add(print, "sent", sep="")
    tasks.add(sized, 1)
    tasks.add(sized, "1")  # E: an int
    tasks.add(sized)  # E: size is missing


async def sized(size: int) -> None: ...


@app.post("/upload")
async def upload(file: UploadFile, name: Form[str], tags: Form[list[str]]) -> None:
    assert_type(file.filename, str)
    assert_type(await file.read(), bytes)
    assert_type(name, str)
    assert_type(tags, list[str])


async def defaults(
    limit: Query[int] = "10",  # E: no int
    trace: Header[str] = None,  # E: no str
) -> None: ...


assert_type(local_url("//evil", "/"), str)
Depends(pool)
Depends("pool")  # E: a function
APIKey("x-key")  # E: where? By keyword
Alias(1)  # E: a name
