"""`follow`: the way of a request, as declared and as served; both must agree."""

import json

import pytest

from redirflow.cli import sending
from redirflow.cli.way import Asked, Declared, Hop, after

CHAIN = """\
1  GET /town-hall?a=1
   301 by row 2 '/town-hall' -> '/hall' (town.py:54)
       for row 2 '/town-hall' -> '/hall' (town.py:54)
       for row 1 '/hall' -> '/home/1' (town.py:54)
       for redirect '/home/{house_id}' -> '/h/{house_id}' (town.py:46)
       for redirect '/h/{house_id}' -> 'house' (town.py:45)
2  GET /houses/1?a=1
"""

HOUSE = "by house [GET /houses/{house_id}] (town.py:15)\n"
WAYS = [
    (("GET", "/town-hall?a=1"), 0, f"{CHAIN}   served {HOUSE}"),
    (
        ("get", "/first#here"),
        0,
        "1  GET /first\n"
        "   308 by redirect '/first' -> '/houses/1/' (town.py:48)\n"
        "       for redirect '/first' -> '/houses/1/' (town.py:48)\n"
        "       for slash redirect\n"
        f"2  GET /houses/1\n   served {HOUSE}",
    ),
    (
        ("POST", "/houses"),
        0,
        "1  POST /houses\n"
        "   served by build [POST /houses] (town.py:20)\n"
        "   may go on by 303 to house [GET /houses/{house_id}] (town.py:21)\n",
    ),
    (
        ("GET", "/out"),
        0,
        "1  GET /out\n"
        "   served by out [GET /out] (town.py:32)\n"
        "   may go on by 302 to https://maps.example (town.py:33)\n"
        "   may go on by 302 to any other site (town.py:33)\n"
        "   may go on by 307 to any location of this app (town.py:34)\n",
    ),
    (
        ("GET", "/map/a/b"),
        0,
        "1  GET /map/a/b\n"
        "   307 by redirect '/map/{rest:path}' -> 'https://maps.example/town/{rest}' "
        "(town.py:47)\n"
        "2  GET https://maps.example/town/a/b\n"
        "   another site\n",
    ),
    (
        ("GET", "/art"),
        0,
        "1  GET /art\n"
        "   308 by redirect '/art' -> '/museum/art' (town.py:49)\n"
        "2  GET /museum/art\n"
        "   served by the app mounted at /museum (town.py:44)\n",
    ),
    (
        ("GET", "/v0/h/4?x=1"),
        0,
        "1  GET /v0/h/4?x=1\n"
        "   handed on by reroute '/v0/{rest:path}' -> '/{rest}' (town.py:50)\n"
        "   308 by redirect '/h/{house_id}' -> 'house' (town.py:45)\n"
        f"2  GET /houses/4?x=1\n   served {HOUSE}",
    ),
    (
        ("HEAD", "/houses/3/?q"),
        0,
        f"1  HEAD /houses/3/?q\n   308 by slash redirect\n2  HEAD /houses/3?q\n   served {HOUSE}",
    ),
    (
        ("GET", "/openapi.json"),
        0,
        "1  GET /openapi.json\n   served by the app's own page 'openapi' [GET /openapi.json]\n",
    ),
    (("GET", "/nope"), 1, "1  GET /nope\n   404: nothing is served at this path\n"),
    (("POST", "/h/1"), 1, "1  POST /h/1\n   405: served with: GET, HEAD, OPTIONS\n"),
    (("OPTIONS", "/h/1"), 0, "1  OPTIONS /h/1\n   204: served with: GET, HEAD, OPTIONS\n"),
    (("OPTIONS", "/h/1/"), 1, "1  OPTIONS /h/1/\n   404: nothing is served at this path\n"),
    (
        ("GET", "/map/../x"),
        1,
        "1  GET /map/../x\n   404: nothing is served at this path\n",
    ),
    (
        ("GET", "/v0/%2e%2e"),
        1,
        "1  GET /v0/%2e%2e\n   404: nothing is served at this path\n",
    ),
    (("GET", "/é\n"), 1, "1  GET /%C3%A9%0A\n   404: nothing is served at this path\n"),
    (("GET", "/\udcff"), 1, "1  GET /%FF\n   404: nothing is served at this path\n"),
]


