"""The document says what the app does: each promise of an operation, in OpenAPI's words."""

import functools
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal, Never

import pytest
from msgspec import Meta, Struct
from openapi_spec_validator import OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

from redirflow import (
    Alias,
    APIKey,
    App,
    Basic,
    Bearer,
    Body,
    Conflict,
    Cookie,
    CookieSpec,
    Depends,
    ErrorModel,
    Form,
    Header,
    HeaderSpec,
    HTTPError,
    NotFound,
    Query,
    Request,
    Response,
    Router,
    SpecError,
    TooManyRequests,
    raises,
    redirects,
    reroutes,
    returns,
)
from redirflow.declare.streams import ServerSentEvent
from redirflow.openapi.schema import BASE64


class User(Struct):
    """A person with an account."""

    id: int
    email: str


class Page(Struct):
    items: list[User]
    next: str | None = None


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class EmailTaken(HTTPError, status_code=409):
    """Another account already uses this e-mail address."""

    email: str


class Slow(
    HTTPError,
    status_code=429,
    headers={"Retry-After": HeaderSpec(int)},
    cookies={"seen": CookieSpec(required=False)},
):
    """Too many at once."""


def is_true(document):
    """Whether the standard accepts the document, and all that it does not look at holds too."""
    OpenAPIV32SpecValidator(document).validate()
    operations = [op for item in document["paths"].values() for op in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for value in walk(document):
        if "$ref" in value:
            kind, name = value["$ref"].removeprefix("#/components/").split("/")
            assert name in document["components"][kind]
        if "operationId" in value:
            assert value["operationId"] in names
    for operation in operations:
        for alternative in operation.get("security", ()):
            assert alternative.keys() <= document["components"]["securitySchemes"].keys()
    return True


def walk(value):
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            yield from walk(part)


def written(app):
    """The document of an app, as a reader of its bytes finds it who follows references."""
    document = json.loads(app.openapi_json())
    assert is_true(document)
    shared = document.get("components", {}).get("responses", {})
    for operation in (op for item in document["paths"].values() for op in item.values()):
        for status, each in operation.get("responses", {}).items():
            if "$ref" in each:
                operation["responses"][status] = shared[each["$ref"].rpartition("/")[2]]
    return document


def described(handler, path="/x", method="GET", specs=(), **options):
    """One operation of an app of its own, beside one called `about`."""
    app = App()
    app.get("/about", name="about")(speaking())
    for spec in reversed(specs):
        handler = spec(handler)
    app.route(path, methods=[method], **options)(handler)
    return next(iter(written(app)["paths"][path].values()))


def faults(app):
    with pytest.raises(SpecError) as caught:
        app.compile()
    return [str(fault) for fault in caught.value.faults]


def speaking():
    """A handler that says something; a new one each time, for specs stay on what they decorate."""

    async def speak() -> str: ...

    return speak


def moving():
    """A handler that only ever redirects, or would."""

    async def move() -> Never: ...

    return move


def ref(name):
    return {"$ref": f"#/components/schemas/{name}"}


def rich_app():
    """An API that uses what can be declared, once each."""
    guarded = [Depends(language), Bearer(scopes=("read",), format="JWT")]
    app = App(
        title="Shop",
        version="2.1.0",
        description="Sells.",
        servers=("https://api.example.com", {"url": "/v2", "description": "The other one."}),
        headers={"X-Request-Id": HeaderSpec(str)},
        raises=[TooManyRequests],
    )
    users = Router(prefix="/users", tags=["users", "people"], dependencies=guarded)

    @users.get("/{user_id}")
    @raises(NotFound)
    async def get_user(user_id: int) -> User:
        """Fetch one
        user.

        They are not
        all alike.

        And more.
        """

    @users.post("", tags=["writing", "users"])
    @returns(
        User,
        status_code=201,
        location=get_user,
        examples={"ada": User(1, "ada@example.com")},
        links={
            "mail": {"operationId": "get_user", "parameters": {"user_id": "$response.body#/id"}}
        },
    )
    @redirects(303, to=get_user, cookies={"sid": CookieSpec(max_age=60)})
    @raises(EmailTaken, Conflict)
    async def create_user(new: Body[User], color: Query[Color] = Color.RED) -> User: ...

    @users.get("")
    @returns(Page, media_type=("application/json", "application/msgpack"))
    async def list_users(
        limit: Query[Annotated[int, Meta(ge=1, description="How many.")]] = 20,
    ): ...

    @app.get("/files/{rest:path}", deprecated=True, summary="A file", description="Or none.")
    @returns(media_type="application/octet-stream")
    async def get_file(rest: str) -> bytes: ...

    @app.get("/ticks")
    @returns(media_type="text/event-stream")
    async def ticks() -> AsyncIterator[User]:
        yield User(1, "")

    @app.get("/me")
    async def me(user: Annotated[User | None, Depends(current_user)]) -> User: ...

    @app.get("/login")
    async def login_form() -> str: ...

    @app.post("/login")
    @redirects(303)
    async def login(email: Form[str], age: Form[int] = 18) -> Never: ...

    @app.get("/first")
    @reroutes(to=get_user)
    async def first() -> None: ...

    @app.route("/search", methods=["QUERY"])
    async def search(words: list[str], session: Cookie[Annotated[str, Alias("sid")]]) -> None: ...

    @app.get("/hidden", include_in_schema=False, tags=["hidden"])
    async def hidden() -> dict[str, complex]: ...

    app.include_router(users)
    return app


async def language(accept_language: Header[str] = "en") -> str:
    return accept_language


@redirects(303, to="login_form", max_age=60)
async def current_user(key: Annotated[str | None, APIKey(header="X-Key")]) -> User | None: ...


# --- the whole -------------------------------------------------------------------------------


def test_a_rich_app_is_valid_openapi():
    """The standard's own schema takes it; every $ref, link, scheme and name leads somewhere."""
    assert is_true(written(rich_app()))


def test_the_head():
    """Version, title and servers as they were given; a URL is a server too."""
    document = written(rich_app())

    assert document["openapi"] == "3.2.0"
    assert document["info"] == {"title": "Shop", "description": "Sells.", "version": "2.1.0"}
    assert document["servers"] == [
        {"url": "https://api.example.com"},
        {"url": "/v2", "description": "The other one."},
    ]
    assert document["tags"] == [{"name": tag} for tag in ("users", "people", "writing")]


def test_an_empty_app_has_a_document():
    assert written(App()) == {
        "openapi": "3.2.0",
        "info": {"title": "API", "version": "0.1.0"},
        "paths": {},
    }


def test_paths_in_declared_order_and_methods_in_theirs():
    app = App()
    app.post("/b", name="one")(speaking())
    app.get("/a", name="two")(speaking())
    app.route("/b", methods=["DELETE", "QUERY", "GET"], name="three")(speaking())

    assert {path: [*item] for path, item in written(app)["paths"].items()} == {
        "/b": ["get", "post", "delete", "query"],
        "/a": ["get"],
    }
    assert [*written(app)["paths"]] == ["/b", "/a"]


def test_the_bytes_are_the_same_in_every_process():
    """No order of a set shows: hash seeds change nothing."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_document;"
        "sys.stdout.buffer.write(test_document.rich_app().openapi_json())"
    )
    command = [sys.executable, "-c", code, os.path.dirname(__file__)]
    first, second = (
        subprocess.run(
            command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    )

    assert first == second
    assert first.startswith(b'{\n  "openapi": "3.2.0",\n')
    assert first.endswith(b"}\n")


def test_a_server_without_a_url_is_a_fault():
    assert "servers=({'name': 'x'}, ...)" in faults(App(servers=[{"name": "x"}]))[0]


# --- operations ------------------------------------------------------------------------------


def test_tags_are_described_first_and_used_ones_follow():
    known = [
        {"name": "shop", "description": "Sells."},
        {"name": "users", "parent": "shop", "kind": "nav"},
    ]
    app = App(openapi_tags=known)
    app.get("/x", tags=["more", "users"])(speaking())

    assert written(app)["tags"] == [*known, {"name": "more"}]
    assert [*app.openapi("3.1.1")["tags"][1]] == ["name"]


@pytest.mark.parametrize("tag", [{"description": "Of what?"}, {"name": "a", "parent": "b"}])
def test_a_tag_without_a_name_or_with_a_lost_parent_is_a_fault(tag):
    assert faults(App(openapi_tags=[tag]))[0].startswith(f"error: openapi_tags=({tag}, ...)")


def test_webhooks_say_what_is_sent():
    app = App(webhooks={"user-created": User, "users": list[User]})

    assert written(app)["webhooks"]["user-created"] == {
        "post": {
            "summary": "user-created",
            "requestBody": {
                "content": {"application/json": {"schema": ref("User")}},
                "required": True,
            },
            "responses": {"2XX": {"description": "It was received."}},
        }
    }
    OpenAPIV31SpecValidator(app.openapi("3.1.1")).validate()


def test_a_webhook_that_can_not_be_described_is_a_fault():
    class Odd(Struct):
        pass

    other = type("Odd", (Struct,), {})
    app = App(webhooks={"odd": complex, "one": Odd, "other": other})

    refused, clash = faults(app)
    assert "webhooks={'odd': ...}: `complex`" in refused
    assert "webhooks={'other': ...}: the component name `Odd` is wanted by" in clash


def test_a_deprecated_parameter_says_so():
    async def handler(
        old: Query[Annotated[str, Meta(extra_json_schema={"deprecated": True})]] = "",
    ) -> str: ...

    (parameter,) = parameters(handler)

    assert parameter["deprecated"] is True
    assert "deprecated" not in parameter["schema"]


def test_the_docstring_is_summary_and_description():
    operation = written(rich_app())["paths"]["/users/{user_id}"]["get"]

    assert operation["operationId"] == "get_user"
    assert operation["tags"] == ["users", "people"]
    assert operation["summary"] == "Fetch one user."
    assert operation["description"] == "They are not\nall alike.\n\nAnd more."
    assert "deprecated" not in operation


def test_given_texts_win_over_the_docstring():
    operation = written(rich_app())["paths"]["/files/{rest}"]["get"]

    assert (operation["summary"], operation["description"]) == ("A file", "Or none.")
    assert operation["deprecated"] is True


def test_a_partial_is_described_by_its_function():
    """functools.partial has a docstring of its own, which describes no operation."""

    async def shout(word: str = "", loud: bool = True) -> str:
        """Shout."""

    assert described(functools.partial(shout, loud=False), name="shout")["summary"] == "Shout."


def test_an_operation_without_prose_has_none():
    assert not {"summary", "description", "tags", "security"} & described(speaking()).keys()


def test_hidden_operations_are_left_out():
    """Nothing of them shows: no path, no tag, no link, no type."""
    app = App()

    @app.get("/hidden", include_in_schema=False, tags=["secret"])
    async def hidden() -> User: ...

    @app.get("/x")
    @redirects(307, to=hidden)
    async def x() -> Never: ...

    document = written(app)

    assert [*document["paths"]] == ["/x"]
    assert document.keys() == {"openapi", "info", "paths"}
    assert document["paths"]["/x"]["get"]["responses"]["307"] == {
        "description": "Temporary Redirect",
        "headers": {
            "Location": {"required": True, "schema": {"type": "string", "format": "uri-reference"}}
        },
    }


def test_a_path_has_one_key_whatever_its_parameters_are_called():
    """Templates that differ in names only are the same one to OpenAPI; the first names count."""
    app = App()

    @app.get("/users/{user_id}")
    async def one(user_id: int) -> User: ...

    @app.put("/users/{id}")
    async def two(id: int, new: User) -> User: ...

    paths = written(app)["paths"]

    assert [*paths] == ["/users/{user_id}"]
    assert [each["parameters"][0]["name"] for each in paths["/users/{user_id}"].values()] == [
        "user_id",
        "user_id",
    ]


def test_the_rest_of_a_path_is_a_parameter_of_another_name():
    """`/{name}` and `/{name:path}` are two paths here; OpenAPI tells keys apart only."""
    app = App()

    @app.get("/f/{name}")
    async def one(name: str) -> str: ...

    @app.get("/f/{name:path}")
    async def rest(name: str) -> str: ...

    paths = written(app)["paths"]

    assert [*paths] == ["/f/{name}", "/f/{name_}"]
    assert paths["/f/{name_}"]["get"]["parameters"] == [
        {
            "name": "name_",
            "in": "path",
            "description": "The rest of the path; it may hold slashes, or be empty.",
            "required": True,
            "schema": {"type": "string"},
        }
    ]


def test_the_key_of_a_path_is_encoded():
    """It is compared with what stands in the request line."""
    app = App()
    app.get("/käse")(speaking())

    assert [*written(app)["paths"]] == ["/k%C3%A4se"]


# --- what goes in ----------------------------------------------------------------------------


def parameters(handler, path="/x", **options):
    return described(handler, path, **options).get("parameters", [])


def test_parameters_stand_path_first_then_query_header_cookie():
    async def handler(
        sid: Cookie[str], x_trace: Header[str], q: str, b: int, a: int, page: int = 1
    ) -> str: ...

    found = parameters(handler, "/{a}/{b}")

    assert [(each["in"], each["name"]) for each in found] == [
        ("path", "a"),
        ("path", "b"),
        ("query", "q"),
        ("query", "page"),
        ("header", "x-trace"),
        ("cookie", "sid"),
    ]
    assert [each.get("required") for each in found] == [True, True, True, None, True, True]


def test_parameters_of_guards_and_dependencies_count():
    operation = written(rich_app())["paths"]["/users"]["get"]

    assert [each["name"] for each in operation["parameters"]] == ["limit", "accept-language"]


def test_a_parameter_that_several_functions_read_stands_there_once():
    """Required if one of them requires it; the schema is the one that refuses something."""

    async def loosely(limit: str = "") -> str: ...

    async def handler(
        limit: int, size: int = 3, *, loose: Annotated[str, Depends(loosely)]
    ) -> str: ...

    assert parameters(handler) == [
        {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer"}},
        {"name": "size", "in": "query", "schema": {"type": "integer", "default": 3}},
    ]


def test_a_description_moves_up_to_the_parameter():
    limit, *_ = written(rich_app())["paths"]["/users"]["get"]["parameters"]

    assert limit == {
        "name": "limit",
        "in": "query",
        "description": "How many.",
        "schema": {"type": "integer", "minimum": 1, "default": 20},
    }


def test_defaults_are_shown_as_json():
    async def handler(
        color: Color = Color.RED,
        day: datetime = datetime(2026, 1, 2, tzinfo=UTC),
        words: Query[list[str]] = ["a"],  # noqa: B006 - a fresh copy is made of it
    ) -> str: ...

    color, day, words = parameters(handler)

    assert color["schema"] == {**ref("Color"), "default": "red"}
    assert day["schema"]["default"] == "2026-01-02T00:00:00Z"
    assert words["schema"] == {"type": "array", "items": {"type": "string"}, "default": ["a"]}


def test_defaults_that_no_text_stands_for_are_not_shown():
    """None, what JSON does not have, and what the type itself would refuse."""

    async def handler(
        none: int | None = None,
        odd: float = float("nan"),
    ) -> str: ...

    assert [each["schema"] for each in parameters(handler)] == [
        {"type": "integer"},
        {"type": "number"},
    ]


def test_fields_of_a_struct_are_parameters():
    class Filter(Struct):
        name: str
        tags: list[str] = []

    async def handler(filter: Query[Filter]) -> str: ...

    assert parameters(handler) == [
        {"name": "name", "in": "query", "required": True, "schema": {"type": "string"}},
        {
            "name": "tags",
            "in": "query",
            "schema": {"type": "array", "items": {"type": "string"}, "default": []},
        },
    ]


def test_headers_that_openapi_ignores_are_left_out():
    async def handler(
        accept: Header[str],
        content_type: Header[str],
        authorization: Header[str],
        etag: Header[str],
    ) -> str: ...

    assert [each["name"] for each in parameters(handler)] == ["etag"]


def test_a_body_is_json_or_messagepack():
    async def handler(new: Annotated[User, Meta(description="The new one.")]) -> None: ...

    assert described(handler, method="POST")["requestBody"] == {
        "description": "The new one.",
        "content": {
            "application/json": {"schema": ref("User")},
            "application/msgpack": {"schema": ref("User")},
        },
        "required": True,
    }


def test_a_body_of_anything_is_json_that_nothing_is_wrong_with():
    """MessagePack has keys that are no text, so it is not read into `Any`; no 422 either."""

    async def handler(thing: Body[Any]) -> str: ...

    async def holding(thing: Body[dict[str, Any]]) -> str: ...

    anything, some = described(handler, method="PUT"), described(holding, method="PUT")

    assert [*anything["requestBody"]["content"]] == ["application/json"]
    assert [*some["requestBody"]["content"]] == ["application/json"]
    assert [*anything["responses"]] == ["200", "400", "413", "415"]
    assert [*some["responses"]] == ["200", "400", "413", "415", "422"]


@pytest.mark.parametrize(
    ("method", "statuses"),
    [("GET", ["200"]), ("POST", ["201"])],
)
def test_who_looks_at_a_request_does_not_read_its_body(method, statuses):
    async def guard(request: Request) -> str | None:
        return request.headers.get("x-token") or request.query.get("token")

    async def handler(request: Request, token: Annotated[str | None, Depends(guard)]) -> str:
        return request.path

    assert [*responses(handler, method=method)] == statuses


async def _reads_json(request: Request) -> str:
    return str(await request.json())


async def _reads_bytes(request: Request) -> str:
    return str(await request.body())


async def _reads_pieces(request: Request) -> str:
    return str([piece async for piece in request.stream()])


async def _hands_on(request: Request) -> str:
    return await _reads_json(request)


async def _encloses(request: Request) -> str:
    return await (lambda: _reads_json(request))()


class _Reader:
    """An object that can be called."""

    __name__ = "reader"

    async def __call__(self, request: Request) -> str:
        return str(await request.body())


@pytest.mark.parametrize(
    ("handler", "statuses"),
    [
        (_reads_json, [400, 413]),
        (_reads_bytes, [413]),
        (_reads_pieces, [413]),
        (_hands_on, [400, 413]),
        (_encloses, [400, 413]),
        (_Reader(), [413]),
    ],
)
def test_what_a_request_is_asked_for_may_be_refused(handler, statuses):
    """`json()` finds a body malformed; who hands a request on may do anything with it."""
    found = [int(status) for status in responses(handler, method="PUT")]

    assert found == [200, *statuses]


def test_a_required_list_has_an_item():
    """A list of no texts is an absent parameter."""

    async def handler(
        names: list[str],
        few: Query[Annotated[list[str], Meta(min_length=2)]],
        tags: Query[set[str]] = set(),  # noqa: B006 - copied for each request
    ) -> str: ...

    assert [each["schema"] for each in parameters(handler)] == [
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "array", "items": {"type": "string"}, "minItems": 2},
        {"type": "array", "items": {"type": "string"}, "default": []},
    ]


def test_a_body_with_a_default_is_not_required():
    async def handler(new: Body[User | None] = None) -> None: ...

    assert "required" not in described(handler, method="PUT")["requestBody"]


def test_a_body_is_described_as_input():
    """What has a default may be left out by a client, and is always there in an answer."""

    async def handler(page: Page) -> Page: ...

    operation = described(handler, method="PUT")
    content = operation["requestBody"]["content"]

    assert content["application/json"]["schema"] == ref("PageInput")
    assert operation["responses"]["200"]["content"]["application/json"]["schema"] == ref("Page")


def test_a_form_is_an_object_of_its_fields():
    login = written(rich_app())["paths"]["/login"]["post"]

    assert login["requestBody"] == {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "email": {"type": "string"},
                        "age": {"type": "integer", "default": 18},
                    },
                    "required": ["email"],
                }
            }
        },
        "required": True,
    }
    assert "parameters" not in login


def test_a_form_of_defaults_is_not_required():
    async def handler(age: Form[int] = 18) -> None: ...

    body = described(handler, method="POST")["requestBody"]

    assert "required" not in body
    assert "required" not in body["content"]["application/x-www-form-urlencoded"]["schema"]


# --- security --------------------------------------------------------------------------------


def secured(*annotations, guards=()):
    """What the document says of an operation's credentials, and of their schemes."""
    first, second = (*annotations, str, str)[:2]
    app = App()

    @app.get("/x", dependencies=guards)
    async def handler(a: first, b: second) -> str: ...

    document = written(app)
    schemes = document["components"].get("securitySchemes")
    return document["paths"]["/x"]["get"].get("security"), schemes


def test_schemes_are_defined_once():
    assert secured(
        Annotated[str, APIKey(query="key")], guards=[Bearer(format="JWT", scopes=("a",)), Basic()]
    ) == (
        [{"bearer": ["a"], "basic": [], "apiKey": []}],
        {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            "basic": {"type": "http", "scheme": "basic"},
            "apiKey": {"type": "apiKey", "in": "query", "name": "key"},
        },
    )


def test_an_optional_scheme_may_be_absent():
    assert secured(Annotated[str | None, Bearer()])[0] == [{"bearer": []}, {}]


def test_optional_schemes_stand_beside_the_required_one():
    assert secured(
        Annotated[str | None, Bearer()],
        Annotated[str | None, APIKey(header="X-Key")],
        guards=[Basic()],
    )[0] == [{"basic": [], "bearer": []}, {"basic": [], "apiKey": []}, {"basic": []}]


def test_scopes_of_one_scheme_add_up():
    guards = [Bearer(scopes=("a", "b")), Bearer(scopes=("b", "c"))]

    assert secured(guards=guards)[0] == [{"bearer": ["a", "b", "c"]}]


def test_no_credentials_no_security():
    assert secured() == (None, None)


def test_the_401_says_how_to_authenticate():
    async def handler(token: Annotated[str, Bearer()]) -> str: ...

    assert "WWW-Authenticate" in described(handler)["responses"]["401"]["headers"]


def test_two_schemes_with_one_name_are_a_fault():
    app = App()
    app.get("/a", name="a", dependencies=[APIKey(header="X-Key")])(speaking())
    app.get("/b", name="b", dependencies=[APIKey(query="key")])(speaking())

    assert [fault for fault in faults(app) if "b: two different security schemes" in fault]


def test_a_scheme_with_a_name_that_is_no_key_is_a_fault():
    app = App()
    app.get("/a", dependencies=[Bearer(name="my token")])(speaking())

    assert "a security scheme is named 'my token'" in faults(app)[0]


# --- successes -------------------------------------------------------------------------------


def responses(handler, *specs, **options):
    return described(handler, specs=specs, **options)["responses"]


def test_a_success_has_a_schema_and_its_reason_phrase():
    async def handler() -> User: ...

    assert responses(handler) == {
        "200": {"description": "OK", "content": {"application/json": {"schema": ref("User")}}}
    }


def test_a_success_without_a_body_has_no_content():
    async def handler() -> None: ...

    assert responses(handler, returns(description="Done.")) == {"204": {"description": "Done."}}


def test_statuses_are_sorted():
    async def handler(q: int) -> User: ...

    specs = [raises(NotFound), returns(None, status_code=304), returns(User), redirects(302)]

    assert [*responses(handler, *specs)] == ["200", "302", "304", "404", "422"]


def test_several_media_types_are_listed():
    listed = written(rich_app())["paths"]["/users"]["get"]["responses"]

    assert listed["200"]["content"] == {
        "application/json": {"schema": ref("Page")},
        "application/msgpack": {"schema": ref("Page")},
    }
    assert "406" in listed


@pytest.mark.parametrize(
    ("type_", "media_type", "expected"),
    [
        (str, "text/plain", {"schema": {"type": "string"}}),
        (str, "text/csv", {"schema": {"type": "string"}}),
        (bytes, "image/png", {}),
        (
            bytes,
            "application/json",
            {"schema": {"type": "string", "contentEncoding": "base64", "pattern": BASE64}},
        ),
        (str, "application/vnd.shop+json", {"schema": {"type": "string"}}),
        (Any, "application/json", {}),
    ],
)
def test_text_and_bytes(type_, media_type, expected):
    """Text is a string; bytes that are no JSON have no schema (3.2, Working with Binary Data)."""

    async def handler() -> type_: ...

    found = responses(handler, returns(media_type=media_type))

    assert found["200"]["content"] == {media_type: expected}


EVENT_OF_USER = {
    "type": "object",
    "properties": {
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": ref("User"),
        }
    },
    "required": ["data"],
}
ANY_EVENT = {
    "type": "object",
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}


