"""`follow`: where does a request lead?

Without a server, from rules, tables and declarations; or with `--run` by sending it.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from string import punctuation
from typing import Any, Final
from urllib.parse import quote

import msgspec

from redirflow.app import App
from redirflow.cli.command import Command, takes_app, takes_format
from redirflow.cli.load import load
from redirflow.cli.picture import visible
from redirflow.cli.place import plain_place
from redirflow.cli.report import Misuse
from redirflow.cli.sending import sent_way
from redirflow.cli.target import find_target
from redirflow.cli.way import HOPS, Asked, Declared, Guide, Hop, Onward
from redirflow.http.headers import is_token

_INDENT: Final = "    "


def follow(args: Namespace) -> int:
    """Print each hop, and where the way ends."""
    asked = _asked(args.method, args.path)
    app = load(find_target(args.app))
    guide = Guide(app.compile())
    hops = sent_way(app, asked, guide, _host(app)) if args.run else [*guide.way(asked)]
    endless = hops[-1].location is not None
    if args.format == "json":
        print(_json(hops, endless=endless))
    else:
        for line in _lines(hops, endless=endless):
            print(visible(line))
    return 1 if endless or hops[-1].dead else 0


def _asked(method: str, path: str) -> Asked:
    if not is_token(method):
        raise Misuse(f"{method!r} is no method\n    run: redirflow follow GET /path")
    if not path.startswith("/"):
        raise Misuse(f"{path!r} is no path: it begins with /\n    run: redirflow follow GET /path")
    target = path.partition("#")[0]
    return Asked(method.upper(), quote(target, safe=punctuation, errors="surrogateescape"))


def _host(app: App) -> str:
    allowed = app._settings.allowed_hosts
    return min(allowed) if allowed else "localhost"


# --- Lines -----------------------------------------------------------------------------------


def _lines(hops: Sequence[Hop], *, endless: bool) -> Iterator[str]:
    width = len(str(len(hops)))
    for number, hop in enumerate(hops, 1):
        yield f"{number:>{width}}  {hop.asked.method} {hop.asked.target}"
        for line in _about(hop):
            yield f"{' ' * width}  {line}"
    if endless:
        yield f"stopped after {HOPS} redirects: this looks endless"


def _about(hop: Hop) -> Iterator[str]:
    for rule in hop.reroutes:
        yield f"handed on by {_placed(rule)}"
    if hop.by.kind == "site":
        yield hop.by.text
    elif hop.status is None:
        yield f"served by {_placed(hop.by)}"
    elif hop.by.kind in {"nothing", "method", "options"}:
        yield f"{hop.status}: {hop.by.text}"
    else:
        yield f"{hop.status} by {_placed(hop.by)}"
    for part in hop.stands_for:
        yield f"{_INDENT}for {_placed(part)}"
    for each in hop.onward:
        how = "be handed on to" if each.status is None else f"go on by {each.status} to"
        yield f"may {how} {each.to} ({each.place})"


def _placed(declared: Declared) -> str:
    return f"{declared.text} ({declared.place})" if declared.place else declared.text


# --- JSON ------------------------------------------------------------------------------------


def _json(hops: Sequence[Hop], *, endless: bool) -> str:
    last = hops[-1]
    told = {
        "hops": [{"number": number, **_plain(hop)} for number, hop in enumerate(hops, 1)],
        "end": "endless" if endless else last.by.kind,
        "ok": not (endless or last.dead),
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()


def _plain(hop: Hop) -> dict[str, Any]:
    return {
        "method": hop.asked.method,
        "path": hop.asked.target,
        "status": hop.status,
        "location": hop.location,
        "by": _plain_declared(hop.by),
        "reroutes": [*map(_plain_declared, hop.reroutes)],
        "stands_for": [*map(_plain_declared, hop.stands_for)],
        "may_go_on": [*map(_plain_onward, hop.onward)],
    }


def _plain_declared(declared: Declared) -> dict[str, Any]:
    return {"kind": declared.kind, "text": declared.text, **plain_place(declared.place)}


def _plain_onward(onward: Onward) -> dict[str, Any]:
    return {"status": onward.status, "to": onward.to, **plain_place(onward.place)}


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("method", metavar="METHOD", help="of the first request: GET, POST, ...")
    parser.add_argument("path", metavar="PATH", help="its path, with a query if you like")
    takes_app(parser)
    parser.add_argument(
        "--run", action="store_true", help="send the requests through the app, in this process"
    )
    takes_format(parser, "text", "json")


FOLLOW: Final = Command(
    name="follow",
    summary="follow a request through rules, tables and declarations",
    example="redirflow follow GET /old/7 accounts.py\n  redirflow follow POST /login --run",
    arguments=_arguments,
    run=follow,
)
