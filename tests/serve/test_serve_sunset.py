"""What goes away says so: Deprecation (RFC 9745) and Sunset (RFC 8594) on each answer."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Never

import pytest
from msgspec import Struct

from redirflow import (
    App,
    HeaderSpec,
    NotFound,
    Redirect,
    Reroute,
    Response,
    Router,
    SpecError,
    raises,
    redirects,
    reroutes,
    returns,
)
from redirflow.testing import TestClient

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 6, 30, 12, tzinfo=timezone(timedelta(hours=2)))
LINES = {"deprecation": "@1767225600", "sunset": "Wed, 30 Jun 2027 10:00:00 GMT"}
SAID = {
    name.title(): {"required": True, "schema": {"type": "string", "const": text}}
    for name, text in LINES.items()
}


class Thing(Struct):
    id: int


def leaving():
    """Operations of every kind that go away, and one that stays."""
    app = App()
    old = Router(prefix="/old", deprecated=SINCE, sunset=END)

    @old.get("/things/{id}")
    @redirects(303, to="stay")
    @raises(NotFound)
    async def thing(id: int) -> Thing:
        if id == 1:
            raise Redirect.to("stay")
        if id == 2:
            raise NotFound
        return Thing(id)

    @old.get("/lines")
    async def lines() -> AsyncIterator[Thing]:
        yield Thing(1)

    @old.get("/elsewhere")
    @reroutes(to="stay")
    async def elsewhere() -> Never:
        raise Reroute.to("stay")

    @app.get("/stay")
    async def stay() -> int:
        return 1

    @app.get("/came")
    @reroutes(to="thing")
    async def came() -> Never:
        raise Reroute.to(thing, id=3)

    app.include_router(old)
    return app


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/old/things/3", 200),
        ("/old/things/1", 303),
        ("/old/things/2", 404),
        ("/old/things/x", 422),
        ("/old/lines", 200),
        ("/old/elsewhere", 200),
        ("/came", 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_answer_says_until_when(method, path, status):
    answer = TestClient(leaving()).request(method, path)

    assert answer.status_code == status
    assert {name: answer.headers.get_list(name) for name in LINES} == {
        name: [text] for name, text in LINES.items()
    }
    assert len(answer.headers.get_list("content-length")) <= 1


def test_what_stays_says_nothing():
    assert not LINES.keys() & TestClient(leaving()).get("/stay").headers.keys()


def test_the_document_says_what_is_sent():
    paths = leaving().openapi()["paths"]

    old = paths["/old/things/{id}"]["get"]
    assert old["deprecated"] is True
    assert [*old["responses"]] == ["200", "303", "404", "422"]
    for path in ("/old/things/{id}", "/old/lines", "/old/elsewhere", "/came"):
        for response in paths[path]["get"]["responses"].values():
            assert response["headers"].items() >= SAID.items()
    assert "headers" not in paths["/stay"]["get"]["responses"]["200"]


def test_true_is_for_the_document_only():
    app = App()
    app.get("/x", deprecated=True)(_x)

    assert app.openapi()["paths"]["/x"]["get"]["deprecated"] is True
    assert "deprecation" not in TestClient(app).get("/x").headers


async def _x() -> int:
    return 1


@pytest.mark.parametrize(
    ("outer", "inner", "sent"),
    [
        (SINCE, False, "@1767225600"),
        (SINCE, True, "@1767225600"),
        (True, SINCE, "@1767225600"),
        (SINCE, SINCE + timedelta(1), "@1767312000"),
        (True, False, None),
    ],
)
def test_the_date_nearest_to_the_operation_counts(outer, inner, sent):
    app, router = App(), Router(deprecated=outer)
    router.get("/x", deprecated=inner)(_x)
    app.include_router(router)

    assert TestClient(app).get("/x").headers.get("deprecation") == sent


def test_a_handler_may_say_it_better():
    app = App()

    @app.get("/x", sunset=END)
    @returns(headers={"Sunset": HeaderSpec(datetime)})
    async def x() -> Response[int]:
        return Response(1, headers={"Sunset": END + timedelta(1)})

    assert TestClient(app).get("/x").headers.get_list("sunset") == ["Thu, 01 Jul 2027 10:00:00 GMT"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"deprecated": datetime(2026, 1, 1)}, "deprecated=2026-01-01 00:00:00 is no moment"),
        ({"sunset": datetime(2026, 1, 1)}, "sunset=2026-01-01 00:00:00 is no moment"),
        ({"sunset": SINCE, "deprecated": END}, "it ends before it is deprecated"),
    ],
)
def test_dates_that_can_not_be(options, said):
    app = App()
    app.get("/x", **options)(_x)

    with pytest.raises(SpecError, match=said):
        app.compile()


@pytest.mark.parametrize("options", [{"deprecated": "2026"}, {"sunset": "2026"}, {"sunset": True}])
def test_a_date_is_a_datetime(options):
    with pytest.raises(SpecError, match="a datetime"):
        App().get("/x", **options)
