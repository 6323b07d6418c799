"""What bodies of 100 bytes to 10 MB cost, in and out, beside msgspec alone.

* out: a handler returns a list of Structs, and the encoded answer is validated; beside encoding it.
* in: a body is decoded and validated; beside decoding it.

The second column of figures is redirflow's time as a multiple of msgspec's, the third the memory
that one call takes at its highest, as a multiple of the body.

    python -m benchmarks.payload --sizes 100,10000,10000000
"""

import asyncio
import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict
from time import process_time_ns

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from benchmarks.check import ask
from benchmarks.command import options
from benchmarks.exchange import http_scope, lifespan
from benchmarks.measure import BATCH_SECONDS, Rounds, Work, batch, in_turn, loop_factory, summary
from benchmarks.plot import lines
from benchmarks.record import facts, keep, show
from redirflow import App

CEILING = 2.5  # the budget: a large answer, of bare encoding
LARGEST = 64 * 1024 * 1024


class Item(Struct):
    """What bodies are lists of; 60 bytes or so."""

    id: int
    name: str
    price: float
    tags: list[str]
    active: bool


ENCODE = Encoder().encode
DECODE = Decoder(list[Item]).decode


def items(size: int) -> list[Item]:
    """As many as make *size* bytes."""
    one = Item(1, "Lamp", 12.5, ["home", "light"], True)
    return [
        Item(n, "Lamp", 12.5, ["home", "light"], True) for n in range(size // len(ENCODE([one])))
    ]


def app_of(data: list[Item]) -> App:
    """Sends *data*, and counts what it is sent."""
    app = App(max_body_size=LARGEST)

    @app.get("/items")
    async def get_items() -> list[Item]:
        return data

    @app.put("/items")
    async def put_items(items: list[Item]) -> int:
        return len(items)

    return app


def bare(call: Callable[[], object], turns: int) -> float:
    """Microseconds of one call of msgspec's, measured as `batch` does."""
    gc.collect()
    gc.disable()
    start = process_time_ns()
    for _ in range(turns):
        call()
    elapsed = process_time_ns() - start
    gc.enable()
    return elapsed / 1000 / turns


async def measure(size: int, rounds: int) -> tuple[Rounds, dict[str, float]]:
    """Microseconds a call, by side; and the memory of one."""
    data = items(size)
    body = ENCODE(data)
    app = app_of(data)
    out, into = http_scope("GET", "/items"), http_scope("PUT", "/items", b"", body)
    async with lifespan(app):
        for scope, sent, answer in ((out, b"", body), (into, body, b"%d" % len(data))):
            status, _, said = await ask(app, scope, sent)
            if status != 200 or json.loads(said) != json.loads(answer):
                raise SystemExit(f"{size} bytes: wrong answer, {status} {said[:80]!r}")
        works = {"out": Work(app, [out]), "in": Work(app, [into], body)}
        calls = {"encode": lambda: ENCODE(data), "decode": lambda: DECODE(body)}
        turns = max(1, round(BATCH_SECONDS * 1e6 / (3 * bare(calls["decode"], 3))))
        times: Rounds = {name: [] for name in (*works, *calls)}
        for name in in_turn(times, rounds):
            taken = await batch(works[name], turns) if name in works else bare(calls[name], turns)
            times[name].append(taken)
        peaks = {name: await peak(work) / len(body) for name, work in works.items()}
    return times, peaks


async def peak(work: Work) -> int:
    """Bytes that one call takes at its highest."""
    tracemalloc.start()
    await batch(work, 1)
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest


async def run(sizes: list[int], rounds: int) -> dict[int, dict[str, object]]:
    results: dict[int, dict[str, object]] = {}
    for size in sizes:
        times, peaks = await measure(size, rounds)
        one = {name: summary(rounds) for name, rounds in times.items()}
        shares = {
            "out": one["out"].best / one["encode"].best,
            "in": one["in"].best / one["decode"].best,
        }
        results[size] = {"times": {k: asdict(v) for k, v in one.items()}} | {
            "of_msgspec": shares,
            "memory": peaks,
        }
        head = [f"{size} bytes", "us", "of msgspec", "memory", "spread"]
        show(
            head,
            [
                [side, one[side].best, shares[side], peaks[side], f"{one[side].spread:.0%}"]
                for side in ("out", "in")
            ],
        )
    return results


def main() -> int:
    given = options("bodies of all sizes", rounds=(9, 3), sizes=(str, ""))
    listed = given.sizes or (
        "100,10000,1000000" if given.short else "100,1000,10000,100000,1000000,10000000"
    )
    sizes = [int(size) for size in listed.split(",")]
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        results = runner.run(run(sizes, given.rounds))
    series = {
        f"{side}": [(size, one["of_msgspec"][side]) for size, one in results.items()]  # type: ignore[index]
        for side in ("out", "in")
    }
    plot = lines("A body, beside msgspec alone", "bytes", "times msgspec's time", series)
    keep(
        "payload", {**facts(), "unit": "microseconds", "ceiling": CEILING, "results": results}, plot
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
