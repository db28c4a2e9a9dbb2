"""Stands between shims and a server, and changes what the server says after the handshake."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from random import Random

from cenote import protocol
from cenote.protocol import Kind, Preamble
from tests.fuzz.client import EXTREMES

_PROVED = protocol.ANSWER_SIZE + 32  # bytes that must come unchanged, or there is no session
_NOTICE = struct.Struct("<IHHQ")
_PIECE = struct.Struct("<QQQ")
_LONGEST = 256 << 20


class Relay:
    """Listens in the server's place. `wrong` is the part of notices and bulk data that it changes."""

    def __init__(self, port: int, seed: int, wrong: float) -> None:
        self._port, self._random, self._wrong = port, Random(seed), wrong
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.changed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._port))
        with client, server, contextlib.suppress(OSError, EOFError):
            preamble = _exactly(client, protocol.PREAMBLE_SIZE)
            server.sendall(preamble)
            threading.Thread(target=_forward, args=(client, server), daemon=True).start()
            client.sendall(_exactly(server, _PROVED))
            next_one = self._notice if Preamble.decode(preamble).kind is Kind.SESSION else self._piece
            while True:
                client.sendall(next_one(server))
        _shut(client, server)

    def _notice(self, server: socket.socket) -> bytes:
        header = _exactly(server, _NOTICE.size)
        size, kind, flags, sequence = _NOTICE.unpack(header)
        body = _exactly(server, size - _NOTICE.size)
        if not self._strikes():
            return header + body
        random = self._random
        match random.randrange(7):
            case 0:
                return _NOTICE.pack(size, random.choice((0, *range(1, 12), 65535)), flags, sequence) + body
            case 1:
                return _NOTICE.pack(size, kind, flags, self._number(sequence)) + body
            case 2:
                size = random.choice((0, 8, 15, 16, 20, size + 8, size - 8, _LONGEST, 2**32 - 1)) % 2**32
                return _NOTICE.pack(size, kind, flags, sequence) + body
            case 3:
                return 2 * (header + body)
            case 4:
                return header[:4] + random.randbytes(12) + body
            case 5 if body:
                at = random.randrange(len(body) // 8) * 8
                return header + body[:at] + struct.pack("<Q", self._number(0)) + body[at + 8 :]
            case _:
                return header + bytes(byte ^ (random.random() < 0.1) << random.randrange(8) for byte in body)

    def _piece(self, server: socket.socket) -> bytes:
        header = _exactly(server, _PIECE.size)
        body = _exactly(server, _PIECE.unpack(header)[2])
        if not self._strikes():
            return header + body
        numbers = [number if self._random.random() < 0.5 else self._number(number) for number in _PIECE.unpack(header)]
        return _PIECE.pack(*numbers) + body

    def _strikes(self) -> bool:
        strikes = self._random.random() < self._wrong
        self.changed += strikes
        return strikes

    def _number(self, right: int) -> int:
        return self._random.choice((right + 1, right + 8, right - 8, *EXTREMES)) % 2**64


def _forward(client: socket.socket, server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := client.recv(1 << 16):
            server.sendall(data)
    _shut(client, server)


def _shut(*sockets: socket.socket) -> None:
    for sock in sockets:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        if not (more := sock.recv(min(size - len(data), 1 << 20))):
            raise EOFError
        data += more
    return bytes(data)
