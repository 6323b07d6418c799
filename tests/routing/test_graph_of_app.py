"""The graph of an app, and what is said of the redirects that handlers declare."""

import pytest

from redirflow import App, Depends, RedirectTable, SpecError, redirects, reroutes
from redirflow.routing.graph import draw


async def elsewhere(scope, receive, send):
    """Another ASGI app, to mount."""


def handler(name, *specs):
    """A handler of that name under these specs."""

    async def handle() -> None: ...

    handle.__name__ = name
    for spec in specs:
        handle = spec(handle)
    return handle


def edges(app):
    compiled = app.compile()
    return [
        f"{edge.source.method} {edge.source.template} -> {edge.target.method} "
        f"{edge.target.template} ({edge.kind} {edge.label}, {edge.target.kind})"
        for edge in draw(compiled.checked, compiled.hops).edges
    ]


@pytest.fixture
def app():
    app = App()
    app.get("/home")(handler("home"))
    app.post("/home")(handler("save"))
    app.get("/users/{user}")(handler_of_user())
    app.mount("/mount", elsewhere)
    return app


def handler_of_user():
    async def user_page(user: str) -> None: ...

    return user_page


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (redirects(303, to="home"), ["GET /home (redirect 303, operation)"]),
        (redirects(307, to="/home"), ["POST /home (redirect 307, operation)"]),
        (redirects(303, to="/users/7"), ["GET /users/{user} (redirect 303, operation)"]),
        (redirects(303, to="/mount/x"), ["* /mount (redirect 303, mount)"]),
        (redirects(303, to="/openapi.json"), ["GET /openapi.json (redirect 303, page)"]),
        (redirects(303, to="/old/1"), ["* /old/{user} (redirect 303, rule)"]),
        (redirects(303, to="/away"), ["* /away (redirect 303, rule)"]),
        (redirects(303, to="/home/"), ["* /home/ (redirect 303, slash)"]),
        (redirects(303, to="/row"), ["* rows (redirect 303, table)"]),
        (redirects(303, to="*"), []),
        (
            redirects(303, external="https://a.example"),
            ["* https://a.example (redirect 303, site)"],
        ),
        (reroutes(to="save"), ["POST /home (reroute reroute, operation)"]),
    ],
)
def test_what_a_handler_declares_is_an_edge(app, spec, expected):
    app.post("/go")(handler("go", spec))
    app.redirect("/old/{user}", to="/users/{user}")
    app.redirect("/away", to="https://a.example/x")
    app.redirect_table(RedirectTable.from_pairs([("/row", "/users/1")]))

    found = [edge for edge in edges(app) if edge.startswith("POST /go")]
    assert found == [f"POST /go -> {each}" for each in expected]


def test_what_a_dependency_declares_counts_for_each_operation(app):
    guard = handler("guard", redirects(303, to="home"))
    for name in ("one", "two"):
        app.get(f"/{name}", dependencies=[Depends(guard)])(handler(name))

    assert edges(app) == [
        "GET /one -> GET /home (redirect 303, operation)",
        "GET /two -> GET /home (redirect 303, operation)",
    ]


def test_rules_rows_and_slashes_are_edges(app):
    app.redirect("/a/{user}", to="/users/{user}", status_code=301)
    app.redirect("/b", to="/users/1/")
    app.redirect("/c", to="https://a.example/x")
    app.redirect("/d", to="/mount/y")
    app.reroute("/e/{rest:path}", to="/{rest}")
    app.redirect_table(
        RedirectTable.from_pairs(
            [
                ("/r1", "/home"),
                ("/r2", "/home"),
                ("/r3", "https://a.example/", 302),
                ("/r4", "/a/1"),
            ]
        )
    )

    found = edges(app)
    assert "* /a/{user} -> GET /users/{user} (rule 301, operation)" in found
    assert "* /b -> * /users/1/ (rule 308, slash)" in found
    assert "* /users/1/ -> GET /users/{user} (slash 308, operation)" in found
    assert "* /c -> * https://a.example (rule 308, site)" in found
    assert "* /d -> * /mount (rule 308, mount)" in found
    assert any(edge.startswith("* /e/{rest:path} -> ") and "reroute" in edge for edge in found)
    assert "* rows -> * https://a.example (row 302, site)" in found
    assert any(edge.startswith("* rows -> ") and "308 x 2" in edge for edge in found)


