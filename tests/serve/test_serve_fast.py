"""The generated way through an operation and the careful one can't be told apart.

A guard that does nothing sends an operation the careful way, so each is registered twice.
"""

import linecache
import re
import traceback
import tracemalloc
from datetime import date
from decimal import Decimal
from enum import Enum
from string import ascii_lowercase
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct

from redirflow import (
    Alias,
    App,
    BackgroundTasks,
    Body,
    Conflict,
    CookieSpec,
    Header,
    HeaderSpec,
    HTTPError,
    LocalURL,
    NotFound,
    Query,
    Redirect,
    Response,
    raises,
    redirects,
    returns,
)
from redirflow.serve import fast
from redirflow.serve.writing import Writing


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Level(Enum):
    LOW = 1
    HIGH = 2


class Item(Struct):
    name: str
    price: float = 1.0
    tags: list[str] = []


class Narrow(Struct, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=0)]
    when: date | None = None


class Taken(HTTPError, status_code=409):
    by: str


class Foreign(Exception):
    pass


async def nothing() -> None:
    """A guard that does nothing."""


NAMES = {
    each.__name__: each
    for each in (
        *(int, str, float, bool, date, bytes, list, dict),
        *(Decimal, UUID, Colour, Level, Item, Narrow),
    )
} | {
    "Annotated": Annotated,
    "Meta": Meta,
    "Alias": Alias,
    "Query": Query,
    "Header": Header,
    "Body": Body,
    "Literal": Literal,
    "LocalURL": LocalURL,
}

SCALARS = {
    "int": ["7", "007", "-5", "9" * 18, "9" * 19, "9" * 30],
    "str": ["abc", "", "\u00e9", "a b", "a+b", "%41", "\u20ac"],
    "int | None": ["7", "9" * 20],
    "str | None": ["", "null"],
    "float": ["1.5", ".5", "1e3", "7"],
    "bool": ["true", "0"],
    "date": ["2024-02-29"],
    "UUID": ["12345678-1234-5678-1234-567812345678"],
    "Decimal": ["1.50"],
    "Colour": ["red"],
    "Level": ["1"],
    'Literal["a", "b"]': ["a"],
    "Literal[1, 2]": ["2"],
    "int | str": ["7", "x"],
    "Annotated[int, Meta(ge=1, le=100)]": ["42"],
    "Annotated[str, Meta(min_length=2, max_length=5)]": ["abc", "a+b"],
    "Annotated[str, Meta(pattern='^[a-z]+$')]": ["abc"],
    "LocalURL": ["/me", "/a?b=c d"],
}
"""Types, each with texts that it reads."""

BODIES = {
    "Item": [b'{"name":"Lamp"}', b'{"name":"Lamp","price":2.5,"tags":["a"]}', b"\x81\xa4name\xa1x"],
    "Narrow": [b'{"number":3,"when":"2024-02-29"}'],
    "list[Item]": [b"[]", b'[{"name":"a"},{"name":"b"}]'],
    "dict[str, int]": [b'{"a":1}'],
    "Body[int]": [b"5"],
    "Body[str]": [b'"x"', b'"' + b"x" * 300 + b'"'],
    "Item | None": [b"null", b'{"name":"Lamp"}'],
}

TEXTS = st.one_of(
    st.sampled_from(
        [
            *("", "0", "1", "7", "42", "007", "-5", "+5", "1_000", " 1", "1.5", ".5", "1e3"),
            *("9" * 18, "9" * 19, "9" * 30, "nan", "inf", "-inf", "1e999", "0x10", "\u0663"),
            *("true", "false", "True", "yes", "null", "None", "red", "a", "b", "abc", "abcdef"),
            *("2024-02-29", "2023-02-29", "12345678-1234-5678-1234-567812345678"),
            *(
                "/me",
                "//evil.test",
                "?x=1",
                "\u00e9",
                "a b",
                "%",
                "%41",
                "a+b",
                "\u20ac",
                "=",
                "a=b",
            ),
        ]
    ),
    st.text(max_size=6),
    st.integers().map(str),
    st.floats().map(str),
)


