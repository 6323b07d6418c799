"""`check`, `routes`, `openapi`, and what all commands have in common."""

import importlib
import io
import json
import os
import runpy
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import redirflow
from redirflow import Fault, Place
from redirflow.cli import COMMANDS, check, main
from redirflow.cli.terminal import painted

FAULTY = (
    "shop.py:6: error: get_item: the path parameter 'item_id' of '/items/{item_id}' is not an "
    "argument of the handler or of its dependencies\n"
    "    allowed: its arguments are: other\n"
    "    write: item_id: int, or {other} in the path\n"
)


class Terminal(io.StringIO):
    """A screen."""

    def isatty(self):
        return True


# --- all of them -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_shows_an_example(desk, command):
    said = desk.type(command.name, "--help")

    assert said.code == 0
    assert f"example:\n  {command.example}\n" in said.out
    assert command.example.startswith(f"redirflow {command.name} ")


def test_help_lists_the_commands(desk):
    said = desk.type("--help")

    assert said.code == 0
    assert all(f"\n    {command.name} " in said.out for command in COMMANDS)
    assert "exit codes: 0 fine, 1 findings, 2 usage" in said.out


def test_the_version_is_that_of_the_distribution(desk):
    said = desk.type("--version")

    assert (said.code, said.out) == (0, f"redirflow {version('redirflow')}\n")


@pytest.mark.parametrize("argv", [(), ("serve",), ("check", "--hard"), ("routes", "a.py", "b.py")])
def test_a_command_line_that_can_not_be_followed(desk, argv):
    said = desk.type(*argv)

    assert said.code == 2
    assert said.err.startswith("usage: redirflow ")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_refuses_an_unknown_app(desk, command):
    request = ["GET", "/"] if command.name == "follow" else []
    said = desk.type(command.name, *request, "nowhere.py")

    assert (said.code, said.err) == (
        2,
        "redirflow: error: no such Python file: nowhere.py\n",
    )


@pytest.mark.parametrize("command", ["run", "check", "routes", "openapi", "graph"])
def test_every_command_tells_the_faults(faulty, command):
    assert faulty.type(command, "shop.py") == (1, "", FAULTY)


