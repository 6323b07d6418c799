"""An app is imported, or it is said why not."""

import sys

import pytest

from redirflow.cli.report import Broken, report

APP = "from redirflow import App\n{} = App()\n"


def test_the_module_bears_the_name_of_its_file(shop):
    """So tracebacks, `__module__` and pickles look as the author expects."""
    shop.type("check", "shop.py")

    assert sys.modules["shop"].Item.__module__ == "shop"


def test_no_such_module(desk):
    said = desk.type("check", "nowhere.at.all:app")

    assert said == (
        2,
        "",
        "redirflow: error: no module named 'nowhere.at.all', "
        f"neither here ({desk.home}) nor installed\n",
    )


@pytest.mark.parametrize("argument", ["shop:app", "shop.py"])
def test_a_module_that_the_app_misses_is_a_fault_of_the_app(desk, argument):
    desk.write("shop.py", "import nowhere\n")

    assert desk.type("check", argument) == (
        1,
        "",
        "shop.py:1: error: ModuleNotFoundError: No module named 'nowhere'\n"
        "    shop.py:1: import nowhere\n",
    )


def test_a_name_that_is_not_there(desk):
    desk.write("shop.py", APP.format("api"))

    assert desk.type("check", "shop.py") == (
        2,
        "",
        "redirflow: error: shop.py has no 'app'\n    did you mean shop.py:api?\n",
    )


def test_several_apps_under_other_names(desk):
    desk.write("shop.py", APP.format("api") + APP.format("admin"))

    assert desk.type("check", "shop").err == (
        "redirflow: error: shop has no 'app'\n"
        "    it has several Apps, name one: shop:api, shop:admin\n"
    )


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("app = 1", "of type int"),
        ("def app(): ...", "of type function"),
        ("class app: ...", "a class"),
    ],
)
def test_what_is_no_app(desk, written, kind):
    desk.write("shop.py", written)

    assert desk.type("check", "shop.py") == (
        2,
        "",
        f"redirflow: error: shop.py:app is no App, but {kind}\n"
        "    there is no App in it under any name; write: app = App()\n",
    )


def test_a_failing_import_is_told_where_the_author_looks(desk):
    """At the last line of the author's; frames of libraries and of Python are left out."""
    desk.write("shop.py", "import goods\n\ngoods.weigh()\n")
    desk.write("goods.py", "import json\n\n\ndef weigh():\n    return json.loads('{')\n")
    said = desk.type("check", "shop.py")

    assert said.code == 1
    head, *way = said.err.splitlines()
    assert head.startswith("goods.py:5: error: JSONDecodeError: Expecting property name")
    assert way == ["    shop.py:3: goods.weigh()", "    goods.py:5: return json.loads('{')"]


def test_a_deep_traceback_is_cut(desk):
    desk.write("shop.py", "def fall(depth):\n    fall(depth - 1) if depth else 1 / 0\n\nfall(50)")
    said = desk.type("check", "shop.py")

    assert said.err.startswith("shop.py:2: error: ZeroDivisionError: division by zero\n")
    assert len(said.err.splitlines()) == 11


@pytest.mark.parametrize("end", ["raise SystemExit", "raise ValueError"])
def test_an_error_without_words(desk, end):
    desk.write("shop.py", end)

    assert desk.type("check", "shop.py") == (
        1,
        "",
        f"shop.py:1: error: {end[6:]}\n    shop.py:1: {end}\n",
    )


def test_a_syntax_error_shows_its_line(desk):
    desk.write("shop.py", "app = 1\napp = App(\n")

    assert desk.type("check", "shop.py") == (
        1,
        "",
        "shop.py:2: error: SyntaxError: '(' was never closed\n    app = App(\n             ^\n",
    )


def test_a_syntax_error_of_no_file(desk):
    desk.write("shop.py", "raise SyntaxError('no file')")

    assert desk.type("check", "shop.py").err.startswith("shop.py:1: error: SyntaxError: no file\n")


@pytest.mark.parametrize("error", [ValueError("no line"), SyntaxError("no line")])
def test_an_error_without_a_line_of_the_authors(capsys, error):
    """As when a file can't be read at all."""
    assert report(Broken(error)) == 1
    assert capsys.readouterr().err.startswith(f"error: {type(error).__name__}: no line\n")


@pytest.mark.parametrize(
    ("line", "hint"), [("@redirects(303, to=home)", 'to="home"'), ("app.get('/')(home)", None)]
)
def test_a_handler_that_is_defined_further_down(desk, line, hint):
    """Python knows no such name yet, but an app will know the operation by it."""
    desk.write("shop.py", f"from redirflow import *\n\napp = App()\n{line}\ndef home(): ...\n")
    said = desk.type("check", "shop.py").err

    assert said.startswith("shop.py:4: error: NameError: name 'home' is not defined")
    assert (f"    write: {hint}\n" in said) == (hint is not None)


def test_what_a_constructor_refuses(desk):
    """A `SpecError` while importing is told like one found later."""
    desk.write("shop.py", "from redirflow import App\n\napp = App(slashes='maybe')\n")
    said = desk.type("check", "shop.py")

    assert said.code == 1
    assert said.err.startswith("shop.py:3: error: App(slashes='maybe')\n    allowed: ")


@pytest.mark.parametrize("name", ["email.py", "wave.py", "sys.py", "email/app.py"])
def test_a_name_of_pythons_own(desk, name):
    """Were it imported, whoever wants the real one would get the author's."""
    desk.write(name, APP.format("app"))
    desk.write("email/__init__.py", "")
    said = desk.type("check", name)

    assert said.code == 2
    assert "is a module of Python's own" in said.err


def test_a_name_of_something_installed(desk):
    desk.write("msgspec.py", APP.format("app"))
    desk.write("pytest_timeout.py", APP.format("app"))

    for name in ("msgspec", "pytest_timeout"):
        said = desk.type("check", f"{name}.py")
        assert said.code == 2
        assert f"a module {name!r} is installed" in said.err
        assert f"or say that yours is meant: {name}:app\n" in said.err


def test_a_package_may_be_installed_as_well(desk):
    """As in an image that installs the project and holds its source: the named file counts."""
    desk.write("installed/store/__init__.py", "")
    desk.write("installed/store/main.py", "")
    desk.write("store/__init__.py", "")
    desk.write("store/main.py", APP.format("app"))
    sys.path.append(str(desk.home / "installed"))

    assert desk.type("check", "store/main.py").code == 0


def test_a_name_that_is_in_use(desk):
    desk.write("one/shop.py", APP.format("app"))
    desk.write("two/shop.py", APP.format("app"))
    assert desk.type("check", "one/shop.py").code == 0

    sys.path.remove(str(desk.home / "one"))
    said = desk.type("check", "two/shop.py")

    assert said.code == 2
    assert f"'shop' is in use already, from {desk.home / 'one' / 'shop.py'}" in said.err


def test_the_current_directory_is_searched_once(shop):
    for _ in range(2):
        shop.type("check", "shop:app")

    assert sys.path.count(str(shop.home)) == 1