@pytest.mark.parametrize(
    ("item", "media_type", "expected"),
    [
        (User, "application/jsonl", {"itemSchema": ref("User")}),
        (User, "text/event-stream", {"itemSchema": EVENT_OF_USER}),
        (ServerSentEvent, "text/event-stream", {"itemSchema": ANY_EVENT}),
        (ServerSentEvent[str], "text/event-stream", {"itemSchema": ANY_EVENT}),
        (
            ServerSentEvent[User],
            "text/event-stream",
            {
                "itemSchema": {
                    **EVENT_OF_USER,
                    "properties": {**ANY_EVENT["properties"], **EVENT_OF_USER["properties"]},
                }
            },
        ),
        (str, "text/plain", {"schema": {"type": "string"}}),
        (bytes, "video/mp4", {}),
    ],
)
def test_streams(item, media_type, expected):
    """A stream of values describes each item, a stream of text or bytes the whole."""

    async def handler() -> AsyncIterator[item]:
        yield

    found = responses(handler, returns(media_type=media_type))

    assert found["200"]["content"] == {media_type: expected}


@pytest.mark.parametrize(
    ("type_", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (Color, ref("Color")),
        (datetime, {"type": "string", "format": "http-date"}),
        (datetime | None, {"type": "string", "format": "http-date"}),
        (Annotated[datetime, Meta(tz=True)], {"type": "string", "format": "http-date"}),
        (timedelta, {"type": "integer"}),
        (Annotated[int, Meta(ge=0)], {"type": "integer", "minimum": 0}),
        (list[str], {"type": "array", "items": {"type": "string"}}),
    ],
)
def test_headers_are_described_as_they_are_written(type_, schema):
    """Dates are HTTP dates and durations are seconds, which they are in no body."""

    async def handler() -> Response[str]: ...

    found = responses(handler, returns(headers={"X-It": HeaderSpec(type_)}))

    assert found["200"]["headers"] == {"X-It": {"required": True, "schema": schema}}


