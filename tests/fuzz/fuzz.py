"""Look for inputs that break a parser, for as long as is given.

    python tests/fuzz/fuzz.py [--seconds 60] [target ...]
    python tests/fuzz/fuzz.py --linear

Each target is a promise about any input. First it is tried with its corpus: a file of inputs that
broke something once, or nearly, each on a line, as a tuple in Python; the suite tries them too.
Then with hypothesis, seed after seed; what breaks it is made small and printed: add it to the
corpus. `--linear` doubles inputs instead: the work must grow by less than 2.5.
"""

import argparse
import ast
import asyncio
import logging
import sys
import time
import traceback
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urljoin, urlsplit
from uuid import UUID

import h11
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "wire"))

import battery
from wired import app

from redirflow import App, Body, Cookie, Form, Header, Query, Request, UploadFile, returns
from redirflow.endpoint.convert import Unreadable, reader_of
from redirflow.http.accept import acceptable
from redirflow.http.cookies import CookieRefused, cookie_value, parse_cookies
from redirflow.http.depth import MAX_DEPTH, refuse_deep
from redirflow.http.headers import HeaderRefused, Headers, field_value, is_host
from redirflow.http.local_url import local_url
from redirflow.http.location import LocationPolicy, compile_location
from redirflow.http.media import codec_of, essence, parameter
from redirflow.http.origin import parse_origin
from redirflow.http.query import LIMIT, TooManyPairs, parse_pairs
from redirflow.http.reference import LocationRefused, quote_query
from redirflow.http.values import wire_text
from redirflow.routing.router import Router
from redirflow.routing.template import Hole, TemplateError, parse_template

EXAMPLES = 2000
"""Tried between two looks at the clock."""

CORPORA = Path(__file__).parent / "corpus"

TARGETS = {}
ANYWHERE = LocationPolicy(any_origin=True)


def target(*strategies):
    """Make a target of a promise."""

    def keep(promise):
        TARGETS[promise.__name__] = (promise, strategies)
        return promise

    return keep


def corpus(name):
    """The kept inputs of one target."""
    lines = (CORPORA / f"{name}.txt").read_text(encoding="ascii").splitlines()
    return [ast.literal_eval(line) for line in lines]


def pieces(text, *more):
    """Texts of characters and words that mean something to a parser, and of any others."""
    words = st.sampled_from([*text, *more])
    return st.lists(words | st.characters(), max_size=20).map("".join)


URLS = pieces("/\\?#:@.%[]&=\t\n\r\0 ", "//", "http:", "https://", "a.test", "%2f", "%5C", "..")
FIELDS = pieces(';,="\\ \t*/', "q=", "q=0.5", "application/json", "charset", "a=b", '"a"')
BYTES = st.binary(max_size=200)
NUMBERS = pieces("0123456789-+._eE: TZP", "nan", "inf", "9999", "0001-01-01", "T00:00:00", "+23:59")


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


@target(st.lists(st.sampled_from([*b'[]{}"\\,:1']) | st.integers(0, 255), max_size=900).map(bytes))
def depth(body):
    """Just the bodies that are nested too deeply are refused, whatever stands in their texts."""
    try:
        refuse_deep(body)
        refused = False
    except RecursionError:
        refused = True
    assert refused == (nesting(body) > MAX_DEPTH)


def nesting(body):
    """How deeply JSON is nested, read byte by byte."""
    deepest = level = 0
    text = escaped = False
    for byte in body:
        if text:
            text = escaped or byte != ord('"')
            escaped = byte == ord("\\") and not escaped
        elif byte == ord('"'):
            text = True
        else:
            level += (byte in b"[{") - (byte in b"]}")
            deepest = max(deepest, level)
    return deepest


KINDS = {
    **{kind.__name__: kind for kind in (int, float, bool, bytes, Decimal, UUID)},
    **{kind.__name__: kind for kind in (date, datetime, time_of_day, timedelta)},
    "literal": Literal["a", 1, None],
    "either": int | float | str,
}
READERS = {name: reader_of(kind).read for name, kind in KINDS.items()}


@target(st.sampled_from([*READERS]), NUMBERS | st.text(max_size=20) | st.floats().map(str))
def values(kind, text):
    """A parameter is read or refused; what was read can be written, and reads the same again."""
    read = READERS[kind]
    try:
        value = read(text)
    except Unreadable as error:
        told(str(error))
        return
    assert read(wire_text(value)) == value


def told(message):
    """Messages of a client's making have an end."""
    assert len(message) <= 256


