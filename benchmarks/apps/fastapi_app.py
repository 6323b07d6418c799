"""FastAPI: path, query and body validated, and the answer through its response model.

pydantic trusts an instance of the declared class, so the answer's fields are not looked at again.
"""

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from pydantic import BaseModel


class Item(BaseModel):
    """What GET and POST answer with."""

    id: int
    name: str
    price: float
    tags: list[str]
    active: bool


class NewItem(BaseModel):
    """What POST takes."""

    name: str
    price: float
    tags: list[str]


app = FastAPI()


@app.get("/legacy/users/{user_id}")
async def legacy_user(user_id: int) -> RedirectResponse:
    return RedirectResponse(f"/users/{user_id}", status_code=308)


@app.get("/items/{item_id}")
async def get_item(item_id: int, limit: int = 20) -> Item:
    return Item(id=item_id, name="Lamp", price=limit * 1.5, tags=["home", "light"], active=True)


@app.post("/items", status_code=201)
async def create_item(new: NewItem) -> Item:
    return Item(id=1, name=new.name, price=new.price, tags=new.tags, active=True)
