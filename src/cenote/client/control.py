"""A control connection to a server: one sentence of an exception for everything that can go wrong."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from cenote import keys, protocol
from cenote.errors import CenoteError, NoDevice, NoKey, NotAllowed, ProtocolError, Unreachable, WrongVersion
from cenote.keys import HostKey
from cenote.protocol import Address, Answer, Kind, Preamble, Status

TIMEOUT = 4.0  # for everything up to the server's proof


class Control:
    """An open, proved connection. What is allocated over it is released when it closes."""

    def __init__(self, address: Address, sock: socket.socket, tls: bool, hello: dict[str, Any]) -> None:
        self.address = address  # numeric: the one that answered
        self.socket = sock
        self.tls = tls
        self.server_version: str = hello["version"]
        self.server_host: str = hello["host"]
        self._file = sock.makefile("rb")
        self._last_id = 0

    @classmethod
    def open(cls, named: Address, key_file: Path | None = None) -> Self:
        """Connects to HOST[:PORT] with the key in ``key_file``, else with the one that this host has."""
        key = keys.read(key_file) if key_file else None
        deadline = time.monotonic() + TIMEOUT
        sock, address = connect(named, deadline)
        try:
            if key is None:
                key = _own_key(named)
            tls = not protocol.is_loopback(address.host)
            preamble, answer, sock = _enter(named, sock, tls, key, deadline)
            hello = prove(named, sock, key.key, preamble, answer, deadline)
        except TimeoutError:
            sock.close()
            raise Unreachable(f"{named} accepts connections but does not answer; is it a Cenote server?") from None
        except OSError as error:
            sock.close()
            raise ProtocolError(f"{named} broke the connection off: {error.strerror or error}") from None
        except BaseException:
            sock.close()
            raise
        sock.settimeout(None)
        return cls(address, sock, tls, hello)

    def request(self, operation: str, timeout: float = 30.0, **arguments: Any) -> dict[str, Any]:
        self._last_id += 1
        self.socket.settimeout(timeout)
        try:
            self.socket.sendall(json.dumps({"id": self._last_id, "op": operation, **arguments}).encode() + b"\n")
            reply = _parse(self.address, self._file.readline(protocol.LINE_LIMIT))
        except TimeoutError:
            raise Unreachable(f"the server at {self.address} stopped answering") from None
        except OSError as error:
            raise Unreachable(f"the connection to {self.address} broke: {error.strerror}") from None
        return _result(reply)

    def wait_for_end(self) -> None:
        """Returns when the server, or ``close`` in another thread, has ended the connection."""
        with suppress(OSError):
            self.socket.settimeout(None)
            while self.socket.recv(1):
                pass

    def close(self) -> None:
        with suppress(OSError):  # a thread that waits for the end wakes
            self.socket.shutdown(socket.SHUT_RDWR)
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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


def _own_key(named: Address) -> HostKey:
    """The key of a server on this host; a server elsewhere has one that we were not given."""
    if found := keys.find():
        return keys.read(found)
    raise NoKey(
        f"there is no key for {named}: copy the key file that “cenote serve” names there, and give it with --key FILE"
    )


def _enter(
    named: Address, sock: socket.socket, tls: bool, key: HostKey, deadline: float
) -> tuple[bytes, bytes, socket.socket]:
    """Past the gate: preamble, answer, and TLS with the certificate that the key file vouches for."""
    preamble = Preamble(Kind.CONTROL, tls).encode()
    data = pass_gate(named, sock, preamble, deadline)
    if tls:
        import ssl  # loopback does without, and programs start sooner

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the certificate is pinned below
        secure = context.wrap_socket(sock)
        certificate = secure.getpeercert(binary_form=True) or b""
        if not hmac.compare_digest(hashlib.sha256(certificate).digest(), key.certificate_sha256):
            secure.close()
            raise NotAllowed(f"the key file is not of the server at {named}: its certificate is another one")
        sock = secure
    return preamble, data, sock


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


def prove(
    named: Address, sock: socket.socket, key: bytes, preamble: bytes, answer: bytes, deadline: float
) -> dict[str, Any]:
    """Both sides show that they have the key."""
    nonce = secrets.token_bytes(32)
    shown = protocol.proof(key, "client", preamble, answer, nonce)
    sock.settimeout(max(0.01, deadline - time.monotonic()))
    sock.sendall(json.dumps({"id": 0, "op": "hello", "nonce": nonce.hex(), "proof": shown.hex()}).encode() + b"\n")
    line = b""
    while not line.endswith(b"\n") and (more := sock.recv(4096)):
        line += more
    try:
        hello = _result(_parse(named, line))
    except NotAllowed:
        raise NotAllowed(
            f"the server at {named} does not accept the key; take the key file that it names now"
        ) from None
    theirs = protocol.proof(key, "server", preamble, answer, nonce)
    if not hmac.compare_digest(theirs.hex(), str(hello.get("proof"))):
        raise NotAllowed(f"what answers at {named} does not have the key and is not the server that you mean")
    return hello


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


def _result(reply: dict[str, Any]) -> dict[str, Any]:
    if error := reply.get("error"):
        kind = {"no-device": NoDevice, "not-allowed": NotAllowed}.get(error["code"], CenoteError)
        raise kind(error["message"])
    result: dict[str, Any] = reply["ok"]
    return result
