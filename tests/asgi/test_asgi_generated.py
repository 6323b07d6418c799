"""Any app, any handler, any request: one well-formed answer, and the document has told of it."""

import asyncio
import json
from typing import Annotated, Literal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec import Meta, Struct

import redirflow
from redirflow import (
    App,
    Conflict,
    CookieSpec,
    HeaderSpec,
    HTTPError,
    NotFound,
    Redirect,
    Response,
    raises,
    redirects,
    returns,
)


class Item(Struct):
    name: str
    price: float = 0.0
    tags: list[str] = []


class Wider(Item):
    secret: str = "hidden"


class Slow(HTTPError, status_code=429, headers={"Retry-After": HeaderSpec(int)}):
    """Come back later."""

    limit: int


NAMES = {
    **{name: getattr(redirflow, name) for name in ("Query", "Header", "Cookie", "Body", "Form")},
    "Annotated": Annotated,
    "Literal": Literal,
    "Meta": Meta,
    "Item": Item,
}

INPUTS = {
    "path": "number: int",
    "text": "name: str",
    "query": "limit: Query[Annotated[int, Meta(ge=1, le=9)]] = 5",
    "tags": "tags: Query[list[str]] = []",
    "order": "order: Query[Literal['up', 'down']]",
    "header": "x_token: Header[float] = 0",
    "cookie": "sid: Cookie[str | None] = None",
    "body": "item: Item",
    "anything": "value: Body[list[int] | None] = None",
    "form": "email: Form[str]",
}
BODIES = {"body", "anything", "form"}
TYPES = {
    "int": [0, -1, 2**70, "1", None, 1.5],
    "str": ["", "caf\u00e9", "\ud800", 1, b"x"],
    "float": [0.5, float("nan"), float("inf"), "0.5"],
    "bool | None": [True, None, 2],
    "list[int]": [[], [1, 2], ["x"], {1}, None],
    "dict[str, float]": [{}, {"a": 1.5}, {"a": float("nan")}, {1: 2.0}],
    "Item": [Item("a"), Wider("b"), {"name": "c"}, Item(1), Item("a", float("inf")), None, 5],
    "list[Item]": [[Item("a"), Wider("b")], [Item(None)], [None]],
    "None": [None, 1],
}
"""Each with values that fit and values that don't."""

