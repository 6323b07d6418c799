"""Requests a second behind uvicorn (uvloop, httptools), server and client on a core each.

All servers run at once, and idle but for the one whose turn it is. The client is `wrk` where it
is installed; else one of our own, which only tells large differences: it is the slower side.

    python -m benchmarks.http --apps raw,redirflow,falcon --connections 32 --seconds 2
"""

import asyncio
import json
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from shutil import which
from time import perf_counter

from benchmarks.apps import ROSTER
from benchmarks.check import cases, meaning
from benchmarks.command import choice, options
from benchmarks.exchange import BODIES, KINDS
from benchmarks.measure import Rounds, in_turn, summary
from benchmarks.plot import bars
from benchmarks.record import facts, keep, show
from benchmarks.report import BASELINE
from benchmarks.server import CLIENT_CORE, ask, pin, served

FLOOR = 0.9  # the budget: this part of raw's throughput

Load = tuple[str, str, bytes]  # method, target, body


def load_of(kind: str) -> Load:
    """The first request of a kind, again and again."""
    scope, _ = next(cases(kind))
    query = scope["query_string"].decode()
    return scope["method"], scope["path"] + ("?" + query if query else ""), BODIES[kind]


def check(port: int, kind: str) -> None:
    """Raise unless the server answers as it should."""
    status, headers, body = ask(port, *load_of(kind))
    _, expected = next(cases(kind))
    if (status, *meaning(headers, body)) != expected:
        raise SystemExit(f"{kind}: expected {expected}, got {status} {body!r}")


# --- clients ---------------------------------------------------------------------------------


def wrk(port: int, load: Load, connections: int, seconds: float) -> float:
    """Requests a second, by wrk."""
    method, target, body = load
    script = f"wrk.method = {json.dumps(method)}\n"
    if body:
        script += f"wrk.body = {json.dumps(body.decode())}\n"
        script += 'wrk.headers["content-type"] = "application/json"\n'
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "load.lua")
        file.write_text(script)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", file]
        said = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{target}"],
            capture_output=True,
            text=True,
            check=True,
            preexec_fn=partial(pin, CLIENT_CORE),
        ).stdout
    found = re.search(r"Requests/sec: +([\d.]+)", said)
    if found is None:
        raise SystemExit(said)
    return float(found[1])


class Connection(asyncio.Protocol):
    """Asks again as soon as it is answered; answers are all of one length."""

    def __init__(self, request: bytes, length: int) -> None:
        self.request, self.length = request, length
        self.received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Count; ask again after a whole answer."""
        self.received += len(data)
        if self.received % self.length == 0:
            self.transport.write(self.request)


def own(port: int, load: Load, connections: int, seconds: float) -> float:
    """Requests a second, by a client of a few lines."""
    method, target, body = load
    head = f"{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
    if body:
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return asyncio.run(_own(port, f"{head}\r\n".encode() + body, connections, seconds))


async def _own(port: int, request: bytes, connections: int, seconds: float) -> float:
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    length = len(await reader.read(1 << 20))
    writer.close()
    start = perf_counter()
    opened = [
        await loop.create_connection(lambda: Connection(request, length), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    elapsed = perf_counter() - start
    for transport, _ in opened:
        transport.abort()
    return sum(one.received for _, one in opened) / length / elapsed


# --- runs ------------------------------------------------------------------------------------


def measure(
    ports: dict[str, int], kind: str, rounds: int, connections: int, seconds: int
) -> Rounds:
    """Requests a second of each app, in turns."""
    client, load = wrk if which("wrk") else own, load_of(kind)
    for port in ports.values():
        check(port, kind)
        client(port, load, connections, 1)  # to be warm
    rates: Rounds = {name: [] for name in ports}
    for name in in_turn(ports, rounds):
        rates[name].append(client(ports[name], load, connections, seconds))
    return rates


def rows(rates: Rounds) -> list[list[object]]:
    """Best, median, spread, and as a part of raw's: by bests, and the median over the rounds."""
    base = summary(rates[BASELINE], most=True).best
    found = []
    for name, rounds in rates.items():
        one = summary(rounds, most=True)
        paired = [ours / theirs for ours, theirs in zip(rounds, rates[BASELINE], strict=True)]
        part, middle = one.best / base, summary(paired).median
        found.append([name, round(one.best), round(one.median), f"{one.spread:.0%}", part, middle])
    return found


def main() -> int:
    given = options(
        "throughput behind uvicorn",
        rounds=(9, 3),
        apps=(choice(ROSTER), ["raw", "redirflow", "falcon", "blacksheep", "starlette", "fastapi"]),
        kinds=(choice(KINDS), list(KINDS)),
        connections=(int, 32),
        seconds=(int, 1),
    )
    names = [BASELINE, *(name for name in given.apps if name != BASELINE)]
    samples: dict[str, Rounds] = {}
    pin(CLIENT_CORE)
    with ExitStack() as running:
        ports = {}
        for name in names:
            module = f"benchmarks.apps.{ROSTER[name].module}"
            try:
                ports[name], _ = running.enter_context(served(module))
            except RuntimeError as error:
                print(f"skipped {name}: {error}")
        for kind in given.kinds:
            samples[kind] = measure(ports, kind, given.rounds, given.connections, given.seconds)
            head = [kind, "best/s", "median/s", "spread", "of raw", "paired"]
            show(head, rows(samples[kind]))
    write(samples)
    return 0


def write(samples: dict[str, Rounds]) -> None:
    results = {
        kind: {
            name: {
                **asdict(summary(rounds, most=True)),
                "of_raw": max(rounds) / max(rates[BASELINE]),
                "rounds": rounds,
            }
            for name, rounds in rates.items()
        }
        for kind, rates in samples.items()
    }
    parts = {k: {name: one["of_raw"] for name, one in each.items()} for k, each in results.items()}
    run = {
        **facts(),
        "client": "wrk" if which("wrk") else "own",
        "unit": "requests a second",
        "floor": FLOOR,
        "results": results,
    }
    keep(
        "http", run, bars("Behind uvicorn", "throughput as a part of raw's (more is better)", parts)
    )


if __name__ == "__main__":
    sys.exit(main())
