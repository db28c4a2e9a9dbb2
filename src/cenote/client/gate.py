"""Through the gate of a server: one sentence of an exception for everything that can go wrong."""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import time
from typing import Any

from cenote import protocol
from cenote.errors import NoDevice, NotAllowed, ProtocolError, Unreachable, WrongVersion
from cenote.protocol import Address, Answer, Status

TIMEOUT = 4.0  # for everything up to the server's proof


def connect(named: Address, deadline: float) -> tuple[socket.socket, Address]:
    """A connection to the first address of the name that accepts one."""
    try:
        candidates = socket.getaddrinfo(named.host, named.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unreachable(f"there is no host “{named.host}”: {error.strerror}") from None
    reason = "no answer"
    for position, (family, kind, number, _, where) in enumerate(candidates):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        sock = socket.socket(family, kind, number)
        sock.settimeout(left / (len(candidates) - position))
        try:
            sock.connect(where)
        except OSError as error:
            sock.close()
            reason = "no answer" if isinstance(error, TimeoutError) else (error.strerror or str(error)).lower()
            continue
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock, Address(str(where[0]), named.port)
    raise Unreachable(f"no Cenote server answers at {named} ({reason}); is “cenote serve” running there?")


def pass_gate(named: Address, sock: socket.socket, preamble: bytes, deadline: float) -> bytes:
    """The server's answer to the preamble, when it lets us go on."""
    sock.sendall(preamble)
    data = b""
    while len(data) < protocol.ANSWER_SIZE:
        sock.settimeout(max(0.01, deadline - time.monotonic()))
        more = sock.recv(protocol.ANSWER_SIZE - len(data))
        data += more
        if not more or not data.startswith(protocol.MAGIC[: len(data)]):
            raise ProtocolError(f"what listens at {named} is not a Cenote server")
    answer = Answer.decode(data)
    match answer.status:
        case Status.GO_ON:
            pass
        case Status.WRONG_VERSION:
            raise WrongVersion(
                f"the server at {named} speaks protocol {answer.major}.{answer.minor} and this client "
                f"{protocol.MAJOR}.{protocol.MINOR}; update the older of the two"
            )
        case Status.UNKNOWN:
            raise NoDevice(f"the server at {named} does not lend these devices any more")
        case Status.BUSY:
            raise Unreachable(f"the server at {named} is too busy; try again")
        case status:
            raise ProtocolError(
                f"the server at {named} refused the connection: {status.name.lower().replace('_', ' ')}"
            )
    return data


def prove(named: Address, sock: socket.socket, secret: bytes, preamble: bytes, answer: bytes, deadline: float) -> None:
    """Both sides show that they have the secret."""
    nonce = secrets.token_bytes(32)
    shown = protocol.proof(secret, "client", preamble, answer, nonce)
    sock.settimeout(max(0.01, deadline - time.monotonic()))
    sock.sendall(json.dumps({"id": 0, "op": "hello", "nonce": nonce.hex(), "proof": shown.hex()}).encode() + b"\n")
    line = b""
    while not line.endswith(b"\n") and len(line) < protocol.LINE_LIMIT and (more := sock.recv(4096)):
        line += more
    hello = _result(named, _parse(named, line))
    theirs = protocol.proof(secret, "server", preamble, answer, nonce)
    if not hmac.compare_digest(theirs.hex(), str(hello.get("proof"))):
        raise NotAllowed(f"what answers at {named} does not know the secret and is not the server that you mean")


def _parse(address: Address, line: bytes) -> dict[str, Any]:
    if not line:
        raise Unreachable(f"the server at {address} closed the connection")
    try:
        reply = json.loads(line)
    except ValueError:
        reply = None
    if not isinstance(reply, dict) or not isinstance(reply.get("error", reply.get("ok")), dict):
        raise ProtocolError(f"the server at {address} gave an answer that is not readable")
    return reply


def _result(address: Address, reply: dict[str, Any]) -> dict[str, Any]:
    if (error := reply.get("error")) is not None:
        raise NotAllowed(f"the server at {address} does not let us in: {error.get('message')}")
    result: dict[str, Any] = reply["ok"]
    return result
