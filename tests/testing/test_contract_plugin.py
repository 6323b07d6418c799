"""The pytest plugin tells which declared responses no test has received."""

import subprocess
import sys
from importlib.metadata import entry_points
from itertools import takewhile
from typing import Annotated

import pytest

from redirflow import App, Depends
from redirflow.testing import TestClient, received

pytest_plugins = "pytester"

INSTALLED = bool(entry_points(group="pytest11", name="redirflow"))
LOADED = () if INSTALLED else ("-p", "redirflow.testing.contract")
"""The plugin loads by itself where the package was installed since it has one."""

SHOP = '''
from typing import Annotated, Never

from redirflow import App, Conflict, Depends, HTTPError, NotFound, Redirect, Router
from redirflow import Query, Unauthorized, raises, redirects, reroutes, Reroute


class Taken(HTTPError, status_code=409):
    """Another one has it."""


async def current_user() -> str:
    raise Redirect("/login")


redirects(303)(current_user)


def make_app():
    app = App()

    @app.get("/users/{user_id}")
    @raises(NotFound)
    async def get_user(user_id: int) -> str:
        if user_id > 9:
            raise NotFound()
        return str(user_id)

    @app.post("/users")
    @redirects(303, to=get_user)
    @raises(Taken, Conflict)
    async def add_user() -> Never:
        raise Redirect.to(get_user, user_id=1)

    @app.get("/me")
    async def me(user: Annotated[str, Depends(current_user)]) -> str:
        return user

    @app.get("/first")
    @reroutes(to=get_user)
    async def first() -> Never:
        raise Reroute.to(get_user, user_id=1)

    @app.delete("/users/{user_id}")
    async def drop_user(user_id: int) -> None: ...

    return app
'''

TESTS = """
from redirflow.testing import TestClient
from shop import current_user, make_app

app = make_app()


def test_get():
    with TestClient(make_app()) as client:
        assert client.get("/users/1").status_code == 200
        assert client.get("/nothing").status_code == 404
        assert client.head("/users/x").status_code == 422
        assert client.get("/first").status_code == 200
        assert client.delete("/users").status_code == 405


def test_redirect():
    client = TestClient(app)
    assert client.post("/users").status_code == 303
    client.close()


def test_override():
    with TestClient(app, overrides={current_user: lambda: "fake"}) as client:
        assert client.get("/me").json() == "fake"
"""

REPORT = """\
redirflow contract: 4 of 7 declared responses were never received
POST /users  409 Taken, Conflict
DELETE /users/{user_id}  204 No Content
GET /users/{user_id}  404 NotFound
dependency current_user  303 See Other
"""


@pytest.fixture
def run(pytester):
    """`run(*arguments)` runs the tests of the shop; it gives the exit code and the section."""
    pytester.makepyfile(shop=SHOP, test_shop=TESTS)
    pytester.syspathinsert()

    def run(*arguments):
        result = pytester.runpytest_inprocess(*LOADED, "-p", "no:cacheprovider", *arguments)
        return result.ret, section(result.stdout.lines)

    return run


def section(lines):
    """The plugin's own lines, without the line of signs around its title."""
    titles = [number for number, line in enumerate(lines) if " redirflow contract: " in line]
    if not titles:
        return ""
    (number,) = titles
    own = takewhile(lambda line: line and not line.startswith("="), lines[number + 1 :])
    return "\n".join([lines[number].strip("= "), *own, ""])


def test_it_is_off_unless_asked(run):
    assert run() == (0, "")
    assert run("--redirflow-contract=off") == (0, "")


def test_report(run):
    assert run("--redirflow-contract=report") == (0, REPORT)


def test_error_fails_the_session(run):
    assert run("--redirflow-contract=error") == (1, REPORT)


def test_error_does_not_hide_another_failure(run, pytester):
    pytester.makepyfile(test_more="def test_more(): assert False")
    status, told = run("--redirflow-contract=error")

    assert status == pytest.ExitCode.TESTS_FAILED
    assert REPORT.splitlines()[0] in told
    assert run("--redirflow-contract=error", "-k", "nothing")[0] == 5


def test_statuses_can_be_left_out(run):
    left_out = "--redirflow-contract-ignore=303,404,409,422"
    told = (
        "redirflow contract: 1 of 3 declared responses were never received\n"
        "DELETE /users/{user_id}  204 No Content\n"
    )

    assert run("--redirflow-contract=error", left_out) == (1, told)


