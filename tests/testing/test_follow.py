"""`TestClient.follow` goes where a browser would go, the way it would go there."""

from io import BytesIO
from typing import Any, Never

import httpx2
import pytest

from redirflow import (
    App,
    CookieSpec,
    LocalURL,
    Query,
    Redirect,
    Request,
    Response,
    redirects,
    returns,
)
from redirflow.http.methods import METHODS, REDIRECT_STATUSES, method_after_hop
from redirflow.testing import ContractViolation, Hop, Hops, TestClient

SITE = "https://testserver"

app = App()
seen: list[dict[str, Any]] = []


async def look(scope, receive, send):
    """Any method at any path below: notes the request, answers 200."""
    body = await read(receive)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    seen.append(
        {
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode(),
            "headers": headers,
            "body": body.decode(),
        }
    )
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"end"})


async def read(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    return body


async def go(scope, receive, send):
    """`/go/STATUS` redirects any method to where the query says, unchecked: `?to&to=again`."""
    await read(receive)
    status = int(scope["path"].rpartition("/")[2])
    locations = httpx2.QueryParams(scope["query_string"].decode()).get_list("to")
    headers = [(b"location", location.encode()) for location in locations]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"went"})


app.mount("/look", look)
app.mount("/go", go)


@app.post("/login")
@redirects(303, cookies={"sid": CookieSpec(max_age=60)})
async def login(next: Query[LocalURL] = "/me") -> Never:
    raise Redirect(next).with_cookies({"sid": "opaque"})


@app.get("/me")
@redirects(302, to="*")
async def me(request: Request) -> dict[str, str]:
    if "sid" not in request.cookies:
        raise Redirect("/welcome")
    return request.cookies


@app.get("/welcome")
async def welcome() -> str:
    return "hello"


@app.get("/upgrade")
@redirects(308, external=SITE)
async def upgrade() -> Never:
    raise Redirect(f"{SITE}/look/safe")


@app.get("/help")
@redirects(302, external=("https://help.example.com", "http://testserver"))
async def help_page(to: Query[str] = "https://help.example.com/accounts") -> Redirect:
    return Redirect(to)


@app.get("/count/{n}")
@redirects(302, to="*")
async def countdown(n: int) -> str:
    if n:
        raise Redirect(f"/count/{n - 1}")
    return "zero"


@app.get("/wrong")
@redirects(302, to="/me")
async def wrong() -> Never:
    raise Redirect("/welcome")


@app.get("/search")
@redirects(302)
async def search(page: Query[int] = 0) -> int:
    if not page:
        raise Redirect("?page=1")
    return page


@app.post("/made")
@returns(None, status_code=201, location="*")
async def made() -> Response[None]:
    return Response(headers={"Location": "/me"})


@pytest.fixture
def client():
    seen.clear()
    with TestClient(app) as client:
        yield client


def going(status, *locations):
    """A path that redirects to *locations*."""
    return f"/go/{status}?{httpx2.QueryParams([('to', location) for location in locations])}"


def test_a_login_from_post_to_page(client):
    hops = client.follow("POST", "/login")

    assert repr(hops) == "303 /login -> /me, 200 /me"
    assert hops.response.json() == {"sid": "opaque"}
    assert hops.urls == ("/login", "/me")
    assert hops.statuses == (303, 200)
    assert hops.left is None


def test_a_hop_is_a_frozen_record(client):
    hops = client.follow("GET", "/me")
    first, last = hops.hops

    assert (first.method, first.url, first.status, first.location) == (
        "GET",
        "/me",
        302,
        "/welcome",
    )
    assert first.response.status_code == 302
    assert (last.method, last.url, last.status, last.location) == ("GET", "/welcome", 200, None)
    assert hops.response is last.response
    assert repr(last).startswith("Hop(method='GET', url='/welcome', status=200, location=None")
    assert isinstance(hops, Hops)
    assert isinstance(first, Hop)
    with pytest.raises(AttributeError):
        hops.left = "elsewhere"


def test_what_does_not_redirect_is_the_end(client):
    assert repr(client.follow("GET", "/welcome")) == "200 /welcome"
    assert repr(client.follow("GET", "/nothing")) == "404 /nothing"
    assert repr(client.follow("POST", "/made")) == "201 /made"


def test_from_a_response(client):
    """The response of a call is gone on from, in the same way."""
    assert repr(client.follow(client.post("/login?next=/search"))) == (
        "303 /login?next=/search -> /search, 302 /search -> ?page=1, 200 /search?page=1"
    )
    assert client.follow(client.get(f"{SITE}/me#top")).urls == ("/me#top",)


