"""Apps that can't start, and one that is stopped in the middle of its work."""

import asyncio
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
async def exiting(app):
    sys.exit("no DATABASE_URL")
    yield


@asynccontextmanager
async def awaiting(app):
    """Who awaits a cancelled task is told so by what cancels; on trio it is as foreign."""
    if "trio" in sys.argv:
        raise asyncio.CancelledError
    task = asyncio.ensure_future(asyncio.sleep(9))
    task.cancel()
    await task
    yield


exited = App(lifespan=[telling("one"), exiting])
abandoned = App(lifespan=[telling("one"), awaiting])


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
