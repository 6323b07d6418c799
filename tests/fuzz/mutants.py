"""Change the code in small ways, and see whether the tests notice.

    python tests/fuzz/mutants.py [--jobs 2] [module ...]

A mutant is one change in one module: a comparison turned, a number one larger, a statement left
out. Its tests run in a copy of the project; a mutant that they let live is printed, and is
either a missing test or a change that means the same. Messages, docstrings and annotations are
not changed.
"""

import argparse
import ast
import copy
import os
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOAL = 0.9
PATIENCE = 120

TESTS = {
    "http/headers": ["http/test_headers.py", "http/test_request.py"],
    "http/cookies": ["http/test_cookies.py"],
    "http/media": [
        "http/test_media.py",
        "http/test_accept.py",
        "openapi",
        "serve/test_serve_forms.py",
    ],
    "http/location": ["http/test_location.py"],
    "http/local_url": ["http/test_location.py"],
    "http/origin": ["http/test_location.py"],
    "http/reference": ["http/test_location.py"],
    "routing/router": ["routing/test_match_table.py"],
    "routing/graph": ["routing"],
    "endpoint/binder": ["endpoint/test_binder.py", "serve/test_serve_forms.py"],
    "endpoint/plan": ["endpoint", "serve/test_serve_signals.py"],
}
"""Of each module, the tests that are about it."""

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


def changed(node):
    """What may stand in the place of *node*."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in TURNED:
            yield _with(node, ops=[TURNED[type(op)]()])
        case ast.BoolOp(op=op) | ast.BinOp(op=op) if type(op) in TURNED:
            yield _with(node, op=TURNED[type(op)]())
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.IfExp() | ast.If() | ast.While():
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
        case ast.Return(value=ast.expr() as value) if not _is_none(value):
            yield _with(node, value=ast.Constant(None))
        case ast.Expr(value=ast.Call() | ast.Await() | ast.Yield()) | ast.AugAssign() | ast.Raise():
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str() as value):
            yield ast.Constant(value + "x" if value else "x")
        case ast.Constant(value=bytes() as value):
            yield ast.Constant(value + b"x")


def _with(node, **fields):
    twin = copy.copy(node)
    for name, value in fields.items():
        setattr(twin, name, value)
    return twin


def _is_none(node):
    return isinstance(node, ast.Constant) and node.value is None


def places(node):
    """Every `(parent, field, index, node)` below *node* that may be changed."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "bases", "type_params"}:
            continue
        several = isinstance(value, list)
        for index, child in enumerate(value if several else [value]):
            if not isinstance(child, ast.AST) or _is_said(node, child) or _is_named(child):
                continue
            yield node, field, index if several else None, child
            if not isinstance(child, ast.Raise | ast.JoinedStr | ast.TypeAlias | ast.Import):
                yield from places(child)


if not hasattr(ast, "TypeAlias"):  # Python 3.11
    ast.TypeAlias = type("TypeAlias", (ast.stmt,), {})


def _is_said(parent, child):
    """Whether *child* is a docstring."""
    return isinstance(parent, ast.Expr) and isinstance(child, ast.Constant)


def _is_named(node):
    """Whether *node* says a name once more, as `TypeVar("T")` does."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"TypeVar", "ParamSpec"}


def mutants(source):
    """Every `(line, what, source)` of one change to *source*."""
    tree = ast.parse(source)
    for parent, field, index, node in list(places(tree)):
        for other in changed(node):
            _put(parent, field, index, ast.copy_location(other, node))
            ast.fix_missing_locations(tree)
            yield node.lineno, f"{_shown(node)}  ->  {_shown(other)}", ast.unparse(tree)
            _put(parent, field, index, node)


def _put(parent, field, index, node):
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _shown(node):
    return ast.unparse(node).partition("\n")[0][:90]


def noticed(folder, module, source, tests):
    """Whether *tests* fail with *source* as *module*, in the copy at *folder*."""
    place = folder / "redirflow" / f"{module}.py"
    place.write_text(source)
    shutil.rmtree(place.parent / "__pycache__", ignore_errors=True)
    child = os.fork()
    if not child:
        _test(folder, tests)
    deadline = time.monotonic() + PATIENCE
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
    options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--no-header"]
    try:
        os._exit(int(pytest.main([*options, *(f"tests/{test}" for test in tests)])))
    finally:
        os._exit(9)


def copied(folder):
    """A copy of what the tests need."""
    for name in ("redirflow", "tests", "examples"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / name, folder)
    return folder


def judge(module, jobs):
    """Print the survivors of one module; gives how many there are, and how many mutants."""
    source = (ROOT / "redirflow" / f"{module}.py").read_text()
    tests = TESTS[module]
    with tempfile.TemporaryDirectory(prefix="mutants") as base:
        folders = [copied(Path(base) / str(number)) for number in range(jobs)]
        if noticed(folders[0], module, ast.unparse(ast.parse(source)), tests):
            sys.exit(f"the tests of {module} fail as it is")

        def tried(mutant):
            folder = folders.pop()
            try:
                return mutant, noticed(folder, module, mutant[2], tests)
            finally:
                folders.append(folder)

        survivors, count = 0, 0
        with ThreadPoolExecutor(jobs) as pool:
            for (line, what, _), found in pool.map(tried, mutants(source)):
                count += 1
                if not found:
                    survivors += 1
                    say(f"redirflow/{module}.py:{line}: {what}")
    return survivors, count


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", metavar="module", help=", ".join(TESTS))
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    scores = {}
    for module in options.modules or TESTS:
        survivors, count = judge(module, options.jobs)
        scores[module] = 1 - survivors / count
        say(f"{module}: {count - survivors} of {count} noticed, {scores[module]:.0%}")
    sys.exit(min(scores.values()) < GOAL)
