"""Look for inputs that break a parser, for as long as is given.

    python tests/fuzz/fuzz.py [--seconds 60] [target ...]
    python tests/fuzz/fuzz.py --linear

Each target is a promise about any input, tried with hypothesis, seed after seed; what breaks it
is made small and printed. `--linear` doubles inputs instead: the work must grow by less than 2.5.
"""

import argparse
import asyncio
import logging
import sys
import time
import traceback
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import h11
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "wire"))

import battery
from wired import app

from redirflow.http.accept import acceptable
from redirflow.http.cookies import CookieRefused, cookie_value, parse_cookies
from redirflow.http.headers import HeaderRefused, Headers, field_value, is_host
from redirflow.http.local_url import local_url
from redirflow.http.location import LocationPolicy, compile_location
from redirflow.http.media import codec_of, essence, parameter
from redirflow.http.origin import parse_origin
from redirflow.http.query import LIMIT, TooManyPairs, parse_pairs
from redirflow.http.reference import LocationRefused, quote_query
from redirflow.routing.router import Router
from redirflow.routing.template import Hole, TemplateError, parse_template

EXAMPLES = 2000
"""Tried between two looks at the clock."""

TARGETS = {}
ANYWHERE = LocationPolicy(any_origin=True)


def target(*strategies):
    """Make a target of a promise."""

    def keep(promise):
        TARGETS[promise.__name__] = (promise, strategies)
        return promise

    return keep


def pieces(text, *more):
    """Texts of characters and words that mean something to a parser, and of any others."""
    words = st.sampled_from([*text, *more])
    return st.lists(words | st.characters(), max_size=20).map("".join)


URLS = pieces("/\\?#:@.%[]&=\t\n\r\0 ", "//", "http:", "https://", "a.test", "%2f", "%5C", "..")
FIELDS = pieces(';,="\\ \t*/', "q=", "q=0.5", "application/json", "charset", "a=b", '"a"')
BYTES = st.binary(max_size=200)


@target(URLS)
def location(text):
    """What is sent is ASCII, stays as it is when sent again, and stays on this site."""
    try:
        sent = compile_location(text).decode("ascii")
    except LocationRefused:
        return
    assert sent.isprintable()
    assert compile_location(sent).decode() == sent
    # What browsers make of it, too: tabs dropped, a backslash read as a slash.
    for read in (sent, sent.replace("\\", "/").replace("\t", "")):
        assert urlsplit(urljoin("http://good.test/a/b", read)).netloc == "good.test"


@target(URLS)
def any_location(text):
    """An absolute one leads where it says."""
    try:
        sent = compile_location(text, ANYWHERE).decode("ascii")
    except LocationRefused:
        return
    assert sent.isprintable()
    assert compile_location(sent, ANYWHERE).decode() == sent
    if not sent.startswith(("/", "?", "#")):
        parts = urlsplit(sent)
        assert parts.scheme in {"http", "https"}
        assert "@" not in parts.netloc
        assert (
            parse_origin(f"{parts.scheme}://{parts.netloc}") == f"{parts.scheme}://{parts.netloc}"
        )


@target(URLS)
def local(text):
    """What `local_url` lets in can be sent."""
    compile_location(local_url(text, "/"))


@target(pieces(';=" \t,', "sid", "__Host-", "$Path"))
def cookies(text):
    """Any field can be read; a value that may be sent comes back."""
    found = parse_cookies(text)
    assert all(found)
    assert len(found) <= 100
    try:
        value = cookie_value(text)
    except CookieRefused:
        return
    assert parse_cookies(f"a={value}") == {"a": value}


@target(FIELDS)
def media(text):
    """Any media type and any Accept can be read."""
    assert essence(text) == essence(essence(text))
    codec_of(text)
    parameter(text, "charset")
    offered = ("application/json", "application/msgpack")
    assert {*acceptable(text, offered)} <= {*offered}


@target(BYTES)
def query(encoded):
    """Any query can be read; one that was written comes back."""
    pairs = parse_pairs(encoded)
    written = "&".join(f"{quote_query(name)}={quote_query(value)}" for name, value in pairs)
    assert parse_pairs(written.encode()) == pairs


@target(st.integers(LIMIT - 3, LIMIT + 3), BYTES)
def many_pairs(count, encoded):
    """There is one limit, whatever stands between."""
    try:
        parse_pairs(b"&" * count + encoded.replace(b"&", b""))
    except TooManyPairs:
        assert count >= LIMIT


