"""The gallery: every fault at start-up, contract violation and usage message, as it is printed.

It stands in `tests/data/messages.txt`, like a session in Python: after `>>>` what an author
writes, in a file app.py, then what is said of it: by start-up or, if that goes well, in the log
after `GET /x`. After `$` stands a command, typed where `FILES` are. The redirect graph has a
gallery of its own, and what is read from the source of handlers another one. A new message: write
its case, and copy what the test then shows, if it ends the search.
"""

import ast
import logging
import re
import shlex
import sys
from contextlib import chdir, suppress
from pathlib import Path

import pytest

import redirflow
from redirflow import SpecError
from redirflow.cli import main
from redirflow.testing import TestClient

HERE = Path(__file__).parent
HEAD = """\
import contextlib
from collections.abc import *
from datetime import UTC, datetime
from enum import Enum, Flag
from typing import *
from msgspec import Meta, Struct
from redirflow import *

app = App(openapi_url=None, docs_url=None)
class User(Struct):
    id: int
"""
BOOM = """\
from redirflow import App

def middleware(app):
    async def boom(scope, receive, send):
        if scope["type"] == "http":
            raise KeyError("boom")
        await app(scope, receive, send)
    return boom

app = App(middleware=[middleware])
"""
HOUSE = """\
from contextlib import asynccontextmanager
from redirflow import App

@asynccontextmanager
async def stock(app):
    yield

shop = App(lifespan=stock)
app = App()
app.mount("/shop", shop)
"""
FILES = {
    "shop.py": "from redirflow import App\nshop = App()\nclass Car: ...\ncar = Car()\n",
    "json.py": "",
    "msgspec.py": "",
    "a.b.py": "",
    "shops/main.py": "",
    "old.json": "[]",
    "redirflow/__init__.py": "",
    "redirflow/cli/__init__.py": "",
    "redirflow/cli/load.py": "",
    "broken/pyproject.toml": "[tool",
    "boom.py": BOOM,
    "house.py": HOUSE,
}
PACKAGE = Path(redirflow.__file__).parent
GALLERY = HERE / "data" / "messages.txt"
OTHERS = [HERE / "data" / "findings.txt", HERE / "endpoint" / "wrong_handlers.py"]
AFTER_A_HUNDRED = " more like this, "
TELLING = {"Fault", "refuse", "ContractViolation", "Misuse", "Misread", "_report", "refusal"}
"""What a message is made by."""


def cases():
    """Each case: what is written, line by line, and what is said of it."""
    for block in GALLERY.read_text().strip().split("\n\n"):
        lines = block.split("\n")
        written = [line for line in lines if line.startswith((">>> ", "... ", "$ "))]
        yield written, "\n".join(lines[len(written) :])


CASES = [*cases()]


@pytest.fixture
def app_py(tmp_path, monkeypatch):
    """A directory with `FILES`, where the author works."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    before = {*sys.modules}
    yield
    for name in {*sys.modules} - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def said_of_source(source, log):
    """What start-up says of an app, or the log of a request that it answers."""
    scope = {"__name__": "app"}
    exec(HEAD, scope)
    try:
        exec(compile(source, "app.py", "exec"), scope)
        scope["app"].compile()
    except SpecError as error:
        return "\n".join(map(str, error.faults)).replace(str(Path.cwd()), "/here")
    log.clear()
    TestClient(scope["app"], raise_violations=False).request("GET", "/x", content=b"body")
    return "\n".join(record.getMessage() for record in log.records)


def said_of_command(command, output):
    place, _, command = command.rpartition(" && ")
    with chdir(place.removeprefix("cd ") or "."), suppress(SystemExit):
        main(shlex.split(command)[1:])
    said = output.readouterr()
    told = (said.err + said.out).replace(str(PACKAGE), "/redirflow").rstrip("\n")
    return re.sub(r"\(/[^)]*\)", "(...)", told)


def said(written, log, output):
    if written[0].startswith("$ "):
        return said_of_command(written[0][2:], output)
    with log.at_level(logging.ERROR, "redirflow"):
        return said_of_source("\n".join(line[4:] for line in written), log)


@pytest.mark.usefixtures("app_py")
@pytest.mark.parametrize(("written", "shown"), CASES, ids=[each[0][0] for each in CASES])
def test_a_message_is_as_it_is_shown(written, shown, caplog, capsys):
    assert said(written, caplog, capsys) == shown


def test_every_message_is_in_a_gallery():
    """Found by the longest text in each call that makes one."""
    shown = "\n".join(file.read_text() for file in [GALLERY, *OTHERS]).replace("\n# ", "\n")
    lost = [f"{where}: {text}" for where, text in texts() if text not in shown + AFTER_A_HUNDRED]

    assert lost == []


def texts():
    """Where a message is made, and the longest text that always stands in it."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and name_of(node.func) in TELLING:
                pieces = [text for each in node.args for text in pieces_of(each)]
                if pieces:
                    yield f"{file.relative_to(PACKAGE)}:{node.lineno}", max(pieces, key=len)


def name_of(function):
    return getattr(function, "id", getattr(function, "attr", ""))


def pieces_of(node):
    """The texts in an expression that are printed, whatever happens."""
    if isinstance(node, ast.Constant):
        return [str(node.value)] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return [text for part in node.values for text in pieces_of(part)]
    return []
