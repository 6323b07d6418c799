"""What an app has, in numbers: a line for people."""

from redirflow.cli.report import counted
from redirflow.compile import CompiledApp


def tally(compiled: CompiledApp) -> str:
    """`9 operations, 4 redirects`: a redirect counts once for each operation that may send it."""
    redirects = sum(len(endpoint.redirects) for endpoint in compiled.endpoints.values())
    operations = len(compiled.endpoints)
    return f"{counted(operations, 'operation')}, {counted(redirects, 'redirect')}"
