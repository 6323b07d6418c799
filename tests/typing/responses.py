"""`Response` is generic in its body, so a handler's annotation is checked against it."""

from typing import assert_type

from msgspec import Struct

from redirflow import App, Redirect, Response

app = App()


class User(Struct):
    id: int


class Admin(User):
    rights: list[str]


assert_type(Response(User(1)), Response[User])
assert_type(Response([User(1)], headers={"X-Total-Count": 1}), Response[list[User]])
assert_type(Response(), Response[None])
assert_type(Response(status_code=304), Response[None])
assert_type(Response(headers={"Location": "/users/1"}, status_code=302), Response[None])
Response(User(1), status="201")  # E: status_code
Response(User(1), cookies={"sid": 1})  # E: a str, or None
Response(User(1), media_type=None)


@app.get("/a")
async def body() -> Response[User]:
    return Response(User(1))


@app.get("/b")
async def narrower() -> Response[User]:
    return Response(Admin(1, []))


@app.get("/c")
async def other() -> Response[User]:
    return Response([User(1)])  # E: a list of users is no user


@app.get("/d")
async def nothing() -> Response[None]:
    return Response(headers={"X-Removed": 1})


@app.get("/e")
async def missing() -> Response[User]:
    return Response()  # E: no body


@app.get("/f")
async def either() -> Response[User] | Redirect:
    return Redirect("/a")


@app.get("/g")
async def bare() -> User:
    return Redirect("/a")  # E: not announced
