"""Plain failures: one sentence on standard error, within five seconds, with the documented exit code."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cenote import protocol
from cenote.keys import HostKey
from cenote.protocol import Answer, Status
from tests.support.servers import CENOTE, Server, serving

COMMANDS = [["run", "--", "true"], ["list"], ["netperf"]]


def fails(arguments: list[str], code: int, message: str, **variables: str) -> None:
    start = time.monotonic()
    command = [*CENOTE, *arguments]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (code, ""), done
    assert done.stderr.startswith("cenote: ") and done.stderr.count("\n") == 1, done.stderr
    assert message in done.stderr
    assert time.monotonic() - start < 5


def at(server: str, command: list[str]) -> list[str]:
    return [command[0], "--server", server, *command[1:]]


@contextmanager
def listener(answer: Callable[[socket.socket], object]) -> Iterator[str]:
    """Something that is no Cenote server, on a free port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as sock:

        def serve() -> None:
            try:
                while True:
                    answer(sock.accept()[0])
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{sock.getsockname()[1]}"
        sock.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostKey:
    """A key of this user's that belongs to no server."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = HostKey(secrets.token_bytes(32), secrets.token_bytes(32))
    made.write(tmp_path / "cenote" / "host.key")
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_no_server(command: list[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    fails(at(f"127.0.0.1:{port}", command), 69, "connection refused")


def test_no_such_host() -> None:
    fails(["list", "--server", "no-such-host.invalid"], 69, "there is no host")


def test_host_that_swallows_everything(key: HostKey) -> None:
    held: list[socket.socket] = []
    with listener(held.append) as address:
        fails(["list", "--server", address], 69, "does not answer")


def test_not_a_cenote_server(key: HostKey) -> None:
    with listener(lambda sock: sock.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as address:
        fails(["list", "--server", address], 76, "is not a Cenote server")


def test_server_that_hangs_up(key: HostKey) -> None:
    with listener(lambda sock: sock.close()) as address:
        fails(["list", "--server", address], 76, address)


def test_server_of_another_version(key: HostKey) -> None:
    answer = Answer(Status.WRONG_VERSION, bytes(32), major=9, minor=4).encode()
    kept: list[socket.socket] = []

    def reply(sock: socket.socket) -> None:
        kept.append(sock)
        sock.sendall(answer)

    with listener(reply) as address:
        mine = f"{protocol.MAJOR}.{protocol.MINOR}"
        fails(["list", "--server", address], 76, f"speaks protocol 9.4 and this client {mine}")


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_key(stub_server: Server, command: list[str], key: HostKey) -> None:
    fails(at(stub_server.address, command), 77, "does not accept the key")


def test_impostor_without_the_key(key: HostKey) -> None:
    def pretend(sock: socket.socket) -> None:
        sock.recv(48, socket.MSG_WAITALL)
        sock.sendall(Answer(Status.GO_ON, bytes(32)).encode())
        sock.recv(4096)
        sock.sendall(b'{"id": 0, "ok": {"proof": "00", "version": "1", "host": "h"}}\n')

    with listener(pretend) as address:
        fails(["list", "--server", address], 77, "does not have the key")


def test_no_key(stub_server: Server, tmp_path: Path) -> None:
    fails(["list", "--server", stub_server.address], 77, "--key FILE", XDG_STATE_HOME=str(tmp_path))


def test_unreadable_key_file(stub_server: Server) -> None:
    fails(["list", "--server", stub_server.address, "--key", "/nonexistent"], 77, "/nonexistent")


def test_no_device_that_fits(stub_server: Server) -> None:
    state = stub_server.environment["XDG_STATE_HOME"]
    arguments = ["run", "-s", stub_server.address, "-n", "3", "--", "true"]
    fails(arguments, 75, "3 devices were asked for, but the server has 2", XDG_STATE_HOME=state, **native(stub_server))


def test_no_such_program(stub_server: Server) -> None:
    fails(["run", "-s", stub_server.address, "--", "no-such-program"], 127, "there is no program")


def test_program_that_cannot_be_run(stub_server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    fails(["run", "-s", stub_server.address, "--", str(tmp_path / "file")], 126, "permission denied")
    (tmp_path / "script").write_text("#!/no/such/interpreter\n")
    (tmp_path / "script").chmod(0o755)
    state = stub_server.environment["XDG_STATE_HOME"]
    arguments = ["run", "-s", stub_server.address, "--", str(tmp_path / "script")]
    fails(arguments, 126, "No such file", XDG_STATE_HOME=state, **native(stub_server))


def test_broken_address() -> None:
    fails(["list", "--server", "gpu1:http"], 1, "is not an address")


def test_one_key_for_each_of_several_servers(stub_server: Server, stub_native: Path, tmp_path: Path) -> None:
    with serving(env={"CENOTE_NATIVE": str(stub_native)}) as other:
        both = ["--server", stub_server.address, "--server", other.address]
        keys = [
            option
            for server in (stub_server, other)
            for option in ("--key", f"{server.environment['XDG_STATE_HOME']}/cenote/host.key")
        ]
        command = [*CENOTE, "run", *both, *keys, "-n", "3", "--", "sh", "-c", "grep -c ^server $CENOTE_ALLOCATION_FILE"]
        done = subprocess.run(command, env=other.environment, capture_output=True, text=True, timeout=30)
        assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr
        fails(["run", *both, *keys, "-n", "5", "--", "true"], 75, "together have 4", **native(other))


def native(server: Server) -> dict[str, str]:
    return {"CENOTE_NATIVE": server.environment["CENOTE_NATIVE"]}
