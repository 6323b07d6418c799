"""Rows of tables beside operations, rules, mounts and other sites: checked, collapsed, served."""

import asyncio
import re

import pytest

from redirflow import App, RedirectTable, SpecError


def speaking(name="speak"):
    async def speak() -> str:
        return name

    speak.__name__ = name
    return speak


def named(parameter):
    """An operation with one path parameter."""
    scope = {}
    exec(f"async def by_{parameter}({parameter}: str) -> str: ...", scope)
    return scope[f"by_{parameter}"]


async def elsewhere(scope, receive, send):
    """Another ASGI app, to mount."""


@pytest.fixture
def app():
    """An app with operations, rules and a mount for rows to lead to."""
    app = App()
    app.get("/home")(speaking("home"))
    app.post("/send")(speaking("send"))
    app.route("/both", methods=["GET", "POST"])(speaking("both"))
    app.get("/dir/")(speaking("directory"))
    app.redirect("/rule", to="/home", status_code=302, max_age=60)
    app.redirect("/away", to="https://a.example/")
    app.mount("/mount", elsewhere)
    return app


def with_rows(app, *rows):
    app.redirect_table(RedirectTable.from_pairs(rows))
    return app


def ask(app, path, method="GET", query=b"", root=""):
    """Status, fields and body of the answer of *app*, in process."""
    sent = []

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "root_path": root,
        "headers": [(b"host", b"site.test")],
    }
    asyncio.run(app(scope, receive, send))
    fields = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], fields


def location(app, path, **more):
    status, fields = ask(app, path, **more)
    return status, fields.get("location")


def refused(app):
    with pytest.raises(SpecError) as caught:
        app.compile()
    return [fault.found.partition("\n")[0] for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("/a", "/home"), (308, "/home")),
        (("/a", "/home", 301), (301, "/home")),
        (("/a", "/home?x=1#y", 302), (302, "/home?x=1#y")),
        (("/a", "https://x.org/b", 307), (307, "https://x.org/b")),
        (("/a", "/mount/x", 303), (303, "/mount/x")),
        (("/a", "/dir"), (308, "/dir/")),
        (("/a", "/rule"), (302, "/home")),
        (("/a", "/rule", 303), (303, "/home")),
        (("/a", "/away"), (308, "https://a.example/")),
        (("/é", "/home"), (308, "/home")),
    ],
)
def test_a_row_leads_to_the_end_of_its_chain(app, row, expected):
    assert location(with_rows(app, row), row[0]) == expected


def test_a_row_is_kept_no_longer_than_the_rule_that_it_leads_through(app):
    with_rows(app, ("/a", "/rule"), ("/b", "/home"))

    assert ask(app, "/a")[1]["cache-control"] == "max-age=60"
    assert "cache-control" not in ask(app, "/b")[1]


@pytest.mark.parametrize("kinds", [60, 300])
def test_more_kinds_of_rows_than_were_read_or_than_a_byte_can_number(app, kinds):
    """Each rule has another lifetime, and each row that leads to one takes it over."""
    ages = range(kinds)
    app.redirect("/known", to="/home", status_code=302, max_age=ages[-1])
    for age in ages:
        app.redirect(f"/rule/{age}", to="/home", status_code=307, max_age=age)
    with_rows(
        app,
        ("/first", "/known"),
        *((f"/row/{age}", f"/rule/{age}") for age in ages),
        *((f"/{name}/{age}", f"/row/{age}", 301) for name in "ab" for age in reversed(ages)),
    )

    for age in ages:
        rows = [ask(app, f"/{name}/{age}") for name in ("row", "a", "b")]
        assert [status for status, _ in rows] == [307, 302, 302]
        assert {fields["cache-control"] for _, fields in rows} == {f"max-age={age}"}


def test_a_rule_leads_to_a_row_beside_an_operation(app):
    app.redirect("/in", to="/send")
    with_rows(app, ("/send", "/home"))

    assert location(app, "/in") == (308, "/send")
    assert location(app, "/send") == (308, "/home")
    assert ask(app, "/send", method="POST")[0] == 201


def test_the_longest_of_joined_queries(app):
    app.redirect("/long", to="/home?" + "b" * 5000)
    with_rows(app, ("/a", "/long?" + "a" * 5000))

    [said] = refused(app)
    assert said.endswith(
        "aaa': the location takes more than 8000 bytes: keep long values out of it"
    )


