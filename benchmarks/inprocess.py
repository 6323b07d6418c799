"""What one call of each app costs, in process: no sockets, no server, one event loop.

python -m benchmarks.inprocess --apps raw,redirflow,falcon --kinds redirect --rounds 15
"""

import asyncio
import gc
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict

from benchmarks.apps import ROSTER, ASGIApp
from benchmarks.check import check
from benchmarks.command import choice, options
from benchmarks.exchange import BODIES, KINDS, SCOPES, lifespan, null
from benchmarks.measure import LOOP, Work, loop_factory, race
from benchmarks.plot import bars
from benchmarks.record import facts, keep, show
from benchmarks.report import BASELINE, Samples, evaluate, table, verdicts


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
    """Measure, print and keep; say whether every app that started was right."""
    samples: Samples = {}
    all_right = True
    async with AsyncExitStack() as running:
        apps = await start(names, running)
        gc.collect()
        gc.freeze()
        for kind in kinds:
            answering = await right(apps, kind)
            all_right = all_right and len(answering) == len(apps)
            works = {
                name: Work(app, SCOPES[kind], BODIES[kind])
                for name, app in {"null": null, **answering}.items()
            }
            samples[kind] = await race(works, rounds)
            show(*table(kind, evaluate(samples)[kind]))
    for verdict in verdicts(evaluate(samples)):
        print(verdict)
    write(samples)
    return all_right


def write(samples: Samples) -> None:
    evaluated = evaluate(samples)
    results = {
        kind: {name: asdict(one) | {"rounds": samples[kind][name]} for name, one in each.items()}
        for kind, each in evaluated.items()
    }
    budgets = [asdict(one) | {"met": one.met} for one in verdicts(evaluated)]
    run = {**facts(), "loop": LOOP, "unit": "microseconds a call", "results": results}
    best = {
        kind: {name: one.best for name, one in each.items() if name in ROSTER}
        for kind, each in evaluated.items()
    }
    plot = bars("One call, in process", "microseconds (less is better)", best)
    keep("inprocess", run | {"budgets": budgets}, plot)


def main() -> int:
    """Parse the command line and run."""
    given = options(
        "in-process cost of each app",
        rounds=(15, 7),
        apps=(choice(ROSTER), list(ROSTER)),
        kinds=(choice(KINDS), list(KINDS)),
    )
    names = [BASELINE, *(name for name in given.apps if name != BASELINE)]
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return 0 if runner.run(run(names, given.kinds, given.rounds)) else 1


if __name__ == "__main__":
    sys.exit(main())
