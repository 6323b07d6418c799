"""`TestClient(app, overrides=...)` puts other functions in the place of dependencies."""

from collections.abc import AsyncIterator
from typing import Annotated, Never

import pytest

from redirflow import (
    App,
    Bearer,
    Cookie,
    Depends,
    Query,
    Redirect,
    SpecError,
    Unauthorized,
    raises,
    redirects,
)
from redirflow.testing import ContractViolation, TestClient

log = []


@redirects(303, to="/login")
async def current_user(sid: Cookie[str | None] = None) -> str:
    if sid is None:
        raise Redirect("/login")
    return f"user of {sid}"


async def database() -> AsyncIterator[str]:
    log.append("open")
    yield "database"
    log.append("close")


async def repository(database: Annotated[str, Depends(database)]) -> str:
    return f"repository on {database}"


async def guard(token: Annotated[str, Bearer()]) -> None:
    log.append(token)


async def unrelated() -> str:
    return "nobody asks"


app = App()


@app.get("/login")
async def login() -> str:
    return "login"


@app.get("/me")
async def me(user: Annotated[str, Depends(current_user)]) -> str:
    return user


@app.get("/items")
async def items(repository: Annotated[str, Depends(repository)]) -> str:
    return repository


@app.get("/guarded", dependencies=[guard])
async def guarded() -> str:
    return "in"


@pytest.fixture(autouse=True)
def clean():
    log.clear()


def ask(path, overrides=None, **options):
    with TestClient(app, overrides=overrides, **options) as client:
        return client.get(path)


def test_a_function_stands_for_a_dependency():
    assert ask("/me").status_code == 303
    assert ask("/me", {current_user: lambda: "fake"}).json() == "fake"


def test_the_app_stays_as_it_is():
    with (
        TestClient(app) as plain,
        TestClient(app, overrides={current_user: lambda: "one"}) as one,
        TestClient(app, overrides={current_user: lambda: "two"}) as two,
    ):
        assert plain.get("/me").status_code == 303
        assert one.get("/me").json() == "one"
        assert two.get("/me").json() == "two"
        assert plain.get("/me").status_code == 303
        assert one.app is app


def test_dependencies_of_dependencies():
    async def fake_database() -> AsyncIterator[str]:
        log.append("fake open")
        yield "fake"
        log.append("fake close")

    assert ask("/items", {database: fake_database}).json() == "repository on fake"
    assert log == ["fake open", "fake close"]
    assert ask("/items", {repository: lambda: "no database"}).json() == "no database"
    assert log == ["fake open", "fake close"]


def test_a_dependency_of_a_fake_can_be_overridden_too():
    async def fake_repository(other: Annotated[str, Depends(unrelated)]) -> str:
        return other

    overrides = {repository: fake_repository, unrelated: lambda: "both"}
    assert ask("/items", overrides).json() == "both"


def test_guards():
    assert ask("/guarded").status_code == 401
    assert ask("/guarded", {guard: lambda: None}).json() == "in"


def test_a_fake_has_parameters_and_specs_of_its_own():
    @raises(Unauthorized)
    async def strict_user(name: Query[str] = "") -> str:
        if not name:
            raise Unauthorized()
        return name

    assert ask("/me", {current_user: strict_user}).status_code == 401
    assert ask("/me?name=Ada", {current_user: strict_user}).json() == "Ada"


def test_what_a_fake_does_not_declare_is_a_violation():
    async def leaving() -> Never:
        raise Redirect("/login")

    with pytest.raises(ContractViolation):
        ask("/me", {current_user: leaving})


def test_no_overrides():
    assert ask("/me", {}).status_code == 303


def test_middleware_and_lifespan_are_those_of_the_app():
    seen = []

    def noting(inner):
        async def note(scope, receive, send):
            seen.append(scope["type"])
            await inner(scope, receive, send)

        return note

    served = App(middleware=[noting])
    served.get("/me")(me)
    served.get("/login")(login)
    with TestClient(served, overrides={current_user: lambda: "fake"}) as client:
        assert client.get("/me").json() == "fake"

    assert seen == ["lifespan", "http"]


def test_an_override_of_no_dependency_is_named():
    with pytest.raises(SpecError) as caught, TestClient(app, overrides={unrelated: lambda: ""}):
        pytest.fail("it did not start")

    (fault,) = caught.value.faults
    assert fault.found == "overrides: unrelated is no dependency of this app"
    assert fault.allowed == "its dependencies are: current_user, repository, database, guard"
    assert fault.place.file == __file__


def test_it_is_told_at_the_first_request_too():
    app_without = App()
    app_without.get("/login")(login)
    client = TestClient(app_without, overrides={"current_user": lambda: ""})
    for _ in range(2):
        with pytest.raises(SpecError, match="its dependencies are: none"):
            client.get("/login")
    client.close()