def test_a_header_may_be_optional_and_described():
    async def handler() -> Response[str]: ...

    spec = HeaderSpec(str, required=False, description="Some.")

    assert responses(handler, returns(headers={"X-It": spec}))["200"]["headers"] == {
        "X-It": {"description": "Some.", "schema": {"type": "string"}}
    }


def test_cookies_are_one_set_cookie():
    async def handler() -> Response[str]: ...

    cookies = {
        "a": CookieSpec(max_age=60, domain="example.com", description="First."),
        "b": CookieSpec(secure=False, http_only=False, same_site="strict", required=False),
    }

    assert responses(handler, returns(cookies=cookies))["200"]["headers"] == {
        "Set-Cookie": {
            "description": "`a=...; Max-Age=60; Path=/; Domain=example.com; Secure; HttpOnly; "
            "SameSite=Lax` (First.); and `b=...; Path=/; SameSite=Strict`",
            "required": True,
            "schema": {"type": "string"},
        }
    }


def test_a_created_thing_has_a_location_and_links():
    created = written(rich_app())["paths"]["/users"]["post"]["responses"]["201"]

    assert created["headers"]["Location"] == {
        "description": "Leads to: get_user",
        "required": True,
        "schema": {
            "type": "string",
            "format": "uri-reference",
            "pattern": "(^|/users/[^/?#]+)([?#].*)?$",
        },
    }
    assert created["links"] == {
        "get_user": {"operationId": "get_user"},
        "mail": {"operationId": "get_user", "parameters": {"user_id": "$response.body#/id"}},
    }


