"""Is the answer right? Nothing is timed that answers otherwise.

Every request that will be timed is asked once and its whole answer compared; then GET without a
query, for the default. Run by itself it also prints what each app makes of wrong inputs, which
tells how much its figure includes:

    python -m benchmarks.check
"""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator

from benchmarks.apps import ROSTER, ASGIApp
from benchmarks.exchange import BODIES, IDS, KINDS, LIMIT, SCOPES, Exchange, http_scope, lifespan

WRONG_BODY = b'{"name":"Lamp","price":12.5,"tags":[1]}'
REFUSED = {
    "path": (http_scope("GET", "/items/one", b"limit=10"), b""),
    "query": (http_scope("GET", "/items/1", b"limit=ten"), b""),
    "body": (http_scope("POST", "/items", body=WRONG_BODY), WRONG_BODY),
}


class WrongAnswerError(Exception):
    """An app does not answer as the benchmark requires."""


async def check(app: ASGIApp, kind: str) -> None:
    """Raise `WrongAnswerError` unless `app` answers every request of this kind correctly."""
    for scope, expected in cases(kind):
        status, headers, body = await ask(app, scope, BODIES[kind])
        answer = (status, *meaning(headers, body))
        if answer != expected:
            raise WrongAnswerError(f"{scope['path']}: expected {expected}, got {answer}")
        complaint = framing(headers, body)
        if complaint:
            raise WrongAnswerError(f"{scope['path']}: {complaint}")


def cases(kind: str) -> Iterator[tuple[dict, tuple]]:
    """Each request with its answer: status, location, content."""
    for number, scope in zip(IDS, SCOPES[kind], strict=True):
        match kind:
            case "redirect":
                yield scope, (308, f"/users/{number}", None)
            case "get":
                yield scope, (200, None, item(number, LIMIT * 1.5))
            case _:
                yield scope, (201, None, item(1, 12.5))
    if kind == "get":
        yield http_scope("GET", "/items/7"), (200, None, item(7, 20 * 1.5))


def item(number: int, price: float) -> dict:
    return {
        "id": number,
        "name": "Lamp",
        "price": price,
        "tags": ["home", "light"],
        "active": True,
    }


async def ask(app: ASGIApp, scope: dict, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """One request; its status, headers (names in lower case) and whole body."""
    exchange = Exchange(body)
    await app(scope.copy(), exchange.receive, exchange.send)
    start, *rest = exchange.messages
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(message.get("body", b"") for message in rest)


def meaning(headers: dict[str, str], body: bytes) -> tuple[str | None, object]:
    """Where an answer leads, and what it says."""
    return headers.get("location"), json.loads(body) if body else None


def framing(headers: dict[str, str], body: bytes) -> str | None:
    """What is wrong with the headers that describe the body, if anything."""
    # Django leaves the length to a middleware or to the server.
    if int(headers.get("content-length", len(body))) != len(body):
        return f"content-length is {headers['content-length']} for {len(body)} bytes"
    if body and headers["content-type"].partition(";")[0] != "application/json":
        return f"content-type is {headers['content-type']}"
    return None


async def refusals(app: ASGIApp) -> dict[str, str]:
    """What the app answers to a wrong path, query and body: a status or an exception's name."""
    answers = {}
    for name, (scope, body) in REFUSED.items():
        try:
            status, _, _ = await ask(app, scope, body)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            answers[name] = type(error).__name__
        else:
            answers[name] = str(status)
    return answers


async def report(name: str) -> tuple[bool, str]:
    """Whether one app is right, and a line about it; one that is not installed is not wrong."""
    try:
        app = ROSTER[name].load()
    except Exception as error:  # noqa: BLE001 - not installed, or broken: say which
        return True, f"skipped: {type(error).__name__}: {error}"
    async with lifespan(app):
        try:
            for kind in KINDS:
                await check(app, kind)
        except Exception as error:  # noqa: BLE001 - to raise instead of answering is wrong too
            return False, f"wrong: {type(error).__name__}: {error}"
        answers = await refusals(app)
    return True, "right; to wrong " + ", ".join(f"{k}: {v}" for k, v in answers.items())


async def main() -> int:
    """Check every app that is installed; 1 if one is wrong."""
    logging.disable()  # the wrong inputs are meant
    all_right = True
    for name in ROSTER:
        is_right, line = await report(name)
        all_right = all_right and is_right
        print(f"{name:11} {line}")
    return 0 if all_right else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
