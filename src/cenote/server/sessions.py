"""Sessions: each is one worker serving one client process, within one allocation."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary, WeakSet

from cenote.errors import NoDevice
from cenote.protocol import Preamble, Status
from cenote.server.allocation import Allocation
from cenote.server.memory import Ledger
from cenote.server.records import Records, SessionRecord, start_of
from cenote.server.turns import Arbiter, Turns
from cenote.server.workers import Spares, Worker

log = logging.getLogger("cenote.session")

WORKER_TIMEOUT = 5.0  # for a spare worker to become ready
PROOF_TIMEOUT = 3.0  # the worker gives up after 2 s; this is for one that does not
ANSWER_TIMEOUT = 2.0  # for a worker that is asked for its usage; later it is taken to be busy
LAST_WORD_TIMEOUT = 0.3  # for a worker to tell its program why it ends


@dataclass(frozen=True)
class Usage:
    """What a session has used so far, as its worker says: bytes from the client and to it.

    ``busy`` is for how many seconds devices, by index, have had work of it. What is ``unfinished`` goes on just now.
    """

    calls: int = 0
    received: int = 0
    sent: int = 0
    unfinished: bool = False
    busy: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Use:
    """Of an allocation: as long as it is the same, and nothing ``unfinished``, nobody uses it."""

    processes: int
    """That ever began."""
    traffic: int
    unfinished: bool


@dataclass(eq=False)
class Session:
    record: SessionRecord
    allocation: Allocation
    worker: Worker
    adopted: bool = False
    """Its worker has still to say what it holds."""
    proofs: dict[int, asyncio.Future[bool]] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    asked: float | None = None
    """When it was, for its usage, which it has not told yet."""
    sharing: bool = False
    """It takes part in the turns on the devices that its allocation has shares of."""

    def __str__(self) -> str:
        return f"session {self.record.session.hex()[:8]} of {self.allocation.holder}"


class Sessions:
    """All sessions of this server by their ids."""

    def __init__(self, spares: Spares, ledger: Ledger, records: Records) -> None:
        self._spares = spares
        self._records = records
        self._ledger = ledger
        self._turns = Turns()
        self._sessions: dict[bytes, Session] = {}
        self._over: WeakSet[Allocation] = WeakSet()
        self._begun: WeakKeyDictionary[Allocation, int] = WeakKeyDictionary()
        self._spent: WeakKeyDictionary[Allocation, dict[int, float]] = WeakKeyDictionary()
        self._one_ended = asyncio.Event()

    async def open(self, allocation: Allocation, sock: socket.socket, preamble: bytes, tls: bool) -> Status:
        """Gives the connection to a spare worker and waits until it has proved the secret or has not."""
        worker = await self._spares.take(WORKER_TIMEOUT)
        if worker is None:
            return Status.BUSY
        if allocation in self._over:
            worker.kill()
            return Status.UNKNOWN
        id_ = secrets.token_bytes(16)
        session = Session(SessionRecord(id_, allocation.id, worker.pid, start_of(worker.pid)), allocation, worker)
        try:
            self._records.write_session(session.record)
            listener = self._records.bind(id_)
        except NoDevice as error:
            log.error("no session for %s: %s", allocation.holder, error)
            self._records.remove_session(id_)
            worker.kill()
            return Status.BUSY
        self._enter(session)
        devices = ",".join(
            f"{device.index}:{allocation.memory(device)}:{device.overhead}" for device in allocation.devices
        )
        words = ["session", id_.hex(), allocation.secret.hex(), preamble.hex(), devices, str(int(tls))]
        with listener:
            worker.send(" ".join(words), sock.fileno(), listener.fileno())
        if await self._proved(session, 0):
            log.info("%s began", session)
            self._share(session)
        else:
            worker.kill()
        return Status.GO_ON

    async def adopt(self, find: Callable[[bytes], Allocation | None]) -> None:
        """Takes over the sessions of supervisors that are gone, and ends those whose allocation has ended."""
        for record in self._records.sessions():
            worker = Worker.adopt(record, self._records)
            if worker is None:
                self._records.remove_session(record.session)
                continue
            allocation = find(record.allocation)
            if allocation is None:
                await worker.end()
                self._records.remove_session(record.session)
                continue
            session = Session(record, allocation, worker, adopted=True)
            self._enter(session, record.granted)
            self._share(session)
            log.info("%s goes on", session)

    def _enter(self, session: Session, held: Mapping[int, int] | None = None) -> None:
        self._ledger.add(session, session.allocation, held or {})
        self._sessions[session.record.session] = session
        self._begun[session.allocation] = self._begun.get(session.allocation, 0) + 1
        session.worker.on_packet = lambda words: self._heard(session, words)
        session.worker.on_exit = lambda: self._ended(session)

    def _share(self, session: Session) -> None:
        if session.record.session not in self._sessions:
            return
        session.sharing = True
        for share in session.allocation.shares:
            self._turns.add(session, session.allocation, share.index, share.weight, session.worker.send)

    async def add_stream(self, parsed: Preamble, sock: socket.socket, preamble: bytes) -> Status:
        """Gives a further connection to the worker of its session."""
        session = self._sessions.get(parsed.id)
        if session is None or parsed.stream in session.proofs:
            return Status.UNKNOWN
        session.worker.send(f"stream {parsed.stream} {preamble.hex()}", sock.fileno())
        await self._proved(session, parsed.stream)
        return Status.GO_ON

    def end(self, allocation: Allocation, why: str = "") -> int:
        """Ends what runs in the allocation; never by asking the worker, which may hang in a driver.

        With ``why`` the programs are told, if their workers do that at once. Returns how many there are.
        """
        self._over.add(allocation)
        ended = [session for session in self._sessions.values() if session.allocation is allocation]
        for session in ended:
            if why:
                session.worker.send(f"over {why.encode().hex()}")
                asyncio.get_running_loop().call_later(LAST_WORD_TIMEOUT, session.worker.kill)
            else:
                session.worker.kill()
        return len(ended)

    def spent(self, allocation: Allocation) -> Mapping[int, float]:
        """For how many seconds devices had work of processes that have ended."""
        return self._spent.get(allocation, {})

    def use(self, allocation: Allocation) -> Use:
        """What its programs have done so far, as their workers last said."""
        traffic, unfinished = 0, False
        late = asyncio.get_running_loop().time() - ANSWER_TIMEOUT
        for session in self._sessions.values():
            if session.allocation is allocation:
                traffic += session.usage.calls + session.usage.received + session.usage.sent
                unfinished |= session.usage.unfinished or (session.asked or late) < late
        return Use(self._begun.get(allocation, 0), traffic, unfinished)

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

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def ask_for_usage(self) -> None:
        """Lets the workers say what they have used, for whoever looks next; one that hangs is not asked twice."""
        for session in self:
            if session.asked is None:
                session.asked = asyncio.get_running_loop().time()
                session.worker.send("usage")

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
                    if not self._note(session):
                        self._ledger.give_back(session, int(device), granted)
                        granted = 0
                    session.worker.send(f"grant {device} {granted}")
                case ["giveback", device, amount]:
                    self._ledger.give_back(session, self._own(session, device), self._amount(amount))
                    self._note(session)
                case ["used", calls, received, sent, unfinished, busy]:
                    session.asked = None
                    times = (entry.split(":") for entry in busy.split(","))
                    seconds = {self._own(session, device): self._amount(time) / 1e6 for device, time in times}
                    counted = self._amount(calls), self._amount(received), self._amount(sent)
                    session.usage = Usage(*counted, unfinished == "1", seconds)
                case ["busy", device]:
                    self._arbiter(session, device).busy(session)
                case ["quiet", device]:
                    self._arbiter(session, device).quiet(session)
                case ["ask", device]:
                    self._arbiter(session, device).ask(session)
                case ["passed", device, turn, more]:
                    self._arbiter(session, device).passed(session, int(turn), more=more == "1")
                case ["serving", id_, held] if session.adopted and id_ == session.record.session.hex():
                    self._compare(session, held)
                case _:
                    raise ValueError("unknown packet")
        except ValueError as error:
            log.error("%s: its worker said “%.80s”: %s", session, " ".join(words), error)
            session.worker.kill()

    def _note(self, session: Session) -> bool:
        """Writes down what the worker holds, before it is told. More may stand there than it holds, never less."""
        record = replace(session.record, granted=self._ledger.held(session))
        try:
            self._records.write_session(record)
        except NoDevice as error:
            log.error("%s: %s", session, error)
            return False
        session.record = record
        return True

    def _compare(self, session: Session, held: str) -> None:
        """The last grant may have been written down and never arrived."""
        session.adopted = False
        pairs = (entry.split(":") for entry in held.split(",") if entry)
        said = {self._own(session, device): self._amount(amount) for device, amount in pairs}
        written = self._ledger.held(session)
        if any(amount > written.get(device, 0) for device, amount in said.items()):
            raise ValueError("more than it was granted")
        for device, amount in written.items():
            self._ledger.give_back(session, device, amount - said.get(device, 0))
        self._note(session)

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

    def _arbiter(self, session: Session, index: str) -> Arbiter:
        if not session.sharing or int(index) not in {share.index for share in session.allocation.shares}:
            raise ValueError("not a share of its allocation")
        return self._turns.of(int(index))

    @staticmethod
    def _amount(text: str) -> int:
        if not text.isdecimal():
            raise ValueError("not a number")
        return int(text)

    def _ended(self, session: Session) -> None:
        del self._sessions[session.record.session]
        self._records.remove_session(session.record.session)
        self._one_ended.set()
        self._ledger.forget(session)
        spent = self._spent.setdefault(session.allocation, {})
        for index, seconds in session.usage.busy.items():
            spent[index] = spent.get(index, 0.0) + seconds
        if session.sharing:
            for share in session.allocation.shares:
                self._turns.of(share.index).remove(session)
        for proof in session.proofs.values():
            if not proof.done():
                proof.set_result(False)
        if session.worker.how_it_ended not in ("", "SIGKILL"):
            log.error("%s: its worker crashed: %s", session, session.worker.how_it_ended)
        else:
            log.info("%s ended", session)
