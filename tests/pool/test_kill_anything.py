"""Managers, servers, clients, workers and connections to the database die at random, and the pool goes on."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import drivers
from cenote import paths
from tests.server.test_own_manager import free_port
from tests.support import killing
from tests.support.differential import compile_c
from tests.support.hosts import PoolOfProcesses
from tests.support.postgres import Postgres

PROGRAM = Path(__file__).parents[1] / "opencl" / "alone" / "held.c"
SECONDS = 10.0
CLIENTS = 5


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (paths.native() / "bin" / "cenote-worker").exists():
        pytest.skip("the native parts are not built: run “make build”")
    built = tmp_path_factory.mktemp("program") / "held"
    compile_c(PROGRAM, built)
    return built


def test_on_sqlite(tmp_path: Path, program: Path) -> None:
    file = tmp_path / "pool.db"
    survive(tmp_path, program, f"sqlite:///{file}", killing.locking(file))


def test_two_managers_on_postgresql(tmp_path: Path, program: Path, postgresql: Postgres) -> None:
    url = postgresql.new_database(empty=True)
    survive(tmp_path, program, url, lambda choice: postgresql.cut_all(), managers=2)
    postgresql.drop(url)


def survive(
    folder: Path, program: Path, store: str, cut: Callable[[random.Random], None], *, managers: int = 1
) -> None:
    seed = int(os.environ.get("CENOTE_SEED") or random.randrange(1 << 32))  # noqa: S311
    killing.say(f"seed {seed}")
    pool = PoolOfProcesses(folder, store, drivers.find("null").environment, free_port, managers=managers)
    killer = killing.Killer(pool, program, cut, seed)
    try:
        pool.start()
        killer.run(SECONDS, CLIENTS, every=0.6)
        killer.calm()
        killer.finish()
    except BaseException:
        killing.say(pool.logs())
        raise
    finally:
        killing.say("\n".join([*killer.events, killer.report()]))
        killer.close()
        pool.stop()
