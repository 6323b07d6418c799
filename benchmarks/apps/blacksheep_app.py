"""BlackSheep: binders for path, query and body; a dataclass body is converted field by field.

The answer is not validated. Its documentation shows how to exchange the JSON library, and with
the standard one GET and POST take more than twice as long, so here it uses msgspec.
"""

from dataclasses import dataclass

from blacksheep import Application, Response, created, permanent_redirect
from blacksheep.settings.json import json_settings
from msgspec.json import Decoder, Encoder


@dataclass
class Item:
    """What GET and POST answer with."""

    id: int
    name: str
    price: float
    tags: list[str]
    active: bool


@dataclass
class NewItem:
    """What POST takes."""

    name: str
    price: float
    tags: list[str]


encoder = Encoder()


def dumps(value: object) -> str:
    return encoder.encode(value).decode()


json_settings.use(loads=Decoder().decode, dumps=dumps)

app = Application()


@app.router.get("/legacy/users/{user_id}")
async def legacy_user(user_id: int) -> Response:
    return permanent_redirect(f"/users/{user_id}")


@app.router.get("/items/{item_id}")
async def get_item(item_id: int, limit: int = 20) -> Item:
    return Item(item_id, "Lamp", limit * 1.5, ["home", "light"], True)


@app.router.post("/items")
async def create_item(new: NewItem) -> Response:
    return created(Item(1, new.name, new.price, new.tags, True))
