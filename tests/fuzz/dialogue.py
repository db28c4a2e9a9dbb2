"""A session with a worker from the side of a client that keeps to no rule: frames out, notices in, all recorded."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support import data_plane

_REPLY, _PULL, _DESTROYED, _FAILED = 1, 3, 5, 8
_SEND_TIMEOUT = 30.0
_NOTICE_TIMEOUT = 2.0
_NOTICE = struct.Struct("<IHHQ")
_BULK_STREAM = 1


@dataclass(frozen=True)
class Sent:
    """What was sent on a stream after so many notices."""

    stream: int
    notices: int
    data: bytes


class Ended(Exception):
    """The worker has closed the session."""


class Dialogue:
    def __init__(self, server: data_plane.Server) -> None:
        self._commands, self.id = data_plane.open_session(server)
        try:
            self._bulk = data_plane.open_stream(server, self.id, _BULK_STREAM)
        except BaseException:
            self._commands.close()
            raise
        self._selector = selectors.DefaultSelector()
        for sock in (self._commands, self._bulk):
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ)
        self.record: list[Sent] = []
        self.calls = 0
        self.replies: dict[int, bytes] = {}
        self.pulls: list[tuple[int, int, int]] = []  # sequence, offset, length
        self.destroyed: list[int] = []
        self.failures: list[tuple[int, int]] = []  # queue, status
        self._received = b""
        self._notices = 0

    def send(self, frame: bytes) -> int:
        """A call, or what passes for one. Returns its sequence number."""
        self.calls += 1
        self._send(self._commands, 0, frame)
        return self.calls

    def send_bulk(self, data: bytes) -> None:
        self._send(self._bulk, _BULK_STREAM, data)

    def wait_for(self, sequence: int, timeout: float) -> bytes:
        """The reply to a call: its status and what follows."""
        end = time.monotonic() + timeout
        while sequence not in self.replies:
            if time.monotonic() > end:
                raise TimeoutError(f"no reply to call {sequence} after {timeout} s")
            self.listen(0.1)
        return self.replies[sequence]

    def listen(self, timeout: float = 0.0) -> None:
        """Takes in what has come."""
        for key, _ in self._selector.select(timeout):
            try:
                data = key.fileobj.recv(1 << 20)  # type: ignore[union-attr]
            except OSError as error:
                raise Ended from error
            if not data:
                raise Ended
            if key.fileobj is self._commands:
                self._take(data)

    def replay(self, record: Iterable[Sent]) -> None:
        """Sends the same again, each piece once as many notices have come as then."""
        for sent in record:
            end = time.monotonic() + _NOTICE_TIMEOUT
            while self._notices < sent.notices and time.monotonic() < end:
                self.listen(0.05)
            self._send((self._commands, self._bulk)[sent.stream], sent.stream, sent.data)

    def close(self, *, roughly: bool = False) -> None:
        self._selector.close()
        for sock in (self._commands, self._bulk):
            if roughly:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()

    def _send(self, sock: socket.socket, stream: int, data: bytes) -> None:
        self.record.append(Sent(stream, self._notices, data))
        end = time.monotonic() + _SEND_TIMEOUT
        while data:
            if time.monotonic() > end:
                raise TimeoutError(f"the worker takes nothing off stream {stream}")
            try:
                data = data[sock.send(data) :]
            except BlockingIOError:
                self.listen(0.05)
            except OSError as error:
                raise Ended from error

    def _take(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= _NOTICE.size:
            size, kind, _, sequence = _NOTICE.unpack_from(self._received)
            assert size >= _NOTICE.size and size % 8 == 0, f"the worker sent a notice of {size} bytes"
            if size > len(self._received):
                return
            self._notices += 1
            body, self._received = self._received[_NOTICE.size : size], self._received[size:]
            if kind == _REPLY:
                self.replies[sequence] = body
            elif kind == _PULL:
                offset, length = struct.unpack_from("<QQ", body)
                self.pulls.append((sequence, offset, length))
            elif kind == _FAILED:
                queue, status = struct.unpack("<Qq", body)
                self.failures.append((queue, status))
            elif kind == _DESTROYED:
                self.destroyed += struct.unpack(f"<{len(body) // 8}Q", body)


def write_record(record: Iterable[Sent], file: Path) -> None:
    """A line for each piece that was sent."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps([sent.stream, sent.notices, sent.data.hex()]) + "\n" for sent in record))


def read_record(file: Path) -> list[Sent]:
    lines = map(json.loads, file.read_text().splitlines())
    return [Sent(stream, notices, bytes.fromhex(data)) for stream, notices, data in lines]
