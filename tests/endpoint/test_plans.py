"""From what a function returned or raised to a reply: by its own specs, or not at all."""

from typing import Annotated, Any, Never

import pytest
from msgspec import Struct

from redirflow import (
    App,
    Bearer,
    Conflict,
    Cookie,
    CookieSpec,
    Depends,
    ErrorModel,
    Header,
    HeaderSpec,
    HTTPError,
    NotFound,
    Query,
    Redirect,
    Response,
    TooManyRequests,
    raises,
    redirects,
    reroutes,
    returns,
)
from redirflow.declare.specs import RESERVED
from redirflow.endpoint.binder import Refused
from redirflow.endpoint.plan import as_redirect, default_status, quick_redirect, rooted
from redirflow.endpoint.violation import ContractViolation
from redirflow.http.response import EMPTY


class User(Struct):
    id: int


class EmailTaken(HTTPError, status_code=409, headers={"X-Left": HeaderSpec(int)}):
    """Taken already."""

    email: str
    hint: str | None = None


class ReallyTaken(EmailTaken):
    """Even more so."""

    since: int


def compiled(*specs, method="GET", path="/from", annotation=Never, handler=None, **options):
    """The endpoint of a handler with these specs, in an app with some targets."""
    app = App(**options)

    @app.get("/users/{user_id}")
    async def get_user(user_id: int) -> User: ...

    @app.get("/search")
    async def search(q: Query[str], page: Query[int] = 1) -> str: ...

    @app.get("/n/{n}")
    async def plain(n: int) -> str: ...

    @app.get("/notes/{name}")
    async def get_note(name: str) -> str: ...

    @app.put("/users/{user_id}")
    async def put_user(user_id: int) -> User: ...

    async def source() -> None: ...

    source = handler or source
    source.__annotations__["return"] = annotation
    for spec in reversed(specs):
        spec(source)
    app.route(path, methods=[method])(source)
    made = app.compile()
    return next(each for each in made.endpoints.values() if each.operation.handler is source)


def scope(method="GET", path="/from", root_path=""):
    return {"method": method, "path": root_path + path, "root_path": root_path}


def fields(reply):
    return {name.decode(): value.decode() for name, value in reply.headers}


def redirected(endpoint, redirect, **where):
    """Status and location, or what was sent and declared instead."""
    try:
        reply = endpoint.judge.redirect(redirect, scope(endpoint.operation.method, **where))
    except ContractViolation as violation:
        return violation.sent, violation.declared
    assert reply.body == b""
    assert fields(reply)["content-length"] == "0"
    assert "content-type" not in fields(reply)
    return reply.status, fields(reply)["location"]


# --- redirects: where to ---------------------------------------------------------------------


def test_a_listed_operation():
    endpoint = compiled(redirects(303, to="get_user"))

    assert redirected(endpoint, Redirect.to("get_user", user_id=5)) == (303, "/users/5")
    assert redirected(endpoint, Redirect("/users/5?x")) == (303, "/users/5?x")
    assert redirected(endpoint, Redirect.to("get_user", user_id=5).with_query(a=1)) == (
        303,
        "/users/5?a=1",
    )
    assert redirected(endpoint, Redirect("/users/5#a").with_query(b=[1, 2]).with_fragment("c")) == (
        303,
        "/users/5?b=1&b=2#c",
    )
    assert redirected(endpoint, Redirect.to("get_user", user_id=5).with_fragment("a b")) == (
        303,
        "/users/5#a%20b",
    )


@pytest.mark.parametrize(
    ("redirect", "sent"),
    [
        (Redirect("/search?q=x"), "a location that the spec does not list"),
        (Redirect.to("search", q="x"), "the operation 'search', which the spec does not list"),
        (Redirect.to("nobody"), "there is no operation named 'nobody'"),
        (Redirect.to("get_user"), "get_user needs the parameter 'user_id'"),
        (Redirect.to("get_user", user_id="secret"), "the parameter 'user_id': Expected `int`"),
        (Redirect.to("get_user", id=5), "get_user takes no parameter 'id' in a link "
         "(takes: user_id)"),
    ],
)  # fmt: skip
def test_what_is_not_listed(redirect, sent):
    endpoint = compiled(redirects(303, to="get_user"))

    assert redirected(endpoint, redirect) == (
        f"a redirect that can't be sent: {sent}",
        "to=get_user",
    )