def test_an_authors_link_replaces_ours():
    """Only the author knows which values the handler fills in."""
    own = {"about": {"operationId": "about", "parameters": {"n": "$request.query.n"}}}

    async def handler() -> User: ...

    specs = [returns(status_code=201, location="about", links=own)]

    assert responses(handler, *specs, method="POST")["201"]["links"] == own


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"operationId": "abuot"}, "the link 'it' leads to 'abuot', no operation of the document"),
        ("about", "the link 'it' is no Link Object"),
        ({"operationId": User}, "the link 'it' is no Link Object"),
    ],
)
def test_a_broken_link_is_a_fault(link, said):
    app = App()
    app.get("/x")(returns(links={"it": link})(speaking()))

    assert said in faults(app)[0]
    assert f"{__file__.rpartition('/')[2]}:" in faults(app)[0]


def test_a_link_without_an_operation_is_the_authors_own_business():
    link = {"operationRef": "https://example.com/openapi.json#/paths/~1x/get"}

    async def handler() -> str: ...

    assert responses(handler, returns(links={"it": link}))["200"]["links"] == {"it": link}


def test_examples_are_shown_as_they_would_be_sent():
    """Cut down to the declared type, defaults filled in."""

    async def handler() -> Page: ...

    wide = {"items": [{"id": 1, "email": "a", "password": "b"}]}
    found = responses(handler, returns(examples={"one": wide, "none": Page([], None)}))

    assert found["200"]["content"]["application/json"] == {
        "schema": ref("Page"),
        "examples": {
            "one": {"value": {"items": [{"id": 1, "email": "a"}], "next": None}},
            "none": {"value": {"items": [], "next": None}},
        },
    }


