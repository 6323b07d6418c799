"""`examples/accounts.py`, asked over the wire: every operation, every answer that it declares."""

import itertools
import json

import pytest

EXAMPLE = "accounts"

JSON = {"content-type": "application/json"}
PROBLEM = {"content-type": "application/problem+json", "x-content-type-options": "nosniff"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
ADMIN = {"authorization": "Bearer only-for-this-demo"}

ADA = {
    "id": 1,
    "email": "ada@example.com",
    "name": "Ada",
    "homepage": "https://ada.example.com/notes",
}
numbers = itertools.count()


def problem(status, title, detail=None, **more):
    said = {"type": "about:blank", "title": title, "status": status}
    return said | ({} if detail is None else {"detail": detail}) | more


def refusal(answer):
    """A refusal by the framework: its status, and the place and kind of each fault.

    Its sentences may become better ones; that there are some is what matters.
    """
    status, fields, body = answer
    faults = body.pop("errors", [])
    assert fields == PROBLEM
    assert body.keys() == {"type", "title", "status", "detail"}
    assert all(fault.pop("msg") for fault in faults)
    return status, faults


def fault(*loc, type="invalid"):
    return {"loc": [*loc], "type": type}


def new_profile(**more):
    return {"email": f"{next(numbers)}@example.org", "name": "New", "homepage": None} | more


@pytest.fixture
def opened(ask):
    """A new account: its path, and its members."""
    profile = new_profile()
    _, fields, _ = ask("POST", "/accounts", json=profile)
    path = fields["location"]
    return path, {"id": int(path.rpartition("/")[2]), **profile}


@pytest.fixture
def signed_in(ask):
    """`signed_in(email)` gives the header fields of a browser that signed in."""

    def sign_in(email):
        _, fields, _ = ask("POST", "/login", data={"email": email})
        return {"cookie": fields["set-cookie"].partition(";")[0]}

    return sign_in


# --- read, list, export ------------------------------------------------------------------------


def test_read(ask):
    assert ask("GET", "/accounts/1") == (200, JSON, ADA)


def test_head_tells_the_length_and_sends_no_body(client):
    got, asked = client.get("/accounts/1"), client.head("/accounts/1")

    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["content-length"] == got.headers["content-length"]


def test_read_what_is_not_there(ask):
    missing = problem(404, "Not Found", "There is no account 99.")

    assert ask("GET", "/accounts/99") == (404, PROBLEM, missing)


def test_an_id_is_an_integer(ask):
    for path in ("/accounts/x", "/accounts/x/homepage", "/users/x"):
        assert refusal(ask("GET", path)) == (422, [fault("path", "account_id")])


def test_list_a_page(ask, opened):
    _, account = opened

    status, fields, page = ask("GET", "/accounts?limit=1")
    assert (status, page) == (200, [ADA])
    assert int(fields["x-total-count"]) >= 3

    status, _, page = ask("GET", f"/accounts?after={account['id'] - 1}")
    assert (status, page) == (200, [account])


def test_every_wrong_parameter_is_told_at_once(ask):
    faults = [fault("query", "limit"), fault("query", "after")]

    assert refusal(ask("GET", "/accounts?limit=101&after=x")) == (422, faults)


def test_export(ask, opened):
    _, account = opened

    status, fields, text = ask("GET", "/accounts/export")
    lines = [json.loads(line) for line in text.splitlines()]

    assert (status, fields["content-type"]) == (200, "application/jsonl")
    assert ADA in lines
    assert account in lines


# --- open, change, close -----------------------------------------------------------------------


def test_open_leads_to_the_new_account(ask):
    profile = new_profile(homepage="https://example.org/")

    status, fields, body = ask("POST", "/accounts", json=profile)
    path = fields["location"]

    assert (status, fields, body) == (303, {"location": path}, "")
    assert ask("GET", path) == (200, JSON, {"id": int(path[10:]), **profile})


def test_an_address_is_taken_once(ask, opened, signed_in):
    """The error names the address in a member of its own, for programs to read."""
    path, account = opened
    taken = problem(409, "Another account has this e-mail address.", email="ada@example.com")
    answer = 409, PROBLEM, taken | {"type": "/docs#email-taken"}
    profile = new_profile(email="ada@example.com")
    browser = signed_in(account["email"])

    assert ask("POST", "/accounts", json=profile) == answer
    assert ask("PUT", path, json=profile, headers=browser) == answer


@pytest.mark.parametrize(
    ("profile", "where"),
    [
        ({"name": "N"}, ["body"]),
        ({"email": "a@", "name": "N"}, ["body", "email"]),
        ({"email": "a@b", "name": 1}, ["body", "name"]),
        ({"email": "a@b", "name": "N" * 81}, ["body", "name"]),
    ],
)
def test_a_wrong_profile_is_refused(ask, profile, where):
    assert refusal(ask("POST", "/accounts", json=profile)) == (422, [fault(*where)])


@pytest.mark.parametrize("page", ["javascript:alert(1)", "//evil.example", "https://u@evil/"])
def test_a_homepage_is_a_web_address(ask, page):
    """What `WebURL` lets in is redirected to later, so it must be safe to send."""
    answer = ask("POST", "/accounts", json=new_profile(homepage=page))

    assert refusal(answer) == (422, [fault("body", "homepage")])


@pytest.mark.parametrize(
    ("body", "fields", "status"),
    [
        ("{", JSON, 400),
        ("email=a%40b", FORM, 415),
        ("{}", {}, 415),
        ("{}", JSON | {"content-encoding": "gzip"}, 415),
        (" " * (1024 * 1024 + 1), JSON, 413),
    ],
    ids=["malformed", "a form", "of no type", "compressed", "too large"],
)
def test_a_body_that_is_none(ask, body, fields, status):
    answer = ask("POST", "/accounts", content=body, headers=fields)

    assert refusal(answer) == (status, [])


def test_change_ones_own(ask, opened, signed_in):
    path, account = opened
    changed = new_profile(name="Newer", homepage="http://example.org/~newer")

    answer = ask("PUT", path, json=changed, headers=signed_in(account["email"]))

    assert answer == (200, JSON, {"id": account["id"], **changed})
    assert ask("GET", path) == (200, JSON, {"id": account["id"], **changed})


def test_nobody_changes_another_account(ask, opened, signed_in):
    path, _ = opened
    refused = problem(403, "Forbidden", "This account is not yours.")

    answer = ask("PUT", path, json=new_profile(), headers=signed_in("ada@example.com"))

    assert answer == (403, PROBLEM, refused)


def test_strangers_learn_nothing_from_faults(ask):
    """Who one is counts before what one sends: no 422, no 404, but the way to sign in."""
    for path in ("/accounts/1", "/accounts/99"):
        answer = ask("PUT", path, content="{", headers=JSON)
        assert answer == (303, {"location": f"/login?next={path.replace('/', '%2F')}"}, "")


def test_what_was_asked_for_travels_as_a_location(ask):
    """A line end stays encoded, and the query comes along."""
    back = "/login?next=%2Faccounts%2F%250A%3Fa%3D1"

    assert ask("PUT", "/accounts/%0A?a=1") == (303, {"location": back}, "")


def test_close(ask, opened):
    path, _ = opened

    assert ask("DELETE", path, headers=ADMIN) == (204, {}, "")
    assert ask("GET", path)[0] == 404
    assert ask("DELETE", path, headers=ADMIN)[0] == 404


@pytest.mark.parametrize(
    "credentials",
    [{}, {"authorization": "Basic YTpi"}, {"authorization": "Bearer guessed"}],
    ids=["none", "of another scheme", "wrong"],
)
def test_only_administrators_close(ask, opened, credentials):
    """The guard comes before the path is looked at: `x` is no account, and nobody learns it."""
    path, _ = opened

    for target in (path, "/accounts/x"):
        status, fields, body = ask("DELETE", target, headers=credentials)
        assert fields.pop("www-authenticate") == "Bearer"
        assert refusal((status, fields, body)) == (401, [])
    assert ask("GET", path)[0] == 200


# --- sign in and out ---------------------------------------------------------------------------


def test_the_form_carries_where_to_go(ask):
    status, fields, text = ask("GET", "/login?next=/accounts%3Flimit=1%26after='1'")

    assert (status, fields) == (200, {"content-type": "text/html; charset=utf-8"})
    assert "value='/accounts?limit=1&amp;after=&#x27;1&#x27;'" in text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "me"])
