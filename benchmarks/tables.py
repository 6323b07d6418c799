"""What tables of redirects cost: reading, checking, memory, look-up.

    python -m benchmarks.tables --rows 10000,100000,1000000

Each table is a third rows to an operation, a third to a row before (so they are collapsed), and a
third to another site. Answers are checked before anything is timed. The look-up is a whole request
in process: a row of the table against a static rule of the same app, turn by turn.
"""

import argparse
import gc
import math
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.plot import lines
from benchmarks.record import facts, keep
from redirflow import App, RedirectTable

CEILING = 2.0  # the budget: seconds for a million rows
ROUNDS = 40
CALLS = 2_000

Row = tuple[str, str, int]


def rows(count: int) -> Iterator[Row]:
    """Sources are long enough to be real; every row to a row leads to one just before it."""
    for number in range(count):
        source = f"/archive/{number % 100:02}/article-{number}"
        if number % 3 == 0:
            yield source, f"/articles/{number}", 308
        elif number % 3 == 1:
            yield source, f"/archive/{(number - 1) % 100:02}/article-{number - 1}", 308
        else:
            yield source, f"https://old.example.com/{number}", 301


def expected(number: int) -> tuple[int, bytes]:
    """What row *number* is answered with."""
    if number % 3 == 2:
        return 301, b"https://old.example.com/%d" % number
    return 308, b"/articles/%d" % (number - number % 3)


def write_csv(file: Path, count: int) -> None:
    with file.open("w") as out:
        out.write("source,target,status\n")
        out.writelines(f"{source},{target},{status}\n" for source, target, status in rows(count))


def write_json_lines(file: Path, count: int) -> None:
    with file.open("w") as out:
        for source, target, status in rows(count):
            out.write(f'{{"source":"{source}","target":"{target}","status":{status}}}\n')


def write_redirects(file: Path, count: int) -> None:
    with file.open("w") as out:
        out.writelines(f"{source} {target} {status}\n" for source, target, status in rows(count))


FILES: dict[str, tuple[str, Callable[[Path, int], None]]] = {
    "csv": ("moved.csv", write_csv),
    "jsonl": ("moved.jsonl", write_json_lines),
    "_redirects": ("_redirects", write_redirects),
}


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """The result of *work*, and the seconds that it took."""
    gc.collect()
    start = perf_counter()
    result = work()
    return result, perf_counter() - start


def app_with(table: RedirectTable | None) -> App:
    """An app with an operation that rows lead to, and a static rule."""
    app = App(openapi_url=None, docs_url=None)

    @app.get("/articles/{number}")
    async def article(number: int) -> int:
        return number

    app.redirect("/static/one", to="/articles/1")
    if table is not None:
        app.redirect_table(table)
    return app


def request(app: App, path: str) -> tuple[int, bytes]:
    """Status and `Location` of one request."""
    sent: list[Any] = []
    call = app(scope(path), receive, sender(sent))
    try:
        call.send(None)
    except StopIteration:
        return sent[0]["status"], dict(sent[0]["headers"])[b"location"]
    raise AssertionError("a redirect waits for nothing")


def scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
    }


async def receive() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


def sender(sent: list[Any]) -> Callable[[Any], Any]:
    async def send(message: Any) -> None:
        sent.append(message)

    return send


def check_answers(app: App, count: int) -> None:
    """Every kind of row, at both ends and in the middle."""
    middle = count // 2
    for number in (0, 1, 2, middle, middle + 1, middle + 2, count - 3, count - 2, count - 1):
        source = f"/archive/{number % 100:02}/article-{number}"
        assert request(app, source) == expected(number), source


def memory(table: RedirectTable) -> tuple[float, float]:
    """Bytes a row in all, and but for the text of source and target."""
    size = sys.getsizeof(table.rows) + sys.getsizeof(table.numbers)
    size += sum(map(sys.getsizeof, table.rows)) + sum(map(sys.getsizeof, table.rows.values()))
    text = sum(map(len, table.rows)) + sum(map(len, table.rows.values()))
    return size / len(table), (size - text) / len(table)


