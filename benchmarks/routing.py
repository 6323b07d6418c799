"""What finding the route costs among 10 to 10 000 of them, in process.

Each app has as many routes of one shape as asked for; the requests go to a hundred of them, spread
over all, or to paths that are not there.

    python -m benchmarks.routing --apps redirflow,falcon --sizes 10,10000
"""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from typing import Any

from benchmarks.apps import ASGIApp
from benchmarks.check import ask
from benchmarks.command import choice, options
from benchmarks.exchange import http_scope, lifespan
from benchmarks.measure import Rounds, Work, loop_factory, race, summary
from benchmarks.plot import lines
from benchmarks.record import facts, keep, show

CEILING = 1.2  # the budget: 10 000 routes against 10, of redirflow

# The shape of a route; `{id}` is a parameter.
SHAPES = {
    "static": "/things{i}/all",
    "last parameter": "/things{i}/{id}",
    "mid-path parameter": "/things{i}/{id}/parts",
}
WANTED = 100
ID = 7

Serve = Callable[[list[str], bool], ASGIApp]  # templates; whether they have the parameter


def redirflow(templates: list[str], has_id: bool) -> ASGIApp:
    from redirflow import App

    async def static() -> int:
        return ID

    async def dynamic(id: int) -> int:
        return id

    app = App()
    for number, template in enumerate(templates):
        app.get(template, name=f"get{number}")(dynamic if has_id else static)
    return app


def falcon(templates: list[str], has_id: bool) -> ASGIApp:
    import falcon.asgi

    class Static:
        async def on_get(self, req: Any, resp: Any) -> None:
            resp.data = b"%d" % ID

    class Dynamic:
        async def on_get(self, req: Any, resp: Any, id: int) -> None:
            resp.data = b"%d" % id

    app: Any = falcon.asgi.App()
    for template in templates:
        app.add_route(template.replace("{id}", "{id:int}"), Dynamic() if has_id else Static())
    return app


def blacksheep(templates: list[str], has_id: bool) -> ASGIApp:
    from blacksheep import Application, Response, Router, text

    app: Any = Application(router=Router())
    for template in templates:
        # A handler of its own for each: it is changed when it is registered.
        async def static() -> Response:
            return text(str(ID))

        async def dynamic(id: int) -> Response:
            return text(str(id))

        app.router.add_get(template, dynamic if has_id else static)
    return app


def starlette(templates: list[str], has_id: bool) -> ASGIApp:
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    async def get(request: Any) -> Response:
        return Response(str(request.path_params.get("id", ID)))

    return Starlette(routes=[Route(one.replace("{id}", "{id:int}"), get) for one in templates])


APPS: dict[str, Serve] = {
    "redirflow": redirflow,
    "falcon": falcon,
    "blacksheep": blacksheep,
    "starlette": starlette,
}


def paths(shape: str, size: int) -> list[str]:
    """A hundred of the routes, or as many as there are, spread over all."""
    numbers = range(0, size, max(1, size // WANTED))
    return [shape.replace("{i}", str(i)).replace("{id}", str(ID)) for i in numbers]


async def check(app: ASGIApp, found: list[str], missing: list[str]) -> None:
    """Raise unless all of them are found, or not, as they should."""
    for path in found:
        status, _, body = await ask(app, http_scope("GET", path), b"")
        if (status, json.loads(body)) != (200, ID):
            raise SystemExit(f"{path}: {status} {body!r}")
    for path in missing:
        status, _, _ = await ask(app, http_scope("GET", path), b"")
        if status != 404:
            raise SystemExit(f"{path}: {status}, expected 404")


async def measure(make: Serve, shape: str, sizes: list[int], rounds: int) -> Rounds:
    """Microseconds a call by size, for hits, and for misses as `-size`."""
    works: dict[str, Work] = {}
    async with AsyncExitStack() as running:
        for size in sizes:
            templates = [shape.replace("{i}", str(number)) for number in range(size)]
            app = make(templates, "{id}" in shape)
            await running.enter_async_context(lifespan(app))
            found = paths(shape, size)
            missing = [path.replace("things", "nothing") for path in found]
            await check(app, found, missing)
            works[f"{size}"] = Work(app, [http_scope("GET", path) for path in found])
            works[f"-{size}"] = Work(app, [http_scope("GET", path) for path in missing])
        return await race(works, rounds)


async def run(apps: list[str], sizes: list[int], rounds: int) -> dict[str, dict[str, Rounds]]:
    """All shapes and apps; one that is not installed is skipped."""
    samples: dict[str, dict[str, Rounds]] = {}
    for kind, shape in SHAPES.items():
        samples[kind] = {}
        for name in apps:
            try:
                samples[kind][name] = await measure(APPS[name], shape, sizes, rounds)
            except ImportError as error:
                print(f"skipped {name}: {error}")
        head = [kind, *(f"{size} hit" for size in sizes), *(f"{size} miss" for size in sizes)]
        rows = [[name, *row(sizes, rounds)] for name, rounds in samples[kind].items()]
        show([*head, f"{sizes[-1]} / {sizes[0]}"], rows)
    return samples


def row(sizes: list[int], rounds: Rounds) -> list[float]:
    """Hits by size, misses by size, and how much a hit grew from the first to the last."""
    hits, misses = ([min(rounds[f"{sign}{size}"]) for size in sizes] for sign in ("", "-"))
    return [*hits, *misses, hits[-1] / hits[0]]


def main() -> int:
    given = options(
        "finding the route", rounds=(9, 3), apps=(choice(APPS), list(APPS)), sizes=(str, "")
    )
    listed = given.sizes or ("10,1000" if given.short else "10,100,1000,10000")
    sizes = [int(size) for size in listed.split(",")]
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        samples = runner.run(run(given.apps, sizes, given.rounds))
    results = {
        kind: {
            name: {size: asdict(summary(one)) for size, one in rounds.items()}
            for name, rounds in each.items()
        }
        for kind, each in samples.items()
    }
    series = {
        f"{name}, {kind.split()[0]}": [(size, min(rounds[f"{size}"])) for size in sizes]
        for kind, each in samples.items()
        for name, rounds in each.items()
        if name == "redirflow" or kind.startswith("last")
    }
    plot = lines("Finding the route", "routes", "microseconds a call", series)
    run_ = {**facts(), "unit": "microseconds a call", "ceiling": CEILING, "results": results}
    keep("routing", run_, plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
