"""Advice from the source of handlers and dependencies.

`tricky_handlers.py` holds what nobody is warned of, `wrong_handlers.py` what everybody is.
"""

import argparse
import asyncio
import importlib.util
import inspect
import linecache
import logging
import re
import shutil
import sys
import warnings as filters
from pathlib import Path

import pytest
import tricky_handlers
import wrong_handlers

from redirflow import App, Fault, NotFound, Place
from redirflow.cli.check import warnings_of
from redirflow.endpoint.advice.flow import Readings
from redirflow.endpoint.advice.hearing import source_warnings, warnings_of_some
from redirflow.endpoint.advice.quiet import is_quiet

TRICKY = [app for app in vars(tricky_handlers).values() if isinstance(app, App)]
WARNING = re.compile(r" *# warns: (.*)")
DETAIL = re.compile(r" *#     (.*)")


def warnings(app):
    return source_warnings(app.compile().endpoints.values())


def told(warning):
    return warning.place.line, str(warning).partition(": warning: ")[2]


def expected(module):
    """What the comments of a file tell: the line below them, and the text."""
    texts, above = [], 0
    for number, line in enumerate(Path(module.__file__).read_text().splitlines(), 1):
        if found := WARNING.match(line):
            texts.append([found[1].replace("{above}", str(above))])
        elif texts and (found := DETAIL.match(line)):
            texts[-1].append(f"    {found[1]}")
        else:
            yield from ((number, "\n".join(text)) for text in texts)
            texts, above = [], number


def requests(*apps):
    """Each operation, with a path that it answers at."""
    for app in apps:
        for operation in app.compile().endpoints:
            path = re.sub(r"\{.*?\}", "1", operation.path)
            yield pytest.param(app, operation.method, path, id=f"{operation.method} {path}")


async def status_of(app, method, path):
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b""}
    await app({**scope, "headers": [(b"host", b"testserver")]}, receive, send)
    return sent[0]["status"]


# --- the two collections ---------------------------------------------------------------------


@pytest.mark.parametrize("app", TRICKY)
def test_nobody_is_warned_without_a_reason(app):
    assert [str(warning) for warning in warnings(app)] == []


def test_tricky_handlers_are_many_and_can_be_read():
    """That there are no warnings because nothing is read would prove nothing."""
    handlers = [endpoint.handler for app in TRICKY for endpoint in app.compile().endpoints.values()]
    readings = Readings()

    assert len(handlers) > 140
    assert [handler.name for handler in handlers if not readings.of(handler.function)] == [
        "cached",
        "from_a_text",
    ]


@pytest.mark.parametrize(("app", "method", "path"), [*requests(*TRICKY)])
def test_tricky_handlers_do_what_they_declare(app, method, path):
    """The collection is honest: the runtime finds nothing wrong with them either."""
    if path == "/shadow/unbound":
        tricky_handlers.answer_late()

    assert asyncio.run(status_of(app, method, path)) < 500


def test_everybody_is_warned_who_is_wrong():
    """The whole text of each warning, at its line, and once."""
    found = warnings(wrong_handlers.app)

    assert len(found) > 80
    assert sorted(expected(wrong_handlers)) == sorted(map(told, found))
    assert {wrong_handlers.__file__} == {warning.place.file for warning in found}
    assert {"warning"} == {warning.severity for warning in found}


@pytest.mark.parametrize(
    ("app", "method", "path"),
    [
        each
        for each in requests(wrong_handlers.app)
        if not each.id.startswith(("GET /unsent", "GET /swallowed"))
    ],
)
def test_wrong_handlers_break_their_contract(app, method, path, caplog):
    """The collection is honest: what is warned of is a 500, logged once."""
    caplog.set_level(logging.ERROR, "redirflow")
    status = asyncio.run(status_of(app, method, path))
    right = {"/", "/things/1", "/things/1/parts", "/twice/a", "/twice/b"}

    assert (200, 0) if path in right else (status, len(caplog.records)) == (500, 1)


