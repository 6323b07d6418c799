"""Taking turns, and summing up.

Whatever is compared runs in turn, a batch each, in a new order every round: a machine that is busy
is then busy for all of them. `best` is what the work costs undisturbed; `median` and `spread` tell
how disturbed it was.
"""

import gc
import random
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import process_time_ns

from benchmarks.apps import ASGIApp
from benchmarks.exchange import Exchange

try:
    import uvloop
except ImportError:
    LOOP, loop_factory = "asyncio", None
else:
    LOOP, loop_factory = "uvloop", uvloop.new_event_loop

BATCH_SECONDS = 0.04

Rounds = dict[str, list[float]]  # by competitor, one figure a round


@dataclass(frozen=True)
class Summary:
    """Some rounds; `spread` is the middle half of them, as a part of the median."""

    best: float
    median: float
    spread: float


def summary(rounds: Sequence[float], *, most: bool = False) -> Summary:
    """Sum up; the best is the least, or the *most* where more is better."""
    median = statistics.median(rounds)
    quarters = (
        statistics.quantiles(rounds, n=4, method="inclusive") if len(rounds) > 1 else [0, 0, 0]
    )
    best = max(rounds) if most else min(rounds)
    return Summary(best, median, (quarters[2] - quarters[0]) / median)


def in_turn(names: Iterable[str], rounds: int) -> Iterator[str]:
    """Each name once a round, in a new order every round."""
    order = sorted(names)
    shuffle = random.Random(rounds).shuffle
    for _ in range(rounds):
        shuffle(order)
        yield from order


@dataclass(frozen=True)
class Work:
    """An app and what it is asked; the requests take turns."""

    app: ASGIApp
    scopes: Sequence[dict]
    body: bytes = b""


async def race(works: Mapping[str, Work], rounds: int) -> Rounds:
    """Microseconds a call, in process."""
    turns = {name: await turns_for(work) for name, work in works.items()}
    times: Rounds = {name: [] for name in works}
    for name in in_turn(works, rounds):
        times[name].append(await batch(works[name], turns[name]))
    return times


async def turns_for(work: Work) -> int:
    """How many turns fill a batch; warms the app up on the way."""
    best = min([await batch(work, 1) for _ in range(3)])
    return max(1, round(BATCH_SECONDS * 1e6 / (best * len(work.scopes))))


async def batch(work: Work, turns: int) -> float:
    """Microseconds of this process a call, over *turns* times all requests.

    The clock stands while others have the core; nothing here waits, so that is what it costs.
    The collector runs before and not within: an app pays for the objects that it makes, not for
    searching those of others.
    """
    exchange = Exchange(work.body)
    rewind, receive, send = exchange.rewind, exchange.receive, exchange.send
    app, scopes = work.app, work.scopes
    gc.collect()
    gc.disable()
    start = process_time_ns()
    for _ in range(turns):
        for scope in scopes:
            rewind()
            await app(scope.copy(), receive, send)
    elapsed = process_time_ns() - start
    gc.enable()
    return elapsed / 1000 / (turns * len(scopes))
