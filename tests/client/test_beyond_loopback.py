"""Between machines: everything in TLS, with the certificate that the key file vouches for."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cenote import keys
from cenote.keys import HostKey
from tests.support import machines
from tests.support.servers import Server, serving


@pytest.fixture(scope="module")
def far_server(stub_native: Path) -> Iterator[Server]:
    """A server on one machine; its clients are on another."""
    if reason := machines.allowed():
        pytest.skip(reason)
    with machines.two_machines() as pair, serving(env={"CENOTE_NATIVE": str(stub_native)}, machines=pair) as running:
        yield running


def key_file(server: Server) -> Path:
    return Path(server.environment["XDG_STATE_HOME"]) / "cenote" / "host.key"


def test_is_not_said_to_be_this_machine_only(far_server: Server) -> None:
    assert f"listening on  {machines.LENDER}:{far_server.port}\n" in far_server.announced


def test_allocation_says_tls_and_the_numeric_address(far_server: Server) -> None:
    shown = far_server.run(["sh", "-c", "cat $CENOTE_ALLOCATION_FILE"]).stdout.splitlines()
    assert shown[1].startswith(f"server {machines.LENDER} {far_server.port} tls ")


def test_netperf_measures_tls(far_server: Server) -> None:
    assert "over TLS 1.3" in far_server.cenote("netperf", "--seconds", "0.3").stdout


def test_pinned_certificate(far_server: Server, tmp_path: Path) -> None:
    """Whoever knows the key but has another certificate is not the server."""
    wrong = HostKey(keys.read(key_file(far_server)).key, secrets.token_bytes(32))
    wrong.write(tmp_path / "wrong.key")
    failed = far_server.cenote("list", "--key", str(tmp_path / "wrong.key"))
    assert failed.returncode == 77
    assert "its certificate is another one" in failed.stderr


def test_wrong_key_under_the_right_certificate(far_server: Server, tmp_path: Path) -> None:
    wrong = HostKey(secrets.token_bytes(32), keys.read(key_file(far_server)).certificate_sha256)
    wrong.write(tmp_path / "wrong.key")
    failed = far_server.cenote("list", "--key", str(tmp_path / "wrong.key"))
    assert (failed.returncode, "does not accept the key" in failed.stderr) == (77, True)


@pytest.mark.parametrize("kind", ["CONTROL", "SESSION"])
def test_no_connection_without_tls(far_server: Server, kind: str) -> None:
    script = f"""
import socket
from cenote.protocol import Answer, Kind, Preamble
sock = socket.create_connection(({machines.LENDER!r}, {far_server.port}))
sock.sendall(Preamble(Kind.{kind}).encode())
print(Answer.decode(sock.recv(64, socket.MSG_WAITALL)).status.name)
"""
    command = [*far_server.prefix, sys.executable, "-c", script]
    assert subprocess.run(command, capture_output=True, text=True, timeout=20).stdout == "TLS_REQUIRED\n"
