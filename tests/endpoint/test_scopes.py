"""Scopes: declared by `Bearer`, checked by a dependency, told in the document."""

import logging
from typing import Annotated

import pytest

from redirflow import (
    APIKey,
    App,
    Basic,
    Bearer,
    Credentials,
    Depends,
    Forbidden,
    Scopes,
    Unauthorized,
    same_secret,
)
from redirflow.testing import TestClient

TOKENS = {"reader": {"notes:read"}, "writer": {"notes:read", "notes:write"}}


async def user(token: Annotated[str, Bearer()], scopes: Scopes) -> str:
    if token not in TOKENS:
        raise Unauthorized("This token is unknown.")
    if not scopes <= TOKENS[token]:
        raise Forbidden(f"The token lacks {', '.join(sorted(scopes - TOKENS[token]))}.")
    return token


User = Annotated[str, Depends(user)]


def an_app():
    app = App(docs_url=None)

    @app.get("/me")
    async def me(user: User) -> str:
        return user

    @app.get("/notes", dependencies=[Bearer(scopes=["notes:read"])])
    async def notes(user: User) -> str:
        return user

    @app.post("/notes", dependencies=[Bearer(scopes=["notes:read"])])
    async def create_note(user: User, token: Annotated[str, Bearer(scopes=["notes:write"])]) -> str:
        return user

    @app.get("/scopes", dependencies=[Bearer(scopes=["b", "a"]), APIKey(header="x-key")])
    async def told(scopes: Scopes) -> list[str]:
        return sorted(scopes)

    return app


def authorization(token):
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/me", "reader", 200),
        ("GET", "/notes", "reader", 200),
        ("POST", "/notes", "reader", 403),
        ("POST", "/notes", "writer", 201),
        ("GET", "/notes", "stranger", 401),
        ("GET", "/notes", "???", 401),
    ],
)
def test_who_may_do_what(method, path, token, status):
    response = TestClient(an_app()).request(method, path, headers=authorization(token))

    assert response.status_code == status
    assert (response.headers.get("www-authenticate") == "Bearer") == (status == 401)
    if status == 403:
        assert response.json()["detail"] == "The token lacks notes:write."


def test_scopes_are_those_of_all_credentials():
    headers = authorization("x") | {"x-key": "k"}

    assert TestClient(an_app()).get("/scopes", headers=headers).json() == ["a", "b"]


def test_the_document():
    paths = an_app().openapi()["paths"]

    assert paths["/notes"]["post"]["security"] == [{"bearer": ["notes:read", "notes:write"]}]
    assert "403" in paths["/notes"]["post"]["responses"]
    assert "401" in paths["/notes"]["post"]["responses"]
    assert "403" not in paths["/me"]["get"]["responses"]  # no scope is asked for


MALFORMED = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer a b",
    "Bearer \u00fc",
    "Bearer a,Bearer b",
    "Basic",
    "Basic %%%",
    "Basic YQ==",
    "Basic gICA",
    "Basic dTpw dTpw",
    "Basic " + "A" * 5000,
    "Digest username=x",
    "\t",
]


@pytest.mark.parametrize("field", MALFORMED)
@pytest.mark.parametrize("scheme", [Bearer(), Basic(), APIKey(header="authorization-x")])
@pytest.mark.parametrize("guard", [True, False])
def test_malformed_credentials_are_401(scheme, field, guard, caplog):
    app = App(docs_url=None, dependencies=[scheme] if guard else [])

    @app.get("/")
    async def show() -> None: ...

    @app.get("/own")
    async def own(given: Annotated[str, scheme]) -> None: ...

    with caplog.at_level(logging.ERROR):
        path = "/" if guard else "/own"
        response = TestClient(app).get(path, headers=[(b"authorization", field.encode("latin-1"))])

    assert (response.status_code, response.headers["www-authenticate"]) == (401, scheme.challenge)
    assert caplog.records == []


@pytest.mark.parametrize("raiser", ["handler", "dependency"])
def test_every_401_says_how_to_get_in(raiser):
    """Also one that a handler or a dependency raises, with every scheme of the operation."""
    app = App(docs_url=None, raises=[Unauthorized])

    async def check(key: Annotated[str | None, APIKey(cookie="sid")]) -> None:
        if raiser == "dependency":
            raise Unauthorized

    @app.get("/", dependencies=[check])
    async def show(user: Annotated[Credentials | None, Basic(realm="r")]) -> None:
        raise Unauthorized

    response = TestClient(app).get("/")

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == (
        'ApiKey in="cookie", name="sid", Basic realm="r", charset="UTF-8"'
    )


@pytest.mark.parametrize(
    ("given", "expected", "same"),
    [
        ("a", "a", True),
        ("a", b"a", True),
        ("\udc80", "a", False),
        ("\u00fc", "\u00fc", True),
        ("", "a", False),
    ],
)
def test_same_secret(given, expected, same):
    assert same_secret(given, expected) is same
