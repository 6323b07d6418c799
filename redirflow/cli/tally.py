"""What an app has, in numbers: a line for people."""

from redirflow.cli.report import counted
from redirflow.compile import CompiledApp


def tally(compiled: CompiledApp) -> str:
    """`9 operations, 4 redirects, 2 rules`; what few apps have is told only where it is.

    A redirect counts once for each operation that may send it.
    """
    redirects = sum(len(endpoint.redirects) for endpoint in compiled.endpoints.values())
    parts = [counted(len(compiled.endpoints), "operation"), counted(redirects, "redirect")]
    seldom = (
        (len(compiled.checked.rules), "rule"),
        (len(compiled.rows), "row"),
        (len(compiled.mounts), "mount"),
    )
    return ", ".join([*parts, *(counted(number, noun) for number, noun in seldom if number)])