@pytest.mark.parametrize(("request_", "code", "out"), WAYS, ids=lambda value: str(value)[:30])
def test_a_way_is_told(town, request_, code, out):
    assert town.type("follow", *request_, "town.py") == (code, out, "")


@pytest.mark.parametrize(
    "request_", [way[0] for way in WAYS if way[0][1] not in {"/houses", "/out"}], ids=str
)
def test_a_way_that_is_sent_is_the_same(town, request_):
    """Rules, rows and slashes are served as they are told."""
    told = json.loads(town.type("follow", *request_, "town.py", "--format", "json").out)
    said = town.type("follow", *request_, "town.py", "--format", "json", "--run")
    sent = json.loads(said.out)
    last = sent["hops"][-1]
    if told["hops"][-1]["status"] is None and last["by"]["kind"] != "site":
        assert last["status"] == 200
        last["status"] = None

    assert sent == told
    assert said.err == ""


def test_what_is_sent_has_its_status(town):
    assert town.type("follow", "GET", "/town-hall?a=1", "town.py", "--run") == (
        0,
        f"{CHAIN}   200 {HOUSE}",
        "",
    )


def test_a_handler_is_followed_when_it_is_sent(town):
    """With the state of the lifespan, and the method after the hop."""
    assert town.type("follow", "POST", "/houses", "town.py", "--run").out == (
        f"1  POST /houses\n   303 by build [POST /houses] (town.py:20)\n"
        f"2  GET /houses/7\n   200 {HOUSE}"
    )


@pytest.mark.parametrize(
    ("where", "following", "end"),
    [
        ("https://maps.example/x%23y", "https://maps.example/x#y", "another site"),
        ("http://localhost/houses/2%23x", "/houses/2", "200 by house"),
        ("http://localhost", "/", "404: nothing"),
        ("/houses/2?b=1", "/houses/2?b=1", "200 by house"),
        ("?where=/lucky", "/out?where=/lucky", "307 by out"),
    ],
)
def test_a_location_is_read_as_browsers_do(town, where, following, end):
    lines = town.type("follow", "GET", f"/out?where={where}", "town.py", "--run").out.splitlines()

    assert lines[2] == f"2  GET {following}"
    assert lines[3].strip().startswith(end)


def test_json_of_a_way(town):
    said = town.type("follow", "POST", "/houses", "town.py", "--format", "json")

    assert json.loads(said.out) == {
        "hops": [
            {
                "number": 1,
                "method": "POST",
                "path": "/houses",
                "status": None,
                "location": None,
                "by": {
                    "kind": "operation",
                    "text": "build [POST /houses]",
                    "file": "town.py",
                    "line": 20,
                },
                "reroutes": [],
                "stands_for": [],
                "may_go_on": [
                    {
                        "status": 303,
                        "to": "house [GET /houses/{house_id}]",
                        "file": "town.py",
                        "line": 21,
                    }
                ],
            }
        ],
        "end": "operation",
        "ok": True,
    }


def test_reroutes_of_handlers_may_be_taken(town):
    assert "\n   may be handed on to house [GET /houses/{house_id}] (town.py:" in (
        town.type("follow", "GET", "/lucky", "town.py").out
    )


@pytest.mark.parametrize("run", [(), ("--run",)])
def test_a_circle_of_reroutes_ends(town, run):
    said = town.type("follow", "GET", f"{'/v0' * 12}/lucky", "town.py", *run)

    assert said.code == 1
    assert said.out.count("handed on") == 11
    assert said.out.endswith("   404: nothing is served at this path\n")


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (("GET", "x"), "'x' is no path: it begins with /"),
        (("GET", "https://a.example/"), "'https://a.example/' is no path: it begins with /"),
        (("G T", "/"), "'G T' is no method"),
    ],
)
def test_what_is_no_request(town, argv, error):
    assert town.type("follow", *argv, "town.py") == (
        2,
        "",
        f"redirflow: error: {error}\n    run: redirflow follow GET /path\n",
    )


def test_faults_are_told(faulty):
    assert faulty.type("follow", "GET", "/", "shop.py").code == 1


