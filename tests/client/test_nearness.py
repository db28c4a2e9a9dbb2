"""Pools that place by round trips: what a client measures, remembers and sends."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from cenote.client.nearness import measure
from cenote.pool.queue import Rules
from cenote.protocol import Address
from tests.pool.conftest import sqlite_template  # noqa: F401 - a fixture
from tests.support import lending

WHERE = ["sh", "-c", "grep -c ^server $CENOTE_ALLOCATION_FILE"]


def test_what_is_there_is_measured_and_what_is_not_holds_nothing_up() -> None:
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = [socket.socket() for _ in range(3)]
    for one in waiting:  # from then on nobody is accepted
        one.setblocking(False)
        one.connect_ex(full.getsockname())
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        sites = {f"s{number}": Address("127.0.0.1", listening.getsockname()[1]) for number in range(150)}
        sites["full"] = Address("127.0.0.1", full.getsockname()[1])
        sites["closed"] = Address("127.0.0.1", closed.getsockname()[1])
        sites["nowhere"] = Address("no-such-host.invalid", 1)
        began = time.monotonic()
        found = measure(sites, patience=0.5)
        assert time.monotonic() - began < 3
    for one in (full, closed, *waiting):
        one.close()
    assert set(found) == {f"s{number}" for number in range(150)}
    assert all(0 <= trip < 0.5 for trip in found.values())


def remembered(folder: Path) -> Any:
    return json.loads((folder / "cenote" / "round-trips.json").read_bytes())


def test_nearest_from_end_to_end(tmp_path: Path, sqlite_template: Path, stub_native: Path) -> None:  # noqa: F811
    environment = {"CENOTE_NATIVE": str(stub_native)}
    with (
        lending.pool(sqlite_template, tmp_path, Rules(placement="nearest")) as made,
        made.server("gpu1", environment),
        made.server("gpu2", environment),
    ):
        ann = made.borrower("ann", os.environ | environment)
        cache = Path(ann.environment["XDG_CACHE_HOME"])
        assert ann.run([], WHERE).stdout == "1\n"
        first = remembered(cache)
        assert first["pool"] == made.manager.authority.fingerprint and set(first["round_trips"]) == {"gpu1", "gpu2"}
        assert ann.run([], WHERE).returncode == 0
        assert remembered(cache) == first, "not measured again"
        for near, far in (("gpu1", "gpu2"), ("gpu2", "gpu1")):
            first["round_trips"] = {near: 0.001, far: 0.02}
            (cache / "cenote" / "round-trips.json").write_text(json.dumps(first))
            name = ann.cenote("request", "-n", "1").stdout.strip()
            (view,) = json.loads(ann.cenote("list", "allocations", "--json").stdout)
            assert [part["server"] for part in view["parts"]] == [near]
            assert ann.cenote("release", name).returncode == 0
        first["at"] -= 1000
        (cache / "cenote" / "round-trips.json").write_text(json.dumps(first))
        assert ann.run([], WHERE).returncode == 0
        assert remembered(cache)["at"] > first["at"]


def test_other_pools_are_not_measured(tmp_path: Path, sqlite_template: Path, stub_native: Path) -> None:  # noqa: F811
    environment = {"CENOTE_NATIVE": str(stub_native)}
    with lending.pool(sqlite_template, tmp_path) as made, made.server("gpu1", environment):
        ann = made.borrower("ann", os.environ | environment)
        assert ann.run([], WHERE).returncode == 0
        assert remembered(Path(ann.environment["XDG_CACHE_HOME"]))["round_trips"] == {}
        (Path(ann.environment["XDG_CACHE_HOME"]) / "cenote" / "round-trips.json").write_text("no JSON")
        assert ann.run([], WHERE).returncode == 0


def test_devices_of_the_same_server(tmp_path: Path, sqlite_template: Path, stub_native: Path) -> None:  # noqa: F811
    environment = {"CENOTE_NATIVE": str(stub_native)}
    with (
        lending.pool(sqlite_template, tmp_path, Rules(placement="spread")) as made,
        made.server("gpu1", environment),
        made.server("gpu2", environment),
    ):
        ann = made.borrower("ann", os.environ | environment)
        assert ann.run(["-n", "2"], WHERE).stdout == "2\n"
        assert ann.run(["-n", "2", "--same-server"], WHERE).stdout == "1\n"
        refused = ann.run(["-n", "3", "--same-server"], WHERE)
        assert refused.returncode == 75 and "one server of this pool" in refused.stderr
