"""`examples/shortener.py`, asked over the wire: links, the login and what moved."""

import pytest

EXAMPLE = "shortener"

FORM = {"content-type": "application/x-www-form-urlencoded"}
LINK = {"slug": "news", "target": "https://news.example.com/today"}


@pytest.fixture
def session(client):
    """The header of someone who has logged in; over plain HTTP clients keep no secure cookie."""
    answer = client.post("/login", data={"password": "correct horse"})
    return {"cookie": answer.headers["set-cookie"].partition(";")[0]}


def test_a_short_link_leads_to_its_target(ask):
    assert ask("GET", "/s/docs") == (302, {"location": "https://docs.example.com/start"}, "")
    assert ask("GET", "/s/none")[0] == 404


def test_the_admin_part_sends_strangers_to_the_login(ask):
    to_login = {"location": "/login?next=%2Fadmin%2Flinks"}

    for path in ("/admin/links", "/admin/links/docs", "/api/v1/links"):
        assert ask("GET", path) == (303, to_login, "")


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_the_login_leads_back_on_this_site_only(ask, wanted):
    status, fields, problem = ask(
        "POST", "/login", data={"password": "correct horse", "next": wanted}
    )

    assert (status, "location" in fields, problem["errors"][0]["loc"]) == (
        422,
        False,
        ["form", "next"],
    )


def test_a_login_leads_back(ask):
    status, fields, _ = ask("POST", "/login", data={"password": "correct horse", "next": "/about"})

    assert (status, fields["location"], fields["cache-control"]) == (303, "/about", "no-store")
    assert ask("POST", "/login", data={"password": "wrong"})[0] == 401


def test_links_are_made_and_read_by_who_is_logged_in(ask, session):
    made = ask("POST", "/admin/links", json=LINK, headers=session)
    assert made == (303, {"location": "/admin/links/news"}, "")
    assert ask("GET", made[1]["location"], headers=session)[2] == {**LINK, "visits": 0}

    status, _, problem = ask("POST", "/admin/links", json=LINK, headers=session)
    assert (status, problem["slug"]) == (409, "news")
    assert ask("POST", "/admin/links", json={**LINK, "target": "/here"}, headers=session)[0] == 422


def test_the_logout_forgets_the_session(ask, session):
    status, fields, _ = ask("POST", "/logout", headers=session)

    assert (status, fields["location"]) == (303, "/login")
    assert fields["set-cookie"].startswith("session=; Max-Age=0; Path=/; Secure; HttpOnly")
    assert ask("GET", "/admin/links", headers=session)[0] == 303


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/l/docs", 301, "/s/docs"),
        ("/go/docs?from=mail", 301, "/s/docs?from=mail"),
        ("/blog/hello-world", 301, "/about"),
        ("/blog/pricing-2024", 302, "https://plans.example.com/"),
        ("/jobs", 308, "/about"),
    ],
)
def test_what_moved(ask, path, status, location):
    """Chains are collapsed: `/go/docs` does not go by way of `/l/docs`."""
    assert ask("GET", path) == (status, {"location": location}, "")


def test_the_first_api_is_answered_by_the_present_one(ask, session):
    """The guard of the operation that answers runs; see the admin part above for strangers."""
    status, _, links = ask("GET", "/api/v1/links", headers=session)

    assert (status, links[0]["slug"]) == (200, "docs")
