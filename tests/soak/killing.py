"""For minutes: anything of a pool is killed at random, with the time-outs that users have."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from benchmarks import drivers
from benchmarks.sides import free_port
from tests.support import killing, postgres, robustness
from tests.support.differential import compile_c
from tests.support.hosts import PoolOfProcesses

STORES = ("sqlite", "postgresql")
_PROGRAM = Path(__file__).resolve().parents[1] / "opencl" / "alone" / "held.c"
_ROUND = 30.0  # seconds of killing between looks at whether all agree
_CLIENTS = 6


@contextmanager
def _store(kind: str, folder: Path) -> Iterator[tuple[str, Callable[[Random], None], int]]:
    """The URL, what cuts its connections, and how many managers use it."""
    if kind == "sqlite":
        file = folder / "pool.db"
        yield f"sqlite:///{file}", killing.locking(file), 1
        return
    with postgres.running(durable=True) as server:
        yield server.new_database(empty=True), lambda _: server.cut_all(), 2


def soak(kind: str, minutes: float, seed: int) -> str:
    """What was done; raises AssertionError for what must not be."""
    with tempfile.TemporaryDirectory(prefix="cenote-soak-") as made:
        folder = Path(made)
        with _store(kind, folder) as (url, cut, managers):
            compile_c(_PROGRAM, folder / "held")
            pool = PoolOfProcesses(
                folder, url, drivers.find("null").environment, free_port, managers=managers, hasty=False
            )
            killer = killing.Killer(pool, folder / "held", cut, seed)
            try:
                pool.start()
                end = time.monotonic() + 60 * minutes
                while time.monotonic() < end:
                    killer.run(_ROUND, _CLIENTS, every=1.0)
                    killer.calm()
                    killing.say(killer.report())
                killer.finish()
            except BaseException:
                killing.say("\n".join([*killer.events[-200:], pool.logs()]))
                raise
            finally:
                killer.close()
                pool.stop()
            return killer.report()


def run(minutes: float, seed: int, *, report: bool) -> int:
    rows: list[tuple[str, ...]] = [("store", "managers", "what happened")]
    for kind in STORES:
        rows.append((kind, "1" if kind == "sqlite" else "2", soak(kind, minutes, seed)))
    text = f"Nothing was lent twice, nothing lost, and the queue went on.\n\n{robustness.table(rows)}"
    print(text)
    if report:
        command = f'make soak ARGS="--pool --minutes {minutes:.0f} --seed {seed}"'
        robustness.write("Killing anything of a pool", command, text)
    return 0
