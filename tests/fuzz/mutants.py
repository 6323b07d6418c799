"""Change the code in small ways, and see whether the tests notice.

    python tests/fuzz/mutants.py [--jobs 2] [module ...]

A mutant is one change in one module: a comparison turned, a number one larger, a statement left
out. Its tests run in a copy of the project; a mutant that they let live is printed, and is
either a missing test, or code that nobody needs, or a change that means the same. Those of the
last kind stand in `equivalent.txt` with the reason: they are counted apart, and not tried again.
Messages, docstrings and annotations are not changed.
"""

import argparse
import ast
import copy
import importlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pytest

ROOT = Path(__file__).parents[2]
JUDGED = Path(__file__).with_name("equivalent.txt")
GOAL = 0.9
PATIENCE = 10
"""How much longer than the module as it is a mutant may run: one that loops is noticed."""
WIDTH = 78
"""Of a line that is shown."""

FROZEN = "test_architecture.py::test_records_are_frozen"

TESTS = {
    "http/headers": ["http/test_headers.py", "http/test_request.py"],
    "http/cookies": ["http/test_cookies.py"],
    "http/media": [
        "http/test_media.py",
        "serve/test_serve_forms.py",
        "serve/test_serve_streams.py",
    ],
    "http/location": ["http/test_location.py"],
    "http/local_url": ["http/test_location.py"],
    "http/origin": ["http/test_location.py"],
    "http/reference": ["http/test_location.py"],
    "http/accept": ["http/test_accept.py"],
    "http/query": ["http/test_query.py"],
    "routing/router": ["routing/test_match_table.py"],
    "routing/template": ["routing/test_templates.py"],
    "routing/tree": ["routing/test_rules_check.py", "routing/test_graph_of_app.py"],
    "routing/pattern": [
        "routing/test_templates.py",
        "routing/test_rules_check.py",
        "routing/test_graph_of_app.py",
    ],
    "routing/graph": ["routing/test_graph_of_app.py"],
    "routing/chain": [
        "routing/test_rules_check.py",
        "routing/test_rules_served.py",
        "routing/test_tables_served.py",
    ],
    "routing/check": ["routing/test_rules_check.py"],
    "routing/loops": ["routing/test_rules_check.py", FROZEN],
    "routing/settle": ["routing/test_tables_served.py", "routing/test_routing_messages.py"],
    "endpoint/binder": [
        "endpoint/test_binder.py",
        "endpoint/test_wrong_objects.py",
        "endpoint/test_type_hooks.py",
    ],
    "endpoint/plan": ["endpoint/test_plans.py", "endpoint/test_endpoints.py"],
    "endpoint/exact": ["endpoint/test_exact.py"],
    "serve/call": [FROZEN, "serve/test_serve_dependencies.py", "serve/test_serve_scopes.py"],
    "serve/cancelled": ["serve/test_serve_scopes.py"],
    "serve/leaving": ["serve/test_serve_leaving.py", "serve/test_serve_scopes.py"],
    "serve/stream": [FROZEN, "serve/test_serve_streams.py", "serve/test_serve_scopes.py"],
    "serve/gate": [FROZEN, "serve/test_serve_routing.py"],
    "serve/writing": ["serve/test_serve_usual.py", "serve/test_serve_fast.py"],
}
"""Of each module, the tests that are about it."""

SENTENCE = re.compile(r"\w\w+,? [\w']+ \w+")
"""Three words on end make a message."""

TURNED = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.BitOr: ast.BitAnd,
}

PATTERN = re.compile(r"\[.+\]|\(\?|\\\.|\{\d")
SIGNS = {
    r"(?<=[\w.)\]])\+": lambda _: "*",
    r"(?<=[\w.)\]])\*": lambda _: "+",
    r"(?<=[\w.)\]}])\?|\|": lambda _: "",
    r"\(\?!": lambda _: "(?=",
    r"\[\^": lambda _: "[",
    r"(?<=[{,])\d+(?=[,}])": lambda number: str(int(number) + 1),
    r"(?<=\w-)\w": lambda last: chr(ord(last) + 1),
    r"(?<=\\x)[0-9a-e][0-9a-f]": lambda code: f"{int(code, 16) + 1:02x}",
    r"(?<!\\)\w(?=-\w)": lambda first: chr(ord(first) + 1),
}
"""What is changed in a regular expression; one that is none any more is noticed at once."""


