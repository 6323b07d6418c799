"""Rules, checked: what is refused or warned of, each with its whole message."""

import pytest

from redirflow.declare.faults import Place
from redirflow.declare.operation import Mount, Operation, Page, RedirectRule, RerouteRule
from redirflow.routing.check import check_rules
from redirflow.routing.router import Router
from redirflow.routing.table import RedirectTable
from redirflow.routing.template import parse_template


async def handler() -> None: ...


async def other_app(scope, receive, send) -> None: ...


MOUNT = Mount(prefix="/blog", app=other_app, place=Place("api.py", 90))


def check(operations, *rules, **options):
    """The rules, checked beside these operations, each a `METHOD /path name`."""
    router, known = Router(), {}
    for line, text in enumerate(operations, 1):
        method, path, name = text.split()
        place = Place("api.py", line)
        operation = Operation(method=method, path=path, name=name, handler=handler, place=place)
        router.add(parse_template(path), method, operation)
        known[name] = operation
    page = Page(path="/openapi.json", name="openapi")
    router.add(parse_template(page.path), "GET", page)

    def operation_of(name):
        if name not in known:
            raise LookupError(f"no operation is called {name!r}")
        return known[name]

    return check_rules(router, rules, operation_of, **options)


def redirect(source, to, status_code=308, line=1, **options):
    place = Place("rules.py", line)
    return RedirectRule(source=source, to=to, status_code=status_code, place=place, **options)


def reroute(source, to, line=1, **options):
    return RerouteRule(source=source, to=to, place=Place("rules.py", line), **options)


def told(checked):
    return [str(fault) for fault in checked.faults]


def methods(checked):
    return [" ".join(sorted(rule.methods)) for rule in checked.rules]


