"""Rules in the document: only those that want to be, with nothing that may turn out false."""

import json
import re

import pytest
from openapi_spec_validator import OpenAPIV32SpecValidator

from redirflow import App, ProblemDetails, Redirect, redirects
from redirflow.declare.settings import Info
from redirflow.openapi.document import build_document


def town(**options):
    """An app with some operations to lead to."""
    app = App(**options)

    @app.get("/items/{item_id}")
    async def item(item_id: int) -> int:
        return item_id

    @app.post("/items")
    async def add() -> int:
        return 1

    @app.get("/files/{rest:path}")
    async def files(rest: str) -> str:
        return rest

    @app.get("/a.b")
    async def dotted() -> int:
        return 1

    return app


def described(app):
    """The paths of the document, after a look whether it is valid."""
    document = app.openapi("3.2.0")
    OpenAPIV32SpecValidator(document).validate()
    return document["paths"]


def location(app, path, method="get", status="308"):
    return described(app)[path][method]["responses"][status]["headers"]["Location"]


def test_a_rule_is_not_described_unless_it_wants_to_be():
    app = town()
    before = [*described(app)]
    app = town()
    app.redirect("/old/{item_id}", to="item")
    app.reroute("/v0/{rest:path}", to="/{rest}")

    assert [*described(app)] == before


