"""One public face: what `redirflow` exports is what its contract names, and it is light."""

import subprocess
import sys
from types import ModuleType

import pytest

import redirflow

CONTRACT = {
    "apps": "App Router",
    "specs": "returns redirects raises reroutes HeaderSpec CookieSpec",
    "made specs": "ResponseSpec RedirectSpec RaisesSpec RerouteSpec",
    "answers": "Redirect Reroute Response",
    "base of errors": "HTTPError",
    "errors 4xx": (
        "BadRequest Unauthorized PaymentRequired Forbidden NotFound MethodNotAllowed NotAcceptable "
        "RequestTimeout Conflict Gone LengthRequired PreconditionFailed ContentTooLarge URITooLong "
        "UnsupportedMediaType MisdirectedRequest ValidationFailed Locked FailedDependency TooEarly "
        "UpgradeRequired PreconditionRequired TooManyRequests UnavailableForLegalReasons"
    ),
    "errors 5xx": (
        "InternalServerError NotImplementedByServer BadGateway ServiceUnavailable GatewayTimeout"
    ),
    "formats of errors": "ProblemDetails ErrorModel ErrorFormat ErrorDetail",
    "inputs": "Request Query Header Cookie Body Form Alias TypeHook",
    "locations": "LocalURL WebURL local_url",
    "dependencies": "Depends Bearer APIKey Basic Credentials Scopes same_secret",
    "extras": "BackgroundTasks ServerSentEvent UploadFile",
    "bulk rules": "RedirectTable",
    "for the document": "Callback",
    "faults at start-up": "SpecError Fault Place",
}
NAMES = {name for names in CONTRACT.values() for name in names.split()}

NOT_YET = ()
"""Promised, and not exported so far. This tuple only ever shrinks."""


def test_all_is_what_the_contract_names():
    assert {*redirflow.__all__} == NAMES - {*NOT_YET}


def test_all_is_sorted():
    assert redirflow.__all__ == sorted(redirflow.__all__)


def test_all_is_what_there_is():
    """Nothing else is public: what the package holds besides are its modules."""
    there = {
        name
        for name, value in vars(redirflow).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }

    assert there == {*redirflow.__all__}


@pytest.mark.parametrize("name", redirflow.__all__)
def test_a_public_class_or_function_says_what_it_is(name):
    value = getattr(redirflow, name)

    assert not callable(value) or value.__doc__


@pytest.mark.parametrize("module", ["redirflow", "redirflow.cli"])
def test_importing_it_is_light(module):
    """No server, event loop, form parser or client is loaded before somebody needs it."""
    heavy = {"asyncio", "click", "h11", "httpx2", "python_multipart", "ssl", "trio", "uvicorn"}
    program = f"import sys, {module}; print(*sorted({heavy} & sys.modules.keys()))"

    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()

    assert loaded == []
