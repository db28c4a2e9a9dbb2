"""The gate: accepts connections, reads a preamble from each, and passes it to whom it is for."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Coroutine
from contextlib import suppress

from cenote import link, protocol
from cenote.errors import ProtocolError
from cenote.protocol import Answer, Kind, Preamble, Status
from cenote.server.channel import Channel
from cenote.server.pooled import Pooled
from cenote.server.sessions import Sessions

log = logging.getLogger("cenote.gate")

UNPROVED_LIMIT = 16  # connections that may stand at the gate; the others wait in the kernel's backlog
PREAMBLE_TIMEOUT = 2.0
HELLO_TIMEOUT = 3.0


class Gate:
    def __init__(self, listeners: list[socket.socket], sessions: Sessions, pooled: Pooled) -> None:
        self._listeners = listeners
        self._sessions = sessions
        self._pooled = pooled
        self._unproved = asyncio.Semaphore(UNPROVED_LIMIT)
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        for listener in self._listeners:
            self._start(self._accept(listener))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self._listeners:
            listener.close()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a connection ended in an error of ours", exc_info=error)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._unproved.acquire()
            try:
                sock, _ = await loop.sock_accept(listener)
            except OSError as error:  # out of descriptors, or the client is gone already
                self._unproved.release()
                log.warning("a connection could not be accepted: %s", error)
                await asyncio.sleep(0.1)
                continue
            self._start(self._receive(sock))

    async def _receive(self, sock: socket.socket) -> None:
        """One connection from its first byte until it is somebody else's or over."""
        handed_on = False
        standing = _Standing(self._unproved)
        try:
            link.keep(sock)
            channel = Channel(sock)
            async with asyncio.timeout(PREAMBLE_TIMEOUT):
                data = await channel.read_exactly(protocol.PREAMBLE_SIZE)
            if len(data) == protocol.PREAMBLE_SIZE:
                handed_on = await self._dispatch(channel, data, standing)
        except TimeoutError:
            log.debug("a connection was too slow")
        except OSError as error:
            log.debug("a connection broke: %s", error)
        finally:
            standing.leave()
            if not handed_on:
                sock.close()

    async def _dispatch(self, channel: Channel, data: bytes, standing: _Standing) -> bool:
        """Judges the preamble. True when a thread has taken the socket over; workers get a copy of it."""
        try:
            preamble = Preamble.decode(data)
        except ProtocolError as error:
            log.info("%s: %s", channel.peer, error)
            return await self._refuse(channel, Status.MALFORMED)
        if not preamble.served:
            log.warning(
                "%s speaks protocol %d.%d, which this server does not", channel.peer, preamble.major, preamble.minor
            )
            return await self._refuse(channel, Status.WRONG_VERSION)
        if not preamble.tls and not channel.local:
            return await self._refuse(channel, Status.TLS_REQUIRED)
        match preamble.kind:
            case Kind.MANAGER:
                return await self._serve_manager(channel, standing)
            case Kind.TETHER:
                return await self._serve_tether(channel, data, preamble, standing)
            case Kind.SESSION:
                allocation = self._pooled.lender.find(preamble.id)
                if allocation is None:
                    return await self._refuse(channel, Status.UNKNOWN)
                status = await self._sessions.open(allocation, channel.socket, data, preamble.tls)
            case Kind.STREAM:
                status = await self._sessions.add_stream(preamble, channel.socket, data)
        return await self._refuse(channel, status) if status != Status.GO_ON else False

    async def _refuse(self, channel: Channel, status: Status) -> bool:
        async with asyncio.timeout(PREAMBLE_TIMEOUT):
            await channel.write(Answer(status, secrets.token_bytes(32)).encode())
        with suppress(OSError):  # so that the answer arrives even where we have not read all that was sent
            channel.socket.shutdown(socket.SHUT_WR)
        return False

    async def _serve_manager(self, channel: Channel, standing: _Standing) -> bool:
        async with asyncio.timeout(HELLO_TIMEOUT):
            await channel.write(Answer(Status.GO_ON, secrets.token_bytes(32)).encode())
            manager = await self._pooled.admit(channel)
        if manager:
            standing.leave()
            await self._pooled.serve(channel, manager)
        return False

    async def _serve_tether(self, channel: Channel, data: bytes, preamble: Preamble, standing: _Standing) -> bool:
        loan = self._pooled.lender.tetherable(preamble.id)
        probe = None if loan else self._pooled.probes.take(preamble.id)
        secret = loan.allocation.secret if loan else probe.secret if probe else None
        if secret is None:
            return await self._refuse(channel, Status.UNKNOWN)
        answer = Answer(Status.GO_ON, secrets.token_bytes(32)).encode()
        async with asyncio.timeout(HELLO_TIMEOUT):
            await channel.write(answer)
            if not await self._pooled.prove(channel, secret, data, answer, encrypted=preamble.tls):
                return False
        standing.leave()
        if loan is None:
            self._pooled.measure(channel)
            return True
        await self._pooled.hold(channel, loan)
        return False


class _Standing:
    """A place among those who have not proved anything yet; left once, early or at the end."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places: asyncio.Semaphore | None = places

    def leave(self) -> None:
        if self._places is not None:
            self._places.release()
            self._places = None