def test_the_form_goes_nowhere_else(ask, target):
    asked = ask("GET", "/login", params={"next": target})
    sent = ask("POST", "/login", data={"email": "ada@example.com", "next": target})

    assert refusal(asked) == (422, [fault("query", "next")])
    assert refusal(sent) == (422, [fault("form", "next")])


def test_sign_in(ask):
    """The cookie has the attributes of its spec; the handler gave nothing but the value."""
    form = {"email": "ada@example.com", "next": "/accounts/1"}

    status, fields, body = ask("POST", "/login", data=form)
    cookie = fields.pop("set-cookie")
    session, _, attributes = cookie.partition("; ")

    assert (status, body) == (303, "")
    assert fields == {"location": "/accounts/1", "cache-control": "no-store"}
    assert attributes == "Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert ask("GET", "/me", headers={"cookie": session}) == (200, JSON, ADA)


def test_an_unknown_address_leads_back_to_the_form(ask):
    form = {"email": "nobody@example.com", "next": "/accounts/1"}
    back = {"location": "/login?next=%2Faccounts%2F1"}

    assert ask("POST", "/login", data=form) == (303, back, "")


@pytest.mark.parametrize(
    ("body", "fields", "status", "faults"),
    [
        ("{}", JSON, 415, []),
        ("next=%2Fme", FORM, 422, [fault("form", "email", type="missing")]),
        ("e" * (1024 * 1024 + 1), FORM, 413, []),
        ("--a", {"content-type": "multipart/form-data; boundary=a"}, 400, []),
    ],
    ids=["no form", "incomplete", "too large", "malformed"],
)
def test_a_form_that_is_none(ask, body, fields, status, faults):
    answer = ask("POST", "/login", content=body, headers=fields)

    assert refusal(answer) == (status, faults)