RAISED = [
    NotFound("not here"),
    Conflict("taken"),
    Slow(limit=3).with_headers({"Retry-After": 5}),
    Slow(limit=3),
    Redirect("/"),
    Redirect("/elsewhere?a=b"),
    Redirect("//evil.test"),
    Redirect("/", status_code=307),
    Redirect("/").with_cookies({"sid": "x"}),
    Redirect("/").with_cookies({"other": "x"}),
    Redirect("/").with_headers({"X-Count": "5"}),
    ValueError("a secret"),
    ExceptionGroup("several", [NotFound("no")]),
    ExceptionGroup("several", [NotFound("no"), ValueError("a secret")]),
]
WRAPPED = [
    lambda value: value,
    lambda value: value,
    lambda value: Response(value),
    lambda value: Response(value, headers={"X-Count": 5}),
    lambda value: Response(value, headers={"X-Count": "5\r\nx: y"}),
    lambda value: Response(value, headers={"X-Other": "5"}),
    lambda value: Response(value, cookies={"sid": None}),
    lambda value: Response(value, cookies={"sid": "a;b"}),
    lambda value: Response(value, status_code=202),
    lambda value: Response(value, status_code=418),
    lambda value: Response(value, headers={"Location": "/"}),
]
RETURNED = [
    returns(headers={"X-Count": HeaderSpec(int, required=False)}),
    returns(cookies={"sid": CookieSpec(required=False)}),
    returns(status_code=202),
]
SPECS = [
    redirects(303),
    redirects(307, to="*", cookies={"sid": CookieSpec(required=False)}),
    raises(NotFound),
    raises(Conflict, Slow),
    raises(Conflict, on=ValueError),
]
METHODS = ["get", "post", "put", "delete"]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""No shrinking: it takes longer than to read one of these apps."""


async def guard() -> None:
    """Sends an operation the careful way."""


@st.composite
def operations(draw):
    """The source of a handler, what it is registered with, and what it does."""
    method = draw(st.sampled_from(METHODS))
    takes = draw(st.lists(st.sampled_from(sorted(INPUTS)), max_size=3, unique=True))
    bodies = [name for name in takes if name in BODIES]
    takes = [name for name in takes if name not in BODIES or name in bodies[:1]]
    if method in {"get", "delete"}:
        takes = [name for name in takes if name not in BODIES]
    path = "/op" + "/{number}" * ("path" in takes) + "/{name}" * ("text" in takes)
    parameters = sorted((INPUTS[name] for name in takes), key=lambda text: "=" in text)
    type_ = draw(st.sampled_from(sorted(TYPES)))
    prefix = draw(st.sampled_from(["async ", "async ", ""]))
    source = f"{prefix}def op({', '.join(parameters)}) -> {type_}:\n    return act()\n"
    return (
        method,
        path,
        source,
        draw(st.lists(st.sampled_from(RETURNED), max_size=1))
        + draw(st.lists(st.sampled_from(SPECS), max_size=2, unique_by=id)),
        draw(st.booleans()),
        type_,
    )


def actions(type_):
    """What a handler does: it returns something, or raises."""
    value = st.sampled_from(TYPES[type_])
    returned = st.builds(lambda wrap, value: (wrap(value), None), st.sampled_from(WRAPPED), value)
    return returned | st.sampled_from(RAISED).map(lambda error: (None, error))


def app_of(method, path, source, specs, guarded, doing):
    """An app with that one operation, which does what is in *doing*."""

    def act():
        result, error = doing[0]
        if error is not None:
            raise error
        return result

    scope = {**NAMES, "act": act}
    exec(source, scope)
    handler = scope["op"]
    for spec in specs:
        handler = spec(handler)
    app = App()
    getattr(app, method)(path, dependencies=[guard] if guarded else [])(handler)
    app.get("/", name="root")(guard)
    return app


QUERIES = [b"", b"limit=5", b"limit=99", b"limit=x&tags=a", b"order=up", b"order=up&limit=2", b"&%"]
PATHS = ["/op", "/op/7", "/op/x", "/op/7/a", "/op/7/", "/op/a/b/c", "/nix"]
SENT = [
    (b"application/json", b'{"name":"a"}'),
    (b"application/json", b"[1]"),
    (b"application/json", b"{"),
    (b"application/x-www-form-urlencoded", b"email=a"),
    (b"text/plain", b"x"),
    (b"", b""),
]


@st.composite
def requests(draw):
    method = draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"]))
    content_type, body = draw(st.sampled_from(SENT))
    fields = [(b"host", b"a"), (b"content-type", content_type)]
    fields += draw(st.sampled_from([[], [(b"x-token", b"1.5")], [(b"x-token", b"nan")]]))
    fields += draw(st.sampled_from([[], [(b"cookie", b"sid=1")]]))
    return method, draw(st.sampled_from(PATHS)), draw(st.sampled_from(QUERIES)), fields, body


def documented(document, method, path):
    """The operation of the document at a path; `None` for one that is the router's business."""
    method = "get" if method == "HEAD" else method.lower()
    given_parts = path.split("/")
    for template, item in document["paths"].items():
        parts = template.split("/")
        if len(parts) == len(given_parts) and all(
            part == given_part or (part.startswith("{") and given_part)
            for part, given_part in zip(parts, given_parts, strict=True)
        ):
            return item.get(method)
    return None


def check_documented(document, operation, answer, method):
    """Status, fields, media type and body are what the document says."""
    response = operation["responses"].get(str(answer.status))
    assert response is not None, f"{answer.status} is not documented"
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    headers = {name.lower(): told for name, told in response.get("headers", {}).items()}
    required = {name for name, told in headers.items() if told.get("required")}
    names = {name.decode() for name, _ in answer.headers}
    assert required <= names
    framework = {"content-type", "content-length", "x-content-type-options", "cache-control"}
    assert names - framework <= headers.keys() | {"location", "www-authenticate"}
    content = response.get("content", {})
    given_type = answer["content-type"]
    assert (given_type is None) == (not content)
    if content and method != "HEAD":
        schema = content[given_type.partition(";")[0]]["schema"]
        whole = {**schema, "components": document.get("components", {})}
        Draft202012Validator(whole).validate(json.loads(answer.body))


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as runner:
        yield runner


@settings(deadline=None, max_examples=60, suppress_health_check=[*HealthCheck], phases=PHASES)
@given(data=st.data(), operation=operations(), asked=st.lists(requests(), min_size=8, max_size=12))
def test_any_app(runner, asgi, caplog, data, operation, asked):
    """One answer of right length; a status of the document, or a 500 with its log record."""
    *operation, type_ = operation
    doing = [None]
    app = app_of(*operation, doing)
    document = app.openapi()
    for method, path, query, fields, body in asked:
        doing[0] = data.draw(actions(type_))
        caplog.clear()
        peer = asgi.Peer(body)
        scope = asgi.scope(method, path, query=query, fields=fields)

        runner.run(app(scope, peer.receive, peer.send))

        answer = asgi.answer(peer.sent, method)
        assert b"secret" not in answer.body
        assert (answer.status == 500) == bool(caplog.records)
        told = documented(document, method, path)
        if told is None:
            assert answer.status in {204, 308, 404, 405}
        elif answer.status != 500:
            check_documented(document, told, answer, method)
