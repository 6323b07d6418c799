"""The method after a hop, and what `Allow` lists."""

from http import HTTPStatus

import pytest

from redirflow.http.methods import METHODS, REDIRECT_STATUSES, allow_header, method_after_hop

AFTER = {
    # RFC 9110 15.4.2, 15.4.3: a client may make a GET of a POST, and browsers do.
    301: {"POST": "GET"},
    302: {"POST": "GET"},
    # RFC 9110 15.4.4: what was asked for is looked up elsewhere.
    303: {
        "GET": "GET",
        "POST": "GET",
        "PUT": "GET",
        "PATCH": "GET",
        "DELETE": "GET",
        "OPTIONS": "GET",
        "QUERY": "GET",
        "PROPFIND": "GET",
    },
    # RFC 9110 15.4.8, 15.4.9: the method must not change.
    307: {},
    308: {},
}


@pytest.mark.parametrize("method", [*METHODS, "PROPFIND"])
@pytest.mark.parametrize("status", REDIRECT_STATUSES)
def test_method_after_hop(status, method):
    """What stands in the table changes; HEAD and everything else stays what it is."""
    expected = AFTER[status].get(method, method)

    assert expected == method_after_hop(status, method)


def test_a_status_may_be_an_http_status():
    assert method_after_hop(HTTPStatus.SEE_OTHER, "POST") == "GET"


@pytest.mark.parametrize("status", [200, 300, 304, 305, 306])
def test_other_statuses_are_no_hop(status):
    with pytest.raises(KeyError):
        method_after_hop(status, "GET")


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        pytest.param(set(), b"OPTIONS", id="nothing"),
        pytest.param({"GET"}, b"GET, HEAD, OPTIONS", id="GET brings HEAD"),
        pytest.param({"HEAD"}, b"HEAD, OPTIONS", id="HEAD alone"),
        pytest.param({"POST"}, b"POST, OPTIONS", id="POST brings no HEAD"),
        pytest.param({"OPTIONS"}, b"OPTIONS", id="its own OPTIONS"),
        pytest.param(
            frozenset({"DELETE", "PATCH", "PUT", "POST", "GET"}),
            b"GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
            id="listed in one order",
        ),
        pytest.param({"PURGE", "LOCK", "QUERY"}, b"OPTIONS, QUERY, LOCK, PURGE", id="others last"),
    ],
)
def test_allow_header(methods, expected):
    """`Allow` is the same text for the same methods (RFC 9110 10.2.1)."""
    assert expected == allow_header(methods)


def test_allow_header_changes_nothing():
    methods = {"GET"}

    allow_header(methods)

    assert {"GET"} == methods