def test_a_rule_that_may_lead_very_far_has_one_edge(app):
    for number in range(30):
        app.get(f"/p{number}")(handler(f"p{number}"))
    app.reroute("/v0/{rest:path}", to="/{rest}")

    assert edges(app) == ["* /v0/{rest:path} -> * /{rest:path} (reroute reroute, several)"]


@pytest.mark.parametrize(("targets", "drawn"), [(12, 12), (13, 1)])
def test_twelve_targets_of_a_rule_are_drawn_one_by_one(targets, drawn):
    app = App()
    for number in range(targets):
        app.get(f"/p/{number}")(handler(f"p{number}"))
    app.redirect("/q/{number}", to="/p/{number}")

    assert len(edges(app)) == drawn


def test_a_reroute_leads_to_no_mount_and_no_page(app):
    """It is answered by operations; the redirect to a slash that is missing leads out of it."""
    app.reroute("/v0/{name}", to="/{name}")
    app.reroute("/v1/{name}", to="/{name}/7")

    found = edges(app)
    assert not [edge for edge in found if edge.endswith(("reroute, mount)", "reroute, page)"))]
    assert "* /mount -> * /mount (slash 308, mount)" in found
    assert "* /v0/{name} -> GET /home (reroute reroute, operation)" in found
    assert "* /v0/{name} -> * /mount (reroute reroute, slash)" in found
    assert "* /v1/{name} -> GET /users/{user} (reroute reroute, operation)" in found


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/b", ["* /b/ -> GET /b"]),
        ("/b/x", ["* /b/x/ -> GET /b/x"]),
        ("/b/x/", ["* /b/x -> GET /b/x/", "* /b/x// -> GET /b/x/"]),
        ("/b/", ["* /b// -> GET /b/"]),
    ],
)
def test_what_holds_slashes_comes_to_the_other_form_of_a_path(path, expected):
    app = App(docs_url=None)
    app.get(path)(handler("end"))
    app.redirect("/a/{rest:path}", to="/b/{rest}")

    found = [edge for edge in edges(app) if "(slash" in edge]
    assert found == [f"{each} (slash 308, operation)" for each in expected]


def test_a_handler_that_is_asked_with_head_leads_to_get(app):
    app.redirect_table(RedirectTable.from_pairs([("/row", "/home")]))
    app.route("/go", methods=["HEAD"])(handler("go", redirects(307, to=("home", "/users/1"))))

    assert [edge for edge in edges(app) if edge.startswith("HEAD")] == [
        "HEAD /go -> GET /home (redirect 307, operation)",
        "HEAD /go -> GET /users/{user} (redirect 307, operation)",
    ]


def test_an_edge_has_the_status_of_its_hop(app):
    app.redirect("/a/{user}", to="/users/{user}/", status_code=301)
    app.reroute("/b", to="/home")
    app.redirect_table(RedirectTable.from_pairs([("/row", "/home", 302)]))
    app.get("/go")(handler("go", redirects(303, to="home")))
    compiled = app.compile()

    found = draw(compiled.checked, compiled.hops).edges
    assert [(edge.kind, edge.status) for edge in found] == [
        ("redirect", 303),
        ("rule", 301),
        ("slash", 308),
        ("reroute", None),
        ("reroute", None),
        ("row", 302),
    ]


def test_every_operation_and_page_is_a_node(app):
    compiled = app.compile()
    nodes = draw(compiled.checked, compiled.hops).nodes

    shown = [node for node in nodes if node.name != "docs"]
    assert [(node.method, node.template, node.kind, node.name) for node in shown] == [
        ("GET", "/home", "operation", "home"),
        ("POST", "/home", "operation", "save"),
        ("GET", "/users/{user}", "operation", "user_page"),
        ("GET", "/openapi.json", "page", "openapi"),
    ]