@st.composite
def operations(draw):
    """The source of a handler, its path, and its parameters as `(where, key, texts)`."""
    arguments, known = [], []
    body = draw(st.sampled_from([*BODIES, *[None] * len(BODIES)]))
    places = st.sampled_from(["path", "query", "query", "header"])
    for letter in ascii_lowercase[: draw(st.integers(0, 5))]:
        kind, where = draw(st.sampled_from([*SCALARS])), draw(places)
        aliased = draw(st.booleans()) and where != "path"
        key = {"query": f"q \u00e9{letter}", "header": f"x-{letter}y"}[where] if aliased else letter
        type_ = f"Annotated[{kind}, Alias({key!r})]" if aliased else kind
        marker = {"path": "{}", "query": "Query[{}]", "header": "Header[{}]"}[where]
        default = draw(st.sampled_from(["", "", " = None"])) if where != "path" else ""
        optional = f"Annotated[{kind} | None, Alias({key!r})]" if aliased else f"{kind} | None"
        arguments.append((default, f"{letter}: {marker.format(optional if default else type_)}"))
        known.append((where, key, SCALARS[kind]))
    if body:
        default = draw(st.sampled_from(["", "", " = None"]))
        nullable = f"{body[:-1]} | None]" if body.startswith("Body") else f"{body} | None"
        arguments.append((default, f"z: {nullable if default else body}"))
        known.append(("body", body, BODIES[body]))
    arguments.sort(key=lambda argument: argument[0] != "")
    listed = ", ".join(f"{argument}{default}" for default, argument in arguments)
    names = [argument.partition(":")[0] for _, argument in arguments]
    shown = ", ".join(f"repr({name})" for name in names)
    source = f"async def handler({listed}) -> list[str]:\n    return [{shown}]\n"
    path = "".join(f"/{{{key}}}" for where, key, _ in known if where == "path")
    return source, path, known


def both(source, path, method):
    """An app that serves one handler in both ways, at `/fast` and at `/careful`."""
    names = dict(NAMES)
    exec(source, names)
    app = App(max_body_size=200)
    route = app.route("/fast" + path, methods=[method], name="fast")
    careful = app.route("/careful" + path, methods=[method], name="careful", dependencies=[nothing])
    careful(route(names["handler"]))
    return app


@st.composite
def requests(draw, path, known):
    """The path, query, fields and parts of the body of a request for *known* parameters."""
    pairs, fields = [], []
    for where, key, good in known:
        texts = st.sampled_from(good) if draw(st.integers(0, 9)) else TEXTS
        for _ in range(draw(st.sampled_from([1] * 8 + [0, 2]))):
            text = draw(texts) if where != "body" else ""
            if where == "query":
                pairs.append((key, text))
            elif where == "header" and text.isprintable():
                fields.append((key, text.encode("latin-1", "replace").strip()))
        if where == "path":
            text = draw(texts).replace("/", "_").strip(".") or "x"
            path = path.replace(f"{{{key}}}", text)
    strange = draw(st.lists(st.tuples(TEXTS, TEXTS), max_size=1))
    pairs = draw(st.permutations([*pairs, *strange]))
    query = draw(queries(pairs))
    fields.append((draw(st.sampled_from(["accept", "a", "X-Other"])), b"*/*"))
    parts = []
    if known and known[-1][0] == "body":
        parts, more = draw(bodies(known[-1][2]))
        fields += more
    if draw(st.sampled_from([False, False, True])):
        fields = [(name.title(), value) for name, value in fields]
    hosts = draw(st.sampled_from([[b"testserver"]] * 12 + [[], [b""], [b"a b"], [b"a", b"a"]]))
    headers = [
        *((b"host", host) for host in hosts),
        *((name.encode(), value) for name, value in fields),
    ]
    return path, query, headers, parts


@st.composite
def queries(draw, pairs):
    """*pairs* as some client would write them."""
    raw = draw(st.booleans())
    write = (lambda text: re.sub("[&#\\s]", "", text)) if raw else quote
    joined = "&".join(
        f"{write(name)}={write(text)}" if text or draw(st.booleans()) else write(name)
        for name, text in pairs
    )
    odd = ["&", "&&=", "&" + "x=1&" * 300, ";a=1", "&%", "&A=1", "&" * 1000]
    odd = draw(st.sampled_from([*[""] * 20, *odd]))
    return (joined + odd).encode()


LENGTHS = (b"0", b"5", b"201", b"999", b"9" * 30, b"0005", b"-1", b"+5", b"x", b"", b"5, 5")
"""Lengths that are not those of the bodies they come with."""


