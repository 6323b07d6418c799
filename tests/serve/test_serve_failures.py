"""What is an author's fault: a 500 that tells the client nothing, and one record in the log."""

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal, Never

import pytest
from msgspec import Meta, Struct

from redirflow import (
    App,
    Conflict,
    CookieSpec,
    Depends,
    ErrorModel,
    HeaderSpec,
    HTTPError,
    NotFound,
    Redirect,
    Reroute,
    Response,
    raises,
    redirects,
    reroutes,
    returns,
)
from redirflow.serve.failures import RAISED

SECRET = "s3cr3t"

CONSTANT = b'{"type":"about:blank","title":"Internal Server Error","status":500}'


class Item(Struct):
    name: str
    kind: Literal["a", "b"] = "a"
    code: Annotated[str, Meta(pattern="^[0-9]+$")] = "1"


class Taken(HTTPError, status_code=409):
    by: Literal["a"]


class Grudge(Exception):
    """An exception with a secret in every place."""

    def __init__(self):
        super().__init__(SECRET)
        self.value = SECRET


VIOLATIONS = {
    "a body": lambda: {"name": 5, "kind": SECRET},
    "a value of an enum": lambda: Item("x", kind=SECRET),
    "a value of a pattern": lambda: Item("x", code=SECRET),
    "an object": lambda: Grudge(),
    "a header": lambda: Response(Item("x"), headers={"X-More": SECRET}),
    "the value of a header": lambda: Response(Item("x"), headers={"X-N": SECRET}),
    "the value of an enum in a header": lambda: Response(Item("x"), headers={"X-Kind": SECRET}),
    "a header with a line end": lambda: Response(Item("x"), headers={"X-Text": f"{SECRET}\n"}),
    "a cookie": lambda: Response(Item("x"), cookies={"sid": SECRET}),
    "the value of a cookie": lambda: Response(Item("x"), cookies={"own": f"{SECRET};"}),
    "a status": lambda: Response(SECRET, status_code=418),
    "a media type": lambda: Response(Item(SECRET), media_type="text/plain"),
    "a redirect": lambda: Redirect(f"/{SECRET}"),
    "a redirect to an operation": lambda: Redirect.to("other", number=SECRET),
    "an open redirect": lambda: Redirect(f"https://{SECRET}.test/"),
    "an error": lambda: Conflict(SECRET),
    "an error's field": lambda: Taken(by=SECRET),
    "a reroute": lambda: Reroute(f"/{SECRET}"),
    "a reroute's header": lambda: Reroute("/other/1", headers={"x": f"{SECRET}\n"}),
    "a reroute's parameter": lambda: Reroute.to("other", number=SECRET),
}


def violating(make, **options):
    app = App(**options)

    @app.get("/other/{number}")
    async def other(number: int) -> str:
        return str(number)

    @app.get("/")
    @returns(
        Item,
        headers={
            "X-N": HeaderSpec(int, required=False),
            "X-Kind": HeaderSpec(Literal["a"], required=False),
            "X-Text": HeaderSpec(required=False),
        },
        cookies={"own": CookieSpec(required=False)},
    )
    @redirects(303, to=other)
    @reroutes(to=other)
    @raises(Taken)
    async def broken() -> Any:
        made = make()
        if isinstance(made, Exception) and not isinstance(made, Grudge):
            raise made
        return made

    return app


@pytest.mark.parametrize("make", VIOLATIONS.values(), ids=VIOLATIONS)
async def test_a_contract_violation(call, caplog, logged, make):
    """One record names handler, place, what was sent and what is declared; no value leaves."""
    raised = []

    answer = await call(violating(make), **{RAISED: raised})

    assert answer.status == 500
    assert answer.body == CONSTANT
    assert answer["content-type"] == "application/problem+json"
    assert answer["x-content-type-options"] == "nosniff"
    ((level, text),) = logged()
    assert level == "ERROR"
    assert text.startswith("broken (tests/serve/test_serve_failures.py:")
    assert " sent " in text
    assert "; declared: " in text
    assert "\n" not in text
    assert SECRET not in caplog.text
    assert [type(error).__name__ for error in raised] == ["ContractViolation"]


@pytest.mark.parametrize("make", VIOLATIONS.values(), ids=VIOLATIONS)
async def test_a_contract_violation_in_debug(call, logged, make):
    """The response says what happened, and the record has the value."""
    answer = await call(violating(make, debug=True))

    assert answer.status == 500
    assert answer.json() | {"detail": ""} == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "",
    }
    assert answer.detail.startswith("ContractViolation: ")
    ((_, text),) = logged()
    assert answer.detail.removeprefix("ContractViolation: ").partition("; declared: ")[0] in text


