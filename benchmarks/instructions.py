"""Instructions a request: a figure that does not depend on what else the machine does.

Each app runs under valgrind (`--tool=cachegrind`), in a process of its own, several times: once
with as many calls as it takes to be warm, and once for each kind of request with COUNT calls more.
The difference, divided by COUNT, is what one call costs. Hashes are fixed, the collector is off.
Of redirflow, the import beside that of msgspec and anyio, and the start-up of an operation with its
types and its part of the document, are counted too.

    python -m benchmarks.instructions [APP ...]   # default: raw redirflow falcon blacksheep fastapi
    python -m benchmarks.instructions --check     # redirflow alone, against the recorded figures

The counts belong to one build of Python and one msgspec; the taxes' ratios carry over better.
"""

import argparse
import asyncio
import gc
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from shutil import which

from benchmarks.apps import ROSTER, ASGIApp
from benchmarks.check import check
from benchmarks.exchange import BODIES, KINDS, SCOPES, Exchange, lifespan
from benchmarks.many import FRAMEWORKS, declared
from benchmarks.plot import bars
from benchmarks.record import COMPILED, facts, keep, load, show
from benchmarks.startup import IMPORTS

STARTED = 200  # operations
APPS = ("raw", "redirflow", "falcon", "blacksheep", "fastapi")
WARM = 3  # turns of a hundred calls: caches are filled, CPython has specialised its code
TURNS = 10
TOLERANCE = 0.02  # of a figure; what differs less may be the layout of memory


# --- under valgrind --------------------------------------------------------------------------


async def drive(name: str, extra: str) -> None:
    """Warm the app up with every kind, then call it for the kind *extra* and for nothing else."""
    app = ROSTER[name].load()
    async with lifespan(app):
        for kind in KINDS:
            await check(app, kind)
            await call(app, kind, WARM)
        if extra in KINDS:
            await call(app, extra, TURNS)


async def call(app: ASGIApp, kind: str, turns: int) -> None:
    exchange = Exchange(BODIES[kind])
    for _ in range(turns):
        for scope in SCOPES[kind]:
            exchange.rewind()
            await app(scope.copy(), exchange.receive, exchange.send)


def start(size: int) -> None:
    """Start an app of *size* operations, its document included."""
    framework = FRAMEWORKS["redirflow"]
    app = declared(compile(framework.source(size), "<declared>", "exec"))

    async def once() -> None:
        async with lifespan(app):
            framework.document(app)

    asyncio.run(once())


# --- outside ---------------------------------------------------------------------------------


def total(name: str, extra: str) -> int:
    """Instructions of one whole process."""
    return counted("-m", "benchmarks.instructions", "--drive", name, extra)


def counted(*arguments: str) -> int:
    """Instructions of a Python process."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    command += [sys.executable, *arguments]
    environment = {**os.environ, **COMPILED, "PYTHONHASHSEED": "0"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"I +refs: +([\d,]+)", run.stderr)
    if run.returncode or found is None:
        raise SystemExit(f"{' '.join(arguments)}: {run.stderr}")
    return int(found[1].replace(",", ""))


def measure(names: list[str]) -> dict[str, dict[str, int]]:
    """Instructions a call, by app and kind."""
    for name in names:  # so that nothing is compiled when it counts
        total(name, "warm")
    runs = [(name, extra) for name in names for extra in ("warm", *KINDS)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        totals = dict(zip(runs, pool.map(lambda run: total(*run), runs), strict=True))
    calls = TURNS * len(SCOPES[KINDS[0]])
    return {
        name: {kind: round((totals[name, kind] - totals[name, "warm"]) / calls) for kind in KINDS}
        for name in names
    }


def starting() -> dict[str, int]:
    """Instructions of the import, and of the start-up of one operation."""
    runs = [("-c", statement) for statement in IMPORTS]
    runs += [("-m", "benchmarks.instructions", "--start", str(n)) for n in (0, STARTED)]
    for arguments in runs:
        counted(*arguments)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        base, ours, none, many = pool.map(lambda arguments: counted(*arguments), runs)
    return {"import": ours - base, "operation": round((many - none) / STARTED)}


def report(results: dict[str, dict[str, int]]) -> None:
    """Print the counts, and redirflow's tax as a part of each peer's."""
    show(["instructions", *KINDS], [[name, *one.values()] for name, one in results.items()])
    if not {"raw", "redirflow"} <= results.keys():
        return
    raw, ours = results["raw"], results["redirflow"]
    rows = [
        [f"tax, of {name}'s", *(round((ours[k] - raw[k]) / (one[k] - raw[k]), 3) for k in KINDS)]
        for name, one in results.items()
        if name not in {"raw", "redirflow"}
    ]
    show(["", *KINDS], rows)


def compare(now: dict[str, int], then: dict[str, int]) -> bool:
    """Whether nothing became dearer than the tolerance allows."""
    rows = [[kind, then[kind], now[kind], f"{now[kind] / then[kind] - 1:+.1%}"] for kind in now]
    show(["", "recorded", "now", "change"], rows)
    return all(now[kind] <= then[kind] * (1 + TOLERANCE) for kind in now)


def main() -> int:
    parser = argparse.ArgumentParser(description="instructions a request, under valgrind")
    parser.add_argument("apps", nargs="*", metavar="APP", help=f"of {', '.join(ROSTER)}")
    parser.add_argument("--check", action="store_true", help="compare with what is recorded")
    parser.add_argument("--drive", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.drive:
        gc.disable()
        asyncio.run(drive(*options.drive))
        return 0
    if options.start is not None:
        start(options.start)
        return 0
    if which("valgrind") is None:
        raise SystemExit("instructions are counted by valgrind, which is not installed")
    if options.check:
        recorded = load("instructions")
        now = measure(["redirflow"])["redirflow"] | starting()
        then = recorded["results"]["redirflow"] | recorded["start"]
        return 0 if compare(now, then) else 1
    results = measure(options.apps or list(APPS))
    report(results)
    beginning = starting()
    show(["redirflow's start", "instructions"], [list(each) for each in beginning.items()])
    by_kind = {kind: {name: one[kind] / 1000 for name, one in results.items()} for kind in KINDS}
    plot = bars("One call, in process", "thousand instructions (less is better)", by_kind)
    keep(
        "instructions",
        {**facts(), "unit": "instructions a call", "results": results, "start": beginning},
        plot,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
