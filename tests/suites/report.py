"""The table of passes, native against remote, and each difference with its reason."""

from __future__ import annotations

import datetime
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.suites.results import PASSED, SIDES, Results

EXCEPTIONS = Path(__file__).parent / "exceptions.toml"
_TITLES = {"cts": "Khronos's OpenCL-CTS", "pyopencl": "The tests of pyopencl"}
_DRIVERS = {"pocl": "PoCL from PyPI", "debian-pocl": "PoCL from Debian", "intel": "Intel's CPU runtime from PyPI"}
_LEFT_OUT = """\
Each test is a process of its own. Left out are the modules that test the compiler's arithmetic (atomics, commonfns,
conversions, geometrics, integer_ops, math_brute_force, relationals, select, vectors and the like), those for other APIs
(d3d, gl, vulkan), and the `full_…` tests of SVM, which repeat the others with every size."""


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
        f"As of {datetime.datetime.now(datetime.UTC):%Y-%m-%d}, written by `tests/suites/run report`.",
        "Each test runs on the driver directly and through Cenote, on the same machine and with the same time limit.",
        "What passes natively passes remotely, too, but for the tests that are listed with a reason.",
    ]
    unexplained = 0
    for file in sorted(folder.glob("*-*.json")):
        suite, _, driver = file.stem.partition("-")
        results = Results.open(folder, suite, driver)
        title = f"{_TITLES[suite]} {results.version} on {_DRIVERS[driver]} {results.driver_version}".rstrip()
        lines += ["", f"## {title}", "", f"At most {results.timeout:.0f} s for a test."]
        lines += [*([_LEFT_OUT] if suite == "cts" else []), "", *_table(results)]
        if not_run := _not_run(results):
            lines += ["", f"Not run, for want of time: {', '.join(not_run)}."]
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


def _not_run(results: Results) -> list[str]:
    """Modules of which tests are missing."""
    missing = {
        module: sum(len(verdicts) < len(SIDES) for verdicts in tests.values())
        for module, tests in sorted(results.modules.items())
    }
    return [f"{module} ({count} of {len(results.modules[module])})" for module, count in missing.items() if count]


def _table(results: Results) -> Iterator[str]:
    yield (
        "| module | tests run | skipped natively | too slow natively "
        "| pass natively | pass remotely | of the native passes |"
    )
    yield "|---|---|---|---|---|---|---|"
    total: Counter[str] = Counter()
    for module, tests in sorted(results.modules.items()):
        both = [verdicts for verdicts in tests.values() if len(verdicts) == len(SIDES)]
        if not both:
            continue
        counts = Counter(
            tests=len(both),
            skipped=sum(verdicts["native"] == "skipped" for verdicts in both),
            slow=sum(verdicts["native"] == "timed out" for verdicts in both),
            native=sum(verdicts["native"] == PASSED for verdicts in both),
            remote=sum(verdicts["remote"] == PASSED for verdicts in both),
            kept=sum(set(verdicts.values()) == {PASSED} for verdicts in both),
        )
        total += counts
        yield _row(module, counts)
    yield _row("**all**", total)


def _row(name: str, counts: Counter[str]) -> str:
    columns = [counts[column] for column in ("tests", "skipped", "slow", "native", "remote")]
    return " | ".join([f"| {name}", *map(str, columns), f"{counts['kept']} of {counts['native']}"]) + " |"
