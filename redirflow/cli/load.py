"""The app that a target describes: its module is imported, its name looked up."""

import importlib
import os.path
import sys
from importlib.machinery import PathFinder
from types import ModuleType

from redirflow.app import App
from redirflow.cli.report import Broken, Misuse
from redirflow.cli.target import Target
from redirflow.declare.faults import SpecError


def load(target: Target) -> App:
    """Import the app of *target*.

    Raises:
        Misuse: the module is not there, or the name in it is no App.
        Broken: the module fails.
        SpecError: the module declares what can be refused at once.
    """
    _refuse_taken_names(target)
    return _app_in(_imported(target), target)


def _refuse_taken_names(target: Target) -> None:
    """A file named like a module of someone else's would stand in its way once it can be found."""
    if target.file is None:
        return
    top, _, inner = target.module.partition(".")
    if top in sys.stdlib_module_names:
        raise Misuse(
            f"{target.where}: {top!r} is a module of Python's own, and what imports it would get "
            "yours\n    rename it"
        )
    other = None if inner else _installed(top, target.root)
    if other is not None:
        raise Misuse(
            f"{target.where}: a module {top!r} is installed ({other}), and what imports it would "
            f"get yours\n    rename the file; or say that yours is meant: {top}:{target.name}"
        )


def _installed(module: str, root: str) -> str | None:
    """The file of an installed module, if there is one of that name."""
    own = {os.path.realpath(root), os.path.realpath(".")}
    paths = [path for path in sys.path if os.path.realpath(path) not in own]
    spec = PathFinder.find_spec(module, paths)
    return spec.origin if spec else None


def _imported(target: Target) -> ModuleType:
    if target.root not in sys.path:
        sys.path.insert(0, target.root)
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(target.module)
    except SpecError:
        raise
    except (Exception, SystemExit) as error:
        if target.file is None and _is_missing(target.module, error):
            raise Misuse(_no_module(target)) from None
        raise Broken(error) from error
    _refuse_another_file(module, target)
    return module


def _is_missing(module: str, error: BaseException) -> bool:
    """Whether *error* says that *module* or a package around it is not there."""
    return isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")


def _no_module(target: Target) -> str:
    return f"no module named {target.module!r}, neither here ({target.root}) nor installed"


def _refuse_another_file(module: ModuleType, target: Target) -> None:
    """The name was imported before, as a part of something else."""
    file = module.__file__ or ""
    if target.file is not None and os.path.realpath(file) != os.path.realpath(target.file):
        raise Misuse(
            f"{target.where}: the module {module.__name__!r} is in use already, from {file}\n"
            "    rename the file"
        )


def _app_in(module: ModuleType, target: Target) -> App:
    found: object = module
    for name in target.name.split("."):
        if not hasattr(found, name):
            raise Misuse(f"{target.where} has no {target.name!r}{_suggestion(module, target)}")
        found = getattr(found, name)
    if not isinstance(found, App):
        kind = "a class" if isinstance(found, type) else f"of type {type(found).__name__}"
        raise Misuse(
            f"{target.where}:{target.name} is no App, but {kind}{_suggestion(module, target)}"
        )
    return found


def _suggestion(module: ModuleType, target: Target) -> str:
    """What to type instead, or to write."""
    names = [name for name, value in vars(module).items() if isinstance(value, App)]
    choice = [f"{target.where}:{name}" for name in names]
    if len(choice) == 1:
        return f"\n    did you mean {choice[0]}?"
    if choice:
        return f"\n    it has several Apps, name one: {', '.join(choice)}"
    return "\n    there is no App in it under any name; write: app = App()"