@target(
    st.sampled_from([b"/bearer", b"/basic", b"/key"]),
    pieces(" =:,", "Basic ", "Bearer ", "YTpi", "/w==", "k"),
)
def credentials(path, text):
    """Any Authorization is taken or a 401."""
    field = text.encode("latin-1", "replace")
    fields = [(b"authorization", field), (b"x-key", field), (b"cookie", b"key=" + field)]
    status, _ = ask(scope_of(b"GET", path, fields))
    assert status in {200, 401}


@target(
    st.sampled_from(["/old/", "/tree/", "/away/", "/v0/", "/row", "/search/", "/"]), URLS, BYTES
)
def rules(prefix, text, query):
    """A rule, a row or a slash leads nowhere but where it says, or is a 404."""
    scope = {**scope_of(b"GET", b"/", []), "path": prefix + text, "query_string": query}
    status, fields, _ = answered(app, scope)
    assert status < 500
    if status == 308:
        sent = dict(fields)[b"location"].decode("ascii")
        led = urlsplit(urljoin("http://good.test/a/b", sent.replace("\\", "/")))
        # Who only asks with a slash too many is sent to the same path of this site first.
        assert led.netloc in {"good.test", "example.com" if prefix == "/away/" else "good.test"}


BODY_TYPES = pieces(
    ';= "\\', "application/", "json", "msgpack", "x-www-form-urlencoded", "charset", "utf-8"
)


@target(
    st.sampled_from(["application/json"] * 3 + ["application/msgpack"]) | BODY_TYPES,
    st.lists(
        st.sampled_from([b"{", b"}", b"[", b"]", b'"', b":", b",", b'"name"', b'"price"', b"\\u"])
        | st.sampled_from([b"1e999", b"9" * 400, b"NaN", b"null", b"\x81", b"\xa4name", b"\xa1a"])
        | st.binary(max_size=3),
        max_size=20,
    ).map(b"".join),
    st.integers(0, 60),
)
def bodies(content_type, body, cut):
    """Any body is answered, and alike in the generated way and in the careful one."""
    fields = [(b"content-type", content_type.encode("latin-1", "replace"))]
    parts = (body[:cut], body[cut:])
    quick, said = ask(scope_of(b"POST", b"/items", fields), body)
    slow, told = ask(scope_of(b"PUT", b"/items/7", fields), *parts)
    assert (quick, slow) in {(201, 200), *((same, same) for same in (400, 413, 415, 422))}
    assert said == told


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
    status, _, body = answered(app, scope, *parts, whole=whole)
    return status, body