def test_what_a_first_request_may_have(client):
    """Parameters, headers, forms, JSON, files and credentials, as any call of the client."""
    client.follow("GET", "/look/", params={"q": "1"}, headers={"X-A": "b"}, auth=("me", "pw"))
    client.follow("POST", "/look/", data={"name": "Ada"})
    client.follow("POST", "/look/", json=[1])
    client.follow("POST", "/look/", content=b"raw")
    client.follow("POST", httpx2.URL("/look/"), files={"file": BytesIO(b"inside")})
    asked, form, json, content, file = seen

    assert asked["query"] == "q=1"
    assert asked["headers"]["x-a"] == "b"
    assert asked["headers"]["authorization"] == "Basic bWU6cHc="
    assert form["body"] == "name=Ada"
    assert json["body"] == "[1]"
    assert content["body"] == "raw"
    assert "inside" in file["body"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("status", REDIRECT_STATUSES)
def test_the_method_is_the_one_of_the_table(client, status, method):
    hops = client.follow(method, going(status, "/look/end"))

    assert hops.statuses == (status, 200)
    assert seen[-1]["method"] == method_after_hop(status, method) == hops.hops[-1].method


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_body_goes_when_post_becomes_get(client, status):
    hops = client.follow("POST", going(status, "/look/"), json={"a": 1})

    assert hops.hops[-1].method == "GET"
    assert seen[0]["body"] == ""
    assert not seen[0]["headers"].keys() & {"content-type", "content-length", "transfer-encoding"}


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize(
    "body",
    [
        {"json": {"a": 1}},
        {"data": {"a": "1"}},
        {"files": {"a": BytesIO(b"1")}},
        {"content": (part for part in [b"a", b"1"])},
    ],
    ids=lambda body: next(iter(body)),
)
def test_a_body_is_sent_again_with_its_method(client, status, body):
    hops = client.follow("POST", f"{going(status, '/look/')}&x={status}", **body)

    assert hops.hops[-1].method == "POST"
    first = hops.hops[0].response.request
    assert seen[0]["body"].encode() == first.content
    assert seen[0]["headers"].get("content-type") == first.headers.get("content-type")


def test_put_keeps_its_body_through_302(client):
    client.follow("PUT", going(302, "/look/"), content=b"whole")

    assert (seen[0]["method"], seen[0]["body"]) == ("PUT", "whole")


def test_head_stays_head(client):
    hops = client.follow("HEAD", going(303, "/look/"))

    assert [hop.method for hop in hops.hops] == ["HEAD", "HEAD"]
    assert hops.response.content == b""


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/look/a", "/look/a#part"),
        ("/look/a#other", "/look/a#other"),
        ("/look/a#", "/look/a"),
        ("/look/a?x=1#y%2520z", "/look/a?x=1#y%2520z"),
    ],
)
def test_a_fragment_is_inherited_where_the_location_has_none(client, location, url):
    hops = client.follow("GET", f"{going(302, location)}#part")

    assert hops.urls[0].endswith("#part")
    assert hops.urls[1] == url
    assert "#" not in seen[0]["path"] + seen[0]["query"]


def test_a_fragment_goes_through_several_hops(client):
    way = going(302, going(302, "/look/"))

    assert client.follow("GET", f"{way}#part").urls[2] == "/look/#part"
    assert client.follow("GET", f"{SITE}{way}#part").urls[2] == "/look/#part"


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("?x=1", "/look/here?x=1"),
        ("?", "/look/here?"),
        ("there", "/look/there"),
        ("../look/up", "/look/up"),
        ("./there?q", "/look/there?q"),
        ("/look/a/../b", "/look/b"),
        (f"{SITE}/look/x", "/look/x"),
        ("HTTPS://TestServer:443/look/x", "/look/x"),
        ("//testserver/look/x", "/look/x"),
        (r"\look\x?\y", r"/look/x?\y"),
    ],
)
def test_a_location_is_resolved_against_the_current_url(client, location, url):
    """The RFC's reference resolution, and the slashes of browsers."""
    here = httpx2.Response(
        302,
        headers={"location": location},
        request=httpx2.Request("GET", f"{SITE}/look/here?q=1"),
    )
    hops = client.follow(here)

    assert hops.urls == ("/look/here?q=1", url)
    assert hops.statuses == (302, 200)


def test_a_location_of_a_query_alone(client):
    assert client.follow("GET", "/search").response.json() == 1


