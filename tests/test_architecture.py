"""The house of redirflow: each module stands on a floor, and imports only go downstairs.

`FLOORS` is the rule and the reading order, from the roof down. An import counts wherever it
stands, under TYPE_CHECKING and inside functions too: what a module must know of another one
does not depend on when it is read. What stands on one floor in one folder may know its
neighbours, though not in a circle.
"""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FLOORS = [
    ["redirflow", "redirflow.__main__"],
    ["redirflow.cli"],
    ["redirflow.testing"],
    ["redirflow.app"],
    ["redirflow.router"],
    ["redirflow.serve"],
    ["redirflow.docs"],
    ["redirflow.compile"],
    ["redirflow.openapi"],
    ["redirflow.endpoint", "redirflow.routing"],
    ["redirflow.declare"],
    ["redirflow.http"],
]
DEPTH = {room: depth for depth, rooms in enumerate(FLOORS) for room in rooms}

ACROSS = {"redirflow.endpoint": {"redirflow.routing.router", "redirflow.routing.template"}}
"""The one door between rooms on a floor: an endpoint knows its template, and asks who answers."""

CHANGING = {
    "redirflow.router": {"Collected"},
    "redirflow.cli.target": {"_Project", "_Section", "_Tool"},
    "redirflow.declare.errors": {"ErrorDetail"},
    "redirflow.declare.formats": {"ErrorBody"},
    "redirflow.endpoint.steps": {"_Flattening"},
    "redirflow.routing.router": {"Node"},
    "redirflow.routing.sheet": {"Sheet"},
    "redirflow.serve.call": {"_Job"},
}
"""Records that are not frozen: what grows while it is made, and what nobody keeps."""


def module_name(file):
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(file): file for file in sorted((ROOT / "redirflow").rglob("*.py"))}


def room_of(module):
    """The nearest of a module and its parents that `FLOORS` lists; the roof is nobody's parent."""
    while module not in DEPTH and "." in module:
        module = module.rpartition(".")[0]
    return module


def imported(source):
    """Each import of a module of ours in *source*, as `(module, line)`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: spell the import out"
            named = [_imported_from(node.module, alias.name) for alias in node.names]
        else:
            continue
        yield from ((name, node.lineno) for name in named if name in MODULES)


def _imported_from(module, name):
    """`from a import b` imports `a.b` if that is a module, else something that `a` holds."""
    return f"{module}.{name}" if f"{module}.{name}" in MODULES else module


def allowed(importer, imported):
    here, there = room_of(importer), room_of(imported)
    if here == there or imported in ACROSS.get(here, ()):
        return True
    return DEPTH[here] < DEPTH[there]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_place(module):
    """A new folder or a new file beside `app.py` is given a floor in `FLOORS` first."""
    room = room_of(module)

    assert room == module or room != "redirflow", f"{MODULES[module]} stands on no floor"


@pytest.mark.parametrize("room", DEPTH)
def test_the_page_about_the_house_tells_what_a_room_is_for(room):
    name = "__init__" if room == "redirflow" else room.removeprefix("redirflow.")
    page = (ROOT / "ARCHITECTURE.md").read_text()
    floors = [line for line in page.splitlines() if line.startswith("| `")]

    assert any(f"`{name}`" in line.split("|")[1] for line in floors)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downstairs(module):
    upstairs = [
        f"{MODULES[module].relative_to(ROOT)}:{line} imports {name}"
        for name, line in imported(MODULES[module].read_text())
        if not allowed(module, name)
    ]

    assert upstairs == []


def changing(source):
    """The name of each record in *source* that is not frozen."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
            options = {option.arg: ast.unparse(option.value) for option in node.keywords}
            if "Struct" in bases and options.get("frozen") != "True":
                yield node.name


def test_records_are_frozen():
    """What one floor made, no other one changes."""
    found = {module: {*changing(file.read_text())} for module, file in MODULES.items()}

    assert {module: names for module, names in found.items() if names} == CHANGING


@pytest.mark.parametrize("room", DEPTH)
def test_neighbours_do_not_import_in_a_circle(room):
    neighbours = [module for module in MODULES if room_of(module) == room]
    graph = {
        module: {name for name, _ in imported(MODULES[module].read_text()) if name in neighbours}
        for module in neighbours
    }

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize(
    ("importer", "imported", "verdict"),
    [
        ("redirflow.app", "redirflow.http.types", True),
        ("redirflow.http.types", "redirflow.declare.specs", False),
        ("redirflow.declare.specs", "redirflow.declare.faults", True),
        ("redirflow.endpoint.endpoint", "redirflow.routing.template", True),
        ("redirflow.routing.router", "redirflow.endpoint.endpoint", False),
        ("redirflow.cli.load", "redirflow", False),
        ("redirflow", "redirflow.app", True),
    ],
)
def test_the_rule(importer, imported, verdict):
    assert verdict is allowed(importer, imported)


@pytest.mark.parametrize(
    "source",
    [
        "import redirflow.app",
        "import json, redirflow.app as roof",
        "from redirflow import app",
        "from redirflow.app import App",
        "if TYPE_CHECKING:\n    from redirflow.app import App",
        "def late():\n    from redirflow.app import App",
        "try:\n    import redirflow.app\nexcept ImportError:\n    pass",
    ],
)
def test_an_import_is_seen_wherever_it_stands(source):
    assert [name for name, _ in imported(source)] == ["redirflow.app"]


def test_a_public_name_is_imported_from_the_roof():
    """A module of the package takes things from where they are, not from the public names."""
    assert [*imported("from redirflow import Redirect")] == [("redirflow", 1)]