def test_a_row_after_which_a_row_serves_no_method(app):
    """POST stays POST after a 308, and the row at the target leads to what serves only that."""
    with_rows(app, ("/a", "/b", 303), ("/b", "/send", 308))

    assert refused(app) == [
        "row 1 '/a' -> '/b': '/b' serves POST, and after a 303 clients ask with GET"
    ]


def test_a_rule_that_leads_into_very_many_rows(app):
    """They are not compared one by one: some of them are taken to be what the rule leads to."""
    app.redirect("/old/{x}", to="/rows/{x}")
    with_rows(app, *((f"/rows/{number}/deep", "/home") for number in range(10_001)))

    assert location(app, "/old/1") == (308, "/rows/1")
    assert ask(app, "/rows/1")[0] == 404


def test_a_row_before_one_that_leads_nowhere_is_not_blamed(app):
    app.redirect("/through", to="/dead")
    more = [(f"/{number}", "/dead#x") for number in range(100)]
    with_rows(app, ("/dead", "/nowhere"), ("/a", "/through"), *more)

    assert refused(app) == [
        "row 1 '/dead' -> '/nowhere': nothing in this app answers at '/nowhere'"
    ]


def test_rows_before_one_that_changes_the_method_too_far_are_not_blamed(app):
    with_rows(app, ("/a", "/b", 303), ("/b", "/send", 308), ("/c", "/a", 303), ("/d", "/c", 301))

    assert refused(app) == [
        "row 1 '/a' -> '/b': '/b' serves POST, and after a 303 clients ask with GET"
    ]


def test_rows_lead_through_rows(app):
    """Each answers with the last target; the status is what following would have come to."""
    with_rows(app, ("/a", "/b"), ("/b", "/c?k=1", 302), ("/c", "/home"), ("/d", "/c", 301))

    assert location(app, "/a") == (302, "/home?k=1")
    assert location(app, "/b") == (302, "/home?k=1")
    assert location(app, "/c") == (308, "/home")
    assert location(app, "/d") == (301, "/home")


def test_rows_of_one_kind_lead_to_the_last_of_them(app):
    with_rows(app, ("/a", "/b"), ("/b", "/c"), ("/c", "/d"), ("/d", "/home"), ("/e", "/a#x"))

    assert [location(app, path) for path in ("/a", "/b", "/c")] == [(308, "/home")] * 3
    assert location(app, "/e") == (308, "/home#x")


def test_a_row_leads_to_a_row_beside_an_operation(app):
    """It leads no further: the operation answers there, too."""
    app.delete("/b")(speaking("remove"))
    with_rows(app, ("/a", "/b"), ("/b", "/home"), ("/c", "/b", 307), ("/d", "/c", 307))

    for method in ("GET", "DELETE"):
        assert location(app, "/a", method=method) == (308, "/b")
        assert location(app, "/c", method=method) == (307, "/b")
        assert location(app, "/d", method=method) == (307, "/b")


def test_a_row_leads_to_a_rule_beside_an_operation(app):
    app.redirect("/moved", to="/home")
    app.post("/moved")(speaking("made"))
    with_rows(app, ("/a", "/moved"))

    assert location(app, "/a") == (308, "/moved")
    assert location(app, "/a", method="POST") == (308, "/moved")


def test_what_stands_at_the_target_is_found_as_for_a_request(app):
    """An exact path comes before a parameter, and a row before both."""
    app.post("/{name}")(named("name"))
    app.get("/users/{user}")(named("user"))
    with_rows(app, ("/a", "/home"), ("/b", "/a"), ("/c", "/users/1"), ("/d", "/else"))

    assert location(app, "/a") == (308, "/home")
    assert location(app, "/b") == (308, "/home")
    assert location(app, "/c") == (308, "/users/1")
    assert location(app, "/d", method="POST") == (308, "/else")
    assert ask(app, "/d")[0] == 405


