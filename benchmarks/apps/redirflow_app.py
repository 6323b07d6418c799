"""redirflow: path, query and body bound and validated; the encoded answer validated as well."""

from typing import Never

from msgspec import Struct

from redirflow import App, Redirect, redirects


class User(Struct):
    """Where the redirect leads."""

    id: int


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


app = App(title="Items")


@app.get("/users/{user_id}")
async def get_user(user_id: int) -> User:
    return User(user_id)


@app.get("/legacy/users/{user_id}")
@redirects(308, to=get_user)
async def legacy_user(user_id: int) -> Never:
    raise Redirect.to(get_user, user_id=user_id)


@app.get("/items/{item_id}")
async def get_item(item_id: int, limit: int = 20) -> Item:
    return Item(item_id, "Lamp", limit * 1.5, ["home", "light"], True)


@app.post("/items")
async def create_item(new: NewItem) -> Item:
    return Item(1, new.name, new.price, new.tags, True)
