"""What an operation may answer: its specs and its return annotation, brought together."""

import dataclasses
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Literal, NamedTuple, Never, NoReturn, Optional, Union

import pytest
from msgspec import Meta, Struct

from redirflow import App, CookieSpec, HeaderSpec, Redirect, Response, SpecError
from redirflow import redirects as redirecting
from redirflow import returns as returning
from redirflow.endpoint.responses import NEVER, phrase, returned_type
from redirflow.endpoint.signature import UNKNOWN


class User(Struct):
    id: int


class Other(Struct):
    name: str


class Point(Struct, array_like=True):
    x: int


@dataclasses.dataclass
class Row:
    id: int


class Pair(NamedTuple):
    id: int
    name: str


def operation(annotation, *specs, method="GET", **app_options):
    """The declared responses of a handler, or the words of the faults."""
    app = App(**app_options)

    async def handler(): ...

    if annotation is not UNKNOWN:
        handler.__annotations__["return"] = annotation
    for spec in reversed(specs):
        spec(handler)
    app.route("/x", methods=[method])(handler)
    try:
        (endpoint,) = app.compile().endpoints.values()
    except SpecError as error:
        return [(fault.found, fault.allowed, fault.write) for fault in error.faults]
    return endpoint.responses


def shapes(annotation, *specs, **options):
    """Status, type and media types of each response."""
    responses = operation(annotation, *specs, **options)
    return [(each.status, each.type, each.media_types) for each in responses]


JSON = ("application/json",)


# --- annotations -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (User, (User, False)),
        (None, (None, False)),
        (type(None), (None, False)),
        (Never, (NEVER, False)),
        (NoReturn, (NEVER, False)),
        (Redirect, (NEVER, False)),
        (Response, (UNKNOWN, True)),
        (Response[User], (User, True)),
        (Response[None], (None, True)),
        (Response[User | None], (User | None, True)),
        (Response[User | Redirect], (User, True)),
        (Response[Never], (NEVER, True)),
        (User | Redirect, (User, False)),
        (User | None, (User | None, False)),
        (Optional[Redirect], (None, False)),  # noqa: UP045 - a Union object
        (Redirect | Response[User], (User, True)),
        (Redirect | Response, (UNKNOWN, True)),
        (Redirect | NoReturn, (NEVER, False)),  # noqa: RUF020 - people write it
        (Response[User] | Response[None], (User | None, True)),
        (int | str | Redirect, (int | str, False)),
    ],
)
def test_what_a_return_annotation_names(annotation, expected):
    assert returned_type(annotation) == expected


def test_never_has_a_name_for_people():
    assert repr(NEVER) == "Never"


# --- statuses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "method", "shape"),
    [
        (User, "GET", (200, User, JSON)),
        (User, "POST", (201, User, JSON)),
        (User, "PUT", (200, User, JSON)),
        (None, "GET", (204, None, ())),
        (None, "POST", (204, None, ())),
        (User | None, "GET", (200, User | None, JSON)),
        (Response[User], "DELETE", (200, User, JSON)),
        (Response[None], "DELETE", (204, None, ())),
        (Any, "GET", (200, Any, JSON)),
        (str, "GET", (200, str, JSON)),
    ],
)
def test_the_usual_status(annotation, method, shape):
    """None 204, else POST 201, else 200."""
    assert shapes(annotation, method=method) == [shape]


@pytest.mark.parametrize(
    ("annotation", "specs", "expected"),
    [
        (Never, [redirecting(303)], []),
        (Redirect, [redirecting(303)], []),
        (Response[None], [redirecting(303)], []),
        (Response[None], [redirecting(303), returning(None)], [(204, None, ())]),
        (None, [redirecting(303)], [(204, None, ())]),
        (User | Redirect, [redirecting(303)], [(200, User, JSON)]),
        (User, [returning()], [(200, User, JSON)]),
        (UNKNOWN, [returning(User)], [(200, User, JSON)]),
        (Response, [returning(User)], [(200, User, JSON)]),
        (Never, [returning(User)], [(200, User, JSON)]),
        (User, [returning(status_code=202)], [(202, User, JSON)]),
        (User, [returning(status_code=HTTPStatus.ACCEPTED)], [(202, User, JSON)]),
        (None, [returning(status_code=205)], [(205, None, ())]),
        (Never, [returning(status_code=304)], [(304, None, ())]),
        (Never, [returning()], [(204, None, ())]),
        (Never, [returning(type(None))], [(204, None, ())]),
        (None, [returning(None, status_code=200)], [(200, None, ())]),
    ],
)
def test_a_spec_refines_the_annotation(annotation, specs, expected):
    assert shapes(annotation, *specs) == expected


def test_several_specs_share_the_annotation():
    specs = [
        returning(status_code=200),
        returning(Other, status_code=202),
        returning(status_code=304),
        returning(None, status_code=204),
    ]

    assert shapes(Response[User | None], *specs) == [
        (200, User | None, JSON),
        (202, Other, JSON),
        (304, None, ()),
        (204, None, ()),
    ]
    assert shapes(Response, *specs[1:]) == [(202, Other, JSON), (304, None, ()), (204, None, ())]
    assert shapes(Never, *specs[1:]) == [(202, Other, JSON), (304, None, ()), (204, None, ())]


