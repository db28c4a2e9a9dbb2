"""docs/protocol.md in Python: the preamble, the answer to it, and the proofs, for client and server alike."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from cenote.errors import CenoteError, ProtocolError

MAJOR, MINOR = 1, 0
RELEASED = False  # until then, only a shim and a worker with the same messages speak with each other
OLDEST_MINOR = max(0, MINOR - 2)
DEFAULT_PORT = 7654
MANAGER_PORT = 7660
MAGIC = b"CENOTE\r\n"
LINE_LIMIT = 64 * 1024
FLAG_TLS = 1

_PREAMBLE = struct.Struct("<8sHHHH16sHQ6s")
_ANSWER = struct.Struct("<8sHHHH16s32s")
PREAMBLE_SIZE = _PREAMBLE.size
ANSWER_SIZE = _ANSWER.size
NO_ID = bytes(16)


class Kind(IntEnum):
    """What a connection is for."""

    MANAGER = 0
    SESSION = 1
    STREAM = 2
    TETHER = 3


class Status(IntEnum):
    """What the gate says to a preamble."""

    GO_ON = 0
    WRONG_VERSION = 1
    UNKNOWN = 2
    BUSY = 3
    TLS_REQUIRED = 4
    MALFORMED = 5
    OTHER_BUILD = 6


@dataclass(frozen=True)
class Preamble:
    """The first bytes of every connection, client to server."""

    kind: Kind
    tls: bool = False
    id: bytes = NO_ID
    stream: int = 0
    build: int = 0  # for the worker to look at
    major: int = MAJOR
    minor: int = MINOR

    def encode(self) -> bytes:
        flags = FLAG_TLS if self.tls else 0
        return _PREAMBLE.pack(
            MAGIC, self.major, self.minor, self.kind, flags, self.id, self.stream, self.build, bytes(6)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The preamble, or ProtocolError. A version that is not ours is for the caller to judge."""
        magic, major, minor, kind, flags, id_, stream, build, rest = _PREAMBLE.unpack(data)
        if magic != MAGIC:
            raise ProtocolError("the connection does not start with Cenote's preamble")
        if major != MAJOR:  # another major may have laid out the rest otherwise
            return cls(Kind.MANAGER, major=major, minor=minor)
        if kind > max(Kind) or flags & ~FLAG_TLS or any(rest):
            raise ProtocolError("the preamble has fields that this version does not know")
        if (kind == Kind.MANAGER and id_ != NO_ID) or (kind == Kind.STREAM) != bool(stream):
            raise ProtocolError("the fields of the preamble contradict each other")
        if kind == Kind.MANAGER and not flags & FLAG_TLS:
            raise ProtocolError("a manager comes without TLS")
        return cls(Kind(kind), bool(flags & FLAG_TLS), id_, stream, build, major, minor)

    @property
    def served(self) -> bool:
        """Whether a server of this version speaks the client's."""
        return self.major == MAJOR and OLDEST_MINOR <= self.minor <= MINOR


@dataclass(frozen=True)
class Answer:
    """What the server says to a preamble."""

    status: Status
    nonce: bytes
    session: bytes = NO_ID
    major: int = MAJOR
    minor: int = MINOR

    def encode(self) -> bytes:
        return _ANSWER.pack(MAGIC, self.major, self.minor, self.status, 0, self.session, self.nonce)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        magic, major, minor, status, _, session, nonce = _ANSWER.unpack(data)
        if magic != MAGIC or status > max(Status):
            raise ProtocolError("the answer is not one of Cenote's")
        return cls(Status(status), nonce, session, major, minor)


def proof(key: bytes, side: str, preamble: bytes, answer: bytes, nonce: bytes) -> bytes:
    """What shows that ``side`` ("client" or "server") has the key, on this connection and no other."""
    return hmac.digest(key, side.encode() + preamble + answer + nonce, hashlib.sha256)


def stream_key(secret: bytes, session: bytes, stream: int) -> bytes:
    """The key of one stream: HKDF-SHA256 of the allocation's secret."""
    extracted = hmac.digest(session, secret, hashlib.sha256)
    return hmac.digest(extracted, b"cenote stream " + struct.pack("<H", stream) + b"\x01", hashlib.sha256)


@dataclass(frozen=True)
class Address:
    """HOST[:PORT] as users write it."""

    host: str
    port: int = DEFAULT_PORT

    @classmethod
    def parse(cls, text: str, default: int = DEFAULT_PORT) -> Self:
        host, port = text, str(default)
        if text.startswith("["):
            host, _, rest = text[1:].partition("]")
            if rest:
                port = rest.removeprefix(":")
        elif text.count(":") == 1:
            host, port = text.split(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            raise CenoteError(f"“{text}” is not an address; write HOST, HOST:PORT or [IPV6]:PORT")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether a numeric address never leaves the machine."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def is_here(host: str) -> bool:
    """Whether a numeric address is one of this machine's, so that what is sent there never leaves it."""
    if is_loopback(host):
        return True
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True
