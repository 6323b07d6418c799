"""Rules, served: what is sent, where chains end, and who answers."""

import asyncio
from functools import reduce
from urllib.parse import unquote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from redirflow import App, Header, Query, Request, SpecError
from redirflow.declare.faults import Place
from redirflow.declare.operation import Operation, RedirectRule, RerouteRule
from redirflow.http.methods import METHODS, PERMANENT, method_after_hop
from redirflow.routing.chain import FinalRule
from redirflow.routing.check import check_rules
from redirflow.routing.router import Router
from redirflow.routing.table import RedirectTable
from redirflow.routing.template import parse_template

PLACE = Place("rules.py", 1)


async def handler() -> None: ...


def check(operations, *rules, **options):
    """The rules, checked beside these operations, each a `METHOD /path`."""
    router = Router()
    for text in operations:
        method, path = text.split()
        operation = Operation(method=method, path=path, name=text, handler=handler, place=PLACE)
        router.add(parse_template(path), method, operation)
    return check_rules(router, rules, {}.__getitem__, **options)


def redirect(source, to, status_code=308, **options):
    return RedirectRule(source=source, to=to, status_code=status_code, place=PLACE, **options)


def reroute(source, to, **options):
    return RerouteRule(source=source, to=to, place=PLACE, **options)


def only(*rules, operations=("GET /{rest:path}",), **options):
    """The first of *rules* as it is served."""
    checked = check(operations, *rules, **options)
    assert [str(fault) for fault in checked.faults] == []
    return checked.rules[0]