@pytest.mark.parametrize(
    ("target", "path"), [("/users/a%2Fb", "/users/a/b"), ("/users/", "/users/")]
)
def test_a_parameter_of_one_segment_takes_neither_two_nor_none(app, target, path):
    app.get("/users/{user}")(named("user"))

    assert refused(with_rows(app, ("/a", target))) == [
        f"row 1 '/a' -> '{target}': nothing in this app answers at '{path}'"
    ]


@pytest.mark.parametrize("rule", ["redirect", "reroute"])
def test_a_row_does_not_lead_where_a_rule_refuses_the_path(app, rule):
    """The rule would send it to another site."""
    getattr(app, rule)("/v1/{rest:path}", to="/{rest}")
    with_rows(app, ("/a", "/v1/home"), ("/b", "/v1//evil.example"))

    assert refused(app) == [
        "row 2 '/b' -> '/v1//evil.example': nothing in this app answers at '/v1//evil.example'"
    ]


def test_a_question_mark_in_a_source_is_no_query(app):
    with_rows(app, ("/b%3Fx", "/both?y"), ("/b", "/home"), ("/a", "/b?x"), ("/c", "/a"))

    assert location(app, "/a") == (308, "/home?x")
    assert location(app, "/c") == (308, "/home?x")
    assert location(app, "/b?x") == (308, "/both?y")


def test_a_chain_of_very_many_rows_is_no_loop(app):
    """Not even with fragments, of which the last one counts."""
    rows = [(f"/{number}", f"/{number + 1}#{number}") for number in range(150)]
    with_rows(app, *rows, ("/150", "/home"))

    assert location(app, "/0") == (308, "/home#149")


def test_a_row_that_leads_into_a_path_that_grows(app):
    app.redirect("/grow/{rest:path}", to="/grow/x/{rest}")
    with_rows(app, ("/a", "/grow/"))

    assert "a loop without end: each request for '/a' comes back" in refused(app)


def test_the_query_of_the_request_is_kept(app):
    """Parameters of the target's own query win; another site does not get it."""
    with_rows(app, ("/a", "/home?x=1"), ("/b", "https://x.org/"))

    assert location(app, "/a", query=b"x=2&y=3") == (308, "/home?x=1&y=3")
    assert location(app, "/b", query=b"y=3") == (308, "https://x.org/")


def test_a_row_below_a_root_path(app):
    assert location(with_rows(app, ("/a", "/home")), "/api/a", root="/api") == (308, "/api/home")


def test_a_row_answers_the_methods_that_its_target_serves(app):
    with_rows(app, ("/a", "/home"), ("/b", "/send", 307), ("/c", "/home", 303), ("/d", "/both"))

    assert ask(app, "/a", method="POST") == (
        405,
        {**ask(app, "/nowhere")[1], "content-length": "116", "allow": "GET, HEAD, OPTIONS"},
    )
    assert ask(app, "/a", method="HEAD")[0] == 308
    assert ask(app, "/a", method="OPTIONS") == (204, {"allow": "GET, HEAD, OPTIONS"})
    assert ask(app, "/b", method="GET")[1]["allow"] == "POST, OPTIONS"
    assert location(app, "/b", method="POST") == (307, "/send")
    assert location(app, "/c", method="DELETE") == (303, "/home")
    assert ask(app, "/d", method="POST")[0] == 308


def test_a_row_beside_an_operation_of_another_method(app):
    """The path serves both: the operation its method, the row those of its target."""
    app.delete("/a")(speaking("remove"))
    with_rows(app, ("/a", "/home"))

    assert location(app, "/a") == (308, "/home")
    assert ask(app, "/a", method="DELETE")[0] == 200


@pytest.mark.parametrize(
    ("slashes", "expected"),
    [("redirect", (308, "/a")), ("match", (308, "/home")), ("strict", (404, None))],
)
def test_the_other_form_of_the_last_slash(slashes, expected):
    app = App(slashes=slashes)
    app.get("/home")(speaking("home"))

    assert location(with_rows(app, ("/a", "/home")), "/a/") == expected


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (
            [("/a", "/nowhere")],
            "row 1 '/a' -> '/nowhere': nothing in this app answers at '/nowhere'",
        ),
        (
            [("/a", "/send", 303)],
            "row 1 '/a' -> '/send': '/send' serves POST, and after a 303 clients ask with GET",
        ),
        ([("/a", "/a")], "a loop without end: each request for '/a' comes back"),
        (
            [("/a", "/b"), ("/b", "/c"), ("/c", "/b")],
            "a loop without end: each request for '/b' comes back",
        ),
        ([("/a", "/a/")], "a loop without end: each request for '/a' comes back"),
        ([("/home", "/both")], "row 1 '/home' -> '/both': GET is answered there by home already"),
    ],
)
def test_rows_that_lead_nowhere(app, rows, found):
    said = [re.sub(r" \(\S+\)", "", line) for line in refused(with_rows(app, *rows))]

    assert said == [found]