def test_the_example_of_a_stream_is_the_list_of_its_items():
    async def handler() -> AsyncIterator[User]:
        yield

    found = responses(handler, returns(examples={"two": [User(1, "a"), User(2, "b")]}))

    assert found["200"]["content"]["application/jsonl"]["examples"]["two"]["value"] == [
        {"id": 1, "email": "a"},
        {"id": 2, "email": "b"},
    ]


def test_an_example_that_could_not_be_sent_is_a_fault():
    app = App()

    @app.get("/x")
    @returns(examples={"bad": {"id": "one"}})
    async def handler() -> User: ...

    assert (
        "handler: the example 'bad' of the 200 could not be sent: Expected `int`" in faults(app)[0]
    )


def test_what_head_answers_has_no_content():
    async def handler(q: int) -> User: ...

    found = responses(handler, method="HEAD")

    assert found == {
        "200": {"description": "OK"},
        "422": {"description": found["422"]["description"]},
    }


# --- redirects -------------------------------------------------------------------------------

LOCATION = {
    "description": "Leads to: about",
    "required": True,
    "schema": {"type": "string", "format": "uri-reference", "pattern": "(^|/about)([?#].*)?$"},
}


def redirecting(*specs, **options):
    return responses(moving(), *specs, **options)


def test_a_redirect_has_a_location_a_link_and_no_content():
    assert redirecting(redirects(303, to="about")) == {
        "303": {
            "description": "See Other",
            "headers": {"Location": LOCATION},
            "links": {"about": {"operationId": "about"}},
        }
    }


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "any location of this site"),
        ({"to": "*"}, "any location of this site"),
        ({"to": ("about", "/openapi.json")}, "about, /openapi.json"),
        ({"to": "/about"}, "about"),
        ({"external": "https://a.example"}, "https://a.example"),
        ({"to": "about", "external": "*"}, "about, any http(s) URL"),
    ],
)
def test_a_location_says_where_it_may_lead(options, told):
    found = redirecting(redirects(302, **options))["302"]

    assert found["headers"]["Location"]["description"] == f"Leads to: {told}"
    assert ("links" in found) == ("about" in told)