RULES = """
from typing import Annotated

from redirflow import App, Bearer, Depends, NotFound, Redirect, Scopes, TooManyRequests
from redirflow import Forbidden, raises, redirects
from redirflow.testing import TestClient


@raises(NotFound)
@redirects(303)
async def user(token: Annotated[str, Bearer(scopes=["read"])], scopes: Scopes) -> str:
    if token == "x":
        raise Forbidden()
    return token


app = App(raises=[TooManyRequests])
app.reroute("/v1/{rest:path}", to="/{rest}")
app.reroute("/v2/a/{x}", to="/a/{x}")


@app.get("/a/{x}")
@raises(NotFound)
async def a(x: int) -> int:
    if x > 9:
        raise NotFound()
    return x


@app.get("/b")
async def b(name: Annotated[str, Depends(user)]) -> str:
    return name


@app.get("/d")
async def d(token: Annotated[str | None, Bearer()] = None) -> None: ...


@app.get("/c")
async def c(name: Annotated[str, Depends(user)]) -> str:
    return name


def test_rules():
    with TestClient(app) as client:
        assert client.get("/v1/a/1").status_code == 200
        assert client.get("/v2/a/10").status_code == 404
        assert client.get("/b", headers={"Authorization": "Bearer t"}).status_code == 200
        assert client.get("/c", headers={"Authorization": "Bearer x"}).status_code == 403
        assert client.get("/c").status_code == 401
"""


def test_what_is_declared_once_is_counted_once_and_reroutes_count(run, pytester):
    pytester.makepyfile(test_shop=RULES)
    told = (
        "redirflow contract: 5 of 10 declared responses were never received\n"
        "GET /c  200 OK\n"
        "GET /d  204 No Content\n"
        "any operation  429 TooManyRequests\n"
        "dependency user  303 See Other\n"
        "dependency user  404 NotFound\n"
    )

    assert run("--redirflow-contract=report") == (0, told)


def test_when_all_were_received(run):
    left_out = "--redirflow-contract-ignore=204,303,404,409,422"
    told = "redirflow contract: 0 of 2 declared responses were never received\n"

    assert run("--redirflow-contract=error", left_out) == (0, told)


def test_a_session_without_an_app_is_silent(run, pytester):
    pytester.makepyfile(test_shop="def test_nothing(): pass")

    assert run("--redirflow-contract=error") == (0, "")


def test_the_ini_is_the_default(run, pytester):
    pytester.makeini("[pytest]\nredirflow_contract = report")

    assert run() == (0, REPORT)
    assert run("--redirflow-contract=error") == (1, REPORT)
    assert run("--redirflow-contract=off") == (0, "")


def test_what_is_no_mode_is_a_usage_error(run, pytester, capsys):
    assert run("--redirflow-contract=loud") == (4, "")
    assert run("--redirflow-contract-ignore=4xx") == (4, "")
    pytester.makeini("[pytest]\nredirflow_contract = loud")
    assert run() == (4, "")

    told = capsys.readouterr().err
    assert "invalid statuses value: '4xx'" in told
    assert "redirflow_contract = loud: one of off, report, error" in told


def test_sessions_do_not_mix(run):
    """A session inside another one counts for itself."""
    outer = received.Received()
    received.sessions.append(outer)
    run("--redirflow-contract=report")

    assert received.sessions.pop() is outer
    assert outer.declared == set()


def test_what_nobody_expects_is_not_counted():
    """A client that was open before the session has another app than the session knows."""
    app = App()

    @app.get("/")
    async def root() -> str:
        return "root"

    with TestClient(app) as client:
        late = received.Received()
        received.sessions.append(late)
        assert client.get("/").status_code == 200
        received.sessions.remove(late)

    assert late.declared == set()
    assert late.missing == []


def test_an_app_that_only_starts_with_overrides_is_not_counted():
    """Whether somebody counts must not change what a test does."""

    async def misread(query) -> str: ...

    app = App()

    @app.get("/")
    async def root(word: Annotated[str, Depends(misread)]) -> str:
        return word

    session = received.Received()
    received.sessions.append(session)
    with TestClient(app, overrides={misread: lambda: "fake"}) as client:
        assert client.get("/").json() == "fake"
    received.sessions.remove(session)

    assert session.declared == set()


def test_loading_the_plugin_does_not_load_httpx2():
    """Sessions that test no app of redirflow need not have it."""
    code = "import sys, redirflow.testing.contract; print('httpx2' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True
    )

    assert (run.stdout, run.stderr) == ("False\n", "")


def test_pytest_runs_where_httpx2_is_missing(pytester):
    pytester.makepyfile(
        httpx2="raise ImportError('not installed')",
        test_it="""
        import pytest


        def test_it():
            with pytest.raises(ImportError, match="pip install 'redirflow.test.'"):
                from redirflow.testing import TestClient
        """,
    )
    pytester.syspathinsert()
    # Schemathesis would be imported, and is large.
    result = pytester.runpytest_subprocess(
        *LOADED, "-p", "no:schemathesis", "--redirflow-contract=report"
    )

    assert result.ret == 0