def test_a_reader_who_has_seen_enough(shop, monkeypatch):
    """`redirflow openapi | head` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)

        assert main(["openapi", "shop.py"]) == 0


def test_python_m_redirflow(shop, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["redirflow", "check", "shop.py"])

    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(redirflow.__file__).with_name("__main__.py")), run_name="__main__")

    assert ended.value.code == 0
    assert capsys.readouterr().out == "shop.py: 2 operations, 1 redirect, no faults\n"


def test_a_new_process_does_not_type_the_command_again():
    """`multiprocessing` may import the main module under another name."""
    module = importlib.import_module("redirflow.__main__")
    del sys.modules["redirflow.__main__"]

    assert module.main is main


def test_importing_redirflow_does_not_import_uvicorn(desk):
    for module in ("redirflow", "redirflow.cli"):
        code = f"import sys, {module}; sys.exit('uvicorn' in sys.modules)"
        home = os.path.dirname(os.path.dirname(sys.modules["redirflow"].__file__))
        assert subprocess.run([sys.executable, "-c", code], cwd=home).returncode == 0


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (Terminal(), {}, "\x1b[1;31merror:\x1b[0m"),
        (Terminal(), {"NO_COLOR": ""}, "\x1b[1;31merror:\x1b[0m"),
        (Terminal(), {"NO_COLOR": "1"}, "error:"),
        (Terminal(), {"TERM": "dumb"}, "error:"),
        (io.StringIO(), {}, "error:"),
    ],
)
def test_colour_is_for_terminals(monkeypatch, stream, environment, expected):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert painted("error:", "error", stream) == expected


def test_faults_on_a_terminal_have_a_red_mark(faulty, monkeypatch):
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen)
    faulty.type("check", "shop.py")

    assert screen.getvalue() == FAULTY.replace("error:", "\x1b[1;31merror:\x1b[0m")


# --- check -----------------------------------------------------------------------------------


def test_check_counts_what_is_there(shop):
    assert shop.type("check", "shop.py", "--strict") == (
        0,
        "shop.py: 2 operations, 1 redirect, no faults\n",
        "",
    )


def test_check_of_an_empty_app(desk):
    desk.write("shop.py", "from redirflow import App\napp = App()")

    assert desk.type("check", "shop.py").out == (
        "shop.py: no operations, no redirects, no faults\n"
    )


@pytest.mark.parametrize(("argv", "code"), [((), 0), (("--strict",), 1)])
def test_warnings_are_findings_if_one_is_strict(shop, monkeypatch, argv, code):
    def find(compiled):
        for endpoint in reversed(compiled.endpoints.values()):
            place = endpoint.operation.place
            yield Fault(f"look at {endpoint.operation.name}", place=place, severity="warning")
        yield Fault("look around", severity="warning")

    monkeypatch.setattr(check, "FINDERS", [find])

    assert shop.type("check", "shop.py", *argv) == (
        code,
        "shop.py: 2 operations, 1 redirect, 3 warnings\n",
        "warning: look around\n"
        "shop.py:12: warning: look at get_item\n"
        "shop.py:18: warning: look at newest\n",
    )


def test_warnings_of_the_declarations_are_told(desk):
    desk.write(
        "shop.py",
        "from redirflow import App, Redirect, redirects\n\napp = App()\n\n\n"
        '@app.get("/it")\nasync def it() -> int:\n    return 1\n\n\n'
        '@app.post("/x")\n@redirects(302, to=it)\nasync def x() -> Redirect:\n'
        "    return Redirect.to(it)\n",
    )
    said = desk.type("check", "shop.py", "--strict")

    assert (said.code, said.out) == (
        1,
        "shop.py: 2 operations, 1 redirect, 1 warning\n",
    )
    assert said.err.startswith("shop.py:12: warning: x ")


def test_warnings_are_ordered_by_their_places(monkeypatch):
    faults = [Fault(str(line), place=Place("a.py", line), severity="warning") for line in (2, 1)]
    monkeypatch.setattr(check, "FINDERS", [lambda compiled: faults])

    assert [fault.found for fault in check.warnings_of(None)] == ["1", "2"]


def test_faults_as_json(faulty):
    said = faulty.type("check", "shop.py", "--format", "json")

    assert (said.code, said.err) == (1, "")
    (fault,) = json.loads(said.out)
    assert fault == {
        "severity": "error",
        "found": FAULTY.partition("error: ")[2].partition("\n")[0],
        "allowed": "its arguments are: other",
        "write": "item_id: int, or {other} in the path",
        "file": "shop.py",
        "line": 6,
    }


@pytest.mark.parametrize(("argv", "code"), [((), 0), (("--strict",), 1)])
def test_warnings_as_json(shop, monkeypatch, argv, code):
    found = [Fault("look around", severity="warning")]
    monkeypatch.setattr(check, "FINDERS", [lambda compiled: found])
    said = shop.type("check", "shop.py", "--format", "json", *argv)

    assert said.code == code
    assert json.loads(said.out)[0]["severity"] == "warning"
    monkeypatch.setattr(check, "FINDERS", [])
    assert shop.type("check", "shop.py", "--format", "json", *argv) == (0, "[]\n", "")


HALF = """\
from redirflow import App, NotFound, Redirect, Request, raises, redirects

app = App()


@app.get("/notes/{number}")
@raises(NotFound)
async def read_note(id: int) -> int:
    NotFound("no such note")
    return id


@app.get("/first")
@redirects(303, to="*")
@raises(NotFound)
async def first(request: Request) -> Redirect:
    NotFound("none at all")
    request.url_for("read_note", number=1)
    return Redirect.to("read_not", number=1)
"""
HALF_TOLD = """\
shop.py:6: error: read_note: the path parameter 'number' of '/notes/{number}' is not an argument \
of the handler or of its dependencies
    allowed: its arguments are: id
    write: number: int, or {id} in the path
shop.py:17: warning: first makes NotFound here, but does not raise it
    write: raise NotFound(...)