@pytest.mark.parametrize(
    "location", ["", "x", "//evil.test", "https://evil.test/", "/\\evil", "/a\r\nb", None, 5]
)
def test_what_no_spec_could_allow(location):
    sent, declared = redirected(compiled(redirects(303)), Redirect(location))

    assert sent.startswith("a redirect that can't be sent: ")
    assert not location or str(location) not in sent
    assert declared == "any local location"


def test_the_value_is_kept_for_debugging_only():
    endpoint = compiled(redirects(303, to="get_user"))
    for redirect, value in [
        (Redirect("/secret"), "/secret"),
        (Redirect.to("get_user", user_id="secret"), {"user_id": "secret"}),
    ]:
        with pytest.raises(ContractViolation) as caught:
            endpoint.judge.redirect(redirect, scope())

        assert caught.value.value == value
        assert "secret" not in str(caught.value)


def test_any_local_location_means_every_operation():
    endpoint = compiled(redirects(303))

    assert redirected(endpoint, Redirect("/anything")) == (303, "/anything")
    assert redirected(endpoint, Redirect.to("search", q="a b")) == (303, "/search?q=a%20b")
    assert redirected(endpoint, Redirect.to("nobody")) == (
        "a redirect that can't be sent: there is no operation named 'nobody'",
        "any local location",
    )


def test_other_origins():
    endpoint = compiled(redirects(302, external="https://help.test"))

    assert redirected(endpoint, Redirect("https://help.test/a")) == (302, "https://help.test/a")
    assert redirected(endpoint, Redirect("/local"))[1] == "external=https://help.test"
    assert redirected(endpoint, Redirect.to("get_user", user_id=5)) == (
        "a redirect that can't be sent: the operation 'get_user', which the spec does not list",
        "external=https://help.test",
    )


@pytest.mark.parametrize(
    ("status", "method", "target"),
    [
        (303, "POST", "get_user"),
        (302, "POST", "get_user"),
        (301, "POST", "get_user"),
        (303, "PUT", "get_user"),
        (308, "PUT", "put_user"),
        (302, "PUT", "put_user"),
        (307, "HEAD", "get_user"),
    ],
)
def test_a_location_is_judged_by_the_method_after_the_hop(status, method, target):
    """RFC 9110 15.4: 303 gives GET, 301 and 302 turn POST into GET, 307 and 308 keep it."""
    endpoint = compiled(redirects(status, to=target), method=method)

    assert redirected(endpoint, Redirect("/users/5")) == (status, "/users/5")


def test_root_path_stands_before_what_is_made_and_not_before_what_is_written():
    endpoint = compiled(redirects(303))

    assert redirected(endpoint, Redirect.to("get_user", user_id=5), root_path="/app ж") == (
        303,
        "/app%20%D0%B6/users/5",
    )
    assert redirected(endpoint, Redirect("/users/5"), root_path="/app") == (303, "/users/5")
    assert rooted("/x", {}) == "/x"


# --- redirects: which status -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "default"),
    [([], None), ([302], 302), ([301, 303], 303), ([301, 308], None)],
)
def test_the_status_that_nobody_names(statuses, default):
    """The only one, else 303 if it is declared."""
    assert default_status(statuses) == default


def test_a_status_among_several():
    endpoint = compiled(redirects(301, to="get_user"), redirects(308, to="search"))

    assert redirected(endpoint, Redirect("/users/5").with_status(301)) == (301, "/users/5")
    assert redirected(endpoint, Redirect("/users/5", status_code=308)) == (
        "a redirect that can't be sent: a location that the spec does not list",
        "to=search",
    )
    assert redirected(endpoint, Redirect("/users/5")) == (
        "a redirect without a status",
        "301, 308; say which: .with_status(301)",
    )
    assert redirected(endpoint, Redirect("/users/5", status_code=307)) == (
        "a redirect with the status 307",
        "301, 308",
    )


