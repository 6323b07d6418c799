"""What an app of many operations costs to start: import, declare, compile, document, memory.

Each figure comes from a fresh process, which then answers one request and is checked for it.

    python -m benchmarks.startup --sizes 10,100,1000,10000
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from itertools import pairwise
from time import perf_counter

from benchmarks.apps import ASGIApp
from benchmarks.command import choice, options
from benchmarks.exchange import Exchange, http_scope, lifespan
from benchmarks.many import FRAMEWORKS, declared
from benchmarks.measure import in_turn, summary
from benchmarks.plot import lines
from benchmarks.record import COMPILED, facts, keep, show

PARTS = ("import", "declare", "compile", "document")
CEILING = 1 / 5  # the budget: this part of FastAPI's, at 1 000 operations
IMPORTS = ("import msgspec, anyio", "import redirflow")
IMPORT_CEILING = 1.4  # the budget: the second of these, of the first; whole processes
BODY = b'{"name":"Lamp","price":12.5,"tags":["home"]}'


# --- inside a process ------------------------------------------------------------------------


async def one(name: str, size: int) -> dict[str, float]:
    """Seconds of each part, and the memory that they took at their highest, in MiB."""
    framework = FRAMEWORKS[name]
    code = compile(framework.source(size), "<declared>", "exec")
    head = compile(framework.head, "<head>", "exec")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = [perf_counter()]
    exec(head, {})  # noqa: S102 - written in many.py
    times.append(perf_counter())
    app = declared(code)
    times.append(perf_counter())
    async with lifespan(app):
        times.append(perf_counter())
        document = framework.document(app)
        times.append(perf_counter())
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await check(app, size, document)
    parts = [end - start for start, end in pairwise(times)]
    found = dict(zip(PARTS, parts, strict=True))
    return {**found, "total": sum(parts[1:]), "MiB": (after - before) / 1024}


async def check(app: ASGIApp, size: int, document: bytes) -> None:
    """Raise unless the last operation answers, and every one is in the document."""
    exchange = Exchange(BODY)
    path = f"/things{size - 1}/7"
    await app(http_scope("PUT", path, b"limit=10", BODY), exchange.receive, exchange.send)
    start, *rest = exchange.messages
    answer = json.loads(b"".join(message.get("body", b"") for message in rest))
    item = {"id": 7, "name": "Lamp", "price": 15.0, "tags": ["home"], "active": True}
    if (start["status"], answer) != (200, item):
        raise SystemExit(f"wrong answer: {start['status']} {answer}")
    described = sum("put" in item for item in json.loads(document)["paths"].values())
    if described != size:
        raise SystemExit(f"{described} of {size} operations are in the document")


# --- outside ---------------------------------------------------------------------------------


def measured(name: str, size: int) -> dict[str, float]:
    """The figures of one fresh process."""
    command = [sys.executable, "-m", "benchmarks.startup", "--inside", f"{name}:{size}"]
    environment = {**os.environ, **COMPILED}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{name}, {size}: {run.stderr}")
    found: dict[str, float] = json.loads(run.stdout)
    return found


def imports(rounds: int) -> dict[str, object]:
    """Seconds of the processor for whole processes that do nothing but import."""
    times: dict[str, list[float]] = {statement: [] for statement in IMPORTS}
    for statement in in_turn(times, 3 * rounds):
        before = spent()
        command = [sys.executable, "-c", statement]
        subprocess.run(command, env={**os.environ, **COMPILED}, check=True)
        times[statement].append(spent() - before)
    found = {statement: summary(each) for statement, each in times.items()}
    base, ours = (found[statement].best for statement in IMPORTS)
    head = ["a process", "seconds", "median", "spread", "ratio"]
    show(
        head,
        [
            [name, one.best, one.median, f"{one.spread:.0%}", one.best / base]
            for name, one in found.items()
        ],
    )
    sides = {name: asdict(one) for name, one in found.items()}
    return {**sides, "ratio": ours / base, "ceiling": IMPORT_CEILING}


def spent() -> float:
    """Seconds of the processor that the processes started from here took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def best(name: str, size: int, runs: list[dict[str, float]]) -> dict[str, float]:
    """The least of each figure, over the rounds."""
    totals = asdict(summary([run["total"] for run in runs]))
    return {key: min(run[key] for run in runs) for key in runs[0]} | {"spread": totals["spread"]}


def main() -> int:
    given = options(
        "start-up of many operations",
        rounds=(5, 2),
        apps=(choice(FRAMEWORKS), list(FRAMEWORKS)),
        sizes=(str, ""),
        inside=(str, ""),
    )
    if given.inside:
        name, _, size = given.inside.partition(":")
        print(json.dumps(asyncio.run(one(name, int(size)))))
        return 0
    listed = given.sizes or ("10,100,1000" if given.short else "10,100,1000,10000")
    sizes = [int(size) for size in listed.split(",")]
    results: dict[str, dict[int, dict[str, float]]] = {name: {} for name in given.apps}
    for size in sizes:
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in given.apps}
        for name in in_turn(given.apps, given.rounds if size <= 1000 else 1):
            runs[name].append(measured(name, size))
        for name in given.apps:
            results[name][size] = best(name, size, runs[name])
        head = [f"{size} operations", *PARTS, "total", "MiB", "spread", "/fastapi"]
        show(head, rows(results, size))
    series = {
        name: [(size, one["total"]) for size, one in each.items()] for name, each in results.items()
    }
    plot = lines("Start-up with the document", "operations", "seconds", series)
    run = {**facts(), "unit": "seconds; MiB", "ceiling": CEILING, "results": results}
    run["imports"] = imports(given.rounds)
    keep("startup", run, plot)
    return 0


def rows(results: dict[str, dict[int, dict[str, float]]], size: int) -> list[list[object]]:
    """Without the import in the total: that is paid once, whatever the size."""
    ruler = results.get("fastapi", {}).get(size)
    return [
        [
            name,
            *(each[size][part] for part in (*PARTS, "total", "MiB")),
            f"{each[size]['spread']:.0%}",
            each[size]["total"] / ruler["total"] if ruler else None,
        ]
        for name, each in results.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