def test_a_path_is_linked_to_what_serves_the_method_after_the_hop():
    """A path means all that answer there; a 303 leads to its GET, a 307 keeps the method."""
    app = App()
    app.get("/it", name="get_it")(speaking())
    app.post("/it", name="post_it")(speaking())
    app.post("/x")(redirects(303, to="/it")(redirects(307, to="/it")(moving())))
    app.head("/y", name="y")(redirects(307, to="/it")(moving()))

    paths = written(app)["paths"]

    assert [*paths["/x"]["post"]["responses"]["303"]["links"]] == ["get_it"]
    assert [*paths["/x"]["post"]["responses"]["307"]["links"]] == ["post_it"]
    assert [*paths["/y"]["head"]["responses"]["307"]["links"]] == ["get_it"]


def test_what_caches_may_keep_stands_there():
    assert redirecting(redirects(308, to="about", max_age=60))["308"]["headers"] == {
        "Location": LOCATION,
        "Cache-Control": {"required": True, "schema": {"type": "string", "const": "max-age=60"}},
    }


def test_what_only_private_caches_may_keep_stands_there():
    me = written(rich_app())["paths"]["/me"]["get"]["responses"]["303"]

    assert me["headers"]["Cache-Control"]["schema"]["const"] == "private, max-age=60"


@pytest.mark.parametrize("required", [True, False])
def test_a_redirect_with_cookies_is_not_stored(required):
    spec = redirects(303, cookies={"sid": CookieSpec(required=required)})
    found = redirecting(spec)["303"]["headers"]

    assert found["Cache-Control"]["schema"] == {"type": "string", "const": "no-store"}
    assert found["Cache-Control"].get("required", False) is required
    assert found["Set-Cookie"].get("required", False) is required


def test_redirects_with_one_status_are_one_response():
    """Links and texts of all; a header is required only if each of them requires it."""
    here = redirects(
        303,
        to="about",
        description="Home.",
        headers={"X-A": HeaderSpec(str), "X-B": HeaderSpec(int, description="One.")},
    )
    there = redirects(
        303,
        external="https://a.example",
        description="Away.",
        headers={"x-b": HeaderSpec(str, description="Two.")},
    )

    assert redirecting(here, there) == {
        "303": {
            "description": "Home. / Away.",
            "headers": {
                "Location": {
                    "description": "Leads to: about / Leads to: https://a.example",
                    "required": True,
                    "schema": {
                        "anyOf": [
                            LOCATION["schema"],
                            {"type": "string", "format": "uri-reference"},
                        ]
                    },
                },
                "X-A": {"schema": {"type": "string"}},
                "X-B": {
                    "description": "One. / Two.",
                    "required": True,
                    "schema": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
                },
            },
            "links": {"about": {"operationId": "about"}},
        }
    }


def test_the_redirect_of_a_dependency_is_the_operations_own():
    me = written(rich_app())["paths"]["/me"]["get"]["responses"]

    assert me["303"]["links"] == {"login_form": {"operationId": "login_form"}}
    assert me["303"]["headers"]["Location"]["required"] is True


def test_the_name_of_a_link_is_a_key():
    """Names of links follow the rule for components; the operationId says who is meant."""
    app = App()
    app.get("/a", name="the about")(speaking())
    app.get("/x")(redirects(303, to="the about")(moving()))

    links = written(app)["paths"]["/x"]["get"]["responses"]["303"]["links"]

    assert links == {"the_about": {"operationId": "the about"}}


# --- errors ----------------------------------------------------------------------------------


def test_an_error_is_its_class():
    app = App()

    @app.get("/x")
    @raises(EmailTaken, NotFound)
    async def handler() -> None: ...

    document = app.openapi()
    found = document["paths"]["/x"]["get"]["responses"]
    schemas = document["components"]["schemas"]

    assert found["409"] == {"$ref": "#/components/responses/EmailTaken"}
    assert document["components"]["responses"]["EmailTaken"] == {
        "description": "Another account already uses this e-mail address.",
        "content": {"application/problem+json": {"schema": ref("EmailTaken")}},
    }
    assert schemas["EmailTaken"]["properties"]["type"]["const"] == "/docs#email-taken"
    assert schemas["EmailTaken"]["required"] == ["type", "title", "status", "email"]
    assert schemas["NotFound"]["properties"]["type"]["const"] == "about:blank"


