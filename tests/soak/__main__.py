"""Runs mixed programs against one server, several at once, some of them killed, and fails where anything grows.

tests/soak/run [--minutes 10] [--seed N] [--pool] [--report]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.soak import killing
from tests.soak.load import Load
from tests.soak.watch import FIGURES, descriptors, has_driver, memory, threads
from tests.support import borrower, robustness
from tests.support.differential import drivers
from tests.support.servers import Server, serving, wait_until

_SLOTS = 3  # programs at a time
_LOOKS = 6  # rests in the run; the first of them ends the warming up
_SPARES = 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/soak/run", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="how long")
    parser.add_argument("--seed", type=int, default=1, help="of the choice of programs")
    parser.add_argument("--pool", action="store_true", help="instead: kills anything of a pool, on each kind of store")
    parser.add_argument("--report", action="store_true", help="writes what was found into docs/robustness.md")
    return parser.parse_args()


class Soak:
    """A server, the resident program on it, and the rest of the load."""

    def __init__(self, server: Server, resident: int, folder: Path, load: Load) -> None:
        self._server, self._resident, self._folder, self.load = server, resident, folder, load
        self._worker = next(pid for pid in server.workers() if has_driver(pid))

    def look(self) -> dict[str, int]:
        """All figures, once nothing but the resident program runs."""
        wait_until(lambda: len(self._server.workers()) <= _SPARES + 1, timeout=30)
        self._server.run(["true"], options=["-p", "0.25"])  # removes what killed ones have left
        time.sleep(2)
        supervisor = self._server.process.pid
        return {
            "memory": memory(supervisor),
            "descriptors": descriptors(supervisor),
            "threads": threads(supervisor),
            "workers": len(self._server.workers()),
            "files": sum(1 for _ in self._folder.rglob("*")),
            "grants": sum(device["memory"] - device["free_memory"] for device in self._server.devices()),
            "worker memory": memory(self._worker),
            "worker descriptors": descriptors(self._worker),
            "worker threads": threads(self._worker),
            "program memory": memory(self._resident),
            "program descriptors": descriptors(self._resident),
        }

    def run(self, minutes: float) -> Iterator[dict[str, int]]:
        for _ in range(_LOOKS):
            self.load.start()
            time.sleep(60 * minutes / _LOOKS)
            self.load.stop()
            yield self.look()


@contextmanager
def soak(seed: int) -> Iterator[Soak]:
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cenote-soak-")))
        (programs := root / "programs").mkdir()
        (temporary := root / "temporary").mkdir()  # of the server and of all programs
        places = {"TMPDIR": str(temporary), "XDG_RUNTIME_DIR": str(temporary), "POCL_CACHE_DIR": str(root / "cache")}
        server = stack.enter_context(serving(env=drivers()["pocl"].environment(root) | places))
        resident = server.start(
            [borrower.python(), Path(__file__).with_name("resident.py")], options=["-p", "0.2"], stderr=None
        )
        stack.callback(resident.wait)
        stack.callback(resident.kill)
        assert resident.stdout is not None
        line = resident.stdout.readline()
        yield Soak(server, int(line), temporary, Load(server, programs, seed, _SLOTS))
        assert resident.poll() is None, "the resident program ended"


def main() -> int:
    given = _arguments()
    if given.pool:
        return killing.run(given.minutes, given.seed, report=given.report)
    with soak(given.seed) as running:
        looks = []
        for look in running.run(given.minutes):
            looks.append(look)
            print(", ".join(f"{name} {FIGURES[name].shown(value)}" for name, value in look.items()), flush=True)
        text, grown = _table(looks[0], looks[-1], running.load)
        failures = running.load.failures
    print(text)
    for line in failures:
        print(f"failed: {line}")
    if given.report and not grown and not failures:
        robustness.write("Soak", f'make soak ARGS="--minutes {given.minutes:.0f} --seed {given.seed}"', text)
    return int(bool(grown or failures))


def _table(first: Mapping[str, int], last: Mapping[str, int], load: Load) -> tuple[str, list[str]]:
    rows: list[tuple[str, ...]] = [("at rest", "after a sixth of the time", "at the end", "")]
    grown = [name for name, figure in FIGURES.items() if last[name] > first[name] + figure.allowed]
    for name, figure in FIGURES.items():
        verdict = "**grows**" if name in grown else "steady"
        rows.append((figure.name, figure.shown(first[name]), figure.shown(last[name]), verdict))
    done = ", ".join(f"{count} {what}" for what, count in sorted(load.counts.items(), reverse=True))
    return f"Of the programs, {done}; {len(load.failures)} failed.\n\n{robustness.table(rows)}", grown


if __name__ == "__main__":
    sys.exit(main())
