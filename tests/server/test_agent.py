"""A server's agent with a real manager over HTTPS, which dials back to a real ``cenote serve``."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from cenote import tls
from cenote.client.pool import Pool
from cenote.credentials import JoinCredential, TokenCredential
from cenote.errors import CenoteError, NotAllowed, Unreachable
from cenote.pool.core import POOL, Actor
from cenote.pool.inventory import Inventory
from cenote.pool.models import Outcome, ServerState, State
from cenote.pool.models import Role as UserRole
from cenote.pool.orders import Reserve
from cenote.pool.request import Request
from cenote.protocol import Kind, Preamble, Status
from cenote.server.agent import join
from cenote.server.membership import Membership
from cenote.tls import Role
from tests.pool.conftest import sqlite_template  # noqa: F401 - a fixture
from tests.support import fullpool
from tests.support.data_plane import connect, enter
from tests.support.fullpool import FullManager
from tests.support.managed import anybody, pooled, tether
from tests.support.pool import Clock, Manager
from tests.support.servers import Server, wait_until


@pytest.fixture
def core(sqlite_template: Path, tmp_path: Path) -> Iterator[Manager]:  # noqa: F811
    file = tmp_path / "pool.db"
    file.write_bytes(sqlite_template.read_bytes())
    made = Manager(f"sqlite:///{file}", Clock())
    yield made
    made.close()


@pytest.fixture
def manager(core: Manager, tmp_path: Path) -> Iterator[FullManager]:
    with fullpool.manager(core, tmp_path / "managers") as running:
        yield running


def joined(invitation: JoinCredential, state: Path, name: str = "gpu1") -> Membership:
    folder = state / "cenote" / "pool"
    return asyncio.run(join(folder, invitation.managers, invitation.ca, invitation.secret, name))


def state_of(manager: FullManager, name: str = "gpu1") -> ServerState | None:
    found = [view for view in manager.services.inventory.servers() if view.name == name]
    return found[0].state if found else None


def test_joining(manager: FullManager, tmp_path: Path) -> None:
    member = joined(manager.invite(), tmp_path)
    assert member.folder.stat().st_mode & 0o777 == 0o700
    assert {file.name: file.stat().st_mode & 0o777 for file in member.folder.iterdir()} == dict.fromkeys(
        ["server.key", "server.pem", "ca.pem", "member.json"], 0o600
    )
    assert member == Membership.load(member.folder)
    assert manager.services.accounts.who(member.token).name == "gpu1"
    assert member.token not in repr(member)
    member.files.serving_peers()


def test_certificates_are_renewed_in_time(core: Manager, tmp_path: Path, stub_native: Path) -> None:
    """Those of the manager and of the server, again and again, while both go on."""
    lifetime = timedelta(seconds=18)
    with fullpool.manager(core, tmp_path / "managers", lifetime=lifetime) as manager:
        member = joined(manager.invite(), tmp_path)
        with pooled(manager.authority, tmp_path, stub_native) as server:
            wait_until(lambda: state_of(manager) == ServerState.READY, 10)
            shown = [(shown_by(server.port), shown_by_manager(manager.port))]
            end = time.monotonic() + 45
            while any(len(set(serials)) < 3 for serials in zip(*shown, strict=True)):
                assert time.monotonic() < end
                time.sleep(0.5)
                shown.append((shown_by(server.port), shown_by_manager(manager.port)))
            assert (again := Membership.load(member.folder)) and again.renew_at > time.time()
            assert state_of(manager) == ServerState.READY
            assert manager.certificates.revoked(Role.SERVER) == frozenset()
            assert not any("renewed:" in line for line in server.log)


def shown_by(port: int) -> int:
    """By a server to who comes with a tether or as a manager."""
    sock = connect("127.0.0.1", port)
    assert enter(sock, Preamble(Kind.MANAGER, tls=True).encode()).status == Status.GO_ON
    return shown_on(sock)


def shown_by_manager(port: int) -> int:
    return shown_on(connect("127.0.0.1", port))


def shown_on(sock: socket.socket) -> int:
    with anybody().wrap_socket(sock, server_hostname=tls.MANAGER_HOST) as secure:
        der = secure.getpeercert(binary_form=True)
        assert der
        return x509.load_der_x509_certificate(der).serial_number


def test_joining_twice_or_elsewhere(manager: FullManager, tmp_path: Path) -> None:
    """A secret is good for one server; it is not spoken to a manager of another pool."""
    invitation = manager.invite()
    with pytest.raises(NotAllowed, match="is no manager of this pool"):
        joined(JoinCredential(invitation.managers, "0" * 64, invitation.secret), tmp_path / "one")
    assert not (tmp_path / "one" / "cenote" / "pool" / "member.json").exists()
    joined(invitation, tmp_path / "one")
    with pytest.raises(CenoteError, match="join string is not valid"):
        joined(invitation, tmp_path / "two", "gpu2")


def test_joining_asks_every_manager(manager: FullManager, tmp_path: Path) -> None:
    invitation = manager.invite()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        away = f"127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(Unreachable, match="Connection refused"):
        joined(JoinCredential((away,), invitation.ca, invitation.secret), tmp_path)
    assert joined(JoinCredential((away, manager.address), invitation.ca, invitation.secret), tmp_path).name == "gpu1"


def test_a_server_with_the_managers_address_hears_no_secret(manager: FullManager, tmp_path: Path) -> None:
    """It has a certificate of the pool, though not a manager's: all that it hears is a handshake."""
    member = joined(manager.invite(), tmp_path)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def impostor() -> None:
            for _ in range(2):
                sock, _ = listener.accept()
                sock.settimeout(5)
                try:
                    with member.files.serving().wrap_socket(sock, server_side=True) as secure:
                        heard.append(secure.recv(1000))
                except OSError as error:
                    heard.append(str(error).encode())

        (tmp_path / "chain.pem").write_bytes(member.files.certificate.read_bytes() + manager.authority.certificate)
        member.files.certificate.write_bytes((tmp_path / "chain.pem").read_bytes())
        thread = threading.Thread(target=impostor)
        thread.start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        invitation = JoinCredential((address,), manager.authority.fingerprint, "secret")
        with pytest.raises(Unreachable, match="certificate verify failed: Hostname mismatch"):
            joined(invitation, tmp_path / "two", "gpu2")
        thread.join(10)
    assert len(heard) == 2 and not any(b"secret" in one or b"HTTP" in one for one in heard)