# --- What no rule may lead to ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        pytest.param(
            redirect("/x", "get_usr"),
            "rules.py:1: error: redirect '/x' -> 'get_usr': no operation is called 'get_usr'\n"
            '    allowed: a "/path", a handler, the name of an operation, or "https://host/path"',
            id="unknown name",
        ),
        pytest.param(
            redirect("/x", "/user"),
            "rules.py:1: error: redirect '/x' -> '/user': nothing in this app answers at '/user'\n"
            "    allowed: the path of an operation, a rule, a table row, a mount or a page\n"
            "    write: '/users'",
            id="nothing there, and something near",
        ),
        pytest.param(
            redirect("/x", "/zzzzzzzzz"),
            "rules.py:1: error: redirect '/x' -> '/zzzzzzzzz': nothing in this app answers at "
            "'/zzzzzzzzz'\n"
            "    allowed: the path of an operation, a rule, a table row, a mount or a page",
            id="nothing there, and nothing near",
        ),
        pytest.param(
            redirect("/u/{id}", "get_user"),
            "rules.py:1: error: redirect '/u/{id}' -> 'get_user': get_user (/users/{user_id}) "
            "needs the parameter 'user_id', which the source does not have\n"
            "    allowed: the source's parameters are: id\n"
            "    write: '/u/{user_id}'",
            id="parameter of another name",
        ),
        pytest.param(
            redirect("/u", "get_user"),
            "rules.py:1: error: redirect '/u' -> 'get_user': get_user (/users/{user_id}) "
            "needs the parameter 'user_id', which the source does not have\n"
            "    allowed: the source's parameters are: none",
            id="parameter missing",
        ),
        pytest.param(
            redirect("/u/{user_id:path}", "get_user"),
            "rules.py:1: error: redirect '/u/{user_id:path}' -> 'get_user': get_user "
            "(/users/{user_id}) takes one segment as 'user_id', and the source has any number "
            "of them there\n"
            "    allowed: {user_id} in the source\n"
            "    write: '/u/{user_id}'",
            id="parameter with slashes",
        ),
        pytest.param(
            redirect("/u/{id}/{more:path}", "get_file"),
            "rules.py:1: error: redirect '/u/{id}/{more:path}' -> 'get_file': get_file "
            "(/files/{name}/{rest:path}) needs the parameter 'name', which the source does not "
            "have\n"
            "    allowed: the source's parameters are: id, more\n"
            "    write: '/u/{name}/{rest:path}'",
            id="parameters of other names",
        ),
        pytest.param(
            redirect("/u/{id}", "/users/{nobody}"),
            "rules.py:1: error: redirect '/u/{id}' -> '/users/{nobody}': the source has no "
            "parameter 'nobody'\n"
            "    allowed: its parameters are: id",
            id="unknown parameter in a path",
        ),
        pytest.param(
            redirect("/u", "/users?tab={nobody}"),
            "rules.py:1: error: redirect '/u' -> '/users?tab={nobody}': the source has no "
            "parameter 'nobody'\n"
            "    allowed: its parameters are: none",
            id="unknown parameter in a query",
        ),
        pytest.param(
            redirect("/x", "/users", 300),
            "rules.py:1: error: redirect '/x' -> '/users': the status 300 is no redirect\n"
            "    allowed: 301, 302, 303, 307, 308",
            id="bad status",
        ),
        pytest.param(
            redirect("/x", "users/1"),
            "rules.py:1: error: redirect '/x' -> 'users/1': the target is relative, and a rule "
            "has nothing to start from\n"
            '    allowed: a "/path", a handler, the name of an operation, or "https://host/path"',
            id="relative",
        ),
        pytest.param(
            redirect("/x", "?page=1"),
            "rules.py:1: error: redirect '/x' -> '?page=1': the target is relative, and a rule "
            "has nothing to start from\n"
            '    allowed: a "/path", a handler, the name of an operation, or "https://host/path"',
            id="a query alone",
        ),
        pytest.param(
            redirect("/x", ("/users", "/users/1")),
            "rules.py:1: error: redirect '/x' -> \"('/users', '/users/1')\": a rule leads to one "
            "target\n"
            '    allowed: a "/path", a handler, the name of an operation, or "https://host/path"',
            id="several",
        ),
        pytest.param(
            redirect("x", "/users"),
            "rules.py:1: error: redirect 'x' -> '/users': the path 'x' does not begin with '/'",
            id="source without a slash",
        ),
        pytest.param(
            redirect("/{a}/{a}", "/users"),
            "rules.py:1: error: redirect '/{a}/{a}' -> '/users': the path '/{a}/{a}' has two "
            "parameters 'a'",
            id="source with one name twice",
        ),
        pytest.param(
            redirect("/{a:path}/b", "/users"),
            "rules.py:1: error: redirect '/{a:path}/b' -> '/users': {a:path} in '/{a:path}/b' must "
            "be the last segment",
            id="source with a rest in the middle",
        ),
        pytest.param(
            redirect("/x", "/users{"),
            "rules.py:1: error: redirect '/x' -> '/users{': a lone '{' in '/users{'\n"
            "    allowed: {name}; '%7B' and '%7D' as data",
            id="lone brace",
        ),
        pytest.param(
            redirect("/u/{id}", "/users/no-{id}"),
            "rules.py:1: error: redirect '/u/{id}' -> '/users/no-{id}': a parameter is a part of "
            "a segment\n"
            "    allowed: a parameter that is a whole segment",
            id="part of a segment",
        ),
        pytest.param(
            redirect("/u/{id}", "/users?{id}=1"),
            "rules.py:1: error: redirect '/u/{id}' -> '/users?{id}=1': a parameter is in the name "
            "of a query parameter\n"
            "    allowed: literal names",
            id="name of a query parameter",
        ),
        pytest.param(
            redirect("/x", "/users/%2e%2e/secret"),
            "rules.py:1: error: redirect '/x' -> '/users/%2e%2e/secret': the path has a dot "
            "segment; clients remove it",
            id="dot segment",
        ),
        pytest.param(
            redirect("/x", "//evil.example"),
            "rules.py:1: error: redirect '/x' -> '//evil.example': the location starts with "
            "'//', after which a host is read: write one '/' for a path of this site, or the "
            "scheme too ('https://host/path')",
            id="two slashes",
        ),
        pytest.param(
            redirect("/x", "ftp://host/x"),
            "rules.py:1: error: redirect '/x' -> 'ftp://host/x': the scheme is neither http nor "
            "https, and redirects lead nowhere else: write 'https://host/path', or '/path' for "
            "this site",
            id="scheme",
        ),
        pytest.param(
            redirect("/u/{id}", "https://{id}.example/"),
            "rules.py:1: error: redirect '/u/{id}' -> 'https://{id}.example/': a parameter in or "
            "right behind the host, in 'https://{id}.example', would choose the host\n"
            "    allowed: a literal host with '/', '?', '#' or nothing behind it\n"
            "    write: 'https://host/{name}'",
            id="parameter in the host",
        ),
        pytest.param(
            redirect("/u/{id}", "https://host.example{id}"),
            "rules.py:1: error: redirect '/u/{id}' -> 'https://host.example{id}': a parameter in "
            "or right behind the host, in 'https://host.example{id}', would choose the host\n"
            "    allowed: a literal host with '/', '?', '#' or nothing behind it\n"
            "    write: 'https://host/{name}'",
            id="parameter behind the host",
        ),
    ],
)
def test_a_rule_that_can_not_be_meant_is_refused(rule, message):
    checked = check(
        [
            "GET /users users",
            "GET /users/{user_id} get_user",
            "GET /files/{name}/{rest:path} get_file",
        ],
        rule,
    )

    assert told(checked) == [message]
    assert methods(checked) in ([], [""])


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        pytest.param(
            reroute("/x", "https://host.example/"),
            "rules.py:1: error: reroute '/x' -> 'https://host.example/': a reroute is answered by "
            "an operation of this app, without a round trip\n"
            '    allowed: a "/path" without fragment, a handler, or the name of an operation\n'
            "    write: app.redirect(...) to send the client there",
            id="elsewhere",
        ),
        pytest.param(
            reroute("/x", "/users#top"),
            "rules.py:1: error: reroute '/x' -> '/users#top': a reroute is answered by "
            "an operation of this app, without a round trip\n"
            '    allowed: a "/path" without fragment, a handler, or the name of an operation\n'
            "    write: app.redirect(...) to send the client there",
            id="fragment",
        ),
        pytest.param(
            reroute("/x", "/users?a=1", query={"b": 2}),
            "rules.py:1: error: reroute '/x' -> '/users?a=1': the target has a query, and query= "
            "replaces it\n"
            "    allowed: one of the two",
            id="two queries",
        ),
        pytest.param(
            reroute("/x", "/users", query={"b": object}),
            "rules.py:1: error: reroute '/x' -> '/users': query={'b': <class 'object'>}: a type, "
            "not a scalar\n"
            "    allowed: names and scalars, or lists of them",
            id="query of no scalars",
        ),
        pytest.param(
            reroute("/x", "/users", headers={"Host": "evil.example"}),
            "rules.py:1: error: reroute '/x' -> '/users': headers={'host': ...}: the field says "
            "how or for whom the request was sent, which a reroute does not change\n"
            "    allowed: any other header",
            id="Host",
        ),
        pytest.param(
            reroute("/x", "/users", headers={"Transfer-Encoding": "chunked"}),
            "rules.py:1: error: reroute '/x' -> '/users': headers={'transfer-encoding': ...}: the "
            "field says how or for whom the request was sent, which a reroute does not change\n"
            "    allowed: any other header",
            id="framing",
        ),
        pytest.param(
            reroute("/x", "/blog/post"),
            "rules.py:1: error: reroute '/x' -> '/blog/post': at '/blog/post' there is only a "
            "mount or a page of the framework, and a reroute is answered by an operation\n"
            "    allowed: the path of an operation\n"
            "    write: app.redirect(...) to send the client there",
            id="mount",
        ),
        pytest.param(
            reroute("/x", "/openapi.json"),
            "rules.py:1: error: reroute '/x' -> '/openapi.json': at '/openapi.json' there is only "
            "a mount or a page of the framework, and a reroute is answered by an operation\n"
            "    allowed: the path of an operation\n"
            "    write: app.redirect(...) to send the client there",
            id="page",
        ),
    ],
)
def test_a_reroute_that_can_not_be_meant_is_refused(rule, message):
    checked = check(["GET /users users"], rule, mounts=[MOUNT])

    assert told(checked) == [message]