def changed(node):
    """What may stand in the place of *node*."""
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                yield _with(node, ops=[*ops[:at], TURNED[type(op)](), *ops[at + 1 :]])
        case ast.BoolOp(op=op) | ast.BinOp(op=op) if type(op) in TURNED:
            yield _with(node, op=TURNED[type(op)]())
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.IfExp() | ast.If() | ast.While() if not _turns(node.test):
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield _with(node, value=ast.Constant(None))
        case ast.Expr(value=ast.Call() | ast.Await() | ast.Yield()) | ast.AugAssign() | ast.Raise():
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str() as value) if not SENTENCE.search(value):
            yield from map(ast.Constant, changed_text(value))
        case ast.Constant(value=bytes() as value):
            for text in changed_text(value.decode("latin-1")):
                yield ast.Constant(text.encode("latin-1"))


def _turns(test):
    """Whether to change *test* itself is to turn it."""
    match test:
        case ast.Compare(ops=[op]):
            return isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn | ast.Is | ast.IsNot)
        case _:
            return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def changed_text(text):
    """What may stand in the place of *text*: of a pattern, other ones."""
    yield f"{text}x"
    if PATTERN.search(text):
        for sign, instead in SIGNS.items():
            for found in re.finditer(sign, text):
                yield f"{text[: found.start()]}{instead(found[0])}{text[found.end() :]}"


def _with(node, **fields):
    twin = copy.copy(node)
    for name, value in fields.items():
        setattr(twin, name, value)
    return twin


UNCHANGED = {"annotation", "returns", "decorator_list", "bases", "type_params", "format_spec"}


def places(node):
    """Every `(parent, field, index, node)` below *node* that may be changed."""
    for field, value in ast.iter_fields(node):
        if field in UNCHANGED:
            continue
        several = isinstance(value, list)
        for index, child in enumerate(value if several else [value]):
            if not isinstance(child, ast.AST) or _is_said(node, child) or _is_named(child):
                continue
            yield node, field, index if several else None, child
            if not isinstance(child, ast.Raise | ast.TypeAlias | ast.Import):
                yield from places(child)


if not hasattr(ast, "TypeAlias"):  # Python 3.11
    ast.TypeAlias = type("TypeAlias", (ast.stmt,), {})


def _is_said(parent, child):
    """Whether *child* is a docstring, or the type in a `cast`."""
    match parent:
        case ast.Call(func=ast.Name(id="cast")):
            return child is parent.args[0]
        case _:
            return isinstance(parent, ast.Expr) and isinstance(child, ast.Constant)


def _is_named(node):
    """Whether *node* is read by type checkers only: `TypeVar("T")`, `Name: TypeAlias = ...`."""
    match node:
        case ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec")):
            return True
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True
        case _:
            return False


class Mutant(NamedTuple):
    """One change: where it stands, how it reads, and the whole module with it."""

    line: int
    what: str
    source: str


def mutants(source):
    """Every mutant of *source*."""
    tree = ast.parse(source)
    before = ast.unparse(tree)
    for parent, field, index, node in list(places(tree)):
        for other in changed(node):
            _put(parent, field, index, ast.copy_location(other, node))
            ast.fix_missing_locations(tree)
            after = ast.unparse(tree)
            yield Mutant(node.lineno, _difference(before, after), after)
            _put(parent, field, index, node)


