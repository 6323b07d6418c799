"""Litestar: path, query and body validated through msgspec; the answer is not validated."""

from litestar import Litestar, get, post
from litestar.response import Redirect
from msgspec import Struct


class Item(Struct):
    """What GET and POST answer with."""

    id: int
    name: str
    price: float
    tags: list[str]
    active: bool


class NewItem(Struct):
    """What POST takes."""

    name: str
    price: float
    tags: list[str]


@get("/legacy/users/{user_id:int}", status_code=308)
async def legacy_user(user_id: int) -> Redirect:
    return Redirect(path=f"/users/{user_id}", status_code=308)


@get("/items/{item_id:int}")
async def get_item(item_id: int, limit: int = 20) -> Item:
    return Item(item_id, "Lamp", limit * 1.5, ["home", "light"], True)


@post("/items")
async def create_item(data: NewItem) -> Item:
    return Item(1, data.name, data.price, data.tags, True)


app = Litestar(route_handlers=[legacy_user, get_item, create_item])
