"""Sessions: each is one worker serving one client process, within one allocation."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from dataclasses import dataclass, field
from weakref import WeakSet

from cenote.pool.manager import Allocation
from cenote.protocol import Preamble, Status
from cenote.server.memory import Ledger
from cenote.server.workers import Spares, Worker

log = logging.getLogger("cenote.session")

WORKER_TIMEOUT = 5.0  # for a spare worker to become ready
PROOF_TIMEOUT = 3.0  # the worker gives up after 2 s; this is for one that does not


@dataclass(eq=False)
class Session:
    id: bytes
    allocation: Allocation
    worker: Worker
    proofs: dict[int, asyncio.Future[bool]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"session {self.id.hex()[:8]} of {self.allocation.holder}"


class Sessions:
    """All sessions of this server by their ids."""

    def __init__(self, spares: Spares, ledger: Ledger) -> None:
        self._spares = spares
        self._ledger = ledger
        self._sessions: dict[bytes, Session] = {}
        self._over: WeakSet[Allocation] = WeakSet()
        self._one_ended = asyncio.Event()

    async def open(self, allocation: Allocation, sock: socket.socket, preamble: bytes, tls: bool) -> Status:
        """Gives the connection to a spare worker and waits until it has proved the secret or has not."""
        worker = await self._spares.take(WORKER_TIMEOUT)
        if worker is None:
            return Status.BUSY
        if allocation in self._over:
            worker.kill()
            return Status.UNKNOWN
        session = Session(secrets.token_bytes(16), allocation, worker)
        self._sessions[session.id] = session
        worker.on_packet = lambda words: self._heard(session, words)
        worker.on_exit = lambda: self._ended(session)
        devices = ",".join(str(device.index) for device in allocation.devices)
        words = ["session", session.id.hex(), allocation.secret.hex(), preamble.hex(), devices, str(int(tls))]
        worker.send(" ".join(words), sock.fileno())
        if await self._proved(session, 0):
            log.info("%s began", session)
        else:
            worker.kill()
        return Status.GO_ON

    async def add_stream(self, parsed: Preamble, sock: socket.socket, preamble: bytes) -> Status:
        """Gives a further connection to the worker of its session."""
        session = self._sessions.get(parsed.id)
        if session is None or parsed.stream in session.proofs:
            return Status.UNKNOWN
        session.worker.send(f"stream {parsed.stream} {preamble.hex()}", sock.fileno())
        await self._proved(session, parsed.stream)
        return Status.GO_ON

    def end(self, allocation: Allocation) -> None:
        """Ends what runs in the allocation; never by asking the worker, which may hang in a driver."""
        self._over.add(allocation)
        for session in self._sessions.values():
            if session.allocation is allocation:
                session.worker.kill()

    async def gone(self, allocation: Allocation) -> None:
        """Waits until all of what ran in an allocation that was ended is reaped."""
        while any(session.allocation is allocation for session in self._sessions.values()):
            self._one_ended.clear()
            await self._one_ended.wait()

    async def close(self, *, kill: bool) -> None:
        """Ends all sessions, or lets go of them."""
        if not kill:
            for session in self._sessions.values():
                session.worker.leave()
            self._sessions.clear()
        for session in self._sessions.values():
            session.worker.kill()
        while self._sessions:
            self._one_ended.clear()
            await self._one_ended.wait()

    def __len__(self) -> int:
        return len(self._sessions)

    async def _proved(self, session: Session, stream: int) -> bool:
        proof: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        session.proofs[stream] = proof
        try:
            async with asyncio.timeout(PROOF_TIMEOUT):
                proved = await proof
        except TimeoutError:
            proved = False
        if not proved:  # the number may be tried again
            session.proofs.pop(stream, None)
        return proved

    def _heard(self, session: Session, words: list[str]) -> None:
        """What a worker says. It is not trusted: anything that is not in the protocol ends it."""
        try:
            match words:
                case ["authenticated", stream]:
                    self._settle(session, int(stream), proved=True)
                case ["refused", stream, *reason]:
                    log.warning("%s: stream %d was refused: %s", session, int(stream), " ".join(reason))
                    self._settle(session, int(stream), proved=False)
                case ["want", device, amount]:
                    granted = self._ledger.grant(session, self._own(session, device), self._amount(amount))
                    session.worker.send(f"grant {device} {granted}")
                case ["giveback", device, amount]:
                    self._ledger.give_back(session, self._own(session, device), self._amount(amount))
                case _:
                    raise ValueError("unknown packet")
        except ValueError as error:
            log.error("%s: its worker said “%.80s”: %s", session, " ".join(words), error)
            session.worker.kill()

    @staticmethod
    def _settle(session: Session, stream: int, *, proved: bool) -> None:
        proof = session.proofs.get(stream)
        if proof is not None and not proof.done():
            proof.set_result(proved)

    @staticmethod
    def _own(session: Session, index: str) -> int:
        if int(index) not in {device.index for device in session.allocation.devices}:
            raise ValueError("not a device of its allocation")
        return int(index)

    @staticmethod
    def _amount(text: str) -> int:
        if not text.isdecimal():
            raise ValueError("not a number of bytes")
        return int(text)

    def _ended(self, session: Session) -> None:
        del self._sessions[session.id]
        self._one_ended.set()
        self._ledger.forget(session)
        for proof in session.proofs.values():
            if not proof.done():
                proof.set_result(False)
        if session.worker.how_it_ended not in ("", "SIGKILL"):
            log.error("%s: its worker crashed: %s", session, session.worker.how_it_ended)
        else:
            log.info("%s ended", session)
