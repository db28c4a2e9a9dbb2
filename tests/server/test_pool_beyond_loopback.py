"""A server and its manager on two machines: the address by which it is reached, and a cable that is pulled out."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from cenote.pool.authority import Authority
from cenote.pool.certificates import Certificates
from cenote.pool.core import POOL
from cenote.pool.inventory import Inventory
from cenote.pool.joining import Joining
from cenote.pool.models import ServerState, State
from cenote.pool.request import Request
from tests.pool.conftest import sqlite_template  # noqa: F401 - a fixture
from tests.support import fullpool, machines
from tests.support.managed import pooled
from tests.support.pool import Clock, Manager
from tests.support.servers import wait_until

PORT = 7660
JOIN = """
import asyncio, pathlib, sys
from cenote.server.agent import join
asyncio.run(join(pathlib.Path(sys.argv[1]), [sys.argv[2]], sys.argv[3], sys.argv[4], "gpu1"))
"""


def test_a_server_on_another_machine(
    tmp_path: Path,
    sqlite_template: Path,  # noqa: F811
    stub_native: Path,
) -> None:
    if reason := machines.allowed():
        pytest.skip(reason)
    file = tmp_path / "pool.db"
    file.write_bytes(sqlite_template.read_bytes())
    url, state = f"sqlite:///{file}", tmp_path / "managers"
    core = Manager(url, Clock())
    authority = Authority.open(state / "authority")
    secret = Joining(core.core, Certificates(core.core, authority)).invite(POOL).secret
    ann = core.user("ann")

    def server_state() -> ServerState | None:
        return next((view.state for view in Inventory(core.core).servers()), None)

    with machines.two_machines() as pair, fullpool.process(url, state, PORT, pair[1]):
        folder = tmp_path / "cenote" / "pool"
        arguments = [str(folder), f"{pair[1].address}:{PORT}", authority.fingerprint, secret]
        subprocess.run(pair[0].command(sys.executable, "-c", JOIN, *arguments), check=True, timeout=60)
        with pooled(authority, tmp_path, stub_native, machines=pair) as server:
            wait_until(lambda: server_state() == ServerState.READY, 15)
            assert Inventory(core.core).server("gpu1").address == f"{machines.LENDER}:{server.port}"
            found = core.allocations.submit(ann, Request())
            wait_until(lambda: core.allocations.get(ann, found.id).state == State.ACTIVE, 15)
            machines.cut(pair[0])
            start = time.monotonic()
            wait_until(lambda: server_state() == ServerState.UNREACHABLE, 40)
            assert time.monotonic() - start > 10
            assert core.allocations.get(ann, found.id).parts[0].state == "unknown"
            machines.mend(pair[0])
            wait_until(lambda: server_state() == ServerState.READY, 40)
            assert core.allocations.get(ann, found.id).state == State.ACTIVE
    core.close()
