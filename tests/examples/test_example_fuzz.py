"""schemathesis holds each example to its own document, in process, with all of its checks.

It asks what the document allows and what it forbids, and judges each answer by the document:
status, fields, media type, body, `Allow`, whether wrong input was refused, whether the
credentials mattered. A redirect is judged like any answer and never followed.
"""

import importlib.util
from pathlib import Path

import hypothesis
import msgspec
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig

EXAMPLES = Path(__file__).parents[2] / "examples"

SESSION = "somebody's"

# PERF: making all border cases of a pattern with a maximal length of 2000 takes schemathesis
# 5 s for each operation that has one, LocalURL or WebURL. Random cases are enough for these.
RANDOM_ONLY = {"phases": {"coverage": {"enabled": False}}}

# The same cases each time: a failure here is news about the change, not about chance.
GENERATION = {"max-examples": 30, "deterministic": True}

CONFIGS = {
    "accounts": {
        "generation": GENERATION,
        "auth": {"openapi": {"bearer": {"bearer": "only-for-this-demo"}}},
        "parameters": {"session": SESSION},
        "operations": [
            {"include-path": "/login", **RANDOM_ONLY},
            {"include-path": "/accounts", "include-method": "POST", **RANDOM_ONLY},
            {"include-name": "PUT /accounts/{account_id}", **RANDOM_ONLY},
        ],
    },
    "moved_api": {"generation": GENERATION},
}


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def schema_of(module):
    config = SchemathesisConfig.from_dict(CONFIGS[module.__name__])
    return schemathesis.openapi.from_asgi("/openapi.json", module.app, config=config)


@schemathesis.serializer("application/msgpack")
def msgpack(context, value):
    try:
        return msgspec.msgpack.encode(value)
    except OverflowError:
        # JSON has larger integers than MessagePack.
        hypothesis.reject()


accounts = load("accounts")
accounts_schema = schema_of(accounts)
moved_schema = schema_of(load("moved_api"))


@accounts_schema.hook
def map_path_parameters(context, path_parameters):
    """Of all integers, two are accounts: ask for these, and for one that is none."""
    number = (path_parameters or {}).get("account_id")
    return {"account_id": number % 3} if type(number) is int else path_parameters


@pytest.fixture(autouse=True)
def state():
    """Each operation begins with the accounts of the file, and with one browser signed in."""
    kept = {number: msgspec.structs.replace(each) for number, each in accounts.ACCOUNTS.items()}
    accounts.SESSIONS[SESSION] = 1
    yield
    accounts.ACCOUNTS.clear()
    accounts.ACCOUNTS.update(kept)


@accounts_schema.parametrize()
def test_accounts_keeps_its_document(case):
    case.call_and_validate()


@moved_schema.parametrize()
def test_moved_api_keeps_its_document(case):
    case.call_and_validate()
