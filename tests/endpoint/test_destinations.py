"""Where a spec allows a location to lead, and where not."""

import functools
from itertools import count

import pytest

from redirflow import App, LocalURL
from redirflow.endpoint.target import NotAllowed, Resolver
from redirflow.http.reference import LocationRefused
from redirflow.http.request import ORIGINAL_PATH

app = App()


@app.get("/users/{user_id}")
async def get_user(user_id: int) -> str: ...


@app.put("/users/{user_id}")
async def put_user(user_id: int) -> str: ...


@app.get("/login")
async def login_form(next: LocalURL = "/") -> str: ...


@app.post("/login")
async def login() -> str: ...


@app.get("/files/{rest:path}")
async def files(rest: str) -> str: ...


@app.get("/straße/{name}")
async def street(name: str) -> str: ...


async def shared(n: int) -> str: ...


app.get("/a/{n}", name="a")(shared)
app.get("/b/{n}", name="b")(shared)


async def plain() -> str: ...


app.get("/partial", name="partial")(partial := functools.partial(plain))

COMPILED = app.compile()
RESOLVER = Resolver(
    COMPILED.directory,
    COMPILED.router.serves,
    lambda path: [found[0]] if (found := COMPILED.router.find(path)) else [],
)


def scope(path="/login", root_path="", **more):
    return {"path": root_path + path, "root_path": root_path, **more}


def admitted(location, to=None, external=(), method="GET", **where):
    """What is sent, or why nothing is."""
    destination = RESOLVER.destination(to, external)
    try:
        return destination.admit(location, method, scope(**where)).decode()
    except NotAllowed as refused:
        return f"!{refused}"
    except LocationRefused:
        return "!refused"


UNLISTED = "!a location that the spec does not list"


@pytest.mark.parametrize(
    "to", [(get_user,), ("get_user",), ("/users/{user_id}",), (login, get_user)]
)
def test_a_location_of_a_listed_operation(to):
    assert admitted("/users/5?x=1#y", to) == "/users/5?x=1#y"
    assert admitted("/users/%35", to) == "/users/%35"
    assert admitted("/files/5", to) == UNLISTED
    assert admitted("/users/5/", to) == UNLISTED
    assert admitted("/nothing", to) == UNLISTED


def test_the_method_after_the_hop_decides():
    assert admitted("/users/5", (get_user,), method="GET") == "/users/5"
    assert admitted("/users/5", (get_user,), method="HEAD") == "/users/5"
    assert admitted("/users/5", (get_user,), method="PUT") == UNLISTED
    assert admitted("/users/5", (put_user,), method="PUT") == "/users/5"
    assert admitted("/users/5", ("/users/{user_id}",), method="PUT") == "/users/5"
    assert admitted("/users/5", ("/users/{user_id}",), method="DELETE") == UNLISTED


def test_a_listed_path():
    assert admitted("/users/7?x", ("/users/7",)) == "/users/7?x"
    assert admitted("/users/%37", ("/users/7",)) == "/users/%37"
    assert admitted("/users/8", ("/users/7",)) == UNLISTED


@pytest.mark.parametrize(
    ("to", "external"), [(None, ()), (("*",), ()), (("*",), "https://a.test"), ((login, "*"), ())]
)
def test_any_local_location(to, external):
    external = (external,) if external else ()

    assert admitted("/anything/at/all?x#y", to, external) == "/anything/at/all?x#y"
    assert admitted("?x", to, external) == "?x"
    assert admitted("//evil.test", to, external) == "!refused"
    assert admitted("https://evil.test/", to, external) == "!refused"


def test_an_origin():
    assert admitted("https://a.test/x", None, ("https://a.test",)) == "https://a.test/x"
    assert admitted("https://A.test", None, ("https://a.test",)) == "https://a.test/"
    assert admitted("https://a.test:8443/", None, ("https://a.test",)) == "!refused"
    assert admitted("https://a.test.evil.test/", None, ("https://a.test",)) == "!refused"
    assert admitted("/local", None, ("https://a.test",)) == "!refused"


def test_an_origin_beside_operations():
    both = {"to": (get_user,), "external": ("https://a.test",)}

    assert admitted("https://a.test/x", **both) == "https://a.test/x"
    assert admitted("/users/5", **both) == "/users/5"
    assert admitted("/login", **both) == UNLISTED


def test_any_origin():
    assert admitted("http://any.test/x", None, ("*",)) == "http://any.test/x"
    assert admitted("javascript://any.test/x", None, ("*",)) == "!refused"
    assert admitted("/local", None, ("*",)) == "!refused"


# --- relative to the request -----------------------------------------------------------------


@pytest.mark.parametrize("location", ["?next=/x", "#top", "?"])
def test_a_query_or_fragment_stays_where_the_request_was(location):
    assert admitted(location, (login_form,)) == location
    assert admitted(location, (login_form,), method="POST") == UNLISTED
    assert admitted(location, (get_user,)) == UNLISTED
    assert admitted(location, (get_user,), path="/users/5") == location
    assert admitted(location, ("/login",)) == location


