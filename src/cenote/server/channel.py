"""A connection at the gate: a non-blocking socket, with TLS once asked for, that can be handed on at any moment.

asyncio's streams read ahead and keep the socket to themselves; the gate must not take a byte too many, because the
rest belongs to a worker.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from cenote import protocol
from cenote.protocol import LINE_LIMIT

T = TypeVar("T")
_CHUNK = 64 * 1024


class Channel:
    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.socket = sock
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._lines = b""

    @property
    def peer(self) -> str:
        return str(self.socket.getpeername()[0])

    @property
    def local(self) -> bool:
        """Whether both ends are on this host: kernels take nothing from elsewhere that has an address of ours."""
        return protocol.is_loopback(self.peer) or self.peer == self.socket.getsockname()[0]

    async def start_tls(self, context: ssl.SSLContext) -> None:
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        await self._drive(self._tls.do_handshake)

    def certificate(self) -> dict[str, Any]:
        """What the other side has shown and the handshake has verified; empty without one."""
        return (self._tls and self._tls.getpeercert()) or {}

    async def read_exactly(self, size: int) -> bytes:
        """``size`` bytes, fewer only when the other side closes."""
        data = b""
        while len(data) < size and (more := await self._read(size - len(data))):
            data += more
        return data

    async def read_line(self) -> bytes:
        """One line with its end; without it when the other side closes or the line is too long."""
        while b"\n" not in self._lines and len(self._lines) < LINE_LIMIT and (more := await self._read(_CHUNK)):
            self._lines += more
        line, end, self._lines = self._lines.partition(b"\n")
        return line + end if len(line) < LINE_LIMIT else b""

    async def write(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        if self._tls is None:
            await loop.sock_sendall(self.socket, data)
            return
        tls = self._tls
        await self._drive(lambda: tls.write(data))

    def close(self) -> None:
        self.socket.close()

    def blocking(self, timeout: float) -> BlockingChannel:
        """The same connection for a thread of its own; this object is not to be used any more."""
        self.socket.settimeout(timeout)
        return BlockingChannel(self.socket, self._tls, self._incoming, self._outgoing, self._lines)

    async def _read(self, size: int) -> bytes:
        if self._tls is None:
            return await asyncio.get_running_loop().sock_recv(self.socket, size)
        tls = self._tls
        try:
            return await self._drive(lambda: tls.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    async def _drive(self, operation: Callable[[], T]) -> T:
        """Repeats a TLS operation until it has the bytes that it needs, sending what it wants sent."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                result = operation()
            except ssl.SSLWantReadError:
                await loop.sock_sendall(self.socket, self._outgoing.read())
                if data := await loop.sock_recv(self.socket, _CHUNK):
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
                continue
            except ssl.SSLError:
                with suppress(OSError):  # so that the other side hears why
                    await loop.sock_sendall(self.socket, self._outgoing.read())
                raise
            await loop.sock_sendall(self.socket, self._outgoing.read())
            return result


class BlockingChannel:
    """A channel that a thread reads and writes, for measuring: no event loop between the socket and the bytes."""

    def __init__(
        self,
        sock: socket.socket,
        tls: ssl.SSLObject | None,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        already_read: bytes,
    ) -> None:
        self._socket, self._tls, self._incoming, self._outgoing = sock, tls, incoming, outgoing
        self._pending = already_read

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes, none when the other side has closed."""
        if self._pending:
            data, self._pending = self._pending[:size], self._pending[size:]
            return data
        if self._tls is None:
            return self._socket.recv(size)
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                data = self._socket.recv(4 * _CHUNK)
                if not data:
                    return b""
                self._incoming.write(data)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def write(self, data: bytes | memoryview) -> None:
        if self._tls is None:
            self._socket.sendall(data)
            return
        self._tls.write(data)
        self._socket.sendall(self._outgoing.read())

    def close(self) -> None:
        self._socket.close()
