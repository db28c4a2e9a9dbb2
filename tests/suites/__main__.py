"""Runs other people's suites natively and through Cenote, and writes the table docs/suites-opencl.md.

A run that was stopped goes on where it was when the same command is given again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tests.apps.sources import pyopencl_tests as pyopencl_sources
from tests.suites import build_cts, cts, pyopencl_tests, report
from tests.suites.results import SIDES, Results
from tests.support import borrower
from tests.support.differential import Pair, assert_driverless, drivers, lending

ROOT = Path(__file__).resolve().parents[2]
_EXAMPLES = """examples:
  tests/suites/run all                                            pyopencl's tests on PoCL
  tests/suites/run all --cts ~/OpenCL-CTS --driver debian-pocl    and Khronos's, which are built first
  tests/suites/run cts --build build/cts-v2023-05-16-00 --modules api,events --again
  tests/suites/run report"""


class Suite(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def timeout(self) -> float: ...
    def run(self, pair: Pair, results: Results, sides: tuple[str, ...]) -> Iterator[str]: ...


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/suites/run",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "suites", help="where results are kept")
    commands = parser.add_subparsers(dest="suite", required=True)
    for name, text in (
        ("all", "build and run whatever is named, then write the table"),
        ("cts", "Khronos's OpenCL-CTS, already built"),
        ("pyopencl", "pyopencl's own tests"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--driver", default="pocl", choices=sorted(drivers()), help="which to compare on")
        command.add_argument("--sides", default=",".join(SIDES), help="native, remote, or both")
        command.add_argument("--timeout", type=float, default=300, help="seconds for a test, equal on both sides")
        command.add_argument("--again", action="store_true", help="run again what passed natively and not remotely")
        if name == "all":
            command.add_argument("--cts", type=Path, metavar="CHECKOUT", help="OpenCL-CTS, to be built and run, too")
            build_cts.add_headers(command)
        if name == "cts":
            command.add_argument("--build", type=Path, required=True, help="the build folder of the suite")
            command.add_argument("--version", help="the tag that was built (the folder's name after cts-)")
        if name != "pyopencl":
            command.add_argument("--modules", default=",".join(cts.MODULES), help="of OpenCL-CTS; all if not given")
    commands.add_parser("report", help="write the table from the results")
    return parser.parse_args()


def _suites(given: argparse.Namespace) -> Iterator[Suite]:
    """The suites to run, built."""
    if given.suite == "cts":
        version = given.version or given.build.resolve().name.removeprefix("cts-")
        yield cts.Cts(given.build.resolve(), version, given.timeout, tuple(given.modules.split(",")))
    elif given.suite == "all" and given.cts is not None:
        checkout = build_cts.Checkout(given.cts, given.headers, given.spirv)
        modules = given.modules.split(",")
        folder = build_cts.folder(checkout)
        for program in build_cts.build(checkout, folder, modules):
            print(f"{program} could not be built")
        yield cts.Cts(folder, checkout.version, given.timeout, tuple(modules))
    if given.suite != "cts":
        yield pyopencl_tests.Suite(pyopencl_sources(), given.timeout)


def _driver_version(pair: Pair) -> str:
    show = "import pyopencl as cl; print(cl.get_platforms()[0].get_devices()[0].driver_version)"
    return pair.native([borrower.python(), "-c", show]).stdout.strip()


def _run(given: argparse.Namespace, suites: list[Suite]) -> list[Results]:
    sides = tuple(given.sides.split(","))
    all_results = []
    temporary = tempfile.TemporaryDirectory(prefix="cenote-suites-")
    with temporary as folder, lending(drivers()[given.driver], Path(folder)) as pair:
        assert_driverless(pair)
        for suite in suites:
            results = Results.open(given.results, suite.name, given.driver, suite.version)
            results.driver_version, results.timeout = _driver_version(pair), suite.timeout
            if given.again:
                results.forget_worse()
            for line in suite.run(pair, results, sides):
                print(line, flush=True)
            all_results.append(results)
    return all_results


def main() -> int:
    given = _arguments()
    page = ROOT / "docs" / "suites-opencl.md"
    if given.suite == "report":
        return report.write(given.results, page)
    try:
        all_results = _run(given, list(_suites(given)))
    except (build_cts.MissingError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 130
    if given.suite == "all":
        return report.write(given.results, page)
    worse = [found for results in all_results for found in results.worse()]
    for module, test, verdict in worse:
        print(f"passes natively, not remotely: {module} {test} ({verdict})")
    return bool(worse)


if __name__ == "__main__":
    sys.exit(main())
