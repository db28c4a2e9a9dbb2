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


def takes(hello: bytes) -> Callable[[socket.socket], object]:
    """Goes on as a server does, up to a proof that is this line."""

    def pretend(sock: socket.socket) -> None:
        sock.recv(48, socket.MSG_WAITALL)
        sock.sendall(Answer(Status.GO_ON, bytes(32)).encode())
        sock.recv(4096)
        sock.sendall(hello + b"\n")

    return pretend


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


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
@pytest.mark.parametrize("command", COMMANDS)
def test_not_a_cenote_server(command: list[str], greeting: bytes, key: HostKey) -> None:
    with listener(lambda sock: sock.sendall(greeting)) as address:
        fails(at(address, command), 76, "is not a Cenote server")


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
    with listener(takes(b'{"id": 0, "ok": {"proof": "00", "version": "1", "host": "h"}}')) as address:
        fails(["list", "--server", address], 77, "does not have the key")


@pytest.mark.parametrize("hello", [b"[]", b"{}", b'{"error": 1}', b"no JSON"])
def test_server_that_speaks_nonsense(key: HostKey, hello: bytes) -> None:
    with listener(takes(hello)) as address:
        fails(["list", "--server", address], 76, "not readable")


def test_no_key(stub_server: Server, tmp_path: Path) -> None:
    fails(["list", "--server", stub_server.address], 77, "--key FILE", XDG_STATE_HOME=str(tmp_path))


def test_unreadable_key_file(stub_server: Server) -> None:
    fails(["list", "--server", stub_server.address, "--key", "/nonexistent"], 77, "/nonexistent")


def test_file_that_is_no_key_is_not_to_be_made_private(stub_server: Server, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("hello\n")
    fails(["list", "-s", stub_server.address, "-k", str(tmp_path / "notes")], 77, "is not a key file of Cenote’s")


def test_more_keys_than_servers(stub_server: Server) -> None:
    fails(["list", "-s", stub_server.address, "-k", "a", "-k", "b"], 77, "2 key files were given for 1 server(s)")


def test_key_of_another_users_server(stub_server: Server, stub_native: Path) -> None:
    """Each user’s server has a key of its own."""
    with serving(env={"CENOTE_NATIVE": str(stub_native)}) as other:
        state = other.environment["XDG_STATE_HOME"]
        fails(["list", "-s", stub_server.address], 77, "take the key file that it names now", XDG_STATE_HOME=state)
        assert other.cenote("list").returncode == 0


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


@pytest.mark.parametrize("command", [["list"], ["netperf", "--seconds", "0.1"]])
def test_nobody_reads_the_output(stub_server: Server, command: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = stub_server.cenote(*command, capture_output=False, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_output_that_cannot_be_written(stub_server: Server) -> None:
    with Path("/dev/full").open("w") as full:
        done = stub_server.cenote("list", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, "cenote: the output: No space left on device\n")


def test_closed_standard_streams(stub_server: Server) -> None:
    """They stay closed for the program, and nothing of ours takes their place."""
    script = "for stream in 0 1 2; do [ ! -e /proc/$$/fd/$stream ] || exit 5; done"
    program = [*CENOTE, "run", "--server", stub_server.address, "--", "sh", "-c", script]
    closing_all = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
    for command in (program, [*CENOTE, "version"]):
        assert subprocess.run([*closing_all, *command], env=stub_server.environment, timeout=30).returncode == 0


def test_no_folder_for_running_programs(stub_server: Server) -> None:
    done = stub_server.cenote("run", "--", "true", env=stub_server.environment | {"XDG_RUNTIME_DIR": "/nonexistent"})
    assert done.returncode == 1
    assert done.stderr.startswith("cenote: /nonexistent/") and done.stderr.count("\n") == 1


def test_broken_address() -> None:
    fails(["list", "--server", "gpu1:http"], 78, "--server: “gpu1:http” is not an address")


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
