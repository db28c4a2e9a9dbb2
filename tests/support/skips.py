"""Skips are no passes: with CI=true, a skip whose reason is not in tests/allowed-skips fails the run.

A line of that file is a regular expression for reasons; lines that start with # are comments.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ALLOWED = Path(__file__).resolve().parent.parent / "allowed-skips"


def allowed(reason: str) -> bool:
    patterns = [line for line in ALLOWED.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return any(re.search(pattern, reason) for pattern in patterns)


class SkipPolicy:
    """A pytest plugin; the reasons themselves are printed by pytest's own -ra."""

    def __init__(self) -> None:
        self._unexpected: list[str] = []

    def _see(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not allowed(reason.removeprefix("Skipped: ")):
            self._unexpected.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._see(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._see(report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._unexpected:
            terminalreporter.section("skips that tests/allowed-skips does not allow")
            for line in self._unexpected:
                terminalreporter.write_line(line)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._unexpected and os.environ.get("CI") == "true" and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
