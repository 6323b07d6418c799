"""The app of the battery with what a soak needs besides: waiting, dripping, and counts."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated

import anyio
from msgspec import Struct
from wired import Item
from wired import app as battery

from redirflow import App, Depends, UploadFile


class Counts(Struct):
    """What is there now: a leak makes one of them grow."""

    tasks: int
    threads: int
    opened: int


OPENED = set()
"""Generators that were begun and have not ended; threads add to it too."""


@asynccontextmanager
async def lifespan(app):
    battery.compile()
    yield
    print("shutdown hook", flush=True)  # noqa: T201 - the soak reads it in the log


app = App(lifespan=lifespan, max_body_size=4 * 1024 * 1024)


@contextmanager
def open_one():
    key = object()
    OPENED.add(key)
    try:
        yield
    finally:
        OPENED.discard(key)


async def session() -> AsyncIterator[str]:
    with open_one():
        yield "session"


def connection() -> Iterator[str]:
    with open_one():
        yield "connection"


@app.get("/counts")
async def counts() -> Counts:
    return Counts(len(asyncio.all_tasks()), threading.active_count(), len(OPENED))


@app.get("/wait", dependencies=[session, connection])
async def wait(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


@app.get("/hang", dependencies=[session, connection], cancel_on_disconnect=True)
async def hang() -> None:
    with open_one():
        await asyncio.sleep(3600)


@app.get("/wait-sync")
def wait_sync(seconds: float, name: Annotated[str, Depends(connection)]) -> float:
    time.sleep(seconds)
    return seconds


@app.get("/drip", dependencies=[session])
async def drip() -> AsyncIterator[Item]:
    with open_one():
        while True:
            yield Item("drop" * 20)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def in_time():
    with open_one():
        async with asyncio.timeout(60), anyio.create_task_group() as group:
            group.start_soon(beside)
            yield
            group.cancel_scope.cancel()


async def beside() -> None:
    with open_one():
        await anyio.sleep_forever()


async def limited() -> AsyncIterator[None]:
    async with in_time():
        yield


@app.get("/grouped", dependencies=[limited])
async def grouped() -> AsyncIterator[Item]:
    """Items of a task beside it, in a dependency with a timeout and one more task."""
    give, take = anyio.create_memory_object_stream[Item]()

    async def produce() -> None:
        async with give:
            with open_one():
                while True:
                    await give.send(Item("drop" * 20))
                    await anyio.sleep(0.01)

    async with take, anyio.create_task_group() as group:
        group.start_soon(produce)
        async for item in take:
            yield item


@app.post("/keep", dependencies=[session])
async def keep(file: UploadFile) -> int:
    return len(await file.read())


app.mount("/b", battery)
