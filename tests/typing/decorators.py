"""Decorators give back the very function they get: specs stack in any order, with any verb."""

from http import HTTPStatus
from typing import Annotated, Never, assert_type

from msgspec import Struct

from redirflow import (
    App,
    Conflict,
    CookieSpec,
    Depends,
    HeaderSpec,
    NotFound,
    Redirect,
    Reroute,
    Response,
    Router,
    raises,
    redirects,
    reroutes,
    returns,
)

app = App()
router = Router(prefix="/users", tags=["users"])


class User(Struct):
    id: int


GONE = raises(NotFound)
AWAY = redirects(HTTPStatus.SEE_OTHER, to="*")


@GONE
@AWAY
@router.get("/{user_id}")
@returns(User, headers={"ETag": HeaderSpec()}, examples={"first": User(1)})
@raises(Conflict, on=KeyError)
async def user(user_id: int) -> Response[User]:
    return Response(User(user_id), headers={"ETag": '"1"'})


@router.route("/all", methods=["GET", "DELETE"], name="everybody")
@redirects(307, to=("user", user, "/users/1"), cookies={"sid": CookieSpec(max_age=1)})
@redirects(301, external=("https://a.example", "https://b.example"), max_age=60)
def everybody(user_id: int = 1, *, quick: bool = False) -> Never:
    raise Redirect.to(user, user_id=user_id)


@GONE
@AWAY
async def current() -> User:
    return User(1)


@app.get("/me", dependencies=[current, Depends(current)])
@reroutes(to=(user, "everybody"))
async def me(me: Annotated[User, Depends(current)]) -> Never:
    raise Reroute.to(user, user_id=me.id)


async def calls() -> None:
    assert_type(await user(1), Response[User])
    assert_type(await current(), User)
    everybody(2, quick=True)  # sync, and still so; nothing comes after it


async def wrong_calls() -> None:
    await user("1")  # E: no int
    await user()  # E: user_id is missing
    await me()  # E: who calls it by hand gives the dependency's result


async def more_wrong_calls() -> None:
    everybody(2, True)  # E: quick is keyword-only


returns(status_code="201")  # E: a number
returns(User, status=201)  # E: status_code
returns(headers={"ETag": str})  # E: a HeaderSpec
returns(cookies={"sid": "lax"})  # E: a CookieSpec
redirects()  # E: which one?
redirects(303, target="/")  # E: to
redirects(303, to=3)  # E: neither a handler nor a text
redirects(303, max_age="60")  # E: seconds
reroutes()  # E: where to?
CookieSpec(same_site="Lax")  # E: in lower case
CookieSpec(httponly=True)  # E: http_only
AWAY.status_code = 301  # E: specs are frozen
AWAY("user")  # E: decorates functions
