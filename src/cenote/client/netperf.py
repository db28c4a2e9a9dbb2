"""Measures the link to a server: round trip and bandwidth, and what they mean for a program."""

from __future__ import annotations

import socket
import ssl
import statistics
import struct
import time
from dataclasses import dataclass

from cenote.client.tether import Door, dial
from cenote.errors import Unreachable

_REQUEST = struct.Struct("<II")  # bytes that follow, bytes wanted back
_BLOCK = 1 << 20
_WARM_UP = 50
_TIMEOUT = 30.0


@dataclass(frozen=True)
class Link:
    """Round trips in seconds, bandwidths in bytes a second."""

    transport: str
    median: float
    p99: float
    upload: float
    download: float

    def meaning(self) -> str:
        """What programs feel of the round trip; most calls of Cenote's do not wait for it."""
        micros = self.median * 1e6
        if micros <= 50:
            return "≤ 50 µs: good for everything, also programs that wait for the device after every small step"
        if micros <= 200:
            return "≤ 200 µs: good for most programs; those that wait thousands of times a second feel it"
        if micros <= 2000:
            return "≤ 2 ms: good for programs that queue much work and wait seldom, as training and rendering do"
        return "> 2 ms: good for long kernels and batches; anything that waits often will be slow"

    def meaning_of_bandwidth(self) -> str:
        slower = min(self.upload, self.download)
        return f"moving 1 GiB takes {(1 << 30) / slower:.1f} s the slower way; keep data on the device where you can"


def measure(door: Door, seconds: float) -> Link:
    """Takes about ``seconds``. The door is that of a probe."""
    part = seconds / 3
    with dial(door) as sock:
        sock.settimeout(_TIMEOUT)
        try:
            trips = _round_trips(sock, part)
            upload, download = (_bandwidth(sock, part, up=up) for up in (True, False))
        except OSError as error:
            raise Unreachable(f"the connection to {door.address} broke: {error.strerror or error}") from None
        transport = "TLS 1.3" if isinstance(sock, ssl.SSLSocket) else "plain TCP"
    return Link(transport, statistics.median(trips), statistics.quantiles(trips, n=100)[98], upload, download)


def _round_trips(sock: socket.socket, seconds: float) -> list[float]:
    trips: list[float] = []
    end = time.perf_counter() + seconds
    while len(trips) < 2 * _WARM_UP or time.perf_counter() < end:
        start = time.perf_counter()
        _exchange(sock, b"", 8)
        trips.append(time.perf_counter() - start)
    return trips[_WARM_UP:]


def _bandwidth(sock: socket.socket, seconds: float, *, up: bool) -> float:
    """Several blocks are under way at once, as a program's transfers are."""
    block = bytes(_BLOCK)
    batch = 16
    moved, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds or not moved:
        if up:
            for i in range(batch):
                sock.sendall(_REQUEST.pack(_BLOCK, 8 if i == batch - 1 else 0))
                sock.sendall(block)
            _receive(sock, 8)
        else:
            _exchange(sock, b"", batch * _BLOCK)
        moved += batch * _BLOCK
    return moved / (spent or time.perf_counter() - start)


def _exchange(sock: socket.socket, payload: bytes, wanted: int) -> None:
    sock.sendall(_REQUEST.pack(len(payload), wanted) + payload)
    _receive(sock, wanted)


_buffer = bytearray(_BLOCK)


def _receive(sock: socket.socket, size: int) -> None:
    view = memoryview(_buffer)
    while size:
        count = sock.recv_into(view[: min(size, len(view))])
        if not count:
            raise ConnectionResetError("the server closed the connection")
        size -= count
