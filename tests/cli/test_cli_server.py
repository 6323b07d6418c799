"""Real servers and real terminals, in processes of their own."""

import http.client
import re
import time
from contextlib import closing, contextmanager

import pytest

ITEM = (200, b'{"id":7}')


@pytest.mark.parametrize(
    "argv",
    [("shop.py",), ("shop:app",), ("shop.py:app", "--workers", "2"), ()],
    ids=["file", "module", "workers", "pyproject"],
)
def test_the_app_is_served(shop, argv):
    shop.write("pyproject.toml", "[tool.redirflow]\napp = 'shop.py'")

    with shop.serve("run", *argv) as server:
        assert server.get("/items/7") == ITEM
        server.said(r'"GET /items/7 HTTP/1\.1" 200')


def test_a_file_of_a_package_in_another_directory(shop):
    """Workers import it like the process that started them: relative imports work."""
    (shop.home / "shop.py").rename(shop.write("deep/store/shop.py", ""))
    shop.write("deep/store/__init__.py", "")
    shop.write("deep/store/main.py", "from .shop import app as api")

    with shop.serve("run", "deep/store/main.py:api", "--workers", "2") as server:
        assert server.get("/items/7") == ITEM


def test_an_app_with_faults_is_not_served(faulty):
    said = faulty.call("run", "shop.py", "--port", "0")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("shop.py:6: error: get_item: the path parameter 'item_id' of ")


class Saving:
    """An author who saves: the reloader first looks some time after its start, and may miss one."""

    def __init__(self, file, text):
        self.file, self.text, self.last = file, text, float("-inf")

    def __call__(self):
        if time.monotonic() - self.last > 2:
            self.file.write_text(self.text)
            self.last = time.monotonic()


def test_dev_on_a_terminal_reloads_and_waits_until_what_is_broken_is_mended(shop):
    """A fault is told as the fault, in red, and not as a traceback of many lines."""
    file = shop.home / "shop.py"
    good = file.read_text()
    other = good.replace("return Item(item_id)", "return Item(item_id + 1)")
    file.write_text(good + "\noops\n")

    with shop.serve("dev", "shop.py", screen=True) as server:
        server.said("waiting for a change")
        server.said("shop.py:23: \x1b\\[1;31merror:\x1b\\[0m NameError: name 'oops' is not defined")
        assert server.get("/items/7", before=Saving(file, good)) == ITEM
        server.said("  app      \x1b\\[1mshop.py\x1b\\[0m\n  serving  ")
        server.said("  has      2 operations, 1 redirect\n")

        server.said(
            "shop.py:12: \x1b\\[1;31merror:\x1b\\[0m get_item: the path parameter 'item_id'",
            before=Saving(file, good.replace("get_item(item_id", "get_item(other")),
        )
        server.says("/items/7", (200, b'{"id":8}'), before=Saving(file, other))
        assert "Traceback" not in server.log.read_text()


def test_faults_are_red_on_a_terminal(faulty):
    code, text = faulty.on_a_terminal("check", "shop.py", columns=80)

    assert code == 1
    assert text.startswith("shop.py:6: \x1b[1;31merror:\x1b[0m get_item: ")
    assert "\x1b" not in faulty.on_a_terminal("check", "shop.py", columns=80, NO_COLOR="1")[1]


@pytest.mark.parametrize(("columns", "lines"), [(80, 5), (40, 6)])
def test_the_table_is_as_wide_as_the_terminal(shop, columns, lines):
    _, text = shop.on_a_terminal("routes", "shop.py", columns=columns)

    assert len(text.splitlines()) == lines
    assert text.startswith("\x1b[1mMETHOD") is (columns == 80)


def test_nothing_is_coloured_in_a_pipe(faulty):
    assert "\x1b" not in faulty.call("check", "shop.py").err


FEED = """\
from collections.abc import AsyncIterator

import anyio

from redirflow import App, returns

app = App()
VERSION = 1


@app.get("/version")
async def version() -> int:
    return VERSION


@app.get("/slow")
async def slow() -> None:
    print("begun", flush=True)
    await anyio.sleep_forever()


@app.get("/feed")
@returns(media_type="text/event-stream")
async def feed() -> AsyncIterator[int]:
    yield VERSION
    await anyio.sleep_forever()
"""


@pytest.fixture
def listening(desk):
    """`listening(server)`: somebody who has read the first event of a stream without an end.

    And somebody else, who gets no answer at all.
    """
    desk.write("feed.py", FEED)

    @contextmanager
    def listen(server):
        server.get("/version")
        listener, other = (http.client.HTTPConnection("127.0.0.1", server.port()) for _ in range(2))
        with closing(listener), closing(other):
            listener.request("GET", "/feed")
            assert listener.getresponse().readline() == b"data: 1\n"
            other.request("GET", "/slow")
            server.said("begun")
            yield

    return listen


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_open_stream_does_not_keep_a_server_from_stopping(desk, listening, workers):
    grace = ("--grace", "0", "--workers", workers)
    with desk.serve("run", "feed.py", *grace) as server, listening(server):
        server.process.terminate()
        server.process.wait(40)

    said = server.log.read_text()
    assert re.search(r"Cancel [12] running task\(s\)", said)
    assert "Traceback" not in said


def test_an_open_stream_does_not_keep_dev_from_reloading(desk, listening):
    file = desk.home / "feed.py"
    with desk.serve("dev", "feed.py") as server, listening(server):
        edit = Saving(file, FEED.replace("VERSION = 1", "VERSION = 2"))
        server.says("/version", (200, b"2"), before=edit)

    assert "Traceback" not in server.log.read_text()