def test_a_header_that_can_not_be_sent_is_refused():
    checked = check(["GET /users users"], reroute("/x", "/users", headers={"x-a": "b\r\nc"}))

    assert len(told(checked)) == 1
    assert told(checked)[0].startswith(
        "rules.py:1: error: reroute '/x' -> '/users': headers={'x-a': 'b\\r\\nc'}: "
    )


@pytest.mark.parametrize(("operations", "remedy"), [(498, "/users7"), (499, "")])
def test_something_near_is_looked_for_among_500_paths(operations, remedy):
    """A page and the rule itself have one too."""
    paths = ["/users7", *(f"/{number}/other" for number in range(operations - 1))]

    checked = check([f"GET {path} {path}" for path in paths], redirect("/x", "/users"))

    assert [fault.write for fault in checked.faults] == [remedy and repr(remedy)]


# --- The method after the hop ---------------------------------------------------------------


def test_a_target_that_never_serves_the_method_after_the_hop_is_refused():
    checked = check(["POST /orders order"], redirect("/x", "/orders", 303))

    assert told(checked) == [
        "rules.py:1: error: redirect '/x' -> '/orders': '/orders' serves POST, and after a 303 "
        "clients ask with GET\n"
        "    allowed: the status 307 or 308\n"
        "    write: status_code=308"
    ]


def test_a_target_that_no_redirect_reaches_has_no_remedy():
    checked = check(["OPTIONS /orders options"], redirect("/x", "/orders", 307))

    assert told(checked) == [
        "rules.py:1: error: redirect '/x' -> '/orders': '/orders' serves OPTIONS, and after a 307 "
        "clients ask with GET, POST, PUT, PATCH, DELETE, QUERY"
    ]


