"""What may happen to a manager's disk: an older database is put back, there is no room, nothing can be written."""

from __future__ import annotations

import os
import resource
import shlex
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cenote.errors import StoreFailed
from tests.server.test_own_manager import Place, free_port, hold, place  # noqa: F401 - place is a fixture
from tests.support.servers import CENOTE, Server, gone, wait_until


@dataclass
class Confined:
    """A pool whose manager runs by itself, with its files on a small disk of its own; its one server is elsewhere."""

    manager: Place
    pid: int
    disk: Path

    def filler(self) -> Path:
        return self.disk / "filler"

    def fill(self) -> None:
        with self.filler().open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 16))

    def allow_writing(self, *, allowed: bool) -> None:
        """Of files; what is refused fails as on a disk that takes nothing more."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (hard if allowed else 1, hard))


@contextmanager
def confined(place: Place, tmp_path: Path) -> Iterator[tuple[Confined, Server]]:  # noqa: F811
    place.state.mkdir()
    mounted = f"mount -t tmpfs -o size=24m none {place.state} && exec {shlex.join([*CENOTE, 'manager'])}"
    variables = os.environ | place.environment | {"XDG_STATE_HOME": str(place.state)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", mounted], env=variables, stdout=pipe, stderr=pipe
    ) as alone:
        try:
            inside = replace(place, state=Path(f"/proc/{alone.pid}/root{place.state}"))
            wait_until(inside.home.resident, 30)
            other = Place(tmp_path / "server", place.native, free_port(), free_port())
            word = inside.ask("POST", "/join-strings", {})["text"]
            with other.serve(CENOTE_JOIN=word) as server:
                wait_until(lambda: inside.state_of() == "ready", 20)
                yield Confined(inside, alone.pid, inside.state), server
        finally:
            alone.terminate()


ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root may give a manager a disk of its own")


@ROOT
def test_a_full_disk(place: Place, tmp_path: Path) -> None:  # noqa: F811
    """What is held goes on and is given back; only what is new is refused, until there is room again."""
    with confined(place, tmp_path) as (pool, _):
        first, second = (held(pool.manager, {"filter": f"index={index}"}) for index in range(2))
        pool.fill()
        with pytest.raises(StoreFailed, match="disk of the pool's database is full: until there is room devices are"):
            pool.manager.ask("POST", "/allocations", {})
        pool.manager.ask("DELETE", f"/allocations/{first}")
        wait_until(lambda: pool.manager.ask("GET", f"/allocations/{first}")["state"] == "ended", 20)
        with pytest.raises(StoreFailed):
            pool.manager.ask("POST", "/allocations", {})
        assert pool.manager.ask("GET", f"/allocations/{second}")["state"] == "active"
        assert pool.manager.state_of() == "ready"
        pool.filler().unlink()
        third = held(pool.manager, {})
        views = {one["id"]: one for one in pool.manager.ask("GET", "/allocations")}
        assert {part["index"] for name in (second, third) for part in views[name]["parts"]} == {0, 1}


@ROOT
def test_a_disk_that_takes_nothing(place: Place, tmp_path: Path) -> None:  # noqa: F811
    """Programs go on; what ends is free at its server at once, and for others when the manager can write again."""
    with confined(place, tmp_path) as (pool, server):
        name = held(pool.manager, {"filter": "index=0", "tethered": True})
        other = held(pool.manager, {"filter": "index=1"})
        tied = hold(server, name, pool.manager.ask("GET", f"/allocations/{name}/doors")[0])
        pool.allow_writing(allowed=False)
        for method, path, body in (("POST", "/allocations", {}), ("DELETE", f"/allocations/{other}", None)):
            with pytest.raises(StoreFailed, match=r"the pool's database cannot be used: .*; nothing was changed"):
                pool.manager.ask(method, path, body)
        assert pool.manager.ask("GET", f"/allocations/{other}")["state"] == "active"
        tied.close()
        server.wait_for_log("nobody holds it", 10)
        time.sleep(2)
        pool.allow_writing(allowed=True)
        wait_until(lambda: pool.manager.ask("GET", f"/allocations/{name}")["state"] == "ended", 30)
        new = held(pool.manager, {})
        views = {one["id"]: one for one in pool.manager.ask("GET", "/allocations")}
        assert {part["index"] for one in (new, other) for part in views[one]["parts"]} == {0, 1}
        pool.manager.ask("DELETE", f"/allocations/{other}")
        wait_until(lambda: pool.manager.ask("GET", f"/allocations/{other}")["state"] == "ended", 20)


def held(place: Place, body: dict[str, Any]) -> str:  # noqa: F811
    name = str(place.ask("POST", "/allocations", body)["id"])
    wait_until(lambda: place.ask("GET", f"/allocations/{name}")["state"] == "active", 20)
    return name


def copied(database: Path, to: Path) -> None:
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def test_a_database_of_a_moment_ago_is_put_back(place: Place, tmp_path: Path) -> None:  # noqa: F811
    """What was lent since then is still lent, to the same holder and to nobody else; what was given back is free."""
    database = place.home.folder / "pool.db"
    with place.serve() as server:
        wait_until(lambda: place.state_of() == "ready", 20)
        given_back = held(place, {"filter": "index=0"})
        copied(database, tmp_path / "copy.db")
        place.ask("DELETE", f"/allocations/{given_back}")
        wait_until(lambda: place.ask("GET", f"/allocations/{given_back}")["state"] == "ended", 20)
        lent = held(place, {"filter": "index=1", "tethered": True})
        door = place.ask("GET", f"/allocations/{lent}/doors")[0]
        tied = hold(server, lent, door)
        server.stop(signal.SIGTERM)
        manager = place.manager()
        os.kill(manager, signal.SIGTERM)
        wait_until(lambda: gone(manager), 20)
        for file in place.home.folder.glob("pool.db*"):
            file.unlink()
        (tmp_path / "copy.db").rename(database)
        tied.close()
    with place.serve() as server:
        tied = hold(server, lent, door)
        wait_until(lambda: place.state_of() == "ready", 20)
        (adopted,) = wait_until(lambda: [one for one in place.ask("GET", "/allocations") if one["id"] == lent], 20)
        assert adopted["state"] == "active" and adopted["user"] == "admin"
        wait_until(lambda: place.ask("GET", f"/allocations/{given_back}")["state"] == "ended", 20)
        refused = place.cenote("request", "--filter", "index=1", "--wait", "0")
        assert refused.returncode == 75, "it is lent"
        held(place, {"filter": "index=0"})
        tied.close()
        wait_until(lambda: place.ask("GET", f"/allocations/{lent}")["state"] == "ended", 20)
