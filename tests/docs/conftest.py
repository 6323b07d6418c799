"""A real browser for the docs page: Debian's Chromium, driven over a pipe.

The DevTools protocol is JSON, one message after the other, each ended by a zero byte; so nothing
has to be installed besides the browser. Where there is none, these tests are skipped.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time
from urllib.parse import urlsplit

import pytest

from redirflow.docs.pages import docs_pages
from redirflow.http.request import local_path
from redirflow.http.response import send_reply
from redirflow.serve.follow_header import report_redirects

PATIENCE = 20
"""Seconds until an answer that does not come is a failure."""

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe", "about:blank"),
]


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: needs Chromium, and is skipped without it")


class Chromium:
    """One browser, and what it said."""

    def __init__(self, profile):
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        # Above 3 and 4, the numbers under which the browser looks for them.
        low, high = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out))
        self.process = os.posix_spawn(
            BROWSER,
            [BROWSER, f"--user-data-dir={profile}", *FLAGS],
            {**os.environ, "HOME": str(profile)},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, low, 3),
                (os.POSIX_SPAWN_DUP2, high, 4),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
        for end in (theirs_in, theirs_out, low, high):
            os.close(end)
        self.reading, self.writing = ours_in, ours_out
        self.rest = b""
        self.number = 0
        self.events = []

    def call(self, method, session=None, **params):
        """Send a command and wait for its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while (answer := self.read()).get("id") != self.number:
            self.events.append(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def read(self):
        """The next message."""
        while b"\0" not in self.rest:
            ready, *_ = select.select([self.reading], [], [], PATIENCE)
            assert ready, "the browser does not answer"
            self.rest += os.read(self.reading, 1 << 20)
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def stop(self):
        os.kill(self.process, signal.SIGTERM)
        os.waitpid(self.process, 0)
        os.close(self.reading)
        os.close(self.writing)


class Tab:
    """One page in a window of its own, with cookies of its own."""

    def __init__(self, chromium):
        self.chromium = chromium
        self.context = chromium.call("Target.createBrowserContext")["browserContextId"]
        target = chromium.call(
            "Target.createTarget", url="about:blank", browserContextId=self.context
        )
        self.session = chromium.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        return self.chromium.call(method, self.session, **params)

    def forget(self):
        """Be like new: no page, no cookies, nothing said."""
        self.call("Page.navigate", url="about:blank")
        self.call("Network.clearBrowserCookies")
        self.call("Emulation.setScriptExecutionDisabled", value=False)
        self.until("location.href === 'about:blank'")
        self.chromium.events.clear()

    def look(self, width=1280, height=900, *, dark=False):
        """Choose the size of the window and the colours that the person likes."""
        phone = width < 600
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script):
        """The value of an expression, awaited if it is a promise."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script):
        """Wait until an expression is true, and give its value."""
        deadline = time.monotonic() + PATIENCE
        while not (value := self.run(script)):
            assert time.monotonic() < deadline, f"never true: {script}"
            time.sleep(0.02)
        return value

    def press(self, key, **more):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, **more)

    def photograph(self, file, *, whole=True):
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))

    def events(self, *methods):
        self.run("1")
        return [
            event["params"]
            for event in self.chromium.events
            if event.get("sessionId") == self.session and event.get("method") in methods
        ]

    def complaints(self):
        """What stands in red, or yellow, in the console."""
        logged = [each["entry"] for each in self.events("Log.entryAdded")]
        called = [each for each in self.events("Runtime.consoleAPICalled") if each["type"] != "log"]
        return (
            [each.get("text") for each in logged] + called + self.events("Runtime.exceptionThrown")
        )

    def origins(self):
        """The origins that were asked for anything."""
        urls = [each["request"]["url"] for each in self.events("Network.requestWillBeSent")]
        parts = [urlsplit(url) for url in urls if not url.startswith("data:")]
        return {f"{part.scheme}://{part.netloc}" for part in parts}


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    if BROWSER is None:
        pytest.skip("no Chromium is installed")
    browser = Chromium(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.stop()


@pytest.fixture(scope="session")
def only_tab(chromium):
    return Tab(chromium)


@pytest.fixture
def tab(only_tab):
    only_tab.forget()
    return only_tab


@pytest.fixture(scope="session")
def with_docs():
    """`with_docs(app, ...)` is *app* with its docs in front, as an ASGI application."""

    def wrap(app, url="/docs", ui="redirflow", *, debug=True, edges=()):
        pages = docs_pages(app.openapi("3.2.0"), url, ui, debug=debug, edges=edges)

        async def serve(scope, receive, send):
            page = pages.get(local_path(scope)) if scope["type"] == "http" else None
            if page is None:
                await app(scope, receive, send)
            else:
                await send_reply(send, page)

        return report_redirects(serve) if debug else serve

    return wrap