@pytest.mark.parametrize(
    ("rule", "answered"),
    [
        (redirect("/x", "/both", 301), "GET PATCH POST"),
        (redirect("/x", "/both", 302), "GET PATCH POST"),
        (redirect("/x", "/both", 303), "DELETE GET PATCH POST PUT QUERY"),
        (redirect("/x", "/both", 307), "GET PATCH"),
        (redirect("/x", "/both", 308), "GET PATCH"),
        (redirect("/x", "/post", 308), "POST"),
        (redirect("/x", "/head", 303), "HEAD"),
        (redirect("/x", "/openapi.json", 307), "GET"),
        (redirect("/x", "/blog/post", 307), "DELETE GET PATCH POST PUT QUERY"),
        (redirect("/x", "https://host.example/", 307), "DELETE GET PATCH POST PUT QUERY"),
        (reroute("/x", "/both"), "GET PATCH"),
        (reroute("/x", "/options"), "OPTIONS"),
    ],
)
def test_a_rule_answers_what_its_target_serves_after_the_hop(rule, answered):
    operations = [
        "GET /both read", "PATCH /both change", "POST /post add", "HEAD /head head",
        "OPTIONS /options options",
    ]  # fmt: skip
    checked = check(operations, rule, mounts=[MOUNT])

    assert (told(checked), methods(checked)) == ([], [answered])


@pytest.mark.parametrize(
    ("rule", "answered"),
    [
        (redirect("/x/{rest:path}", "/{rest}", 307), "GET POST"),
        (redirect("/x/{rest:path}", "/a/{rest}", 307), "POST"),
        (redirect("/x/{name}", "/{name}", 307), "GET"),
        (redirect("/x/{name}", "/a/{name}/c", 307), "POST"),
    ],
)
def test_a_rule_answers_what_its_target_serves_for_some_values(rule, answered):
    """Only a parameter for the rest holds slashes. A page stands at `/openapi.json`."""
    checked = check(["POST /a/b/c end"], rule)

    assert (told(checked), methods(checked)) == ([], [answered])


def test_an_empty_segment_is_held_by_a_rest_alone():
    operations = ["GET /b/{x}/{y} one", "POST /c/{rest:path} two"]
    rules = redirect("/1/{y}", "/b//{y}", 307), redirect("/2/{y}", "/c//{y}", 307)
    checked = check(operations, *rules)

    assert [fault.found for fault in checked.faults] == [
        "redirect '/1/{y}' -> '/b//{y}': nothing in this app answers at '/b//{y}'"
    ]
    assert methods(checked) == ["", "POST"]


def test_an_empty_rest_is_empty_wherever_it_stands():
    """The other form of `/b//c/` is `/b//c`."""
    checked = check(["GET /b//c end"], redirect("/a/{rest:path}", "/b/{rest}/c/{rest}"))

    assert (told(checked), methods(checked)) == ([], ["GET"])


def test_a_rule_answers_what_is_served_at_the_end_of_its_chain():
    checked = check(
        ["GET /read read", "POST /write write"],
        redirect("/a", "/b", 307),
        redirect("/b", "/c", 303),
        redirect("/c", "/read", 307),
        redirect("/d", "/e", 307),
        redirect("/e", "/write", 307),
    )

    assert told(checked) == []
    assert methods(checked) == ["DELETE GET PATCH POST PUT QUERY"] * 2 + ["GET"] + ["POST"] * 2


def test_a_rule_before_a_faulty_one_is_not_blamed():
    checked = check(["GET /users users"], redirect("/a", "/b"), redirect("/b", "nobody", line=2))

    assert told(checked) == [
        "rules.py:2: error: redirect '/b' -> 'nobody': no operation is called 'nobody'\n"
        '    allowed: a "/path", a handler, the name of an operation, or "https://host/path"'
    ]


def test_a_rule_before_one_that_leads_nowhere_is_not_blamed():
    checked = check([], redirect("/a", "/b"), redirect("/b", "/c", line=2))

    assert told(checked) == [
        "rules.py:2: error: redirect '/b' -> '/c': nothing in this app answers at '/c'\n"
        "    allowed: the path of an operation, a rule, a table row, a mount or a page"
    ]


# --- The same shape twice -------------------------------------------------------------------


def test_two_rules_of_one_shape_with_a_method_in_common_are_refused():
    checked = check(
        ["GET /users users", "POST /users add"],
        redirect("/x/{a}", "/users", 307),
        redirect("/x/{b}", "/users", 303, line=2),
    )

    assert told(checked) == [
        "rules.py:2: error: redirect '/x/{b}' -> '/users': GET, POST is answered there by "
        "redirect '/x/{a}' -> '/users' (rules.py:1) already\n"
        "    allowed: one owner for a method and a path, whatever the parameters are called"
    ]


