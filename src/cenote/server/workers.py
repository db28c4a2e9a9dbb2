"""Worker processes: started, spoken to over their control sockets, reaped. What they do is sessions' business."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from cenote import paths
from cenote.scratch import sweep
from cenote.server.ledger import boot_id
from cenote.server.records import Records, SessionRecord, start_of

log = logging.getLogger("cenote.worker")

CONTROL_DESCRIPTOR = 3
PACKET_SIZE = 4096
_CREDENTIALS = struct.Struct("3i")  # ucred: pid, uid, gid


class Worker:
    """One cenote-worker. ``on_packet`` gets what it says, ``on_exit`` is called once, when it is gone and reaped."""

    def __init__(self, pid: int, pidfd: int, control: socket.socket) -> None:
        self.on_packet: Callable[[list[str]], None] = lambda words: None
        self.on_exit: Callable[[], None] = lambda: None
        self.how_it_ended = ""
        self.pid = pid
        self._pidfd = pidfd
        self._control = control
        self._control.setblocking(False)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._pidfd, self._reap)
        loop.add_reader(self._control, self._receive)

    @classmethod
    def start(cls, environment: dict[str, str]) -> Self:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            pid = os.posix_spawn(
                program := str(paths.worker()),
                [program],
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, 2, 1),  # what a driver prints is for the log
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), CONTROL_DESCRIPTOR),
                ],
                setsid=True,  # Ctrl-C in the supervisor's terminal is the supervisor's to handle
                setsigmask=[],
                setsigdef=[signal.SIGPIPE],
            )
        return cls(pid, os.pidfd_open(pid), control)

    @classmethod
    def adopt(cls, record: SessionRecord, records: Records) -> Self | None:
        """The worker of another supervisor that is gone; None when the worker is gone as well, or never began."""
        try:
            pidfd = os.pidfd_open(record.pid)
        except OSError:
            return None
        try:
            if record.boot != boot_id() or start_of(record.pid) != record.started:
                raise ProcessLookupError
            control = records.connect(record.session)
        except OSError as error:
            if not isinstance(error, FileNotFoundError | ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)  # it is ours, but nobody will reach it any more
            os.close(pidfd)
            return None
        pid, uid, _ = _CREDENTIALS.unpack(control.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        if (pid, uid) != (record.pid, os.geteuid()):
            control.close()
            os.close(pidfd)
            return None
        return cls(pid, pidfd, control)

    def send(self, packet: str, *descriptors: int) -> None:
        """A worker that does not read its packets is not worth keeping; one that is gone is being reaped."""
        try:
            socket.send_fds(self._control, [packet.encode("ascii")], descriptors)
        except BlockingIOError:
            self.kill()
        except OSError as error:
            log.debug("worker %d is gone: %s", self.pid, error)

    def kill(self) -> None:
        if self._pidfd < 0:  # gone, or let go of
            return
        with suppress(ProcessLookupError, OSError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    async def end(self) -> None:
        """Kills it and waits until it is gone."""
        gone = asyncio.Event()
        self.on_exit = gone.set
        self.kill()
        await gone.wait()

    def leave(self) -> None:
        """Lets go of the worker without ending it: a session goes on, a spare one exits by itself."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._control)
        loop.remove_reader(self._pidfd)
        self._control.close()
        os.close(self._pidfd)
        self._pidfd = -1

    def _receive(self) -> None:
        try:
            packet = self._control.recv(PACKET_SIZE)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:  # the process follows, or it has closed its end, which only a broken worker does
            asyncio.get_running_loop().remove_reader(self._control)
            self.kill()
            return
        self.on_packet(packet.decode("ascii", "replace").split(" "))

    def _reap(self) -> None:
        result = None
        with suppress(ChildProcessError):  # an adopted one is reaped by init
            result = os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED)
        if result is not None and result.si_code in (os.CLD_KILLED, os.CLD_DUMPED):
            self.how_it_ended = signal.Signals(result.si_status).name
        elif result is not None and result.si_status:
            self.how_it_ended = f"exit status {result.si_status}"
        self._drain()
        self.leave()
        asyncio.get_running_loop().run_in_executor(None, sweep, f"worker-{self.pid}")
        self.on_exit()

    def _drain(self) -> None:
        """Hears the last words, which may have come together with the end."""
        with suppress(OSError):
            while packet := self._control.recv(PACKET_SIZE):
                self.on_packet(packet.decode("ascii", "replace").split(" "))


class Spares:
    """Workers that have loaded no driver yet, waiting for a session each."""

    COUNT = 2
    PATIENCE = 1.0  # seconds between attempts when workers die before they are ready

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._starting: set[Worker] = set()
        self._ready: asyncio.Queue[Worker] = asyncio.Queue()
        self._waiting = 0
        self._closed = False

    def fill(self) -> None:
        """Starts as many as are missing, counting those who wait for one."""
        while not self._closed and len(self._starting) + self._ready.qsize() < self.COUNT + self._waiting:
            worker = Worker.start(self._environment)
            self._starting.add(worker)
            worker.on_packet = lambda words, worker=worker: self._heard(worker, words)  # type: ignore[misc]
            worker.on_exit = lambda worker=worker: self._lost(worker)  # type: ignore[misc]

    async def take(self, timeout: float) -> Worker | None:
        """A ready worker, with neither of its callbacks set; None when none becomes ready in time."""
        self._waiting += 1
        try:
            self.fill()
            async with asyncio.timeout(timeout):
                return await self._ready.get()
        except TimeoutError:
            return None
        finally:
            self._waiting -= 1
            asyncio.get_running_loop().call_soon(self.fill)

    def close(self) -> None:
        self._closed = True
        while not self._ready.empty():
            self._starting.add(self._ready.get_nowait())
        for worker in self._starting:
            worker.kill()
            worker.leave()
            os.waitpid(worker.pid, 0)
        self._starting.clear()

    def _heard(self, worker: Worker, words: list[str]) -> None:
        if words == ["ready"] and worker in self._starting:
            self._starting.remove(worker)
            self._ready.put_nowait(worker)

    def _lost(self, worker: Worker) -> None:
        if worker not in self._starting:  # one that was ready
            kept = [w for w in iter(self._take_nowait, None) if w is not worker]
            for other in kept:
                self._ready.put_nowait(other)
        self._starting.discard(worker)
        log.error("a spare worker ended: %s", worker.how_it_ended or "for no reason that it gave")
        asyncio.get_running_loop().call_later(self.PATIENCE, self.fill)

    def _take_nowait(self) -> Worker | None:
        return None if self._ready.empty() else self._ready.get_nowait()
