"""A manager's courier with real servers: gates, TLS and ledgers, all in one event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cenote.pool import courier as module
from cenote.pool.authority import Authority
from cenote.pool.certificates import Certificates
from cenote.pool.core import POOL, Actor
from cenote.pool.courier import Courier
from cenote.pool.inventory import Inventory
from cenote.pool.links import Links
from cenote.pool.models import Outcome, Server, ServerState, State
from cenote.pool.request import Request
from cenote.pool.servers import Offer
from cenote.server import ledger as ledger_module
from tests.support.managed import DEVICES, Small, manager_files, small
from tests.support.pool import Clock, Manager


class Running:
    """A manager with its courier, and a user."""

    def __init__(self, manager: Manager, courier: Courier) -> None:
        self.manager = manager
        self.courier = courier
        self.ann: Actor = manager.user("ann")

    def join(self, server: Small) -> int:
        offers = [Offer(device) for device in DEVICES]
        number = self.manager.servers.join(POOL, server.name, server.address, offers)
        self.courier.heard(number, behind=True)
        return number

    def beats(self, number: int, server: Small) -> None:
        """What the API does with a heartbeat."""
        heard = self.manager.servers.heard(number, server.lender.stamp)
        self.courier.heard(number, behind=not heard)

    def submit(self, **wishes: Any) -> str:
        found = self.manager.allocations.submit(self.ann, Request(**wishes))
        self.courier.poke(self.manager.servers.outstanding())
        return found.id

    def release(self, allocation: str) -> None:
        self.manager.allocations.release(self.ann, allocation)
        self.courier.poke(self.manager.servers.outstanding())

    def state(self, allocation: str) -> State:
        return self.manager.allocations.get(self.ann, allocation).state

    def outcome(self, allocation: str) -> Outcome | None:
        return self.manager.allocations.get(self.ann, allocation).outcome

    def server_state(self, number: int) -> ServerState:
        """In the store: what a manager knows of it is ahead of that while it commits."""
        with self.manager.store.reading() as session:
            return session.get_one(Server, number).state


async def until(condition: Callable[[], object], timeout: float = 5.0) -> None:
    end = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < end, f"still {value!r}"
        await asyncio.sleep(0.02)


@pytest.fixture(params=["sqlite"])
def database(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> str:
    """What the store does on PostgreSQL, its own tests show."""
    file = tmp_path / "pool.db"
    file.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{file}"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.open(tmp_path / "authority")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"SILENCE": 1.0, "ELSEWHERE": 1.5, "ROUND": 0.5, "TICK": 0.2, "LONGEST_PAUSE": 0.5}.items():
        monkeypatch.setattr(module, name, seconds)


Main = Callable[[Running], Awaitable[None]]


@pytest.fixture
def run(manager: Manager, authority: Authority, tmp_path: Path) -> Callable[[Main], None]:
    """Runs a test beside a courier."""

    @asynccontextmanager
    async def couriers() -> AsyncIterator[Courier]:
        links = Links(manager_files(authority, tmp_path / "manager"))
        certificates = Certificates(manager.core, authority)
        courier = Courier(manager.core, manager.servers, manager.allocations, certificates, links)
        task = asyncio.create_task(courier.run())
        try:
            yield courier
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            links.close()

    async def all_of(main: Main) -> None:
        async with couriers() as courier:
            await main(Running(manager, courier))

    return lambda main: asyncio.run(all_of(main))


def test_from_joining_to_giving_back(run: Callable[[Main], None], authority: Authority, tmp_path: Path) -> None:
    async def main(pool: Running) -> None:
        async with small(authority, tmp_path / "one", "one") as server:
            number = pool.join(server)
            assert pool.server_state(number) != ServerState.READY
            await until(lambda: pool.server_state(number) == ServerState.READY)
            allocation = pool.submit(count=2, tethered=True)
            await until(lambda: pool.state(allocation) == State.ACTIVE, 1)
            door = pool.manager.allocations.doors(pool.ann, allocation)[0]
            lent = server.lender.find(bytes.fromhex(allocation))
            assert lent and lent.secret == door.secret and len(lent.shares) == 2
            assert server.lender.tetherable(bytes.fromhex(allocation))
            pool.release(allocation)
            await until(lambda: pool.state(allocation) == State.ENDED, 2)
            assert server.running.ended == [lent]

    run(main)


def test_nothing_is_ready_that_cannot_be_dialled_back(
    run: Callable[[Main], None], authority: Authority, tmp_path: Path
) -> None:
    """It beats, but at its address there is nothing, then another server; at last it is there itself."""

    async def main(pool: Running) -> None:
        async with small(authority, tmp_path / "one", "one") as server:
            right = server.address
        offers = [Offer(device) for device in DEVICES]
        number = pool.manager.servers.join(POOL, "one", right, offers)
        pool.courier.heard(number, behind=True)
        await until(lambda: "connection refused" in pool.courier.trouble(number))

        def taken_for_two() -> bool:
            pool.courier.heard(number, behind=True)
            return "what answers there is cenote:server:two" in pool.courier.trouble(number)

        async with small(authority, tmp_path / "two", "two", port=int(right.rpartition(":")[2])):
            await until(taken_for_two)
            assert Inventory(pool.manager.core).server("one").state == ServerState.DOUBTFUL
        async with small(authority, tmp_path / "one", "one") as server:
            pool.join(server)
            await until(lambda: pool.server_state(number) == ServerState.READY)
            await until(lambda: pool.courier.trouble(number) == "")

    run(main)


def test_silence(run: Callable[[Main], None], authority: Authority, tmp_path: Path) -> None:
    """A server that is gone is unreachable, what it holds stays lent, and when it is back all is as it was."""

    async def main(pool: Running) -> None:
        async with small(authority, tmp_path / "one", "one") as server:
            number = pool.join(server)
            await until(lambda: pool.server_state(number) == ServerState.READY)
            allocation = pool.submit()
            await until(lambda: pool.state(allocation) == State.ACTIVE)
        await until(lambda: pool.server_state(number) == ServerState.UNREACHABLE)
        part = pool.manager.allocations.get(pool.ann, allocation).parts[0]
        assert (pool.state(allocation), part.state) == (State.ACTIVE, "unknown")
        pool.release(allocation)
        await asyncio.sleep(1)
        assert pool.state(allocation) == State.RELEASING
        async with small(authority, tmp_path / "one", "one") as server:
            pool.join(server)
            await until(lambda: pool.server_state(number) == ServerState.READY)
            await until(lambda: pool.state(allocation) == State.ENDED)

    run(main)


def test_a_server_that_beats_but_is_not_reached(
    run: Callable[[Main], None], authority: Authority, tmp_path: Path
) -> None:
    """Others get what it was asked for; when its gate is open again, it is used again."""

    async def main(pool: Running) -> None:
        async with small(authority, tmp_path / "one", "one") as server:
            number, port = pool.join(server), server.port
            await until(lambda: pool.server_state(number) == ServerState.READY)
        allocation = pool.submit(count=2)
        assert pool.state(allocation) == State.PLACING
        async with small(authority, tmp_path / "two", "two") as other:
            pool.join(other)

            def gives_up() -> bool:
                pool.beats(number, server)
                return pool.state(allocation) == State.ACTIVE

            await until(gives_up)
            assert pool.server_state(number) == ServerState.UNREACHABLE
            assert "connection refused" in pool.courier.trouble(number)
            async with small(authority, tmp_path / "one", "one", port=port) as again:
                pool.beats(number, again)
                await until(lambda: pool.server_state(number) == ServerState.READY)
                await until(lambda: pool.courier.trouble(number) == "")

    run(main)


def test_a_server_that_beats_elsewhere_is_not_given_up(
    run: Callable[[Main], None], authority: Authority, tmp_path: Path
) -> None:
    """And what happens there is heard of, though later."""

    async def main(pool: Running) -> None:
        async with small(authority, tmp_path / "one", "one") as server:
            number = pool.join(server)
            await until(lambda: pool.server_state(number) == ServerState.READY)
            allocation = pool.submit(term=2)
            await until(lambda: pool.state(allocation) == State.ACTIVE)
            await asyncio.sleep(2)
            await until(lambda: pool.state(allocation) == State.ENDED)
            assert pool.outcome(allocation) == Outcome.EXPIRED
            assert pool.server_state(number) == ServerState.READY

    run(main)


def test_what_lingers_is_asked_for_again(run: Callable[[Main], None], authority: Authority, tmp_path: Path) -> None:
    """Workers that take their time: the share is free when they are gone, though no beat says so."""

    async def main(pool: Running) -> None:
        async with small(authority, tmp_path / "one", "one") as server:
            pool.join(server)
            allocation = pool.submit(count=2)
            await until(lambda: pool.state(allocation) == State.ACTIVE)
            server.running.slow = True
            pool.release(allocation)
            waiting = pool.submit(count=2)
            await asyncio.sleep(1)
            assert (pool.state(allocation), pool.state(waiting)) == (State.RELEASING, State.WAITING)
            server.running.may_go.set()
            await until(lambda: pool.state(allocation) == State.ENDED)
            await until(lambda: pool.state(waiting) == State.ACTIVE)

    run(main)


def test_a_tether_that_is_cut_is_a_release(run: Callable[[Main], None], authority: Authority, tmp_path: Path) -> None:
    async def main(pool: Running) -> None:
        async with small(authority, tmp_path / "one", "one") as server:
            number = pool.join(server)
            allocation = pool.submit(tethered=True)
            await until(lambda: pool.state(allocation) == State.ACTIVE)
            loan = server.lender.tetherable(bytes.fromhex(allocation))
            assert loan
            with server.lender.held(loan):
                await asyncio.sleep(0.1)
            await until(lambda: server.lender.tetherable(bytes.fromhex(allocation)) is None)
            await asyncio.sleep(0.1)
            pool.beats(number, server)
            await until(lambda: pool.state(allocation) == State.ENDED)
            assert pool.outcome(allocation) == Outcome.RELEASED

    run(main)


def test_a_full_disk_of_a_server(
    run: Callable[[Main], None], authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing new is lent there, what was lent can be given back, and with room again all goes on."""

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def main(pool: Running) -> None:
        async with small(authority, tmp_path / "one", "one") as server:
            number = pool.join(server)
            before = pool.submit()
            await until(lambda: pool.state(before) == State.ACTIVE)
            with monkeypatch.context() as patch:
                patch.setattr(ledger_module, "_write", no_space)
                late = pool.submit()
                await until(lambda: pool.server_state(number) == ServerState.DOUBTFUL)
                pool.release(before)
                await until(lambda: pool.state(before) == State.ENDED)
                assert pool.state(late) == State.WAITING
            pool.beats(number, server)
            await until(lambda: pool.state(late) == State.ACTIVE)

    run(main)


def test_many_servers_at_once(
    run: Callable[[Main], None], authority: Authority, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENCE", 60.0)

    async def main(pool: Running) -> None:
        async with asyncio.TaskGroup() as group:
            done = asyncio.Event()
            ready: list[Small] = []

            async def live(name: str) -> None:
                async with small(authority, tmp_path / name, name) as server:
                    ready.append(server)
                    await done.wait()

            for number in range(30):
                group.create_task(live(f"s{number}"))
            await until(lambda: len(ready) == 30, 30)
            numbers = [pool.join(server) for server in ready]
            await until(lambda: all(pool.server_state(n) == ServerState.READY for n in numbers), 30)
            allocation = pool.submit(count=60)
            await until(lambda: pool.state(allocation) == State.ACTIVE, 30)
            pool.release(allocation)
            await until(lambda: pool.state(allocation) == State.ENDED, 30)
            done.set()

    run(main)
