"""Between machines: everything in TLS, with certificates of the pool's authority."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import machines
from tests.support.servers import Server, serving


@pytest.fixture(scope="module")
def far_server(stub_native: Path) -> Iterator[Server]:
    """A server on one machine; its clients are on another."""
    if reason := machines.allowed():
        pytest.skip(reason)
    with machines.two_machines() as pair, serving(env={"CENOTE_NATIVE": str(stub_native)}, machines=pair) as running:
        yield running


def test_is_not_said_to_be_this_machine_only(far_server: Server) -> None:
    assert f"listening on  {machines.LENDER}:{far_server.port}\n" in far_server.announced


def test_allocation_says_tls_and_the_numeric_address(far_server: Server) -> None:
    shown = far_server.run(["sh", "-c", "cat $CENOTE_ALLOCATION_FILE"]).stdout.splitlines()
    assert shown[1].startswith(f"server {machines.LENDER} {far_server.port} tls ")


def test_netperf_measures_tls(far_server: Server) -> None:
    assert "over TLS 1.3" in far_server.cenote("netperf", "--seconds", "0.3").stdout


def test_the_address_of_this_machine_needs_no_tls(far_server: Server) -> None:
    """What a program on the server's own host sends to that address never leaves it."""
    home = replace(far_server, prefix=far_server.home)
    shown = home.run(["sh", "-c", "cat $CENOTE_ALLOCATION_FILE"]).stdout.splitlines()
    assert shown[1].startswith(f"server {machines.LENDER} {far_server.port} plain ")
    assert "over plain TCP" in home.cenote("netperf", "--seconds", "0.3").stdout


@pytest.mark.parametrize("kind", ["TETHER", "SESSION"])
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
