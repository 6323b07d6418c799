"""What one call of each app costs, in process: no sockets, no server, one event loop.

The apps take turns (a batch each, a new order every round), so that a busy machine is busy for all
of them. See README.md for how to read the tables.

    python benchmarks/inprocess.py --apps raw,redirflow,falcon --kinds redirect --rounds 15
"""

import argparse
import asyncio
import gc
import json
import random
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter_ns

from apps import ROSTER, ASGIApp
from check import check
from exchange import BODIES, KINDS, SCOPES, Exchange, lifespan, null
from report import BASELINE, document, evaluate, table, verdicts

BATCH_SECONDS = 0.04
RESULTS = Path(__file__).parent / "results" / "inprocess.json"

try:
    import uvloop
except ImportError:
    LOOP, loop_factory = "asyncio", None
else:
    LOOP, loop_factory = "uvloop", uvloop.new_event_loop


async def batch(app: ASGIApp, kind: str, turns: int) -> float:
    """Microseconds per call over `turns` times all requests of this kind."""
    exchange = Exchange(BODIES[kind])
    rewind, receive, send = exchange.rewind, exchange.receive, exchange.send
    scopes = SCOPES[kind]
    gc.collect()
    gc.disable()
    start = perf_counter_ns()
    for _ in range(turns):
        for scope in scopes:
            rewind()
            await app(scope.copy(), receive, send)
    elapsed = perf_counter_ns() - start
    gc.enable()
    return elapsed / 1000 / (turns * len(scopes))


async def turns_for(app: ASGIApp, kind: str) -> int:
    """How many turns fill a batch; warms the app up on the way."""
    calls = len(SCOPES[kind])
    best = min([await batch(app, kind, 1) for _ in range(3)])
    return max(1, round(BATCH_SECONDS * 1e6 / (best * calls)))


async def measure(apps: dict[str, ASGIApp], kind: str, rounds: int) -> dict[str, list[float]]:
    """Run all apps in turn, `rounds` times."""
    turns = {name: await turns_for(app, kind) for name, app in apps.items()}
    times: dict[str, list[float]] = {name: [] for name in apps}
    order = list(apps)
    shuffle = random.Random(kind).shuffle
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            times[name].append(await batch(apps[name], kind, turns[name]))
    return times


async def start(names: list[str], running: AsyncExitStack) -> dict[str, ASGIApp]:
    """Import and start up what is installed; say what is left out, and why."""
    apps = {}
    for name in names:
        try:
            app = ROSTER[name].load()
            await running.enter_async_context(lifespan(app))
        except Exception as error:  # noqa: BLE001 - one app's fault must not end the run
            print(f"skipped {name}: {type(error).__name__}: {error}")
        else:
            apps[name] = app
    return apps


async def right(apps: dict[str, ASGIApp], kind: str) -> dict[str, ASGIApp]:
    """Keep the apps that answer correctly; refuse to time the others."""
    kept = {}
    for name, app in apps.items():
        try:
            await check(app, kind)
        except Exception as error:  # noqa: BLE001 - to raise instead of answering is wrong too
            print(f"not timed, {name}: {type(error).__name__}: {error}")
        else:
            kept[name] = app
    if BASELINE not in kept:
        raise SystemExit(f"without {BASELINE} there is nothing to compare with")
    return kept


async def run(names: list[str], kinds: list[str], rounds: int) -> bool:
    """Measure, print and save; say whether every app that started was right."""
    samples, all_right = {}, True
    async with AsyncExitStack() as running:
        apps = await start(names, running)
        gc.collect()
        gc.freeze()
        for kind in kinds:
            answering = await right(apps, kind)
            all_right = all_right and len(answering) == len(apps)
            samples[kind] = await measure({"null": null, **answering}, kind, rounds)
            show(kind, samples[kind])
        for verdict in verdicts(evaluate(samples)):
            print(verdict)
        save(document(samples, LOOP))
    return all_right


def show(kind: str, times: dict[str, list[float]]) -> None:
    """Print one kind's table as soon as it is there."""
    for line in table(kind, evaluate({kind: times})[kind]):
        print(line)
    print(flush=True)


def save(run: dict) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(run, indent=2) + "\n")


def choice(allowed: tuple[str, ...]) -> Callable[[str], list[str]]:
    """A comma-separated choice among `allowed`, for argparse."""

    def parse(text: str) -> list[str]:
        chosen = text.split(",")
        unknown = [name for name in chosen if name not in allowed]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not in {', '.join(allowed)}")
        return [name for name in allowed if name in chosen]

    return parse


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description="in-process cost of each app")
    for option, allowed in (("--apps", tuple(ROSTER)), ("--kinds", KINDS)):
        parser.add_argument(
            option,
            type=choice(allowed),
            default=list(allowed),
            help=f"some of {','.join(allowed)} (default: all)",
        )
    parser.add_argument("--rounds", type=int, default=15, help="batches of each app (default: 15)")
    options = parser.parse_args()
    names = [BASELINE, *(name for name in options.apps if name != BASELINE)]
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return 0 if runner.run(run(names, options.kinds, options.rounds)) else 1


if __name__ == "__main__":
    sys.exit(main())
