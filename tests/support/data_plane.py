"""What a shim does to open streams, in Python."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from cenote import protocol
from cenote.protocol import Answer, Kind, Preamble


@dataclass(frozen=True)
class Server:
    """One line of an allocation file."""

    host: str
    port: int
    tls: bool
    allocation: bytes
    secret: bytes


def read_allocation(file: Path) -> list[Server]:
    first, *lines = file.read_text().splitlines()
    assert first == "cenote-allocation 1"
    servers = []
    for line in lines:
        word, host, port, transport, allocation, secret = line.split(" ")
        assert word == "server"
        servers.append(Server(host, int(port), transport == "tls", bytes.fromhex(allocation), bytes.fromhex(secret)))
    return servers


def connect(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), timeout=10)


def enter(sock: socket.socket, preamble: bytes) -> Answer:
    """Sends a preamble, well-formed or not, and reads the answer."""
    sock.sendall(preamble)
    data = sock.recv(protocol.ANSWER_SIZE, socket.MSG_WAITALL)
    if len(data) != protocol.ANSWER_SIZE:
        raise ConnectionResetError(f"{len(data)} bytes came instead of an answer")
    return Answer.decode(data)


def open_session(server: Server) -> tuple[socket.socket, bytes]:
    """Stream 0 over plain TCP, proved on both sides, and the session's id."""
    return _open(server, Preamble(Kind.SESSION, id=server.allocation))


def open_stream(server: Server, session: bytes, number: int) -> socket.socket:
    """A further stream of a session."""
    return _open(server, Preamble(Kind.STREAM, id=session, stream=number))[0]


def _open(server: Server, asked: Preamble) -> tuple[socket.socket, bytes]:
    sock = connect(server.host, server.port)
    preamble = asked.encode()
    answer = enter(sock, preamble)
    assert answer.status == protocol.Status.GO_ON, answer
    key = protocol.stream_key(server.secret, answer.session, asked.stream)
    nonce = secrets.token_bytes(32)
    sock.sendall(nonce + protocol.proof(key, "client", preamble, answer.encode(), nonce))
    theirs = sock.recv(32, socket.MSG_WAITALL)
    if theirs != protocol.proof(key, "server", preamble, answer.encode(), nonce):
        raise ConnectionRefusedError("the worker did not accept the proof")
    return sock, answer.session


def ask(sock: socket.socket, line: str) -> str:
    """One line to the stub worker and its answer."""
    sock.sendall(line.encode() + b"\n")
    with sock.makefile() as file:
        return file.readline().rstrip("\n")