def test_several_specs_of_one_status():
    endpoint = compiled(
        redirects(303, to="get_user"),
        redirects(303, external="https://a.test", headers={"X-A": HeaderSpec()}),
    )

    assert redirected(endpoint, Redirect("/users/5")) == (303, "/users/5")
    assert redirected(endpoint, Redirect("https://a.test/").with_headers({"X-A": "v"})) == (
        303,
        "https://a.test/",
    )
    assert redirected(endpoint, Redirect("/search")) == (
        "a redirect that can't be sent: the location is one of this site, and only other origins "
        "are declared (declared: https://a.test): declare it, or write the whole URL",
        "to=get_user or external=https://a.test",
    )


@pytest.mark.parametrize("value", ["", "..", "a/b"])
def test_a_value_that_no_path_holds_is_not_found(value):
    endpoint = compiled(redirects(303, to="get_note"))

    with pytest.raises(Refused) as caught:
        endpoint.judge.redirect(Redirect.to("get_note", name=value), scope())

    assert type(caught.value.error) is NotFound


def test_a_redirect_that_was_not_made():
    class Unmade(Redirect):
        def __init__(self):
            """Forgets its parent."""

    with pytest.raises(TypeError, match="Unmade has no "):
        compiled(redirects(303)).judge.redirect(Unmade(), scope())


def test_where_nothing_is_declared():
    endpoint = compiled(annotation=None)
    nothing = "no redirect; @redirects(303, to=...) declares one"

    assert redirected(endpoint, Redirect("/x")) == ("a redirect", nothing)
    assert redirected(endpoint, Redirect("/x", status_code=303)) == ("a redirect", nothing)


@pytest.mark.parametrize(
    ("redirect", "spec"),
    [
        (Redirect("/x", status_code=302), "@redirects(302, to=...)"),
        (Redirect("/x", status_code=200), "@redirects(303, to=...)"),
        (Redirect("HTTPS://a.example/x"), '@redirects(303, external="https://...")'),
        (Redirect("http://a", status_code=307), '@redirects(307, external="https://...")'),
        (Redirect.to("https://a"), "@redirects(303, to=...)"),
    ],
)
def test_the_spec_that_would_declare_it(redirect, spec):
    """Without the origin: a client may have given it, and this is logged."""
    endpoint = compiled(annotation=None)

    assert redirected(endpoint, redirect)[1] == f"no redirect; {spec} declares one"


# --- redirects: headers, cookies, caching ----------------------------------------------------


