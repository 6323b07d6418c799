"""Callbacks: what is sent later, to an address that really comes with the request."""

from typing import Any

import pytest
from msgspec import Struct
from openapi_spec_validator import OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

from redirflow import App, Callback, Form, HeaderSpec, Query, Response, SpecError, WebURL, returns
from redirflow.openapi.lint import lint


class Paid(Struct):
    """An order was paid."""

    order: int


class Place(Struct):
    url: WebURL


class Order(Struct):
    callback_url: WebURL
    backup: Place | None = None
    places: list[Place] = []
    by_name: dict[str, Place] = {}
    extra: Any = None
    more: dict[str, Any] = {}


class Receipt(Struct):
    hook: str


def ordering(url, **more):
    """An app whose POST /orders calls back at *url*."""
    app = App(docs_url=None, openapi_url=None)

    @app.post("/orders/{number}", callbacks={"paid": Callback(url, Paid, **more)})
    @returns(status_code=201, headers={"X-Hook": HeaderSpec()})
    async def order(number: int, order: Order, back: Query[str] = "") -> Response[Receipt]: ...

    return app


def test_a_callback_is_in_the_document():
    app = ordering("{$request.body#/callback_url}", method="PUT", description="When money came.")
    document = app.openapi()

    assert document["paths"]["/orders/{number}"]["post"]["callbacks"] == {
        "paid": {
            "{$request.body#/callback_url}": {
                "put": {
                    "summary": "paid",
                    "description": "When money came.",
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Paid"}}
                        },
                        "required": True,
                    },
                    "responses": {"2XX": {"description": "It was received."}},
                }
            }
        }
    }
    assert lint(document) == []
    OpenAPIV32SpecValidator(document).validate()
    OpenAPIV31SpecValidator(app.openapi("3.1.1")).validate()


def test_a_callback_without_a_body():
    app = App()
    calling = Callback("{$request.query.back}?done=1", method="GET")
    app.get("/x", name="x", callbacks={"done": calling})(_x)

    (sent,) = app.openapi()["paths"]["/x"]["get"]["callbacks"]["done"].values()
    assert sent == {
        "get": {"summary": "done", "responses": {"2XX": {"description": "It was received."}}}
    }


async def _x(back: WebURL) -> int: ...


@pytest.mark.parametrize(
    "expression",
    [
        "$url",
        "$method",
        "$request.body",
        "$request.body#/callback_url",
        "$request.body#/backup/url",
        "$request.body#/places/0/url",
        "$request.body#/by_name/any~1one/url",
        "$request.body#/extra/anything/0",
        "$request.body#/more/anything/0",
        "$request.query.back",
        "$request.path.number",
        "$response.body#/hook",
        "$response.header.x-hook",
    ],
)
def test_where_an_address_may_come_from(expression):
    ordering(f"https://hooks.example/{{{expression}}}").compile()


@pytest.mark.parametrize(
    "expression",
    [
        "$request.body#/callback",
        "$request.body#/callback_url/0",
        "$request.body#/backup/uri",
        "$request.body#/places/first/url",
        "$request.body#/by_name/a/uri",
        "$request.query.forth",
        "$request.header.x-back",
        "$response.body#/url",
        "$response.header.x-back",
    ],
)
def test_an_address_that_nothing_gives_is_a_fault(expression):
    with pytest.raises(SpecError) as refused:
        ordering(f"{{{expression}}}").compile()

    (fault,) = refused.value.faults
    assert fault.found == (
        f"order: the callback 'paid' goes to '{{{expression}}}', and there is no {expression}"
    )
    assert fault.allowed == (
        "$request.path.number, $request.query.back, $response.header.X-Hook, "
        "$request.body#/callback_url, $request.body#/backup, $request.body#/places, "
        "$request.body#/by_name, $request.body#/extra, $request.body#/more, $response.body#/hook"
    )
    assert (fault.place.file, bool(fault.write)) == (__file__, True)


def test_the_fields_of_a_form_and_the_request_that_has_none():
    app = App()

    @app.post("/form", callbacks={"done": Callback("{$request.body#/back}")})
    async def form(back: Form[WebURL]) -> int: ...

    @app.post("/bare", callbacks={"done": Callback("{$request.body#/back}")})
    async def bare() -> int: ...

    with pytest.raises(SpecError) as refused:
        app.compile()
    (fault,) = refused.value.faults
    assert fault.found.startswith("bare: ")
    assert fault.allowed == "nothing: it takes nothing"


def test_an_operation_that_the_document_hides_has_no_callbacks_to_check():
    app = App()

    @app.post("/x", include_in_schema=False, callbacks={"done": Callback("{$request.body#/back}")})
    async def x() -> int: ...

    app.compile()


@pytest.mark.parametrize("url", ["https://a.example", "{request.body}", "{$request.query.}", "{}"])
def test_an_address_without_a_runtime_expression_is_refused(url):
    with pytest.raises(SpecError) as refused:
        Callback(url)

    assert "Callback(" in str(refused.value)
    assert 'write: Callback("{$request.body#/callback_url}", Paid)' in str(refused.value)


def test_what_is_no_callback_is_refused():
    with pytest.raises(SpecError, match="a mapping of text to a Callback"):
        App().get("/x", callbacks={"paid": Paid})


def test_a_body_that_can_not_be_described_is_a_fault():
    app = App()
    app.get("/x", name="x", callbacks={"done": Callback("{$request.query.back}", complex)})(_x)

    with pytest.raises(SpecError, match="`complex`"):
        app.compile()
