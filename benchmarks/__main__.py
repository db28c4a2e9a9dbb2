"""Every figure that the README quotes: `make bench`, or `python -m benchmarks --help`."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks import build, delay, drivers, machine, measure, namespaces, peers, pool, programs, report
from benchmarks.delay import Column
from benchmarks.drivers import Driver, MissingError
from benchmarks.marks import PROCESS, ROWS, Result
from benchmarks.programs import Program
from benchmarks.sides import ProgramError, native, plain_tcp, remote

Taken = TypeVar("Taken")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    keys = [row.key for row in ROWS]
    parser.add_argument("--only", help=f"rows to take, separated by commas: {', '.join(keys)}, delay")
    parser.add_argument("--driver", choices=drivers.NAMES, default="pocl", help="the driver behind both sides")
    parser.add_argument("--quick", action="store_true", help="one short run of each instead of five: does it work?")
    parser.add_argument("--pyopencl", type=Path, metavar="PATH", help="a checkout of pyopencl, for its tests")
    parser.add_argument("--pocl-remote", type=Path, metavar="PATH", help="a checkout of pocl/pocl, to measure beside")
    parser.add_argument("--pool", action="store_true", help="instead: a pool's manager over simulated fleets")
    parser.add_argument("--profile", action="store_true", help="with --pool: where the manager's time goes")
    parser.add_argument("--no-write", action="store_true", help="only print")
    chosen = parser.parse_args()
    chosen.keys = set(chosen.only.split(",")) if chosen.only else {*keys, "delay"}
    if unknown := chosen.keys - {*keys, "delay"}:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    chosen.runs = 1 if chosen.quick else 5
    chosen.budget = 0.1 if chosen.quick else 0.4
    return chosen


def runnable(keys: set[str], makers: dict[str, Callable[[], Program]], driver: Driver) -> list[Program]:
    """The programs of other people that are asked for and that this machine has; says what it leaves out."""
    found = []
    for key in sorted(keys & makers.keys() if driver.computes else ()):
        try:
            found.append(makers[key]())
        except MissingError as missing:
            print(f"left out: {missing}", file=sys.stderr)
    return found


class Attempts:
    """Runs one measurement after the other; one that fails takes no other with it."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self._begun = time.monotonic()

    def __call__(self, what: str, take: Callable[[], list[Taken]]) -> list[Taken]:
        minutes = (time.monotonic() - self._begun) / 60
        print(f"{minutes:5.1f} min: {what}", file=sys.stderr, flush=True)
        try:
            return take()
        except (ProgramError, MissingError, subprocess.TimeoutExpired) as failure:
            print(f"failed: {failure}", file=sys.stderr)
            self.failures.append(str(failure))
            return []


def loopback(chosen: argparse.Namespace, driver: Driver, attempt: Attempts) -> list[Result]:
    results: list[Result] = []
    suites = {"hashcat": programs.hashcat, "pyopencl": lambda: programs.pyopencl(chosen.pyopencl)}
    with remote(driver) as far, plain_tcp(build.program("tcpbench")) as tcp:
        sides = [native(driver), far]
        results += attempt("calls", lambda: measure.calls(driver, sides, tcp, chosen.runs, chosen.budget, chosen.keys))
        rounds = 4 if chosen.quick else 20
        for key in [row.key for row in PROCESS if row.key in chosen.keys]:
            results += attempt(key, partial(measure.process, driver, sides, chosen.runs, rounds, key))
        for program in runnable(chosen.keys, suites, driver):
            results += attempt(program.key, partial(programs.wall_times, program, sides, min(chosen.runs, 3)))
    return results


def over_delay(chosen: argparse.Namespace, driver: Driver, attempt: Attempts) -> list[Column]:
    if "delay" not in chosen.keys:
        return []
    if not namespaces.allowed():
        print("left out: delay, because this user may not make network namespaces", file=sys.stderr)
        return []
    others = runnable({"hashcat", "clinfo"}, {"hashcat": programs.hashcat, "clinfo": programs.clinfo}, driver)
    columns: list[Column] = []
    with tempfile.TemporaryDirectory(prefix="cenote-bench-") as homes:
        for us in delay.DELAYS_US:
            take = partial(delay.columns, driver, us, others, chosen.budget, Path(homes))
            columns += attempt(f"everything with {us} µs of delay", take)
    return columns


def command() -> str:
    """What was typed, without the paths of this machine."""
    return " ".join(["python -m benchmarks", *("PATH" if "/" in word else word for word in sys.argv[1:])])


def of_pool(chosen: argparse.Namespace) -> int:
    rows, taken, failures = pool.take(quick=chosen.quick, profile=chosen.profile)
    print("\n\n".join(pool.sections(rows, taken, failures, quick=chosen.quick)))
    if not chosen.no_write:
        print(f"\nwritten to {pool.write(rows, taken, failures, machine.describe(), command())}")
    return 1 if failures else 0


def main() -> int:
    chosen = arguments()
    if chosen.pool:
        return of_pool(chosen)
    try:
        driver = drivers.find(chosen.driver)
    except MissingError as missing:
        print(f"cannot measure: {missing}", file=sys.stderr)
        return 1
    attempt = Attempts()
    results = loopback(chosen, driver, attempt)
    columns = over_delay(chosen, driver, attempt)
    sections = [f"Driver behind both sides: {chosen.driver}. Medians of {chosen.runs} runs in turn, over loopback TCP."]
    tcp = next((result.tcp for result in results if result.tcp[0]), [])
    sections += [text for text in (report.table(results), report.tcp_lines(tcp, measure.BLOCK)) if text]
    if chosen.pocl_remote:
        take = partial(peers.sections, driver, chosen.pocl_remote, results, chosen.runs, chosen.budget)
        sections += attempt("PoCL-Remote", take)
    if columns:
        sections += ["## With delay between two hosts", f"TLS, {delay.GBITS:g} Gbit/s.", delay.table(columns)]
    sections += [f"Failed: {failure}" for failure in attempt.failures]
    print("\n\n".join(sections))
    if not chosen.no_write:
        data = {
            "rows": [asdict(r) | {"row": r.row.key} for r in results],
            "delay": [asdict(column) for column in columns],
        }
        print(f"\nwritten to {report.write(f'opencl-{chosen.driver}', machine.describe(), command(), sections, data)}")
    return 1 if attempt.failures else 0


if __name__ == "__main__":
    sys.exit(main())