@pytest.fixture
def server(manager: FullManager, tmp_path: Path, stub_native: Path) -> Iterator[Server]:
    """A server that has joined, and whose manager has dialled back."""
    joined(manager.invite(), tmp_path)
    with pooled(manager.authority, tmp_path, stub_native) as running:
        wait_until(lambda: state_of(manager) == ServerState.READY, 10)
        yield running


def test_it_is_ready_at_the_address_of_its_own_connection(server: Server, manager: FullManager) -> None:
    view = manager.services.inventory.server("gpu1")
    assert view.address == f"127.0.0.1:{server.port}"
    assert [device.name for device in view.devices] == ["Stub device 0", "Stub device 1"]
    server.wait_for_log("this is gpu1 of the pool")


def url(core: Manager) -> str:
    return core.store.engine.url.render_as_string()


def loan_of(core: Manager, user: Actor, allocation: str) -> Reserve:
    """As far as the client of an allocation knows it."""
    return Reserve(allocation, 1, (), 1, user.name, core.allocations.doors(user, allocation)[0].secret)


def lent(manager: FullManager, **wishes: object) -> str:
    ann = manager.core.user("ann")
    found = manager.services.allocations.submit(ann, Request(**wishes))  # type: ignore[arg-type]
    wait_until(lambda: manager.services.allocations.get(ann, found.id).state == State.ACTIVE, 5)
    return found.id