def test_sign_out(ask, signed_in):
    """A cookie is deleted with the attributes it was set with."""
    browser = signed_in("ada@example.com")
    gone = "session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"
    fields = {"location": "/login", "cache-control": "no-store", "set-cookie": gone}

    assert ask("GET", "/me", headers=browser)[0] == 200
    assert ask("POST", "/logout", headers=browser) == (303, fields, "")
    assert ask("GET", "/me", headers=browser) == (303, {"location": "/login?next=%2Fme"}, "")


# --- elsewhere ---------------------------------------------------------------------------------


def test_the_old_address(ask):
    fields = {"location": "/accounts/1", "cache-control": "max-age=86400"}

    assert ask("GET", "/users/1") == (308, fields, "")


def test_the_newest_is_answered_on_the_spot(ask, opened):
    _, account = opened

    assert ask("GET", "/newest") == (200, JSON, account)


def test_a_homepage_is_anywhere(ask):
    assert ask("GET", "/accounts/1/homepage") == (302, {"location": ADA["homepage"]}, "")


def test_no_homepage(ask):
    missing = problem(404, "Not Found", "This person has named no page.")

    assert ask("GET", "/accounts/2/homepage") == (404, PROBLEM, missing)


def test_help_is_on_another_site(ask):
    assert ask("GET", "/help") == (302, {"location": "https://help.example.com/accounts"}, "")


def test_a_slash_too_many(ask):
    assert ask("GET", "/accounts/?limit=1") == (308, {"location": "/accounts?limit=1"}, "")


def test_a_method_that_is_not_served(ask):
    status, fields, body = ask("POST", "/me")

    assert fields.pop("allow") == "GET, HEAD, OPTIONS"
    assert refusal((status, fields, body)) == (405, [])
    assert ask("OPTIONS", "/me") == (204, {"allow": "GET, HEAD, OPTIONS"}, "")


def test_no_such_path(ask):
    assert refusal(ask("GET", "/nowhere")) == (404, [])


def test_the_document_is_served(ask):
    status, fields, document = ask("GET", "/openapi.json")

    assert (status, fields) == (200, JSON | {"x-content-type-options": "nosniff"})
    assert (document["openapi"], document["info"]["title"]) == ("3.2.0", "Accounts")


def test_a_rule_without_a_handler(ask):
    """The query goes with the client; what comes behind a rule is checked at start-up."""
    assert ask("GET", "/people/1?page=2") == (308, {"location": "/accounts/1?page=2"}, "")


def test_an_address_that_is_answered_from_elsewhere(ask, opened):
    _, account = opened

    assert ask("GET", "/v1/newest") == (200, JSON, account)
    assert ask("GET", "/v1/nowhere")[0] == 404