"""


def test_warnings_beside_faults(desk):
    """Of operations that are in order, and of where nothing leads: that may be for the faults."""
    desk.write("shop.py", HALF)

    assert desk.type("check", "shop.py") == (1, "", HALF_TOLD)


def test_warnings_beside_faults_as_json(desk):
    desk.write("shop.py", HALF)
    said = desk.type("check", "shop.py", "--format", "json")

    assert said.code == 1
    told = [(each["severity"], each["line"]) for each in json.loads(said.out)]
    assert told == [("error", 6), ("warning", 17)]


def test_what_is_refused_at_once_as_json(desk):
    desk.write("shop.py", "from redirflow import App\n\napp = App(max_body_size=-1)\n")
    said = desk.type("check", "shop.py", "--format", "json")

    assert said.code == 1
    assert [each["line"] for each in json.loads(said.out)] == [3]


# --- routes ----------------------------------------------------------------------------------


def test_routes_are_a_table(shop):
    """Where nobody looks, no line is broken: it is read by grep."""
    assert shop.type("routes", "shop.py").out == (
        "METHOD  PATH              OPERATION  RESPONSES    PLACE\n"
        "GET     /items/{item_id}  get_item   200 404 422  shop.py:12\n"
        "GET     /newest           newest     303          shop.py:18\n"
        "\n"
        "2 operations, 1 redirect\n"
    )


def test_a_narrow_screen_cuts_nothing(shop, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")

    assert shop.type("routes", "shop.py").out == (
        "GET     /items/{item_id}\n"
        "        get_item  200 404 422  shop.py:12\n"
        "GET     /newest\n"
        "        newest  303  shop.py:18\n"
        "\n"
        "2 operations, 1 redirect\n"
    )


def test_a_screen_that_is_just_wide_enough(shop, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert len(shop.type("routes", "shop.py").out.splitlines()) == 5

    monkeypatch.setenv("COLUMNS", "59")
    assert len(shop.type("routes", "shop.py").out.splitlines()) == 6


def test_routes_as_json(shop):
    said = shop.type("routes", "shop.py", "--format", "json")

    assert json.loads(said.out) == [
        {
            "kind": "operation",
            "method": "GET",
            "path": "/items/{item_id}",
            "operation": "get_item",
            "responses": [200, 404, 422],
            "file": "shop.py",
            "line": 12,
        },
        {
            "kind": "operation",
            "method": "GET",
            "path": "/newest",
            "operation": "newest",
            "responses": [303],
            "file": "shop.py",
            "line": 18,
        },
    ]


def test_what_another_operation_answers_counts(shop):
    """A reroute's responses are its own, in a circle too."""
    with (shop.home / "shop.py").open("a") as file:
        file.write(
            "\n\nfrom typing import Never\nfrom redirflow import Reroute, reroutes\n"
            '@app.get("/first")\n@reroutes(to=("get_item", "second"))\n'
            "async def first() -> Never:\n    raise Reroute.to(get_item, item_id=1)\n"
            '@app.get("/second")\n@reroutes(to="first")\n'
            "async def second() -> Never:\n    raise Reroute.to(first)\n"
        )
    said = shop.type("routes", "shop.py", "--format", "json")

    assert [route["responses"] for route in json.loads(said.out)] == [
        [200, 404, 422],
        [303],
        [200, 404, 422],
        [200, 404, 422],
    ]


ROUTES = """\
METHOD    PATH                OPERATION                            RESPONSES  PLACE
GET       /houses/{house_id}  house                                200 422    town.py:15
POST      /houses             build                                303        town.py:20
GET       /lucky              lucky                                200 422    town.py:26
GET       /out                out                                  302 307    town.py:32
GET       /h/{house_id}       -> /houses/{house_id}                308        town.py:45
GET,POST  /home/{house_id}    -> /houses/{house_id}                301        town.py:46
*         /map/{rest:path}    -> https://maps.example/town/{rest}  307        town.py:47
GET       /first              -> /houses/1                         308        town.py:48
*         /art                -> /museum/art                       308        town.py:49
*         /v0/{rest:path}     -> /{rest}                           reroute    town.py:50
*         rows                3 rows                               301 302    town.py:54
*         /museum             another app                                     town.py:44

4 operations, 3 redirects, 6 rules, 3 rows, 1 mount
"""


def test_routes_show_rules_tables_and_mounts(town):
    """Rules with the place where they lead in the end, tables as one line."""
    assert town.type("routes", "town.py").out == ROUTES


def test_routes_of_rules_as_json(town):
    told = json.loads(town.type("routes", "town.py", "--format", "json").out)

    assert [each for each in told if each["line"] in {44, 46, 50, 54}] == [
        {
            "kind": "redirect",
            "method": "GET,POST",
            "path": "/home/{house_id}",
            "to": "/houses/{house_id}",
            "responses": [301],
            "file": "town.py",
            "line": 46,
        },
        {
            "kind": "reroute",
            "method": "*",
            "path": "/v0/{rest:path}",
            "to": "/{rest}",
            "file": "town.py",
            "line": 50,
        },
        {
            "kind": "table",
            "method": "*",
            "path": "rows",
            "rows": 3,
            "responses": [301, 302],
            "file": "town.py",
            "line": 54,
        },
        {"kind": "mount", "method": "*", "path": "/museum", "file": "town.py", "line": 44},
    ]


