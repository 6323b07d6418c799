"""The request as handlers see it: what it reads, what it refuses, and what it never builds."""

from contextlib import suppress

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow.http.query import TooManyPairs
from redirflow.http.request import (
    ORIGINAL_PATH,
    BodyTooLarge,
    ClientDisconnected,
    MalformedBody,
    Request,
    local_path,
    root_path,
)

LIMIT = 10
DISCONNECT = {"type": "http.disconnect"}


def part(body=b"", more_body=False):
    return {"type": "http.request", "body": body, "more_body": more_body}


class Receive:
    """A `receive` of these messages; who reads on after them has read too far."""

    def __init__(self, *messages):
        self.left = list(messages)

    async def __call__(self):
        await anyio.lowlevel.checkpoint()
        assert self.left, "read on after the last message"
        return self.left.pop(0)


def request_of(*messages, headers=(), path="/", max_body_size=LIMIT, **scope):
    """A request with the keys that ASGI requires, and those in *scope*."""
    required = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": list(headers),
    }
    return Request(
        {**required, **scope},
        Receive(*messages),
        max_body_size=max_body_size,
        links=lambda target, params: f"/{target}/{params}",
    )


# --- The scope ------------------------------------------------------------------------------


def test_optional_keys_may_be_absent():
    """Of the scope only what ASGI requires is needed, and not even all of that."""
    request = Request(
        {"type": "http", "method": "GET", "path": "/a", "headers": []},
        Receive(),
        max_body_size=LIMIT,
        links=lambda target, params: "/x",
    )

    assert request.method == "GET"
    assert request.path == request.original_path == "/a"
    assert request.client is None
    assert request.state == {}
    assert request.path_params == {}
    assert request.query == {}
    assert request.cookies == {}
    assert request.headers == {}
    assert request.url_for("x") == "/x"


@pytest.mark.parametrize("empty", [None, ""], ids=["None", "empty"])
def test_optional_keys_may_be_empty(empty):
    request = request_of(root_path=empty, client=empty, state=empty, path_params=empty)

    assert request.path == "/"
    assert request.client is None
    assert request.state == {}
    assert request.path_params == {}


def test_what_the_scope_holds():
    """The state is the server's own mapping: its values are those of the lifespan."""
    state = {"pool": object()}
    request = request_of(
        method="POST",
        path="/a",
        client=["127.0.0.1", 1234],
        state=state,
        path_params={"a": 1},
        query_string=b"a=1&a=2",
    )

    assert request.method == "POST"
    assert request.client == ("127.0.0.1", 1234)
    assert request.state["pool"] is state["pool"]
    assert request.path_params == {"a": 1}
    assert request.query["a"] == "2"
    assert request.query.getlist("a") == ["1", "2"]
    assert request.scope["method"] == "POST"


def test_nothing_is_built_from_the_host():
    """A Host of any kind changes nothing (`Location`s are path-absolute)."""
    host = (b"host", b"evil.example")
    forwarded = (b"x-forwarded-host", b"evil.example")

    request = request_of(headers=[host, forwarded], scheme="https", server=("evil.example", 443))

    assert request.url_for("x") == "/x/{}"


def test_the_path_before_a_reroute_is_kept():
    request = request_of(path="/api/new", root_path="/api", **{ORIGINAL_PATH: "/old"})

    assert request.path == "/new"
    assert request.original_path == "/old"


def test_headers_query_and_cookies_are_read_once():
    request = request_of(headers=[(b"cookie", b"a=1")], query_string=b"a=1")

    assert request.headers is request.headers
    assert request.query is request.query
    assert request.cookies is request.cookies


def test_too_many_pairs_in_the_query():
    request = request_of(query_string=b"&" * 1000)

    with pytest.raises(TooManyPairs):
        assert request.query


