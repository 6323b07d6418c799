"""Apps of many operations, as source: what an author with that many would have written.

Each operation has a path, a query and a body parameter, and two types of its own.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from benchmarks.apps import ASGIApp


@dataclass(frozen=True)
class Framework:
    """How an app is written in one framework, and how its document is asked for."""

    head: str
    operation: str  # `{i}` is its number
    tail: str
    document: Callable[[Any], bytes]

    def source(self, size: int) -> str:
        """The module of an app of *size* operations."""
        operations = "".join(self.operation.replace("{i}", str(i)) for i in range(size))
        return self.head + operations + self.tail


TYPES = """
class New{i}(Model):
    name: str
    price: float
    tags: list[str]

class Item{i}(Model):
    id: int
    name: str
    price: float
    tags: list[str]
    active: bool
"""

RETURN = "Item{i}(id=item_id, name=new.name, price=limit * 1.5, tags=new.tags, active=True)"


def _litestar_document(app: Any) -> bytes:
    from litestar.serialization import encode_json

    return encode_json(app.openapi_schema.to_schema())


def _fastapi_document(app: Any) -> bytes:
    import json

    return json.dumps(app.openapi()).encode()


FRAMEWORKS = {
    "redirflow": Framework(
        head="from msgspec import Struct as Model\nfrom redirflow import App\napp = App()\n",
        operation=TYPES
        + '\n@app.put("/things{i}/{item_id}")\n'
        + "async def put{i}(item_id: int, new: New{i}, limit: int = 10) -> Item{i}:\n"
        + f"    return {RETURN}\n",
        tail="",
        document=lambda app: app.openapi_json(),
    ),
    "fastapi": Framework(
        head="from pydantic import BaseModel as Model\n"
        "from fastapi import FastAPI\napp = FastAPI()\n",
        operation=TYPES
        + '\n@app.put("/things{i}/{item_id}")\n'
        + "async def put{i}(item_id: int, new: New{i}, limit: int = 10) -> Item{i}:\n"
        + f"    return {RETURN}\n",
        tail="",
        document=_fastapi_document,
    ),
    "litestar": Framework(
        head="from msgspec import Struct as Model\n"
        "from litestar import Litestar, put\nfound = []\n",
        operation=TYPES
        + '\n@put("/things{i}/{item_id:int}")\n'
        + "async def put{i}(item_id: int, data: New{i}, limit: int = 10) -> Item{i}:\n"
        + f"    return {RETURN.replace('new.', 'data.')}\n"
        + "found.append(put{i})\n",
        tail="app = Litestar(found)\n",
        document=_litestar_document,
    ),
}


def declared(code: Any) -> ASGIApp:
    """Run the source of an app, as a module: some look their types up there."""
    module = ModuleType("declared")
    sys.modules["declared"] = module
    exec(code, module.__dict__)  # noqa: S102 - written above
    app: ASGIApp = module.__dict__["app"]
    return app
