"""schemathesis holds each example to its own document, over HTTP.

All checks are on, unless `schemathesis.toml` has a reason; named here, they could not be off.

`tests/examples/test_example_fuzz.py` does so in process, with few cases and a state that begins
anew for each operation. Here a server keeps its state, links are followed from answer to
request, all border cases are made, and cases are many.
"""

import json
import os
import subprocess
import sys
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "examples"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))
SIGN_IN = {
    "accounts": ("/login", {"email": "ada@example.com"}),
    "notes": ("/signup", {"name": "somebody", "password": "long enough"}),
    "shortener": ("/login", {"password": "correct horse"}),
}
"""Where a form makes a session, and what it holds."""
PHASES = "examples,coverage,fuzzing,stateful"
PATIENCE = 3600
"""Seconds for one example; after them there is no report."""


def hold(name, port, cases, scratch):
    """What schemathesis reports about one example that is being served."""
    report = scratch / f"{name}.json"
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml"),
        *("run", f"http://127.0.0.1:{port}/openapi.json", "--phases", PHASES),
        *("--max-examples", str(cases), "--generation-deterministic", "--no-color"),
        *("--report", "json", "--report-json-path", report),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
        "SESSION": session(port, *SIGN_IN[name]) if name in SIGN_IN else "none",
    }
    output = scratch / f"{name}.txt"
    with output.open("wb") as file, suppress(subprocess.TimeoutExpired):
        subprocess.run(
            command,
            cwd=scratch,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
    return json.loads(report.read_bytes()) if report.exists() else {}, output.read_text()


def session(port, path, fields):
    """The session that a form begins."""
    body = urlencode(fields).encode()
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, body, form)
        cookie = connection.getresponse().headers["Set-Cookie"]
    return cookie.partition("=")[2].partition(";")[0]


def told(name, report, output):
    """The verdict in words, and whether all is well."""
    if not report:
        return f"{name}: no report\n{output}", False
    operations, cases = report["operations"], report["test_cases"]
    warnings = [kind for kind, found in report["warnings"].items() if found]
    text = (
        f"schemathesis, {name}: {operations['tested']} of {operations['total']} operations,"
        f" {cases['generated']} cases, {cases['unique_failures']} failures,"
        f" {len(report['errors'])} errors, {len(warnings)} kinds of warnings;"
        f" {report['running_time']:.0f} s"
    )
    whole = report["complete"] and operations["tested"] == operations["total"]
    well = whole and report["exit_code"] == 0 and not warnings
    return text if well else f"{text}\n{output}", well