def test_a_rule_of_the_shape_of_an_operation_is_refused():
    checked = check(["GET /users/{id} get_user"], redirect("/users/{name}", "/openapi.json"))

    assert told(checked) == [
        "rules.py:1: error: redirect '/users/{name}' -> '/openapi.json': GET is answered there by "
        "get_user (api.py:1) already\n"
        "    allowed: one owner for a method and a path, whatever the parameters are called"
    ]


def test_a_rule_in_the_place_of_a_page_is_refused():
    checked = check(["GET /users users"], redirect("/openapi.json", "/users"))

    assert told(checked) == [
        "rules.py:1: error: redirect '/openapi.json' -> '/users': GET is answered there by the "
        "page 'openapi' already\n"
        "    allowed: one owner for a method and a path, whatever the parameters are called"
    ]


def test_rules_of_one_shape_may_share_it_by_method():
    checked = check(
        ["GET /read read", "POST /write write", "PUT /x put"],
        redirect("/x", "/read", 307),
        redirect("/x", "/write", 307),
    )

    assert (told(checked), methods(checked)) == ([], ["GET", "POST"])


def test_a_row_in_the_place_of_a_rule_is_refused():
    table = RedirectTable.from_pairs([("/x", "/users"), ("/y", "/users")])
    checked = check(["GET /users users"], redirect("/x", "/users"), tables=[table])

    assert [fault.found for fault in checked.faults] == [
        "row 1 '/x' -> '/users': GET is answered there by redirect '/x' -> '/users' (rules.py:1) "
        "already"
    ]


def test_a_row_in_the_place_of_a_faulty_rule_is_not_blamed():
    table = RedirectTable.from_pairs([("/x", "/users")])
    checked = check(["GET /users users"], redirect("/x", "nobody"), tables=[table])

    assert [fault.found for fault in checked.faults] == [
        "redirect '/x' -> 'nobody': no operation is called 'nobody'"
    ]


def test_a_row_that_leads_to_a_faulty_rule_is_not_blamed():
    table = RedirectTable.from_pairs([("/y", "/x")])
    checked = check(["GET /users users"], redirect("/x", "nobody"), tables=[table])

    assert [fault.found for fault in checked.faults] == [
        "redirect '/x' -> 'nobody': no operation is called 'nobody'"
    ]


def test_rows_of_one_source_in_two_tables_are_refused():
    tables = [RedirectTable.from_pairs([("/x", "/users")]) for _ in range(2)]
    checked = check(["GET /users users"], tables=tables)

    (fault,) = checked.faults
    assert fault.found.startswith("row '/x': ")


def test_the_most_specific_of_rules_and_operations_serves():
    checked = check(
        ["GET /{rest:path} all", "GET /new new"],
        redirect("/old", "/new"),
        redirect("/old/{id}", "/new"),
        redirect("/old/{rest:path}", "/new"),
    )

    assert (told(checked), methods(checked)) == ([], ["GET"] * 3)


# --- Loops ----------------------------------------------------------------------------------

ENDS = "    allowed: hops that end at an operation, a mount, a page or another site"


def test_a_rule_that_leads_to_itself_is_refused():
    checked = check([], redirect("/a", "/a"))

    assert told(checked) == [
        "rules.py:1: error: a loop without end: each request for '/a' comes back\n"
        f"    /a -> /a (308, rules.py:1)\n{ENDS}"
    ]


def test_a_loop_names_every_hop():
    checked = check(
        [], redirect("/a", "/b", 301), redirect("/b", "/c", 303, line=2), reroute("/c", "/a", 3)
    )

    assert told(checked) == [
        "rules.py:1: error: a loop without end: each request for '/a' comes back\n"
        "    /a -> /b (301, rules.py:1)\n"
        "    /b -> /c (303, rules.py:2)\n"
        f"    /c -> /a (reroute, rules.py:3)\n{ENDS}"
    ]


def test_a_swap_of_languages_is_a_loop():
    checked = check(
        [],
        redirect("/en/{page:path}", "/de/{page}", 302),
        redirect("/de/{page:path}", "/en/{page}", 302, line=2),
    )

    assert told(checked) == [
        "rules.py:1: error: a loop without end: each request for '/en/{page:path}' comes back\n"
        "    /en/{page:path} -> /de/{page:path} (302, rules.py:1)\n"
        f"    /de/{{page:path}} -> /en/{{page:path}} (302, rules.py:2)\n{ENDS}"
    ]


