"""What breaks the clients of an older document is listed, and nothing else is."""

import json
import sys
from copy import deepcopy
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Struct

from redirflow import App, Bearer, Header, HTTPError, NotFound, Query, raises, returns
from redirflow.cli import main
from redirflow.openapi.breaking import breaking_changes


class Color(Struct, tag=True):
    name: str


class Size(Struct, tag=True):
    width: int


class Thing(Struct):
    id: int
    name: str
    note: str | None = None
    look: Color | Size | None = None
    parts: list["Thing"] = []
    counts: dict[str, int] = {}
    level: float = 0.5


class Broken(HTTPError, status_code=409):
    """It is broken."""

    part: str


def shop():
    """An app with what can break."""
    app = App()

    @app.put("/things/{thing_id}")
    @raises(NotFound, Broken)
    async def put_thing(
        thing_id: int, thing: Thing, limit: Query[int] = 10, x_shop: Header[str | None] = None
    ) -> Thing:
        return thing

    @app.get("/things")
    @returns(media_type=("application/json", "application/msgpack"))
    async def list_things() -> list[Thing]:
        return []

    return app


BEFORE = shop().openapi()


def changed(*steps, **values):
    """A copy of the document in which the object at *steps* has other values; `None` for none."""
    document = deepcopy(BEFORE)
    found = document
    for step in steps:
        found = found[step]
    for name, value in values.items():
        if value is None:
            del found[name]
        else:
            found[name] = value
    return document


PUT = ("paths", "/things/{thing_id}", "put")
SENT = ("components", "schemas", "Thing")
READ = ("components", "schemas", "ThingInput")
FIELDS = (*READ, "properties")


def test_nothing_is_broken_by_what_is_the_same():
    assert breaking_changes(BEFORE, deepcopy(BEFORE)) == []


def test_an_operation_without_anything_breaks_nothing():
    bare = {"paths": {"/x": {"get": {}}}}

    assert breaking_changes(bare, bare) == []


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (changed(*PUT[:2], put=None), ["PUT /things/{} is gone"]),
        (
            changed(*PUT, operationId="replace"),
            ["PUT /things/{}: operationId was put_thing, is replace"],
        ),
        (
            changed(*PUT, security=[{"bearer": []}]),
            ["PUT /things/{}: other credentials are needed"],
        ),
        (
            changed(*PUT, "parameters", 1, required=True),
            ["PUT /things/{}: query limit is required now"],
        ),
        (
            changed(*PUT, "parameters", 1, schema={"type": "boolean"}),
            ["PUT /things/{}: query limit may not be integer any more"],
        ),
        (
            changed(*PUT, "parameters", 1, schema={"type": "integer", "minimum": 1, "maximum": 9}),
            [
                "PUT /things/{}: query limit has a new minimum: 1",
                "PUT /things/{}: query limit has a new maximum: 9",
            ],
        ),
        (
            changed(
                *PUT, parameters=BEFORE["paths"]["/things/{thing_id}"]["put"]["parameters"][:1]
            ),
            [
                "PUT /things/{}: query limit is not read any more",
                "PUT /things/{}: header x-shop is not read any more",
            ],
        ),
        (
            changed(*PUT, "parameters", 1, name="size"),
            ["PUT /things/{}: query limit is not read any more"],
        ),
        (changed(*PUT, requestBody=None), ["PUT /things/{}: the body is not read any more"]),
        (
            changed(*FIELDS, note=None, more={"type": "string"}),
            ["PUT /things/{}: the body.note is not read any more"],
        ),
        (
            changed(*PUT, "requestBody", "content", **{"application/msgpack": None}),
            ["PUT /things/{}: the body is no application/msgpack any more"],
        ),
        (
            changed(*READ, required=["id", "name", "note"]),
            ["PUT /things/{}: the body.note is required now"],
        ),
        (
            changed(*FIELDS, note={"type": "string"}),
            ["PUT /things/{}: the body.note may not be null any more"],
        ),
        (
            changed(
                *FIELDS, look={"anyOf": [{"$ref": "#/components/schemas/Color"}, {"type": "null"}]}
            ),
            ["PUT /things/{}: the body.look may not be object Size any more"],
        ),
        (
            changed(*FIELDS, name={"type": "string", "pattern": "a"}),
            ["PUT /things/{}: the body.name has a new pattern: a"],
        ),
        (
            changed(*FIELDS, name={"type": "string", "enum": ["a"]}),
            [],  # nobody knows which values were sent
        ),
        (
            changed(*FIELDS, level={"type": "integer"}),
            ["PUT /things/{}: the body.level may not be number any more"],
        ),
        (
            changed(*FIELDS, counts={"type": "object", "additionalProperties": {"type": "string"}}),
            ["PUT /things/{}: the body.counts[] may not be integer any more"],
        ),
        (
            changed(*READ, additionalProperties=False),
            ["PUT /things/{}: the body may have no other fields now"],
        ),
        (
            changed(
                "components",
                "schemas",
                "Color",
                "properties",
                type={"type": "string", "const": "Paint"},
            ),
            ["PUT /things/{}: the body.look.type may not be 'Color' any more"],
        ),
        (changed(*PUT, "responses", **{"409": None}), ["PUT /things/{}: 409 is gone"]),
        (
            changed("components", "schemas", "Broken", required=["type", "title", "status"]),
            ["PUT /things/{}: 409.part may be missing now"],
        ),
        (
            changed(*SENT, "properties", id={"type": ["integer", "string"]}),
            [
                "PUT /things/{}: 200.id may be string now",
                "GET /things: 200[].id may be string now",
            ],
        ),
        (
            changed("paths", "/things", "get", "responses", "200", headers={}),
            ["GET /things: 200 may lack the header Vary"],
        ),
    ],
)
def test_what_breaks_clients_is_listed(after, lines):
    assert breaking_changes(BEFORE, after) == lines


