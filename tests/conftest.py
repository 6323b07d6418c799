"""Real servers, and the examples, for every test that wants them."""

import importlib.util
import socket
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from hypothesis import settings

# How long an example takes is a matter of the machine, and of what else it does.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

EXAMPLES = Path(__file__).parents[1] / "examples"

PATIENCE = 10
"""Seconds until a server that does not start, or stop, is a failure."""


class Serving:
    """One uvicorn in a thread of its own."""

    def __init__(self, app, http):
        config = uvicorn.Config(
            app, http=http, loop="asyncio", ws="none", log_level="warning", access_log=False
        )
        self.server = uvicorn.Server(config)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],), daemon=True)

    def start(self):
        self.thread.start()
        deadline = time.monotonic() + PATIENCE
        while not self.server.started:
            assert self.thread.is_alive(), "the server ended while it was to start"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.001)

    def stop(self):
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "the server did not stop"


@pytest.fixture(scope="session", params=["h11", "httptools"])
def serve(request):
    """`serve(app)` starts a uvicorn and gives its base URL; it runs until the session ends.

    Whoever uses it runs twice: with h11, the strict parser in Python, and with httptools,
    the fast one in C. They differ in what they let through and in how they frame answers.
    """
    running = []

    def start(app):
        serving = Serving(app, request.param)
        running.append(serving)
        serving.start()
        return serving.base_url

    yield start
    for serving in running:
        serving.server.should_exit = True
    for serving in running:
        serving.stop()


@pytest.fixture(scope="session")
def example():
    """`example("accounts")` is a fresh module of that file: nothing in it was changed by others."""

    def load(name):
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Reports travel between processes as UTF-8; some logs here hold halves of surrogate pairs."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report