# --- Cookies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param([], {}, id="none"),
        pytest.param([b"a=1; b=2"], {"a": "1", "b": "2"}, id="one field"),
        pytest.param([b"a=1", b"b=2; c=3"], {"a": "1", "b": "2", "c": "3"}, id="split, HTTP/2"),
        pytest.param([b"a=1", b"a=2"], {"a": "1"}, id="the first of a name, over fields too"),
        pytest.param([b"a=1;", b"", b"; b=2"], {"a": "1", "b": "2"}, id="loose ends"),
    ],
)
def test_cookies_of_several_fields(fields, expected):
    """On HTTP/2 a client may split the field; it is joined first (RFC 9113 8.2.3)."""
    request = request_of(
        http_version="2",
        headers=[(b":authority", b"a"), *((b"cookie", field) for field in fields)],
    )

    assert expected == request.cookies


# --- root_path ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        pytest.param("", "/users", "/users", id="none"),
        pytest.param("/api", "/api/users", "/users", id="stripped"),
        pytest.param("/api", "/api", "", id="the root itself"),
        pytest.param("/api", "/api/", "/", id="the root with a slash"),
        pytest.param("/api", "/users", "/users", id="stripped by a proxy already"),
        pytest.param("/api", "/apis/users", "/apis/users", id="no whole segment"),
        pytest.param("/api", "/api/api/users", "/api/users", id="once"),
        pytest.param("/api", "/API/users", "/API/users", id="letter case"),
        pytest.param("/a/b", "/a/b/c", "/c", id="two segments"),
        pytest.param("/é b", "/é b/c", "/c", id="decoded"),
        pytest.param("/api/", "/api/users", "/users", id="a slash too many"),
        pytest.param("/", "/users", "/users", id="a slash alone"),
        pytest.param("/api", "//api/users", "//api/users", id="two slashes"),
        pytest.param("/api", "", "", id="no path"),
        pytest.param("/api", "*", "*", id="no location"),
    ],
)
def test_the_path_below_the_root(root, path, expected):
    """`root_path` is stripped once, where it is whole segments."""
    assert expected == local_path({"path": path, "root_path": root})
    assert expected == request_of(path=path, root_path=root).path


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        pytest.param(None, "", id="None"),
        pytest.param("", "", id="empty"),
        pytest.param("/", "", id="a slash alone"),
        pytest.param("/api", "/api", id="a segment"),
        pytest.param("/api/v1", "/api/v1", id="two segments"),
        pytest.param("/api/", "/api", id="a slash at the end"),
        pytest.param("//evil.example", "/evil.example", id="what would be a host"),
        pytest.param("api", "/api", id="no slash"),
    ],
)
def test_a_path_can_follow_the_root(root, expected):
    """However a server writes it, the root never makes a path of two leading slashes."""
    assert expected == root_path({"root_path": root})


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        pytest.param("", "/user/{'id': 1}", id="none"),
        pytest.param("/api", "/api/user/{'id': 1}", id="prefixed"),
        pytest.param("/a b/é", "/a%20b/%C3%A9/user/{'id': 1}", id="encoded"),
        pytest.param("/", "/user/{'id': 1}", id="a slash alone"),
        pytest.param("//evil.example/", "/evil.example/user/{'id': 1}", id="what would be a host"),
    ],
)
def test_url_for_is_below_the_root(root, expected):
    """The location is path-absolute and seen from outside."""
    assert expected == request_of(root_path=root).url_for("user", id=1)


def test_parameters_of_a_link_may_have_any_name():
    """Nothing that a template may call a parameter is taken."""
    location = request_of().url_for("x", self=1, target=2, params=3)

    assert location == "/x/{'self': 1, 'target': 2, 'params': 3}"


@pytest.mark.parametrize(
    ("referer", "expected"),
    [
        (b"https://Site.test/list?page=2", "/list?page=2"),
        (b"http://site.test/", "/"),
        (b"https://evil.test/list", "/home"),
        (b"https://site.test.evil.test/list", "/home"),
        (b"https://site.test@evil.test/list", "/home"),
        (b"https://site.test//evil.test", "/home"),
        (b"https://site.test/\\evil.test", "/home"),
        (b"https://site.test?x=1", "/home"),
        (b"https://site.test", "/home"),
        (b"ftp://site.test/list", "/home"),
        (b"/list", "/home"),
        (b"", "/home"),
    ],
)
def test_the_way_back_stays_on_this_site(referer, expected):
    """Only a page of the site that the request itself names is gone back to."""
    headers = [(b"host", b"site.test"), (b"referer", referer)]

    assert request_of(headers=headers).back("/home") == expected


