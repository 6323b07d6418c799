"""What `redirflow.testing` is to its surroundings: imports, loops, the end of a process."""

import importlib
import os
import subprocess
import sys

import pytest

import redirflow.testing

FORGETFUL = """
from redirflow import App
from redirflow.testing import TestClient

app = App()


@app.get("/")
async def root() -> str:
    return "root"


client = TestClient(app)
print(client.get("/").json())
entered = TestClient(app).__enter__()
open_response = entered.send(entered.build_request("GET", "/"), stream=True)
"""

DEBUG = """
from redirflow import App
from redirflow.testing import TestClient

app = App()


@app.get("/")
async def root() -> str:
    return "root"


@app.get("/sync")
def sync() -> str:
    return "sync"


with TestClient(app) as client:
    print(client.get("/").json(), client.get("/sync").json())
    with client.stream("GET", "/") as response:
        pass
"""


def python(code, **environment):
    """What a fresh interpreter, strict about warnings, prints."""
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **environment},
    )
    assert run.stderr == ""
    assert run.returncode == 0
    return run.stdout


def test_what_is_importable():
    assert redirflow.testing.__all__ == ["ContractViolation", "Hop", "Hops", "TestClient"]
    for name in redirflow.testing.__all__:
        assert getattr(redirflow.testing, name).__name__ == name


def test_nothing_else_is():
    with pytest.raises(AttributeError, match=r"'redirflow\.testing' has no attribute 'Server'"):
        redirflow.testing.Server  # noqa: B018 - looked up


def test_redirflow_itself_does_not_need_httpx2():
    code = "import sys, redirflow, redirflow.testing; print('httpx2' in sys.modules)"

    assert python(code) == "False\n"


def test_a_missing_httpx2_is_told_with_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx2", None)
    monkeypatch.delitem(sys.modules, "redirflow.testing.client")
    needed = r"^redirflow\.testing needs httpx2: pip install 'redirflow\[test\]'$"
    with pytest.raises(ImportError, match=needed):
        importlib.import_module("redirflow.testing.client")


def test_a_process_ends_though_nobody_closes_its_clients():
    assert python(FORGETFUL) == "root\n"


def test_asyncio_has_nothing_to_complain_of():
    assert python(DEBUG, PYTHONASYNCIODEBUG="1") == "root sync\n"
