"""A server of a pool as its managers and the holders of its devices meet it: real processes, sockets and TLS."""

from __future__ import annotations

import datetime
import json
import signal
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cenote import tls
from cenote.pool import wire
from cenote.pool.authority import Authority
from cenote.pool.orders import Ended, Extend, Release, Reserve, Result, Why
from cenote.protocol import Kind, Preamble, Status
from cenote.server.membership import Membership
from tests.support.data_plane import Server as Allocated
from tests.support.data_plane import ask, connect, enter, open_session
from tests.support.managed import Caller, anybody, manager_files, member, pooled, reserve, tether
from tests.support.servers import Server, gone, wait_until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pool")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority.open(folder / "authority")


@pytest.fixture(scope="module")
def manager(folder: Path, authority: Authority) -> tls.Files:
    return manager_files(authority, folder / "manager")


@pytest.fixture(scope="module")
def shared(folder: Path, authority: Authority, stub_native: Path) -> Iterator[Server]:
    """One server for the tests that leave it as it was."""
    with pooled(authority, folder / "shared", stub_native) as running:
        yield running


@pytest.fixture
def own(tmp_path: Path, authority: Authority, stub_native: Path) -> Iterator[Server]:
    with pooled(authority, tmp_path, stub_native) as running:
        yield running


def allocated(server: Server, order: Reserve) -> Allocated:
    return Allocated("127.0.0.1", server.port, False, bytes.fromhex(order.allocation), order.secret)


def lent(caller: Caller) -> list[str]:
    return [held.allocation for held in caller.report().held]


def test_a_manager_lends_and_takes_back(own: Server, manager: tls.Files) -> None:
    caller = Caller.dial(own.port, manager.dialling())
    assert tls.peer(caller.socket).name == "gpu1"
    order = reserve(1)
    assert caller.carry_out(order).result == Result.HELD
    assert caller.report().held[0].secret == order.secret
    sock, _ = open_session(allocated(own, order))
    assert ask(sock, "hello") == "hello"
    sock.sendall(b"hang\n")
    assert caller.carry_out(Extend(order.allocation, 1, 900)).result == Result.HELD
    before = set(own.workers())
    assert caller.carry_out(Release(order.allocation, 1)).result == Result.ENDING
    wait_until(lambda: caller.carry_out(Release(order.allocation, 1)).result == Result.FREE, timeout=2)
    assert sum(map(gone, before)) == 1 and lent(caller) == []
    with connect("127.0.0.1", own.port) as late:
        preamble = Preamble(Kind.SESSION, id=bytes.fromhex(order.allocation)).encode()
        assert enter(late, preamble).status == Status.UNKNOWN


def test_two_managers_at_once(shared: Server, authority: Authority, manager: tls.Files, tmp_path: Path) -> None:
    """What both want, one of them gets; each is told the same."""
    one = Caller.dial(shared.port, manager.dialling())
    two = Caller.dial(shared.port, manager_files(authority, tmp_path, "second").dialling())
    order = reserve(2)
    assert {one.carry_out(order).result, two.carry_out(order).result} == {Result.HELD}
    others = [reserve(number) for number in range(3, 7)]
    results = [caller.carry_out(other).result for other in others for caller in (one, two)]
    assert results == [Result.HELD] * 2 + [Result.REFUSED] * 6
    assert sorted(lent(one)) == sorted(lent(two)) == [order.allocation, others[0].allocation]
    for allocation in lent(one):
        two.carry_out(Release(allocation, 1))
    wait_until(lambda: lent(one) == [])


def test_who_is_no_manager_is_not_heard(shared: Server, authority: Authority, tmp_path: Path) -> None:
    """A certificate of another pool, of a server, out of date, or none: not a line is answered."""
    stranger = manager_files(Authority.open(tmp_path / "other"), tmp_path / "stranger").dialling()
    server = member(authority, tmp_path / "server", "gpu2").files.dialling()
    brief = Authority.open(authority.file.parent, datetime.timedelta(seconds=-1))
    expired = manager_files(brief, tmp_path / "expired").dialling()
    for context in (stranger, server, expired, anybody()):
        context.verify_mode = ssl.CERT_NONE
        caller = Caller.dial(shared.port, context)
        with pytest.raises(OSError):
            caller.ask("report")
        caller.close()