def test_a_path_that_grows_is_a_loop():
    checked = check([], redirect("/a/{rest:path}", "/a/x/{rest}"))

    assert told(checked) == [
        "rules.py:1: error: a loop without end: each request for '/a/{rest:path}' comes back\n"
        f"    /a/{{rest:path}} -> /a/x/{{rest:path}} (308, rules.py:1)\n{ENDS}"
    ]


@pytest.mark.parametrize("target", ["/a/{rest:path}/copy/{rest:path}", "/a/{rest:path}/x"])
def test_a_path_that_grows_around_its_parameter_is_a_loop(target):
    checked = check([], redirect("/a/{rest:path}", target))

    assert told(checked) == [
        "rules.py:1: error: a loop without end: each request for '/a/{rest:path}' comes back\n"
        f"    /a/{{rest:path}} -> {target} (308, rules.py:1)\n{ENDS}"
    ]


def test_a_loop_through_a_slash_redirect_is_refused():
    checked = check([], redirect("/x", "/x/"))

    assert told(checked) == [
        "rules.py:1: error: a loop without end: each request for '/x' comes back\n"
        "    /x -> /x/ (308, rules.py:1)\n"
        f"    /x/ -> /x (308, slash redirect)\n{ENDS}"
    ]


@pytest.mark.parametrize("slashes", ["match", "strict"])
def test_the_other_slash_is_a_loop_only_where_it_comes_back(slashes):
    checked = check([], redirect("/x", "/x/"), slashes=slashes)
    loop = (
        "rules.py:1: error: a loop without end: each request for '/x' comes back\n"
        f"    /x -> /x/ (308, rules.py:1)\n{ENDS}"
    )
    nowhere = (
        "rules.py:1: error: redirect '/x' -> '/x/': nothing in this app answers at '/x/'\n"
        "    allowed: the path of an operation, a rule, a table row, a mount or a page"
    )

    assert told(checked) == [loop if slashes == "match" else nowhere]


def test_a_circle_that_leads_away_for_some():
    checked = check(
        [],
        redirect("/a/{x}", "/b/{x}"),
        redirect("/b/{x}", "/a/{x}", line=2),
        redirect("/b/out", "https://a.example/", line=3),
    )

    assert [text.partition("\n")[0] for text in told(checked)] == [
        "rules.py:1: warning: a possible loop: requests for '/a/{x}' may come back"
    ]


@pytest.mark.parametrize(
    ("others", "found"),
    [([], "nothing in this app answers"), (["GET /b/home home"], "may come back")],
)
def test_a_circle_through_a_slash_redirect_that_some_methods_do_not_take(others, found):
    """OPTIONS is asked by a reroute, and no slash redirect answers it."""
    checked = check(
        ["OPTIONS /b/page page", *others],
        reroute("/go/{x}", "/b/{x}"),
        redirect("/b/{x}/", "/go/{x}", line=2),
    )

    assert found in told(checked)[0]


def test_a_path_that_doubles_is_told_by_its_rules():
    """Nobody would read a path of a hundred segments."""
    checked = check(
        [],
        reroute("/{x:path}", "/b/{x}/b/b/a/a"),
        redirect("/{x}", "/{x}/b/{x}/{x}", 301, line=2),
        redirect("/{x:path}", "/b/b", 303, line=3),
    )

    assert told(checked)[0] == (
        "rules.py:1: error: a loop without end: each request for '/{x:path}' comes back\n"
        "    /{x:path} -> /b/{x:path}/b/b/a/a (reroute, rules.py:1)\n"
        f"{ENDS}"
    )


def test_a_path_that_shrinks_is_no_loop():
    checked = check(["GET /users users"], redirect("/v0/{rest:path}", "/{rest}"))

    assert (told(checked), methods(checked)) == ([], ["GET"])


def test_a_loop_that_an_operation_ends_is_none():
    checked = check(["GET /b b"], redirect("/a", "/b", 303), redirect("/b", "/a", 307))

    assert [fault.severity for fault in checked.faults] == ["error"]


def test_a_possible_loop_is_a_warning():
    checked = check(
        ["GET /users users"],
        redirect("/{lang}/{page}", "/{page}/{lang}"),
        redirect("/go/{page}", "/users", line=2),
    )

    assert told(checked) == [
        "rules.py:1: warning: a possible loop: requests for '/{lang}/{page}' may come back\n"
        "    /{lang}/{page} -> /{page}/{lang} (308, rules.py:1)\n"
        f"{ENDS}"
    ]