def test_errors_with_one_status_are_told_apart_by_their_type():
    taken = written(rich_app())["paths"]["/users"]["post"]["responses"]["409"]

    assert taken == {
        "description": "Another account already uses this e-mail address. / Conflict",
        "headers": {"X-Request-Id": {"schema": {"type": "string"}}},
        "content": {
            "application/problem+json": {
                "schema": {
                    "oneOf": [ref("EmailTaken"), ref("Conflict")],
                    "discriminator": {
                        "propertyName": "type",
                        "mapping": {
                            "/docs#email-taken": "#/components/schemas/EmailTaken",
                            "about:blank": "#/components/schemas/Conflict",
                        },
                    },
                },
                "examples": {
                    "Conflict": {
                        "value": {"type": "about:blank", "title": "Conflict", "status": 409}
                    }
                },
            }
        },
    }


class Full(HTTPError, status_code=507):
    """There is no room."""

    left: Annotated[int, Meta(examples=[3])]
    note: str | None = None
    when: Annotated[str | None, Meta(description="When.")] = None


class Broken(HTTPError, status_code=507):
    """It is broken."""

    part: str


def test_what_an_error_leaves_out_is_never_null():
    app = App()
    app.get("/x")(raises(Full)(speaking()))

    properties = written(app)["components"]["schemas"]["Full"]["properties"]

    assert properties["note"] == {"type": "string"}
    assert properties["when"] == {"type": "string", "description": "When."}


def test_errors_with_one_status_have_named_examples():
    """Made of the examples of their fields; an error with a field that has none has none."""
    found = responses(speaking(), raises(Full, Broken))["507"]["content"]

    assert found["application/problem+json"]["examples"] == {
        "Full": {
            "value": {
                "type": "/docs#full",
                "title": "There is no room.",
                "status": 507,
                "left": 3,
            }
        }
    }


def test_an_error_of_several_operations_is_described_once():
    app = App()
    for index in range(2):
        app.get(f"/{index}", name=f"x{index}")(raises(EmailTaken)(speaking()))

    document = app.openapi()

    assert [*document["components"]["responses"]] == ["EmailTaken"]
    for item in document["paths"].values():
        assert item["get"]["responses"]["409"] == {"$ref": "#/components/responses/EmailTaken"}


def test_errors_of_one_name_with_one_body_are_described_where_they_stand():
    def another(word):
        return type("Taken", (HTTPError,), {"__doc__": f"By {word}."}, status_code=409)

    app = App(error_format=ErrorModel())
    app.get("/a", name="a")(raises(another("a cat"))(speaking()))
    app.get("/b", name="b")(raises(another("a dog"))(speaking()))

    paths = written(app)["paths"]

    assert paths["/a"]["get"]["responses"]["409"]["description"] == "By a cat."
    assert paths["/b"]["get"]["responses"]["409"]["description"] == "By a dog."


def test_headers_and_cookies_of_an_error():
    async def handler() -> None: ...

    headers = responses(handler, raises(Slow))["429"]["headers"]

    assert headers["Retry-After"] == {"required": True, "schema": {"type": "integer"}}
    assert "seen=..." in headers["Set-Cookie"]["description"]
    assert "required" not in headers["Set-Cookie"]


def test_one_body_for_all_is_written_once():
    app = App(error_format=ErrorModel())

    class Other(HTTPError, status_code=409):
        """Another one."""

    @app.get("/x")
    @raises(Conflict, Other)
    async def handler() -> None: ...

    assert written(app)["paths"]["/x"]["get"]["responses"]["409"] == {
        "description": "Conflict / Another one.",
        "content": {
            "application/json": {
                "schema": ref("ErrorBody"),
                "examples": {
                    "Conflict": {"value": {"detail": [{"msg": "Conflict", "type": "conflict"}]}},
                    "Other": {"value": {"detail": [{"msg": "Another one.", "type": "other"}]}},
                },
            }
        },
    }


def test_bodies_that_nothing_tells_apart_are_any_of_them():
    """`oneOf` would refuse a body of the wider class, which is one of the narrower too."""
    app = App(error_format=ErrorModel())
    app.get("/x")(raises(Conflict, EmailTaken)(speaking()))

    content = written(app)["paths"]["/x"]["get"]["responses"]["409"]["content"]

    assert content["application/json"]["schema"] == {"anyOf": [ref("ErrorBody"), ref("EmailTaken")]}


def test_an_error_format_of_ones_own():
    """A body that is no class is described where it stands."""

    @dataclass(frozen=True)
    class House:
        media_type: ClassVar[str] = "application/vnd.house+json"

        def body_type(self, error: type[HTTPError]) -> Any:
            return dict[str, str] if error is NotFound else dict[str, int]

        def body(self, error: HTTPError) -> Any:
            return {}

    class Lost(HTTPError, status_code=404):
        """Lost."""

    app = App(error_format=House())
    app.get("/x")(raises(NotFound, Lost)(speaking()))

    assert written(app)["paths"]["/x"]["get"]["responses"]["404"]["content"] == {
        "application/vnd.house+json": {
            "schema": {
                "anyOf": [
                    {"type": "object", "additionalProperties": {"type": "string"}},
                    {"type": "object", "additionalProperties": {"type": "integer"}},
                ]
            }
        }
    }


def test_constants_in_different_members_tell_nothing_apart():
    class A(Struct):
        number: Literal[1]
        a: Literal["a"]

    class B(Struct):
        b: Literal["b"]

    @dataclass(frozen=True)
    class House:
        media_type: ClassVar[str] = "application/json"

        def body_type(self, error: type[HTTPError]) -> Any:
            return A if error is Conflict else B

        def body(self, error: HTTPError) -> Any:
            return {}

    app = App(error_format=House())
    app.get("/x")(raises(Conflict, EmailTaken)(speaking()))

    content = written(app)["paths"]["/x"]["get"]["responses"]["409"]["content"]

    assert content["application/json"]["schema"] == {"anyOf": [ref("A"), ref("B")]}


def test_the_headers_of_a_group_are_required_on_successes_only():
    found = written(rich_app())["paths"]["/users/{user_id}"]["get"]["responses"]

    assert found["200"]["headers"]["X-Request-Id"]["required"] is True
    assert "required" not in found["404"]["headers"]["X-Request-Id"]


