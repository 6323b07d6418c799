"""Links: from an operation and its parameters to a location that leads nowhere else."""

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from redirflow import Alias, App, Cookie, Depends, Header, LocalURL, Query, Request
from redirflow.endpoint.links import LinkRefused
from redirflow.http.location import compile_location


class Color(enum.Enum):
    RED = "red"


class Paging(Struct):
    limit: int
    sort: Annotated[str, Alias("s")] = "name"
    after: int | None = None


class User(Struct):
    id: int


def tenant(tenant: Query[str | None] = None): ...


def guard(user: Annotated[int, Alias("user_id")], tenant: Annotated[None, Depends(tenant)]): ...


app = App()


@app.get("/")
async def root() -> str: ...


@app.get("/users/{user_id}")
async def user(user_id: int) -> str: ...


@app.get("/users/{user_id}/posts/{title}")
async def post(user_id: int, title: str, page: int = 1) -> str: ...


@app.get("/files/{rest:path}")
async def files(rest: str, q: Query[str | None] = None) -> str: ...


@app.get("/{rest:path}")
async def anything(rest: str) -> str: ...


@app.get("/count/{n:path}")
async def counted(n: int) -> str: ...


@app.get("/straße/{n}")
async def street(n: int) -> str: ...


@app.get("/search")
async def search(
    q: str,
    tags: list[str] = [],  # noqa: B006
    colors: Query[set[Color]] = set(),  # noqa: B006
    limit: Query[Annotated[int, Meta(le=100), Alias("max items")]] = 10,
    next: LocalURL = "/",
) -> str: ...


@app.get("/needs")
async def needs(ids: list[int]) -> str: ...


@app.get("/paged/{class}")
async def paged(
    class_: Annotated[Literal["a", "b"], Alias("class")],
    page: Query[Paging],
    request: Request,
    token: Header[str] = "",
) -> str: ...


@app.get("/guarded/{user_id}", dependencies=[guard])
async def guarded(uid: Annotated[int, Alias("user_id")], sid: Cookie[str]) -> str: ...


@app.get("/dependent")
async def dependent(account: Annotated[None, Depends(tenant)]) -> str: ...


def everything(n: int) -> str: ...


app.get("/twice/a/{n}", name="twice_a")(everything)
app.get("/twice/b/{n}", name="twice_b")(everything)


class Handler:
    @staticmethod
    @app.get("/static")
    async def static() -> str: ...

    async def bound(self, n: int) -> str: ...

    async def __call__(self, n: int) -> str: ...


HANDLER = Handler()
app.get("/bound/{n}")(HANDLER.bound)
app.get("/object/{n}", name="object")(HANDLER)


def link(target, /, **params):
    return app.url_for(target, **params)


def refusal(target, /, **params):
    with pytest.raises(LinkRefused) as caught:
        link(target, **params)
    return str(caught.value)