def ask(app, target, method="GET", root=""):
    """Status and `Location` of one request, or its body."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": root + unquote(path),
        "raw_path": (root + path).encode(),
        "query_string": query.encode(),
        "root_path": root,
        "headers": [(b"host", b"api.example")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    headers = dict(sent[0]["headers"])
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], (headers.get(b"location") or body).decode()


# --- What is sent ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "query", "location"),
    [
        (redirect("/x", "/y"), b"", b"/y"),
        (redirect("/x", "/y"), b"a=1&b", b"/y?a=1&b"),
        (redirect("/x", "/y", keep_query=False), b"a=1", b"/y"),
        (redirect("/x", "https://host.example/y"), b"a=1", b"https://host.example/y"),
        (redirect("/x", "https://host.example"), b"", b"https://host.example/"),
        (
            redirect("/x", "https://host.example/y", keep_query=True),
            b"a=1",
            b"https://host.example/y?a=1",
        ),
        (redirect("/x", "/y?a=2&c=3"), b"a=1&b=1&%61=4", b"/y?a=2&c=3&b=1"),
        (redirect("/x", "/y?a=2", keep_query=False), b"a=1&b=1", b"/y?a=2"),
        (redirect("/x", "/y#top"), b"", b"/y#top"),
        (redirect("/x", "/y?a=2#top"), b"b=1", b"/y?a=2&b=1#top"),
        (redirect("/x", "/y"), b"a=\xff#b", b"/y?a=%FF%23b"),
        (redirect("/x", "/caf\xe9 y?q=\xe9"), b"", b"/caf%C3%A9%20y?q=%C3%A9"),
        (redirect("/x", "/100%25/50%2fy"), b"", b"/100%25/50%2fy"),
        (redirect("/x", "/~0.?~~=~"), b"", b"/~0.?~~=~"),
    ],
)
def test_a_location_without_parameters(rule, query, location):
    assert only(rule).expand({}, query) == location


@pytest.mark.parametrize(
    ("rule", "values", "location"),
    [
        (redirect("/x/{a}", "/y/{a}"), {"a": "1"}, b"/y/1?q=1"),
        (redirect("/x/{a}", "/y/{a}"), {"a": "\xe9 %41?#"}, b"/y/%C3%A9%20%2541%3F%23?q=1"),
        (redirect("/x/{a}", "/y/{a}/z"), {"a": "..."}, b"/y/.../z?q=1"),
        (redirect("/x/{a:path}", "/y/{a}"), {"a": "1/2//3/"}, b"/y/1/2//3/?q=1"),
        (redirect("/x/{a:path}", "/y/{a:path}"), {"a": ""}, b"/y/?q=1"),
        (redirect("/x/{a:path}", "/{a}"), {"a": "1"}, b"/1?q=1"),
        (redirect("/x/{a}", "/y?n={a}&q=2#{a}"), {"a": "1&2=3"}, b"/y?n=1%262%3D3&q=2#1%262%3D3"),
        (redirect("/x/{a}/{b}", "/y/{b}/{a}/{b}"), {"a": "1", "b": "2"}, b"/y/2/1/2?q=1"),
        (redirect("/x/{a}", "https://host.example/{a}"), {"a": "1 2"}, b"https://host.example/1%202"),
        (
            redirect("/x/{a:path}", "https://host.example/v-{a}.html"),
            {"a": "1/2"},
            b"https://host.example/v-1/2.html",
        ),
    ],
)  # fmt: skip
def test_a_location_with_parameters(rule, values, location):
    assert only(rule).expand(values, b"q=1") == location


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        (redirect("/x/{a:path}", "/{a}"), {"a": "/evil.example"}),
        (redirect("/x/{a:path}", "/{a}?own=1"), {"a": "/evil.example"}),
        (redirect("/x/{a:path}", "/{a}"), {"a": "../secret"}),
        (redirect("/x/{a:path}", "/y/{a}#top"), {"a": "1/./2"}),
        (redirect("/x/{a}", "/y/{a}"), {"a": "\ud800"}),
        (redirect("/x/{a}", "/y/{a}"), {"a": "a" * 8000}),
        (redirect("/x/{a}", "/y/{a}"), {"a": ".."}),
        (redirect("/x/{a}", "/y/{a}"), {"a": "1/2"}),
        (redirect("/x/{a}", "/y/{a}"), {"a": ""}),
        (redirect("/x/{a:path}", "https://host.example/.{a}"), {"a": "./y"}),
        (redirect("/x/{a:path}", "https://host.example/.{a}"), {"a": "/y"}),
    ],
)
def test_a_parameter_that_makes_a_location_to_refuse(rule, values):
    assert only(rule).expand(values) is None


@pytest.mark.parametrize("root", ["", "/api", "/\xe9"])
@pytest.mark.parametrize("value", ["/evil.example", "//evil.example", "\\evil.example"])
@pytest.mark.parametrize("to", ["/{a}", "/{a}/", "/{a}/y"])
def test_no_location_begins_with_a_host(root, value, to):
    location = only(redirect("/from/{a:path}", to)).expand({"a": value}, b"q=1", root)

    assert (location is None) == value.startswith("/")
    assert location is None or not location.startswith((b"//", b"/\\"))


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("/y", b"/a%C3%A9/y"),
        ("/y/{a}", b"/a%C3%A9/y/1"),
        ("https://host.example/{a}", b"https://host.example/1"),
    ],
)
def test_the_root_path_stands_before_paths_of_the_app(to, location):
    assert only(redirect("/x/{a}", to)).expand({"a": "1"}, b"", "/a\xe9") == location


# --- Chains ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        *[(303, other, 303) for other in (301, 302, 303, 307, 308)],
        *[(other, 303, 303) for other in (301, 302, 307, 308)],
        (301, 301, 301),
        (301, 308, 301),
        (308, 301, 301),
        (301, 302, 302),
        (301, 307, 302),
        (307, 301, 302),
        (302, 308, 302),
        (308, 302, 302),
        (307, 307, 307),
        (307, 308, 307),
        (308, 307, 307),
        (308, 308, 308),
    ],
)
def test_the_status_of_two_hops_in_one(first, second, joined):
    final = only(redirect("/a", "/b", first), redirect("/b", "/c", second))

    assert (final.status, final.expand({})) == (joined, b"/c")


@pytest.mark.parametrize(
    ("first", "second", "age"),
    [
        ((308, None), (308, None), None),
        ((308, 60), (308, 30), 30),
        ((308, None), (301, 30), 30),
        ((307, None), (308, 30), None),
        ((307, 10), (308, None), 10),
    ],
)
def test_a_chain_is_kept_as_long_as_its_shortest_lived_hop(first, second, age):
    final = only(
        redirect("/a", "/b", first[0], max_age=first[1]),
        redirect("/b", "/c", second[0], max_age=second[1]),
    )

    assert final.max_age == age


@pytest.mark.parametrize(
    ("rules", "values", "query", "location"),
    [
        (
            [redirect("/a", "/b?x=1&y=1#one"), redirect("/b", "/c?x=2#two")],
            {},
            b"z=1",
            b"/c?x=2&y=1&z=1#two",
        ),
        ([redirect("/a", "/b#one"), redirect("/b", "/c")], {}, b"", b"/c#one"),
        (
            [redirect("/a", "/b?x=1"), redirect("/b", "/c?y=1", keep_query=False)],
            {},
            b"z=1",
            b"/c?y=1",
        ),
        (
            [redirect("/a/{x}", "/b/{x}"), redirect("/b/{y}", "https://host.example/{y}?q={y}#{y}")],
            {"x": "1 2"},
            b"z=1",
            b"https://host.example/1%202?q=1%202#1%202",
        ),
        (
            [redirect("/a/{x:path}", "/b/k/{x}"), redirect("/b/{y:path}", "/c/{y}?q={y}")],
            {"x": "1/2"},
            b"",
            b"/c/k/1/2?q=k%2F1%2F2",
        ),
        (
            [redirect("/a/{x}", "/b/q w/{x}"), redirect("/b/{y}/{z}", "/{z}/{y}")],
            {"x": "1"},
            b"",
            b"/1/q%20w",
        ),
        ([redirect("/a", "/b/"), redirect("/b", "/c")], {}, b"q=1", b"/c?q=1"),
        ([redirect("/a", "/b/"), redirect("/b", "/c")], {}, b"", b"/c"),
        ([redirect("/a/{x}", "/b/{x}/"), redirect("/b/{y}", "/c/{y}")], {"x": "1"}, b"", b"/c/1"),
    ],
)  # fmt: skip
def test_a_chain_leads_at_once_to_its_end(rules, values, query, location):
    final = only(*rules, operations=["GET /c", "GET /c/{rest:path}", "GET /1/{z}"])

    assert final.expand(values, query) == location


def test_a_chain_names_its_hops():
    final = only(redirect("/a", "/b/"), redirect("/b", "/c"), operations=["GET /c"])

    assert [str(hop) for hop in final.hops] == [
        "redirect '/a' -> '/b/'",
        "slash '/b/' -> '/b'",
        "redirect '/b' -> '/c'",
    ]


def test_a_chain_goes_on_through_a_row():
    table = RedirectTable.from_pairs([("/b", "/c", 302)])
    final = only(redirect("/a", "/b"), tables=[table])

    assert (final.status, final.expand({}, b"q=1")) == (302, b"/c?q=1")


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([redirect("/a", "/b"), reroute("/b", "/c")], id="reroute"),
        pytest.param(
            [redirect("/a", "/b", 307), redirect("/b", "/c", 307), redirect("/b", "/d", 307)],
            id="by method",
        ),
        pytest.param([redirect("/a", "/e"), redirect("/e", "/c", 308)], id="operation beside"),
    ],
)
def test_a_chain_ends_where_a_request_may_be_answered_otherwise(rules):
    final = check(["GET /c", "POST /d", "PUT /e"], *rules).rules[0]

    assert final.hops == (final.rule,)


def test_a_parameter_that_may_come_to_several_rules_is_not_followed():
    final = check(
        ["GET /c"], redirect("/a/{x}", "/b/{x}"), redirect("/b/1", "/c"), redirect("/b/{y}", "/c")
    ).rules[0]

    assert (final.hops, final.expand({"x": "1"})) == ((final.rule,), b"/b/1")


def test_a_refused_path_on_the_way_to_a_fixed_location():
    final = only(
        redirect("/a/{x:path}", "/b/{x}"), redirect("/b/{y:path}", "/c"), operations=["GET /c"]
    )
    found = [final.expand({"x": value}) for value in ("1", "1/..", "./1")]

    assert (found, final.ready, final.single) == ([b"/c", None, None], None, None)


def test_a_slash_at_the_end_goes_through_a_chain():
    final = only(
        redirect("/a/{x:path}", "/b/{x}/"),
        redirect("/b/{y:path}", "/c/{y}"),
        operations=["GET /c/{z:path}"],
    )

    assert final.expand({"x": "1"}) == b"/c/1/"


def test_an_empty_rest_goes_through_a_chain():
    final = only(
        redirect("/a/{x}", "/b/{x}/"),
        redirect("/b/{x}/{y:path}", "https://host.example/{x}{y}"),
        operations=[],
    )

    assert final.expand({"x": "1"}) == b"https://host.example/1"


def test_a_host_on_the_way_to_a_fixed_location():
    final = only(
        redirect("/go/{x:path}", "/{x}/b"),
        redirect("/{y:path}", "/c/{y}"),
        operations=["GET /c/{z:path}"],
        slashes="strict",
    )
    found = [final.expand({"x": value}) for value in ("x", "/evil.example")]

    assert found == [b"/x/b", None]


# --- Chains, by example of many -------------------------------------------------------------

NAMES = ("p", "q", "r")
SEGMENT = st.sampled_from(["a", "b", "c", "\xe9"])
VALUE = st.sampled_from(["a", "b", "c", "1 2", "100%", "\xe9?", "..."])


@st.composite
def declared(draw):
    """A redirect whose parameters all come from its source."""
    holes = draw(st.integers(0, 2))
    rest = holes > 0 and draw(st.booleans())
    names = NAMES[:holes]
    source = [draw(SEGMENT), *(f"{{{name}}}" for name in names)]
    if rest:
        source[-1] = f"{{{names[-1]}:path}}"
    piece = st.one_of(SEGMENT, st.sampled_from([f"{{{name}}}" for name in names] or ["a"]))
    target = "/".join(
        ["", draw(st.sampled_from(["a", "b", "c", "\xe9"])), *draw(st.lists(piece, max_size=2))]
    )
    target += draw(st.sampled_from(["", "", "?x=1", "?y=2&x=3", "#top", "?x=4#end", "/"]))
    status = draw(st.sampled_from([301, 302, 303, 307, 308]))
    keep = draw(st.sampled_from([None, None, False]))
    return redirect("/" + "/".join(source), target, status, keep_query=keep)


class Follower:
    """A client: asks again at each location; keeps a fragment that the next one does not set."""

    def __init__(self, rules, location_of):
        self.router = Router()
        self.location_of = location_of
        for rule in rules:
            self.router.add(rule.source, "GET", rule)

    def end(self, path, query):
        fragment = ""
        hops = 0
        while hops < 30:
            found = self.router.find(path)
            if found is None:
                return path, query, fragment, hops
            leaf, values = found
            names = [hole.name for hole in leaf.template.holes]
            texts = (values,) if isinstance(values, str) else values
            sent = self.location_of(leaf.owners["GET"], dict(zip(names, texts, strict=True)), query)
            if sent is None:
                return None
            before, _, last = sent.decode().partition("#")
            text, _, asked = before.partition("?")
            path, query, fragment = unquote(text), asked.encode(), last or fragment
            hops += 1
        return None


@settings(max_examples=80, deadline=None)
@given(st.lists(declared(), min_size=2, max_size=6), st.lists(VALUE, max_size=2), SEGMENT)
def test_a_chain_in_one_hop_leads_where_its_hops_lead_one_after_the_other(rules, values, first):
    checked = check([], *rules, slashes="strict")
    finals = {final.source.shape: final for final in checked.rules}
    assume(len(finals) == len(rules))
    singles = Follower(checked.rules, single)
    joined = Follower(checked.rules, FinalRule.expand)
    path = "/".join(["", first, *values])
    slow, fast = singles.end(path, b"x=9&z=1"), joined.end(path, b"x=9&z=1")

    assert (slow and slow[:3]) == (fast and fast[:3])


def single(final, values, query):
    """The location of the rule alone."""
    (alone,) = check([], final.rule.declared).rules
    return alone.expand(values, query)


@given(st.lists(declared(), min_size=2, max_size=6))
@settings(max_examples=80, deadline=None)
def test_a_chain_in_one_hop_changes_the_method_as_its_hops_do(rules):
    for final in check([], *rules).rules:
        statuses = [hop.status for hop in final.hops]

        assert [method_after_hop(final.status, method) for method in METHODS] == [
            reduce(lambda asked, status: method_after_hop(status, asked), statuses, method)
            for method in METHODS
        ]
        assert (final.status in PERMANENT) == ({*statuses} <= PERMANENT)


# --- Reroutes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "inside"),
    [
        (reroute("/x/{a}", "/y/{a}"), ("/y/1%202", b"q=1")),
        (reroute("/x/{a}", "/y?own={a}"), ("/y", b"own=1%202&q=1")),
        (reroute("/x/{a}", "/y", query={"b": [1, True], "c": None}), ("/y", b"b=1&b=true")),
        (reroute("/x/{a}", "/y", query={}), ("/y", b"")),
    ],
)
def test_what_a_reroute_asks_inside(rule, inside):
    assert only(rule).reroute({"a": "1 2"}, b"q=1") == inside


def test_a_reroute_knows_the_shape_that_it_comes_to():
    final = only(reroute("/x/{a}/{b:path}", "/y/{b}"), operations=["GET /y/{rest:path}"])

    assert final.known.values({"a": "1", "b": "2/3"}) == "2/3"


def test_a_reroute_knows_all_parameters_of_the_shape():
    final = only(reroute("/x/{a}", "/y/k/{a}"), operations=["GET /y/{one}/{two}"])

    assert final.known.values({"a": "1"}) == ("k", "1")


def test_a_parameter_of_the_shape_may_hold_several_segments():
    final = only(reroute("/x/{a}", "/y/k/{a}"), operations=["GET /y/{rest:path}"])

    assert final.known.values({"a": "1"}) == "k/1"


def test_a_reroute_is_no_chain():
    final = only(reroute("/a", "/b"), redirect("/b", "/c"))

    assert final.hops == (final.rule,)


@pytest.mark.parametrize("to", ["/y", "/z/", "/{a}"])
def test_a_reroute_may_not_know_who_answers(to):
    table = RedirectTable.from_pairs([("/y", "/z")])
    final = check(["GET /z"], reroute("/x/{a}", to), tables=[table]).rules[0]

    assert final.known is None


def test_a_reroute_of_a_refused_path_is_none():
    final = only(reroute("/x/{a:path}", "/{a}"), operations=["GET /y"])

    assert final.reroute({"a": "/evil.example"}, b"") is None


# --- Through an app -------------------------------------------------------------------------


def app_of(**options):
    app = App(**options)

    @app.get("/items/{item_id}")
    async def get_item(
        request: Request, item_id: str, tab: Query[str] = "all", x_via: Header[str] = "client"
    ) -> list[str]:
        return [item_id, tab, x_via, request.original_path]

    @app.post("/orders")
    async def order() -> None: ...

    return app, get_item


def test_an_app_serves_its_rules():
    app, get_item = app_of()
    app.redirect("/i/{item_id}", to=get_item, status_code=301)
    app.redirect("/named/{item_id}", to="get_item", status_code=302)
    app.redirect("/old/{rest:path}", to="/{rest}")
    app.redirect("/away", to="https://host.example/", status_code=307)
    app.redirect("/order", to="/orders", status_code=307)
    answers = [
        ask(app, "/i/1?tab=2"),
        ask(app, "/i/1", "HEAD"),
        ask(app, "/i/1", "POST"),
        ask(app, "/named/%C3%A9%2525", root="/api"),
        ask(app, "/old/items/1"),
        ask(app, "/away?q=1", "DELETE"),
        ask(app, "/order", "POST"),
    ]

    assert answers == [
        (301, "/items/1?tab=2"),
        (301, "/items/1"),
        (301, "/items/1"),
        (302, "/api/items/%C3%A9%2525"),
        (308, "/items/1"),
        (307, "https://host.example/"),
        (307, "/orders"),
    ]


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("PUT", "/i/1", 405),
        ("OPTIONS", "/i/1", 204),
        ("GET", "/old//evil.example", 404),
        ("GET", "/old/%2e%2e/x", 404),
        ("GET", "/i/", 404),
    ],
)
def test_what_a_rule_does_not_redirect(method, target, status):
    app, get_item = app_of()
    app.redirect("/i/{item_id}", to=get_item, status_code=301)
    app.redirect("/old/{rest:path}", to="/{rest}")

    assert ask(app, target, method)[0] == status


def test_an_app_serves_its_reroutes():
    app, get_item = app_of()
    app.reroute("/i/{item_id}", to=get_item, headers={"X-Via": "rule"})
    app.reroute("/first", to="/i/1", query={"tab": "new"})
    app.reroute("/any/{rest:path}", to="/{rest}")
    answers = [ask(app, "/i/1?tab=2"), ask(app, "/first?tab=2"), ask(app, "/any/items/7")]

    assert answers == [
        (200, '["1","2","rule","/i/1"]'),
        (200, '["1","new","rule","/first"]'),
        (200, '["7","all","client","/any/items/7"]'),
    ]


def test_an_app_with_a_refused_rule_does_not_start():
    app, _ = app_of()
    app.redirect("/i/{id}", to="get_itm")
    with pytest.raises(SpecError) as refused:
        app.compile()

    assert [fault.found for fault in refused.value.faults] == [
        "redirect '/i/{id}' -> 'get_itm': there is no operation named "
        "'get_itm'; did you mean 'get_item'?"
    ]


def test_a_handler_that_is_not_of_the_app_is_refused():
    app, _ = app_of()
    app.redirect("/i/{id}", to=handler)
    with pytest.raises(SpecError) as refused:
        app.compile()

    assert [fault.found for fault in refused.value.faults] == [
        "redirect '/i/{id}' -> 'handler': handler is not a handler of this app"
    ]


def test_an_app_tells_of_a_possible_loop_and_starts():
    app, _ = app_of()
    app.redirect("/{lang}/{page}", to="/{page}/{lang}")
    app.redirect("/de/{page}", to="/orders", status_code=307)

    assert [fault.found.partition("\n")[0] for fault in app.compile().warnings] == [
        "a possible loop: requests for '/{lang}/{page}' may come back"
    ]


def test_a_rule_that_leads_elsewhere_answers_every_method():
    finals = check(["GET /y"], redirect("/x", "https://host.example/"), redirect("/z", "/y")).rules

    assert [final.every_method for final in finals] == [True, False]