def look_up(app: App, count: int) -> tuple[float, float, float, float]:
    """Microseconds of a static rule and of a row; median and spread of their ratio."""
    request(app, "/static/one")
    paths = [f"/archive/{number % 100:02}/article-{number}" for number in range(0, count, 3)]
    step = max(1, len(paths) // CALLS)
    spots = (paths[::step] * CALLS)[:CALLS]
    statics = ["/static/one"] * CALLS
    ratios: list[float] = []
    bases: list[float] = []
    lookups: list[float] = []
    for _ in range(ROUNDS):
        base, row = batch(app, statics), batch(app, spots)
        ratios.append(row / base)
        bases.append(base)
        lookups.append(row)
    low, _, high = statistics.quantiles(ratios, n=4)
    return min(bases), min(lookups), statistics.median(ratios), high - low


def batch(app: App, paths: list[str]) -> float:
    """Microseconds a request. What servers do before is no part of it."""
    asked = [scope(path) for path in paths]
    send = sender([])
    start = perf_counter()
    for each in asked:
        with suppress(StopIteration):
            app(each, receive, send).send(None)
    return (perf_counter() - start) / len(asked) * 1e6


def measured(count: int) -> dict[str, Any]:
    """All figures of a table of *count* rows."""
    load: dict[str, float] = {}
    pairs = [*rows(count)]
    table, load["pairs"] = timed(lambda: RedirectTable.from_pairs(pairs))
    with tempfile.TemporaryDirectory() as folder:
        for name, (file, write) in FILES.items():
            path = Path(folder) / file
            write(path, count)
            loaded, load[name] = timed(partial(RedirectTable.load, path))
            assert loaded.rows == table.rows, name
            del loaded
    _, alone = timed(app_with(None).compile)
    app = app_with(table)
    _, compiled = timed(app.compile)
    check_answers(app, count)
    total, beyond = memory(table)
    static, row, ratio, spread = look_up(app, count)
    return {
        "rows": count,
        "load_seconds": {name: round(seconds, 3) for name, seconds in load.items()},
        "check_seconds": round(compiled - alone, 3),
        "bytes_per_row": round(total, 1),
        "bytes_per_row_beyond_text": round(beyond, 1),
        "static_us": round(static, 3),
        "row_us": round(row, 3),
        "ratio": round(ratio, 3),
        "ratio_spread": round(spread, 3),
    }


def growth(figures: list[dict[str, Any]]) -> dict[str, float]:
    """The exponents of load and check: 1 is linear."""
    if len(figures) < 2:
        return {}
    first, last = figures[0], figures[-1]
    scale = math.log(last["rows"] / first["rows"])

    def exponent(small: float, large: float) -> float:
        return round(math.log(large / max(small, 1e-3)) / scale, 2)

    loads = {
        f"load {name}": exponent(first["load_seconds"][name], last["load_seconds"][name])
        for name in first["load_seconds"]
    }
    return {**loads, "check": exponent(first["check_seconds"], last["check_seconds"])}


def show(figures: list[dict[str, Any]], exponents: dict[str, float]) -> None:
    """The table for people."""
    names = [*figures[0]["load_seconds"]]
    print(f"{'rows':>9}", *(f"{name:>10}" for name in names), f"{'check':>8} {'B/row':>7}", end="")
    print(f" {'beyond':>7} {'static us':>9} {'row us':>7} {'ratio':>6} {'spread':>6}")
    for each in figures:
        loads = (f"{each['load_seconds'][name]:>8.2f} s" for name in names)
        print(f"{each['rows']:>9,}", *loads, f"{each['check_seconds']:>6.2f} s", end="")
        print(f" {each['bytes_per_row']:>7.0f} {each['bytes_per_row_beyond_text']:>7.0f}", end="")
        print(f" {each['static_us']:>9.2f} {each['row_us']:>7.2f}", end="")
        print(f" {each['ratio']:>6.2f} {each['ratio_spread']:>6.2f}")
    told = ", ".join(f"{name} {value}" for name, value in exponents.items())
    print(f"growth, as an exponent of the number of rows: {told or 'needs two sizes'}")


def main() -> None:
    parser = argparse.ArgumentParser(description="what tables of redirects cost")
    parser.add_argument("--rows", default="10000,100000,1000000", help="default: %(default)s")
    args = parser.parse_args()
    figures = [measured(int(count)) for count in args.rows.split(",")]
    exponents = growth(figures)
    show(figures, exponents)
    run = {**facts(), "ceiling": CEILING, "figures": figures, "growth": exponents}
    keep("tables", run, plot(figures))


def plot(figures: list[dict[str, Any]]) -> str:
    """Seconds of reading and of checking, by rows."""
    series = {
        f"load {name}": [(each["rows"], each["load_seconds"][name]) for each in figures]
        for name in figures[0]["load_seconds"]
    }
    series["check"] = [(each["rows"], max(each["check_seconds"], 1e-3)) for each in figures]
    return lines("A table of redirects", "rows", "seconds", series)


if __name__ == "__main__":
    main()