def test_a_loop_of_rows_is_told_where_the_first_of_them_stands(app):
    into = RedirectTable.from_pairs([("/in", "/a")])
    around = RedirectTable.from_pairs([("/a", "/a/"), ("/b", "/b#x")])
    app.redirect_table(into)
    app.redirect_table(around)
    with pytest.raises(SpecError) as caught:
        app.compile()

    place = around.place
    assert {fault.place for fault in caught.value.faults} == {place}
    assert f"\n    /a -> /a/ (308, {place})\n    /a/ -> /a (308, slash redirect)\n" in str(
        caught.value
    )


def test_a_row_that_leads_into_a_loop_of_rules(app):
    """The loop is told where the rules stand, and where the row does."""
    app.redirect("/x", to="/y")
    app.redirect("/y", to="/x")
    table = RedirectTable.from_pairs([("/a", "/x")])
    app.redirect_table(table)
    with pytest.raises(SpecError) as caught:
        app.compile()

    assert len(caught.value.faults) == 2
    assert caught.value.faults[1].place == table.place
    assert {fault.found for fault in caught.value.faults} == {caught.value.faults[0].found}


def test_the_first_of_very_many_dead_rows_are_told(app):
    with_rows(app, *[(f"/{n}", "/nowhere") for n in range(1_000)])
    said = refused(app)

    assert 10 < len(said) < 1_000
    assert "in all" in said[-1] or "more" in said[-1]


def test_a_path_in_two_tables(app):
    with_rows(app, ("/a", "/home"))
    with_rows(app, ("/a", "/both"), ("/b", "/home"))

    assert len(refused(app)) == 1


def test_two_tables(app):
    with_rows(app, ("/a", "/home"))
    with_rows(app, ("/b", "/a", 302))

    assert location(app, "/b") == (302, "/home")


def test_a_loop_of_rows_and_rules(app):
    app.redirect("/from/{name}", to="/to/{name}")
    with_rows(app, ("/to/x", "/from/x"))

    assert any("loop" in line or "comes back" in line for line in refused(app))


def test_only_tables_are_taken(app):
    with pytest.raises(SpecError):
        app.redirect_table({"/a": "/home"})


def test_many_rows_with_every_sort_of_end(app):
    """Thousands of rows through all kinds of ends agree with following them one by one."""
    ends = ["/home", "/both", "https://x.org/y", "/mount/z", "/rule", "/away", "/dir"]
    statuses = [301, 302, 303, 307, 308]
    rows = [
        (f"/r{n}", f"/r{n + 1}" if n % 3 else ends[n % 7], statuses[n % 5]) for n in range(3_000)
    ]
    with_rows(app, *rows, ("/r3000", "/home"))
    there = {source: (status, target) for source, target, status in rows}

    for n in range(0, 3_000, 97):
        path, seen = f"/r{n}", []
        while path in there:
            seen.append(there[path][0])
            path = there[path][1]
        status, found = location(app, f"/r{n}")

        if 303 in seen:
            assert status == 303
        end = {"/rule": "/home", "/away": "https://a.example/", "/dir": "/dir/"}
        assert found == end.get(path, "/home" if path == "/r3000" else path)


@pytest.mark.untraced
def test_a_row_that_leads_to_rules_which_branch_at_every_hop():
    """They are 2 to the power of 100 paths, of which some are looked at."""
    app = App(openapi_url=None, docs_url=None)
    app.redirect("/{rest:path}", to="/a/{rest}")
    app.redirect("/{rest:path}", to="/b/{rest}")
    app.redirect_table(RedirectTable.from_pairs([("/row", "/x")]))

    with pytest.raises(SpecError, match="nothing in this app answers at '/x'"):
        app.compile()