@pytest.mark.parametrize(
    "after",
    [
        changed("paths", **{"/new": BEFORE["paths"]["/things"]}),
        changed(*PUT, "parameters", 1, schema={"type": "number"}),
        changed(*PUT, "parameters", 1, schema={}),
        changed(*FIELDS, more={"type": "string"}),
        changed(*READ, properties=None),
        changed(*READ, properties={}, additionalProperties=True, required=[]),
        changed(*SENT, "properties", more={"type": "string"}),
        changed(*PUT, "responses", **{"410": {"description": "Gone"}}),
    ],
)
def test_what_breaks_nobody_is_not_listed(after):
    assert breaking_changes(BEFORE, after) == []


def test_what_was_optional_and_is_gone_is_told():
    before = changed(*SENT, required=["id"])
    after = changed(*SENT, required=["id"])
    del after["components"]["schemas"]["Thing"]["properties"]["note"]

    assert breaking_changes(before, after)[0] == "PUT /things/{}: 200.note is gone"


def test_a_body_that_was_not_there_is_told():
    before = changed(*PUT, requestBody=None)

    assert breaking_changes(before, BEFORE) == ["PUT /things/{}: the body is required now"]


def test_values_that_are_good_no_more_are_told():
    before = changed(*FIELDS, name={"type": "string", "enum": ["a", "b"]})
    after = changed(*FIELDS, name={"type": "string", "const": "a"})

    assert breaking_changes(before, after) == [
        "PUT /things/{}: the body.name may not be 'b' any more"
    ]


def test_a_path_is_the_same_whatever_its_parameters_are_called():
    after = deepcopy(BEFORE)
    after["paths"]["/things/{id}"] = after["paths"].pop("/things/{thing_id}")
    after["paths"]["/things/{id}"]["put"]["parameters"][0]["name"] = "id"

    assert breaking_changes(BEFORE, after) == []


def test_credentials_that_became_optional_break_nobody():
    def app(optional):
        made = App()
        type_ = str | None if optional else str

        @made.get("/x")
        async def x(token: Annotated[type_, Bearer()]) -> str:
            return token or ""

        return made.openapi()

    assert breaking_changes(app(optional=False), app(optional=True)) == ["GET /x: 401 is gone"]
    assert breaking_changes(app(optional=True), app(optional=False)) == [
        "GET /x: other credentials are needed"
    ]


# --- the command -----------------------------------------------------------------------------

ACCOUNTS = Path(__file__).parents[2] / "examples" / "accounts.py"


@pytest.fixture
def openapi(capsys, monkeypatch):
    """`openapi(*arguments)` types the command; it gives the exit code, and what was said."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def type_(*arguments):
        code = main(("openapi", str(ACCOUNTS), *arguments))
        return code, *capsys.readouterr()

    yield type_
    sys.modules.pop("accounts", None)


def test_the_command_compares_with_a_file(openapi, tmp_path):
    """A document of 3.1 is compared in 3.1."""
    older = tmp_path / "older.json"
    document = json.loads(openapi("--version", "3.1.1")[1])
    document["paths"]["/gone"] = {"get": {"operationId": "gone", "responses": {}}}
    older.write_text(json.dumps(document))

    assert openapi("--breaking", str(older)) == (1, "", "error: GET /gone is gone\n")


@pytest.mark.parametrize(("content", "said"), [(None, "can't be read"), ("{", "is no document")])
def test_a_file_that_is_no_document_is_a_misuse(openapi, tmp_path, content, said):
    file = tmp_path / "older.json"
    if content is not None:
        file.write_text(content)

    code, _, err = openapi("--breaking", str(file))

    assert code == 2
    assert said in err
