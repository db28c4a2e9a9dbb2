"""The figures of a pool as a reader sees them, and the store of a simulated fleet."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from benchmarks import pool
from benchmarks.fleet import seed
from benchmarks.fleet.run import Figures, late
from cenote.pool.core import Core
from cenote.pool.models import Part
from cenote.pool.store import Store


def fleet(servers: int, store: str, decision: float) -> Figures:
    return Figures(servers, store, [decision] * 100, [0.05], 250.0, 0.2, 200 << 20)


def test_marks() -> None:
    taken = [fleet(100, "sqlite", 0.002), fleet(1000, "sqlite", 0.004), fleet(10_000, "sqlite", 0.005)]
    rows = pool.of_fleet([*taken, fleet(1000, "postgresql", 0.011)])
    marked = {row.what: row.reached for row in rows if row.mark}
    assert marked["choice and committed transaction, 1,000 servers, sqlite"]
    assert not marked["choice and committed transaction, 1,000 servers, postgresql"]
    assert not marked["decision, p99, 10,000 servers to 100, sqlite"]
    assert marked["heartbeats of 1,000 servers and 10,000 sessions, sqlite"]
    assert "**missed**" in pool.table(rows)
    assert pool.of_start([0.2, 0.4], [0.2, 0.4]).reached and not pool.of_start([0.1], [0.2]).reached


def test_late() -> None:
    assert late([float(number) for number in range(1000)]) == 990
    assert late([]) == 0 and late([1.0]) == 1.0


@pytest.mark.parametrize("servers", [3, 300])
def test_a_planted_store(tmp_path: Path, servers: int) -> None:
    """What servers hold is what the store has, and half of the devices."""
    store = Store(f"sqlite:///{tmp_path}/pool.db")
    store.upgrade()
    seed.plant(store, servers, 7000, history=100)
    held = [one for mine in seed.lent(servers).values() for one in mine]
    with Core(store).change() as change:
        assert change.session.scalar(select(func.count()).select_from(Part)) == sum(len(one.shares) for one in held)
        lent = sum(device.free_bytes < seed.MEMORY for device in change.mirror.fleet.devices.values())
        assert min(device.free_bytes for device in change.mirror.fleet.devices.values()) >= 0
        assert 0.3 < lent / (servers * seed.DEVICES) < 0.75
    store.close()
