"""Apps that can't start, and one that is stopped in the middle of its work."""

import sys
import time
from contextlib import asynccontextmanager

import anyio

from redirflow import App

faulty = App()


@faulty.get("/{number}")
async def unfit(other: int) -> int:
    """A template that does not fit its signature."""
    return other


@asynccontextmanager
async def refusing(app):
    raise ConnectionError("no database")
    yield


failing = App(lifespan=refusing)


def telling(name):
    @asynccontextmanager
    async def lifespan(app):
        yield
        print(f"hook {name} has run", file=sys.stderr, flush=True)  # noqa: T201 - a test reads it

    return lifespan


@asynccontextmanager
async def breaking(app):
    yield
    raise ConnectionError("no database")


stopping = App(lifespan=[telling("one"), telling("two")])
stumbling = App(lifespan=[telling("one"), breaking, telling("two")])


@stopping.get("/")
async def root() -> str:
    return "root"


@stopping.get("/wait")
async def wait() -> str:
    await anyio.sleep(0.4)
    return "done"


@stopping.get("/wait-sync")
def wait_sync() -> str:
    time.sleep(0.4)
    return "done"