# --- Other apps ------------------------------------------------------------------------------


def ways(desk, app, *requests, run=()):
    """What is said of each request to the app with these lines in it."""
    desk.write("small.py", f"from redirflow import *\n\n{app}")
    return [desk.type("follow", *request.split(), "small.py", *run) for request in requests]


SLASHES = """
app = App(slashes="{}")

@app.get("/x")
async def x() -> int:
    return 1

app.redirect_table(RedirectTable.from_pairs([
    ("/old", "/x", 303), ("/q", "/x?a=1"), ("/long", "/x?" + "a" * 7000),
]))
app.redirect("/r", to="/x")

async def other(scope, receive, send):
    await send({{"type": "http.response.start", "status": 200, "headers": []}})

app.mount("/m", other)
"""


@pytest.mark.parametrize("run", [(), ("--run",)])
@pytest.mark.parametrize(
    ("slashes", "expected"),
    [
        ("redirect", [308, 308, 308, 405, 404, 404, 308, 200, 308]),
        ("strict", [404, 404, 404, 405, 404, 404, 404, 200, 404]),
        ("match", [200, 303, 308, 405, 404, 404, 404, 200, 308]),
    ],
)
def test_slashes_are_followed_as_they_are_served(desk, slashes, expected, run):
    requests = ["/x/", "/old/", "/q/", "/q", "/nope/", "//", "/m", "/m/", "/r/"]
    methods = ["GET", "GET", "GET", "POST", "GET", "GET", "GET", "GET", "GET"]
    said = ways(
        desk,
        SLASHES.format(slashes),
        *(f"{method} {path}" for method, path in zip(methods, requests, strict=True)),
        run=("--format", "json", *run),
    )

    assert [json.loads(each.out)["hops"][0]["status"] or 200 for each in said] == expected


@pytest.mark.parametrize("run", [(), ("--run",)])
def test_a_query_that_makes_a_location_too_long(desk, run):
    query = "b" * 2000
    said = ways(
        desk, SLASHES.format("redirect"), f"GET /long?{query}", f"GET /x/?{'b' * 8000}", run=run
    )

    assert [each.code for each in said] == [1, 1]
    assert all(each.out.endswith("   404: nothing is served at this path\n") for each in said)


SHRINKING = """
app = App()

@app.post("/{a}/x")
async def x(a: str) -> int:
    return 1

app.redirect("/s/{rest:path}", to="/{rest}", status_code=307)
"""


@pytest.mark.parametrize("run", [(), ("--run",)])
def test_too_many_redirects(desk, run):
    (said,) = ways(desk, SHRINKING, f"POST {'/s' * 30}/a/x", run=run)

    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[-1] == "stopped after 20 redirects: this looks endless"
    assert lines[-3] == f"21  POST {'/s' * 10}/a/x"


CHAINS = """
app = App()

@app.get("/x")
async def x() -> int:
    return 1

app.redirect("/first", to="/a")
app.redirect("/second/{rest:path}", to="/x?y={rest}")
app.redirect_table(RedirectTable.from_pairs([
    ("/a", "/b?q=1"), ("/b", "/c/"), ("/c", "/x", 301), ("/site", "/s"),
    ("/s", "https://s.example/"),
]))
"""


@pytest.mark.parametrize(
    ("path", "status", "location", "expected"),
    [
        ("/a", 301, "/x?q=1", ["/a", "/b", "slash redirect", "/c"]),
        ("/first", 301, "/x?q=1", ["/first", "/a", "/b", "slash redirect", "/c"]),
        ("/b", 301, "/x", ["/b", "slash redirect", "/c"]),
        ("/c", 301, "/x", []),
        ("/site", 308, "https://s.example/", ["/site", "/s"]),
    ],
)
def test_what_a_hop_stands_for(desk, path, status, location, expected):
    (said,) = ways(desk, CHAINS, f"GET {path}", run=("--format", "json"))
    hop = json.loads(said.out)["hops"][0]
    parts = [part["text"] for part in hop["stands_for"]]

    assert (hop["status"], hop["location"]) == (status, location)
    assert len(parts) == len(expected)
    assert all(
        part == source or f"'{source}' ->" in part
        for part, source in zip(parts, expected, strict=True)
    )