def test_only_operations_pages_and_tables_have_a_name(app):
    app.redirect("/a", to="/mount/x")
    app.redirect("/b", to="https://a.example/x")
    app.redirect("/c", to="/home/")
    app.redirect_table(RedirectTable.from_pairs([("/r1", "/home"), ("/r2", "/home")]))
    compiled = app.compile()
    nodes = draw(compiled.checked, compiled.hops).nodes

    assert [node.name for node in nodes if node.kind == "table"] == ["2 rows"]
    assert {node.kind for node in nodes if node.name} == {"operation", "page", "table"}
    assert [(node.kind, node.template) for node in nodes if not node.name] == [
        ("rule", "/a"),
        ("mount", "/mount"),
        ("rule", "/b"),
        ("site", "https://a.example"),
        ("rule", "/c"),
        ("slash", "/home/"),
    ]


# --- what is said of them ----------------------------------------------------------------------


def refused(app):
    with pytest.raises(SpecError) as caught:
        app.compile()
    return [fault.found for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("register", "spec", "found"),
    [
        (
            "get",
            redirects(303, to="save"),
            "go (GET /go) redirects with 303 to save (POST /home), which serves POST: "
            "clients ask with GET",
        ),
        (
            "post",
            redirects(307, to="user_page"),
            "go (POST /go) redirects with 307 to user_page (GET /users/{user}), which serves GET: "
            "clients ask with POST",
        ),
        (
            "get",
            reroutes(to="save"),
            "go (GET /go) reroutes to save (POST /home), which serves POST, and a reroute keeps "
            "the method",
        ),
    ],
)
def test_a_target_that_does_not_serve_the_method_after_the_hop(app, register, spec, found):
    getattr(app, register)("/go")(handler("go", spec))

    assert refused(app) == [found]


def test_a_path_at_which_no_hop_ends(app):
    """`/home/` is redirected to `/home`, which serves POST as well."""
    app.post("/go")(handler("go", redirects(307, to="/home/")))
    app.put("/put")(handler("put", redirects(307, to="/home")))

    assert [line.partition(",")[0] for line in refused(app)] != []


@pytest.mark.parametrize(
    ("slashes", "to", "found"),
    [
        ("match", "/home/", ["a loop without end"]),
        ("redirect", "/home/", ["a loop without end"]),
        ("strict", "/home/", ["a loop without end", "go"]),
        (
            "redirect",
            "/ring/1",
            [
                "a loop without end",
                "go (GET /go) redirects with 303 to '/ring/1', which serves nothing",
            ],
        ),
    ],
)
def test_a_path_that_is_led_on(slashes, to, found):
    app = App(slashes=slashes)
    app.get("/home")(handler("home"))
    app.redirect("/ring/1", to="/ring/2")
    app.redirect("/ring/2", to="/ring/1")
    app.get("/go")(handler("go", redirects(303, to=to)))

    assert sorted(fault.partition(":")[0] for fault in refused(app)) == found


def warned(app):
    return [fault.found.partition("\n")[0] for fault in app.compile().warnings]


@pytest.mark.parametrize("status", [301, 302])
def test_a_status_that_clients_read_in_two_ways(app, status):
    app.post("/go")(handler("go", redirects(status, to="/home")))

    assert len(warned(app)) == 1


def test_handlers_that_lead_to_each_other_are_worth_a_look(app):
    """It is no fault: each request decides, as the login form and the page behind it do."""
    app.get("/one")(handler("one", redirects(303, to="two")))
    app.get("/two")(handler("two", redirects(303, to="three")))
    app.get("/three")(handler("three", redirects(303, to=("one", "home", "/two"))))
    app.get("/self")(handler("self", redirects(303, to="self")))

    said = warned(app)
    assert len(said) == 2
    assert all(each.severity == "warning" for each in app.compile().warnings)


def test_handlers_that_go_round_by_way_of_rules(app):
    app.get("/one")(handler("one", redirects(303, to="/by/way/of")))
    app.redirect("/by/way/of", to="/one")

    assert len(warned(app)) == 1


def test_no_warnings(app):
    app.get("/go")(handler("go", redirects(303, to=("home", "/users/1"))))

    assert warned(app) == []
