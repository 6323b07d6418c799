"""Starlette: a path converter; query and body are read by the endpoint. Nothing is validated."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route


async def legacy_user(request: Request) -> RedirectResponse:
    return RedirectResponse(f"/users/{request.path_params['user_id']}", status_code=308)


async def get_item(request: Request) -> JSONResponse:
    limit = int(request.query_params.get("limit", 20))
    return JSONResponse(
        {
            "id": request.path_params["item_id"],
            "name": "Lamp",
            "price": limit * 1.5,
            "tags": ["home", "light"],
            "active": True,
        }
    )


async def create_item(request: Request) -> JSONResponse:
    new = await request.json()
    return JSONResponse(
        {
            "id": 1,
            "name": new["name"],
            "price": new["price"],
            "tags": new["tags"],
            "active": True,
        },
        status_code=201,
    )


app = Starlette(
    routes=[
        Route("/legacy/users/{user_id:int}", legacy_user),
        Route("/items/{item_id:int}", get_item),
        Route("/items", create_item, methods=["POST"]),
    ]
)
