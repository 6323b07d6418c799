"""A directory of its own for each test, and two ways to type a command into it."""

import fcntl
import http.client
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import time
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

import redirflow
from redirflow.cli import main

PATIENCE = 40
"""Seconds that a server may take on a busy machine; usually it takes one."""

SHOP = """\
from msgspec import Struct

from redirflow import App, NotFound, Redirect, raises, redirects

app = App(title="Shop")


class Item(Struct):
    id: int


@app.get("/items/{item_id}")
@raises(NotFound)
async def get_item(item_id: int) -> Item:
    return Item(item_id)


@app.get("/newest")
@redirects(303, to=get_item)
async def newest() -> Redirect:
    return Redirect.to(get_item, item_id=1)
"""

TOWN = """\
from contextlib import asynccontextmanager
from typing import Never

from redirflow import App, Redirect, Request, RedirectTable, Reroute, redirects, reroutes


@asynccontextmanager
async def lifespan(app):
    yield {"first": 7}


app = App(title="Town", lifespan=lifespan, docs_url=None)


@app.get("/houses/{house_id}")
async def house(house_id: int) -> int:
    return house_id


@app.post("/houses")
@redirects(303, to=house)
async def build(request: Request) -> Redirect:
    return Redirect.to(house, house_id=request.state["first"])


@app.get("/lucky")
@reroutes(to=house)
async def lucky() -> Never:
    raise Reroute.to(house, house_id=3)


@app.get("/out")
@redirects(302, external=("https://maps.example", "*"))
@redirects(307)
async def out(where: str = "https://maps.example/town#hall") -> Redirect:
    return Redirect(where, status_code=307 if where[0] in "/?" else 302)


async def museum(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b""})


app.mount("/museum", museum)
app.redirect("/h/{house_id}", to=house)
app.redirect("/home/{house_id}", to="/h/{house_id}", status_code=301)
app.redirect("/map/{rest:path}", to="https://maps.example/town/{rest}", status_code=307)
app.redirect("/first", to="/houses/1/")
app.redirect("/art", to="/museum/art")
app.reroute("/v0/{rest:path}", to="/{rest}")
rows = [
    ("/hall", "/home/1"), ("/town-hall", "/hall"), ("/wiki", "https://wiki.example/town", 302),
]
app.redirect_table(RedirectTable.from_pairs(rows))
"""

FAULTY = """\
from redirflow import App

app = App()


@app.get("/items/{item_id}")
async def get_item(other: int) -> int:
    return other
"""


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


class Desk:
    """A directory with files, where commands are typed."""

    def __init__(self, home, capsys):
        self.home = home
        self.capsys = capsys

    def write(self, name, text):
        file = self.home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def type(self, *argv):
        """Type a command into this very process."""
        self.capsys.readouterr()
        try:
            code = main(argv)
        except SystemExit as end:
            code = end.code
        return Said(code, *self.capsys.readouterr())

    def call(self, *argv):
        """Type a command into a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "redirflow", *argv],
            cwd=self.home,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def on_a_terminal(self, *argv, columns, **variables):
        """Type a command on a terminal of so many columns; the code, and what it shows."""
        reading, writing = pty.openpty()
        fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        done = subprocess.run(
            [sys.executable, "-m", "redirflow", *argv],
            cwd=self.home,
            env={**environment(), "TERM": "xterm", **variables},
            stdout=writing,
            stderr=writing,
            timeout=PATIENCE,
        )
        shown = os.read(reading, 65536).decode().replace("\r\n", "\n")
        os.close(writing)
        os.close(reading)
        return done.returncode, shown

    @contextmanager
    def serve(self, *argv, screen=False):
        """A server in a process of its own, on a free port; with *screen*, on a terminal."""
        log = self.home / "server.log"
        command = [sys.executable, "-m", "redirflow", *argv, "--port", "0"]
        with log.open("wb") as output, terminal(output) if screen else nullcontext(output) as out:
            process = subprocess.Popen(
                command, cwd=self.home, env=environment(), stdout=out, stderr=out
            )
        try:
            yield Served(process, log)
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def terminal(log):
    """A terminal for others; what is written on it goes to *log*, until the last one left."""
    reading, writing = pty.openpty()
    copy = os.dup(log.fileno())

    def copying():
        with suppress(OSError):  # Linux: EIO, when nobody has it open any more
            while text := os.read(reading, 65536):
                os.write(copy, text)
        os.close(reading)
        os.close(copy)

    threading.Thread(target=copying, daemon=True).start()
    try:
        yield writing
    finally:
        os.close(writing)


class Served:
    """A server that runs, or is about to."""

    def __init__(self, process, log):
        self.process = process
        self.log = log

    def said(self, pattern, before=lambda: None):
        """Wait until the server has said it."""

        def look():
            before()
            return re.search(pattern, self.log.read_text())

        found = waited(look, self._ended)
        assert found, self.log.read_text()
        return found

    def port(self):
        """The port of the server, as soon as it listens."""
        return int(self.said(r"running on .*?http://127\.0\.0\.1:(\d+)")[1])

    def get(self, path, before=lambda: None):
        """The status and the body of a GET, as soon as there is an answer.

        Args:
            before: done again before each try.
        """
        port = self.port()

        def ask():
            before()
            return asked(port, path)

        answer = waited(ask, self._ended)
        assert answer, self.log.read_text()
        return answer

    def says(self, path, answer, before):
        """Wait until a GET is answered like this; the server may be a new one by then."""

        def look():
            before()
            ports = re.findall(r"running on .*?http://127\.0\.0\.1:(\d+)", self.log.read_text())
            return asked(int(ports[-1]), path) == answer

        assert waited(look, self._ended), self.log.read_text()

    def _ended(self):
        return self.process.poll() is not None


def environment():
    """That of this process, where redirflow is found whether it is installed or not."""
    paths = [str(Path(redirflow.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def asked(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def waited(look, ended):
    """What *look* finds, as soon as it finds something; `None` if it is too late for that."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        last = ended()
        found = look()
        if found or last:
            return found
        time.sleep(0.05)
    return None


@pytest.fixture
def desk(tmp_path, monkeypatch, capsys):
    """A directory, made the current one; what it leaves in this process is taken away again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("NO_COLOR", "WEB_CONCURRENCY", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REDIRFLOW_SERVING", "")
    before = {**sys.modules}
    yield Desk(tmp_path, capsys)
    for name in {*sys.modules} - {*before}:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def shop(desk):
    """A desk with a good app in `shop.py`."""
    desk.write("shop.py", SHOP)
    return desk


@pytest.fixture
def town(desk):
    """A desk with an app in `town.py` that has a bit of everything that leads on."""
    desk.write("town.py", TOWN)
    return desk


@pytest.fixture
def faulty(desk):
    """A desk with an app in `shop.py` whose declarations contradict themselves."""
    desk.write("shop.py", FAULTY)
    return desk


@pytest.fixture
def own_logging():
    """The loggers that uvicorn sets up in this process are put back as they were."""
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "uvicorn.access")]
    before = [(logger, logger.handlers, logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers = handlers
        logger.level = level
        logger.propagate = propagate
