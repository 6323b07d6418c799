"""schemathesis holds each example to its own document, in process, with all of its checks.

It asks what the document allows and what it forbids, and judges each answer by the document:
status, fields, media type, body, `Allow`, whether wrong input was refused, whether the
credentials mattered. A redirect is judged like any answer and never followed.
"""

import importlib.util
import sqlite3
from contextlib import closing
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
    "reroute": {"generation": GENERATION},
    "shortener": {
        "generation": {**GENERATION, "max-examples": 15},
        "parameters": {"session": SESSION},
        "operations": [
            {"include-path": "/login", **RANDOM_ONLY},
            {"include-name": "POST /admin/links", **RANDOM_ONLY},
        ],
    },
    "notes": {
        "generation": {**GENERATION, "max-examples": 15},
        "parameters": {"__Host-session": SESSION},
        "operations": [
            # A feed has no end; test_example_notes.py reads it.
            {"include-path": "/notes/feed", "enabled": False},
            {"include-path": "/login", **RANDOM_ONLY},
            {"include-path": "/signup", **RANDOM_ONLY},
        ],
    },
}


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def schema_of(module):
    config = SchemathesisConfig.from_dict(CONFIGS[module.__name__])
    schema = schemathesis.openapi.from_dict(module.app.openapi(), config=config)
    schema.app = module.app
    return schema


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
reroute_schema = schema_of(load("reroute"))
shortener = load("shortener")
shortener_schema = schema_of(shortener)
notes = load("notes")
notes_schema = schema_of(notes)


@accounts_schema.hook
def map_path_parameters(context, path_parameters):
    """Of all integers, two are accounts: ask for these, and for one that is none."""
    number = (path_parameters or {}).get("account_id")
    return {"account_id": number % 3} if type(number) is int else path_parameters


@notes_schema.hook("map_path_parameters")
def few_notes(context, path_parameters):
    """One number is a note with a file; ask for this one, and for one that is none."""
    number = (path_parameters or {}).get("note_id")
    return {"note_id": number % 2} if type(number) is int else path_parameters


@pytest.fixture
def database(tmp_path, monkeypatch):
    """Each operation of the notes begins with one user, who has signed in and has a note."""
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(notes.SCHEMA)
        connection.execute("INSERT INTO sessions VALUES (?, 1)", (SESSION,))
        connection.execute("INSERT INTO notes VALUES (1, 1, 'Milk', '', x'00ff')")
    monkeypatch.setenv("NOTES_DATABASE", str(path))


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


@reroute_schema.parametrize()
def test_reroute_keeps_its_document(case):
    case.call_and_validate()


@pytest.fixture
def signed_in(monkeypatch):
    """Each operation of the shortener begins with the links of the file, and a session."""
    monkeypatch.setattr(shortener, "LINKS", dict(shortener.LINKS))
    monkeypatch.setattr(shortener, "SESSIONS", {SESSION})


@shortener_schema.parametrize()
@pytest.mark.usefixtures("signed_in")
def test_shortener_keeps_its_document(case):
    case.call_and_validate()


@notes_schema.parametrize()
@pytest.mark.usefixtures("database")
def test_notes_keeps_its_document(case):
    case.call_and_validate()