async def test_the_whole_record_of_a_violation(call, logged):
    app = App()

    @app.get("/")
    async def broken() -> Item:
        return {"name": 5}

    place = f"tests/serve/test_serve_failures.py:{broken.__code__.co_firstlineno}"
    said = "sent a body that is not of the declared type: Expected `str`, got `int` at $.name"

    await call(app)
    await call(violating(lambda: {"name": 5, "kind": SECRET}, debug=True))

    plain, debug = (text for _, text in logged())
    assert plain == f"broken ({place}) {said}; declared: Item"
    assert f"{said} (value: {{'name': 5, 'kind': 's3cr3t'}}); declared: Item" in debug


async def test_an_unexpected_exception(call, caplog, logged):
    """One record, with the traceback; the response is constant."""
    app, raised = App(), []

    @app.get("/")
    async def broken() -> str:
        try:
            raise KeyError("cause")
        except KeyError as cause:
            raise Grudge from cause

    answer = await call(app, **{RAISED: raised})

    assert answer.status == 500
    assert answer.body == CONSTANT
    place = f"tests/serve/test_serve_failures.py:{broken.__code__.co_firstlineno}"
    assert logged() == [("ERROR", f"broken ({place}) failed: Grudge")]
    assert caplog.records[0].exc_info[0] is Grudge
    assert [type(error) for error in raised] == [Grudge]


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (Grudge(), "Grudge: s3cr3t"),
        (RuntimeError("x" * 5000), "RuntimeError: " + "x" * 986),
        (RuntimeError("\ud800"), "RuntimeError: ?"),
        (RuntimeError(), "RuntimeError: "),
    ],
)
async def test_an_unexpected_exception_in_debug(call, error, detail):
    app = App(debug=True)

    @app.get("/")
    async def broken() -> str:
        raise error

    assert (await call(app)).detail == detail


async def test_failures_in_another_format(call):
    app = App(error_format=ErrorModel())

    @app.get("/")
    async def broken() -> str:
        raise RuntimeError

    answer = await call(app)

    assert answer["content-type"] == "application/json"
    assert answer.json() == {
        "detail": [{"msg": "Internal Server Error", "type": "internal-server-error"}]
    }


async def test_every_failure_of_a_request_is_in_the_list(call, logged):
    """The handler's and that of a generator that fails to end."""
    raised = []

    async def session() -> AsyncIterator[None]:
        try:
            yield
        finally:
            raise KeyError("lost")

    app = App(dependencies=[session])

    @app.get("/")
    async def broken() -> Item:
        raise Grudge

    assert (await call(app, **{RAISED: raised})).status == 500
    assert [type(error) for error in raised] == [Grudge, KeyError]
    assert len(logged()) == 2


async def test_declared_outcomes_are_in_no_list_and_no_log(call, logged):
    app, raised = App(), []

    @app.get("/")
    @raises(NotFound)
    @redirects(303, to="/")
    async def show(away: bool = False) -> Never:
        raise Redirect("/") if away else NotFound("no")

    for query in (b"", b"away=1", b"away=x"):
        await call(app, query=query, **{RAISED: raised})

    assert raised == []
    assert logged() == []


async def test_a_wrapper_around_the_handler_hides_no_place(call, logged):
    """The record names the line that the author has to look at."""

    async def dependency() -> str:
        return 5  # type: ignore[return-value]

    app = App()

    @app.get("/{number}")
    async def show(number: int, value: Annotated[str, Depends(dependency)]) -> str:
        return value

    assert (await call(app, "GET", "/1")).status == 500
    ((_, text),) = logged()
    assert f":{show.__code__.co_firstlineno})" in text


def test_the_logger_says_nothing_by_itself():
    """Its level and handlers are the application's business."""
    logger = logging.getLogger("redirflow")

    assert logger.handlers == []
    assert logger.level == logging.NOTSET


async def test_a_failing_dependency_is_named(call, logged):
    """Not the handler, which did nothing."""

    async def current_user() -> int:
        return 1 // 0

    async def in_debt() -> None:
        raise NotFound

    app = App()

    @app.get("/", dependencies=[current_user])
    async def broken() -> None: ...

    @app.get("/owed", dependencies=[in_debt])
    async def owed() -> None: ...

    assert (await call(app)).status == 500
    assert (await call(app, path="/owed")).status == 500

    file, line = "tests/serve/test_serve_failures.py", current_user.__code__.co_firstlineno
    (_, failed), (_, sent) = logged()
    assert failed.startswith(f"current_user ({file}:{line}), a dependency of broken, failed: Zero")
    assert sent.startswith(f"in_debt ({file}:{line + 3}), a dependency of owed, sent the error")