def test_what_ends_at_the_server_is_known_at_once(server: Server, manager: FullManager) -> None:
    """A tether is cut: the device is free for others within two seconds, and the pool says why."""
    allocation = lent(manager, count=2, tethered=True)
    ann = manager.services.accounts.who(manager.core.accounts.create_token(POOL, "ann"))
    held = tether(server.port, loan_of(manager.core, ann, allocation))
    held.close()
    wait_until(lambda: manager.services.allocations.get(ann, allocation).state == State.ENDED, 2)
    assert manager.services.allocations.get(ann, allocation).outcome == Outcome.RELEASED


def test_a_term_that_ends_at_the_server(server: Server, manager: FullManager) -> None:
    allocation = lent(manager, term=2)
    wait_until(lambda: manager.services.allocations.get(POOL, allocation).state == State.ENDED, 6)
    assert manager.services.allocations.get(POOL, allocation).outcome == Outcome.EXPIRED


def test_another_manager_takes_over(core: Manager, tmp_path: Path, stub_native: Path) -> None:
    """One of two ends; the server beats at the other, and neither thinks it gone."""
    with ExitStack() as stack:
        state = tmp_path / "managers"
        second_core = Manager(url(core), Clock())
        stack.callback(second_core.close)
        second = stack.enter_context(fullpool.manager(second_core, state, "second"))
        first = stack.enter_context(fullpool.manager(core, state, "first", others=(second.address,)))
        joined(first.invite(), tmp_path)
        server = stack.enter_context(pooled(first.authority, tmp_path, stub_native))
        wait_until(lambda: state_of(first) == ServerState.READY, 10)
        allocation = lent(first)
        first.stop()
        server.wait_for_log(f"the manager at {first.address}", 15)
        number = second.services.inventory.number("gpu1")
        released = time.monotonic()
        second.services.allocations.release(POOL, allocation)
        wait_until(lambda: second.services.allocations.get(POOL, allocation).state == State.ENDED, 5)
        assert time.monotonic() - released < 5
        time.sleep(2)
        assert second.core.core.state(number) == ServerState.READY


def test_figures_that_another_manager_has_heard(core: Manager, tmp_path: Path, stub_native: Path) -> None:
    """Whichever manager is asked; one that is away holds nothing up."""
    with ExitStack() as stack:
        state = tmp_path / "managers"
        second_core = Manager(url(core), Clock())
        stack.callback(second_core.close)
        first = stack.enter_context(fullpool.manager(core, state, "first"))
        second = stack.enter_context(fullpool.manager(second_core, state, "second", others=(first.address,)))
        joined(first.invite(), tmp_path)
        stack.enter_context(pooled(first.authority, tmp_path, stub_native))
        wait_until(lambda: state_of(second) == ServerState.READY, 10)
        core.accounts.create_user(POOL, "eve", UserRole.ADMIN)
        token = core.accounts.create_token(POOL, "eve")
        fingerprint = first.authority.fingerprint
        asked = stack.enter_context(Pool.open(TokenCredential((second.address,), fingerprint, token)))
        sessions = asked.ask("GET", "/servers/gpu1/sessions")
        assert sessions["heard_at"] is not None and sessions["sessions"] == []
        assert asked.ask("GET", "/servers/gpu1/sessions", query={"here": "true"})["heard_at"] is None
        allocation = asked.ask("POST", "/allocations", {})["id"]
        wait_until(lambda: asked.ask("GET", f"/allocations/{allocation}")["state"] == "active", 10)
        assert asked.ask("GET", f"/allocations/{allocation}")["quiet"] is not None
        assert [one["quiet"] is not None for one in asked.allocations()] == [True]
        first.stop()
        began = time.monotonic()
        for _ in range(5):
            assert asked.ask("GET", "/servers/gpu1/sessions")["sessions"] == []
        assert time.monotonic() - began < 5