def test_after_a_reroute_it_is_where_the_client_asked():
    """A client resolves `?x` against the location it knows."""
    rerouted = {"path": "/users/5", ORIGINAL_PATH: "/login"}

    assert admitted("?x", (login_form,), **rerouted) == "?x"
    assert admitted("?x", (get_user,), **rerouted) == UNLISTED


def test_a_literal_location_counts_with_its_root_path():
    assert admitted("/app/login", (login_form,), root_path="/app") == "/app/login"
    assert admitted("/login", (login_form,), root_path="/app") == UNLISTED
    assert admitted("/apple/login", (login_form,), root_path="/app") == UNLISTED
    assert admitted("/app", (login_form,), root_path="/app") == UNLISTED
    assert admitted("?x", (login_form,), root_path="/app") == "?x"
    assert admitted("/a%20b/login", (login_form,), root_path="/a b") == "/a%20b/login"
    assert admitted("/app/users/7", ("/users/7",), root_path="/app") == "/app/users/7"


@pytest.mark.parametrize(
    "location",
    [
        "/files/../login",
        "/files/%2e%2e/login",
        "/files/x/.",
        "/files/..%2flogin",
        "/files/a/%2E/b",
    ],
)
def test_dot_segments_do_not_hide_where_it_leads(location):
    """A browser removes them first, and asks for something else."""
    assert admitted(location, (files,)) == UNLISTED


def test_percent_encoded_paths():
    assert admitted("/straße/ж", (street,)) == "/stra%C3%9Fe/%D0%B6"
    assert admitted("/stra%C3%9Fe/%D0%B6", (street,)) == "/stra%C3%9Fe/%D0%B6"
    assert admitted("/users/a%2Fb", (get_user,)) == UNLISTED


# --- targets ---------------------------------------------------------------------------------


def links(*to):
    return RESOLVER.destination(to).links


def test_a_listed_operation_is_known_by_name_and_handler():
    assert [*links(get_user)] == ["get_user", get_user]
    assert [*links("get_user")] == ["get_user", get_user]
    assert [*links("/users/{user_id}")] == ["get_user", get_user, "put_user", put_user]
    assert [*links("*")] == []
    assert [*links("/users/7")] == []


def test_a_handler_of_several_operations_is_known_by_name_only():
    assert [*links("a")] == ["a"]
    assert [*links("a", "b")] == ["a", "b"]


def test_the_link_to_an_operation():
    destination = RESOLVER.destination((get_user,))

    assert destination.link(get_user).operation.name == "get_user"
    assert destination.link("get_user") is destination.link(get_user)
    for target, words in [
        (login, "the operation 'login', which the spec does not list"),
        ("logout", "there is no operation named 'logout'"),
        (shared, "shared is registered 2 times; say which by name: 'a', 'b'"),
    ]:
        with pytest.raises(NotAllowed) as caught:
            destination.link(target)

        assert str(caught.value) == words


def test_any_local_location_means_every_operation():
    assert RESOLVER.destination(None).link(login).operation.name == "login"
    assert RESOLVER.destination(("*",)).link("a").operation.name == "a"
    with pytest.raises(NotAllowed):
        RESOLVER.destination(None, ("https://a.test",)).link(login)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("logn", "there is no operation named 'logn'; did you mean 'login'?"),
        ("/nothing", "nothing in this app answers at '/nothing'"),
        ("/users/{id}", "nothing in this app answers at '/users/{id}'"),
        (shared, "shared is registered 2 times; say which by name: 'a', 'b'"),
        (plain, "plain is not a handler of this app"),
    ],
)
def test_a_target_that_means_nothing(target, words):
    if target == "/users/{id}":
        # A path is compared as text; as a path, the braces would be a parameter's value.
        assert links(target) == {}
        return
    with pytest.raises(LookupError) as caught:
        links(target)

    assert caught.value.args == (words,)


@pytest.mark.parametrize(
    ("to", "external", "listed"),
    [
        (None, (), "any local location"),
        (("*",), (), "to=*"),
        ((get_user, "login", "/a/1"), (), "to=get_user, login, /a/1"),
        ((partial,), (), f"to={partial!r}"),
        (None, ("https://a.test", "https://b.test"), "external=https://a.test, https://b.test"),
        ((login,), ("*",), "to=login; external=*"),
    ],
    ids=count(),
)
def test_what_messages_say(to, external, listed):
    assert RESOLVER.destination(to, external).listed == listed


def test_operations_among_the_targets():
    found = RESOLVER.operations((put_user, "/users/{user_id}", "*", "/a/1"))

    assert [operation.name for operation in found] == ["put_user", "get_user"]
    assert RESOLVER.operations(None) == []
