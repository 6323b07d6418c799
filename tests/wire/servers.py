"""Servers as processes of their own, by name."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE = 20
"""Seconds until a server that does not start, or stop, is a failure."""

COMMANDS = {
    "uvicorn-h11": "uvicorn {app} --port {port} --http h11 --ws none --log-level warning",
    "uvicorn-httptools": "uvicorn {app} --port {port} --http httptools --ws none"
    " --log-level warning",
    "hypercorn-asyncio": "hypercorn {app} --bind 127.0.0.1:{port}",
    "hypercorn-trio": "hypercorn {app} --bind 127.0.0.1:{port} --worker-class trio",
    "granian": "granian {app} --interface asgi --host 127.0.0.1 --port {port} --no-access-log",
    "gunicorn": "gunicorn {app} --bind 127.0.0.1:{port} --worker-class asgi"
    " --limit-request-line 8190 --no-control-socket",
    "gunicorn-uvicorn": "gunicorn {app} --bind 127.0.0.1:{port} --no-control-socket"
    " --worker-class uvicorn_worker.UvicornWorker",
}
"""Each as `python -m` runs it."""

NEEDED = {
    "uvicorn-httptools": ["uvicorn", "httptools"],
    "hypercorn-trio": ["hypercorn", "trio"],
    "gunicorn-uvicorn": ["gunicorn", "uvicorn_worker"],
}
"""Modules without which one can't run; by default the one that gives it its name."""

SUITE = ["uvicorn-h11", "uvicorn-httptools"]
"""Where the battery goes in the suite; `WIRE` names others, or `all`."""

WANTED = os.environ.get("WIRE", ",".join(SUITE))
CHOSEN = list(COMMANDS) if WANTED == "all" else WANTED.split(",")


def missing(name):
    """The modules that *name* needs and that are not installed."""
    needed = NEEDED.get(name, [name.partition("-")[0]])
    return [module for module in needed if find_spec(module) is None]


class Server:
    """One server that serves `module:app` of this folder.

    Args:
        log: a file for all that it writes.
    """

    def __init__(self, name, log, app="wired:app"):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.name = name
        self.log = log
        path = [str(HERE), str(HERE.parent / "soak"), os.environ.get("PYTHONPATH", "")]
        command = COMMANDS[name].format(app=app, port=self.port).split()
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=HERE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait(self):
        """Return when it answers."""
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None, f"it ended at once: {self.log.read_text()}"
            assert time.monotonic() < deadline, f"it did not start: {self.log.read_text()}"
            time.sleep(0.02)

    def _answers(self):
        # Some listen long before there is a worker.
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
            probe.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return probe.recv(1) == b"H"
        return False

    def stop(self):
        """End it as an operator does; gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()
