"""Scopes as servers make them: keys that are left out, lists for tuples, fields in any case."""

from contextvars import ContextVar
from typing import Annotated

import pytest
from msgspec import Struct

from redirflow import App, BackgroundTasks, Depends, Header, Query, Request


class Item(Struct):
    name: str


def app_of_all():
    app = App()

    @app.get("/plain/{number}")
    async def plain(
        number: int, q: Query[str] = "none", x_token: Header[str] = "none"
    ) -> list[str]:
        return [str(number), q, x_token]

    @app.get("/request")
    async def request(request: Request) -> list[str]:
        return [
            repr(request.client),
            repr(dict(request.state)),
            repr(request.path_params),
            request.original_path,
            request.url_for("plain", number=1),
        ]

    @app.post("/items")
    async def add(item: Item) -> Item:
        return item

    return app


LEAST = {
    "type": "http",
    "method": "GET",
    "path": "/request",
    "query_string": b"",
    "headers": [(b"host", b"a")],
}


async def test_a_scope_of_the_least(serve_once):
    """`raw_path`, `root_path`, `scheme`, `client`, `server`, `state`, `extensions`, `asgi` and
    `http_version` may be missing.
    """
    answer = await serve_once(app_of_all(), {**LEAST})

    assert answer.json() == ["None", "{}", "{}", "/request", "/plain/1"]


@pytest.mark.parametrize("path", ["/nix", "/request/", "/openapi.json", "/items"])
async def test_a_scope_of_the_least_elsewhere(serve_once, path):
    assert (await serve_once(app_of_all(), {**LEAST, "path": path})).status < 500


@pytest.mark.parametrize(
    ("more", "client"),
    [
        ({"client": ["127.0.0.1", 5000], "server": ["127.0.0.1", "8000"]}, ("127.0.0.1", 5000)),
        ({"client": ("127.0.0.1", 5000), "server": ("/socket", None)}, ("127.0.0.1", 5000)),
        ({"client": None, "server": None}, None),
        ({"client": [], "root_path": None, "state": None, "raw_path": None}, None),
        ({"extensions": None, "scheme": "https", "http_version": "2"}, None),
        ({"asgi": {"version": "3.0", "spec_version": "2.5"}, "extensions": {"tls": {}}}, None),
    ],
)
async def test_odd_types(serve_once, more, client):
    """Servers differ in them; JSON has lists for tuples, granian a string for a port."""
    answer = await serve_once(app_of_all(), {**LEAST, **more})

    assert answer.status == 200
    assert answer.json()[0] == repr(client)


@pytest.mark.parametrize("spell", [bytes.lower, bytes.title, bytes.upper])
async def test_field_names_in_any_case(serve_once, spell):
    """They should come in lower case, but need not (ASGI)."""
    fields = [[spell(b"host"), b"a"], [spell(b"x-token"), b"t"]]
    scope = {**LEAST, "path": "/plain/7", "headers": fields}

    assert (await serve_once(app_of_all(), scope)).json() == ["7", "none", "t"]

    fields = [[spell(b"host"), b"a"], [spell(b"content-type"), b"application/json"]]
    scope = {**LEAST, "method": "POST", "path": "/items", "headers": fields}

    assert (await serve_once(app_of_all(), scope, b'{"name":"a"}')).status == 201


async def test_fields_may_repeat(serve_once):
    """The last counts, in the order received."""
    fields = ((b"x-token", b"1"), (b"host", b"a"), (b"x-token", b"2"))
    scope = {**LEAST, "path": "/plain/7", "headers": fields}

    assert (await serve_once(app_of_all(), scope)).json()[2] == "2"


async def test_fields_may_hold_any_bytes(serve_once):
    scope = {**LEAST, "path": "/plain/7", "headers": [*LEAST["headers"], (b"x-token", b"\xe9\xff")]}

    assert (await serve_once(app_of_all(), scope)).json()[2] == "\u00e9\u00ff"


@pytest.mark.parametrize(
    ("path", "number"), [("/plain/7", 200), ("/plain/\ufffd", 422), ("/plain/\u0667", 422)]
)
async def test_a_path_is_decoded_text(serve_once, path, number):
    """Bytes that were no UTF-8 arrive as U+FFFD."""
    assert (await serve_once(app_of_all(), {**LEAST, "path": path})).status == number


async def test_the_server_s_state_is_not_ours(serve_once):
    """A request has a copy of the dictionary, and its very values."""
    pool, state = object(), {}
    state["pool"] = pool
    app, seen = App(), []

    @app.get("/request")
    async def show(request: Request) -> None:
        seen.append(request.state["pool"])

    scope = {**LEAST, "state": state}
    await serve_once(app, scope)

    assert seen == [pool]
    assert scope["state"] is state
    assert state == {"pool": pool}


async def test_what_is_added_to_a_scope(serve_once):
    """Three keys for middleware and nothing else; what was there stays as it was."""
    scope = {**LEAST, "headers": [*LEAST["headers"]]}

    await serve_once(app_of_all(), scope)

    added = {key: value for key, value in scope.items() if key not in LEAST}
    assert added.keys() == {"route", "endpoint", "path_params"}
    assert {key: scope[key] for key in LEAST} == LEAST


async def test_context_variables_of_one_request_are_not_those_of_another(serve_apart):
    """Each request runs in the context that the server gives it."""
    var = ContextVar("var", default="unset")
    app, seen = App(), []

    async def setting(name: str) -> None:
        seen.append(var.get())
        var.set(name)

    @app.get("/")
    async def show(
        name: str, tasks: BackgroundTasks, done: Annotated[None, Depends(setting)]
    ) -> str:
        tasks.add(lambda: seen.append(var.get()))
        return var.get()

    for name in ("one", "two"):
        scope = {**LEAST, "path": "/", "query_string": f"name={name}".encode()}
        assert (await serve_apart(app, scope)).json() == name

    assert seen == ["unset", "one", "unset", "two"]