@st.composite
def bodies(draw, good):
    """The parts of a body, and its fields."""
    odd = [b"", b"{}", b"[]", b"null", b"5", b'"x"', b"{", b"\xff", b"NaN", b"[" * 150]
    odd += [b'{"name":1}', b'{"number":-1}', b'{"number":3,"more":1}', b'{"name":"\xff"}']
    whole = draw(st.sampled_from([*good * 5, *odd]) | st.binary(max_size=5))
    kind = draw(
        st.sampled_from(
            [
                *[b"application/json"] * 20,
                *(b"application/json; charset=utf-8", b"Application/JSON", b"application/msgpack"),
                *(b"text/plain", b"", b"application/json;charset=latin-1", b"application/x+json"),
            ]
        )
    )
    fields = draw(
        st.sampled_from(
            [
                *[[("content-type", kind)]] * 4,
                *[[("content-type", kind), ("content-length", b"%d" % len(whole))]] * 4,
                [("content-type", kind), ("content-length", draw(st.sampled_from(LENGTHS)))],
                [("content-type", kind), ("content-encoding", b"gzip")],
                [],
            ]
        )
    )
    cut = len(whole) if draw(st.integers(0, 4)) else draw(st.integers(0, len(whole)))
    parts = [whole] if cut == len(whole) else [whole[:cut], b"", whole[cut:]]
    return parts, fields


def served(at_once, app, way, request, method="POST"):
    path, query, headers, parts = request
    scope = {
        "type": "http",
        "path": f"/{way}{path}",
        "query_string": query,
        "headers": headers,
        "method": method,
    }
    sent = at_once(app, scope, *parts)
    return sent, scope.get("path_params"), scope.get("endpoint")


def compare(at_once, asgi, app, request, method="POST"):
    """The answer to *request*, which has to be the same in both ways."""
    generated, careful = (served(at_once, app, way, request, method) for way in ("fast", "careful"))

    assert generated == careful
    return asgi.answer(generated[0], method) if generated[0] else None


@settings(deadline=None, max_examples=150)
@given(operation=operations(), data=st.data())
def test_any_request_of_any_operation(at_once, asgi, operation, data):
    """Status, fields, body and what middleware finds in the scope are the same."""
    source, path, known = operation
    app = both(source, path, "POST")

    for _ in range(8):
        method = data.draw(st.sampled_from(["POST"] * 8 + ["HEAD", "GET", "OPTIONS"]))
        answer = compare(at_once, asgi, app, data.draw(requests(path, known)), method)

        assert answer is None or answer.status < 500


APPS = {
    kind: both(f"async def handler(z: {kind}) -> list[str]:\n    return [repr(z)]\n", "", "POST")
    for kind in BODIES
}


@settings(deadline=None, max_examples=100)
@given(data=st.data())
@pytest.mark.parametrize("kind", BODIES)
def test_any_body(at_once, asgi, kind, data):
    """Whatever its type, its media type and the pieces in which it arrives."""
    parts, fields = data.draw(bodies(BODIES[kind]))
    headers = [(b"host", b"testserver"), *((name.encode(), value) for name, value in fields)]

    answer = compare(at_once, asgi, APPS[kind], ("", b"", headers, parts))

    assert answer.status < 500


JSON = (b"content-type", b"application/json")


@pytest.mark.parametrize(
    ("headers", "parts", "status"),
    [
        ([JSON], [b"5"], 201),
        ([JSON], [b"5", b"5"], 201),
        ([JSON], [b"5", b""], 201),
        ([JSON], [b"", b"5"], 201),
        ([JSON], [b'"5"'], 422),
        ([JSON], [b"5 5"], 400),
        ([JSON], [b""], 400),
        ([JSON], [b" " * 199 + b"5"], 201),
        ([JSON], [b" " * 200 + b"5"], 413),
        ([JSON, (b"content-encoding", b"identity")], [b"5"], 201),
        ([JSON, (b"content-encoding", b"gzip")], [b"5"], 415),
        ([JSON, JSON], [b"5"], 201),
        ([JSON, (b"content-type", b"text/plain")], [b"5"], 415),
        ([(b"Content-Type", b"application/json")], [b"5"], 201),
        ([(b"CONTENT-TYPE", b"text/plain")], [b"5"], 415),
        ([], [b"5"], 415),
    ],
)
def test_a_body_at_the_edges(at_once, asgi, headers, parts, status):
    headers = [(b"host", b"testserver"), *headers]

    answer = compare(at_once, asgi, APPS["Body[int]"], ("", b"", headers, parts))

    assert status == answer.status
    if status == 201:
        assert answer.json() == ["55" if parts == [b"5", b"5"] else "5"]