def answered(asked, scope, *parts, whole=True):
    """The status, fields and body of the answer of an app."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting += [{"type": "http.request"}] if whole else []
    sent = []

    async def receive():
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    async def serve():
        async with asyncio.timeout(1):
            await asked(scope, receive, send)

    RUNNER.run(serve())
    assert [message["type"] for message in sent].count("http.response.start") == 1
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], sent[0]["headers"], body


# --- Work that grows with the input -------------------------------------------------------------

roomy = App(max_body_size=2**26)
"""An app with room for inputs that take a while."""


@roomy.get("/")
async def read(
    request: Request,
    q: Query[list[str]] = [],  # noqa: B006
    sid: Cookie[str] = "",
    x_a: Header[list[str]] = [],  # noqa: B006
) -> int:
    return len(q) + len(x_a) + len(request.headers)


@roomy.get("/kinds")
@returns(int, media_type=("application/json", "application/msgpack"))
async def kinds() -> int:
    return 1


@roomy.post("/texts")
async def texts(value: Body[list[str]]) -> list[str]:
    return value


@roomy.post("/any")
async def anything(value: Body[Any]) -> Any:
    return value


@roomy.post("/form")
async def fill(
    a: Form[list[str]] = [],  # noqa: B006
    file: list[UploadFile] = [],  # noqa: B006
) -> int:
    return len(a)


JSON, PACKED, PAIRS = (
    (b"content-type", b"application/json"),
    (b"content-type", b"application/msgpack"),
    (b"content-type", b"application/x-www-form-urlencoded"),
)
MULTIPART = (b"content-type", b"multipart/form-data; boundary=b")


def room(path, *fields, method=b"GET", body=b"", expected=200):
    """Ask the app with room; what is measured is an answer of the expected status."""
    status, _, _ = answered(roomy, scope_of(method, path, list(fields)), body)
    assert status == expected, status


def post(path, field, body, expected=201):
    room(path, field, method=b"POST", body=body, expected=expected)


def forms(count, name=b"a", **more):
    """A form of so many parts."""
    return battery.part(name, b"x" * 100, **more) * count + battery.END


# Lists of JSON are short: from 20 000 items on, what grows by steps is the allocator's work.
LINEAR = {
    "location": (lambda n: compile_or_refuse("/" + "\u00e9%" * n), 1000),
    "location query": (lambda n: compile_or_refuse("/?" + "\\%" * n), 1000),
    "local url": (lambda n: local_url("/" + " " * n + "\n", "/"), 1000),
    "cookies": (lambda n: parse_cookies("a=b;" * n), 20_000),
    "cookie quotes": (lambda n: parse_cookies('a="' * n), 20_000),
    "cookies served": (lambda n: room(b"/", (b"cookie", b"a=b; " * n)), 100_000),
    "cookie fields": (lambda n: room(b"/", *[(b"cookie", b"a=b")] * n), 10_000),
    "media type": (lambda n: parameter("a/b;" + 'c="\\' * n, "charset"), 5_000),
    "media quotes": (lambda n: parameter("a/b;" + '";' * n, "charset"), 5_000),
    "media semicolons": (lambda n: parameter("a/b" + ";" * n, "charset"), 5_000),
    "accept": (lambda n: acceptable("a/b;q=0.1," * n, ("c/d", "e/f")), 2_000),
    "accept served": (lambda n: room(b"/kinds", (b"accept", b"*/*,a/b," * n)), 2_000),
    "accept fields": (lambda n: room(b"/kinds", *[(b"accept", b"*/*")] * n), 2_000),
    "query": (lambda n: parse_pairs(b"%41=+&" * n, 10**9), 5_000),
    "query served": (lambda n: room(b"/?" + b"q=%41&" * n), 450),
    "query too long": (lambda n: room(b"/?" + b"q=%41&" * n, expected=400), 100_000),
    "query of one value": (lambda n: room(b"/?q=" + b"%41" * n), 100_000),
    "host": (lambda n: is_host(b"a." * n), 100_000),
    "field": (lambda n: field_value("a b" * n), 20_000),
    "fields": (lambda n: Headers([(b"x-%d" % i, b"y") for i in range(n)]), 5_000),
    "fields served": (lambda n: room(b"/", *[(b"x-%d" % i, b"y") for i in range(n)]), 5_000),
    "fields of one name": (lambda n: room(b"/", *[(b"x-a", b"y")] * n), 5_000),
    "path": (lambda n: ask(scope_of(b"GET", b"/a" * n, []))[0], 20_000),
    "rest": (lambda n: ask(scope_of(b"GET", b"/files/" + b"a/" * n, []))[0], 20_000),
    "slashes": (lambda n: ask(scope_of(b"GET", b"/" * n, []))[0], 20_000),
    "number": (lambda n: ask(scope_of(b"GET", b"/items/" + b"9" * n, []))[0], 200_000),
    "json": (lambda n: post(b"/texts", JSON, b"[" + b'"x",' * n + b'"x"]'), 5_000),
    "json of the wrong type": (
        lambda n: post(b"/texts", JSON, b"[" + b'"x",' * n + b"1]", 422),
        5_000,
    ),
    "json of one text": (lambda n: post(b"/texts", JSON, b'["' + b"\\u00e9" * n + b'"]'), 100_000),
    "json of objects": (lambda n: post(b"/any", JSON, b"[" + b"{}," * n + b"1]"), 5_000),
    "json too deep": (lambda n: post(b"/any", JSON, b"[" * n, 400), 100_000),
    "json of quotes": (lambda n: post(b"/any", JSON, b'[[["' + b'[\\"' * n + b'"]]]'), 50_000),
    "json that is cut": (lambda n: post(b"/any", JSON, b'["' + b"[\\" * n, 400), 50_000),
    "json of one number": (lambda n: post(b"/any", JSON, b"9" * n, 422), 200_000),
    "msgpack": (lambda n: post(b"/texts", PACKED, b"\xdd" + n.to_bytes(4) + b"\xa1x" * n), 5_000),
    "urlencoded": (lambda n: post(b"/form", PAIRS, b"a=%41&" * n), 450),
    "urlencoded too long": (lambda n: post(b"/form", PAIRS, b"a=%41&" * n, 413), 100_000),
    "form": (lambda n: post(b"/form", MULTIPART, forms(n)), 400),
    "form of files": (lambda n: post(b"/form", MULTIPART, forms(n, b"file", filename=b"f")), 45),
    "form of one field": (
        lambda n: post(b"/form", MULTIPART, battery.part(b"a", b"\r\n-" * n) + battery.END),
        20_000,
    ),
    "form of long part fields": (
        lambda n: post(b"/form", MULTIPART, forms(50, more=b"x: " + b"y" * n + b"\r\n")),
        2_000,
    ),
}


def compile_or_refuse(text):
    try:
        return compile_location(text)
    except LocationRefused:
        return None


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
        for kept in corpus(name):
            counted(kept)
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
