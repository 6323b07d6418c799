"""Which app is meant, and what is said when there is none."""

import sys
from pathlib import Path

import pytest

from redirflow.cli.target import Target, find_target


@pytest.mark.parametrize("argument", ["shop.py", "shop.py:app", "./shop.py", "shop", "shop:app"])
def test_every_way_to_name_an_app(shop, argument):
    where = argument.removesuffix(":app")

    assert shop.type("check", argument) == (
        0,
        f"{where}: 2 operations, 1 redirect, no faults\n",
        "",
    )


@pytest.mark.parametrize("argument", ["shop.py:api", "shop:api", "shop:holder.api"])
def test_an_app_by_another_name(desk, argument):
    desk.write("shop.py", "from redirflow import App\napi = App()\nclass holder:\n    api = api\n")

    assert desk.type("check", argument).code == 0


@pytest.mark.parametrize("argument", ["C:/work/shop.py:api", "./shop.py:api", "shop.py:api"])
def test_a_colon_before_the_file_is_no_name(desk, argument):
    desk.write(argument.removesuffix(":api"), "")
    target = find_target(argument)

    assert (target.module, target.name) == ("shop", "api")


def test_a_file_is_imported_from_its_own_directory(desk):
    """So modules beside it are found, and its own name is the natural one."""
    desk.write("deep/goods.py", "NAMES = ['tea']")
    desk.write("deep/store.py", "from goods import NAMES\nfrom redirflow import App\napp = App()")

    assert desk.type("check", "deep/store.py").code == 0
    assert sys.modules["store"].NAMES == ["tea"]


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("store/web/main.py", "store.web.main"),
        ("store/web/__init__.py", "store.web"),
        ("store/other/main.py", "main"),
    ],
)
def test_a_file_of_a_package_is_imported_as_such(desk, file, module):
    """So its relative imports work."""
    for name in ("store/__init__.py", "store/web/__init__.py", "store/other/main.py", file):
        desk.write(name, "")
    root = desk.home / ("store/other" if module == "main" else "")

    assert find_target(file) == Target(
        where=file, module=module, root=str(root), file=str(desk.home / file)
    )


def test_pyproject_names_the_app(shop):
    shop.write("main.py", "raise SystemExit('not me')")
    shop.write("pyproject.toml", '[tool.redirflow]\napp = "shop:app"\n[tool.other]\nx = 1')

    assert shop.type("check").out.startswith("shop: ")


@pytest.mark.parametrize("files", [["main.py"], ["app.py"], ["main.py", "app.py"]])
def test_the_usual_files_need_no_name(shop, files):
    for file in files:
        shop.write(file, (shop.home / "shop.py").read_text())
    shop.write("pyproject.toml", "[project]\nname = 'shop'")

    assert shop.type("check").out.startswith(f"{files[0]}: ")


def test_no_app_at_all(desk):
    said = desk.type("check")

    assert said.code == 2
    assert said.err.startswith("redirflow: error: which app? There is no main.py or app.py here")
    assert 'app = "accounts.py"' in said.err


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[tool.redirflow", "pyproject.toml can't be read: "),
        ("[tool.redirflow]\napp = 1", "Expected `str | null`, got `int` - at `$.tool.redirflow"),
        ("[tool.redirflow]\napp = 'ship.py'", "no such Python file: ship.py (named in pyproject"),
        ("[tool.redirflow]\napp = ':'", "':' names no app (named in pyproject.toml)"),
    ],
)
def test_a_pyproject_that_does_not_help(desk, written, told):
    desk.write("pyproject.toml", written)
    said = desk.type("check")

    assert said.code == 2
    assert told in said.err


def test_a_pyproject_that_is_no_text(desk):
    (desk.home / "pyproject.toml").write_bytes(b"\xff")

    assert "pyproject.toml can't be read" in desk.type("check").err


@pytest.mark.parametrize("argument", ["", ":", ":app", "a:b:c"])
def test_what_names_no_app(desk, argument):
    assert desk.type("check", argument) == (
        2,
        "",
        f"redirflow: error: {argument!r} names no app\n"
        "    write: module:app, file.py or file.py:app\n",
    )


def test_a_misspelt_file(shop):
    assert shop.type("check", "./shpo.py:app") == (
        2,
        "",
        "redirflow: error: no such Python file: ./shpo.py\n    did you mean ./shop.py?\n",
    )


@pytest.mark.parametrize("argument", ["nowhere/at/all.py", "some/where"])
def test_a_file_that_is_not_there(desk, argument):
    assert desk.type("check", argument) == (
        2,
        "",
        f"redirflow: error: no such Python file: {argument}\n",
    )


@pytest.mark.parametrize(
    ("argument", "write"),
    [(".", "./app.py"), ("deep/", "deep/FILE.py"), ("./deep", "./deep/FILE.py")],
)
def test_a_directory_is_no_app(desk, argument, write):
    Path("deep").mkdir()
    desk.write("app.py", "")

    assert desk.type("check", argument) == (
        2,
        "",
        f"redirflow: error: {argument} is a directory\n"
        f"    name the file in it that has the app: {write}\n",
    )


def test_a_file_whose_name_is_no_module(desk):
    desk.write("shop.v2.py", "")
    said = desk.type("check", "shop.v2.py")

    assert said.code == 2
    assert "a module can't have a dot in its name: rename the file" in said.err