def test_a_client_that_leaves_instead_of_sending_its_body(at_once, asgi):
    answer = compare(at_once, asgi, APPS["Item"], ("", b"", [(b"host", b"x"), JSON], []))

    assert answer.status == 400


# --- outcomes ----------------------------------------------------------------------------------


PLAIN = ("", b"", [(b"host", b"testserver")], [])


class Wide(Item):
    secret: str = "hidden"


class Bad(Response[Item]):
    """A response whose headers are no mapping."""

    def __init__(self):
        super().__init__(Item("a"))
        self.headers = 5


OUTCOMES = {
    "a value": lambda: Item("a"),
    "a looser view": lambda: {"name": "a"},
    "a wider object": lambda: Wide("a"),
    "nothing": lambda: None,
    "another type": lambda: 5,
    "no number": lambda: Item("a", float("nan")),
    "no Unicode": lambda: Item("\ud800"),
    "a response": lambda: Response(Item("a")),
    "a header": lambda: Response(Item("a"), headers={"X-N": 5}),
    "a header of another type": lambda: Response(Item("a"), headers={"X-N": "five"}),
    "an undeclared header": lambda: Response(Item("a"), headers={"X-M": 5}),
    "headers that are none": Bad,
    "another status": lambda: Response(Item("a"), status_code=206),
    "another media type": lambda: Response(Item("a"), media_type="text/plain"),
    "a cookie": lambda: Response(Item("a"), cookies={"sid": "x"}),
    "a redirect by hand": lambda: Response(status_code=303, headers={"Location": "/items/1"}),
    "a redirect elsewhere by hand": lambda: Response(status_code=303, headers={"Location": "/"}),
    "a redirect": lambda: Redirect.to("item", number=1),
    "a redirect to a text": lambda: Redirect.to("item", number="1"),
    "a redirect to a flag": lambda: Redirect.to("item", number=True),
    "a redirect to too much": lambda: Redirect.to("item", number=1, more=2),
    "a redirect to nothing": lambda: Redirect.to("nix"),
    "a redirect to another operation": lambda: Redirect.to("other"),
    "a redirect with a query": lambda: Redirect.to("item", number=1).with_query(a=1),
    "a redirect with a cookie": lambda: Redirect.to("item", number=1).with_cookies({"sid": "x"}),
    "a redirect of another status": lambda: Redirect.to("item", number=1).with_status(307),
    "a redirect as written": lambda: Redirect("/items/1"),
    "a redirect elsewhere": lambda: Redirect("/other"),
    "an open redirect": lambda: Redirect("//evil.test"),
}
RAISED = {
    "a redirect": lambda: Redirect.to("item", number=1),
    "a redirect elsewhere": lambda: Redirect("/other"),
    "a declared error": lambda: NotFound("no such item"),
    "an error with a field": lambda: Taken("no", by="me"),
    "an error with a wrong field": lambda: Taken("no", by=5),
    "an undeclared error": lambda: Conflict("no"),
    "a foreign exception": lambda: Foreign("secret"),
    "an unexpected exception": lambda: RuntimeError("secret"),
    "a signal in a group": lambda: ExceptionGroup("", [NotFound("no such item")]),
    "a redirect in a group": lambda: ExceptionGroup("", [Redirect.to("item", number=1)]),
    "a signal in groups": lambda: ExceptionGroup("", [ExceptionGroup("", [NotFound("no")])]),
    "two signals": lambda: ExceptionGroup("", [NotFound("no"), NotFound("no")]),
    "no signal": lambda: ExceptionGroup("", [RuntimeError("secret")]),
}


class TakenToo(HTTPError, status_code=410):
    """Gone for good."""


