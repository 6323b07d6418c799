"""Our own look at a document: what validators accept although it leads nowhere."""

import runpy
from copy import deepcopy
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from msgspec import Struct

from redirflow import App, returns
from redirflow.openapi.lint import lint

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.stem)
def document(request):
    return runpy.run_path(str(request.param))["app"].openapi()


def test_the_examples_are_clean(document):
    assert lint(document) == []


def test_examples_are_of_their_schemas(document):
    """Those of responses; a reference is resolved in the document itself."""
    shared = document.get("components", {})
    for response in shared.get("responses", {}).values():
        for media in response.get("content", {}).values():
            schema = {"components": shared, **media["schema"]}
            for example in media.get("examples", {}).values():
                Draft202012Validator(schema).validate(example["value"])


def test_a_property_may_be_called_like_a_keyword():
    class Card(Struct):
        examples: list[int]
        default: int

    app = App()

    @app.get("/x")
    @returns(examples={"one": {"examples": [1], "default": 2}})
    async def x() -> Card: ...

    assert lint(app.openapi()) == []


SOUND = {
    "tags": [{"name": "a"}],
    "paths": {
        "/x/{id}": {
            "get": {
                "operationId": "x",
                "tags": ["a"],
                "parameters": [{"name": "id", "in": "path", "required": True}],
                "security": [{"key": []}, {}],
                "responses": {
                    "200": {
                        "links": {
                            "self": {"operationId": "x", "parameters": {"path.id": 1, "id": 2}},
                            "away": {"operationRef": "https://a.example/#/paths/x"},
                        }
                    },
                    "404": {"$ref": "#/components/responses/Gone"},
                },
            }
        }
    },
    "components": {
        "responses": {"Gone": {"description": "Gone"}},
        "securitySchemes": {"key": {}},
    },
}


def test_a_sound_document_is_clean():
    assert lint(SOUND) == []
    assert lint({}) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda d: d.pop("components"),
            "the reference '#/components/responses/Gone' leads nowhere",
        ),
        (lambda d: d["components"].pop("securitySchemes"), "GET /x/{id}: no security scheme 'key'"),
        (lambda d: d.pop("tags"), "GET /x/{id}: no tag 'a'"),
        (
            lambda d: d["paths"]["/x/{id}"]["get"].update(parameters=[]),
            "GET /x/{id}: the link 'self' gives 'id', which x does not take",
        ),
        (
            lambda d: d["paths"]["/x/{id}"]["get"].update(operationId="y"),
            "GET /x/{id}: the link 'self' leads to 'x', which is no operation",
        ),
        (
            lambda d: d["paths"].update({"/y": {"put": {"operationId": "x"}}}),
            "several operations have one operationId",
        ),
    ],
)
def test_what_leads_nowhere_is_told(change, said):
    broken = deepcopy(SOUND)
    change(broken)

    assert said in lint(broken)
