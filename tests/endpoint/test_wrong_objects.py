"""Bodies that a class refuses by itself, and bodies nested too deeply: never an empty answer."""

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from redirflow import App, Body, Form, Query, Request
from redirflow.http.depth import MAX_DEPTH, refuse_deep
from redirflow.testing import TestClient

RAISED = {
    "ValueError": ValueError("no such thing"),
    "TypeError": TypeError("no such thing"),
    "AttributeError": AttributeError("s3cr3t"),
    "KeyError": KeyError("s3cr3t"),
    "ZeroDivisionError": ZeroDivisionError("s3cr3t"),
    "RuntimeError": RuntimeError("s3cr3t"),
}


class Strict(Struct):
    """Refuses itself, with the error that it is told to raise."""

    name: str

    def __post_init__(self):
        raise RAISED[self.name]


class Tree(Struct):
    leaves: "list[Tree]" = []


@pytest.fixture(scope="module")
def client():
    app = App(docs_url=None)

    @app.post("/fast")
    async def fast(item: Strict) -> None: ...

    @app.post("/careful")
    def careful(item: Strict, request: Request) -> None: ...

    @app.get("/query")
    async def query(item: Query[Strict]) -> None: ...

    @app.post("/form")
    async def form(item: Form[Strict]) -> None: ...

    @app.post("/any")
    async def anything(value: Body[Any]) -> Any:
        return value

    @app.post("/dict")
    def mapping(value: dict[str, Any]) -> dict[str, Any]:
        return value

    @app.post("/tree")
    async def tree(value: Tree) -> Tree:
        return value

    @app.post("/request")
    async def by_request(request: Request) -> Any:
        return await request.json()

    @app.post("/flat")
    async def flat(value: list[Annotated[int, Meta(ge=0)]]) -> list[int]:
        return value

    with TestClient(app, raise_violations=False) as client:
        yield client


def send(client, way, name):
    if way == "query":
        return client.get("/query", params={"name": name})
    return client.post(f"/{way}", **{"data" if way == "form" else "json": {"name": name}})


@pytest.mark.parametrize("name", RAISED)
@pytest.mark.parametrize("way", ["fast", "careful", "query", "form"])
def test_what_a_class_raises(client, caplog, way, name):
    """`ValueError` and `TypeError` are the client's fault, all others the author's."""
    response = send(client, way, name)

    clients = name in {"ValueError", "TypeError"}
    assert response.status_code == (422 if clients else 500)
    assert ("no such thing" in response.text) == clients
    assert "s3cr3t" not in response.text
    assert len(caplog.records) == (0 if clients else 1)


def nested(depth, path):
    if path == "/tree":
        return b'{"leaves":[' * (depth // 2) + b"]}" * (depth // 2)
    if path == "/dict":
        return b'{"a":' * (depth - 1) + b"[]" + b"}" * (depth - 1)
    return b"[" * depth + b"]" * depth


PATHS = ["/any", "/dict", "/tree", "/request"]
DEEP = [MAX_DEPTH + 2, 400, 700, 880, 900, 940, 990, 1000, 2000, 20_000]


@pytest.mark.parametrize("path", PATHS)
def test_the_deepest(client, path):
    body = nested(MAX_DEPTH, path)

    response = client.post(path, content=body, headers={"content-type": "application/json"})

    assert (response.status_code, response.content) == (201, body)


@pytest.mark.parametrize("depth", DEEP)
@pytest.mark.parametrize("path", PATHS)
def test_what_is_too_deep(client, path, depth):
    body = nested(depth, path)

    response = client.post(path, content=body, headers={"content-type": "application/json"})

    assert response.status_code == 400


@pytest.mark.parametrize("depth", [MAX_DEPTH, *DEEP])
def test_what_is_too_deep_in_messagepack(client, depth):
    body = b"\x81\xa6leaves\x91" * (depth // 2 - 1) + b"\x81\xa6leaves\x90"
    headers = {"content-type": "application/msgpack"}

    status = client.post("/tree", content=body, headers=headers).status_code

    assert status == (400 if depth > MAX_DEPTH else 201)


@pytest.mark.parametrize("depth", DEEP)
def test_what_is_deep_where_nothing_is_expected(client, depth):
    """A type without end is not there: the decoder refuses it, or skips it."""
    body = b'[1, {"a": ' + b"[" * depth + b"]" * depth + b"}]"

    response = client.post("/flat", content=body, headers={"content-type": "application/json"})

    assert response.status_code in {400, 422}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * MAX_DEPTH,
        b"[]," * 5000,
        b'"' + b"[" * 5000 + b'"',
        b'["\\"' + b"[{" * 5000 + b'"]',
        b'{"a":[' * 100,
        msgspec.json.encode([["[" * 9, {"{": [1]}]] * 500),
    ],
)
def test_what_is_flat(body):
    assert refuse_deep(body) is None


@pytest.mark.parametrize("body", [b"[" * 201, b'"\\\\"' + b'{"[":' * 201, b"]" * 50 + b"[" * 251])
def test_what_is_deep(body):
    with pytest.raises(RecursionError):
        refuse_deep(body)
