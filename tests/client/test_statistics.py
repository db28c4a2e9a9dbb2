"""``cenote stats`` through a real pool on loopback."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cenote.client import statistics
from cenote.client.login import Login
from cenote.client.pool import Pool
from cenote.credentials import read_token
from cenote.pool.core import POOL
from cenote.pool.models import Role
from tests.pool.conftest import sqlite_template  # noqa: F401 - a fixture
from tests.support import lending
from tests.support.lending import Lending
from tests.support.servers import wait_until


@pytest.fixture
def made(tmp_path: Path, sqlite_template: Path) -> Iterator[Lending]:  # noqa: F811
    with lending.pool(sqlite_template, tmp_path) as made:
        yield made


def test_who_had_what(made: Lending, stub_native: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    native = {"CENOTE_NATIVE": str(stub_native)}
    with made.server("gpu1", native):
        ann, ben = (made.borrower(name, dict(os.environ) | native) for name in ("ann", "ben"))
        assert ann.run(["-p", "0.5"], ["sleep", "1"]).returncode == 0
        wait_until(lambda: made.lent() == 0)
        held = ben.cenote("request", "--for", "1h").stdout.strip()
        own = json.loads(ann.cenote("stats", "--json").stdout)
        assert [row["user"] for row in own["users"]] == ["ann"] and own["user"] == "ann"
        (day,) = own["days"]
        assert 0.5 <= day["device_seconds"] < day["seconds"] and day["allocations"] == 1
        assert sorted(row["utilisation"] > 0 for row in own["devices"]) == [False, True]
        made.manager.services.accounts.create_user(POOL, "root", Role.ADMIN)
        made.manager.services.accounts.change_user(POOL, "ben", role=Role.VIEWER)
        everybody = json.loads(ben.cenote("stats", "--json", "--since", "1h").stdout)
        assert [row["user"] for row in everybody["users"]] == ["ann", "ben"] and everybody["user"] is None
        assert {row["user"] for row in everybody["usage"]} == {"ann", "ben"}
        assert everybody["idle"] == []
        shown = ben.cenote("stats").stdout
        assert "What all users had in the last 7d" in shown
        assert re.search(r"gpu1 +1 +Stub device 1", shown) and re.search(r"ann +1 +\d+s", shown)
        assert ann.cenote("stats", "--since", "0").returncode == 64
        monkeypatch.setattr(statistics, "QUIET", 0.1)
        with Pool(Login.fetch(read_token(made.token("eve")))) as pool:
            assert statistics.gather(pool, 60)["idle"] == []
        token = (Path(ben.environment["XDG_CONFIG_HOME"]) / "cenote" / "token").read_text()
        with Pool(Login.fetch(read_token(token))) as pool:
            (idle,) = wait_until(lambda: statistics.gather(pool, 60)["idle"], 20)
        assert idle["id"] == held


@pytest.mark.parametrize(
    ("quiet", "utilisation", "lent", "idle"),
    [
        (700.0, 0.9, 3600, True),
        (5.0, 0.01, 3600, True),
        (5.0, 0.5, 3600, False),
        (5.0, 0.01, 60, False),
        (None, None, 3600, False),
    ],
)
def test_what_is_little_used(quiet: float | None, utilisation: float | None, lent: int, idle: bool) -> None:
    allocation = {"quiet": quiet, "utilisation": utilisation, "started_at": 10_000 - lent}
    assert statistics.is_idle(allocation, 10_000) is idle