def test_a_manager_without_tls_is_malformed(shared: Server) -> None:
    with connect("127.0.0.1", shared.port) as sock:
        assert enter(sock, Preamble(Kind.MANAGER).encode()).status == Status.MALFORMED


def test_a_revoked_manager(tmp_path: Path, authority: Authority, stub_native: Path) -> None:
    files, issued = authority.manager(tmp_path, "main", [])
    folder = tmp_path / "cenote" / "pool"
    joined = member(authority, folder)
    Membership(folder, joined.name, joined.token, joined.managers, frozenset({issued.serial})).save()
    with pooled(authority, tmp_path, stub_native) as server:
        with pytest.raises(OSError):
            Caller.dial(server.port, files.dialling()).ask("report")
        other = manager_files(authority, tmp_path / "other")
        assert Caller.dial(server.port, other.dialling()).report().held == ()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=300), st.just(b"[" * 60000), st.just(b'{"id":1,"op":"carry_out","order":{}}')))
def test_garbage_of_a_manager_harms_only_itself(shared: Server, manager: tls.Files, data: bytes) -> None:
    caller = Caller.dial(shared.port, manager.dialling())
    with suppress(OSError):
        caller.socket.sendall(data + b"\n")
        caller.socket.settimeout(0.05)
        caller.socket.recv(1000)
    caller.close()
    assert Caller.dial(shared.port, manager.dialling()).report().held == ()


def test_garbage_in_place_of_a_handshake(shared: Server, manager: tls.Files) -> None:
    with connect("127.0.0.1", shared.port) as sock:
        enter(sock, Preamble(Kind.MANAGER, tls=True).encode())
        sock.sendall(b'{"id":1,"op":"report"}\n' * 20)
        with suppress(ConnectionError):
            assert b"stamp" not in sock.recv(4096)
    assert Caller.dial(shared.port, manager.dialling()).report().held == ()


def test_a_probe_measures_once(shared: Server, manager: tls.Files) -> None:
    """With what a manager has been told, and with nothing else."""
    permitted = wire.probe_from_json(Caller.dial(shared.port, manager.dialling()).ask("probe"))
    order = replace(reserve(1), allocation=permitted.id, secret=bytes.fromhex(permitted.secret))
    with tether(shared.port, order) as sock:
        sock.sendall(struct.pack("<II", 3, 5) + b"abc")
        assert sock.recv(100) == bytes(5)
    with pytest.raises(ConnectionRefusedError):
        tether(shared.port, order)
    again = wire.probe_from_json(Caller.dial(shared.port, manager.dialling()).ask("probe"))
    with pytest.raises(PermissionError):
        tether(shared.port, replace(order, allocation=again.id))


def cut(sock: socket.socket, how: str) -> None:
    if how == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if how == "half":
        sock.shutdown(socket.SHUT_WR)
    elif how == "bytes":
        sock.sendall(b"!")
    else:
        sock.close()


@pytest.mark.parametrize("how", ["close", "reset", "half", "bytes"])
def test_a_tether_that_ends_frees_the_share(own: Server, manager: tls.Files, how: str) -> None:
    """With workers that hang, and no manager that is connected."""
    caller = Caller.dial(own.port, manager.dialling())
    order = reserve(1, tethered=True)
    caller.carry_out(order)
    caller.close()
    held = tether(own.port, order)
    sock, _ = open_session(allocated(own, order))
    sock.sendall(b"hang\n")
    before = set(own.workers())
    start = time.monotonic()
    cut(held, how)
    wait_until(lambda: sum(map(gone, before)) == 1, timeout=2)
    later = Caller.dial(own.port, manager.dialling())
    wait_until(lambda: lent(later) == [], timeout=2)
    assert time.monotonic() - start < 2
    assert later.report().ended == (Ended(order.allocation, 1, Why.LET_GO),)


def test_tethers_over_tls(own: Server, manager: tls.Files) -> None:
    caller = Caller.dial(own.port, manager.dialling())
    order = reserve(1, tethered=True)
    caller.carry_out(order)
    context = ssl.create_default_context(cafile=str(manager.authority))
    context.check_hostname = False
    held = tether(own.port, order, context=context)
    assert tls.peer(held).name == "gpu1"
    held.close()
    wait_until(lambda: lent(caller) == [], timeout=2)