def test_the_way_back_without_a_referer():
    assert request_of(headers=[(b"host", b"site.test")]).back("/home") == "/home"


async def stream_into(received, request):
    async for chunk in request.stream():
        received.append(chunk)


# --- The body -------------------------------------------------------------------------------


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param([part()], b"", id="empty"),
        pytest.param([part(b"abc")], b"abc", id="one part"),
        pytest.param([part(b"a", True), part(b"b", True), part(b"c")], b"abc", id="three parts"),
        pytest.param([part(b"a", True), part(b"", True), part()], b"a", id="empty parts"),
        pytest.param([{"type": "http.request"}], b"", id="neither body nor more_body"),
        pytest.param([{"type": "http.request", "body": None}], b"", id="None for a body"),
        pytest.param(
            [part(b"a" * 4, True), part(b"b" * 6)], b"aaaabbbbbb", id="as much as allowed"
        ),
    ],
)
async def test_the_body(messages, expected):
    """A body is read to its end and no further."""
    request = request_of(*messages)

    assert expected == await request.body()
    assert not request.partly_read


async def test_the_body_is_kept():
    """It can be read again, streamed, and decoded."""
    request = request_of(part(b"[1, ", True), part(b"2]"))

    assert await request.body() == await request.body() == b"[1, 2]"
    assert [chunk async for chunk in request.stream()] == [b"[1, 2]"]
    assert await request.json() == [1, 2]
    assert not request.partly_read


async def test_a_stream_has_no_empty_pieces():
    """Not as they arrive, and not of a body that is empty."""
    streamed = request_of(part(b"a", True), part(b"", True), part(b"b", True), part())
    read = request_of(part())
    await read.body()

    assert [chunk async for chunk in streamed.stream()] == [b"a", b"b"]
    assert [chunk async for chunk in read.stream()] == []


async def test_a_body_that_was_streamed_is_gone():
    """To read on would wait for what never comes, so it is refused."""
    request = request_of(part(b"a", True), part(b"b"))
    async for _ in request.stream():
        pass

    with pytest.raises(RuntimeError) as caught:
        await request.body()

    assert str(caught.value) == "the body was streamed before; body() keeps it"
    assert request.partly_read


async def test_a_stream_that_was_left_early_is_gone_too():
    request = request_of(part(b"a", True), part(b"b"))
    stream = request.stream()
    await anext(stream)
    await stream.aclose()

    with pytest.raises(RuntimeError):
        await anext(request.stream())

    assert request.partly_read


# --- Its limit ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([part(b"a" * 11)], id="at once"),
        pytest.param([part(b"a" * 10, True), part(b"b")], id="with the last part"),
        pytest.param([part(b"a" * 6, True), part(b"b" * 5, True)], id="before the last part"),
    ],
)
async def test_bytes_are_counted(messages):
    """Nothing is read on after the limit, whatever the client has said."""
    request = request_of(*messages, headers=[(b"content-length", b"1")])

    with pytest.raises(BodyTooLarge):
        await request.body()


async def test_what_is_within_the_limit_is_streamed_first():
    request = request_of(part(b"a" * 10, True), part(b"b"))
    received = []

    with pytest.raises(BodyTooLarge):
        await stream_into(received, request)

    assert received == [b"a" * 10]


@pytest.mark.parametrize(
    "length", [b"11", b"99999999999999999999", b"9" * 5000, b"0000000000000000011"]
)
async def test_a_declared_length_beyond_the_limit_is_refused_unread(length):
    """Not a byte is received, so nothing is to be read twice either."""
    request = request_of(headers=[(b"Content-Length", length)])

    for _ in range(2):
        with pytest.raises(BodyTooLarge):
            await request.body()

    assert not request.partly_read


