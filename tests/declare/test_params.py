"""The markers: a type checker sees the type, the compiler sees the marker."""

from typing import Annotated, get_args, get_origin, get_type_hints

import pytest
from msgspec import Meta, Struct

from redirflow import Alias, Body, Cookie, Form, Header, Query
from redirflow.declare.params import In


class Page(Struct):
    number: int


MARKERS = [
    pytest.param(Query, "query", id="Query"),
    pytest.param(Header, "header", id="Header"),
    pytest.param(Cookie, "cookie", id="Cookie"),
    pytest.param(Form, "form", id="Form"),
    pytest.param(Body, "body", id="Body"),
]


@pytest.mark.parametrize(("marker", "where"), MARKERS)
@pytest.mark.parametrize("type_", [int, str | None, list[int], Page], ids=str)
def test_a_marker_is_an_annotation(marker, where, type_):
    """`Query[int]` is `Annotated[int, ...]`, which type checkers read as `int`."""
    assert Annotated[type_, In(where)] == marker[type_]


@pytest.mark.parametrize(("marker", "where"), MARKERS)
def test_constraints_and_names_stay_with_the_type(marker, where):
    """They come first: what is inside is nearer to the value."""
    inner = Annotated[int, Meta(ge=1), Alias("x-y")]

    annotation = marker[inner]

    assert get_origin(annotation) is Annotated
    assert get_args(annotation) == (int, Meta(ge=1), Alias("x-y"), In(where))


def test_markers_are_found_on_a_function():
    def handler(limit: Query[int] = 10, token: Header[str | None] = None) -> int: ...

    assert get_type_hints(handler) == {"limit": int, "token": str | None, "return": int}
    assert get_type_hints(handler, include_extras=True) == {
        "limit": Annotated[int, In("query")],
        "token": Annotated[str | None, In("header")],
        "return": int,
    }


@pytest.mark.parametrize(
    ("mark", "same", "other"),
    [(Alias("a"), Alias("a"), Alias("b")), (In("form"), In("form"), In("body"))],
    ids=["Alias", "In"],
)
def test_marks_are_values(mark, same, other):
    """Equal by what they say, as `Annotated` wants them, and frozen."""
    assert Annotated[int, mark] == Annotated[int, same]
    assert Annotated[int, mark] != Annotated[int, other]
    assert len({mark, same, other}) == 2
    with pytest.raises(AttributeError):
        setattr(mark, mark.__struct_fields__[0], "b")
