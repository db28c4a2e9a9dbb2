"""The gate under good and bad preambles. Workers are stand-ins."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cenote import protocol
from cenote.protocol import Kind, Preamble, Status
from tests.support.data_plane import Server as Allocated
from tests.support.data_plane import ask, connect, enter, open_session, read_allocation
from tests.support.holding import holding
from tests.support.servers import Server, gone, serving, wait_until


@pytest.fixture
def allocated(stub_server: Server) -> Iterator[Allocated]:
    """Both devices of the stub server, held for as long as the test runs."""
    with holding(stub_server, count=2) as held:
        yield held


def closed(sock: socket.socket, within: float) -> bool:
    """Whether the other side closes the connection in time, in whichever way."""
    sock.settimeout(within)
    try:
        while sock.recv(4096):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def test_session_begins_with_proof_of_both_sides(allocated: Allocated) -> None:
    sock, session = open_session(allocated)
    assert session != protocol.NO_ID
    assert ask(sock, "hello") == "hello"


@pytest.mark.parametrize(
    ("preamble", "status"),
    [
        (Preamble(Kind.SESSION, id=secrets.token_bytes(16)).encode(), Status.UNKNOWN),
        (Preamble(Kind.STREAM, id=secrets.token_bytes(16), stream=1).encode(), Status.UNKNOWN),
        (Preamble(Kind.TETHER, major=protocol.MAJOR + 1).encode(), Status.WRONG_VERSION),
        (Preamble(Kind.TETHER, minor=protocol.MINOR + 1).encode(), Status.WRONG_VERSION),
        (Preamble(Kind.MANAGER, tls=True, id=secrets.token_bytes(16)).encode(), Status.MALFORMED),
        (Preamble(Kind.MANAGER).encode(), Status.MALFORMED),
        (Preamble(Kind.SESSION, stream=3).encode(), Status.MALFORMED),
        (Preamble(Kind.TETHER).encode()[:-1] + b"\1", Status.MALFORMED),
        (b"GET / HTTP/1.1\r\nHost: example.org\r\nAccept: text/html\r\n\r\n", Status.MALFORMED),
        (bytes(48), Status.MALFORMED),
    ],
)
def test_refusals(stub_server: Server, preamble: bytes, status: Status) -> None:
    with connect("127.0.0.1", stub_server.port) as sock:
        answer = enter(sock, preamble)
        assert answer.status == status
        assert (answer.major, answer.minor) == (protocol.MAJOR, protocol.MINOR)


@pytest.fixture(scope="module")
def long_lived(stub_native: Path) -> Iterator[Server]:
    with serving(env={"CENOTE_NATIVE": str(stub_native)}) as running:
        yield running


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(min_size=48, max_size=200), st.binary(max_size=40).map(lambda b: protocol.MAGIC + b)))
def test_random_preambles_do_no_harm(long_lived: Server, data: bytes) -> None:
    with connect("127.0.0.1", long_lived.port) as sock:
        sock.settimeout(10)
        answer = b""
        with suppress(OSError):  # refused before all was sent
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            answer = sock.recv(4096, socket.MSG_WAITALL)
    assert answer == b"" or protocol.Answer.decode(answer)
    assert long_lived.process.poll() is None


def test_silent_and_slow_connections_are_closed(stub_server: Server) -> None:
    """Two seconds for the whole preamble, however it dribbles in."""
    with connect("127.0.0.1", stub_server.port) as silent, connect("127.0.0.1", stub_server.port) as slow:
        start = time.monotonic()
        slow.setblocking(False)
        closed = False
        for byte in Preamble(Kind.TETHER).encode():
            slow.send(bytes([byte]))
            time.sleep(0.25)
            try:
                closed = slow.recv(1) == b""
            except BlockingIOError:
                continue
            except ConnectionResetError:
                closed = True
            break
        assert closed
        assert silent.recv(1) == b""
        assert time.monotonic() - start < 4


def test_many_silent_connections_only_delay_others(stub_server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(connect("127.0.0.1", stub_server.port))
        time.sleep(0.2)
        listed = stub_server.cenote("list")
    # 40 silent connections are three rounds of two seconds; a client gives up before, plainly, or gets through.
    assert listed.returncode in (0, 69), listed.stderr
    assert stub_server.cenote("list").returncode == 0


def test_not_more_than_sixteen_stand_at_the_gate(stub_server: Server) -> None:
    """A seventeenth preamble is not read before one of the sixteen has gone."""
    with ExitStack() as stack:
        silent = [stack.enter_context(connect("127.0.0.1", stub_server.port)) for _ in range(16)]
        time.sleep(0.2)
        late = stack.enter_context(connect("127.0.0.1", stub_server.port))
        late.sendall(bytes(48))
        late.settimeout(0.5)
        with pytest.raises(TimeoutError):
            late.recv(64)
        silent[0].close()
        late.settimeout(5)
        assert late.recv(64, socket.MSG_WAITALL)[12] == Status.MALFORMED


def test_wrong_secret_opens_nothing(allocated: Allocated, stub_server: Server) -> None:
    impostor = Allocated(allocated.host, allocated.port, False, allocated.allocation, secrets.token_bytes(32))
    with pytest.raises(ConnectionError):
        open_session(impostor)
    stub_server.wait_for_log("stream 0 was refused")
    assert open_session(allocated)


def test_silent_proof_ends_the_worker(allocated: Allocated, stub_server: Server) -> None:
    with connect(allocated.host, allocated.port) as sock:
        assert enter(sock, Preamble(Kind.SESSION, id=allocated.allocation).encode()).status == Status.GO_ON
        assert closed(sock, within=6)
    wait_until(lambda: len(stub_server.workers()) == 2)


def test_grants_come_from_the_devices_memory(allocated: Allocated) -> None:
    first, _ = open_session(allocated)
    second, _ = open_session(allocated)
    gib = 1 << 30
    assert ask(first, f"want 0 {gib - 100}") == f"grant 0 {gib - 100}"
    assert ask(second, "want 0 60") == "grant 0 60"
    assert ask(second, "want 0 60") == "grant 0 40"
    assert ask(second, "want 0 60") == "grant 0 0"
    assert ask(second, "want 1 60") == "grant 1 60"
    assert ask(first, f"giveback 0 {gib}").startswith("giveback")
    wait_until(lambda: ask(second, "want 0 1") == "grant 0 1")


def test_memory_of_a_dead_worker_is_free(allocated: Allocated) -> None:
    first, _ = open_session(allocated)
    second, _ = open_session(allocated)
    assert ask(first, f"want 0 {1 << 30}") == f"grant 0 {1 << 30}"
    assert ask(second, "want 0 5") == "grant 0 0"
    first.sendall(b"die\n")
    wait_until(lambda: ask(second, "want 0 5") == "grant 0 5", timeout=2)


@pytest.mark.parametrize("packet", ["want 9 1", "want 0 -5", "want x y", "nonsense", "authenticated x", "giveback 0"])
def test_worker_that_lies_is_ended_alone(allocated: Allocated, stub_server: Server, packet: str) -> None:
    liar, _ = open_session(allocated)
    honest, _ = open_session(allocated)
    liar.sendall(f"say {packet}\n".encode())
    stub_server.wait_for_log("its worker said")
    assert closed(liar, within=5)
    assert ask(honest, "still here") == "still here"


def test_crash_takes_no_other_session_along(allocated: Allocated, stub_server: Server) -> None:
    first, _ = open_session(allocated)
    second, _ = open_session(allocated)
    first.sendall(b"die\n")
    stub_server.wait_for_log("its worker crashed: SIGSEGV")
    assert ask(second, "still here") == "still here"


def test_end_of_the_allocation_ends_even_workers_that_hang(stub_server: Server, tmp_path: Path) -> None:
    copy = tmp_path / "allocation"
    program = stub_server.start(["sh", "-c", f"cp $CENOTE_ALLOCATION_FILE {copy}; read wait"], stdin=subprocess.PIPE)
    wait_until(lambda: copy.exists() and copy.stat().st_size > 100)
    before = set(stub_server.workers())
    sock, _ = open_session(read_allocation(copy)[0])
    sock.sendall(b"hang\n")
    stub_server.wait_for_log("began")
    program.communicate("\n", timeout=20)
    assert closed(sock, within=2)
    wait_until(lambda: sum(map(gone, before)) == 1, timeout=2)
    with connect("127.0.0.1", stub_server.port) as late:
        preamble = Preamble(Kind.SESSION, id=read_allocation(copy)[0].allocation).encode()
        assert enter(late, preamble).status == Status.UNKNOWN


def test_many_sessions_at_once(allocated: Allocated) -> None:
    """More than spare workers are kept and more than may stand at the gate."""
    sessions = [open_session(allocated)[0] for _ in range(20)]
    assert [ask(sock, f"number {i}") for i, sock in enumerate(sessions)] == [f"number {i}" for i in range(20)]
