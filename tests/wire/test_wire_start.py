"""Servers are not left half started, and not stopped in the middle of an answer."""

import re
import signal
import socket

import pytest
from battery import request
from peer import Peer
from servers import CHOSEN, PATIENCE, SUITE, Server, missing

# A process each: in the suite one server stands for the other.
STARTED = CHOSEN[:1] if CHOSEN == SUITE else CHOSEN
HOOKS = re.compile(r"hook (\w+) has run")


@pytest.fixture(params=STARTED)
def start(request, tmp_path):
    """`start("module:app")` starts a server, and gives it."""
    lacking = missing(request.param)
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)}")
    started = []

    def start(app):
        started.append(Server(request.param, tmp_path / "log.txt", app))
        return started[-1]

    yield start
    for server in started:
        server.process.kill()
        server.process.wait()


@pytest.mark.parametrize(
    ("app", "told", "hooks"),
    [
        ("faulty", "starting.py:", []),
        ("failing", "no database", []),
        ("exited", "SystemExit: no DATABASE_URL", ["one"]),
        ("abandoned", "a task was awaited that had been cancelled", ["one"]),
    ],
)
def test_a_start_that_fails(start, app, told, hooks):
    """The process ends; nothing is served by an app that is not ready."""
    server = start(f"starting:{app}")

    code = server.process.wait(PATIENCE)

    assert code or server.name.startswith("hypercorn")  # which ends with 0 whatever it was
    log = server.log.read_text()
    assert told in log
    assert HOOKS.findall(log) == hooks
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
        pass


def test_a_stop_in_the_middle(start):
    """What is in flight is answered, the hooks of the lifespan run, and the process ends."""
    server = start("starting:stopping")
    server.wait()
    targets = [b"/wait"] * 10 + [b"/wait-sync"] * 10
    peers = [Peer(server.port) for _ in targets]
    for peer, target in zip(peers, targets, strict=True):
        peer.socket.settimeout(PATIENCE)
        peer.send(request(target))
    with Peer(server.port) as probe:  # taken, and answered, after all of them were read
        probe.send(request(b"/"))
        assert probe.answer(b"GET").status == 200

    server.process.send_signal(signal.SIGTERM)
    answers = [peer.answer(b"GET").status for peer in peers]
    for peer in peers:
        peer.socket.close()

    assert answers == [200] * len(targets)
    assert server.process.wait(PATIENCE) in {0, -signal.SIGTERM}
    assert HOOKS.findall(server.log.read_text()) == ["two", "one"]


def test_a_hook_that_fails(start):
    """The others run all the same, and the server says what was wrong."""
    server = start("starting:stumbling")
    server.wait()

    server.process.send_signal(signal.SIGTERM)
    server.process.wait(PATIENCE)
    log = server.log.read_text()

    assert HOOKS.findall(log) == ["two", "one"]
    assert "no database" in log
