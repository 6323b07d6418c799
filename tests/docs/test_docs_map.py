"""The redirect map: what leads where, drawn and listed."""

import re
from typing import Annotated, Never

import pytest
from msgspec import Struct
from test_docs_page import Outline, written

from redirflow import App, Depends, Redirect, RedirectTable, Reroute, redirects, reroutes
from redirflow.docs.drawing import draw
from redirflow.docs.edges import Edge, all_edges, app_edges
from redirflow.docs.index import index_document
from redirflow.docs.map import redirect_map


class User(Struct):
    id: int


@pytest.fixture(scope="module")
def app():
    app = App()

    @app.get("/login")
    async def login_form() -> User: ...

    @redirects(303, to="login_form")
    async def signed_in() -> User:
        raise Redirect("/login")

    @app.get("/me")
    async def me(user: Annotated[User, Depends(signed_in)]) -> User: ...

    @app.post("/login")
    @redirects(303, to=("me", "/static/x", "/me"))
    @redirects(302, external="https://example.com")
    async def login() -> Never:
        raise Redirect("/me")

    @app.get("/anywhere")
    @redirects(307)
    @redirects(308, to="*", external="*")
    async def anywhere() -> Never:
        raise Redirect("/x")

    @app.get("/first")
    @reroutes(to=("me", "hidden"))
    async def first() -> Never:
        raise Reroute("/me")

    @app.get("/hidden", include_in_schema=False)
    @redirects(303, to="me")
    async def hidden() -> Never:
        raise Redirect("/me")

    app.mount("/static", app)
    return app


def edges_of(app, *more):
    index = index_document(app.openapi())
    return all_edges(index, [*app_edges(app.compile()), *more])


def test_the_edges_of_an_app(app):
    """Links between operations, then what the document has no words for; nothing hidden."""
    assert edges_of(app) == [
        Edge("login", "me", 303),
        Edge("me", "login_form", 303),
        Edge("first", "login_form", 303),
        Edge("first", "me", 303),
        Edge("login", "/static/x", 303),
        Edge("login", "https://example.com", 302),
        Edge("anywhere", "any location of this site", 307),
        Edge("anywhere", "any location of this site", 308),
        Edge("anywhere", "any http(s) URL", 308),
        Edge("first", "me", None, "reroute"),
    ]


def test_the_edges_of_rules_and_tables():
    app = App(slashes="strict")

    @app.get("/users/{user_id}")
    async def get_user(user_id: int) -> User: ...

    @app.get("/hidden", include_in_schema=False)
    async def hidden() -> User: ...

    app.mount("/static", app)
    app.redirect("/people/{user_id}", to="/users/{user_id}")
    app.redirect("/secret", to="/hidden")
    app.redirect("/files", to="/static/files")
    app.redirect("/help", to="https://help.example.com/", status_code=302)
    app.reroute("/v0/{user_id}", to="/users/{user_id}")
    app.redirect_table(RedirectTable.from_pairs([("/a", "/users/1"), ("/b", "/users/2")]))

    assert [*app_edges(app.compile())] == [
        Edge("/people/{user_id}", "get_user", 308, "rule"),
        Edge("/files", "/static/...", 308, "rule"),
        Edge("/help", "https://help.example.com", 302, "rule"),
        Edge("/v0/{user_id}", "get_user", None, "reroute"),
        Edge("rows, 2 rows", "get_user", 308, "rule"),
    ]


def test_very_many_rows_are_not_followed():
    app = App()

    @app.get("/users")
    @redirects(303, external="*")
    async def users() -> Never:
        raise Redirect("https://example.com")

    pairs = [(f"/old/{number}", "/users") for number in range(10_001)]
    app.redirect_table(RedirectTable.from_pairs(pairs))

    assert [*app_edges(app.compile())] == [Edge("users", "any http(s) URL", 303)]


def test_what_callers_add_may_name_an_operation_by_method_and_path(app):
    rule = Edge("GET /old", "GET /me", 308, "rule")

    assert edges_of(app, rule, rule)[-1] == Edge("GET /old", "me", 308, "rule")
    assert edges_of(app, Edge("POST /login", "GET /me", 303))[:1] == [Edge("login", "me", 303)]
    assert len(edges_of(app, Edge("POST /login", "GET /me", 303))) == len(edges_of(app))


def test_without_edges_there_is_no_map():
    assert redirect_map(index_document(App().openapi()), []) is None


def test_the_map_is_on_the_page(app):
    page = written(app, edges=app_edges(app.compile()))

    assert 'id="redirect_map"' in page
    assert 'href="#redirect_map"' in page


def drawn(app, *more):
    return draw(edges_of(app, *more), index_document(app.openapi()))


def test_each_box_of_an_operation_is_a_link(app):
    links = [attrs for tag, attrs in Outline(drawn(app)).elements if tag == "a"]

    assert [(link["href"], link["aria-label"]) for link in links] == [
        ("#operation-login", "POST /login"),
        ("#operation-first", "GET /first"),
        ("#operation-me", "GET /me"),
        ("#operation-login_form", "GET /login"),
        ("#operation-anywhere", "GET /anywhere"),
    ]


def test_the_drawing_is_plain_svg_that_closes(app):
    outline = Outline(drawn(app))

    assert outline.open == []
    assert {tag for tag, _ in outline.elements} == {
        *("svg", "g", "a", "title", "rect", "text", "tspan", "path", "marker")
    }


def test_a_long_label_is_cut_and_whole_in_its_title(app):
    text = Outline(drawn(app, Edge("me", "/" + "x" * 80, 303))).text

    assert "/" + "x" * 80 in text
    assert "/" + "x" * 42 + "\N{HORIZONTAL ELLIPSIS}" in text


def test_a_hostile_label_stays_text(app):
    label = "</title><script>alert(1)</script>"
    outline = Outline(drawn(app, Edge("me", label, 303)))

    assert label in outline.text
    assert "script" not in {tag for tag, _ in outline.elements}


def test_a_crowd_is_a_list_with_one_arrow(app):
    """Nine lines to one place, three of them there before, would be a tangle."""
    crowd = [Edge(f"/old/{number}", "me", 308, "rule") for number in range(6)]
    few, many = drawn(app), drawn(app, *crowd)

    assert many.count('class="edge') == few.count('class="edge') - 3 + 1
    assert all(f"/old/{number}" in many for number in range(6))
    assert many.count(">308<") == few.count(">308<") + 6


def test_a_circle_is_drawn_in_right_angles(app):
    angular = re.compile(r' d="M\d+ \d+(?:L\d+ \d+){5}" class="edge redirect"')
    circle = Edge("login_form", "login", 303)

    assert len(angular.findall(drawn(app, circle))) == 1
    assert len(angular.findall(drawn(app))) == 0


def test_the_table_lists_all(app):
    text = "".join(Outline(redirect_map(index_document(app.openapi()), [])).text)

    assert "From By To".replace(" ", "") in text
    assert "GET /me303GET /login" in text


def many(count):
    return [Edge(f"/a/{number}", f"/b/{number}", 308, "rule") for number in range(count)]


def test_too_many_are_not_drawn_but_listed():
    found = redirect_map(index_document(App().openapi()), many(201))
    text = "".join(Outline(found).text)

    assert "<svg" not in found
    assert "201 ways on: too many to draw." in text
    assert "<details open>" in found
    assert "/a/200308/b/200" in text


def test_the_table_ends_somewhere():
    text = "".join(Outline(redirect_map(index_document(App().openapi()), many(1003))).text)

    assert "3 more are left out." in text
    assert "/a/1000" not in text
