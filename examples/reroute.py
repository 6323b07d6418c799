"""Answering one path by another, without a redirect.

A middleware that rewrites the scope can do it, if it changes the path, the raw path, the query
and the headers in step, and forgets none. Here it is one declaration: everything under `/old`
is answered by what stands under `/new`, with one header and the query changed. The client sees
no round trip; the operation that answers runs its own guards and validation.

Next to it, a handler that decides for each request who answers.
"""

from typing import Annotated, Never

from msgspec import Meta, Struct

from redirflow import App, Header, NotFound, Query, Request, Reroute, raises, reroutes

app = App(title="Reroutes", version="1.0.0")


class Seen(Struct):
    """What the operation that answers has seen of the request."""

    page: str
    asked_for: str
    rerouted: str
    source: str


@app.get("/new/{page:path}")
async def new(
    request: Request,
    page: str,
    x_rerouted: Header[str] = "no",
    source: Query[str] = "nowhere",
) -> Seen:
    """Tell what arrived here, and under which path the client asked for it."""
    return Seen(page, request.original_path, x_rerouted, source)


app.reroute(
    "/old/{page:path}",
    to="/new/{page}",
    query={"source": "archive"},
    headers={"x-rerouted": "yes"},
)

LATEST = {"stable": "2", "beta": "3"}


@app.get("/releases/{number}")
async def release(number: Annotated[int, Meta(ge=1, le=3)]) -> dict[str, int]:
    """Fetch one release."""
    return {"number": number}


@app.get("/channels/{channel}")
@reroutes(to=release)
@raises(NotFound)
async def channel(channel: str) -> Never:
    """Answer with the newest release of a channel, under the channel's own path."""
    if channel not in LATEST:
        raise NotFound(f"There is no channel {channel!r}.")
    raise Reroute(f"/releases/{LATEST[channel]}")
