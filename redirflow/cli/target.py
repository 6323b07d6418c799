"""Which app is meant: an argument, `pyproject.toml`, or a file of the usual name."""

import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from redirflow.cli.report import Misuse

DEFAULT_NAME: Final = "app"

_USUAL_FILES: Final = ("main.py", "app.py")
_WRITTEN: Final = re.compile(r"(?P<where>.+?\.py|[^:]+)(?::(?P<name>[^:]+))?")


class Target(Struct, frozen=True, kw_only=True):
    """Where an app stands. Plain texts, so that it can travel to another process.

    Attributes:
        where: the file or module as it was written, for messages.
        module: the name to import.
        root: the directory where the import begins.
        file: the module's file, if a file was named.
        name: the name of the app in the module, with dots perhaps.
    """

    where: str
    module: str
    root: str
    file: str | None = None
    name: str = DEFAULT_NAME


class _Section(msgspec.Struct):
    app: str | None = None


class _Tool(msgspec.Struct):
    redirflow: _Section = msgspec.field(default_factory=_Section)


class _Project(msgspec.Struct):
    """The part of pyproject.toml that is read."""

    tool: _Tool = msgspec.field(default_factory=_Tool)


def find_target(argument: str | None) -> Target:
    """The app that *argument* names, or the one that is found without it.

    Raises:
        Misuse: there is none.
    """
    if argument is not None:
        return _target(argument, "")
    named = _project().tool.redirflow.app
    if named is not None:
        return _target(named, " (named in pyproject.toml)")
    for file in _USUAL_FILES:
        if Path(file).is_file():
            return _target(file, "")
    raise Misuse(
        "which app? There is no main.py or app.py here, and no pyproject.toml that names one\n"
        "    run: redirflow COMMAND accounts.py\n"
        '    or write, under [tool.redirflow] in pyproject.toml: app = "accounts.py"'
    )


def _project() -> _Project:
    file = Path("pyproject.toml")
    if not file.is_file():
        return _Project()
    try:
        return msgspec.toml.decode(file.read_bytes(), type=_Project)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Misuse(f"pyproject.toml can't be read: {error}") from None


def _target(argument: str, source: str) -> Target:
    """The target that *argument* describes.

    Args:
        source: where the argument was found, for messages.
    """
    parts = _WRITTEN.fullmatch(argument)
    if parts is None:
        raise Misuse(
            f"{argument!r} names no app{source}\n    write: module:app, file.py or file.py:app"
        )
    where, name = parts["where"], parts["name"] or DEFAULT_NAME
    folder = Path(where).is_dir() and not Path(where, "__init__.py").is_file()
    if folder or where.endswith(".py") or where[0] == "." or "/" in where or os.sep in where:
        return _file_target(where, name, source)
    return Target(where=where, module=where, root=os.getcwd(), name=name)


def _file_target(where: str, name: str, source: str) -> Target:
    file = Path(os.path.abspath(where))
    if file.is_dir():
        raise Misuse(
            f"{where} is a directory{source}\n    name the file in it that has the app: "
            f"{os.path.join(where, _usual_file(file))}"
        )
    if file.suffix != ".py" or not file.is_file():
        raise Misuse(f"no such Python file: {where}{source}{_similar(file, where)}")
    if "." in file.stem:
        raise Misuse(f"{where}: a module can't have a dot in its name: rename the file")
    root, module = _module_of(file)
    return Target(where=where, module=module, root=str(root), file=str(file), name=name)


def _usual_file(folder: Path) -> str:
    return next((name for name in _USUAL_FILES if (folder / name).is_file()), "FILE.py")


def _module_of(file: Path) -> tuple[Path, str]:
    """The name of a file's module and where its import begins: a package is imported as one."""
    names = [] if file.stem == "__init__" else [file.stem]
    root = file.parent
    while (root / "__init__.py").is_file():
        names.insert(0, root.name)
        root = root.parent
    return root, ".".join(names)


def _similar(file: Path, where: str) -> str:
    names = [each.name for each in file.parent.glob("*.py")]
    found = get_close_matches(file.name, names, 1)
    return f"\n    did you mean {where.removesuffix(file.name)}{found[0]}?" if found else ""
