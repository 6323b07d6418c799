"""Real servers and the examples, for every test that wants them; and what is measured."""

import gc
import importlib.util
import os
import pkgutil
import socket
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from coverage import Coverage
from hypothesis import settings
from xdist import is_xdist_controller

import redirflow

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


# --- what the suite itself costs --------------------------------------------------------------
# PERF: a tracer doubles the time of all Python, pytest's and hypothesis' too. So a line is covered
# where a fixture or a written test runs it, and nowhere else: not while tests are found and
# reported, by generated examples, or in a process of its own. It saves a third of the suite's CPU.


@contextmanager
def traced_by(tracer):
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        yield
    finally:
        sys.settrace(before)


@contextmanager
def untraced():
    """What is remembered in here is forgotten: a test runs it once more, and is seen to."""
    with traced_by(None):
        yield
        for function in remembering():
            function.cache_clear()


def remembering():
    """The functions of redirflow that keep what they returned."""
    modules = [module for name, module in sys.modules.items() if name.startswith("redirflow.")]
    values = [value for module in modules for value in vars(module).values()]
    return [value for value in values if callable(getattr(value, "cache_clear", None))]


class Measuring:
    """Keeps coverage's tracer, and lets it see what counts."""

    def __init__(self, tracer):
        self.tracer = tracer

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self):
        for module in pkgutil.walk_packages(redirflow.__path__, "redirflow."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
        with untraced():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self):
        os.environ.pop("COVERAGE_PROCESS_CONFIG", None)  # for the processes that tests start
        with traced_by(None):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self):
        with traced_by(self.tracer):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self):
        with traced_by(self.tracer):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        repeats = any(map(pyfuncitem.get_closest_marker, ("hypothesis", "untraced")))
        with untraced() if repeats else traced_by(self.tracer):
            return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    measured = Coverage.current()
    if measured and is_xdist_controller(session):
        measured.stop()  # nothing of ours runs in the process that hands out the tests
    elif tracer := sys.gettrace():
        session.config.pluginmanager.register(Measuring(tracer))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """PERF: what is found stays to the end; the collector need not look at it again and again."""
    gc.disable()
    found = yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20)
    gc.enable()
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Reports travel between processes as UTF-8; some logs here hold halves of surrogate pairs."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report
