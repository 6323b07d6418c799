"""`run` and `dev`: serve an app with uvicorn.

One process serves the app that was loaded and checked here. Workers, and what a reloader starts,
are new processes: uvicorn imports `served` in each of them, which finds in the environment what
to load. So they get the same app in the same way, whether a file was named or a module.
"""

import logging
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from redirflow.app import App
from redirflow.cli.check import warnings_of
from redirflow.cli.command import Command, takes_app
from redirflow.cli.load import load
from redirflow.cli.report import Trouble, counted, report, tell
from redirflow.cli.tally import tally
from redirflow.cli.target import Target, find_target
from redirflow.cli.terminal import painted
from redirflow.declare.faults import SpecError

_SERVING: Final = "REDIRFLOW_SERVING"
_START_FAILED: Final = 3
"""uvicorn's own code for it: its supervisor of workers then ends instead of starting others."""

_DEV_GRACE: Final = 1
"""Seconds that open requests get on a reload; a stream of events would hold it up for good."""

_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told, not bound


class Serving(Struct, frozen=True, kw_only=True):
    """What a process serves, and how.

    Attributes:
        origin: where the server listens, for the banner; empty if only the server knows.
        dev: whether to debug, and to show a banner.
        reload: whether somebody watches the files and starts anew.
    """

    target: Target
    origin: str
    dev: bool = False
    reload: bool = False


def run(args: Namespace) -> int:
    """Serve an app for use."""
    target = find_target(args.app)
    serving = Serving(target=target, origin=_origin(args.host, args.port), reload=args.reload)
    return _serve(serving, args, 1 if args.reload else args.workers)


def dev(args: Namespace) -> int:
    """Serve an app for its author."""
    target = find_target(args.app)
    origin = _origin(args.host, args.port)
    args.grace = _DEV_GRACE
    return _serve(Serving(target=target, origin=origin, dev=True, reload=True), args, 1)


def served() -> App:
    """The app of a new process; uvicorn calls this there.

    Raises:
        SystemExit: the app can't be served. A reloader waits for a change and tries again.
    """
    serving = msgspec.json.decode(os.environ[_SERVING], type=Serving)
    try:
        return _ready(serving)
    except (SpecError, Trouble) as error:
        report(error)
        if serving.reload:
            print("waiting for a change ...", file=sys.stderr, flush=True)
        raise SystemExit(_START_FAILED) from None


def _serve(serving: Serving, args: Namespace, workers: int) -> int:
    import uvicorn

    app: App | str = "redirflow.cli.run:served"
    if not serving.reload:
        # Where nobody waits for a change, faults end the command; the workers need not tell them.
        checked = _ready(serving)
        app = checked if workers == 1 else app
    os.environ[_SERVING] = msgspec.json.encode(serving).decode()
    uvicorn.run(
        app,
        factory=isinstance(app, str),
        host=args.host,
        port=args.port,
        workers=workers,
        reload=serving.reload,
        reload_dirs=[serving.target.root] if serving.reload else None,
        timeout_graceful_shutdown=args.grace,
        use_colors=False if os.environ.get("NO_COLOR") else None,
    )
    return 0


def _ready(serving: Serving) -> App:
    """The app, loaded and compiled."""
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    app = load(serving.target)
    if serving.dev:
        app._settings = replace(app._settings, debug=True)
    compiled = app.compile()
    if serving.dev:
        warnings = warnings_of(compiled)
        tell(warnings)
        _show_banner(serving, app, len(warnings))
    return app


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of the server is worth its traceback: what it cancels itself is not."""
    from asyncio import CancelledError

    return not (record.exc_info and isinstance(record.exc_info[1], CancelledError))


def _show_banner(serving: Serving, app: App, warnings: int) -> None:
    """Where to look, and how much there is."""
    pages = {page.name: page.path for page in reversed(app.declarations().pages)}
    named = [("app", serving.target.where), ("serving", "/"), *reversed(pages.items())]
    for name, text in named:
        shown = f"{serving.origin}{text}" if text.startswith("/") and name != "app" else text
        print(f"  {name:<9}{painted(shown, 'strong', sys.stderr)}", file=sys.stderr)
    also = f", {counted(warnings, 'warning')}" if warnings else ""
    print(f"  {'has':<9}{tally(app.compile())}{also}", file=sys.stderr, flush=True)


def _origin(host: str, port: int) -> str:
    """The address to open; empty where the port is for the system to choose."""
    host = _ANY_ADDRESS.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}" if port else ""


def _number(least: int, most: int, told: str) -> Callable[[str], int]:
    """Reads an integer of an option; *told* is what others are told not to be."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ArgumentTypeError(f"{text!r} is no {told}")
        return int(text)

    return read


_port: Final = _number(0, 65535, "port: a number from 0 (any free one) to 65535")
_workers: Final = _number(1, sys.maxsize, "number of workers: 1 or more")
_seconds: Final = _number(0, sys.maxsize, "number of seconds: 0 or more")


def _listening(parser: ArgumentParser) -> None:
    takes_app(parser)
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument("--port", default=8000, type=_port, help="default: %(default)s")


def _running(parser: ArgumentParser) -> None:
    _listening(parser)
    parser.add_argument(
        "--grace",
        metavar="SECONDS",
        type=_seconds,
        default=10,
        help="for open requests when it stops; default: %(default)s",
    )
    several = parser.add_mutually_exclusive_group()
    several.add_argument(
        "--workers",
        metavar="N",
        type=_workers,
        default=os.environ.get("WEB_CONCURRENCY", "1"),
        help="processes; default: WEB_CONCURRENCY, else 1",
    )
    several.add_argument("--reload", action="store_true", help="start anew when a file changes")


RUN: Final = Command(
    name="run",
    summary="serve an app",
    example="redirflow run accounts.py --host 0.0.0.0 --workers 4",
    arguments=_running,
    run=run,
)

DEV: Final = Command(
    name="dev",
    summary="serve an app while you write it: reloads, and tells what went wrong",
    example="redirflow dev accounts.py",
    arguments=_listening,
    run=dev,
)
