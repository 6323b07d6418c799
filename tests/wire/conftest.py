"""The servers that the battery goes to: two in the suite, all of them by `WIRE=all`."""

import signal

import pytest
from servers import CHOSEN, Server, missing


@pytest.fixture(scope="session", params=CHOSEN)
def server(request, tmp_path_factory):
    """A server that serves `wired.py` until the session ends."""
    lacking = missing(request.param)
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)}")
    server = Server(request.param, tmp_path_factory.mktemp("wire") / "log.txt")
    try:
        server.wait()
        yield server
        alive = server.process.poll() is None
    finally:
        code = server.stop()
    assert alive, "the server has died"
    assert code in {0, -signal.SIGTERM}  # uvicorn gives the signal on when it is done
    log = server.log.read_text()
    assert "redirflow: " not in log, "the app has told of a failure"
    assert "Exception in ASGI application" not in log, "the app has failed"
