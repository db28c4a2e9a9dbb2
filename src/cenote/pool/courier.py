"""Between a manager's store and the servers: takes orders to them, asks them to report, notices when they are silent.

A server that beats at another manager of the pool is asked now and then whether it is there; none is declared
unreachable without having been dialled.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from cenote.errors import CenoteError, Unreachable
from cenote.pool.allocations import Allocations
from cenote.pool.certificates import Certificates
from cenote.pool.core import Core
from cenote.pool.models import ServerState
from cenote.pool.orders import Answer, Host, Order, Probe, Result
from cenote.pool.servers import Place, Servers
from cenote.tls import Role

log = logging.getLogger("cenote.courier")

SILENCE = 15.0  # seconds after which a server that has beaten here is dialled, and given up if that fails
ELSEWHERE = 60.0  # the same for one that does not beat here
ROUND = 10.0  # between looks for what another manager may have left undone
FRESH = 5.0  # between looks for certificates that have been revoked
TICK = 1.0
LONGEST_PAUSE = 15.0
_FIRST_PAUSE = 0.25
_AT_ONCE = 256  # servers that are spoken to at once
_THREADS = 4

T = TypeVar("T")


class Network(Protocol):
    """What Links are to a courier."""

    revoked: frozenset[str]

    def to(self, name: str, address: str) -> Host: ...


@dataclass(eq=False)
class _Server:
    """What a courier has to do with one server. ``due`` is when it has been silent for too long."""

    id: int
    due: float
    beaten: float = 0.0
    address: str = ""
    host: Host | None = None
    report: bool = False
    deliver: bool = False
    attempts: int = 0
    trouble: str = ""
    failing: float = 0.0
    """Since when it has been in trouble."""
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    attended: bool = False
    answering: bool = False
    """Orders are on their way: a beat may tell of what they change before the store has the answer."""
    doubted: bool = False
    """That was so: once the answer is in the store, the server is looked at again."""


class Courier:
    """``poke``, ``heard`` and ``trouble`` return at once and are to be called in the event loop of ``run``."""

    def __init__(
        self,
        core: Core,
        servers: Servers,
        allocations: Allocations,
        certificates: Certificates,
        network: Network,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._core = core
        self._servers = servers
        self._allocations = allocations
        self._certificates = certificates
        self._network = network
        self._clock = clock
        self._known: dict[int, _Server] = {}
        self._speaking, self._dialling = asyncio.Semaphore(_AT_ONCE), asyncio.Semaphore(_AT_ONCE)
        self._threads = ThreadPoolExecutor(_THREADS, "courier")
        self._answered: list[tuple[int, list[tuple[Order, Answer]], asyncio.Future[None]]] = []
        """What is being settled, or will be next."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._looked = clock()

    def poke(self, servers: Iterable[int]) -> None:
        """These servers are to be told something; one that cannot be reached, when it is back."""
        for number in servers:
            if not self._core.away(number):
                server = self._server(number)
                server.deliver = True
                self._attend_to(server)

    def heard(self, server: int, *, behind: bool) -> None:
        """A server has beaten; if the store is ``behind`` what it said, it is asked to report."""
        one = self._server(server)
        one.beaten = self._clock()
        one.due = one.beaten + SILENCE
        if behind and one.answering:
            one.doubted = True
        elif behind:
            one.report = True
            one.woken.set()
            self._attend_to(one)

    def trouble(self, server: int) -> str:
        """Why a server cannot be reached at its address, though it may beat; empty when it can."""
        return self._server(server).trouble

    async def probe(self, server: int) -> Probe:
        """Raises Unreachable, or NotFound."""
        return await (await self._reached(self._server(server))).probe()

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            await asyncio.gather(
                _every(TICK, lambda: self._thread(self._allocations.tick)),
                _every(TICK, lambda: self._thread(self._core.store.tidy)),
                _every(ROUND, self._look_round),
                _every(FRESH, self._look_whom_to_trust),
                _every(TICK, self._look_for_silence),
            )
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._threads.shutdown(wait=False)

    async def _look_round(self) -> None:
        self.poke(await self._thread(self._servers.outstanding))

    async def _look_whom_to_trust(self) -> None:
        self._network.revoked = await self._thread(self._certificates.revoked, Role.SERVER)

    async def _look_for_silence(self) -> None:
        now = self._clock()
        stopped = now - self._looked - TICK
        self._looked = now
        if stopped > TICK:  # it is this process that heard nothing
            for server in self._known.values():
                server.due += stopped
        for number in self._core.reachable():
            server = self._server(number)
            if now >= server.due:
                server.due = now + ELSEWHERE
                self._start(self._ask_whether_it_lives(server, now))

    async def _ask_whether_it_lives(self, server: _Server, since: float) -> None:
        async with self._dialling:
            try:
                stamp = await (await self._reached(server)).stamp()
            except Unreachable as error:
                if server.beaten < since:
                    await self._give_up(server, error)
                return
        if not self._servers.heard(server.id, stamp):
            server.report = True
            self._attend_to(server)

    async def _give_up(self, server: _Server, reason: Unreachable) -> None:
        log.warning("%s", reason)
        try:
            await self._thread(self._servers.unreachable, server.id, str(reason))
        except CenoteError as error:
            log.error("%s", error)
            server.due = self._clock() + SILENCE  # once more then

    def _attend_to(self, server: _Server) -> None:
        if not server.attended:
            server.attended = True
            self._start(self._attend(server))

    async def _attend(self, server: _Server) -> None:
        """Does what is to be done with a server, again and again until it is done or the server is given up."""
        try:
            while server.report or server.deliver:
                try:
                    async with self._speaking:
                        done = await (self._take_report(server) if server.report else self._deliver(server))
                    server.trouble = ""
                except Unreachable as error:
                    done = False
                    await self._failed(server, error)
                except CenoteError as error:
                    done = False
                    log.error("%s", error)
                server.attempts = 0 if done else server.attempts + 1
                if not done:
                    await self._pause(server)
        finally:
            server.attended = False

    async def _failed(self, server: _Server, reason: Unreachable) -> None:
        """A server may beat and yet not be reached: what it was asked for is then asked of others."""
        now = self._clock()
        if not server.trouble:
            server.failing = now
        known, server.trouble = server.trouble, str(reason)
        server.host = None  # it may be elsewhere when it is back
        if self._core.state(server.id) != ServerState.READY:
            if server.trouble != known:
                await self._tell(server)
        elif now - server.failing >= SILENCE:
            await self._give_up(server, reason)
        if self._core.away(server.id):
            server.report = server.deliver = False

    async def _tell(self, server: _Server) -> None:
        try:
            await self._thread(self._servers.troubled, server.id, server.trouble)
        except CenoteError as error:
            log.error("%s", error)
            server.trouble = ""  # once more with the next attempt

    async def _take_report(self, server: _Server) -> bool:
        place = await self._thread(self._servers.place, server.id)
        report = await self._host(server, place).report()
        server.report = False
        try:
            await self._thread(self._servers.reported, server.id, report, place.ledger)
        except BaseException:
            server.report = True
            raise
        return True

    async def _deliver(self, server: _Server) -> bool:
        """Whether nothing is left to be told; what is being ended is asked for again until it is free."""
        server.deliver = False
        answers: list[tuple[Order, Answer]] = []
        try:
            orders = await self._thread(self._servers.orders, server.id)
            server.answering = bool(orders)
            try:
                host = await self._reached(server)
                for order in orders:
                    answers.append((order, await host.carry_out(order)))
            finally:
                if answers:
                    await self._settle(server.id, answers)
        except BaseException:
            server.deliver, server.report = True, server.report or server.doubted
            raise
        finally:
            doubted, server.answering, server.doubted = server.doubted, False, False
        if doubted:
            server.report = True  # if it does not answer
            server.report = not self._servers.heard(server.id, await host.stamp())
        if self._core.agrees(server.id) is None:
            server.report = True
        server.deliver |= any(answer.result == Result.ENDING for _, answer in answers)
        return not server.deliver

    async def _settle(self, server: int, answers: list[tuple[Order, Answer]]) -> None:
        """What servers answer at the same time is one transaction."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answered.append((server, answers, done))
        if len(self._answered) == 1:
            self._start(self._settle_all())
        await done

    async def _settle_all(self) -> None:
        while batch := list(self._answered):
            try:
                await self._thread(self._servers.settle_all, [(server, answers) for server, answers, _ in batch])
                failure = None
            except Exception as error:
                failure = error
            del self._answered[: len(batch)]
            for _, _, done in batch:
                if done.cancelled():
                    continue
                if failure:
                    done.set_exception(failure)
                else:
                    done.set_result(None)

    async def _pause(self, server: _Server) -> None:
        """Ever longer; a beat with news ends it."""
        longest = min(_FIRST_PAUSE * 2 ** min(server.attempts, 10), LONGEST_PAUSE)
        server.woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(0.5, 1.0) * longest):  # noqa: S311 - so that not all come at once
                await server.woken.wait()

    async def _reached(self, server: _Server) -> Host:
        return server.host or self._host(server, await self._thread(self._servers.place, server.id))

    def _host(self, server: _Server, place: Place) -> Host:
        """The connection to a server, which may have moved."""
        if server.host is None or place.address != server.address:
            if server.host:
                server.host.drop()
            server.address, server.host = place.address, self._network.to(place.name, place.address)
        return server.host

    def _server(self, number: int) -> _Server:
        return self._known.setdefault(number, _Server(number, self._clock() + SILENCE))

    async def _thread(self, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a mistake of ours with a server", exc_info=error)


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    complaint = ""
    while True:
        try:
            await work()
            complaint = ""
        except CenoteError as error:
            if str(error) != complaint:
                log.error("%s", error)
            complaint = str(error)
        except Exception:
            log.exception("a mistake of ours; going on")
        await asyncio.sleep(seconds)
