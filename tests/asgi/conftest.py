"""A server that does exactly what a test says, message by message."""

import importlib.util
from pathlib import Path

import anyio
import pytest

_SHARED = Path(__file__).parents[1] / "serve" / "conftest.py"
_spec = importlib.util.spec_from_file_location("calls", _SHARED)
calls = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(calls)

logged = calls.logged


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session")
def serve_once():
    """Serves one scope, and gives what was answered."""

    async def serve_once(app, scope, *parts):
        peer = calls.Peer(*(parts or (b"",)))
        await app(scope, peer.receive, peer.send)
        return calls.answer_of(peer.sent, scope["method"])

    return serve_once


@pytest.fixture(scope="session")
def serve_apart(serve_once):
    """Serves one scope in a task of its own, as servers do."""

    async def serve_apart(app, scope, *parts):
        answers = []

        async def serve():
            answers.append(await serve_once(app, scope, *parts))

        async with anyio.create_task_group() as group:
            group.start_soon(serve)
        return answers[0]

    return serve_apart


@pytest.fixture(scope="session")
def asgi():
    """The pieces themselves."""

    class Pieces:
        scope = staticmethod(calls.scope_of)
        answer = staticmethod(calls.answer_of)
        Peer = calls.Peer

    return Pieces