def test_nothing_that_can_not_happen():
    """No 404 and 405 of the router, no 500, no 422 without something to refuse."""

    async def handler(name: str, q: str = "", sid: Cookie[str | None] = None) -> str: ...

    assert [*responses(handler, path="/{name}")] == ["200"]


# --- reroutes --------------------------------------------------------------------------------


def rerouting(*targets):
    """The responses of an operation that answers itself or reroutes."""
    app = App()
    for index, target in enumerate(targets):
        app.get(f"/t{index}", name=f"t{index}")(target)

    @app.get("/x")
    @reroutes(to=tuple(f"t{index}" for index in range(len(targets))))
    @raises(NotFound)
    async def handler(request: Request) -> User: ...

    return written(app)["paths"]["/x"]["get"]["responses"]


def test_what_a_reroute_leads_to_answers_here():
    @raises(EmailTaken, NotFound)
    @redirects(307, external="https://a.example")
    async def target(q: int) -> User: ...

    found = rerouting(target)

    assert [*found] == ["200", "307", "404", "409", "422"]
    assert found["200"]["content"] == {"application/json": {"schema": ref("User")}}
    assert found["404"]["content"]["application/problem+json"]["schema"] == ref("NotFound")


def test_what_a_hidden_operation_answers_may_be_indescribable():
    """Nobody asked for its description: what has none is left open."""

    class Odd(HTTPError, status_code=418):
        """A teapot."""

        part: complex

    app = App()

    @app.get("/t", include_in_schema=False)
    @raises(Odd)
    async def hidden() -> dict[str, complex]: ...

    app.get("/x")(reroutes(to=hidden)(moving()))
    found = written(app)["paths"]["/x"]["get"]["responses"]

    assert found["200"] == {"description": "OK", "content": {"application/json": {}}}
    assert found["418"]["content"] == {"application/problem+json": {}}


def test_a_name_that_a_hidden_operation_wants_too_is_a_fault():
    other = type("User", (Struct,), {})
    app = App()

    @app.get("/t", include_in_schema=False)
    async def hidden() -> other: ...

    @app.get("/x")
    @reroutes(to=hidden)
    async def x() -> User: ...

    assert "x: the component name `User` is wanted by" in faults(app)[0]


def test_two_contents_of_one_status_are_either_of_them():
    async def page() -> Page: ...

    @returns(examples={"it": "text"}, description="Some text.")
    async def text() -> str: ...

    assert rerouting(page, text)["200"] == {
        "description": "OK / Some text.",
        "content": {
            "application/json": {
                "schema": {"anyOf": [ref("User"), ref("Page"), {"type": "string"}]},
                "examples": {"it": {"value": "text"}},
            }
        },
    }


def test_anything_and_something_is_anything():
    async def target() -> Any: ...

    assert rerouting(target)["200"]["content"] == {"application/json": {}}


def test_a_whole_and_a_stream_have_no_common_schema():
    """One word describes the body, the other each item: both would have to hold."""

    @returns(media_type="application/jsonl")
    async def stream() -> AsyncIterator[User]:
        yield

    @returns(media_type="application/jsonl")
    async def whole() -> str: ...

    assert rerouting(stream, whole)["200"]["content"]["application/jsonl"] == {}


def test_a_header_that_one_of_two_sends_is_optional():
    @returns(headers={"X-It": HeaderSpec(str)})
    async def target() -> Response[User]: ...

    assert rerouting(target)["200"]["headers"] == {"X-It": {"schema": {"type": "string"}}}


def test_reroutes_through_reroutes_end():
    """What a target reroutes to answers here as well, in however wide a circle."""
    app = App()

    @app.get("/a")
    @reroutes(to="b")
    async def a() -> Never: ...

    @app.get("/b")
    @reroutes(to=("c", "a"))
    async def b() -> Never: ...

    @app.get("/c")
    @raises(NotFound)
    async def c() -> User: ...

    paths = written(app)["paths"]

    assert [[*paths[path]["get"]["responses"]] for path in ("/a", "/b", "/c")] == [
        ["200", "404"]
    ] * 3


# --- faults ----------------------------------------------------------------------------------


def test_a_type_that_can_not_be_described_is_a_fault():
    """Told with the operation and its line, and all of them at once."""
    app = App()

    @app.post("/a")
    @returns(headers={"X-It": HeaderSpec(complex)})
    async def a(new: Body[User]) -> Response[str]: ...

    @app.get("/b")
    async def b() -> complex: ...

    told = faults(app)

    assert all(any(name in fault for fault in told) for name in ("a: ", "b: "))
    assert all(f"{__file__.rpartition('/')[2]}:" in fault for fault in told)


def test_a_type_that_msgspec_takes_and_json_does_not_is_a_fault():
    class Perms(Struct):
        by_user: dict[tuple[int, int], str]

    app = App()

    @app.get("/x")
    async def x() -> Perms: ...

    (told,) = faults(app)

    assert "x: `Perms.by_user` has keys that a JSON object can't have" in told


def test_one_name_for_two_types_is_a_fault_of_the_later_operation():
    def other():
        class User(Struct):
            name: str

        return User

    other_user = other()
    app = App()

    @app.get("/a")
    async def a() -> User: ...

    @app.get("/b")
    async def b() -> other_user: ...

    @app.get("/c")
    async def c() -> User: ...

    (told,) = faults(app)

    assert "b: the component name `User` is wanted by" in told
    assert f"{__file__.rpartition('/')[2]}:" in told


def test_a_type_with_the_name_of_an_error_is_a_fault():
    class NotFound(Struct):
        where: str

    app = App()

    @app.get("/x")
    @raises(globals()["NotFound"])
    async def x() -> NotFound: ...

    assert "the component name `NotFound` is wanted by" in faults(app)[0]


def test_broken_targets_do_not_stop_the_document():
    """An operation that did not compile is missing for the others, and that is no second fault."""
    app = App()

    @app.get("/a")
    async def a(q: complex) -> str: ...

    @app.get("/b")
    @reroutes(to="a")
    @redirects(307, to="a")
    async def b() -> Never: ...

    assert not [fault for fault in faults(app) if "b:" in fault]