def test_a_manager_that_is_killed(core: Manager, tmp_path: Path, stub_native: Path) -> None:
    """A tether that is cut meanwhile frees all the same, and what was decided before is done afterwards."""
    state = tmp_path / "managers"
    with fullpool.manager(core, state) as first:
        joined(first.invite(), tmp_path)
        port, authority = first.port, first.authority
    ann = core.user("ann")

    def active(allocation: str) -> bool:
        return core.allocations.get(ann, allocation).state == State.ACTIVE

    with ExitStack() as stack:
        server = stack.enter_context(pooled(authority, tmp_path, stub_native))
        with fullpool.process(url(core), state, port) as running:
            wait_until(lambda: [view.state for view in Inventory(core.core).servers()] == [ServerState.READY], 20)
            tethered = core.allocations.submit(ann, Request(tethered=True)).id
            kept = core.allocations.submit(ann, Request()).id
            wait_until(lambda: active(tethered) and active(kept), 15)
            held = tether(server.port, loan_of(core, ann, tethered))
            running.send_signal(signal.SIGKILL)
            running.wait(10)
        held.close()
        server.wait_for_log("nobody holds it", 2)
        core.allocations.release(ann, kept)
        with fullpool.process(url(core), state, port):
            for allocation in (tethered, kept):
                wait_until(lambda: core.allocations.get(ann, allocation).state == State.ENDED, 30)  # noqa: B023
            assert core.allocations.get(ann, tethered).outcome == Outcome.RELEASED


def test_a_manager_that_is_away(core: Manager, tmp_path: Path, stub_native: Path) -> None:
    """The tether frees all the same, and a manager that is back hears of it."""
    state = tmp_path / "managers"
    with fullpool.manager(core, state) as first:
        joined(first.invite(), tmp_path)
        port = first.port
        stack = ExitStack()
        server = stack.enter_context(pooled(first.authority, tmp_path, stub_native))
        wait_until(lambda: state_of(first) == ServerState.READY, 10)
        allocation = lent(first, tethered=True)
        ann = first.services.accounts.who(core.accounts.create_token(POOL, "ann"))
        held = tether(server.port, loan_of(core, ann, allocation))
    with stack:
        held.close()
        server.wait_for_log("nobody holds it", 2)
        with fullpool.manager(core, state, port=port) as again:
            wait_until(lambda: again.services.allocations.get(POOL, allocation).state == State.ENDED, 20)
            assert again.services.allocations.get(POOL, allocation).outcome == Outcome.RELEASED


def test_a_revoked_manager_is_told_of_and_remembered(server: Server, manager: FullManager, tmp_path: Path) -> None:
    other, _ = manager.authority.manager(tmp_path / "thief", "thief", [])
    manager.certificates.manager(tmp_path / "thief", "thief", [])
    manager.certificates.revoke(POOL, Role.MANAGER, "thief")

    def told() -> bool:
        member = Membership.load(tmp_path / "cenote" / "pool")
        return member is not None and len(member.revoked) == 1

    wait_until(told, 15)
    assert tls.Files(other.certificate, other.key, other.authority)


def test_a_restart_of_the_server(manager: FullManager, tmp_path: Path, stub_native: Path) -> None:
    """What is lent stays lent; the manager finds the server at its new address."""
    joined(manager.invite(), tmp_path)
    with pooled(manager.authority, tmp_path, stub_native) as first:
        wait_until(lambda: state_of(manager) == ServerState.READY, 10)
        allocation = lent(manager)
        first.stop(signal.SIGKILL)
    with pooled(manager.authority, tmp_path, stub_native) as second:
        wait_until(lambda: manager.services.inventory.server("gpu1").address == f"127.0.0.1:{second.port}", 10)
        assert manager.services.allocations.get(POOL, allocation).state == State.ACTIVE
        manager.services.allocations.release(POOL, allocation)
        wait_until(lambda: manager.services.allocations.get(POOL, allocation).state == State.ENDED, 5)
