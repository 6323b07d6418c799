"""The names that other frameworks use: the error says what is written here."""

import importlib

import pytest

import redirflow
from redirflow import App, BackgroundTasks, Router
from redirflow.http import foreign
from redirflow.http.request import Request


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("HTTPException", "raise NotFound(), declared by @raises(NotFound)"),
        ("APIRouter", "Router"),
        ("BaseModel", "msgspec.Struct"),
    ],
)
def test_an_import_says_what_to_write(name, write):
    with pytest.raises(ImportError) as caught:
        exec(f"from redirflow import {name}")

    assert str(caught.value) == f"redirflow has no {name}; write: {write}"


def test_any_other_name_is_missing_as_from_every_module():
    assert not hasattr(redirflow, "Nothing")
    with pytest.raises(ImportError, match="cannot import name 'Nothing' from 'redirflow'"):
        exec("from redirflow import Nothing")
    assert importlib.import_module("redirflow.testing")


def request():
    return Request({}, None, max_body_size=0, links=None)


@pytest.mark.parametrize(
    ("make", "name", "write"),
    [
        (App, "add_middleware", "App(middleware=[factory]), where factory(app) is an ASGI app"),
        (App, "include", "include_router(router)"),
        (Router, "add_api_route", 'route(path, methods=["GET"])(handler)'),
        (BackgroundTasks, "add_task", "add(function, ...)"),
        (request, "query_params", "query"),
    ],
)
def test_an_attribute_says_what_to_write(make, name, write):
    thing = make()
    with pytest.raises(AttributeError) as caught:
        getattr(thing, name)

    owner = type(thing).__name__
    assert str(caught.value) == f"'{owner}' object has no attribute '{name}'; write: {write}"
    with pytest.raises(AttributeError, match=f"^'{owner}' object has no attribute 'nothing'$"):
        _ = thing.nothing


@pytest.mark.parametrize("owner", [redirflow, App, BackgroundTasks, Request])
def test_what_is_foreign_is_not_our_own(owner):
    known = {"App": "Router"}.get(owner.__name__, owner.__name__)

    assert not set(foreign._NAMES[known]) & {*vars(owner), *dir(owner)}