@pytest.mark.parametrize("run", [(), ("--run",)])
def test_a_parameter_that_makes_a_location_too_long(desk, run):
    (said,) = ways(desk, CHAINS, f"GET /second/{'a' * 8000}", run=run)

    assert (said.code, said.out.splitlines()[-1]) == (1, "   404: nothing is served at this path")


def test_an_endless_way_as_json(desk):
    (said,) = ways(desk, SHRINKING, f"POST {'/s' * 30}/a/x", run=("--format", "json"))
    told = json.loads(said.out)

    assert (told["end"], told["ok"], len(told["hops"])) == ("endless", False, 21)


def test_a_row_and_an_operation_at_one_path(desk):
    """The row answers what the operation does not."""
    app = SLASHES.format("redirect") + (
        '\n@app.post("/old2")\nasync def old2() -> int:\n    return 1\n\n'
        'app.redirect_table(RedirectTable.from_pairs([("/old2", "/x")]))\n'
    )
    said = ways(desk, app, "POST /old2", "GET /old2", "PUT /old2")

    expected = ["served by old2", "308 by row", "405: served"]

    assert [next(text for text in expected if text in each.out) for each in said] == expected


# --- What may go wrong when it is sent -------------------------------------------------------


def test_another_host_and_middleware(desk):
    """The host is one that the app answers for; what middleware does is nobody's declaration."""
    app = """
class Polite:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/health":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        elif scope["type"] == "http" and scope["path"] == "/broken":
            raise ValueError("oh")
        else:
            await self.app(scope, receive, send)

app = App(allowed_hosts=["shop.example"], middleware=[Polite])

@app.get("/")
async def home() -> int:
    return 1
"""
    said = ways(desk, app, "GET /", "GET /health", "GET /broken", run=("--run",))

    assert [each.code for each in said] == [0, 0, 1]
    assert said[0].out == "1  GET /\n   200 by home [GET /] (small.py:18)\n"
    assert said[1].out == ("1  GET /health\n   200 by no declaration; middleware, perhaps\n")
    assert said[2].err == "error: the app failed: ValueError: oh\n"


def test_a_lifespan_that_fails(desk):
    app = (
        "from contextlib import asynccontextmanager\n\n@asynccontextmanager\n"
        'async def broken(app):\n    raise ValueError("no database")\n    yield\n\n'
        "app = App(lifespan=broken)\n"
    )
    (said,) = ways(desk, app, "GET /", run=("--run",))

    assert (said.code, said.out) == (1, "")
    assert said.err.endswith(
        "redirflow: error: the lifespan of the app failed: ValueError: no database\n"
    )


def test_a_lifespan_that_middleware_does_not_know(desk):
    app = """
def strict(app):
    async def only_http(scope, receive, send):
        raise TypeError(scope["type"])
    return only_http

app = App(middleware=[strict])
"""
    (said,) = ways(desk, app, "GET /", run=("--run",))

    assert (said.code, said.err) == (
        1,
        "redirflow: error: the lifespan of the app failed: TypeError: lifespan\n",
    )


def test_an_endless_stream_is_left(desk):
    """The client goes away once it has seen the head of the response."""
    app = """
from collections.abc import AsyncIterator
import asyncio

app = App()

@app.get("/ticks")
@returns(media_type="application/jsonl")
async def ticks() -> AsyncIterator[int]:
    while True:
        yield 1
        await asyncio.sleep(0.01)
"""
    (said,) = ways(desk, app, "GET /ticks", run=("--run",))

    assert (said.code, said.out) == (
        0,
        "1  GET /ticks\n   200 by ticks [GET /ticks] (small.py:9)\n",
    )


def test_a_location_that_is_none():
    hop = Hop(asked=Asked("GET", "/"), by=Declared(kind="mount", text="x"), status=302)

    assert after(hop) is None
    assert after(Hop(asked=hop.asked, by=hop.by, status=302, location="http://[")) == (
        Asked("GET", "http://[")
    )


def test_the_host_of_a_location_is_not_shouted():
    assert sending._location([(b"Location", b"/a"), (b"location", b"/b")]) == "/a"