@pytest.mark.parametrize(
    ("annotation", "declared"),
    [
        (dict[str, Any], User),
        (dict, User),
        (Row, User),
        (Other, User),
        (Pair, User),
        (tuple[int, str], User),
        (Annotated[tuple[int, str], Meta(description="A row.")], User),
        (list[dict[str, Any]], list[User]),
        (Any, User),
        (object, User),
        (complex, User),
        (Annotated[int, Meta(min_length=1)], User),
        (User | None, User),
        (User, User | None),
        (int, float),
        (float, Annotated[int, Meta(ge=1)]),
        (int | str, int),
        (list[int], Point),
        (list[int], set[int]),
        (tuple[int, ...], list[int]),
        (int, Literal["a"] | int),
        (str, Literal["a"] | int),
        (AsyncIterator[dict[str, Any]], AsyncIterator[User]),
        (User, AsyncIterator[User]),
    ],
)
def test_the_spec_wins_over_a_looser_view(annotation, declared):
    (response,) = operation(annotation, returning(declared))

    assert response.type == (User if "Iterator" in str(declared) else declared)


@pytest.mark.parametrize(
    ("annotation", "declared"),
    [
        (int, str),
        (str, int),
        (bool, int),
        (User, list[User]),
        (list[User], User),
        (User, str),
        (None, User),
        (User, None),
        (Union[int, None], str),  # noqa: UP007 - a Union object
        (dict[str, Any], Point),
        (tuple[int, ...], str),
        (bytes, float),
    ],
)
def test_a_plain_contradiction(annotation, declared):
    def shown(type_):
        if type_ is None:
            return "None"
        return type_.__name__ if isinstance(type_, type) else str(type_)

    assert operation(annotation, returning(declared))[0] == (
        f"handler: @returns({shown(declared)}) contradicts the return annotation "
        f"{shown(annotation)}",
        "one type, or an annotation that is a looser view of it",
        f"-> {shown(declared)}",
    )


# --- faults ----------------------------------------------------------------------------------


def test_an_annotation_is_needed():
    assert operation(UNKNOWN) == [
        (
            "handler has no return annotation",
            "a return annotation, or @returns(type)",
            "async def handler(...) -> User",
        )
    ]


@pytest.mark.parametrize(
    ("annotation", "spec"),
    [
        (UNKNOWN, returning()),
        (Response, returning(status_code=201)),
        (Never, returning(status_code=200)),
    ],
)
def test_a_spec_without_a_type_needs_an_annotation(annotation, spec):
    assert operation(annotation, spec) == [
        (
            "handler: @returns() does not say the type of the body, "
            "and the return annotation does not either",
            "a type in one of the two",
            "@returns(User)",
        )
    ]


@pytest.mark.parametrize("status", [204, 205, 304])
def test_some_statuses_have_no_body(status):
    assert operation(User, returning(status_code=status)) == [
        (
            f"handler: returns(User, status_code={status})",
            f"a {status} has no body",
            f"@returns(None, status_code={status})",
        )
    ]


def test_one_spec_for_each_status():
    assert operation(User, returning(User), returning(Other, status_code=200)) == [
        (
            "handler declares the status 200 twice",
            "one @returns for each status",
            "@returns(A | B, status_code=200) for several types",
        )
    ]


def test_a_location_that_leads_nowhere():
    assert operation(User, returning(status_code=201, location="nowhere")) == [
        ("handler: returns(location=...): there is no operation named 'nowhere'", "", "")
    ]


# --- the rest of a spec ----------------------------------------------------------------------


def test_what_else_a_spec_says():
    spec = returning(
        User,
        status_code=201,
        description="It is made.",
        headers={"X-A": HeaderSpec(int)},
        cookies={"sid": CookieSpec()},
        location="handler",
        examples={"one": {"id": 1}},
        links={"next": {"operationId": "handler"}},
    )

    (response,) = operation(User, spec, headers={"X-App": HeaderSpec(), "X-A": HeaderSpec()})

    assert response.description == "It is made."
    assert response.headers == {"X-App": HeaderSpec(), "X-A": HeaderSpec(int)}
    assert response.cookies == {"sid": CookieSpec()}
    assert response.location.listed == "to=handler"
    assert response.location_to == ("handler",)
    assert response.examples == {"one": {"id": 1}}
    assert response.links == {"next": {"operationId": "handler"}}


def test_the_reason_phrase_describes_what_nobody_described():
    (response,) = operation(User)

    assert (response.description, response.location, response.headers) == ("OK", None, {})
    assert phrase(299) == "Status 299"


@pytest.mark.parametrize(
    ("annotation", "media_type", "stream", "type_", "media_types"),
    [
        (AsyncIterator[User], (), "lines", User, ("application/jsonl",)),
        (AsyncIterable[User], "application/jsonl", "lines", User, ("application/jsonl",)),
        (AsyncGenerator[User, None], "text/event-stream", "events", User, ("text/event-stream",)),
        (AsyncIterator[bytes], (), "raw", bytes, ("application/octet-stream",)),
        (AsyncIterator[str], (), "raw", str, ("text/plain",)),
        (AsyncIterator[str], "text/csv", "raw", str, ("text/csv",)),
        (AsyncIterator[str], "application/jsonl", "lines", str, ("application/jsonl",)),
        (AsyncIterator[str], "text/event-stream", "events", str, ("text/event-stream",)),
        (str, "text/html", None, str, ("text/html",)),
        (
            User,
            ("application/json", "application/msgpack"),
            None,
            User,
            ("application/json", "application/msgpack"),
        ),
    ],
)
def test_streams_and_media_types(annotation, media_type, stream, type_, media_types):
    (response,) = operation(annotation, returning(media_type=media_type))

    assert (response.stream, response.type, response.media_types) == (stream, type_, media_types)