@pytest.mark.parametrize(
    ("source", "target", "path"),
    [
        ("/a/b/c/{rest:path}", "/{rest}/{rest}", "/a/b/c/a/b/c"),
        ("/a/{rest:path}", "/{rest}/a", "/a/a"),
    ],
)
def test_a_rule_that_leads_some_paths_to_themselves(source, target, path):
    """That the target is shorter than the source says nothing of what the parameter holds."""
    checked = check(["GET /{x:path} end"], redirect(source, target))

    assert told(checked) == [
        f"rules.py:1: warning: a possible loop: requests for '{path}' may come back\n"
        f"    {path} -> {path} (308, rules.py:1)\n"
        f"{ENDS}"
    ]


def test_a_path_of_one_length_that_never_comes_back_is_no_loop():
    """Each hop puts a `b` at the end in the place of an `a` in front."""
    rule = redirect("/turn/a/{rest:path}", "/turn/{rest}/b")
    checked = check(["GET /turn/b/{rest:path} end"], rule, slashes="strict")

    assert (told(checked), methods(checked)) == ([], ["GET"])


def test_loops_that_are_certain_are_told_first():
    checked = check(
        ["GET /a/end end"],
        redirect("/a/{x}", "/b/{x}"),
        redirect("/b/{x}", "/a/{x}"),
        redirect("/c", "/c"),
    )

    assert [(fault.severity, fault.found.partition(":")[0]) for fault in checked.faults] == [
        ("error", "a loop without end"),
        ("warning", "a possible loop"),
    ]


def test_a_part_of_a_parameter_has_the_name_of_the_whole():
    checked = check(
        ["GET /a/b/end end"],
        redirect("/go/{rest:path}", "/{rest}"),
        redirect("/a/{x}/{y:path}", "/go/a/{x}/{y}", line=2),
    )

    assert told(checked) == [
        "rules.py:1: warning: a possible loop: requests for '/go/a/{rest}/{rest:path}' may come "
        "back\n"
        "    /go/a/{rest}/{rest:path} -> /a/{rest}/{rest:path} (308, rules.py:1)\n"
        "    /a/{rest}/{rest:path} -> /go/a/{rest}/{rest:path} (308, rules.py:2)\n"
        f"{ENDS}"
    ]


def test_a_loop_with_a_way_in_is_told_once():
    checked = check(
        [], redirect("/in", "/a"), redirect("/a", "/b", line=2), redirect("/b", "/a", line=3)
    )

    assert told(checked) == [
        "rules.py:2: error: a loop without end: each request for '/a' comes back\n"
        "    /a -> /b (308, rules.py:2)\n"
        f"    /b -> /a (308, rules.py:3)\n{ENDS}"
    ]


def test_a_long_loop_is_told_in_part():
    rules = [redirect(f"/{n}", f"/{(n + 1) % 40}", line=n + 1) for n in range(40)]

    checked = check([], *rules)

    hops = [f"    /{n} -> /{n + 1} (308, rules.py:{n + 1})" for n in range(30)]
    assert told(checked) == [
        "\n".join(
            [
                "rules.py:1: error: a loop without end: each request for '/0' comes back",
                *hops,
                "    and 10 more hops",
                ENDS,
            ]
        )
    ]


def test_a_turn_of_a_long_path_is_not_followed_to_its_end():
    """A path of 250 segments that turns by one each time: the search for its end is bounded."""
    word = "/".join(["a", *["b"] * 249])
    checked = check(
        [],
        redirect("/start", f"/turn/{word}", line=1),
        redirect("/turn/a/{rest:path}", "/turn/{rest}/a", line=2),
        redirect("/turn/b/{rest:path}", "/turn/{rest}/b", line=3),
        redirect("/turn/back/a", "/start", line=4),
    )

    assert "loop without end: each request for '/start'" not in "".join(told(checked))


def test_a_path_that_grows_for_long_is_told_by_the_rule_that_comes_again():
    """After 20 hops no browser follows; what takes the path then has no part in its growth."""
    checked = check(
        ["GET /home home"],
        redirect("/start", "/p/a/a"),
        redirect("/p/{x}/{rest:path}", "/p/{rest}/a/a", line=2),
        redirect(f"/p{'/a' * 21}", "/home", line=3),
        redirect("/p/back/{x}/{y}", "/start", line=4),
        slashes="strict",
    )

    assert told(checked) == [
        "rules.py:2: warning: a possible loop: requests for '/p/{x}/{rest:path}' may come back\n"
        f"    /p/{{x}}/{{rest:path}} -> /p/{{rest:path}}/a/a (308, rules.py:2)\n{ENDS}"
    ]


@pytest.mark.untraced
def test_a_loop_of_very_many_hops_is_a_possible_one():
    """The rules count to 4096 in binary and begin anew; the search for that is bounded."""
    bits = 12
    carries = [
        redirect(f"/n{'/1' * ones}/0/{{rest:path}}", f"/n{'/0' * ones}/1/{{rest}}", line=ones + 2)
        for ones in range(bits)
    ]
    start = redirect("/start", f"/n{'/0' * bits}/")

    checked = check([], start, *carries, redirect(f"/n{'/1' * bits}/", "/start", line=99))

    assert "a possible loop: requests for '/start' may come back" in told(checked)[0]
    assert "without end" not in "".join(told(checked))


