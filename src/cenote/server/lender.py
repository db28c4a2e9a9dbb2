"""Lends this host's devices as managers order: the ledger on disk together with the sessions that run on it.

Everything that changes the ledger happens in one thread, one after the other, and to its end even when whoever asked
for it is gone. What is lent ends by an order, by its term, or, if it is tethered, when nobody holds on to it; the last
two need no manager.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from cenote import link
from cenote.devices import Device
from cenote.pool.orders import Answer, Ended, Extend, Held, Order, Release, Report, Reserve, Result, Spent, Stamp, Why
from cenote.server.allocation import Allocation
from cenote.server.ledger import LentLedger
from cenote.server.sessions import Use
from cenote.units import human_duration

log = logging.getLogger("cenote.lender")

TETHER_TIMEOUT = 30.0  # seconds from the loan to the first tether
RETURN_MARGIN = 15.0  # clients give up before the server does
_TICK = 1.0
_SHORTLY = 0.01
_REMEMBERED = 64  # of what has ended here, for managers that have not heard of it
_REASONS = {
    Why.RELEASED: "it was released",
    Why.REVOKED: "the token by which it was borrowed does not count any more",
    Why.EXPIRED: "its time is over",
    Why.LET_GO: "nobody holds it",
}

T = TypeVar("T")


class Running(Protocol):
    """The sessions in allocations."""

    def end(self, allocation: Allocation, why: str = "") -> int:
        """Tells the programs why, if there is anything to tell. Returns how many processes there are."""
        ...

    def use(self, allocation: Allocation) -> Use: ...

    def spent(self, allocation: Allocation) -> Mapping[int, float]:
        """For how many seconds devices, by index, had work of processes that have ended."""
        ...

    def ask_for_usage(self) -> None:
        """Brings ``use`` up to date soon."""
        ...

    async def gone(self, allocation: Allocation) -> None:
        """Nothing of it runs, and the driver has its memory back."""
        ...


@dataclass(eq=False)
class Loan:
    """``alone_since`` is when nobody held on to it any more; it may stay so for ``patience`` seconds."""

    key: tuple[str, int]
    allocation: Allocation
    tethered: bool
    patience: float
    alone_since: float
    idle: int | None = None
    used_at: float = 0.0
    use: Use | None = None
    """As it was then."""
    tethers: int = 0
    missed: bool = False
    """Whether those who held it before a restart have still to come back."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set as soon as it is being ended."""
    told: str = ""
    """Then, why, for people; empty where nobody is left who would be told, or a program of it tells."""

    def abandoned(self, now: float) -> bool:
        return self.tethered and not self.tethers and now - self.alone_since >= self.patience

    def idled(self, now: float, use: Use) -> bool:
        if self.idle is None:
            return False
        if use.unfinished or use != self.use:
            self.used_at, self.use = now, use
        return now - self.used_at >= self.idle


