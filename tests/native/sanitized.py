"""The programs of tests/opencl through a shim and a worker that are built with a sanitizer: what it reports.

Called by tests/native/sanitize: python -m tests.native.sanitized KIND DRIVER [PROGRAM]…

Over the null driver results are not what a program expects, and a sanitizer is too slow for some: how a program ends
does not count, unless it is by a signal.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cenote import paths
from tests.support.differential import Driver, compile_c, drivers
from tests.support.sanitizers import FLAGS, Reports
from tests.support.servers import Server, serving

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "tests" / "opencl" / "programs"
LIMIT = 60.0  # some wait for results that the null driver never gives
SPARES = 2
_HUGE = {"svm_taken_addresses", "wrong_commands"}  # programs with mappings that ThreadSanitizer refuses to make


@dataclass(frozen=True)
class Side:
    """A server, and what programs and their shim are built with. "" is the ordinary build."""

    name: str
    server: Server
    shim: str
    folder: Path
    reports: Reports

    def run(self, name: str) -> tuple[str, str]:
        """How a program ended, and what is wrong with that; nothing if nothing is."""
        program = self.folder / f"{name}-{self.name}"
        compile_c(PROGRAMS / f"{name}.c", program, *FLAGS[self.shim])
        environment = self.server.environment | {"CENOTE_NATIVE": str(_native(self.shim))}
        with (self.folder / "stderr").open("w+", errors="replace") as stderr:
            running = self.server.start([program], env=environment, stdout=subprocess.DEVNULL, stderr=stderr)
            try:
                status = running.wait(LIMIT)
                ended = f"ended with {status}" if status >= 0 else f"ended by {signal.Signals(-status).name}"
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
                status, ended = 0, f"stopped after {LIMIT:.0f} s"
            self._wait_for_workers()
            stderr.seek(0)
            log = "\n".join(self.server.log)
            self.server.log.clear()
            wrong = self.reports.take(stderr.read(), log)
        if not wrong and "crashed" in log:
            wrong = log
        return ended, wrong or ("" if status >= 0 else ended)

    def _wait_for_workers(self) -> None:
        end = time.monotonic() + 30
        while len(self.server.workers()) > SPARES and time.monotonic() < end:
            time.sleep(0.05)


def _native(kind: str) -> Path:
    return ROOT / "build" / kind / "native"


@contextmanager
def sides(kind: str, driver_name: str) -> Iterator[list[Side]]:
    """Both ends with the sanitizer, then each alone."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cenote-sanitized-")))
        reports = Reports(folder / "reports")

        def server(worker: str) -> Server:
            null = Driver("null", _native(worker) / "lib" / paths.NULL_DRIVER)
            driver = null if driver_name == "null" else drivers()[driver_name]
            (drivers_folder := folder / f"drivers-{worker}").mkdir()
            environment = reports.environment() | driver.environment(drivers_folder)
            environment |= {"CENOTE_NULL_MEMORY": "1", "CENOTE_NATIVE": str(_native(worker))}
            return stack.enter_context(serving(env=environment))

        both, plain = server(kind), server("")
        yield [
            Side("both", both, kind, folder, reports),
            Side("worker", both, "", folder, reports),
            Side("shim", plain, kind, folder, reports),
        ]


def main(kind: str, driver: str, *names: str) -> int:
    failed: list[str] = []
    with sides(kind, driver) as (both, *each):
        for name in names or sorted(source.stem for source in PROGRAMS.glob("*.c")):
            for side in _sides_for(name, kind, both, each):
                begun = time.monotonic()
                ended, wrong = side.run(name)
                took = time.monotonic() - begun
                verdict = "FAILED" if wrong else "ok"
                print(f"{kind:7} {driver:4} {name:24} {side.name:6} {verdict:6} {ended}, {took:.1f} s", flush=True)
                if wrong:
                    failed.append(name)
                    print(wrong, flush=True)
    print(f"{kind:7} {driver:4} {'failed: ' + ' '.join(failed) if failed else 'nothing was reported'}")
    return min(len(failed), 1)


def _sides_for(name: str, kind: str, both: Side, each: Sequence[Side]) -> Sequence[Side]:
    """ThreadSanitizer leaves too little of the address space for the same addresses at both ends, or for huge ones."""
    if kind != "thread" or not (name.startswith("svm") or name in _HUGE):
        return [both]
    return [side for side in each if side.shim != kind] if name in _HUGE else each


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
