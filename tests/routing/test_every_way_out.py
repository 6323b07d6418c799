"""The corpus of locations, sent through every way that a `Location` leaves an app.

Whatever way an author takes, the same function checks and writes it: what leads off the site or
is malformed is never sent, what is plainly on the site always is, and it leads where it was to.
"""

import json
import re
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from redirflow import App, Redirect, RedirectTable, Response, SpecError, redirects, returns

CORPUS = Path(__file__).parent.parent / "data" / "redirect_targets.jsonl"
LINES = [json.loads(line) for line in CORPUS.read_text().splitlines()]
TEXTS = [line[0] for line in LINES]
SITE = "http://testserver"


def asked(app, path):
    """Status and `Location` of one GET."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"testserver")],
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1),
    }
    with suppress(StopIteration):
        app(scope, receive, send).send(None)
    location = dict(sent[0]["headers"]).get(b"location")
    return sent[0]["status"], location and location.decode("ascii")


# --- the ways: each gives what is sent for each text, or None --------------------------------

ON_SITE = {"to": "*", "external": SITE}


def by_handlers():
    """The texts by the way that a handler takes."""
    app, box = App(openapi_url=None, docs_url=None), [""]

    @app.get("/raise")
    @redirects(303, **ON_SITE)
    async def raise_it() -> None:
        raise Redirect(box[0])

    @app.get("/return")
    @redirects(303, **ON_SITE)
    async def return_it() -> Redirect:
        return Redirect(box[0])

    @app.get("/response")
    @redirects(302, **ON_SITE)
    async def respond() -> Response[None]:
        return Response(None, status_code=302, headers={"Location": box[0]})

    @app.get("/201")
    @returns(str, status_code=201, location="*")
    async def create() -> Response[str]:
        return Response("made", status_code=201, headers={"Location": box[0]})

    def sent(path, text):
        box[0] = text
        status, location = asked(app, path)
        assert status in ({500} if location is None else {201, 302, 303})
        return location

    return {path[1:]: [sent(path, text) for text in TEXTS] for path in HANDLERS}


HANDLERS = ("/raise", "/return", "/response", "/201")


def everything():
    """An app that serves every path."""
    app = App(openapi_url=None, docs_url=None)

    @app.get("/{rest:path}")
    async def found(rest: str) -> str:
        return rest

    return app


def by_rules():
    """What start-up refuses, and what the others send."""
    every = everything()
    for number, text in enumerate(TEXTS):
        every.redirect(f"/from/{number}", to=text)
    with pytest.raises(SpecError) as caught:
        every.compile()
    refused = {int(number) for number in re.findall(r"redirect '/from/(\d+)'", str(caught.value))}
    app = everything()
    for number, text in enumerate(TEXTS):
        if number not in refused:
            app.redirect(f"/from/{number}", to=text)
    return [
        None if number in refused else asked(app, f"/from/{number}")[1]
        for number in range(len(TEXTS))
    ]


def by_rows():
    refused = set()
    for begin in range(0, len(TEXTS), 90):  # of more than a hundred bad rows not all are listed
        table = RedirectTable.from_pairs(numbered(range(begin, min(begin + 90, len(TEXTS)))))
        found = re.findall(r"row (\d+): ", "\n".join(map(str, table.faults)))
        refused |= {begin + int(number) - 1 for number in found}
    app = everything()
    left = [number for number in range(len(TEXTS)) if number not in refused]
    app.redirect_table(RedirectTable.from_pairs(numbered(left)))
    return [
        None if number in refused else asked(app, f"/row/{number}")[1]
        for number in range(len(TEXTS))
    ]


def numbered(numbers):
    return [(f"/row/{number}", TEXTS[number]) for number in numbers]


def by_slashes():
    """A text is asked for with a slash at its end, where an app serves it without one."""
    return [slashed(text) for text in TEXTS]


def slashed(text):
    app = App(openapi_url=None, docs_url=None)

    async def found() -> None: ...

    try:
        app.get(text)(found)
        return asked(app, f"{text}/")[1]
    except SpecError:
        return None


@pytest.fixture(scope="module")
def ways():
    """By way, what is sent for each text of the corpus."""
    return {**by_handlers(), "rule": by_rules(), "row": by_rows(), "slash": by_slashes()}


WAYS = ("raise", "return", "response", "201", "rule", "row", "slash")


def by_author(text):
    """Whether an author says by the text itself that it leads to another site."""
    return re.match(r"https?://[^/]", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("way", WAYS)
def test_what_leads_off_the_site_or_is_malformed_is_not_sent(ways, way):
    """But a rule or a row may name another site: its author wrote it, and no client."""
    for (text, verdict, *_), sent in zip(LINES, ways[way], strict=True):
        if verdict == "same-site" or sent is None:
            continue
        assert verdict == "off-site", (text, sent)
        assert way in {"rule", "row"}, (text, sent)
        assert by_author(text), (text, sent)


def expected(way, text, note, written):
    """Whether a text that is on the site has to be sent.

    Rules and rows lead to paths that are checked: no dot segments; braces are parameters of rules.
    """
    if written is None or way == "slash" or note.startswith("[strict-may-reject]"):
        return False
    if way in {"rule", "row"}:
        odd = r"/(\.|%2e){1,2}(/|$)" + "|[{}]" * (way == "rule")
        return text.startswith("/") and not re.search(odd, text, re.IGNORECASE)
    return way != "201" or not by_author(text)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_plainly_on_the_site_is_sent_as_it_is_meant(ways, way):
    for (text, verdict, note, _, written), sent in zip(LINES, ways[way], strict=True):
        if verdict != "same-site":
            continue
        assert sent is not None or not expected(way, text, note, written), text
        if sent is not None:
            host = urlsplit(urljoin(f"{SITE}/a/b", sent)).netloc
            assert (host, way == "slash" or sent) == ("testserver", way == "slash" or written[0])


def test_all_ways_agree(ways):
    """Where two ways send a text, they send the same bytes."""
    for number, text in enumerate(TEXTS):
        assert len({ways[way][number] for way in WAYS if way != "slash"} - {None}) <= 1, text


def summary():
    """Accepted, refused and changed, by way and verdict; this file, run by itself, prints it."""
    sent = {**by_handlers(), "rule": by_rules(), "row": by_rows(), "slash": by_slashes()}
    yield f"{'way':<9} {'verdict':<10} {'accepted':>8} {'refused':>8} {'changed':>8}"
    for way in WAYS:
        for verdict in ("same-site", "off-site", "invalid"):
            found = [
                (text, location)
                for (text, said, *_), location in zip(LINES, sent[way], strict=True)
                if said == verdict
            ]
            accepted = [(text, location) for text, location in found if location is not None]
            changed = sum(location != text for text, location in accepted if way != "slash")
            refused = len(found) - len(accepted)
            yield f"{way:<9} {verdict:<10} {len(accepted):>8} {refused:>8} {changed:>8}"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in summary())