def test_a_narrow_screen_has_no_gap_for_what_a_mount_lacks(town, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")

    assert town.type("routes", "town.py").out.splitlines()[-4:-2] == [
        "*         /museum",
        "          another app  town.py:44",
    ]


def test_the_head_of_the_table_is_bold_on_a_terminal(shop, monkeypatch):
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", screen)
    shop.type("routes", "shop.py")

    assert screen.getvalue().startswith("\x1b[1mMETHOD  PATH ")


# --- openapi ---------------------------------------------------------------------------------


def test_the_document_is_written_to_the_standard_output(shop):
    said = shop.type("openapi", "shop.py")

    assert (said.code, said.err) == (0, "")
    assert said.out.encode() == sys.modules["shop"].app.openapi_json()
    assert json.loads(said.out)["info"]["title"] == "Shop"


def test_the_document_is_written_to_a_file(shop):
    assert shop.type("openapi", "shop.py", "--output", "openapi.json") == (0, "", "")

    written = (shop.home / "openapi.json").read_bytes()
    assert written == sys.modules["shop"].app.openapi_json()


def test_a_file_that_can_not_be_written(shop):
    assert shop.type("openapi", "shop.py", "--output", "no/where.json") == (
        2,
        "",
        "redirflow: error: no/where.json can't be written: No such file or directory\n",
    )


def test_a_true_document_passes(shop):
    shop.type("openapi", "shop.py", "--output", "openapi.json")

    assert shop.type("openapi", "shop.py", "--check", "openapi.json") == (0, "", "")


def test_a_document_that_drifted(shop):
    file = shop.home / "openapi.json"
    shop.type("openapi", "shop.py", "--output", "openapi.json")
    file.write_text(file.read_text().replace('"Shop"', '"Ship"'))
    said = shop.type("openapi", "shop.py", "--check", "openapi.json")

    assert said.code == 1
    assert said.out.startswith("--- openapi.json\n+++ the app\n@@ ")
    assert '\n-    "title": "Ship",\n+    "title": "Shop",\n' in said.out
    assert said.err == (
        "error: openapi.json is not what the app declares\n"
        "    run: redirflow openapi shop.py --output openapi.json\n"
    )


def test_the_command_that_mends_is_the_one_that_was_typed(shop):
    shop.write("pyproject.toml", "[tool.redirflow]\napp = 'shop.py'")
    said = shop.type("openapi", "--version", "3.2.0", "--check", "the document.json")

    assert said == (
        1,
        "",
        "error: the document.json is not there\n"
        "    run: redirflow openapi --version 3.2.0 --output 'the document.json'\n",
    )


def test_a_long_difference_is_cut(shop):
    shop.write("openapi.json", "\n".join(map(str, range(1000))))
    said = shop.type("openapi", "shop.py", "--check", "openapi.json")

    assert len(said.out.splitlines()) == 41
    assert said.out.splitlines()[-1].startswith("... and ")


def test_a_difference_that_no_line_shows(shop):
    shop.type("openapi", "shop.py", "--output", "openapi.json")
    file = shop.home / "openapi.json"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    said = shop.type("openapi", "shop.py", "--check", "openapi.json")

    assert (said.code, said.out) == (1, "")
    assert "(in line ends or bytes that are no UTF-8 only)" in said.err


@pytest.mark.parametrize("option", ["--check", "--breaking"])
def test_a_document_that_can_not_be_read(shop, option):
    said = shop.type("openapi", "shop.py", option, ".")

    assert (said.code, said.err) == (2, "redirflow: error: . can't be read: Is a directory\n")


def test_an_older_document_that_is_none(shop):
    said = shop.type("openapi", "shop.py", "--breaking", "shop.py")

    assert said.code == 2
    assert said.err.startswith("redirflow: error: shop.py is no document: JSON is malformed")


def test_an_older_version_and_what_it_can_not_say(desk):
    desk.write(
        "shop.py",
        "from collections.abc import AsyncIterator\n"
        "from redirflow import App, returns\n\napp = App()\n\n\n"
        '@app.get("/ticks")\n@returns(media_type="application/jsonl")\n'
        "async def ticks() -> AsyncIterator[int]:\n    yield 1\n",
    )
    said = desk.type("openapi", "shop.py", "--version", "3.1.1", "--output", "openapi.json")

    assert (said.code, said.out) == (0, "")
    assert json.loads((desk.home / "openapi.json").read_bytes())["openapi"] == "3.1.1"
    assert said.err.startswith("warning: ")
    assert "itemSchema" in said.err