def test_check_tells_them():
    found = warnings_of(wrong_handlers.app.compile())

    assert set(warnings(wrong_handlers.app)) <= set(found)


# --- beside operations that are at fault -----------------------------------------------------


@pytest.mark.parametrize("app", TRICKY)
def test_nobody_is_warned_without_a_reason_beside_others(app):
    assert warnings_of_some(app.compile().endpoints.values()) == []


def test_what_is_told_of_some_operations_does_not_depend_on_the_others():
    endpoints = wrong_handlers.app.compile().endpoints.values()
    alone = {warning for endpoint in endpoints for warning in warnings_of_some([endpoint])}

    assert len(alone) > 50
    assert alone == {*warnings_of_some(endpoints)} < {*warnings(wrong_handlers.app)}


def test_where_a_line_leads_is_not_told_beside_others():
    told = warnings_of_some(wrong_handlers.app.compile().endpoints.values())
    led = re.compile(r" (redirects|reroutes|links) to |, but no line of it ")

    assert [warning.found for warning in told if led.search(warning.found)] == []


# --- source that can't be believed, or is hard to read ---------------------------------------

SHOP = """\
from typing import Never

from redirflow import App, NotFound

app = App()


@app.get("/")
async def handler() -> int:
    raise NotFound
"""


@pytest.fixture
def module(tmp_path):
    """`module(text)` writes a file and imports it."""

    def imported(text, name="shop"):
        file = tmp_path / f"{name}.py"
        file.write_text(text)
        spec = importlib.util.spec_from_file_location(name, file)
        made = importlib.util.module_from_spec(spec)
        with filters.catch_warnings():
            filters.simplefilter("ignore", SyntaxWarning)
            spec.loader.exec_module(made)
        return made

    return imported


def test_a_file_that_did_not_change(module):
    shop = module(SHOP)
    place = Place(shop.__file__, 10)

    assert [
        Fault(
            "handler raises NotFound (404), which is not declared",
            write="@raises(NotFound)",
            place=place,
            severity="warning",
        )
    ] == warnings(shop.app)


@pytest.mark.parametrize(
    "text",
    [
        SHOP.replace("raise NotFound", "raise NotFound if app else ValueError"),
        SHOP.replace("\n\n\n", "\n\n\n\n"),
        SHOP.replace("handler", "renamed"),
        SHOP.replace("raise NotFound", 'raise NotFound("with other constants")'),
        SHOP.replace("raise NotFound", "raise (lambda: NotFound)()"),
        SHOP[:60],
        SHOP + "\n)",
        SHOP + "\x00",
        "",
        None,
    ],
    ids=["body", "lines", "name", "constants", "inner", "cut", "broken", "nul", "empty", "gone"],
)
def test_a_file_that_changed_since_its_import(module, text):
    """Whatever stands at the line now is not what runs."""
    shop = module(SHOP)
    if text is None:
        Path(shop.__file__).unlink()
    else:
        Path(shop.__file__).write_text(text)

    assert warnings(shop.app) == []


def test_a_file_that_changed_without_effect(module):
    """The lines are those of the file as it is now."""
    shop = module(SHOP)
    Path(shop.__file__).write_text(SHOP.replace("    raise", "    # a word of warning\n    raise"))

    assert [warning.place.line for warning in warnings(shop.app)] == [11]


def test_lines_are_right_whatever_stands_around_them(module):
    """Tabs, a form feed, wide characters, strings and decorators over several lines."""
    text = '''\
# -*- coding: utf-8 -*-
from redirflow import App, NotFound, Conflict, raises; import http; app = App()
\f
class Ctrl:
\t"""Über mehrere
\t\tZeilen: 🦊
\t"""
\t@app.get(
\t\t"/größe"
\t)
\t@(
\t\traises(Conflict)
\t)
\t@staticmethod
\tasync def größe(a: "int" = 1, *,
\t                b: int = (
\t\t2
\t)) -> int:
\t\t"""docstring
over several lines"""; x = "\\
"
\t\tif a: raise NotFound(f"""{
a}"""
\t\t\t)
\t\tif b: \\
\t\t\traise http.HTTPStatus; raise Conflict
\t\treturn x
'''
    shop = module(text)
    line = text.split("\n").index("\t\tif a: raise NotFound(f" + '"""{') + 1

    assert [line] == [warning.place.line for warning in warnings(shop.app)]


