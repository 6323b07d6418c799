"""What strict mypy and strict pyright say about code that uses redirflow.

The files of `typing/` are never run. On a line that ends in `# E: ...` both checkers must find
an error, on all others none. The examples hold no such line.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CASES = sorted((ROOT / "tests" / "typing").glob("*.py"))
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
FILES = [*CASES, *EXAMPLES]


def run(*command):
    # An editable install is not followed by every checker in every form.
    env = {**os.environ, "MYPYPATH": str(ROOT), "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=env, capture_output=True, text=True
    )


def mypy(folder):
    """What mypy says, as `(file, line, message)`."""
    options = ["--strict", "--config-file=", "--follow-imports=silent", "--hide-error-context"]
    options += ["--no-error-summary", f"--cache-dir={folder}"]
    said = run("mypy", *options, *map(str, FILES))
    assert not said.stderr

    for line in said.stdout.splitlines():
        place, error, message = line.partition(": error: ")
        if error:
            file, _, number = place.partition(":")
            yield ROOT / file, int(number), message


def pyright(_):
    """What pyright says, as `(file, line, message)`."""
    # Its own configuration, not the package's: the cases are strict in every point.
    said = run("pyright", "-p", "tests/typing", "--pythonpath", sys.executable, "--outputjson")
    if not said.stdout.startswith("{"):
        pytest.skip(f"pyright can't be installed here: {said.stderr[-200:]}")

    for found in json.loads(said.stdout)["generalDiagnostics"]:
        if found["severity"] == "error":
            yield Path(found["file"]), found["range"]["start"]["line"] + 1, found["message"]


@pytest.fixture(scope="session", params=[mypy, pyright], ids=["mypy", "pyright"])
def said(request, tmp_path_factory):
    """What one checker says about all files; asked once."""
    return [*request.param(tmp_path_factory.mktemp("types"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.timeout(120)
def test_a_checker_finds_the_marked_lines_and_no_others(said, file):
    marked = {
        number for number, line in enumerate(file.read_text().splitlines(), 1) if "# E: " in line
    }
    found = {number: message for path, number, message in said if path == file}

    assert found.keys() == marked, "\n".join(f"{n}: {found[n]}" for n in found.keys() - marked)


def test_there_are_cases():
    assert all("# E: " in case.read_text() for case in CASES)