def test_headers_and_cookies():
    endpoint = compiled(
        redirects(303, headers={"X-A": HeaderSpec(int)}, cookies={"sid": CookieSpec()}),
        headers={"X-App": HeaderSpec()},
    )
    complete = Redirect("/x").with_headers({"X-A": 1}).with_cookies({"sid": "s"})

    reply = endpoint.judge.redirect(complete.with_headers({"X-App": "a"}), scope())

    assert reply.headers == [
        (b"location", b"/x"),
        (b"content-length", b"0"),
        (b"cache-control", b"no-store"),
        (b"x-a", b"1"),
        (b"x-app", b"a"),
        (b"set-cookie", b"sid=s; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ]
    assert redirected(endpoint, complete) == (303, "/x")
    assert redirected(endpoint, Redirect("/x"))[0] == "a response without the header x-a"
    assert redirected(endpoint, complete.with_headers({"Location": "/y"}))[0] == (
        "the header 'Location'"
    )


def cached(*specs, handler, **options):
    endpoint = compiled(redirects(308, max_age=60), *specs, handler=handler, **options)
    return fields(endpoint.judge.redirect(Redirect("/x"), scope()))["cache-control"]


def test_a_redirect_may_be_kept():
    async def public(q: Query[str] = "") -> None: ...
    async def cookies(sid: Cookie[str] = "") -> None: ...
    async def token(token: Annotated[str, Bearer()]) -> None: ...
    async def field(authorization: Header[str]) -> None: ...

    assert cached(handler=public) == "max-age=60"
    assert cached(handler=cookies) == "private, max-age=60"
    assert cached(handler=token) == "private, max-age=60"
    assert cached(handler=field) == "private, max-age=60"


def test_guards_make_a_redirect_private():
    async def public() -> None: ...

    def guard(sid: Cookie[str]) -> None: ...

    assert cached(handler=public, dependencies=[Bearer()]) == "private, max-age=60"
    assert cached(handler=public, dependencies=[guard]) == "private, max-age=60"


def cache_control(redirect, **options):
    """The Cache-Control fields of a redirect that may have one of the handler's own."""
    own = {"Cache-Control": HeaderSpec(required=False), "X-A": HeaderSpec(required=False)}
    endpoint = compiled(redirects(303, headers=own, **options))
    headers = endpoint.judge.redirect(redirect, scope()).headers
    return [value.decode() for name, value in headers if name == b"cache-control"]


def test_the_cache_control_of_a_handler_counts():
    own = Redirect("/x").with_headers({"Cache-Control": "private", "X-A": "a"})
    other = Redirect("/x").with_headers({"X-A": "private"})

    assert cache_control(own) == ["private"]
    assert cache_control(own, max_age=60) == ["private"]
    assert cache_control(other, max_age=60) == ["max-age=60"]


def test_nobody_keeps_a_redirect_that_sets_a_cookie():
    redirect = Redirect("/x").with_cookies({"sid": "s"})
    own = redirect.with_headers({"Cache-Control": "public"})

    assert cache_control(redirect, cookies={"sid": CookieSpec()}) == ["no-store"]
    assert cache_control(own, cookies={"sid": CookieSpec()}) == ["no-store"]


def test_a_redirect_that_may_set_a_cookie_and_does_not():
    endpoint = compiled(redirects(303, cookies={"sid": CookieSpec(required=False)}))

    assert "cache-control" not in fields(endpoint.judge.redirect(Redirect("/x"), scope()))


# --- the usual redirect ----------------------------------------------------------------------


def test_the_usual_redirect_is_the_same_by_the_short_way():
    endpoint = compiled(redirects(308, to=("plain", "search"), max_age=5))
    reply = endpoint.judge.redirect(Redirect.to("plain", n=-5), scope())
    quick = quick_redirect(endpoint.judge)

    assert "plain" in quick.known
    assert "search" not in quick.known
    name, form = quick.known["plain"]
    assert (name, quick.status) == ("n", reply.status)
    assert {*reply.headers} == {(b"location", form % -5), EMPTY, *quick.ready}


@pytest.mark.parametrize(
    "specs",
    [
        [],
        [redirects(303)],
        [redirects(303, to="search")],
        [redirects(301, to="plain"), redirects(308, to="plain")],
        [redirects(303, to="plain"), redirects(303, to="search")],
        [redirects(303, to="plain", cookies={"sid": CookieSpec()})],
    ],
)
def test_there_is_no_short_way_for_some_specs(specs):
    assert quick_redirect(compiled(*specs, annotation=Response[None]).judge) is None


# --- errors ----------------------------------------------------------------------------------


def answered(endpoint, error, more=()):
    try:
        reply = endpoint.judge.error(error, more)
    except ContractViolation as violation:
        return violation.sent, violation.declared
    return reply


def test_an_error_is_sent_as_its_class_says():
    endpoint = compiled(raises(EmailTaken), annotation=None)
    error = EmailTaken("why", email="a@b").with_headers({"X-Left": 3})

    reply = answered(endpoint, error, [(b"x-more", b"1")])

    assert reply.status == 409
    assert reply.headers == [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(reply.body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-more", b"1"),
        (b"x-left", b"3"),
    ]
    assert reply.body == (
        b'{"type":"/docs#email-taken","title":"Taken already.","status":409,'
        b'"detail":"why","email":"a@b"}'
    )


def test_another_format():
    endpoint = compiled(raises(NotFound), annotation=None, error_format=ErrorModel())

    reply = answered(endpoint, NotFound("gone"))

    assert fields(reply)["content-type"] == "application/json"
    assert reply.body == b'{"detail":[{"msg":"gone","type":"not-found"}]}'


def test_a_subclass_is_sent_as_the_declared_class():
    endpoint = compiled(raises(EmailTaken), annotation=None)
    error = ReallyTaken(email="a@b", since=5, hint="x").with_headers({"X-Left": 1})

    assert answered(endpoint, error).body == (
        b'{"type":"/docs#email-taken","title":"Taken already.","status":409,'
        b'"email":"a@b","hint":"x"}'
    )


def test_the_nearest_declared_class_counts():
    endpoint = compiled(raises(EmailTaken), raises(ReallyTaken), annotation=None)
    error = ReallyTaken(email="a@b", since=5).with_headers({"X-Left": 1})

    assert b'"since":5' in answered(endpoint, error).body


@pytest.mark.parametrize(
    ("error", "sent", "declared"),
    [
        (
            Conflict("secret"),
            "the error Conflict (409)",
            "EmailTaken; @raises(Conflict) declares it",
        ),
        (
            EmailTaken(email=5),
            "a body that is not of the declared type: Expected `str`, got `int` at $.email",
            "EmailTaken",
        ),
        (
            EmailTaken(email=""),
            "a response without the header x-left",
            "x-left, required; HeaderSpec(..., required=False) where it may be missing",
        ),
        (
            EmailTaken(email="").with_headers({"X-Left": 1, "X-B": 1}),
            "the header 'X-B'",
            "x-left; headers={'X-B': HeaderSpec()} declares it",
        ),
        (
            EmailTaken(email="").with_headers({"X-Left": 1}).with_cookies({"a": "b"}),
            "the cookie 'a'",
            "none; cookies={'a': CookieSpec()} declares it",
        ),
    ],
)
def test_what_an_error_does_not_declare(error, sent, declared):
    assert answered(compiled(raises(EmailTaken), annotation=None), error) == (sent, declared)


def test_all_declared_errors_are_told():
    endpoint = compiled(raises(EmailTaken), raises(NotFound), annotation=None)

    assert answered(endpoint, Conflict())[1] == (
        "EmailTaken, NotFound; @raises(Conflict) declares it"
    )


def test_where_no_error_is_declared():
    assert answered(compiled(annotation=None), NotFound()) == (
        "the error NotFound (404)",
        "no errors; @raises(NotFound) declares it",
    )


def test_what_a_group_declares_for_every_response():
    """Errors may leave it out; they may give it too."""
    endpoint = compiled(raises(NotFound), annotation=None, headers={"X-App": HeaderSpec()})

    assert answered(endpoint, NotFound()).status == 404
    assert fields(answered(endpoint, NotFound().with_headers({"X-App": "v"})))["x-app"] == "v"


def test_errors_with_headers_of_their_own():
    endpoint = compiled(raises(TooManyRequests), annotation=None)

    reply = answered(endpoint, TooManyRequests().with_headers({"Retry-After": 30}))

    assert fields(reply)["retry-after"] == "30"


def test_foreign_exceptions_stand_for_declared_ones():
    endpoint = compiled(
        raises(NotFound, on=KeyError), raises(Conflict, on=LookupError), annotation=None
    )

    translated = endpoint.judge.translated

    assert type(translated(KeyError("secret"))) is NotFound
    assert type(translated(IndexError("secret"))) is Conflict
    assert translated(KeyError("secret")).detail is None
    assert translated(ValueError()) is None


# --- responses that are redirects ------------------------------------------------------------


def test_a_response_may_be_a_redirect():
    """Checked the same, wherever it comes from."""
    endpoint = compiled(redirects(302, headers={"X-A": HeaderSpec()}, cookies={"a": CookieSpec()}))
    response = Response(
        status_code=302, headers={"location": "/x?y", "X-A": "1"}, cookies={"a": "b"}
    )

    redirect = as_redirect(response)

    assert redirected(endpoint, redirect) == (302, "/x?y")
    assert (redirect.headers, redirect.cookies) == ({"X-A": "1"}, {"a": "b"})
    assert redirected(
        endpoint, as_redirect(Response(status_code=303, headers={"Location": "/"}))
    ) == (
        "a redirect with the status 303",
        "302",
    )
    evil = Response(status_code=302, headers={"Location": "//evil.test"})
    assert redirected(endpoint, as_redirect(evil))[0].startswith(
        "a redirect that can't be sent: the location"
    )


def test_a_location_may_be_a_redirect_to_an_operation():
    endpoint = compiled(redirects(307, to="get_user"))
    target = Redirect.to("get_user", user_id=5)

    redirect = as_redirect(Response(status_code=307, headers={"Location": target}))

    assert redirected(endpoint, redirect) == (307, "/users/5")


@pytest.mark.parametrize("status", [None, 200, 204, 304, 300, 404])
def test_other_responses_are_none(status):
    assert as_redirect(Response("x", status_code=status)) is None


@pytest.mark.parametrize(
    "response",
    [
        Response(status_code=302),
        Response(status_code=302, headers={"X-A": "/x"}),
        Response("body", status_code=302, headers={"Location": "/x"}),
    ],
)
def test_a_redirect_has_a_location_and_no_body(response):
    with pytest.raises(ContractViolation) as caught:
        as_redirect(response)

    assert caught.value.sent == "a 302 with a body or without Location"
    assert caught.value.declared == (
        'an empty body and headers={"Location": ...}, or Redirect(...)'
    )


# --- successes -------------------------------------------------------------------------------


def success(endpoint, response, media_type=None, status=None, **where):
    plan = endpoint.successes[status or endpoint.default_status]
    try:
        return plan.reply(response, scope(**where), media_type)
    except ContractViolation as violation:
        return violation.sent, violation.declared


def test_a_body_with_its_fields():
    endpoint = compiled(
        returns(headers={"X-A": HeaderSpec(int)}, cookies={"a": CookieSpec(required=False)}),
        annotation=Response[User],
        headers={"X-App": HeaderSpec(required=False)},
    )

    reply = success(endpoint, Response(User(1), headers={"x-a": 2}, cookies={"a": "b"}))

    assert reply == (
        200,
        [
            (b"content-type", b"application/json"),
            (b"content-length", b"8"),
            (b"x-a", b"2"),
            (b"set-cookie", b"a=b; Path=/; Secure; HttpOnly; SameSite=Lax"),
        ],
        b'{"id":1}',
    )
    assert success(endpoint, Response(User(1))) == (
        "a response without the header x-a",
        "x-a, required; HeaderSpec(..., required=False) where it may be missing",
    )


def test_a_long_body_has_its_length():
    reply = success(compiled(annotation=str), Response("x" * 5000))

    assert fields(reply)["content-length"] == "5002"


@pytest.mark.parametrize(
    ("status", "headers"),
    [(204, []), (304, []), (205, [(b"content-length", b"0")]), (200, [(b"content-length", b"0")])],
)
def test_some_responses_have_no_body(status, headers):
    """RFC 9110 8.6: a 204 has no Content-Length, a 304 not that of the 200."""
    endpoint = compiled(returns(None, status_code=status), annotation=None)

    assert success(endpoint, Response()) == (status, headers, b"")
    assert success(endpoint, Response("secret")) == (f"a body with the status {status}", "no body")


def test_several_media_types():
    endpoint = compiled(
        returns(media_type=("application/json", "application/msgpack")), annotation=Response[User]
    )

    assert success(endpoint, Response(User(1))).body == b'{"id":1}'
    assert success(endpoint, Response(User(1)), "application/msgpack").body == b"\x81\xa2id\x01"
    chosen = success(
        endpoint, Response(User(1), media_type="application/json"), "application/msgpack"
    )
    assert chosen.body == b'{"id":1}'
    assert fields(chosen)["vary"] == "accept"
    assert success(endpoint, Response(User(1), media_type="text/plain")) == (
        "the media type 'text/plain'",
        "application/json, application/msgpack",
    )


CREATED = returns(status_code=201, location=("get_user", "/search"))


@pytest.mark.parametrize(
    ("value", "location"),
    [
        ("/users/5", b"/users/5"),
        ("/search?q=ж", b"/search?q=%D0%B6"),
        (Redirect.to("get_user", user_id=5), b"/users/5"),
        (Redirect.to("get_user", user_id=5).with_fragment("a"), b"/users/5#a"),
        (Redirect("/users/5").with_query(a=1), b"/users/5?a=1"),
    ],
)
def test_a_created_resource_has_a_location(value, location):
    endpoint = compiled(CREATED, annotation=Response[User], method="POST")

    reply = success(endpoint, Response(User(1), headers={"LOCATION": value}))

    assert (reply.status, dict(reply.headers)[b"location"]) == (201, location)


def test_it_stands_behind_the_root_path():
    endpoint = compiled(CREATED, annotation=Response[User], method="POST")
    response = Response(User(1), headers={"Location": Redirect.to("get_user", user_id=5)})

    assert fields(success(endpoint, response, root_path="/app"))["location"] == "/app/users/5"


REFUSED = "a Location that can't be sent: "


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        (None, "a response without Location"),
        ({"Location": "/n/5"}, f"{REFUSED}a location that the spec does not list"),
        (
            {"Location": "x\\y"},
            f"{REFUSED}the location has a backslash before '?' and '#', which browsers read as "
            "'/': write '/', or %5C where it is data",
        ),
        ({"Location": None}, f"{REFUSED}the location is no str: convert it first"),
        (
            {"Location": Redirect.to("plain", n=5)},
            f"{REFUSED}the operation 'plain', which the spec does not list",
        ),
        (
            {"Location": Redirect.to("get_user")},
            f"{REFUSED}get_user needs the parameter 'user_id'",
        ),
    ],
)
def test_a_location_is_always_checked(headers, sent):
    endpoint = compiled(CREATED, annotation=Response[User], method="POST")

    assert success(endpoint, Response(User(1), headers=headers)) == (
        sent,
        "to=get_user, /search",
    )


def test_a_header_can_not_pass_it():
    endpoint = compiled(annotation=Response[User])

    assert success(endpoint, Response(User(1), headers={"Location": "/x"})) == (
        "the header 'Location'",
        f"none; {RESERVED['location']} declares it",
    )


# --- each function by its own specs ----------------------------------------------------------


def test_a_dependency_is_judged_by_its_own_specs():
    @redirects(303, to="get_user")
    @raises(NotFound, on=KeyError)
    def guard() -> None: ...

    async def handler(
        a: Annotated[None, Depends(guard)], token: Annotated[str, Bearer()]
    ) -> Any: ...

    endpoint = compiled(redirects(302, to="search"), handler=handler)
    of_guard, of_token, of_handler = endpoint.judges

    assert [judge.name for judge in endpoint.judges] == ["guard", "credentials", "handler"]
    assert of_guard.redirect(Redirect("/users/5"), scope()).status == 303
    assert of_handler.redirect(Redirect("/search"), scope()).status == 302
    for judge, location in (
        (of_guard, "/search"),
        (of_handler, "/users/5"),
        (of_token, "/users/5"),
    ):
        with pytest.raises(ContractViolation):
            judge.redirect(Redirect(location), scope())
    assert (of_guard.translated(KeyError()) is not None, of_handler.translated(KeyError())) == (
        True,
        None,
    )
    assert endpoint.judge is of_handler
    assert [redirect.spec.status_code for redirect in endpoint.redirects] == [303, 302]


def test_reroutes_add_up():
    endpoint = compiled(reroutes(to="get_user"), reroutes(to="search"))

    assert sorted(owner.name for owner in endpoint.judge.reroutes.owners) == ["get_user", "search"]
    assert [operation.name for operation in endpoint.reroutes] == ["get_user", "search"]
    assert compiled(annotation=None).judge.reroutes is None
