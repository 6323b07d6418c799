"""A pytest plugin: the declared responses that no test has ever received.

`pytest --redirflow-contract=report` ends with a list of them; with `error` the session fails if
there are any. Counted are the apps that a `TestClient` has opened, over the whole session; a run
that is spread over processes does not add up.
"""

from typing import Any, Final

import pytest

from redirflow.testing import received

_MODES: Final = ("off", "report", "error")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--redirflow-contract`, `--redirflow-contract-ignore` and the ini of the first."""
    group = parser.getgroup("redirflow")
    group.addoption(
        "--redirflow-contract",
        choices=_MODES,
        help="tell of declared responses that no test received, or fail because of them",
    )
    group.addoption(
        "--redirflow-contract-ignore",
        metavar="STATUSES",
        type=statuses,
        default=frozenset[int](),
        help="statuses that need not be received: 413,415",
    )
    parser.addini("redirflow_contract", "the default of --redirflow-contract", default="off")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count, if it is wanted."""
    mode = config.getoption("redirflow_contract") or config.getini("redirflow_contract")
    if mode not in _MODES:
        raise pytest.UsageError(f"redirflow_contract = {mode}: one of {', '.join(_MODES)}")
    if mode != "off":
        ignored: Any = config.getoption("redirflow_contract_ignore")
        config.pluginmanager.register(_Report(ignored, failing=mode == "error"))


class _Report:
    """The hooks of a session that counts."""

    def __init__(self, ignored: frozenset[int], *, failing: bool) -> None:
        self._received = received.Received(ignored)
        self._failing = failing
        received.sessions.append(self._received)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a session that has succeeded but for this."""
        if self._failing and self._received.missing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the section."""
        missing, total = self._received.missing, len(self._received.declared)
        if total:
            terminalreporter.section(
                f"redirflow contract: {len(missing)} of {total} declared responses "
                "were never received"
            )
        for declared in missing:
            terminalreporter.line(str(declared))

    def pytest_unconfigure(self) -> None:
        """Count no more."""
        received.sessions.remove(self._received)


def statuses(text: str) -> frozenset[int]:
    """Read `413,415`."""
    return frozenset(int(status) for status in text.split(","))