def test_as_long_as_one_tether_is_left(own: Server, manager: tls.Files) -> None:
    caller = Caller.dial(own.port, manager.dialling())
    order = reserve(1, tethered=True)
    caller.carry_out(order)
    first, second = tether(own.port, order), tether(own.port, order)
    first.close()
    time.sleep(0.5)
    assert lent(caller) == [order.allocation]
    second.close()
    wait_until(lambda: lent(caller) == [], timeout=2)


def test_tethers_of_strangers_hold_and_end_nothing(own: Server, manager: tls.Files) -> None:
    caller = Caller.dial(own.port, manager.dialling())
    order, free = reserve(1, tethered=True), reserve(2, index=1)
    for each in (order, free):
        caller.carry_out(each)
    held = tether(own.port, order)
    with pytest.raises(PermissionError):
        tether(own.port, order, bytes(32))
    for unknown in (reserve(3), free):
        with pytest.raises(ConnectionRefusedError):
            tether(own.port, unknown)
    time.sleep(0.3)
    assert len(lent(caller)) == 2
    held.close()


def test_a_release_ends_the_tether(own: Server, manager: tls.Files) -> None:
    caller = Caller.dial(own.port, manager.dialling())
    order = reserve(1, tethered=True)
    caller.carry_out(order)
    held = tether(own.port, order)
    caller.carry_out(Release(order.allocation, 1))
    held.settimeout(2)
    (line,) = held.makefile()
    assert json.loads(line)["over"].endswith(" has taken back what it had lent: it was released")
    assert caller.report().ended == ()


def test_a_term_ends_without_a_manager(own: Server, manager: tls.Files) -> None:
    caller = Caller.dial(own.port, manager.dialling())
    order = reserve(1, term=2)
    caller.carry_out(order)
    caller.close()
    sock, _ = open_session(allocated(own, order))
    sock.settimeout(10)
    assert sock.recv(1) == b""
    later = Caller.dial(own.port, manager.dialling())
    wait_until(lambda: lent(later) == [])
    assert later.report().ended == (Ended(order.allocation, 1, Why.EXPIRED),)


def test_what_is_lent_outlives_sigkill(
    tmp_path: Path, authority: Authority, manager: tls.Files, stub_native: Path
) -> None:
    """A tether may come back; one that does not is missed after the link's time-out and a margin."""
    back, away, untethered = reserve(1, tethered=True), reserve(2, tethered=True), reserve(3, index=1)
    with pooled(authority, tmp_path, stub_native) as first:
        caller = Caller.dial(first.port, manager.dialling())
        for order in (back, away, untethered):
            assert caller.carry_out(order).result == Result.HELD
        old = [tether(first.port, back), tether(first.port, away)]
        stamp = caller.report().stamp
        first.stop(signal.SIGKILL)
    with pooled(authority, tmp_path, stub_native) as second:
        caller = Caller.dial(second.port, manager.dialling())
        report = caller.report()
        assert {held.allocation for held in report.held} == {o.allocation for o in (back, away, untethered)}
        assert report.stamp.ledger == stamp.ledger and report.stamp.serial > stamp.serial
        assert caller.carry_out(back).result == Result.HELD
        held = tether(second.port, back)
        assert ask(open_session(allocated(second, back))[0], "hello") == "hello"
        wait_until(lambda: away.allocation not in lent(caller), timeout=25)
        assert set(lent(caller)) == {back.allocation, untethered.allocation}
        held.close()
    for sock in old:
        sock.close()


def test_a_restart_by_the_service_manager_ends_no_tether(
    tmp_path: Path, authority: Authority, manager: tls.Files, stub_native: Path
) -> None:
    order = reserve(1, tethered=True)
    with pooled(authority, tmp_path, stub_native) as first:
        Caller.dial(first.port, manager.dialling()).carry_out(order)
        held = tether(first.port, order)
        first.stop(signal.SIGTERM)
        assert held.recv(1) == b""
    with pooled(authority, tmp_path, stub_native) as second:
        assert lent(Caller.dial(second.port, manager.dialling())) == [order.allocation]
