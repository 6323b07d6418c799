"""The router finds what a naive reading of the rule finds: the most specific segment first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redirflow.routing.router import Clash, Router
from redirflow.routing.template import DOTS, Hole, parse_template
from redirflow.routing.tree import walk

LITERAL, HOLE, REST = range(3)


def router_of(*routes):
    router = Router()
    for route in routes:
        method, _, text = route.rpartition(" ")
        router.add(parse_template(text), method or "GET", route)
    return router


def found(router, path):
    """The template that a path belongs to and its values, or None."""
    match = router.find(path)
    return None if match is None else (match[0].template.text, match[1])


# --- what naive means ------------------------------------------------------------------------


def naive_match(template, path):
    """How specific each segment of a match is, and the values; None for no match."""
    if not path.startswith("/"):
        return None
    given = path.split("/")[1:]
    ranks, values = [], []
    for index, segment in enumerate(template.segments):
        if isinstance(segment, Hole) and segment.rest:
            rest = given[index:]
            if index >= len(given) or DOTS & {*rest}:
                return None
            return (*ranks, REST), (*values, "/".join(rest))
        if index >= len(given):
            return None
        if isinstance(segment, Hole):
            if given[index] in {"", *DOTS}:
                return None
            ranks.append(HOLE)
            values.append(given[index])
        elif segment == given[index]:
            ranks.append(LITERAL)
        else:
            return None
    return ((*ranks,), (*values,)) if len(given) == len(template.segments) else None


def naive_find(templates, path):
    matches = [(naive_match(template, path), template) for template in templates]
    ranked = [(*match, template) for match, template in matches if match is not None]
    if not ranked:
        return None
    _, values, template = min(ranked, key=lambda each: each[0])
    return template.text, values[0] if len(values) == 1 else values


words = st.sampled_from(["", "a", "b", "ж", "...", "a b", "%41", "A"])
holes = st.sampled_from(["{}", "{}", "{:path}"])


@st.composite
def templates(draw):
    parts = draw(st.lists(st.one_of(st.sampled_from(["a", "b", "ж", ""]), holes), max_size=5))
    parts = [part.replace("{", f"{{p{index}") for index, part in enumerate(parts)]
    cut = next((i + 1 for i, part in enumerate(parts) if part.endswith(":path}")), len(parts))
    text = "/" + "/".join(parts[:cut])
    return "/" + text.lstrip("/") if text.startswith("//") else text


paths = st.lists(st.one_of(words, st.sampled_from([".", ".."])), max_size=6).map(
    lambda parts: "/" + "/".join(parts)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(templates(), max_size=12), st.lists(paths, min_size=1, max_size=12))
def test_the_most_specific_segment_wins_from_left_to_right(texts, wanted):
    router, shapes = Router(), {}
    for text in texts:
        template = shapes.setdefault(parse_template(text).shape, parse_template(text))
        if template.text == text and text not in {leaf.template.text for leaf in router.leaves}:
            router.add(template, "GET", text)

    for path in wanted:
        assert found(router, path) == naive_find(shapes.values(), path)


# --- the rule in examples --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/users/me", ("/users/me", ())),
        ("/users/5", ("/users/{id}", "5")),
        ("/users/5/posts", ("/users/{id}/posts", "5")),
        ("/users/me/posts", ("/users/{id}/posts", "me")),
        ("/users/5/posts/7", ("/users/{id}/posts/{post}", ("5", "7"))),
        ("/users/5/other", ("/users/{rest:path}", "5/other")),
        ("/users/", ("/users/{rest:path}", "")),
        ("/users", ("/{name}", "users")),
        ("/users/5/posts/", ("/users/{rest:path}", "5/posts/")),
        ("/", ("/", ())),
        ("//", None),
        ("/x/y", None),
    ],
)
def test_literal_before_parameter_before_rest(path, expected):
    router = router_of(
        "/",
        "/users/{rest:path}",
        "/users/{id}",
        "/users/me",
        "/users/{id}/posts",
        "/users/{id}/posts/{post}",
        "/{name}",
    )

    assert found(router, path) == expected


def test_a_shape_that_leads_nowhere_is_left_again():
    router = router_of("/a/{x}/c", "/{y}/b/d", "/{rest:path}")

    assert found(router, "/a/b/c") == ("/a/{x}/c", "b")
    assert found(router, "/a/b/d") == ("/{y}/b/d", "a")
    assert found(router, "/a/b/e") == ("/{rest:path}", "a/b/e")


@pytest.mark.parametrize("path", ["/x/.", "/x/..", "/x/./y", "/../x", "/x/a/../../y"])
def test_no_parameter_takes_a_dot_segment(path):
    """A client would have removed it: what still has one is an attempt to climb out."""
    assert found(router_of("/x/{v}", "/x/{v}/y", "/x/{rest:path}", "/{rest:path}"), path) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/files/", ("/files/{rest:path}", "")),
        ("/files/a//b/", ("/files/{rest:path}", "a//b/")),
        ("/files/...", ("/files/{rest:path}", "...")),
        ("/files", None),
    ],
)
def test_a_rest_may_be_empty_and_holds_slashes(path, expected):
    assert found(router_of("/files/{rest:path}"), path) == expected


@pytest.mark.parametrize("path", ["/x/", "/x//y", "//y"])
def test_a_parameter_is_not_empty(path):
    assert found(router_of("/x/{v}", "/x/{v}/y", "/{v}/y"), path) is None


def test_a_path_whose_parameter_is_not_empty_has_no_slash_at_its_end():
    """What belongs to it belongs to no shape that ends in an empty segment."""
    router = router_of("/x/", "/x/me", "/x/{v}")

    owners = [owner for owner, _ in walk(router, parse_template("/x/{name}").segments)]

    assert owners == ["/x/me", "/x/{v}"]


@pytest.mark.parametrize("path", ["", "x", "*", "@evil.test", "http://evil.test/x", "{v}"])
def test_servers_let_paths_without_a_slash_through(path):
    assert found(router_of("/", "/{v}", "/{v}/x", "/{rest:path}"), path) is None


def test_paths_are_decoded_texts():
    """What looks like a template, an escape or another letter is only itself."""
    router = router_of("/straße/{v}", "/ж", "/{v}/b/{w}", "/{v}/{w}")

    assert found(router, "/straße/{v}") == ("/straße/{v}", "{v}")
    assert found(router, "/straße/%2F?#\n") == ("/straße/{v}", "%2F?#\n")
    assert found(router, "/ж") == ("/ж", ())
    assert found(router, "/%D0%B6") is None
    assert found(router, "/{v}/b/x") == ("/{v}/b/{w}", ("{v}", "x"))
    assert found(router, "/{v}/x") == ("/{v}/{w}", ("{v}", "x"))
    assert found(router_of("/{v}/b"), "/{v}/x") is None


# --- methods ---------------------------------------------------------------------------------


def test_the_path_decides_before_the_method():
    router = router_of("POST /users/me", "GET /users/{id}")

    assert router.serves("/users/me", "POST") == "POST /users/me"
    assert router.serves("/users/me", "GET") is None
    assert router.serves("/users/5", "GET") == "GET /users/{id}"
    assert router.serves("/nothing/here", "GET") is None


def test_head_is_served_by_get_unless_it_has_its_own():
    router = router_of("GET /a", "GET /b", "HEAD /b")

    assert router.serves("/a", "HEAD") == "GET /a"
    assert router.serves("/b", "HEAD") == "HEAD /b"
    assert router_of("POST /c").serves("/c", "HEAD") is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/a", "/a"),
        ("/a/{x}", "/a/{y}"),
        ("/{x}/b/{y}", "/{z}/b/{w}"),
        ("/a/{x:path}", "/a/{y:path}"),
    ],
)
def test_one_owner_for_a_shape_and_a_method(first, second):
    router = router_of(f"GET {first}", f"PUT {second}")

    with pytest.raises(Clash) as caught:
        router.add(parse_template(second), "GET", "the second")

    clash = caught.value
    assert (clash.first, clash.second, clash.method) == (f"GET {first}", "the second", "GET")
    assert str(clash) == f"GET {second}"
    assert [leaf.template.text for leaf in router.leaves] == [first]


def test_it_tells_everything_in_it():
    routes = ["GET /a", "POST /b/{x}", "GET /{x}/c", "DELETE /a"]
    router = router_of(*routes)

    assert [(leaf.index, method, owner) for leaf, method, owner in router] == [
        (0, "GET", "GET /a"),
        (0, "DELETE", "DELETE /a"),
        (1, "POST", "POST /b/{x}"),
        (2, "GET", "GET /{x}/c"),
    ]


def test_ten_thousand_routes():
    router = router_of(*(f"/r{n}/x" for n in range(4_000)))
    for n in range(3_000):
        router.add(parse_template(f"/t{n}/{{id}}"), "GET", n)
        router.add(parse_template(f"/m{n}/{{id}}/edit"), "GET", n)

    assert len(router.leaves) == 10_000
    assert found(router, "/r3999/x") == ("/r3999/x", ())
    assert found(router, "/t2999/7") == ("/t2999/{id}", "7")
    assert found(router, "/m2999/7/edit") == ("/m2999/{id}/edit", "7")
