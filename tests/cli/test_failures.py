"""Plain failures: one sentence on standard error, within five seconds, with the documented exit code."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cenote.credentials import TokenCredential, read_token
from cenote.pool.authority import Authority
from cenote.private import write_private
from tests.support.servers import CENOTE, Server

COMMANDS = [["run", "--", "true"], ["list"], ["netperf"]]


def fails(arguments: list[str], code: int, message: str, **variables: str) -> None:
    start = time.monotonic()
    command = [*CENOTE, *arguments]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (code, ""), done
    assert done.stderr.startswith("cenote: ") and done.stderr.count("\n") == 1, done.stderr
    assert message in done.stderr
    assert time.monotonic() - start < 5


@contextmanager
def listener(answer: Callable[[socket.socket], object]) -> Iterator[str]:
    """Something that is no manager, on a free port."""
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
def authority(tmp_path: Path) -> Authority:
    return Authority.open(tmp_path / "authority")


def token(folder: Path, manager: str, authority: Authority, *, known: bool = True) -> str:
    """The file of a token for the manager; whoever logged in has the authority's certificate beside it."""
    file = folder / "token"
    write_private(file, TokenCredential((manager,), authority.fingerprint, "secret").text.encode())
    if known:
        (folder / "ca.pem").write_bytes(authority.certificate)
    return str(file)


def with_token(file: str, command: list[str]) -> list[str]:
    return [command[0], "--token-file", file, *command[1:]]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("known", [False, True])
def test_no_manager(command: list[str], known: bool, tmp_path: Path, authority: Authority) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
    fails(with_token(token(tmp_path, where, authority, known=known), command), 69, where)


def test_no_such_host(tmp_path: Path, authority: Authority) -> None:
    fails(["list", "--token-file", token(tmp_path, "no-such-host.invalid:1", authority)], 69, "no-such-host.invalid")


@pytest.mark.parametrize("known", [False, True])
def test_host_that_swallows_everything(known: bool, tmp_path: Path, authority: Authority) -> None:
    held: list[socket.socket] = []
    with listener(held.append) as address:
        fails(["list", "--token-file", token(tmp_path, address, authority, known=known)], 69, address)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_not_a_manager(greeting: bytes, known: bool, tmp_path: Path, authority: Authority) -> None:
    def greet(sock: socket.socket) -> None:
        sock.sendall(greeting)
        sock.close()

    with listener(greet) as address:
        fails(["list", "--token-file", token(tmp_path, address, authority, known=known)], 69, address)


@pytest.mark.parametrize("command", COMMANDS)
def test_manager_of_another_pool(stub_server: Server, command: list[str], tmp_path: Path, authority: Authority) -> None:
    manager = read_token(stub_server.token.read_text()).managers[0]
    fails(with_token(token(tmp_path, manager, authority, known=False), command), 77, "is no manager of this pool")


def test_impostor(stub_server: Server, tmp_path: Path, authority: Authority) -> None:
    """A manager that another authority has certified than the one that is known."""
    manager = read_token(stub_server.token.read_text()).managers[0]
    fails(["list", "--token-file", token(tmp_path, manager, authority)], 69, "certificate")


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_token(stub_server: Server, command: list[str], tmp_path: Path) -> None:
    known = read_token(stub_server.token.read_text())
    write_private(tmp_path / "token", TokenCredential(known.managers, known.ca, "wrong").text.encode())
    fails(with_token(str(tmp_path / "token"), command), 77, "the token is not valid")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_token(command: list[str], tmp_path: Path) -> None:
    fails(command, 77, "cenote login", XDG_STATE_HOME=str(tmp_path))


def test_unreadable_token(stub_server: Server) -> None:
    fails(["list", "--token-file", "/nonexistent"], 77, "/nonexistent")


def test_file_that_is_no_token(tmp_path: Path) -> None:
    write_private(tmp_path / "notes", b"hello\n")
    fails(["list", "--token-file", str(tmp_path / "notes")], 77, "this is not a token of Cenote’s")


def test_no_device_that_fits(stub_server: Server) -> None:
    arguments = ["run", "--token-file", str(stub_server.token), "-n", "3", "--", "true"]
    fails(arguments, 75, "not even when all is free this pool has 3 device(s)", **native(stub_server))


def test_no_such_server(stub_server: Server) -> None:
    arguments = ["run", "--token-file", str(stub_server.token), "-s", "gpu7", "--", "true"]
    fails(arguments, 75, "the pool has no server gpu7; it has: ", **native(stub_server))


def test_no_such_program() -> None:
    fails(["run", "--", "no-such-program"], 127, "there is no program")


def test_program_that_cannot_be_run(stub_server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    fails(["run", "--", str(tmp_path / "file")], 126, "permission denied")
    (tmp_path / "script").write_text("#!/no/such/interpreter\n")
    (tmp_path / "script").chmod(0o755)
    arguments = ["run", "--token-file", str(stub_server.token), "--", str(tmp_path / "script")]
    fails(arguments, 126, "No such file", **native(stub_server))


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


def native(server: Server) -> dict[str, str]:
    return {"CENOTE_NATIVE": server.environment["CENOTE_NATIVE"]}
