"""One operation, compiled: every status that can happen and none that can't."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal, Never

import pytest
from msgspec import Meta, Struct

from redirflow import (
    APIKey,
    App,
    BadRequest,
    Basic,
    Bearer,
    Body,
    Conflict,
    ContentTooLarge,
    Cookie,
    CookieSpec,
    Depends,
    Form,
    Gone,
    Header,
    HeaderSpec,
    HTTPError,
    NotAcceptable,
    NotFound,
    ProblemDetails,
    Query,
    Redirect,
    Request,
    Response,
    SpecError,
    Unauthorized,
    UnsupportedMediaType,
    UploadFile,
    ValidationFailed,
    raises,
    redirects,
    reroutes,
    returns,
)


class User(Struct):
    id: int


class EmailTaken(HTTPError, status_code=409):
    email: str


def compiled(handler, *specs, method="GET", path="/x", app=None, **options):
    """The endpoint of a handler with these specs."""
    app = app or App()

    @app.get("/users/{user_id}")
    async def get_user(user_id: int) -> User: ...

    for spec in reversed(specs):
        spec(handler)
    app.route(path, methods=[method], **options)(handler)
    made = app.compile()
    return next(each for each in made.endpoints.values() if each.operation.handler is handler)


def faults(handler, *specs, **options):
    with pytest.raises(SpecError) as caught:
        compiled(handler, *specs, **options)
    return [(fault.found, fault.allowed, fault.write) for fault in caught.value.faults]


# --- errors that the inputs imply ------------------------------------------------------------


async def nothing() -> str: ...
async def query_text(q: str = "", tags: list[str] = []) -> str: ...  # noqa: B006
async def query_needed(q: str) -> str: ...
async def query_number(n: int = 1) -> str: ...
async def query_either(n: int | str = 1) -> str: ...
async def query_bounded(q: Annotated[str, Meta(max_length=5)] = "") -> str: ...
async def header_text(a: Header[str] = "") -> str: ...
async def cookie_needed(a: Cookie[str]) -> str: ...
async def whole_request(request: Request) -> str: ...
async def token(token: Annotated[str, Bearer()]) -> str: ...
async def maybe_token(token: Annotated[str | None, Bearer()]) -> str: ...
async def json_body(user: User) -> str: ...
async def any_body(user: Body[Any]) -> str: ...
async def form(email: Form[str]) -> str: ...
async def file(file: UploadFile) -> str: ...


INPUT = {BadRequest, ContentTooLarge, UnsupportedMediaType, ValidationFailed}


@pytest.mark.parametrize(
    ("handler", "method", "errors"),
    [
        (nothing, "GET", set()),
        (nothing, "POST", set()),
        (query_text, "GET", set()),
        (query_either, "GET", set()),
        (header_text, "GET", set()),
        (query_needed, "GET", {ValidationFailed}),
        (query_number, "GET", {ValidationFailed}),
        (query_bounded, "GET", {ValidationFailed}),
        (cookie_needed, "GET", {ValidationFailed}),
        (whole_request, "GET", set()),
        (whole_request, "POST", set()),
        (token, "GET", {Unauthorized}),
        (maybe_token, "GET", set()),
        (json_body, "POST", INPUT),
        (any_body, "PUT", INPUT - {ValidationFailed}),
        (form, "POST", INPUT),
        (file, "POST", INPUT),
    ],
)
def test_errors_that_inputs_imply(handler, method, errors):
    """No 422 without a fallible input, no 400, 413 or 415 without a body."""
    assert {*compiled(handler, method=method).errors} == errors


def test_a_path_parameter_is_always_there():
    async def text(name: str) -> str: ...
    async def number(name: int) -> str: ...

    assert compiled(text, path="/x/{name}").errors == ()
    assert compiled(number, path="/x/{name}").errors == (ValidationFailed,)


def test_several_media_types_may_please_nobody():
    both = returns(media_type=("application/json", "application/msgpack"))
    negotiated = compiled(nothing_else := make(str), both)

    assert negotiated.errors == (NotAcceptable,)
    assert negotiated.offered == ("application/json", "application/msgpack")
    assert negotiated.operation.handler is nothing_else
    assert compiled(make(str), returns(media_type="application/json")).offered == ()


def make(annotation):
    async def handler(): ...

    handler.__annotations__["return"] = annotation
    return handler


def test_everything_that_is_declared_on_the_way_counts():
    """Errors of the app, the guards, the dependencies and the handler: each once."""

    @raises(Gone)
    def guard(n: Query[int]) -> None: ...

    @raises(Conflict)
    def dependency(key: Annotated[str, APIKey(query="key")]) -> None: ...

    async def handler(a: Annotated[None, Depends(dependency)]) -> str: ...

    app = App(raises=[NotFound, Gone], dependencies=[guard])
    endpoint = compiled(handler, raises(EmailTaken), app=app)

    assert endpoint.errors == (NotFound, Gone, Conflict, EmailTaken, Unauthorized, ValidationFailed)


# --- redirects and reroutes ------------------------------------------------------------------


def test_redirects_of_dependencies_count_for_the_operation():
    """A `current_user` that redirects to the login page does so everywhere."""

    @redirects(303, to="get_user")
    def current_user() -> User: ...

    async def handler(user: Annotated[User, Depends(current_user)]) -> User: ...

    endpoint = compiled(handler, redirects(302, external="https://a.test"))

    assert [
        (each.spec.status_code, [target.name for target in each.targets])
        for each in endpoint.redirects
    ] == [(303, ["get_user"]), (302, [])]


def test_reroutes_of_dependencies_count_too():
    @reroutes(to="get_user")
    def guard() -> None: ...

    async def handler(a: Annotated[None, Depends(guard)]) -> Never: ...

    assert [operation.name for operation in compiled(handler).reroutes] == ["get_user"]


# --- statuses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("specs", "method", "status"),
    [
        ([returns(User)], "GET", 200),
        ([returns(User)], "POST", 201),
        ([returns(User, status_code=202)], "POST", 202),
        ([returns(User, status_code=200), returns(User, status_code=202)], "GET", 200),
        ([returns(User, status_code=200), returns(User, status_code=201)], "POST", 201),
        ([returns(User, status_code=200), returns(User, status_code=202)], "POST", None),
        ([returns(User, status_code=202), returns(None, status_code=204)], "GET", None),
        ([redirects(303)], "GET", None),
    ],
)
def test_the_status_of_a_bare_value(specs, method, status):
    """The only one that is declared, else the usual one if it is."""
    assert compiled(make(Never), *specs, method=method).default_status == status


def test_streams_have_plans_of_their_own():
    endpoint = compiled(make(AsyncIterator[User]), returns(), returns(User, status_code=202))

    assert [*endpoint.streams] == [200]
    assert [*endpoint.successes] == [202]


@pytest.mark.parametrize(("limit", "expected"), [(None, 1_048_576), (5, 5), (0, 0)])
def test_the_size_of_a_body(limit, expected):
    assert compiled(make(str), max_body_size=limit).max_body_size == expected


def test_who_reads_the_body():
    endpoint = compiled(json_body, method="POST")

    assert endpoint.body.parameter.name == "user"
    assert (endpoint.form, compiled(form, method="POST").form) == (False, True)
    assert compiled(form, method="POST").body is None


# --- faults ----------------------------------------------------------------------------------


def test_a_get_has_no_body():
    assert faults(json_body) == [
        (
            "json_body reads user from the body of a GET, which has none",
            "a scalar or a marker: Query, Header, Cookie",
            "user: Query[...] reads a Struct from the query",
        )
    ]


def test_a_dependency_leaves_the_body_to_the_handler():
    def dependency(user: User) -> None: ...

    async def handler(a: Annotated[None, Depends(dependency)]) -> str: ...

    assert faults(handler, method="POST") == [
        (
            "the dependency dependency reads the body as user",
            "a body in the handler only; a dependency can take the Request",
            "",
        )
    ]


class Broken(HTTPError, status_code=400):
    where: "Nowhere"  # noqa: F821 - that is the point


class Odd(HTTPError, status_code=400):
    a: Annotated[int, Meta(min_length=1)]


@pytest.mark.parametrize(
    ("specs", "found"),
    [
        ([redirects(303, to="get_usr")], "there is no operation named 'get_usr'; "
         "did you mean 'get_user'?"),
        ([redirects(303, to="/nowhere")], "nothing in this app answers at '/nowhere'"),
        ([redirects(303, to=len)], "len is not a handler of this app"),
        ([reroutes(to="nobody")], "there is no operation named 'nobody'"),
        ([raises(Broken)], "name 'Nowhere' is not defined"),
        ([raises(EmailTaken, on=KeyError)], "EmailTaken: 'email' is missing (fields: email)"),
        ([returns(User, media_type="text/html")], "a body of text/html is str or bytes, "
         "not User"),
        ([redirects(303, headers={"X-A": HeaderSpec(User)})], "a header of User is no scalar and "
         "no list of scalars"),
        ([returns(headers={"X-A": HeaderSpec(dict)})], "a header of dict is no scalar and "
         "no list of scalars"),
    ],
)  # fmt: skip
def test_faults_are_told_once_and_with_the_operation(specs, found):
    annotation = None if not isinstance(specs[0], type(returns())) else User

    assert faults(make(annotation), *specs) == [(f"handler: {found}", "", "")]


@pytest.mark.parametrize(
    ("annotation", "specs", "found", "write"),
    [
        (Response, [], "handler returns a Response of no type", "-> Response[User]"),
        (
            User,
            [returns(media_type="text/event-stream")],
            "handler: a body of User as text/event-stream, which has many items",
            "-> AsyncIterator[User]",
        ),
    ],
)
def test_what_a_return_annotation_lacks(annotation, specs, found, write):
    ((said, _, remedy),) = faults(make(annotation), *specs)

    assert (said, remedy) == (found, write)


def test_text_may_hold_all_items_of_a_stream():
    endpoint = compiled(make(str), returns(media_type="text/event-stream"))

    assert endpoint.responses[0].stream is None


def test_types_that_msgspec_refuses():
    (error,) = faults(make(str), raises(Odd))
    (body,) = faults(make(Annotated[int, Meta(pattern="x")]))
    (stream,) = faults(make(AsyncIterator[Annotated[int, Meta(pattern="x")]]))

    assert error[0].startswith("ProblemDetails has no body for Odd: Can only set `min_length` on")
    assert body[0].startswith("handler: Can only set `pattern` on a str type")
    assert stream[0].startswith("handler: Can only set `pattern` on a str type")


@pytest.mark.parametrize("failure", [AttributeError("no"), KeyError("no"), RuntimeError("no")])
def test_a_format_that_fails(failure):
    """It refuses start-up with one fault, whatever it raises and however many operations use it."""

    class Broken(ProblemDetails):
        def body_type(self, error):
            raise failure

    app = App(error_format=Broken())
    for path in ("/a", "/b"):
        app.get(path, name=path[1:])(raises(EmailTaken)(make(str)))

    with pytest.raises(SpecError) as caught:
        app.compile()

    (fault,) = caught.value.faults
    assert fault.found == f"Broken has no body for EmailTaken: {failure}"
    assert fault.place == EmailTaken._place

    with pytest.raises(SpecError, match="Broken has no body for") as caught:
        App(error_format=Broken()).compile()

    assert {fault.place for fault in caught.value.faults} == {None}


def test_a_taken_field_of_an_error():
    class Taken(HTTPError, status_code=400):
        status: int

    assert faults(make(str), raises(Taken))[0][0] == "the error class Taken has a field 'status'"


def test_every_fault_of_an_operation_is_told():
    specs = [redirects(303, to="a"), redirects(303, to="b"), raises(EmailTaken, on=KeyError)]

    assert [found for found, _, _ in faults(make(None), *specs)] == [
        "handler: there is no operation named 'a'",
        "handler: there is no operation named 'b'",
        "handler: EmailTaken: 'email' is missing (fields: email)",
    ]


def test_what_is_returned_and_what_is_read_do_not_mix():
    """The tour's kinds of operations, side by side in one app."""

    async def handler(
        user: User,
        login: Annotated[Any, Basic()],
        mode: Query[Literal["a", "b"]] = "a",
    ) -> Response[User] | Redirect: ...

    endpoint = compiled(
        handler,
        redirects(303, to="get_user", cookies={"sid": CookieSpec()}),
        raises(NotFound),
        method="PUT",
    )

    assert {*endpoint.errors} == {NotFound, Unauthorized, *INPUT}
    assert [response.status for response in endpoint.responses] == [200]
    assert len(endpoint.judges) == 2
