"""Measures the link to a server: round trip and bandwidth, and what they mean for a program."""

from __future__ import annotations

import statistics
import struct
import time
from dataclasses import dataclass

from cenote.client.control import Control
from cenote.errors import Unreachable

_REQUEST = struct.Struct("<II")  # bytes that follow, bytes wanted back
_BLOCK = 1 << 20
_WARM_UP = 50


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


def measure(control: Control, seconds: float) -> Link:
    """Takes about ``seconds``. The connection is of no other use afterwards."""
    control.request("echo")
    part = seconds / 3
    try:
        trips = _round_trips(control, part)
        upload, download = (_bandwidth(control, part, up=up) for up in (True, False))
    except OSError as error:
        raise Unreachable(f"the connection to {control.address} broke: {error.strerror or error}") from None
    transport = "TLS 1.3" if control.tls else "plain TCP"
    return Link(transport, statistics.median(trips), statistics.quantiles(trips, n=100)[98], upload, download)


def _round_trips(control: Control, seconds: float) -> list[float]:
    trips: list[float] = []
    end = time.perf_counter() + seconds
    while len(trips) < 2 * _WARM_UP or time.perf_counter() < end:
        start = time.perf_counter()
        _exchange(control, b"", 8)
        trips.append(time.perf_counter() - start)
    return trips[_WARM_UP:]


def _bandwidth(control: Control, seconds: float, *, up: bool) -> float:
    """Several blocks are under way at once, as a program's transfers are."""
    block = bytes(_BLOCK)
    batch = 16
    moved, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < seconds or not moved:
        if up:
            for i in range(batch):
                control.socket.sendall(_REQUEST.pack(_BLOCK, 8 if i == batch - 1 else 0))
                control.socket.sendall(block)
            _receive(control, 8)
        else:
            _exchange(control, b"", batch * _BLOCK)
        moved += batch * _BLOCK
    return moved / (spent or time.perf_counter() - start)


def _exchange(control: Control, payload: bytes, wanted: int) -> None:
    control.socket.sendall(_REQUEST.pack(len(payload), wanted) + payload)
    _receive(control, wanted)


_buffer = bytearray(_BLOCK)


def _receive(control: Control, size: int) -> None:
    view = memoryview(_buffer)
    while size:
        count = control.socket.recv_into(view[: min(size, len(view))])
        if not count:
            raise ConnectionResetError("the server closed the connection")
        size -= count
