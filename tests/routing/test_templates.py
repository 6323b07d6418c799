"""Path templates: what is read, what is refused and why, what is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow.http.location import compile_location
from redirflow.routing.pattern import match
from redirflow.routing.template import Hole, Template, TemplateError, parse_template

UNFIT = (
    "has a character that no decoded path segment holds here: write it decoded, "
    "without query, fragment, blank, '%' or '\\'"
)
HALF = (
    "is not read: a parameter is a whole segment, {name} or {name:path}; "
    "its type stands in the handler's annotation"
)
FOREIGN = "is no parameter here: write {id}; its type stands in the handler's annotation"


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("/", ("",)),
        ("/users", ("users",)),
        ("/users/", ("users", "")),
        ("/a//b", ("a", "", "b")),
        ("/users/{user_id}", ("users", Hole("user_id"))),
        ("/{a}/x/{_b2}", (Hole("a"), "x", Hole("_b2"))),
        ("/files/{rest:path}", ("files", Hole("rest", rest=True))),
        ("/{rest:path}", (Hole("rest", rest=True),)),
        ("/straße/ж", ("straße", "ж")),
        ("/a:b@c;d=1,2", ("a:b@c;d=1,2",)),
        ("/...", ("...",)),
        ("/{A}/{aA0a}/!", (Hole("A"), Hole("aA0a"), "!")),
        ("/<>/:/<:id>/x:id", ("<>", ":", "<:id>", "x:id")),
    ],
)
def test_a_template_is_its_segments(text, segments):
    assert parse_template(text) == Template(text, segments)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the path '' does not begin with '/'"),
        ("users", "the path 'users' does not begin with '/'"),
        ("?x", "the path '?x' does not begin with '/'"),
        ("//", "the path '//' begins with '//', after which clients read a host"),
        ("//x", "the path '//x' begins with '//', after which clients read a host"),
        ("/a{b}", f"the segment 'a{{b}}' of '/a{{b}}' {HALF}"),
        ("/{b}.json", f"the segment '{{b}}.json' of '/{{b}}.json' {HALF}"),
        ("/{", f"the segment '{{' of '/{{' {HALF}"),
        ("/}", f"the segment '}}' of '/}}' {HALF}"),
        ("/{}", f"the segment '{{}}' of '/{{}}' {HALF}"),
        ("/{1a}", f"the segment '{{1a}}' of '/{{1a}}' {HALF}"),
        ("/{a-b}", f"the segment '{{a-b}}' of '/{{a-b}}' {HALF}"),
        ("/{id:int}", f"the segment '{{id:int}}' of '/{{id:int}}' {HALF}"),
        ("/{ж}", f"the segment '{{ж}}' of '/{{ж}}' {HALF}"),
        ("/a/{x}/{x}", "the path '/a/{x}/{x}' has two parameters 'x'"),
        ("/{x}/{x:path}", "the path '/{x}/{x:path}' has two parameters 'x'"),
        ("/{r:path}/x", "{r:path} in '/{r:path}/x' must be the last segment"),
        ("/{r:path}/", "{r:path} in '/{r:path}/' must be the last segment"),
        ("/{r:path}/{s:path}", "{r:path} in '/{r:path}/{s:path}' must be the last segment"),
        ("/<id>", f"the segment '<id>' of '/<id>' {FOREIGN}"),
        ("/<int:id>", f"the segment '<int:id>' of '/<int:id>' {FOREIGN}"),
        ("/:id", f"the segment ':id' of '/:id' {FOREIGN}"),
        ("/a b", f"the segment 'a b' of '/a b' {UNFIT}"),
        ("/a%20b", f"the segment 'a%20b' of '/a%20b' {UNFIT}"),
        ("/a?b", f"the segment 'a?b' of '/a?b' {UNFIT}"),
        ("/a#b", f"the segment 'a#b' of '/a#b' {UNFIT}"),
        ("/a\\b", f"the segment 'a\\\\b' of '/a\\\\b' {UNFIT}"),
        ("/a\x00", f"the segment 'a\\x00' of '/a\\x00' {UNFIT}"),
        ("/a\x7f", f"the segment 'a\\x7f' of '/a\\x7f' {UNFIT}"),
        ("/\ud800", f"the segment '\\ud800' of '/\\ud800' {UNFIT}"),
        ("/a/../b", "the path '/a/../b' has a dot segment; clients remove it"),
        ("/.", "the path '/.' has a dot segment; clients remove it"),
    ],
)
def test_a_fault_says_what_to_write(text, message):
    with pytest.raises(TemplateError) as caught:
        parse_template(text)

    assert str(caught.value) == message


@pytest.mark.parametrize("name", ["[", "a[", "{", "a{", "`", "a`", "a b"])
def test_a_name_has_letters_digits_and_underscores(name):
    with pytest.raises(TemplateError, match="a parameter is a whole segment"):
        parse_template(f"/{{{name}}}")


def test_templates_of_one_shape_match_the_same_paths():
    left, right = parse_template("/a/{x}/{rest:path}"), parse_template("/a/{y}/{z:path}")

    assert left.shape == right.shape == ("a", Hole(""), Hole("", rest=True))
    assert left.shape != parse_template("/a/{x}/{z}").shape


def test_holes_stand_from_left_to_right():
    assert parse_template("/{b}/x/{a:path}").holes == (Hole("b"), Hole("a", rest=True))


@pytest.mark.parametrize(
    ("text", "values", "path"),
    [
        ("/", {}, "/"),
        ("/users/{id}", {"id": "5"}, "/users/5"),
        ("/users/{id}", {"id": "a b/?#%".replace("/", "")}, "/users/a%20b%3F%23%25"),
        ("/users/{id}", {"id": "ж"}, "/users/%D0%B6"),
        ("/users/{id}", {"id": "..."}, "/users/..."),
        ("/users/{id}", {"id": "a\\b"}, "/users/a%5Cb"),
        ("/straße/{id}/", {"id": "1"}, "/stra%C3%9Fe/1/"),
        ("/files/{rest:path}", {"rest": ""}, "/files/"),
        ("/files/{rest:path}", {"rest": "/a//b/"}, "/files//a//b/"),
        ("/files/{rest:path}", {"rest": "a b/c?"}, "/files/a%20b/c%3F"),
        ("/{rest:path}", {"rest": "a/b"}, "/a/b"),
    ],
)
def test_values_are_percent_encoded_once(text, values, path):
    written = parse_template(text).expand(values)

    assert written == path
    assert compile_location(written) == path.encode()


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("/x/{v}", "", "v is empty, a dot segment, or holds a slash"),
        ("/x/{v}", ".", "v is empty, a dot segment, or holds a slash"),
        ("/x/{v}", "..", "v is empty, a dot segment, or holds a slash"),
        ("/x/{v}", "a/b", "v is empty, a dot segment, or holds a slash"),
        ("/x/{v:path}", "a/../b", "v holds a dot segment"),
        ("/x/{v:path}", ".", "v holds a dot segment"),
        ("/{v:path}", "/evil.test", "begins with a slash, so that a host would be read"),
    ],
)
def test_values_that_would_lead_elsewhere_are_refused(text, value, message):
    with pytest.raises(ValueError) as caught:
        parse_template(text).expand({"v": value})

    assert str(caught.value) == message


def test_a_lone_surrogate_has_no_bytes():
    with pytest.raises(ValueError, match="lone surrogate"):
        parse_template("/x/{v}").expand({"v": "\ud800"})


@given(st.text())
def test_any_text_is_a_template_or_refused(text):
    try:
        template = parse_template(text)
    except TemplateError:
        return

    assert template.text == text
    assert len(template.segments) == text.count("/")


# --- paths with parameters -------------------------------------------------------------------

X, Y, R, S = Hole("x"), Hole("y"), Hole("r", rest=True), Hole("s", rest=True)


@pytest.mark.parametrize(
    ("general", "path", "bindings"),
    [
        (("a", X), ("a", "b"), {"x": ("b",)}),
        (("a", X), ("a", Y), {"x": (Y,)}),
        (("a", X), ("a", R), None),
        (("a", X), ("a", ""), None),
        (("a", X), ("a",), None),
        (("a", X), ("b", "b"), None),
        ((X, X), ("a", "a"), {"x": ("a",)}),
        ((X, X), ("a", "b"), None),
        (("a", R), ("a",), None),
        (("a", R), ("a", ""), {"r": ("",)}),
        (("a", R), ("a", "b", "c"), {"r": ("b", "c")}),
        (("a", R), ("a", X, S), {"r": (X, S)}),
        ((R, "a"), ("b", "c", "a"), {"r": ("b", "c")}),
        ((R, "x", R), ("a", "b", "x", "a", "b"), {"r": ("a", "b")}),
        ((R, "x", R), ("a", "x", "b"), None),
        ((R, "x", R), ("a", "x", "a", "x"), None),
        ((R, "x", R), ("x",), None),
    ],
)
def test_a_path_is_an_instance_of_another_or_not(general, path, bindings):
    """What a parameter holds is the same wherever it stands."""
    assert match(general, path) == bindings
