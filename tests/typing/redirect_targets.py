"""`Redirect.to` and `Reroute.to`: parameters of a handler are checked, those of a name are not."""

from collections.abc import AsyncIterator
from typing import Annotated, assert_type
from uuid import UUID

from msgspec import Meta, Struct

from redirflow import App, Cookie, LocalURL, Query, Redirect, Reroute, Response

app = App()


class Item(Struct):
    id: UUID


@app.get("/items/{item_id}")
async def item(item_id: UUID) -> Item:
    return Item(item_id)


@app.get("/find")
async def find(
    words: Query[list[str]],
    page: Query[Annotated[int, Meta(ge=1)]] = 1,
    back: LocalURL = "/",
    seen: Cookie[str | None] = None,
) -> Response[list[Item]]:
    return Response([])


@app.get("/sync/{number}")
def sync(number: int) -> None: ...


@app.get("/stream")
async def stream(count: int = 3) -> AsyncIterator[Item]:
    yield Item(UUID(int=count))


one = UUID(int=1)

assert_type(Redirect.to(item, item_id=one), Redirect)
Redirect.to(item, one)
Redirect.to(find, words=["a"])
Redirect.to(find, words=["a"], page=2, back="/me")
Redirect.to(sync, number=1)
Redirect.to(stream)
Redirect.to(item)  # E: item_id is missing
Redirect.to(item, item_id="1")  # E: no UUID
Redirect.to(item, item_id=one, page=2)  # E: not a parameter of item
Redirect.to(find, words="a")  # E: a list
Redirect.to(find, words=["a"], page="2")  # E: an int, though it travels as text
Redirect.to(sync, number=None)  # E: required
Redirect.to(1, number=1)  # E: neither a handler nor a name

# A name is resolved at start-up, its parameters when the redirect leaves the handler.
assert_type(Redirect.to("item", item_id=one), Redirect)
Redirect.to("anything", at=1, all="a")
Redirect.to("item", one)  # E: by keyword only

assert_type(Reroute.to(item, item_id=one), Reroute)
Reroute.to("item", item_id=one)
Reroute.to(item, item_id=1)  # E: no UUID
Reroute.to(item, other=one)  # E: not a parameter of item

# Copies are redirects again; a redirect has no body, and its status is a number.
assert_type(Redirect("/a").with_status(303).with_query(a=1, b=["x"]).with_fragment("c"), Redirect)
assert_type(Redirect("/a").with_cookies({"sid": None}).with_headers({"x-count": 1}), Redirect)
assert_type(Redirect("/a").status_code, int | None)
Redirect("/a", status_code="303")  # E: a number
Redirect("/a", cookies={"sid": 1})  # E: a str, or None
Redirect()  # E: to where?
Redirect("/a", permanent=True)  # E: the spec decides
