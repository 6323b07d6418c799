"""An app behind uvicorn (uvloop, httptools), in a process and on a core of its own."""

import argparse
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

SERVER_CORE, CLIENT_CORE = 0, 1
PATIENCE = 30.0  # seconds until a server must answer


def pin(core: int) -> None:
    """Stay on one core, where there are several and the system can do that."""
    if hasattr(os, "sched_setaffinity") and core < (os.cpu_count() or 1):
        os.sched_setaffinity(0, {core})


@contextmanager
def served(module: str) -> Iterator[tuple[int, int]]:
    """Serve the `app` of a module; the port, and the process."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.server", module, str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server does not start")


def ask(
    port: int, method: str, target: str, body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    """One request over a connection of its own: status, headers, body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        fields = {"content-type": "application/json"} if body else {}
        connection.request(method, target, body or None, fields)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()
    finally:
        connection.close()


def main() -> None:
    """Serve until terminated; what `served` starts."""
    import uvicorn

    parser = argparse.ArgumentParser(description="serve the app of a module by uvicorn")
    parser.add_argument("module")
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    pin(SERVER_CORE)
    uvicorn.run(
        import_module(given.module).app,
        port=given.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        backlog=4096,
    )


if __name__ == "__main__":
    main()