# --- what is written -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "params", "location"),
    [
        (root, {}, "/"),
        ("root", {}, "/"),
        (user, {"user_id": 5}, "/users/5"),
        (user, {"user_id": -5}, "/users/-5"),
        (user, {"user_id": "5"}, "/users/5"),
        (counted, {"n": 7}, "/count/7"),
        (street, {"n": 7}, "/stra%C3%9Fe/7"),
        (post, {"user_id": 5, "title": "a b?"}, "/users/5/posts/a%20b%3F"),
        (post, {"user_id": 5, "title": "x", "page": 2}, "/users/5/posts/x?page=2"),
        (post, {"user_id": 5, "title": "x", "page": None}, "/users/5/posts/x"),
        (files, {"rest": ""}, "/files/"),
        (files, {"rest": "a/b c", "q": "&=+#"}, "/files/a/b%20c?q=%26%3D%2B%23"),
        (search, {"q": ""}, "/search?q="),
        (search, {"q": "ж", "tags": ["a", "b"]}, "/search?q=%D0%B6&tags=a&tags=b"),
        (search, {"q": "x", "tags": ("a",)}, "/search?q=x&tags=a"),
        (search, {"q": "x", "colors": {Color.RED}}, "/search?q=x&colors=red"),
        (search, {"q": "x", "tags": []}, "/search?q=x"),
        (search, {"q": "x", "limit": 5}, "/search?q=x&max%20items=5"),
        (search, {"q": "x", "next": "/a?b"}, "/search?q=x&next=%2Fa%3Fb"),
        (needs, {"ids": [1, 2]}, "/needs?ids=1&ids=2"),
        (paged, {"class_": "a", "limit": 5}, "/paged/a?limit=5"),
        (paged, {"class_": "a", "page": Paging(5, after=7)}, "/paged/a?limit=5&s=name&after=7"),
        (guarded, {"uid": 5, "tenant": "x"}, "/guarded/5?tenant=x"),
        (dependent, {"tenant": "x"}, "/dependent?tenant=x"),
        ("twice_a", {"n": 1}, "/twice/a/1"),
        (Handler.static, {}, "/static"),
        (HANDLER.bound, {"n": 1}, "/bound/1"),
        (HANDLER, {"n": 1}, "/object/1"),
    ],
)  # fmt: skip
def test_a_link_fills_path_and_query(target, params, location):
    assert link(target, **params) == location
    assert compile_location(location) == location.encode()


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "params", "message"),
    [
        (root, {"x": 1}, "root takes no parameter 'x' in a link (takes: none)"),
        (user, {}, "user needs the parameter 'user_id'"),
        (user, {"user_id": None}, "user needs the parameter 'user_id'"),
        (
            user,
            {"user_id": 5, "status_code": 301},
            "user takes no parameter 'status_code' in a link (takes: user_id); a redirect has it "
            "by .with_status(301) behind its parameters",
        ),
        (user, {"id": 5}, "user takes no parameter 'id' in a link (takes: user_id)"),
        (search, {}, "search needs the parameter 'q'"),
        (search, {"q": None}, "search needs the parameter 'q'"),
        (
            paged,
            {"class_": "a", "token": "t"},
            "paged takes no parameter 'token' in a link (takes: class_, limit, sort, after, page)",
        ),
        (paged, {"class_": "a"}, "paged needs the parameter 'limit'"),
        (paged, {"class_": "a", "page": 5}, "the parameter 'page': Expected its Struct"),
        (guarded, {"user": 5}, "guarded takes no parameter 'user' in a link (takes: uid, tenant)"),
        (user, {"user_id": "secret"}, "the parameter 'user_id': Expected `int`"),
        (user, {"user_id": 1.5}, "the parameter 'user_id': Expected `int`"),
        (user, {"user_id": True}, "the parameter 'user_id': Expected `int`"),
        (user, {"user_id": [1]}, "the parameter 'user_id': a list, not a scalar"),
        (user, {"user_id": User(1)}, "the parameter 'user_id': a User, not a scalar"),
        (search, {"q": "x", "limit": 101}, "the parameter 'limit': Expected `int` <= 100"),
        (search, {"q": "x", "tags": [User(1)]}, "the parameter 'tags': a User, not a scalar"),
        (search, {"q": "x", "colors": ["secret"]}, "the parameter 'colors': Invalid enum value"),
        (
            search,
            {"q": "x", "next": "//evil.test"},
            "the parameter 'next': Expected a location of this site: "
            "'/path', '?query' or '#fragment'",
        ),
        (needs, {"ids": []}, "the parameter 'ids': an empty list can't be told"),
        (paged, {"class_": "secret", "limit": 1}, "the parameter 'class_': Invalid enum value"),
        *(
            (
                post,
                {"user_id": 1, "title": title},
                "the path parameter title is empty, a dot segment, or holds a slash",
            )
            for title in ("", ".", "..", "/", "a/b", "../x")
        ),
        (files, {"rest": "../x"}, "the path parameter rest holds a dot segment"),
        (files, {"rest": "a/./x"}, "the path parameter rest holds a dot segment"),
        (
            anything,
            {"rest": "/evil.test"},
            "the path parameter begins with a slash, so that a host would be read",
        ),
    ],
)
def test_a_refusal_tells_no_value(target, params, message):
    assert refusal(target, **params) == message


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("usr", "there is no operation named 'usr'; did you mean 'user'?"),
        ("nothing_like_it", "there is no operation named 'nothing_like_it'"),
        (
            everything,
            "everything is registered 2 times; say which by name: 'twice_a', 'twice_b'",
        ),
        (guard, "guard is not a handler of this app"),
        (Handler().bound, "bound is not a handler of this app"),
    ],
)
def test_a_target_that_means_nothing(target, message):
    with pytest.raises(LookupError) as caught:
        link(target)

    assert caught.value.args == (message,)


def test_an_object_has_the_name_it_shows():
    target = Handler()

    with pytest.raises(LookupError) as caught:
        link(target)

    assert caught.value.args == (f"{target!r} is not a handler of this app",)


# --- what is written is read -----------------------------------------------------------------

TYPES = {
    int: st.integers(),
    str: st.text(st.characters(exclude_categories=["Cs"])),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    uuid.UUID: st.uuids(),
    bytes: st.binary(),
    datetime.date: st.dates(),
    datetime.datetime: st.datetimes(),
    datetime.time: st.times(),
    datetime.timedelta: st.timedeltas(datetime.timedelta(-99), datetime.timedelta(99)),
    Color: st.sampled_from(Color),
    Any: st.text(st.characters(exclude_categories=["Cs"])),
}


def app_of(type_):
    made = App()

    @made.get("/x/{value}")
    async def one(value: type_, more: list[type_] = []) -> str: ...  # noqa: B006

    return made.compile()


APPS = {type_: app_of(type_) for type_ in TYPES}


@given(
    st.sampled_from([*TYPES]).flatmap(
        lambda type_: st.tuples(st.just(type_), TYPES[type_], st.lists(TYPES[type_], max_size=3))
    )
)
def test_a_link_is_read_as_the_same_values(case):
    type_, value, more = case
    (endpoint,) = APPS[type_].endpoints.values()
    try:
        location = APPS[type_].directory.location("one", {"value": value, "more": more})
    except LinkRefused:
        assert str(value) in {"", ".", ".."} or value == b"" or "/" in str(value) or type_ is bytes
        return
    path, query = urlsplit(location).path, urlsplit(location).query
    texts = [text for _, text in parse_qsl(query, keep_blank_values=True)]
    one, many = endpoint.handler.signature.parameters

    assert compile_location(location) == location.encode()
    assert one.reader.read(unquote(path).removeprefix("/x/")) == value
    assert [many.reader.read(text) for text in texts] == more
    assert APPS[type_].router.serves(unquote(path), "GET") is endpoint.operation


def test_a_query_can_be_read_by_others_too():
    assert parse_qs(urlsplit(link(search, q="a b+c")).query) == {"q": ["a b+c"]}