@target(
    BYTES
    | pieces(":[]@/.%", "::1", "a.test", ":80").map(lambda text: text.encode("utf-8", "replace"))
)
def host(value):
    """A host that is admitted is one to other readers too."""
    if is_host(value):
        parts = urlsplit(b"http://" + value + b"/x")
        assert parts.netloc == value
        assert parts.path == b"/x"
        assert parts.username is None


@target(BYTES.map(lambda value: value.decode("latin-1")) | st.text())
def header(text):
    """What may be sent, other writers send too."""
    try:
        value = field_value(text)
    except HeaderRefused:
        return
    sent = h11.Response(status_code=200, headers=[("x", value)])
    assert sent.headers.raw_items() == [(b"x", value)]
    assert Headers([(b"X", value)])["x"] == text


@target(st.lists(pieces("/{}:.", "{a}", "{b}", "{c:path}"), min_size=1, max_size=5), URLS)
def templates(texts, path):
    """The router finds what a naive matcher finds."""
    router, parsed = Router(), {}
    for text in texts:
        try:
            template = parse_template("/" + text)
        except TemplateError:
            continue
        if template.shape not in parsed:
            parsed[template.shape] = template
            router.add(template, "GET", template)
    for asked in (f"/{path}", *(template.text for template in parsed.values())):
        found = router.find(asked)
        matching = [template for template in parsed.values() if matches(template, asked)]
        best = min(matching, key=specificity, default=None)
        assert (None if found is None else found[0].template) is best


def matches(template, path):
    """Whether *path* is one of *template*, segment by segment."""
    given = path[1:].split("/")
    wanted = list(template.segments)
    if isinstance(wanted[-1], Hole) and wanted[-1].rest:
        rest = given[len(wanted) - 1 :]
        if not rest or {".", ".."} & set(rest):
            return False
        given, wanted = given[: len(wanted) - 1], wanted[:-1]
    return len(given) == len(wanted) and all(
        segment not in {"", ".", ".."} if isinstance(piece, Hole) else piece == segment
        for piece, segment in zip(wanted, given, strict=True)
    )


def specificity(template):
    """Literal text before a parameter before the rest, from left to right."""
    return [
        (2 if piece.rest else 1) if isinstance(piece, Hole) else 0 for piece in template.segments
    ]


@target(
    st.lists(
        st.sampled_from([b"--b", b"--b--", b"\r\n", b"\n", b"-", b":", b";", b'"', b"="])
        | st.sampled_from(
            [b"content-disposition: form-data; name=", b"email", b"file", b"filename="]
        )
        | st.binary(max_size=5),
        max_size=30,
    ).map(b"".join),
    st.sampled_from([b"/form", b"/upload"]),
    st.integers(0, 100),
)
def multipart(body, path, cut):
    """Any form is answered, in whatever pieces it comes."""
    scope = scope_of(b"POST", path, [(b"content-type", battery.MULTIPART.partition(b": ")[2])])
    status, _ = ask(scope, body[:cut], body[cut:])
    assert status < 500


@target(
    st.sampled_from([case.data for case in battery.CASES if len(case.data) < 2000]),
    st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=3), st.integers(0, 5)), max_size=4),
)
def requests(data, changes):
    """The battery with bytes changed, as h11 reads it: any of it is answered."""
    for place, put, dropped in changes:
        data = data[:place] + put + data[place + dropped :]
    connection = h11.Connection(h11.SERVER)
    try:
        connection.receive_data(data)
        head = connection.next_event()
        if not isinstance(head, h11.Request):
            return
        parts = []
        while isinstance(event := connection.next_event(), h11.Data):
            parts.append(bytes(event.data))
    except h11.RemoteProtocolError:
        return
    whole = isinstance(event, h11.EndOfMessage)
    status, _ = ask(scope_of(head.method, head.target, list(head.headers)), *parts, whole=whole)
    assert status < 500


def scope_of(method, path, fields):
    """A scope as uvicorn makes it."""
    path, _, found = path.partition(b"?")
    if not any(name == b"host" for name, _ in fields):
        fields = [(b"host", b"a"), *fields]
    return {
        "type": "http",
        "method": method.decode("latin-1"),
        "path": unquote(path.decode("latin-1")),
        "query_string": found,
        "headers": fields,
    }


RUNNER = asyncio.Runner()


