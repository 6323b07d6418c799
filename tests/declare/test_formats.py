"""Error formats: what they send is exactly what they say that they send."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from redirflow import (
    BadRequest,
    ErrorDetail,
    ErrorFormat,
    ErrorModel,
    HTTPError,
    NotFound,
    ProblemDetails,
    ValidationFailed,
)
from redirflow.declare.formats import ErrorBody, kebab


class Item(Struct):
    name: str
    count: int


class OutOfStock(HTTPError, status_code=409):
    """There are not enough of these."""

    left: int
    until: str | None = None
    item: Item | None = None


class Odd(HTTPError, status_code=410):
    anything: Any = None
    nothing: None = None
    choice: Literal["a", None] = None
    named: Annotated[str | None, "a note"] = None
    limited: Annotated[int, Meta(ge=1)] | None = None
    always: int = 1


class BadFilter(BadRequest):
    """The filter makes no sense."""

    field: str


FAULTS = [ErrorDetail("is missing", ["query", "limit"], "missing"), ErrorDetail("wrong")]
FORMATS = [ProblemDetails(), ProblemDetails(base="https://errors.example/"), ErrorModel()]
ERRORS = [
    NotFound(),
    NotFound("no user 5"),
    NotFound(""),
    ValidationFailed("wrong", errors=FAULTS),
    ValidationFailed("wrong", errors=tuple(FAULTS)),
    BadRequest(errors=[]),
    OutOfStock(left=2),
    OutOfStock("only two", left=2, until="noon", item=Item("a", 1)),
    Odd(),
    Odd("odd", anything=[1], choice="a", named="b", limited=1, always=2),
    BadFilter("no", field="a"),
    BadFilter(field="a", errors=FAULTS),
]


def sent(format_, error):
    return msgspec.json.decode(msgspec.json.encode(format_.body(error)))


def members(format_, error):
    """The names of the members that a body may have, and of those that it must have."""
    fields = msgspec.structs.fields(format_.body_type(error))
    return {field.name for field in fields}, {field.name for field in fields if field.required}


@pytest.mark.parametrize("format_", FORMATS, ids=repr)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{error!r} {vars(error)}")
def test_the_body_is_of_its_type(format_, error):
    """What the document says is what is sent: no member less, none more, each of its type."""
    body = msgspec.json.encode(format_.body(error))
    named, required = members(format_, type(error))

    msgspec.json.decode(body, type=format_.body_type(type(error)), strict=True)

    assert required <= sent(format_, error).keys() <= named


@given(
    st.sampled_from(FORMATS),
    st.none() | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.integers(-(2**63), 2**63 - 1),
    st.none() | st.just("noon"),
)
def test_any_values_are_of_their_type(format_, detail, left, until):
    error = OutOfStock(detail, left=left, until=until)
    body = msgspec.json.encode(format_.body(error))

    decoded = msgspec.json.decode(body, type=format_.body_type(OutOfStock))

    assert decoded.left == left
    assert (decoded.until is msgspec.UNSET) == (until is None)


@pytest.mark.parametrize("format_", [ProblemDetails(), ErrorModel()], ids=repr)
def test_a_value_of_another_type_shows(format_):
    """The body itself is not checked here, but its type tells."""
    body = msgspec.json.encode(format_.body(OutOfStock(left="two")))

    with pytest.raises(msgspec.ValidationError, match=r"Expected `int`, got `str` - at `\$\.left`"):
        msgspec.json.decode(body, type=format_.body_type(OutOfStock))


@pytest.mark.parametrize("format_", FORMATS, ids=repr)
@pytest.mark.parametrize("error", [NotFound, OutOfStock], ids=lambda error: error.__name__)
def test_one_class_has_one_type(format_, error):
    """So that it is one component of the document, however often it is declared."""
    assert format_.body_type(error) is format_.body_type(error)


@pytest.mark.parametrize("format_", [ProblemDetails(), ErrorModel()], ids=repr)
def test_types_are_named_and_described_like_their_class(format_):
    body_type = format_.body_type(OutOfStock)

    assert body_type.__name__ == "OutOfStock"
    assert body_type.__module__ == OutOfStock.__module__
    assert body_type.__doc__ == "There are not enough of these."


def test_formats_are_values():
    """Equal ones make the same types; others make others."""
    assert ProblemDetails() == ProblemDetails(base="/docs#")
    assert ProblemDetails().body_type(Odd) is ProblemDetails(base="/docs#").body_type(Odd)
    assert ProblemDetails().body_type(Odd) is not ProblemDetails("/errors/").body_type(Odd)


# --- Problem details ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(
            NotFound(),
            {"type": "about:blank", "title": "Not Found", "status": 404},
            id="a built-in class",
        ),
        pytest.param(
            NotFound("no user 5"),
            {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": "no user 5",
            },
            id="a detail",
        ),
        pytest.param(
            OutOfStock("only two", left=2, item=Item("a", 1)),
            {
                "type": "/docs#out-of-stock",
                "title": "There are not enough of these.",
                "status": 409,
                "detail": "only two",
                "left": 2,
                "item": {"name": "a", "count": 1},
            },
            id="fields, those that are None left out",
        ),
        pytest.param(
            ValidationFailed("wrong", errors=FAULTS),
            {
                "type": "about:blank",
                "title": "Unprocessable Content",
                "status": 422,
                "detail": "wrong",
                "errors": [
                    {"msg": "is missing", "loc": ["query", "limit"], "type": "missing"},
                    {"msg": "wrong"},
                ],
            },
            id="faults",
        ),
        pytest.param(
            BadFilter(field="a"),
            {
                "type": "/docs#bad-filter",
                "title": "The filter makes no sense.",
                "status": 400,
                "field": "a",
            },
            id="a class made of a built-in one",
        ),
    ],
)
def test_problem_details(error, expected):
    """RFC 9457, in the order in which people read it."""
    body = sent(ProblemDetails(), error)

    assert expected == body
    assert list(expected) == list(body)


def test_the_media_type_of_problem_details():
    assert ProblemDetails().media_type == "application/problem+json"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://errors.example/", "https://errors.example/out-of-stock"),
        ("tag:example.com,2026:", "tag:example.com,2026:out-of-stock"),
        ("", "out-of-stock"),
    ],
)
def test_the_base_of_problem_types(base, expected):
    """`about:blank` stays what it is: RFC 9457 4.2.1 gave it its meaning."""
    problem = ProblemDetails(base=base)

    assert expected == problem.uri(OutOfStock) == sent(problem, OutOfStock(left=1))["type"]
    assert problem.uri(NotFound) == "about:blank"


def test_constants_are_part_of_the_type():
    """A body of another problem is not taken for this one."""
    problem = ProblemDetails()
    other = msgspec.json.encode(problem.body(NotFound("x")))

    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(other, type=problem.body_type(BadRequest))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EmailTaken", "email-taken"),
        ("Gone", "gone"),
        ("HTTPFault", "http-fault"),
        ("URITooLong", "uri-too-long"),
        ("NoURI", "no-uri"),
        ("V2Error", "v2-error"),
        ("Error404", "error404"),
        ("OAuth2Failed", "o-auth2-failed"),
        ("email_taken", "email-taken"),
        ("_Private", "private"),
        ("A", "a"),
        ("ABC", "abc"),
        ("ABc", "a-bc"),
    ],
)
def test_kebab(name, expected):
    assert expected == kebab(name)


# --- The list of faults ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(
            NotFound(), {"detail": [{"msg": "Not Found", "type": "not-found"}]}, id="its title"
        ),
        pytest.param(
            NotFound("no user 5"),
            {"detail": [{"msg": "no user 5", "type": "not-found"}]},
            id="its detail",
        ),
        pytest.param(
            OutOfStock("only two", left=2),
            {"detail": [{"msg": "only two", "type": "out-of-stock"}], "left": 2},
            id="fields beside the list",
        ),
        pytest.param(
            ValidationFailed("wrong", errors=FAULTS),
            {
                "detail": [
                    {"msg": "is missing", "loc": ["query", "limit"], "type": "missing"},
                    {"msg": "wrong"},
                ]
            },
            id="faults are the list",
        ),
        pytest.param(
            BadRequest("wrong", errors=[]),
            {"detail": [{"msg": "wrong", "type": "bad-request"}]},
            id="no faults",
        ),
        pytest.param(
            BadFilter(field="a", errors=FAULTS[1:]),
            {"detail": [{"msg": "wrong"}], "field": "a"},
            id="faults and fields",
        ),
    ],
)
def test_error_model(error, expected):
    assert expected == sent(ErrorModel(), error)


def test_the_media_type_of_the_error_model():
    assert ErrorModel().media_type == "application/json"


def test_classes_without_fields_share_one_type():
    """One component for all of them; `errors` is the list itself and no field."""
    model = ErrorModel()

    assert model.body_type(NotFound) is model.body_type(ValidationFailed) is ErrorBody
    assert members(model, BadFilter) == ({"detail", "field"}, {"detail", "field"})


# --- One's own ------------------------------------------------------------------------------


class Oops(Struct):
    oops: str


class HouseStyle:
    """What an author writes who wants another form."""

    media_type = "application/vnd.oops+json"

    def body_type(self, error: type[HTTPError]) -> type[Oops]:
        return Oops

    def body(self, error: HTTPError) -> Oops:
        return Oops(f"{error.status_code} {error}")


def test_an_own_format():
    """Three members suffice, and nothing is inherited."""
    style: ErrorFormat = HouseStyle()

    assert sent(style, NotFound("no user 5")) == {"oops": "404 no user 5"}
    assert style.body_type(NotFound) is Oops