@pytest.mark.parametrize(
    ("location", "left"),
    [
        ("https://help.example.com/a?b", "https://help.example.com/a?b"),
        ("http://testserver/", "http://testserver/"),
        ("https://testserver:8443/x", "https://testserver:8443/x"),
        ("//evil.example", "https://evil.example"),
        (r"/\evil.example", "https://evil.example"),
        (r"\\evil.example/x", "https://evil.example/x"),
        ("///evil.example/x", "https://evil.example/x"),
        (r"https:/\/evil.example/x", "https://evil.example/x"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_another_origin_is_the_end(client, location, left):
    """There is no network, and what an app takes for its own path may be another site."""
    hops = client.follow("GET", going(302, location))

    assert hops.left == left
    assert hops.statuses == (302,)
    assert hops.response.content == b"went"


def test_a_way_out_is_reported(client):
    hops = client.follow("GET", "/help")

    assert hops.left == "https://help.example.com/accounts"
    assert repr(hops) == "302 /help -> https://help.example.com/accounts (another site)"
    assert client.follow("GET", "/help#secret").left == "https://help.example.com/accounts#secret"


def test_credentials_stay_within_their_origin(client):
    """From http to https is another origin too."""
    client.headers["Authorization"] = "Bearer one"
    client.follow("GET", going(302, "/look/same"))
    hops = client.follow("GET", "http://testserver/upgrade", headers={"X-Kept": "yes"})
    same, other = seen

    assert same["headers"]["authorization"] == "Bearer one"
    assert "authorization" not in other["headers"]
    assert other["headers"]["x-kept"] == "yes"
    assert repr(hops) == (
        "308 http://testserver/upgrade -> https://testserver/look/safe, 200 /look/safe"
    )


def test_credentials_of_one_call_go_with_it(client):
    client.follow("GET", going(302, "/look/"), auth=("me", "pw"))

    assert seen[0]["headers"]["authorization"] == "Basic bWU6cHc="


def test_the_host_changes_with_the_origin(client):
    client.follow("GET", "http://other.example/upgrade")
    client.follow("GET", going(302, "/look/"), headers={"Host": "alias.example"})
    other, alias = seen

    assert other["headers"]["host"] == "testserver"
    assert alias["headers"]["host"] == "alias.example"


def test_cookies_come_from_the_jar(client):
    """One that a redirect sets is sent at once; secure ones only to https."""
    client.follow("POST", "/login?next=/look/")
    client.follow("GET", going(302, "/look/"), headers={"Cookie": "by=hand"})
    client.follow("GET", "http://testserver/upgrade")
    first, second, upgraded = seen

    assert first["headers"]["cookie"] == "sid=opaque"
    assert second["headers"]["cookie"] == "sid=opaque"
    assert upgraded["headers"]["cookie"] == "sid=opaque"


def test_twenty_hops_and_no_more(client):
    hops = client.follow("GET", "/count/20")
    assert len(hops.hops) == 21
    assert hops.response.json() == "zero"

    with pytest.raises(httpx2.TooManyRedirects, match="more than 20 redirects: 302 /count/21 ->"):
        client.follow("GET", "/count/21")


def test_a_loop_is_an_error(client):
    with pytest.raises(httpx2.TooManyRedirects):
        client.follow("GET", going(302, ""))


@pytest.mark.parametrize("status", [300, 304, 305])
def test_other_statuses_do_not_redirect(client, status):
    assert client.follow("GET", going(status, "/look/")).statuses == (status,)


@pytest.mark.parametrize("status", REDIRECT_STATUSES)
def test_without_a_location_the_response_is_what_is_seen(client, status):
    hops = client.follow("GET", going(status))

    assert repr(hops) == f"{status} /go/{status}?"
    assert hops.response.content == b"went"


def test_two_locations_are_an_error_unless_they_are_one(client):
    assert client.follow("GET", going(302, "/look/", "/look/")).statuses == (302, 200)
    two = r"GET /go/302\S* redirects to two locations, /look/ and /welcome"
    with pytest.raises(httpx2.RemoteProtocolError, match=two):
        client.follow("GET", going(302, "/welcome", "/look/"))


@pytest.mark.parametrize("location", ["http://[::1/", "https://host:port/", "http://a\x7f/"])
def test_what_is_no_url_is_an_error(client, location):
    with pytest.raises(httpx2.RemoteProtocolError, match="which is no URL"):
        client.follow("GET", going(302, location))


def test_a_violation_on_the_way_is_raised(client):
    with pytest.raises(ContractViolation):
        client.follow("GET", going(302, "/wrong"))


def test_a_site_under_another_name():
    with TestClient(app, base_url="http://localhost:8000") as client:
        assert client.follow("GET", "/me").urls == ("/me", "/welcome")
        assert client.follow("GET", "/upgrade").left == "https://testserver/look/safe"
