"""Hold a real server under load, abuse and signals, and say whether anything is left over.

    python tests/soak/soak.py [--seconds 1800] [--connections 100] [--server uvicorn-httptools]
    python tests/soak/soak.py --leaves 10000 [--server uvicorn-httptools]

Good connections ask for what they know the answer of. Abusers send the battery, leave in the
middle of bodies, streams and waits, or reset. Every second the memory of the server is read.
In the end everything must be back where it was; then servers are stopped in the middle of work.
`--leaves` has nothing but clients that leave, so many in each place where it hurts, and in each
way; after each kind nothing may be left over, of the memory neither.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import struct
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "wire")]

import battery  # noqa: E402 - the folder beside
import servers  # noqa: E402 - the same

BATCH = 500
CLIENTS = 50
PATIENCE = 10
THREADS = 40
IN_FLIGHT = 30
"""Generators of ten async requests, each with two, and ten sync ones, each with one."""
BIG = battery.part(b"file", b"x" * 1_500_000, filename=b"f") + battery.END
GOOD = [
    (battery.request(b"/b/items/7"), 200),
    (battery.request(b"/b/search?q=a&limit=5&tags=x"), 200),
    (battery.request(b"/b/items", battery.JSON, method=b"POST", body=battery.ITEM), 201),
    (battery.request(b"/b/items", battery.JSON, method=b"POST", body=b"{"), 400),
    (battery.request(b"/b/items/x"), 422),
    (battery.request(b"/b/old/x"), 308),
    (battery.request(b"/b/nix"), 404),
    (battery.request(b"/b/sync/7"), 200),
    (battery.request(b"/b/lines"), 200),
    (battery.request(b"/b/v0/items/7"), 200),
    (battery.request(b"/b/grouped"), 200),
    (battery.request(b"/b/late"), 504),
    (battery.request(b"/b/late/group"), 409),
    (battery.request(b"/wait?seconds=0.01"), 200),
    (battery.request(b"/keep", battery.MULTIPART, method=b"POST", body=BIG), 201),
]
LEAVING = [
    battery.request(b"/drip"),
    battery.request(b"/grouped"),
    battery.request(b"/wait?seconds=0.5"),
    battery.request(b"/hang"),
    battery.request(b"/wait-sync?seconds=0.05"),
    battery.request(b"/b/items", battery.JSON, b"Content-Length: 99", method=b"POST", body=b"{"),
    battery.request(b"/b/echo", b"Content-Length: 99", method=b"POST", body=b"{"),
    battery.request(
        b"/keep",
        battery.MULTIPART,
        b"Content-Length: 2000000",
        method=b"POST",
        body=BIG[:1_200_000],
    ),
]
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time; a close is a reset then."""


