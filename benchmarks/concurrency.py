"""What many at once cost: sync handlers in threads, long streams, a thousand slow clients.

* sync: microseconds a call of a sync and of an async handler, 1 and 40 at a time, in process.
* stream: microseconds an item of a JSON Lines answer, beside the function written by hand.
* slow: behind uvicorn, 1 000 clients have sent half of a body and wait. How long does another one
  wait for its answer, with and without them, and how much memory do they take?

    python -m benchmarks.concurrency --clients 1000
"""

import asyncio
import json
import resource
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from msgspec import Struct
from msgspec.json import Encoder

from benchmarks.apps import ROSTER, ASGIApp
from benchmarks.check import ask
from benchmarks.command import options
from benchmarks.exchange import REQUEST_BODY, Exchange, http_scope, lifespan
from benchmarks.measure import Rounds, Summary, in_turn, loop_factory, summary
from benchmarks.plot import bars
from benchmarks.record import facts, keep, show
from benchmarks.server import CLIENT_CORE, pin, served
from redirflow import App

ITEMS = 10_000
CALLS = 400
AT_ONCE = 40

app = App()


class Row(Struct):
    """One line of the stream."""

    id: int
    name: str


@app.get("/sync")
def get_sync() -> int:
    return 1


@app.get("/async")
async def get_async() -> int:
    return 1


@app.get("/rows")
async def get_rows() -> AsyncIterator[Row]:
    for number in range(ITEMS):
        yield Row(number, "Lamp")


ENCODE = Encoder().encode


async def by_hand(scope: dict, receive: object, send: object) -> None:
    """The stream as one would write it."""
    headers = [(b"content-type", b"application/jsonl")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
    for number in range(ITEMS):
        line = ENCODE(Row(number, "Lamp")) + b"\n"
        await send({"type": "http.response.body", "body": line, "more_body": True})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]


# --- in process ------------------------------------------------------------------------------


async def calls(path: str, at_once: int) -> float:
    """Microseconds a call, with so many at a time."""

    async def some() -> None:
        for _ in range(CALLS // at_once):
            exchange = Exchange()
            await app(http_scope("GET", path), exchange.receive, exchange.send)

    start = perf_counter()
    await asyncio.gather(*(some() for _ in range(at_once)))
    return (perf_counter() - start) * 1e6 / CALLS


async def stream(streaming: ASGIApp) -> float:
    """Microseconds an item."""
    exchange = Exchange()
    start = perf_counter()
    await streaming(http_scope("GET", "/rows"), exchange.receive, exchange.send)
    return (perf_counter() - start) * 1e6 / ITEMS


async def check() -> None:
    """Raise unless everything answers as it should."""
    expected = b"".join(ENCODE(Row(number, "Lamp")) + b"\n" for number in range(ITEMS))
    for tried, path, answer in (
        (app, "/sync", b"1"),
        (app, "/async", b"1"),
        (app, "/rows", expected),
        (by_hand, "/rows", expected),
    ):
        status, _, body = await ask(tried, http_scope("GET", path), b"")
        if (status, body) != (200, answer):
            raise SystemExit(f"{path}: {status} {body[:80]!r}")


async def in_process(rounds: int) -> dict[str, dict[str, Summary]]:
    works = {
        "async, 1": lambda: calls("/async", 1),
        f"async, {AT_ONCE}": lambda: calls("/async", AT_ONCE),
        "sync, 1": lambda: calls("/sync", 1),
        f"sync, {AT_ONCE}": lambda: calls("/sync", AT_ONCE),
        "redirflow": lambda: stream(app),
        "by hand": lambda: stream(by_hand),
    }
    times: Rounds = {name: [] for name in works}
    async with lifespan(app):
        await check()
        for name in in_turn(works, rounds):
            times[name].append(await works[name]())
    found = {name: summary(one) for name, one in times.items()}
    return {
        "a call of a handler": {name: one for name, one in found.items() if "sync" in name},
        "an item of a stream": {name: found[name] for name in ("redirflow", "by hand")},
    }


# --- slow clients ----------------------------------------------------------------------------

HEAD = (
    b"POST /items HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n" % len(REQUEST_BODY)
)
HALF = len(REQUEST_BODY) // 2


async def slow(name: str, clients: int, asked: int) -> dict[str, float]:
    """Milliseconds of a quick client's answers, alone and beside slow ones; MiB they take."""
    with served(f"benchmarks.apps.{ROSTER[name].module}") as (port, process):
        await waits(port, asked)
        alone, before = await waits(port, asked), memory(process)
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(clients)]
        for _, writer in held:
            writer.write(HEAD + REQUEST_BODY[:HALF])
            await writer.drain()
        await asyncio.sleep(0.2)
        beside, after = await waits(port, asked), memory(process)
        await finished(held)
    return {
        "alone, median": statistics.median(alone),
        "beside, median": statistics.median(beside),
        "beside, worst": max(beside),
        "MiB": after - before,
    }


async def waits(port: int, asked: int) -> list[float]:
    """Milliseconds of each answer, one after the other over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    for _ in range(asked):
        start = perf_counter()
        writer.write(HEAD + REQUEST_BODY)
        await answer(reader)
        times.append((perf_counter() - start) * 1000)
    writer.close()
    return times


async def finished(
    held: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]],
) -> None:
    """Let the slow ones send the rest; each must be answered."""
    for reader, writer in held:
        writer.write(REQUEST_BODY[HALF:])
        await answer(reader)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def answer(reader: asyncio.StreamReader) -> None:
    """Read one answer; it must be the right one."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, rest = head.partition(b"content-length: ")
    body = await reader.readexactly(int(rest.partition(b"\r\n")[0]))
    if not head.startswith(b"http/1.1 201") or json.loads(body)["price"] != 12.5:
        raise SystemExit(f"{head!r} {body!r}")


def memory(process: int) -> float:
    """MiB that a process holds (Linux; elsewhere nothing is known)."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return 0.0
    (line,) = (one for one in status.read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


# --- runs ------------------------------------------------------------------------------------


def main() -> int:
    given = options("many at once", rounds=(9, 3), clients=(int, 0))
    clients = given.clients or (200 if given.short else 1000)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))  # the servers inherit it
    pin(CLIENT_CORE)
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        found = runner.run(in_process(given.rounds))
        for what, each in found.items():
            rows = [[k, one.best, one.median, f"{one.spread:.0%}"] for k, one in each.items()]
            show([what, "best, us", "median", "spread"], rows)
        late = {
            name: runner.run(slow(name, clients, 100 * given.rounds))
            for name in ("raw", "redirflow")
        }
    head = [f"{clients} slow clients, ms", *late["raw"]]
    show(head, [[name, *each.values()] for name, each in late.items()])
    results = {what: {k: asdict(v) for k, v in each.items()} for what, each in found.items()}
    best = {what: {k: one.best for k, one in each.items()} for what, each in found.items()}
    keep(
        "concurrency",
        {**facts(), "unit": "microseconds", "results": results, "clients": clients, "slow": late},
        bars("Many at once", "microseconds (less is better)", best),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