def test_a_loop_that_some_requests_of_a_rule_run_into_says_nothing_of_the_others():
    checked = check(
        ["GET /turn/out/{x} out"],
        redirect("/a", "/turn/x/in"),
        redirect("/turn/{x}/{y}", "/turn/{y}/{x}", line=2),
        redirect("/turn/in/{x}", "/a", line=3),
    )

    assert [text.partition("\n")[0] for text in told(checked)] == [
        "rules.py:1: error: a loop without end: each request for '/a' comes back",
        "rules.py:2: warning: a possible loop: requests for '/turn/{x}/{y}' may come back",
    ]


def test_a_circle_of_many_rules_with_an_exit_is_told_once():
    rules = [redirect(f"/{n}/{{x}}", f"/{(n + 1) % 40}/{{x}}", line=n + 1) for n in range(40)]

    checked = check(["GET /39/exit end"], *rules)

    assert len(told(checked)) == 1
    assert told(checked)[0].startswith(
        "rules.py:1: warning: a possible loop: requests for '/0/{x}' may come back\n"
        "    /0/{x} -> /1/{x} (308, rules.py:1)\n"
    )


def test_a_rule_whose_requests_stand_in_another_circle_in_part_is_told_by_itself():
    """That those of the first come back says nothing of the others, which have a circle too."""
    checked = check(
        [],
        redirect("/{x}/{y}/a", "/a/{y}/a/b/{x}/{y}"),
        redirect("/a/{rest:path}", "/b/b/a"),
        redirect("/a/a/{rest:path}", "/a/b/{rest}/{rest}"),
        redirect("/b/{y}/b/{rest:path}", "/{y}/b/b"),
    )

    assert [text.partition("\n")[0] for text in told(checked) if "error" in text] == [
        "rules.py:1: error: a loop without end: each request for '/{x}/{y}/a' comes back",
        "rules.py:1: error: a loop without end: each request for '/a/{rest:path}' comes back",
    ]


@pytest.mark.untraced
def test_rules_that_take_long_to_follow_hide_no_loop_that_is_certain():
    """However many hops were looked at elsewhere, and given up."""
    checked = check(
        [], redirect("/b/a/a/{rest:path}", "/{rest}/a/b"), redirect("/c", "/c", status_code=301)
    )

    assert "rules.py:1: error: a loop without end: each request for '/c' comes back" in [
        text.partition("\n")[0] for text in told(checked)
    ]


def test_rules_that_may_grow_are_told_though_no_request_comes_back_to_where_it_was():
    checked = check(["GET /{x}/a/a end"], redirect("/{x}/{rest:path}", "/{rest}/a/a"))

    assert told(checked) == [
        "rules.py:1: warning: a possible loop: requests for '/{x}/{rest:path}' may come back\n"
        "    /{x}/{rest:path} -> /{rest:path}/a/a (308, rules.py:1)\n"
        f"{ENDS}"
    ]


def test_a_rule_that_only_grows_leads_to_nothing():
    """No request comes back to where it was, and none to an operation."""
    checked = check([], redirect("/{x}/{rest:path}", "/{rest}/a/a"))

    assert [text.partition("\n")[0] for text in told(checked)] == [
        "rules.py:1: warning: a possible loop: requests for '/{x}/{rest:path}' may come back",
        "rules.py:1: error: redirect '/{x}/{rest:path}' -> '/{rest}/a/a': nothing in this app "
        "answers at '/{rest:path}/a/a'",
    ]


def test_rules_may_lead_to_rows_of_tables():
    table = RedirectTable.from_pairs([("/b", "/users"), ("/p/q", "/users"), ("/p/p", "/users")])
    checked = check(
        ["GET /users users"],
        redirect("/a", "/b"),
        redirect("/c/{x}/twice", "/{x}/{x}"),
        redirect("/d/{x}", "/p/{x}"),
        redirect("/e/{x:path}", "/p/{x}"),
        redirect("/f/{x}", "/{x}"),
        tables=[table],
    )

    assert (told(checked), methods(checked)) == ([], ["GET"] * 5)


def test_an_empty_app_has_no_faults():
    assert told(check([])) == []


def test_a_rule_may_lead_to_a_mount_by_its_other_form():
    checked = check([], redirect("/x", "/blog"), mounts=[MOUNT])

    assert (told(checked), methods(checked)) == ([], ["DELETE GET PATCH POST PUT QUERY"])