@pytest.mark.parametrize(
    "length",
    [
        pytest.param(b"10", id="the limit"),
        pytest.param(b"0", id="less than there is"),
        pytest.param(b"010", id="a leading zero"),
        pytest.param(b"-11", id="negative"),
        pytest.param(b"+11", id="a sign"),
        pytest.param(b"11.0", id="a point"),
        pytest.param(b"1_1", id="an underscore"),
        pytest.param(b"0x11", id="hexadecimal"),
        pytest.param(b" ", id="blank"),
        pytest.param(b"", id="empty"),
        pytest.param(b"11, 11", id="a list"),
        pytest.param(b"\xb9\xb9", id="superscripts"),
        pytest.param("١١".encode(), id="digits of another script"),
    ],
)
async def test_a_length_that_says_nothing_is_not_believed(length):
    """The bytes are what counts."""
    request = request_of(part(b"a" * 10), headers=[(b"content-length", length)])

    assert await request.body() == b"a" * 10


async def test_a_limit_of_nothing():
    assert await request_of(part(), max_body_size=0).body() == b""
    with pytest.raises(BodyTooLarge):
        await request_of(part(b"a"), max_body_size=0).body()


@given(parts=st.lists(st.binary(max_size=6), max_size=6))
def test_parts_make_no_difference(parts):
    """The same bytes are the same body, or too large a one, however they come."""
    whole = b"".join(parts)
    messages = [part(piece, True) for piece in parts]

    async def read():
        try:
            return await request_of(*messages, part()).body()
        except BodyTooLarge:
            return None

    assert anyio.run(read) == (whole if len(whole) <= LIMIT else None)


# --- Disconnects ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([DISCONNECT], id="at once"),
        pytest.param([part(b"a", True), DISCONNECT], id="after a part"),
        pytest.param([part(b"", True), part(b"a", True), DISCONNECT], id="after two"),
    ],
)
@pytest.mark.parametrize("read", [Request.body, Request.json], ids=["body", "json"])
async def test_a_client_that_leaves_early(read, messages):
    """Half a body is no body."""
    with pytest.raises(ClientDisconnected):
        await read(request_of(*messages))


async def test_a_client_that_leaves_a_stream():
    """What came is there; the end is not mistaken for one."""
    received = []

    with pytest.raises(ClientDisconnected):
        await stream_into(received, request_of(part(b"a", True), DISCONNECT))

    assert received == [b"a"]


# --- Again ----------------------------------------------------------------------------------


async def test_a_body_that_was_read_is_received_again():
    """An operation that is rerouted to gets it once; then it is the server's turn."""
    request = request_of(part(b"a", True), part(b"b"), DISCONNECT)
    await request.body()

    assert await request.receive_again() == part(b"ab")
    assert await request.receive_again() == DISCONNECT


async def test_a_body_that_was_not_read_is_still_to_come():
    request = request_of(part(b"a"))

    assert await request.receive_again() == part(b"a")


# --- JSON -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b'{"a": 1}', {"a": 1}), (b"null", None), (b' [1, "\xc3\xa9"] ', [1, "é"])],
    ids=["object", "null", "array"],
)
async def test_json(body, expected):
    assert expected == await request_of(part(body), max_body_size=100).json()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"{} {}", id="two"),
        pytest.param(b"NaN", id="NaN"),
        pytest.param(b"\xef\xbb\xbf{}", id="with a byte order mark"),
        pytest.param('"é"'.encode("latin-1"), id="Latin-1"),
        pytest.param("{}".encode("utf-16"), id="UTF-16"),
        pytest.param(b'"\\ud800"', id="lone surrogate"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
async def test_what_is_no_json(body):
    """One exception for everything, and nothing of the body in it."""
    with pytest.raises(MalformedBody) as caught:
        await request_of(part(body), max_body_size=1_000_000).json()

    assert caught.value.args == ()
    assert caught.value.__cause__ is None


@given(st.binary(max_size=30))
def test_any_bytes_are_json_or_malformed(body):
    async def read():
        with suppress(MalformedBody):
            await request_of(part(body), max_body_size=100).json()

    anyio.run(read)