@pytest.mark.parametrize(
    "body",
    ["raise NotFound()" + ".with_headers({})" * 600, f"return {' + '.join(['1'] * 1200)}"],
    ids=["calls", "sum"],
)
def test_lines_that_are_too_deep_to_be_followed(module, body):
    """What can't be followed to its end is left alone."""
    text = SHOP.replace("import App", "import App, raises, Conflict")
    text = text.replace("async def", "@raises(Conflict)\nasync def").replace("raise NotFound", body)
    text += '\n\n@app.get("/other")\nasync def other() -> int:\n    raise Conflict\n'

    assert [warning.found.partition(" ")[0] for warning in warnings(module(text).app)] == ["other"]


@pytest.mark.parametrize(
    "body",
    [
        "try: raise NotFound\n    finally: return 1",
        "try: return NotFound()\n    finally: return 1",
        "while app:\n        try: raise NotFound\n        finally: break\n    return 1",
        "try: pass\n    finally: return 1\n    raise NotFound",
    ],
)
def test_an_exit_from_finally_overtakes_what_was_raised(module, body):
    """Python 3.14 warns of it, so it is not among the tricky handlers."""
    shop = module(SHOP.replace("raise NotFound", body))

    assert warnings(shop.app) == []
    assert asyncio.run(status_of(shop.app, "GET", "/")) == 200


def test_a_prompt_has_no_source_unless_it_keeps_its_lines():
    names = {"app": App(), "NotFound": NotFound}
    lines = "@app.get('/')\nasync def handler() -> int:\n    raise NotFound\n"
    exec(compile(lines, "<prompt-1>", "exec"), names)

    assert warnings(names["app"]) == []
    linecache.cache["<prompt-1>"] = (
        len(lines),
        None,
        lines.splitlines(keepends=True),
        "<prompt-1>",
    )
    assert [warning.place.line for warning in warnings(names["app"])] == [3]


def test_text_that_pretends_to_be_a_file(module):
    shop = module(SHOP)
    app = App()
    names = {"app": app, "NotFound": NotFound}
    exec(
        compile(
            "\n" * 7 + '@app.get("/")\nasync def handler() -> int: return 1', shop.__file__, "exec"
        ),
        names,
    )

    assert warnings(app) == []


def test_a_function_whose_source_warns_by_itself(module):
    """An invalid escape in someone's file is not ours to tell, or to fail at."""
    text = SHOP + '\n\nPATTERN = "a"\n'
    shop = module(text)
    Path(shop.__file__).write_text(text.replace('"a"', r'"\d"'))

    assert [warning.place.line for warning in warnings(shop.app)] == [10]


# --- any function at all ---------------------------------------------------------------------


def functions_of(module):
    for value in [*vars(module).values()]:
        if getattr(value, "__module__", None) == module.__name__ and callable(value):
            yield value
            yield from filter(callable, vars(value).values() if inspect.isclass(value) else ())


def test_any_source_can_be_read():
    """Nothing is raised, whatever the function is."""
    ours = [each for name, each in sys.modules.items() if name.startswith("redirflow.")]
    modules = [*ours, argparse, shutil]
    functions = [each for module in modules for each in functions_of(module)]
    readings = Readings()
    read = [reading for function in functions for reading in readings.of(function)]
    quiet = [is_quiet(reading.source, ()) for reading in read]

    assert len(read) > 700
    assert {*quiet} == {True, False}
