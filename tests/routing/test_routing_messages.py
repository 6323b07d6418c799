"""Every finding of the redirect graph, as it is printed: one small app for each.

They stand in `tests/data/findings.txt`: after `==` what is wrong, then the app, which is called
app.py and begins with the two lines of `HEAD`, and after `--` what is said of it.
"""

from pathlib import Path

import pytest

from redirflow import SpecError
from redirflow.cli.check import warnings_of

HEAD = "from redirflow import *\napp = App(openapi_url=None, docs_url=None)\n"
FILE = Path(__file__).parent.parent / "data" / "findings.txt"
FINDINGS = [part.partition("\n\n") for part in FILE.read_text().split("== ")[1:]]


def said(source):
    """What start-up, or `check`, says of an app."""
    scope = {"__name__": "app"}
    try:
        exec(compile(HEAD + source, "app.py", "exec"), scope)
        faults = warnings_of(scope["app"].compile())
    except SpecError as error:
        faults = error.faults
    return "\n".join(map(str, faults))


@pytest.mark.parametrize("finding", [text for *_, text in FINDINGS], ids=[n for n, *_ in FINDINGS])
def test_a_finding_is_told(finding):
    """It names the hops, each with its line, what is allowed, and what to write instead."""
    source, _, message = finding.partition("\n--\n")

    assert said(source) == message.strip("\n")
