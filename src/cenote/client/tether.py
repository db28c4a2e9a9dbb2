"""A connection to a server that keeps what a pool has lent there, for as long as it is open."""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from cenote import link, protocol
from cenote.client import gate
from cenote.errors import CenoteError, NoDevice, NotAllowed, ProtocolError, Unreachable, WrongVersion
from cenote.protocol import Address, Kind, Preamble

_WORD_LIMIT = 4096


@dataclass(frozen=True)
class Door:
    """How a server lets one in to an allocation; ``authority`` is the certificate (PEM) of the pool's authority."""

    server: str
    address: Address
    allocation: str
    secret: str = field(repr=False)
    authority: str = field(repr=False)

    def line(self, *, container: bool = False) -> str:
        """In the file that programs' shims read, with the address as a number. A ``container`` has a network of its
        own, from which the other addresses of this machine are as far as any."""
        host = _numeric(self.address)
        near = protocol.is_loopback(host) if container else protocol.is_here(host)
        return f"server {host} {self.address.port} {'plain' if near else 'tls'} {self.allocation} {self.secret}"

    @property
    def is_loopback(self) -> bool:
        return protocol.is_loopback(_numeric(self.address))


class Tether:
    """Open from the start. When the server ends it, because it is started anew, its successor is asked to go on."""

    RETRY = 0.5  # seconds
    PATIENCE = 10.0  # with a server that is started anew at that moment

    def __init__(self, door: Door) -> None:
        self._door = door
        self._closed = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="cenote-tether", daemon=True)
        self._socket = self._open()

    def keep(self) -> None:
        """From now on, in a thread of its own; not before this process has forked for the last time."""
        self._thread.start()

    def close(self) -> None:
        """A server that was started anew meanwhile, and waits for us to come back, is told as well."""
        self._closed.set()
        _end(self._socket)
        if self._lost.is_set():
            self._thread.join(gate.TIMEOUT)

    def _open(self) -> socket.socket:
        deadline = time.monotonic() + self.PATIENCE
        while True:
            try:
                return dial(self._door)
            except (Unreachable, ProtocolError) as error:
                if isinstance(error, WrongVersion) or time.monotonic() > deadline:
                    raise
            time.sleep(self.RETRY)

    def _keep(self) -> None:
        last = _last_word(self._socket)
        while last is None and not self._closed.is_set():
            self._lost.set()
            self._closed.wait(self.RETRY)
            last = self._tie_again()
        if last and not self._closed.is_set():
            print(f"cenote: {last}", file=sys.stderr)

    def _tie_again(self) -> str | None:
        """What the server says at last; None when it could not be reached, or has broken off once more."""
        try:
            self._socket = dial(self._door)
        except NoDevice:  # it ended while the server was away
            return f"{self._door.server} has taken back what it had lent"
        except CenoteError:
            return None
        self._lost.clear()
        if self._closed.is_set():  # meanwhile
            _end(self._socket)
        return _last_word(self._socket)


def dial(door: Door) -> socket.socket:
    """A connection that has proved the secret. Raises NoDevice when the server does not lend this any more."""
    deadline = time.monotonic() + gate.TIMEOUT
    sock, address = gate.connect(door.address, deadline)
    try:
        link.keep(sock)
        secure = not protocol.is_here(address.host)
        preamble = Preamble(Kind.TETHER, secure, bytes.fromhex(door.allocation)).encode()
        answer = gate.pass_gate(door.address, sock, preamble, deadline)
        if secure:
            sock = _secured(door, sock)
        gate.prove(door.address, sock, bytes.fromhex(door.secret), preamble, answer, deadline)
    except TimeoutError:
        sock.close()
        raise Unreachable(f"{door.server} at {door.address} accepts connections but does not answer") from None
    except ssl.SSLCertVerificationError:
        sock.close()
        raise NotAllowed(f"what answers at {door.address} is not {door.server} of the pool") from None
    except OSError as error:  # with those of TLS
        sock.close()
        raise ProtocolError(f"{door.server} at {door.address} broke the connection off: {error.strerror}") from None
    except BaseException:
        sock.close()
        raise
    sock.settimeout(None)
    return sock


def _secured(door: Door, sock: socket.socket) -> socket.socket:
    """TLS with the server that is meant, and no other of the pool."""
    from cenote import tls  # loopback does without

    context = tls.trusting(door.authority)
    context.check_hostname = False
    connection = context.wrap_socket(sock)
    try:
        peer = tls.peer(connection)
        if peer.role != tls.Role.SERVER or peer.name != door.server:
            raise NotAllowed(f"what answers at {door.address} is not {door.server} of the pool")
    except BaseException:
        connection.close()
        raise
    return connection


def _numeric(address: Address) -> str:
    try:
        return str(socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise Unreachable(f"there is no host “{address.host}”: {error.strerror}") from None


def _last_word(sock: socket.socket) -> str | None:
    """Waits for the end. Why the server has taken back what it had lent, empty if programs tell; None if it has not."""
    said = b""
    with suppress(OSError):
        while (more := sock.recv(_WORD_LIMIT)) and len(said) < _WORD_LIMIT:
            said += more
    try:
        last = json.loads(said)["over"]
    except (ValueError, KeyError, TypeError):
        return None
    return last if isinstance(last, str) and last.isprintable() else ""


def _end(sock: socket.socket) -> None:
    with suppress(OSError):  # a thread that waits for the end wakes
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()
