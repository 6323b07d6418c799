"""`examples/openapi.json` is what `examples/accounts.py` promises, byte for byte."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHECK = [sys.executable, "-m", "redirflow", "openapi", "examples/accounts.py", "--check"]


def test_the_written_document_is_up_to_date():
    """A change of the API shows in a diff of the document, on every version of Python.

    Write it anew: `redirflow openapi examples/accounts.py --output examples/openapi.json`.
    """
    checked = subprocess.run([*CHECK, "examples/openapi.json"], cwd=ROOT, capture_output=True)

    assert (checked.returncode, checked.stderr) == (0, b"")


def test_a_document_that_drifted_is_found(tmp_path):
    old = tmp_path / "openapi.json"
    written = (ROOT / "examples" / "openapi.json").read_text()
    old.write_text(written.replace("One account.", "An account."))

    checked = subprocess.run([*CHECK, str(old)], cwd=ROOT, capture_output=True, text=True)

    assert checked.returncode == 1
    assert "One account." in checked.stdout + checked.stderr
