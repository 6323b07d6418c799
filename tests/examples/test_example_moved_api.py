"""`examples/moved_api.py`, asked over the wire: each redirect, and what the document says of it."""

import pytest

EXAMPLE = "moved_api"

JSON = {"content-type": "application/json"}
STATUSES = [301, 302, 303, 307, 308]


@pytest.mark.parametrize(("method", "name"), [("GET", "list"), ("POST", "create")])
def test_moved_to_another_host(ask, method, name):
    """Raised or returned, the answer is the same: a location, and no body of any type."""
    moved = {"location": f"https://example.com/api/new/user/{name}"}

    assert ask(method, "/api/user/") == (302, moved, "")


def test_the_form_without_a_slash_leads_to_the_one_with_it(ask):
    assert ask("POST", "/api/user") == (308, {"location": "/api/user/"}, "")


@pytest.mark.parametrize("status", STATUSES)
def test_relative(ask, client, status):
    answer = ask("GET", f"/relative/{status}")
    assert answer == (status, {"location": f"/landing?came_by={status}"}, "")

    landed = client.get(f"/relative/{status}", follow_redirects=True)
    assert (landed.status_code, landed.json()) == (200, {"came_by": status})


@pytest.mark.parametrize("status", STATUSES)
def test_absolute(ask, status):
    """The location is sent as browsers read it: with a path, if only "/"."""
    answer = ask("GET", f"/absolute/{status}")

    assert answer == (status, {"location": f"https://example.com/?came_by={status}"}, "")


def test_answered_by_another_operation(ask):
    by_itself = {"rerouted": "no", "visit": "of its own accord"}
    rerouted = {"rerouted": "yes", "visit": "by way of /old"}

    assert ask("GET", "/new") == (200, JSON, by_itself)
    assert ask("GET", "/old?visit=mine", headers={"x-rerouted": "mine"}) == (200, JSON, rerouted)


# --- the document ------------------------------------------------------------------------------


@pytest.fixture
def paths(example):
    return example(EXAMPLE).app.openapi()["paths"]


def test_a_redirect_is_documented_with_its_location_and_without_content(paths):
    leads_to = {
        "description": "Leads to: https://example.com",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    }
    found = {"description": "Found", "headers": {"Location": leads_to}}

    assert paths["/api/user/"]["get"]["responses"] == {"302": found}


def test_nothing_is_documented_that_can_not_happen(paths):
    """Two answers are declared for the POST; neither takes input, so no 4xx is one of them."""
    create = paths["/api/user/"]["post"]

    assert create["responses"].keys() == {"201", "302"}
    assert "requestBody" not in create
    created = create["responses"]["201"]["content"]["application/json"]["schema"]
    assert created == {"type": "object", "additionalProperties": {"type": "string"}}


@pytest.mark.parametrize("status", STATUSES)
def test_a_redirect_links_to_where_it_leads(paths, status):
    responses = paths[f"/relative/{status}"]["get"]["responses"]
    (link,) = responses[str(status)]["links"].values()

    assert responses.keys() == {str(status)}
    assert link["operationId"] == "landing"


def test_a_reroute_is_documented_as_the_answers_of_its_target(paths):
    assert paths["/old"]["get"]["responses"] == paths["/new"]["get"]["responses"]