def ask(scope, *parts, whole=True):
    """The status and body of the app's answer."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting += [{"type": "http.request"}] if whole else []
    sent = []

    async def receive():
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    async def answered():
        async with asyncio.timeout(1):
            await app(scope, receive, send)

    RUNNER.run(answered())
    assert [message["type"] for message in sent].count("http.response.start") == 1
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


# --- Work that grows with the input -------------------------------------------------------------

LINEAR = {
    "location": (lambda n: compile_or_refuse("/" + "\u00e9%" * n), 1000),
    "location query": (lambda n: compile_or_refuse("/?" + "\\%" * n), 1000),
    "local url": (lambda n: local_url("/" + " " * n + "\n", "/"), 1000),
    "cookies": (lambda n: parse_cookies("a=b;" * n), 20_000),
    "cookie quotes": (lambda n: parse_cookies('a="' * n), 20_000),
    "media type": (lambda n: parameter("a/b;" + 'c="\\' * n, "charset"), 5_000),
    "media quotes": (lambda n: parameter("a/b;" + '";' * n, "charset"), 5_000),
    "media semicolons": (lambda n: parameter("a/b" + ";" * n, "charset"), 5_000),
    "accept": (lambda n: acceptable("a/b;q=0.1," * n, ("c/d", "e/f")), 2_000),
    "query": (lambda n: parse_pairs(b"%41=+&" * n, 10**9), 5_000),
    "host": (lambda n: is_host(b"a." * n), 100_000),
    "field": (lambda n: field_value("a b" * n), 20_000),
    "fields": (lambda n: Headers([(b"x-%d" % i, b"y") for i in range(n)]), 5_000),
    "path": (lambda n: ask(scope_of(b"GET", b"/a" * n, []))[0], 20_000),
    "rest": (lambda n: ask(scope_of(b"GET", b"/files/" + b"a/" * n, []))[0], 20_000),
    "slashes": (lambda n: ask(scope_of(b"GET", b"/" * n, []))[0], 20_000),
    "number": (lambda n: ask(scope_of(b"GET", b"/items/" + b"9" * n, []))[0], 200_000),
    "json": (lambda n: ask(posted(b'{"name":"a","tags":[' + b'"x",' * n + b'"x"]}'))[0], 2_000),
    "form": (lambda n: ask(*form(n))[0], 2_000),
}


def compile_or_refuse(text):
    try:
        return compile_location(text)
    except LocationRefused:
        return None


def posted(body):
    return scope_of(b"POST", b"/items", [(b"content-type", b"application/json")])


def form(count):
    fields = [(b"content-type", b"multipart/form-data; boundary=b")]
    return scope_of(b"POST", b"/form", fields), battery.part(b"a", b"\r\n-" * count) + battery.END


def grows():
    """Print what doubling costs; gives whether all of it is linear."""
    held = True
    for name, (work, size) in LINEAR.items():
        ratio = min(least(work, 2 * size) / least(work, size) for _ in range(3))
        held = held and ratio <= 2.5
        say(f"{'ok  ' if ratio <= 2.5 else 'FAIL'} {name}: {ratio:.2f} for {size} and twice that")
    return held


def least(work, size):
    """The least of some times, in seconds."""
    times = []
    for _ in range(7):
        begun = time.perf_counter()
        work(size)
        times.append(time.perf_counter() - begun)
    return min(times)


def say(text):
    sys.stdout.write(f"{text}\n")


def hold(name, seconds):
    """Try one target for a while; gives whether it held."""
    promise, strategies = TARGETS[name]
    deadline, tried = time.monotonic() + seconds, 0

    def counted(values):
        nonlocal tried
        tried += 1
        promise(*values)

    relaxed = settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=[*HealthCheck]
    )
    try:
        number = 0
        while time.monotonic() < deadline:
            number += 1
            seed(time.time_ns())(relaxed(given(st.tuples(*strategies))(counted)))()
    except Exception:  # noqa: BLE001 - whatever it was, it is told
        say(f"FAIL {name}: after {tried}\n{traceback.format_exc()}")
        return False
    say(f"ok   {name}: {tried} inputs")
    return True


if __name__ == "__main__":
    logging.lastResort = None  # python-multipart tells of every bad form
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60, help="for each target")
    parser.add_argument("--linear", action="store_true", help="double inputs instead")
    options = parser.parse_args()
    if options.linear:
        sys.exit(not grows())
    held = [hold(name, options.seconds) for name in options.targets or TARGETS]
    sys.exit(not all(held))
