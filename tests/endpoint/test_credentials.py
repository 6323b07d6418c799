"""Credentials: what is read, and the challenge for what is missing or malformed."""

from base64 import b64encode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redirflow import APIKey, Basic, Bearer, Credentials, Unauthorized
from redirflow.endpoint.binder import Refused
from redirflow.endpoint.credentials import challenged, read_credentials
from redirflow.endpoint.steps import CredentialsStep


def basic(text):
    return f"Basic {b64encode(text.encode()).decode()}"


def read(request_of, scheme, header=None, *, query="", optional=False):
    headers = [header] if header else []
    return read_credentials(
        CredentialsStep(scheme, optional), request_of(headers=headers, query=query)
    )


@pytest.mark.parametrize(
    ("field", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("BEARER   aZ0-._~+/==  ", "aZ0-._~+/=="),
    ],
)
def test_a_token(request_of, field, token):
    assert read(request_of, Bearer(), ("Authorization", field)) == token


@pytest.mark.parametrize(
    ("field", "credentials"),
    [
        (basic("ada:secret"), Credentials("ada", "secret")),
        (basic(":"), Credentials("", "")),
        (basic("ж:a:b"), Credentials("ж", "a:b")),
        (basic("a:b").replace("Basic", "bAsIc"), Credentials("a", "b")),
    ],
)
def test_a_name_and_a_password(request_of, field, credentials):
    assert read(request_of, Basic(), ("authorization", field)) == credentials


@pytest.mark.parametrize(
    ("scheme", "header", "query"),
    [
        (APIKey(header="X-Key"), ("x-key", "k"), ""),
        (APIKey(cookie="key"), ("cookie", "key=k"), ""),
        (APIKey(query="key"), None, "key=k"),
    ],
)
def test_a_key(request_of, scheme, header, query):
    assert read(request_of, scheme, header, query=query) == "k"


MISSING = [
    *((Bearer(), field) for field in (None, "", "Bearer", "Bearer ", "Bearer a b", "Bearer ж!")),
    *((Bearer(), field) for field in ("abc", "Basic YTpi", "Bearer=abc", "Bearer a=b")),
    *((Basic(), field) for field in (None, "Basic", "Basic !!!!", "Basic YTp", "Bearer YTpi")),
    (Basic(), "Basic " + b64encode(b"no colon").decode()),
    (Basic(), "Basic " + b64encode(b"\xff:\xfe").decode()),
    (Basic(), "Basic YTpi\u00e9"),
    *((scheme, None) for scheme in (APIKey(header="K"), APIKey(cookie="k"), APIKey(query="k"))),
]


@pytest.mark.parametrize(("scheme", "field"), MISSING)
def test_missing_and_malformed_ones_are_challenged(request_of, scheme, field):
    """RFC 9110 11.6.1: a 401 says how to authenticate."""
    header = ("Authorization", field.replace("ж", "\xe6")) if field is not None else None

    with pytest.raises(Refused) as caught:
        read(request_of, scheme, header)

    error = caught.value.error
    assert isinstance(error, Unauthorized)
    assert error.detail == "Credentials are missing or malformed."
    assert error.headers == {"WWW-Authenticate": scheme.challenge}
    assert read(request_of, scheme, header, optional=True) is None


def test_an_empty_key_is_none(request_of):
    assert read(request_of, APIKey(query="k"), query="k=", optional=True) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(max_codepoint=255)))
def test_no_field_does_more_than_being_refused(request_of, field):
    for scheme in (Bearer(), Basic()):
        read(request_of, scheme, ("authorization", f"{scheme.name} {field}"), optional=True)


def test_a_challenge_names_every_scheme_once():
    error = challenged(Unauthorized(), [Bearer(), Basic(realm="x"), Bearer()])

    assert error.headers == {"WWW-Authenticate": 'Bearer, Basic realm="x", charset="UTF-8"'}


def test_an_author_may_give_a_challenge_of_their_own():
    given = {"www-authenticate": "Negotiate"}

    assert challenged(Unauthorized().with_headers(given), [Bearer()]).headers == given
    assert challenged(Unauthorized(), []).headers is None
