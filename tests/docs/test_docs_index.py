"""Anchors: the ones on the wire come first, and no two things share one."""

from typing import Never

import pytest
from msgspec import Struct
from test_docs_page import anchors_in, links_in, written

from redirflow import App, ErrorModel, HTTPError, NotFound, ProblemDetails, raises
from redirflow.docs.index import index_document


class User(Struct):
    id: int


class EmailTaken(HTTPError, status_code=409):
    """Another account has this e-mail address."""

    email: str


class OperationLogin(HTTPError, status_code=400):
    """Its anchor is what an operation would like."""


def indexed(error_format=None, *errors, name="login", path="/login"):
    app = App(error_format=error_format or ProblemDetails())

    @app.get(path, name=name)
    @raises(*(errors or (EmailTaken, NotFound)))
    async def handler() -> User: ...

    return index_document(app.openapi())


@pytest.mark.parametrize(
    ("error_format", "expected"),
    [
        (ProblemDetails(), {"NotFound": "not-found", "EmailTaken": "email-taken"}),
        (
            ProblemDetails(base="https://api.example.com/docs#e-"),
            {"NotFound": "not-found", "EmailTaken": "e-email-taken"},
        ),
        (
            ProblemDetails(base="https://api.example.com/errors/"),
            {"NotFound": "not-found", "EmailTaken": "email-taken"},
        ),
        (ErrorModel(), {"EmailTaken": "email-taken", "ErrorBody": "error-body"}),
    ],
)
def test_the_anchor_of_an_error_is_in_its_problem_type(error_format, expected):
    problems = indexed(error_format).problems

    assert expected == {each.name: each.anchor for each in problems}


def test_a_problem_type_that_is_no_anchor_gives_way_to_the_name():
    class Odd(HTTPError, status_code=400): ...

    found = indexed(ProblemDetails(base="/docs# x"), Odd).problems

    assert [each.anchor for each in found] == ["odd"]


def test_an_error_may_have_a_name_without_letters():
    class _(HTTPError, status_code=400): ...

    assert [each.anchor for each in indexed(None, _).problems] == ["error"]


def test_errors_stand_in_the_order_of_their_statuses():
    found = indexed(None, EmailTaken, OperationLogin, NotFound).problems

    assert [each.name for each in found] == ["OperationLogin", "NotFound", "EmailTaken"]
    assert [each.statuses for each in found] == [("400",), ("404",), ("409",)]


def test_an_operation_gives_way_to_an_error():
    found = indexed(None, OperationLogin)

    assert found.problems[0].anchor == "operation-login"
    assert found.entries[0].anchor == "operation-login_"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("get_user", "operation-get_user"), ("a b/\u00e9", "operation-a%20b%2F%C3%A9")],
)
def test_the_anchor_of_an_operation(name, expected):
    assert expected == indexed(name=name).entries[0].anchor


def test_an_operation_without_a_name_is_called_by_its_path():
    found = index_document({"paths": {"/x": {"get": {}}}})

    assert [each.name for each in found.entries] == ["GET /x"]


def test_what_answers_with_an_error_is_listed():
    app = App()

    @app.get("/a")
    @raises(EmailTaken, NotFound)
    async def one() -> User: ...

    @app.get("/b")
    @raises(EmailTaken, OperationLogin)
    async def two() -> Never:
        raise EmailTaken(email="x")

    problems = {each.name: each for each in index_document(app.openapi()).problems}

    assert [each.name for each in problems["EmailTaken"].entries] == ["one", "two"]
    assert [each.name for each in problems["OperationLogin"].entries] == ["two"]


def test_several_errors_with_one_status_are_all_found():
    class Other(HTTPError, status_code=409): ...

    assert [each.name for each in indexed(None, EmailTaken, Other).problems] == [
        "EmailTaken",
        "Other",
    ]


def test_every_anchor_is_there_once_and_every_link_leads_somewhere():
    app = App()

    @app.get("/login")
    @raises(OperationLogin, EmailTaken)
    async def login() -> User: ...

    @app.get("/all", name="User")
    async def everyone() -> list[User]: ...

    page = written(app)

    assert len(anchors_in(page)) == len({*anchors_in(page)})
    assert {*anchors_in(page)} >= {*links_in(page)}