def test_a_rule_is_an_operation():
    app = town()
    app.redirect(
        "/old/{item_id}",
        to="item",
        include_in_schema=True,
        description="It moved.",
        deprecated=True,
        max_age=60,
    )

    assert described(app)["/old/{item_id}"] == {
        "get": {
            "summary": "Redirects to /items/{item_id}",
            "description": "It moved.",
            "operationId": "redirect_get_old_item_id",
            "parameters": [
                {
                    "name": "item_id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                }
            ],
            "responses": {
                "308": {
                    "description": "Permanent Redirect",
                    "headers": {
                        "Location": {
                            "description": "Leads to: item",
                            "required": True,
                            "schema": {
                                "type": "string",
                                "format": "uri-reference",
                                "pattern": "/items/[^/?#]+([?#].*)?$",
                            },
                        },
                        "Cache-Control": {
                            "required": True,
                            "schema": {"type": "string", "const": "max-age=60"},
                        },
                    },
                    "links": {"item": {"operationId": "item"}},
                }
            },
            "deprecated": True,
        }
    }


def test_each_method_is_an_operation_of_its_own():
    app = town()
    app.redirect("/shop", to="https://shop.example/", include_in_schema=True)
    told = described(app)["/shop"]

    assert [*told] == ["get", "post", "put", "patch", "delete", "query"]
    assert told["put"] == {
        "summary": "Redirects to https://shop.example/",
        "operationId": "redirect_put_shop",
        "responses": {
            "308": {
                "description": "Permanent Redirect",
                "headers": {
                    "Location": {
                        "description": "Leads to: https://shop.example/",
                        "required": True,
                        "schema": {
                            "type": "string",
                            "format": "uri-reference",
                            "const": "https://shop.example/",
                        },
                    }
                },
            }
        },
    }


def test_methods_are_those_of_the_target():
    """303 leads to GET, whatever was asked; the rest keeps its method."""
    app = town()
    app.redirect("/new", to="/items", include_in_schema=True)
    app.redirect("/see", to="/items/1", status_code=301, include_in_schema=True)
    told = described(app)

    assert [*told["/new"]] == ["post"]
    assert told["/new"]["post"]["responses"]["308"]["links"] == {"add": {"operationId": "add"}}
    assert [*told["/see"]] == ["get", "post"]
    assert told["/see"]["post"]["responses"]["301"]["links"] == {"item": {"operationId": "item"}}


def test_a_chain_is_described_by_its_end():
    app = town()
    app.redirect("/older/{name}", to="/old/{name}", status_code=301, include_in_schema=True)
    app.redirect("/old/{item_id}", to="item")
    told = described(app)["/older/{name}"]["get"]

    assert told["summary"] == "Redirects to /items/{name}"
    assert [*told["responses"]] == ["301"]


def test_a_rule_beside_an_operation_of_the_same_shape():
    """It shares the path, and the names of its parameters."""
    app = App()

    @app.get("/x/{key}")
    async def x(key: str) -> str:
        return key

    @app.post("/y/{key}")
    async def y(key: str) -> str:
        return key

    app.redirect("/x/{name}", to="/y/{name}", include_in_schema=True)
    told = described(app)

    assert [*told["/x/{key}"]] == ["get", "post"]
    assert told["/x/{key}"]["post"]["summary"] == "Redirects to /y/{key}"
    assert told["/x/{key}"]["post"]["parameters"][0]["name"] == "key"


def test_the_rest_of_a_path():
    app = town()
    app.redirect("/f/{rest:path}", to="/files/{rest}", include_in_schema=True)
    told = described(app)["/f/{rest}"]["get"]

    assert told["parameters"] == [
        {
            "name": "rest",
            "in": "path",
            "description": "The rest of the path; it may hold slashes, or be empty.",
            "required": True,
            "schema": {"type": "string"},
        }
    ]
    assert told["responses"]["308"]["headers"]["Location"]["schema"]["pattern"] == (
        "/files/[^?#]*([?#].*)?$"
    )


def test_names_of_operations_are_never_taken():
    app = town()

    @app.get("/z", name="redirect_get_a_b")
    async def z() -> int:
        return 1

    app.redirect("/a/b", to=z, include_in_schema=True)
    app.redirect("/a-b", to=z, include_in_schema=True)
    told = described(app)

    assert told["/a/b"]["get"]["operationId"] == "redirect_get_a_b_2"
    assert told["/a-b"]["get"]["operationId"] == "redirect_get_a_b_3"


def test_a_target_that_is_not_in_the_document_is_not_linked():
    app = App()

    @app.get("/hidden", include_in_schema=False)
    async def hidden() -> int:
        return 1

    app.redirect("/old", to=hidden, include_in_schema=True)
    told = described(app)["/old"]["get"]["responses"]["308"]

    assert "links" not in told
    assert told["headers"]["Location"]["description"] == "Leads to: /hidden"


@pytest.mark.parametrize(("number", "linked"), [(12, 12), (13, 0)])
def test_a_rule_that_leads_to_very_many_links_to_none(number, linked):
    app = App(openapi_url=None)
    for index in range(number):

        @app.get(f"/a/{index}", name=f"a{index}")
        async def a() -> int:
            return 1

    app.redirect("/all/{name}", to="/a/{name}", include_in_schema=True)
    told = described(app)["/all/{name}"]["get"]["responses"]["308"]

    assert len(told.get("links", {})) == linked


@pytest.mark.parametrize(
    ("to", "options", "form", "sent", "not_sent"),
    [
        ("/a.b", {}, "pattern", ["/a.b", "/root/a.b?x=1"], ["/axb", "/a.b/c"]),
        ("/a.b", {"keep_query": False}, "pattern", ["/a.b", "/root/a.b"], ["/a.b?x"]),
        ("/a.b?x=1#top", {"keep_query": False}, "pattern", ["/a.b?x=1#top"], ["/a.bc"]),
        ("https://x.example/a", {}, "const", ["https://x.example/a"], []),
        (
            "https://x.example/a",
            {"keep_query": True},
            "pattern",
            ["https://x.example/a?x=1"],
            ["http://y.example/?https://x.example/a"],
        ),
    ],
)
def test_the_form_of_a_location(to, options, form, sent, not_sent):
    app = town()
    app.redirect("/old", to=to, include_in_schema=True, **options)
    schema = location(app, "/old")["schema"]

    assert {form} == schema.keys() - {"type", "format"}
    assert form == "pattern" or schema["const"] in sent
    assert form == "const" or all(re.search(schema["pattern"], each) for each in sent)
    assert not any(re.search(schema.get("pattern", "$x"), each) for each in not_sent)


def test_a_document_can_be_made_without_rules():
    info = Info(title="Town", version="1")

    assert build_document(info, [], ProblemDetails(), [])["paths"] == {}


def test_a_document_without_rules_is_what_it_was():
    assert [*described(town())] == ["/items/{item_id}", "/items", "/files/{rest}", "/a.b"]


def test_an_older_document_has_rules_too():
    app = town(openapi_version="3.1.1")
    app.redirect("/shop", to="https://shop.example/", include_in_schema=True)

    assert [*app.openapi()["paths"]["/shop"]][:2] == ["get", "post"]
    assert json.loads(app.openapi_json()) == app.openapi()


# --- Handlers that lead to paths -------------------------------------------------------------


def led(*to, **options):
    app = town()
    app.redirect("/old/{item_id}", to="item")

    @app.get("/go")
    @redirects(303, to=to, **options)
    async def go() -> Redirect:
        return Redirect("/a.b?x=1")

    return location(app, "/go", status="303")["schema"]


def test_literal_paths_are_told():
    """Not as an enum: a query may follow, and a root_path stand before."""
    assert led("/a.b") == {
        "type": "string",
        "format": "uri-reference",
        "pattern": "(^|/a\\.b)([?#].*)?$",
    }
    pattern = led("/a.b", "/items/1")["pattern"]

    assert all(re.search(pattern, each) for each in ["/a.b?x=1", "/root/items/1", "?x", "#y"])
    assert not any(re.search(pattern, each) for each in ["/a.bc", "/axb", "/items/1/2"])


@pytest.mark.parametrize(
    ("to", "options"),
    [
        (("*",), {}),
        (("/old/{item_id}",), {}),
        (("/a.b",), {"external": "https://x.example"}),
    ],
)
def test_what_is_not_known_may_be_anything(to, options):
    assert led(*to, **options) == {"type": "string", "format": "uri-reference"}


@pytest.mark.parametrize("to", [("item",), ("/items/{item_id}",)])
def test_the_path_of_an_operation_is_told(to):
    """Parameters are anything but a slash; the rest of a path may hold some."""
    assert led(*to)["pattern"] == "(^|/items/[^/?#]+)([?#].*)?$"
    pattern = led(*to, "/a.b", "files")["pattern"]

    good = ["/items/1?x=1", "/root/items/1", "?x", "/a.b", "/files/", "/files/a/b#c"]
    assert all(re.search(pattern, each) for each in good)
    assert not any(re.search(pattern, each) for each in ["/items/", "/items/1/2", "/other"])