def _put(parent, field, index, node):
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _difference(before, after):
    """The line that differs, before and after; of a long one what is around the change."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    old, new = next((old.strip(), new.strip()) for old, new in pairs if old != new)
    if len(old) > WIDTH:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))
        start = max(len([*same]) - WIDTH // 2, 0)
        old, new = (line[start:][:WIDTH] for line in (old, new))
    return f"{old}  ->  {new}"


def judged(module):
    """The mutants of *module* that were judged to mean the same."""
    lines = JUDGED.read_text().splitlines()
    return {line.removeprefix(f"{module}: ") for line in lines if line.startswith(f"{module}: ")}


def noticed(folder, module, source, tests, patience):
    """Whether *tests* fail with *source* as *module*, in the copy at *folder*."""
    place = folder / "redirflow" / f"{module}.py"
    place.write_text(source)
    for compiled in place.parent.glob(f"__pycache__/{place.stem}.*"):
        compiled.unlink()
    child = os.fork()
    if not child:
        _test(folder, tests)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status != 0
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _test(folder, tests):
    """Run the tests, in a fork that is good for nothing else."""
    os.chdir(folder)
    sys.path[:] = [str(folder), *(path for path in sys.path if path not in {"", str(ROOT)})]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    options = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", "--hypothesis-profile=fast"]
    try:
        ended = int(pytest.main([*options, *(f"tests/{test}" for test in tests)]))
        (folder / "loaded").write_text("\n".join(_foreign(folder)))
        os._exit(ended)
    finally:
        os._exit(9)


def _foreign(folder):
    """The modules that are loaded and not of this project."""
    for name, module in [*sys.modules.items()]:
        place = getattr(module, "__file__", None)
        if place and not place.startswith((str(folder), str(ROOT))):
            yield name


def warm(folder):
    """Load what the tests loaded, so that the forks to come have it."""
    with warnings.catch_warnings(action="ignore"):
        for name in (folder / "loaded").read_text().splitlines():
            with suppress(Exception):
                importlib.import_module(name)


def copied(folder):
    """A copy of what the tests need."""
    for name in ("redirflow", "tests", "examples"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / name, folder)
    return folder


def judge(module, jobs):
    """Print the survivors of one module, and the score; gives the score."""
    source = (ROOT / "redirflow" / f"{module}.py").read_text()
    same = judged(module)
    every = [*mutants(source)]
    tried = [mutant for mutant in every if mutant.what not in same]
    for what in same - {mutant.what for mutant in every}:
        say(f"{JUDGED.name}: no mutant any more: {module}: {what}")
    survivors = 0
    for mutant in surviving(module, source, tried, jobs):
        survivors += 1
        say(f"redirflow/{module}.py:{mutant.line}: {mutant.what}")
    score = 1 - survivors / len(tried)
    say(
        f"{module}: {len(tried) - survivors} of {len(tried)} noticed, {score:.0%}; "
        f"{len(every) - len(tried)} more mean the same"
    )
    return score


def surviving(module, source, tried, jobs):
    """Those of *tried* that the tests of *module* do not notice."""
    tests = TESTS[module]
    with tempfile.TemporaryDirectory(prefix="mutants") as base, ThreadPoolExecutor(jobs) as pool:
        folders = [copied(Path(base) / str(number)) for number in range(jobs)]
        begun = time.monotonic()
        if noticed(folders[0], module, ast.unparse(ast.parse(source)), tests, 600):
            sys.exit(f"the tests of {module} fail as it is")
        patience = PATIENCE * (time.monotonic() - begun)
        warm(folders[0])

        def lives(mutant):
            folder = folders.pop()
            try:
                return not noticed(folder, module, mutant.source, tests, patience)
            finally:
                folders.append(folder)

        for mutant, alive in zip(tried, pool.map(lives, tried), strict=True):
            if alive:
                yield mutant


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


# Nothing is made smaller, kept, or measured: that it fails is all there is to know.
hypothesis.settings.register_profile(
    "fast",
    deadline=None,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="module", help=", ".join(TESTS))
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    scores = [judge(module, options.jobs) for module in options.modules or TESTS]
    sys.exit(min(scores) < GOAL)
