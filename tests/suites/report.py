"""The table of passes, native against remote, and each difference with its reason."""

from __future__ import annotations

import datetime
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.suites.results import PASSED, Results

EXCEPTIONS = Path(__file__).parent / "exceptions.toml"
_TITLES = {"cts": "Khronos OpenCL-CTS", "pyopencl": "pyopencl"}
_DRIVERS = {"pocl": "PoCL 3.0 (PyPI)", "debian-pocl": "PoCL 3.1 (Debian)", "intel": "Intel's CPU runtime (PyPI)"}


def reasons() -> dict[tuple[str, str, str, str], str]:
    """(suite, driver, module, test) → why it does not pass remotely. A driver or test of "*" stands for all."""
    found = {}
    for entry in tomllib.loads(EXCEPTIONS.read_text()).get("exception", []):
        for test in entry["tests"]:
            found[entry["suite"], entry.get("driver", "*"), entry["module"], test] = entry["reason"]
    return found


def reason_for(results: Results, module: str, test: str) -> str | None:
    known = reasons()
    for driver in (results.driver, "*"):
        for name in (test, "*"):
            if found := known.get((results.suite, driver, module, name)):
                return found
    return None


def write(folder: Path, page: Path) -> int:
    """Writes the page from all results in the folder. Returns 1 if a difference has no reason."""
    lines = [
        "# Other people's test suites",
        "",
        f"As of {datetime.datetime.now(datetime.UTC):%Y-%m-%d}, written by `tests/suites/run report`. Each test runs",
        "on the driver directly and through Cenote, on the same machine. What passes natively passes remotely, too,",
        "but for the tests that are listed with a reason.",
    ]
    unexplained = 0
    for file in sorted(folder.glob("*-*.json")):
        suite, _, driver = file.stem.partition("-")
        results = Results.open(folder, suite, driver, "")
        lines += [
            "",
            f"## {_TITLES[suite]} {results.version}".rstrip() + f" on {_DRIVERS[driver]}",
            "",
            *_table(results),
        ]
        worse = results.worse()
        if worse:
            lines += ["", "| test | remotely | reason |", "|---|---|---|"]
        for module, test, verdict in worse:
            reason = reason_for(results, module, test)
            unexplained += reason is None
            lines.append(f"| {module}: {test} | {verdict} | {reason or 'not known yet'} |")
    page.write_text("\n".join(lines) + "\n")
    print(f"{page.name}: {unexplained} differences without a reason")
    return bool(unexplained)


def _table(results: Results) -> Iterator[str]:
    yield "| module | tests | skipped natively | pass natively | pass remotely | of the native passes |"
    yield "|---|---|---|---|---|---|"
    total: Counter[str] = Counter()
    for module, tests in sorted(results.modules.items()):
        both = [verdicts for verdicts in tests.values() if len(verdicts) == 2]
        counts = Counter(
            tests=len(both),
            skipped=sum(verdicts["native"] == "skipped" for verdicts in both),
            native=sum(verdicts["native"] == PASSED for verdicts in both),
            remote=sum(verdicts["remote"] == PASSED for verdicts in both),
            kept=sum(set(verdicts.values()) == {PASSED} for verdicts in both),
        )
        total += counts
        yield _row(module, counts)
    yield _row("**all**", total)


def _row(name: str, counts: Counter[str]) -> str:
    columns = (
        counts["tests"],
        counts["skipped"],
        counts["native"],
        counts["remote"],
        f"{counts['kept']} of {counts['native']}",
    )
    return " | ".join([f"| {name}", *map(str, columns)]) + " |"