def app_of(handler, *, debug):
    app = App(debug=debug)

    @app.get("/items/{number}", name="item")
    async def item(number: int) -> None: ...

    @app.get("/other")
    async def other() -> None: ...

    redirects(303, to="item", cookies={"sid": CookieSpec(required=False)})(handler)
    raises(NotFound, Taken)(handler)
    raises(TakenToo, on=Foreign)(handler)
    returns(Item, headers={"X-N": HeaderSpec(int, required=False)})(handler)
    app.get("/fast", name="fast")(handler)
    app.get("/careful", name="careful", dependencies=[nothing])(handler)
    return app


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("make", "is_raised"),
    [
        *(pytest.param(make, False, id=f"returned: {name}") for name, make in OUTCOMES.items()),
        *(pytest.param(make, True, id=f"raised: {name}") for name, make in RAISED.items()),
    ],
)
def test_any_outcome(at_once, asgi, logged, make, is_raised, debug):
    """What goes out and what is logged, for whatever a handler does."""

    async def handler() -> Response[Item] | Redirect:
        if is_raised:
            raise make()
        return make()

    answer = compare(at_once, asgi, app_of(handler, debug=debug), PLAIN, "GET")

    assert answer.status in {200, 303, 404, 409, 410, 500}
    assert (answer.status == 500) == bool(logged())
    generated, careful = logged() or ([], [])
    assert generated == careful or generated[1] == careful[1].replace("careful", "fast")


# --- the source --------------------------------------------------------------------------------


def source_of(app, name):
    """The source that was generated for an operation, as a traceback shows it."""
    (operation,) = [each for each in app.compile().endpoints if each.name == name]
    writing = Writing(app.compile().endpoints[operation])
    return "\n".join(writing.lines())


def test_no_text_of_an_author_is_in_the_source():
    """A name that breaks out of its quotes would be code."""
    evil = "x'\n\"; import os; os.abort() #"
    app = App()

    @app.get("/{id_evil}", name=evil)
    async def handler(
        id_evil: int, q: Annotated[str, Alias(evil)] = evil, h: Header[str] = "x"
    ) -> str:
        return q

    source = source_of(app, evil)

    assert re.findall(r"[a-zA-Z_]{3,}", source.replace("\n", " ")) != []
    assert "evil" not in source
    assert "import" not in source
    assert "id" not in re.findall(r"\w+", source)


def test_equal_shapes_share_their_code():
    """What differs, names, defaults, limits, is no part of it."""
    app = App()

    async def one(number: int, text: str = "a") -> str:
        return text

    async def two(count: int, title: str = "b") -> str:
        return title

    app.post("/one/{number}")(one)
    app.post("/two/{count}", max_body_size=5)(two)

    assert source_of(app, "one") == source_of(app, "two")
    assert fast._compiled(source_of(app, "one")) is fast._compiled(source_of(app, "two"))


async def test_a_traceback_shows_the_generated_lines(call):
    app = App()
    seen = []

    @app.get("/{number}")
    async def handler(number: int) -> str:
        seen.extend(traceback.extract_stack())
        return "x"

    await call(app, "GET", "/5")

    (frame,) = [frame for frame in seen if frame.filename.startswith("<redirflow")]
    assert frame.line == "result = await handler(a0)"
    linecache.checkcache()
    assert linecache.getline(frame.filename, frame.lineno).strip() == frame.line


@pytest.mark.parametrize(
    "instance",
    [
        Redirect.to("item", number=1),
        Redirect("/items/1").with_cookies({"sid": "x"}),
        Redirect("//evil.test"),
        NotFound("no"),
        Taken(by="me"),
        Conflict("undeclared"),
        RuntimeError("unexpected"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("way", ["fast", "careful"])
@pytest.mark.untraced
def test_an_instance_that_is_raised_again_and_again_does_not_grow(at_once, caplog, way, instance):
    """Its traceback would hold on to each frame that it ever passed."""
    caplog.set_level("CRITICAL", "redirflow")  # records are kept, and hold tracebacks too

    async def handler() -> Response[Item] | Redirect:
        try:
            raise ValueError
        except ValueError:
            raise instance  # noqa: B904 - its context is part of the test

    app = app_of(handler, debug=False)
    for _ in range(3):
        served(at_once, app, way, PLAIN, "GET")
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(1000):
        served(at_once, app, way, PLAIN, "GET")
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert instance.__traceback__ is None
    assert grown < 60_000


def test_background_tasks_take_the_careful_way(at_once, asgi):
    """Nothing in the generated way would run them."""
    app = App()
    ran = []

    async def task() -> None:
        ran.append(1)

    @app.get("/")
    async def handler(tasks: BackgroundTasks) -> str:
        tasks.add(task)
        return "x"

    assert asgi.answer(at_once(app, asgi.scope())).body == b'"x"'
    assert ran == [1]
