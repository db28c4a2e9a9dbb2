"""Runs whole suites natively and through Cenote and writes the table docs/suites-opencl.md.

tests/suites/run cts --build DIR [--modules api,basic] [--driver pocl] [--sides native,remote]
tests/suites/run pyopencl --tests DIR
tests/suites/run report
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.suites import cts, pyopencl_tests, report
from tests.suites.results import SIDES, Results
from tests.support.differential import Pair, assert_driverless, drivers, lending

ROOT = Path(__file__).resolve().parents[2]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/suites/run", description="Runs whole suites natively and through Cenote."
    )
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "suites", help="where results are kept")
    commands = parser.add_subparsers(dest="suite", required=True)
    for name, text in (("cts", "Khronos's OpenCL-CTS"), ("pyopencl", "pyopencl's own tests")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--driver", default="pocl", choices=sorted(drivers()), help="the driver to compare on")
        command.add_argument("--sides", default=",".join(SIDES), help="native, remote, or both")
        command.add_argument("--timeout", type=float, default=300, help="seconds for one test")
        command.add_argument("--fresh", action="store_true", help="forget the results of these sides")
        if name == "cts":
            command.add_argument("--build", type=Path, required=True, help="the build folder of the suite")
            command.add_argument("--version", default="", help="the tag that was built, for the table")
            command.add_argument("--modules", default=",".join(cts.MODULES), help="which; all if not given")
        else:
            command.add_argument("--tests", type=Path, required=True, help="the folder with pyopencl's tests")
            command.add_argument("--python", type=Path, help="one with pyopencl and pytest, and no driver")
    commands.add_parser("report", help="write the table from the results")
    return parser.parse_args()


def _start(given: argparse.Namespace, pair: Pair, results: Results, sides: tuple[str, ...]) -> Iterator[str]:
    if given.suite == "pyopencl":
        return pyopencl_tests.Suite(given.tests.resolve(), given.python, given.timeout).run(pair, results, sides)
    modules = given.modules.split(",")
    if given.fresh:
        results.forget(modules, sides)
    return cts.run(cts.Cts(given.build.resolve(), given.timeout), pair, results, modules, sides)


def main() -> int:
    given = _arguments()
    if given.suite == "report":
        return report.write(given.results, ROOT / "docs" / "suites-opencl.md")
    sides = tuple(given.sides.split(","))
    results = Results.open(given.results, given.suite, given.driver, getattr(given, "version", ""))
    folder_of_run = tempfile.TemporaryDirectory(prefix="cenote-suites-")
    with folder_of_run as folder, lending(drivers()[given.driver], Path(folder)) as pair:
        assert_driverless(pair)
        for line in _start(given, pair, results, sides):
            print(line, flush=True)
    for module, test, verdict in results.worse():
        print(f"passes natively, not remotely: {module} {test} ({verdict})")
    return bool(results.worse())


sys.exit(main())