class Lender:
    """``on_change`` is called after each change of the ledger. To be used in one event loop, after ``start``."""

    def __init__(
        self,
        ledger: LentLedger,
        devices: Sequence[Device],
        running: Running,
        *,
        tether_timeout: float = TETHER_TIMEOUT,
        return_timeout: float | None = None,
        name: str = "the server",
    ) -> None:
        """``return_timeout``: how long tethers may stay away after a restart, by default the link's time-out.

        ``name`` is what borrowers know this host by.
        """
        self.on_change: Callable[[], None] = lambda: None
        self.stamp: Stamp = ledger.stamp
        self._ledger = ledger
        self._devices = {device.index: device for device in devices}
        self._running = running
        self._name = name
        self._tether_timeout = tether_timeout
        self._return_timeout = link.timeout() + RETURN_MARGIN if return_timeout is None else return_timeout
        self._loans: dict[tuple[str, int], Loan] = {}
        self._ended: deque[Ended] = deque(maxlen=_REMEMBERED)
        self._spent: deque[Spent] = deque(maxlen=_REMEMBERED)
        self._thread = ThreadPoolExecutor(1, "ledger")
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[object]] = set()

    def restore(self) -> None:
        """Takes up what the ledger has from before, so that the workers that are left can be adopted."""
        for held in self._ledger.report().held:
            loan = self._lend(held, self._return_timeout)
            loan.missed = held.tethered
            if held.ending:
                loan.over.set()
        self.stamp = self._ledger.stamp

    def start(self) -> None:
        """Goes on with what was restored, once the workers that are left have been adopted."""
        for loan in self._loans.values():
            if loan.over.is_set():
                self._running.end(loan.allocation)
                self._start(self._clear(loan))
        self._start(self._watch())

    async def close(self) -> None:
        """Stops, and ends nothing: another process may go on with the same ledger."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._thread.shutdown()
        self._ledger.close()

    @property
    def accepting(self) -> bool:
        """Whether anything new can be lent; a full disk is in the way of that."""
        return self._ledger.accepting

    async def carry_out(self, order: Order) -> Answer:
        return await asyncio.shield(self._start(self._carry_out(order)))

    async def report(self) -> Report:
        return await asyncio.shield(self._start(self._report()))

    async def end_all(self) -> None:
        """Takes everything back, and returns when it is free."""
        while self._loans:
            await asyncio.gather(*(self._end(loan, Why.LET_GO) for loan in list(self._loans.values())))
            await asyncio.sleep(_SHORTLY)

    def find(self, allocation_id: bytes) -> Allocation | None:
        """What the secret of an allocation opens; None when it is not lent, or is being ended."""
        loan = self._latest(allocation_id)
        return loan.allocation if loan else None

    def tetherable(self, allocation_id: bytes) -> Loan | None:
        """The loan that a tether with this id would hold."""
        loan = self._latest(allocation_id)
        return loan if loan and loan.tethered else None

    @contextmanager
    def held(self, loan: Loan) -> Iterator[None]:
        """Somebody holds on to the loan until the block ends; when nobody does any more, the loan ends with it.

        That does not hold for a block that is cancelled, which is our end and not the holder's.
        """
        loan.tethers += 1
        if loan.missed:
            loan.missed = False
            log.info("%s is back", loan.allocation.holder)
        cancelled = False
        try:
            yield
        except asyncio.CancelledError:
            cancelled = True
            raise
        finally:
            loan.tethers -= 1
            loan.alone_since, loan.patience = _now(), 0.0
            if not loan.tethers and not cancelled:
                self._start(self._end(loan, Why.LET_GO))

    def _latest(self, allocation_id: bytes) -> Loan | None:
        name = allocation_id.hex()
        found = [loan for loan in self._loans.values() if loan.key[0] == name and not loan.over.is_set()]
        return max(found, key=lambda loan: loan.key[1], default=None)

    async def _carry_out(self, order: Order) -> Answer:
        async with self._turn:
            match order:
                case Reserve():
                    answer = await self._write(self._ledger.reserve, order)
                    if answer.result == Result.HELD and (order.allocation, order.epoch) not in self._loans:
                        self._lend(order, self._tether_timeout)
                        log.info("%d device(s) are lent to %s", len(order.shares), order.user)
                case Extend():
                    answer = await self._write(self._ledger.extend, order)
                case Release():
                    answer = await self._release(order)
        return answer

    async def _release(self, order: Release) -> Answer:
        answer = await self._write(self._ledger.end, order)
        answer = replace(answer, spent=tuple(one for one in self._spent if one.allocation == order.allocation))
        for (name, epoch), loan in list(self._loans.items()):
            if name == order.allocation and epoch <= order.epoch:
                self._finish(loan, order.why)
        return answer

    async def _report(self) -> Report:
        async with self._turn:
            report = await self._write(self._ledger.report)
            return replace(report, ended=tuple(self._ended), spent=tuple(self._spent))

    async def _end(self, loan: Loan, why: Why) -> None:
        """Ends a loan without having been told to."""
        async with self._turn:
            if loan.over.is_set():
                return
            log.info("what was lent to %s ends: %s", loan.allocation.holder, _reason(loan, why))
            self._ended.append(Ended(*loan.key, why))
            await self._release(Release(*loan.key, why))

    async def _clear(self, loan: Loan) -> None:
        """Frees the shares once nothing runs on them any more."""
        await self._running.gone(loan.allocation)
        async with self._turn:
            self._spent.append(Spent(*loan.key, tuple(sorted(self._running.spent(loan.allocation).items()))))
            await self._write(self._ledger.free, *loan.key)
            self._loans.pop(loan.key, None)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            async with self._turn:
                overdue = [(order.allocation, order.epoch) for order in self._ledger.overdue()]
            for loan in list(self._loans.values()):
                if loan.key in overdue:
                    await self._end(loan, Why.EXPIRED)
                elif loan.abandoned(_now()):
                    await self._end(loan, Why.LET_GO)
                elif loan.idled(_now(), self._running.use(loan.allocation)):
                    await self._end(loan, Why.IDLE)
            if any(loan.idle is not None for loan in self._loans.values()):
                self._running.ask_for_usage()

    def _lend(self, order: Reserve | Held, patience: float) -> Loan:
        devices = tuple(self._devices[share.index] for share in order.shares if share.index in self._devices)
        shares = tuple(share for share in order.shares if share.index in self._devices)
        allocation = Allocation(order.user, devices, shares, bytes.fromhex(order.allocation), order.secret)
        key = order.allocation, order.epoch
        loan = Loan(key, allocation, order.tethered, patience, _now(), order.idle, _now())
        self._loans[key] = loan
        return loan

    def _finish(self, loan: Loan, why: Why) -> None:
        if loan.over.is_set():
            return
        told = "" if why == Why.LET_GO else f"{self._name} has taken back what it had lent: {_reason(loan, why)}"
        if not self._running.end(loan.allocation, told):
            loan.told = told
        loan.over.set()
        self._start(self._clear(loan))

    async def _write(self, operation: Callable[..., T], *arguments: object) -> T:
        """In the ledger's thread, which waits for the disk; to be called by whose turn it is."""
        result = await asyncio.get_running_loop().run_in_executor(self._thread, operation, *arguments)
        if self.stamp != (stamp := self._ledger.stamp):
            self.stamp = stamp
            self.on_change()
        return result

    def _start(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[T]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("an error of ours while lending", exc_info=error)


def _reason(loan: Loan, why: Why) -> str:
    return _REASONS.get(why) or f"nothing has used it for {human_duration(loan.idle or 0)}"


def _now() -> float:
    return asyncio.get_running_loop().time()
