"""Real programs on real workers, on what a real manager has lent them: over restarts, and to the end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from benchmarks import drivers
from cenote import paths, tls
from cenote.client import environment
from cenote.pool.core import POOL, Actor
from cenote.pool.models import Outcome, Role, ServerState, State, Usage
from cenote.pool.orders import Reserve
from cenote.pool.request import Request
from cenote.protocol import Address
from tests.opencl.test_turns import SHORT, SOURCE
from tests.pool.conftest import sqlite_template  # noqa: F401 - a fixture
from tests.server.test_adoption import program  # noqa: F401 - a fixture
from tests.server.test_agent import joined, state_of
from tests.support import fullpool
from tests.support.differential import compile_c
from tests.support.fullpool import FullManager
from tests.support.managed import pooled, tether
from tests.support.pool import Clock, Manager
from tests.support.servers import Server, wait_until

BEATS = 15.0  # seconds; what a worker is asked at one heartbeat is told with the next


@dataclass
class Loan:
    """A tethered allocation of half of a server's only device, and the file with which programs find it."""

    manager: FullManager
    user: Actor
    id: str
    folder: Path

    @property
    def state(self) -> State:
        return self.manager.services.allocations.get(self.user, self.id).state

    @property
    def outcome(self) -> Outcome | None:
        return self.manager.services.allocations.get(self.user, self.id).outcome

    def hold(self, server: Server) -> Any:
        secret = self.manager.services.allocations.doors(self.user, self.id)[0].secret
        return tether(server.port, Reserve(self.id, 1, (), 1, self.user.name, secret))

    def start(self, program: Path, *words: str) -> subprocess.Popen[str]:  # noqa: F811
        door = self.manager.services.allocations.doors(self.user, self.id)[0]
        address = Address.parse(door.address)
        line = f"server {address.host} {address.port} plain {self.id} {door.secret.hex()}"
        environment.allocation_file(self.folder).write_text(f"cenote-allocation 1\n{line}\n")
        pipe = subprocess.PIPE
        vendors = self.folder / "vendors"
        shutil.rmtree(vendors, ignore_errors=True)
        variables = environment.prepare(self.folder, os.environ)
        return subprocess.Popen([program, *words], env=variables, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


class Host:
    """The pool's only server, which may be started again on the same port."""

    def __init__(self, manager: FullManager, state: Path) -> None:
        if not (paths.native() / "bin" / "cenote-worker").exists():
            pytest.skip("the native parts are not built: run “make build”")
        self.manager = manager
        self._environment = drivers.find("pocl").environment
        self._state = state
        self._port = 0

    @property
    def lent(self) -> int:
        """Bytes of its device."""
        ((device,),) = (server.devices for server in self.manager.services.inventory.servers())
        return device.memory - device.free_memory

    def start(self, stack: ExitStack) -> Server:
        serving = pooled(self.manager.authority, self._state, env=self._environment, port=self._port)
        server = stack.enter_context(serving)
        self._port = server.port
        wait_until(lambda: state_of(self.manager) == ServerState.READY, 10)
        return server


@pytest.fixture
def host(tmp_path: Path, sqlite_template: Path) -> Iterator[Host]:  # noqa: F811
    file = tmp_path / "pool.db"
    file.write_bytes(sqlite_template.read_bytes())
    core = Manager(f"sqlite:///{file}", Clock())
    with fullpool.manager(core, tmp_path / "managers") as manager:
        joined(manager.invite(), tmp_path)
        yield Host(manager, tmp_path)
    core.close()


def lend(host: Host, folder: Path, name: str = "ann", *, tethered: bool = True, **wish: int) -> Loan:
    folder.mkdir()
    user = host.manager.core.user(name)
    request = Request(weight=500_000, tethered=tethered, **wish)  # type: ignore[arg-type]
    found = host.manager.services.allocations.submit(user, request)
    loan = Loan(host.manager, user, found.id, folder)
    wait_until(lambda: loan.state == State.ACTIVE)
    return loan


def ask(manager: FullManager, path: str, token: str) -> Any:
    with httpx.Client(verify=tls.trusting(manager.authority.certificate.decode()), trust_env=False) as client:
        return client.get(
            f"https://{manager.address}/api/v1{path}",
            headers={"Authorization": f"Bearer {token}"},
            extensions={"sni_hostname": tls.MANAGER_HOST},
        ).json()


def test_a_program_outlives_the_supervisor(host: Host, program: Path, tmp_path: Path) -> None:  # noqa: F811
    """Its worker is adopted together with the loan; a release ends both."""
    with ExitStack() as stack:
        first = host.start(stack)
        loan = lend(host, tmp_path / "run")
        held = loan.hold(first)
        running = loan.start(program, "wait")
        assert running.stdout and running.stdout.readline() == "began\n"
        first.stop(signal.SIGKILL)
        assert held.recv(1) == b""
        second = host.start(stack)
        held = loan.hold(second)
        second.wait_for_log(f"of ann ({loan.id[:8]}) goes on")
        output, errors = running.communicate(timeout=60)
        assert (output, running.returncode) == ("5\n", 0), errors
        again = loan.start(program, "grow")
        assert again.stdout and again.stdout.readline() == "began\n"
        host.manager.services.allocations.release(loan.user, loan.id)
        wait_until(lambda: loan.state == State.ENDED)
        assert again.stderr
        assert again.stderr.readline() == "cenote: gpu1 has taken back what it had lent: it was released\n"
        again.communicate("x", timeout=60)
        assert held.makefile().read() == '{"over": ""}\n', "the program has told it"
        wait_until(lambda: not host.lent, timeout=2)


def test_an_adopted_worker_ends_with_its_tether(host: Host, program: Path, tmp_path: Path) -> None:  # noqa: F811
    """Within two seconds after the tether has not come back in time, or was cut."""
    with ExitStack() as stack:
        first = host.start(stack)
        loan = lend(host, tmp_path / "run")
        before = loan.hold(first)
        running = loan.start(program, "grow")
        assert running.stdout and running.stdout.readline() == "began\n"
        first.stop(signal.SIGKILL)
        second = host.start(stack)
        before.close()  # which the first one did not live to see
        held = loan.hold(second)
        assert host.lent
        held.close()
        wait_until(lambda: loan.state == State.ENDED, timeout=2)
        assert loan.outcome == Outcome.RELEASED
        assert not host.lent
        running.kill()
        running.communicate()


def test_what_nothing_uses_is_taken_back(host: Host, program: Path, tmp_path: Path) -> None:  # noqa: F811
    """Not while a kernel runs or a command waits for an event, however long; the program hears it, and why."""
    with ExitStack() as stack:
        host.start(stack)
        busy = lend(host, tmp_path / "busy", tethered=False, idle=2)
        for what in ("wait", "compute"):
            output, errors = busy.start(program, what).communicate(timeout=60)
            assert output.startswith("began\n") and not errors
        idle = lend(host, tmp_path / "idle", "bob", tethered=False, idle=1)
        running = idle.start(program, "grow")
        assert running.stdout and running.stdout.readline() == "began\n"
        assert running.stderr
        expected = "cenote: gpu1 has taken back what it had lent: nothing has used it for 1s\n"
        assert running.stderr.readline() == expected
        output, _ = running.communicate("x", timeout=60)
        assert output.startswith("asks\n") and not output.startswith("asks\n0")
        wait_until(lambda: (busy.state, idle.state) == (State.ENDED, State.ENDED), 10)
        assert busy.outcome == idle.outcome == Outcome.IDLE
        assert not host.lent


def test_a_devices_time_is_told(host: Host, tmp_path: Path) -> None:
    """Of what runs with each heartbeat, in the end for the history; it is the time that the program sees, too."""
    compile_c(SOURCE, tmp_path / "shared")
    host.manager.core.user("watcher", Role.VIEWER)
    viewer = host.manager.core.accounts.create_token(POOL, "watcher")

    def sessions() -> Any:
        return ask(host.manager, "/servers/gpu1/sessions", viewer)["sessions"]

    with ExitStack() as stack:
        server = host.start(stack)
        loan = lend(host, tmp_path / "run")
        held = loan.hold(server)
        running = loan.start(tmp_path / "shared", str(SHORT), "1", "11")
        assert running.stdout and running.stdin and running.stdout.readline() == "ready\n"
        running.stdin.write("\n")
        running.stdin.flush()
        wait_until(lambda: (found := sessions()) and found[0]["busy"] > 0.5, BEATS)
        output, errors = running.communicate(timeout=60)
        assert not errors
        seen = sum(float(line.split()[1]) for line in output.splitlines()[:-1]) / 1000
        held.close()
        wait_until(lambda: loan.state == State.ENDED)
        with host.manager.core.store.reading() as session:
            busy = session.scalars(select(Usage.busy)).one()
        assert busy and 0.9 * seen <= busy <= 12.0, seen


def test_a_term_that_is_over_is_told(host: Host, program: Path, tmp_path: Path) -> None:  # noqa: F811
    with ExitStack() as stack:
        host.start(stack)
        loan = lend(host, tmp_path / "run", tethered=False, term=3)
        running = loan.start(program, "grow")
        assert running.stdout and running.stdout.readline() == "began\n"
        assert running.stderr
        assert running.stderr.readline() == "cenote: gpu1 has taken back what it had lent: its time is over\n"
        running.communicate(timeout=60)


def test_the_pool_sees_what_runs(host: Host, program: Path, tmp_path: Path) -> None:  # noqa: F811
    """Who, since when, with how much memory; and what the worker has counted, also after it was adopted."""

    def told(since: float = 0) -> Any:
        answer = ask(host.manager, "/servers/gpu1/sessions", viewer)
        return answer["sessions"] if (answer["heard_at"] or 0) >= since else None

    host.manager.core.user("watcher", Role.VIEWER)
    viewer = host.manager.core.accounts.create_token(POOL, "watcher")
    with ExitStack() as stack:
        first = host.start(stack)
        loan = lend(host, tmp_path / "run")
        held = loan.hold(first)
        running = loan.start(program, "grow")
        assert running.stdout and running.stdout.readline() == "began\n"
        wait_until(lambda: (found := told()) and found[0]["calls"] > 0, BEATS)
        (before,) = told()
        assert (before["allocation"], before["user"]) == (loan.id, "ann")
        assert before["received"] > 0 and before["sent"] > 0 and before["since"] <= time.time()
        assert before["memory"][0]["bytes"] > 0
        first.stop(signal.SIGKILL)
        second, restarted = host.start(stack), time.time()
        held = loan.hold(second)
        wait_until(lambda: told(restarted) == [before], BEATS)  # it has called nothing since
        held.close()
        wait_until(lambda: told() == [], BEATS)
        running.kill()
        running.communicate()
