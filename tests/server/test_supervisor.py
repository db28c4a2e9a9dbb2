"""A whole ``cenote serve`` process: starting, ending, what it leaves behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.data_plane import ask, open_session, read_allocation
from tests.support.servers import CENOTE, Server, gone, serving, wait_until


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the files of running processes."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def holding(server: Server, copy: Path) -> subprocess.Popen[str]:
    """A program that holds all devices until it gets a line."""
    script = f"cp $CENOTE_ALLOCATION_FILE {copy}.new; mv {copy}.new {copy}; read wait; exit 5"
    program = server.start(["sh", "-c", script], options=["-n", "2"], stdin=subprocess.PIPE)
    wait_until(copy.exists, 10)
    return program


def serve(native: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A ``cenote serve`` that is expected to fail at once."""
    environment = os.environ | {"CENOTE_NATIVE": str(native)} | variables
    return subprocess.run([*CENOTE, "serve", *arguments], env=environment, capture_output=True, text=True, timeout=10)


def test_says_where_it_listens_what_it_lends_and_where_the_token_is(stub_server: Server) -> None:
    assert f"listening on  {stub_server.address} (this machine only)" in stub_server.announced
    assert "Stub device 1 · GPU · 1.0 GiB · Stub platform 7" in stub_server.announced
    assert stub_server.token == stub_server.state / "manager" / "admin.token"
    secret = [file for file in stub_server.state.rglob("*") if file.is_file() and file.stat().st_mode & 0o077]
    assert [file.suffix for file in secret if file.suffix in (".key", ".token", ".json")] == []


def test_what_it_is_outlives_it(stub_native: Path, tmp_path: Path) -> None:
    def contents() -> set[bytes]:
        with serving(env={"CENOTE_NATIVE": str(stub_native)}, state=tmp_path):
            names = ("server.key", "server.pem", "ca.key", "ca.pem")
            return {file.read_bytes() for file in (tmp_path / "cenote").rglob("*") if file.name in names}

    assert contents() == contents()


@pytest.mark.parametrize(
    ("filters", "lent"),
    [([], 2), (["stub device 1"], 1), (["type=gpu"], 1), (["name~[01]$"], 2), (["type=gpu", "index=0"], 2)],
)
def test_device_filters(stub_native: Path, filters: list[str], lent: int) -> None:
    options = [option for text in filters for option in ("--device", text)]
    with serving(*options, env={"CENOTE_NATIVE": str(stub_native)}) as server:
        assert server.announced.count("Stub device") == lent


def test_filter_that_fits_nothing(stub_native: Path) -> None:
    failed = serve(stub_native, "--listen", "127.0.0.1:0", "--device", "H100")
    assert failed.returncode == 75
    assert failed.stderr == "cenote: no device of this machine fits; it has: Stub device 0, Stub device 1\n"


def test_port_in_use_is_one_sentence(stub_server: Server, stub_native: Path) -> None:
    failed = serve(stub_native, "--listen", stub_server.address)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"cenote: {stub_server.address} is in use already")
    assert failed.stderr.count("\n") == 1


def test_address_of_another_machine_is_one_sentence(stub_native: Path) -> None:
    failed = serve(stub_native, "--listen", "192.0.2.1:7654")
    assert (failed.returncode, failed.stderr) == (1, "cenote: 192.0.2.1:7654 is not an address of this machine\n")


def test_missing_worker_is_one_sentence(tmp_path: Path) -> None:
    failed = serve(tmp_path, "--listen", "127.0.0.1:0")
    assert failed.returncode == 1
    assert "make build" in failed.stderr and failed.stderr.count("\n") == 1


def test_ctrl_c_leaves_nothing_behind(stub_native: Path, runtime: Path, tmp_path: Path) -> None:
    with serving(env={"CENOTE_NATIVE": str(stub_native)}) as server:
        program = holding(server, tmp_path / "copy")
        sock, _ = open_session(read_allocation(tmp_path / "copy")[0])
        workers = server.workers()
        assert len(list(runtime.iterdir())) == 2
        assert server.stop(signal.SIGINT) == 0
        assert all(map(gone, workers))
        sock.settimeout(2)
        assert sock.recv(1) == b""
        program.communicate("\n", timeout=10)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))
    assert list(runtime.iterdir()) == []


def test_sigterm_lets_sessions_run_on(stub_native: Path, runtime: Path, tmp_path: Path) -> None:
    with serving(env={"CENOTE_NATIVE": str(stub_native)}) as server:
        program = holding(server, tmp_path / "copy")
        sock, _ = open_session(read_allocation(tmp_path / "copy")[0])
        server.wait_for_log("began")
        workers = server.workers()
        assert server.stop(signal.SIGTERM) == 0
        assert ask(sock, "still here") == "still here"
        wait_until(lambda: sum(not gone(pid) for pid in workers) == 1)
        program.communicate("\n", timeout=10)
        assert program.returncode == 5
        sock.close()
        wait_until(lambda: all(map(gone, workers)))
    assert list(runtime.iterdir()) == []


def test_sigkill_lets_sessions_run_on_and_the_next_server_cleans_up(
    stub_native: Path, runtime: Path, tmp_path: Path
) -> None:
    with serving(env={"CENOTE_NATIVE": str(stub_native)}) as server:
        program = holding(server, tmp_path / "copy")
        sock, _ = open_session(read_allocation(tmp_path / "copy")[0])
        server.wait_for_log("began")
        server.stop(signal.SIGKILL)
        assert ask(sock, "still here") == "still here"
        sock.close()
        program.communicate("\n", timeout=10)
    assert len(list(runtime.iterdir())) == 1
    with serving(env={"CENOTE_NATIVE": str(stub_native)}):
        assert len(list(runtime.iterdir())) == 1
    assert list(runtime.iterdir()) == []


def test_spare_worker_that_dies_is_replaced(stub_server: Server) -> None:
    wait_until(lambda: len(stub_server.workers()) == 2)
    victim = stub_server.workers()[0]
    os.kill(victim, signal.SIGKILL)
    stub_server.wait_for_log("a spare worker ended: SIGKILL")
    wait_until(lambda: len(stub_server.workers()) == 2 and victim not in stub_server.workers())