class Soak:
    """One server under load, and what was seen."""

    def __init__(self, port, pid):
        self.port = port
        self.pid = pid
        self.seen = Counter()
        self.wrong = Counter()
        self.slowest = 0.0

    async def good(self, until):
        """One connection that asks what it knows the answer of."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while time.monotonic() < until:
            data, expected = random.choices(GOOD, [9] * (len(GOOD) - 1) + [1])[0]
            begun = time.monotonic()
            writer.write(data)
            async with asyncio.timeout(PATIENCE):
                status = await answered(reader)
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self.seen["good"] += 1
            if status != expected:
                self.wrong[f"{status} for {data[:40]!r}"] += 1
        writer.close()

    async def bad(self, until):
        """Connections that send the battery; any answer will do, but a 500."""
        while time.monotonic() < until:
            data = random.choice(battery.CASES).data.replace(b" /", b" /b/", 1)
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(data)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        head = await reader.read(16)
                        if head[9:12] == b"500":
                            self.wrong[f"500 for {data[:60]!r}"] += 1
                writer.close()
            self.seen["bad"] += 1

    async def leaving(self, until):
        """Connections that leave where it hurts."""
        while time.monotonic() < until:
            with suppress(OSError):
                await self.leave(random.choice(LEAVING), random.random() < 0.5)

    async def leave(self, data, reset):
        """Leave at once or a little later, by a reset or a close."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        if reset:
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.write(data)
        await asyncio.sleep(random.choice([0, 0.001, 0.02]))
        writer.close()
        self.seen["left"] += 1

    async def leave_often(self, data, count):
        """Leave *count* times, some at once."""

        async def some(number):
            for index in range(number):
                with suppress(OSError):
                    await self.leave(data, index % 2)

        await asyncio.gather(*(some(count // CLIENTS) for _ in range(CLIENTS)))

    async def counts(self):
        """The counts of the app, and what /proc knows of its process."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(battery.request(b"/counts", b"Connection: close"))
        found = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
        writer.close()
        return {**found, "descriptors": len(os.listdir(f"/proc/{self.pid}/fd"))}

    def memory(self):
        """The resident memory in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def answered(reader):
    """The status of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = head.lower()
    if b"content-length: " in fields:
        await reader.readexactly(int(fields.partition(b"content-length: ")[2].split(b"\r")[0]))
    elif b"chunked" in fields:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(head[9:12])


async def load(soak, seconds, connections):
    """Load it for a while; gives the memory of every second as `(second, MiB)`."""
    begun = time.monotonic()
    until = begun + seconds
    kinds = [soak.good] * connections + [soak.bad] * 4 + [soak.leaving] * 8
    samples = []
    async with asyncio.TaskGroup() as group:
        for kind in kinds:
            group.create_task(kind(until))
        while time.monotonic() < until:
            samples.append((time.monotonic() - begun, soak.memory()))
            await asyncio.sleep(1)
    return samples


async def settled(soak, before):
    """The counts when they are what they were, or after all patience."""
    for _ in range(PATIENCE * 10):
        await asyncio.sleep(0.1)
        after = await soak.counts()
        if fits(after, before):
            break
    return after


def fits(after, before):
    """Whether nothing is left over; idle worker threads are kept, at most 40."""
    return all(
        after[name] <= before[name] + (THREADS if name == "threads" else 0) for name in before
    )


async def stopped(name, log):
    """Stop a server with requests in flight; what was wrong with that."""
    server = servers.Server(name, log, "watched:app")
    server.wait()
    targets = [b"/wait?seconds=1"] * 10 + [b"/wait-sync?seconds=1"] * 10
    pairs = [await asyncio.open_connection("127.0.0.1", server.port) for _ in targets]
    for (_, writer), target in zip(pairs, targets, strict=True):
        writer.write(battery.request(target))
    soak = Soak(server.port, server.process.pid)
    async with asyncio.timeout(PATIENCE):
        while (await soak.counts())["opened"] < IN_FLIGHT:  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.02)
    server.process.terminate()
    begun = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        answers = [await answered(reader) for reader, _ in pairs]
    for _, writer in pairs:
        writer.close()
    code = await asyncio.to_thread(server.process.wait, PATIENCE)
    wrong = [] if set(answers) == {200} else [f"answers {Counter(answers)}"]
    wrong += [] if code in {0, -15} else [f"exit code {code}"]
    wrong += [] if time.monotonic() - begun < 6 else ["slow to end"]
    wrong += [] if log.read_text().count("shutdown hook") == 1 else ["the shutdown hook"]
    return wrong


def slope(samples):
    """MiB a minute, over the last four fifths."""
    kept = samples[len(samples) // 5 :]
    return statistics.linear_regression(*zip(*kept, strict=True)).slope * 60


async def run(options):
    """Everything; gives whether all of it held."""
    folder = Path(tempfile.mkdtemp(prefix="soak"))
    # With an arena for each thread, memory grows for an hour before it is flat.
    os.environ["MALLOC_ARENA_MAX"] = "1"
    server = servers.Server(options.server, folder / "log.txt", "watched:app")
    try:
        server.wait()
        soak = Soak(server.port, server.process.pid)
        idle = await soak.counts()
        # Long enough that pools and caches are as full as they get.
        await load(soak, max(10, options.seconds / 20), options.connections)
        before, started = await settled(soak, idle), soak.memory()
        soak.slowest = 0.0
        samples = await load(soak, options.seconds, options.connections)
        after = await settled(soak, before)
        ended = soak.memory()
    finally:
        server.stop()
    log = server.log.read_text()
    verdicts = {
        "answers": (not soak.wrong, f"{dict(soak.seen)}, wrong: {dict(soak.wrong)}"),
        "slowest good answer": (soak.slowest < PATIENCE, f"{soak.slowest:.2f} s"),
        "memory": (
            ended - started <= 5,
            f"{started:.1f} MiB, then {ended:.1f}; {slope(samples):+.2f} MiB a minute",
        ),
        "left over": (
            fits(after, before),
            f"{before}, then {after}",
        ),
        "log": ("Traceback" not in log, f"{len(log.splitlines())} lines, {folder}"),
    }
    for name, (held, text) in verdicts.items():
        say(name, held, text)
    storms = [
        await stopped(options.server, folder / f"storm{number}.txt")
        for number in range(max(3, options.seconds // 60))
    ]
    stops = f"{len(storms)} times with 20 requests in flight: {storms}"
    return say("stops", not any(storms), stops) and all(held for held, _ in verdicts.values())


async def left(soak, data, idle, batches):
    """The counts after clients have left, so many that what waits stays within bounds."""
    after = idle
    for _ in range(batches):
        await soak.leave_often(data, BATCH)
        after = await settled(soak, idle)
        if not fits(after, idle):
            break
    return after


async def leaves(options):
    """Clients that leave, and nothing else; gives whether nothing is left over."""
    log = Path(tempfile.mkdtemp(prefix="leaves")) / "log.txt"
    os.environ["MALLOC_ARENA_MAX"] = "1"
    server = servers.Server(options.server, log, "watched:app")
    held = True
    try:
        server.wait()
        soak = Soak(server.port, server.process.pid)
        idle = await soak.counts()
        for data in LEAVING[:-1]:  # pools and caches fill up
            await left(soak, data, idle, 2)
        for data in LEAVING:
            # Until as many as can be were there at once, memory grows; a leak goes on.
            batches = options.leaves // BATCH
            await left(soak, data, idle, batches // 2)
            started = soak.memory()
            after = await left(soak, data, idle, batches)
            grown = soak.memory() - started
            # The allocator keeps room for all uploads that there were at once.
            room = 1 + CLIENTS * len(data) / 2**20
            name = data.split(b" ", 2)[1].decode()
            text = f"{options.leaves} have left: {after}, {started:.1f} MiB, {grown:+.1f}"
            held = say(name, fits(after, idle) and grown <= room, text) and held
    finally:
        server.stop()
    errors = log.read_text().count("Traceback")
    return say("log", not errors, f"{errors} tracebacks in {log}") and held


def say(name, held, text):
    """Print a verdict; gives it."""
    print(f"{'ok  ' if held else 'FAIL'} {name}: {text}", flush=True)  # noqa: T201 - its verdict
    return held


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument(
        "--leaves", type=int, help="only clients that leave, so often in each place"
    )
    parser.add_argument("--server", choices=servers.COMMANDS, default="uvicorn-httptools")
    options = parser.parse_args()
    sys.exit(not asyncio.run((leaves if options.leaves else run)(options)))
