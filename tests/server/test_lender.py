"""The lender without sockets: tethers that do not come, restarts, orders that cross each other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cenote.pool.orders import Ended, Extend, Release, Reserve, Result, Why
from cenote.server import ledger as ledger_module
from cenote.server import lender as module
from cenote.server.ledger import Capacity, LentLedger
from cenote.server.lender import Lender
from cenote.server.sessions import Use
from tests.support.managed import DEVICES, Nothing, reserve


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TICK", 0.05)


@asynccontextmanager
async def lending(
    folder: Path, tether: float = 30.0, back: float = 75.0, boot: str | None = None
) -> AsyncIterator[tuple[Lender, Nothing]]:
    running = Nothing()
    capacities = {device.index: Capacity(device.memory) for device in DEVICES}
    ledger = LentLedger(folder, capacities, boot)
    lender = Lender(ledger, DEVICES, running, tether_timeout=tether, return_timeout=back)
    lender.restore()
    lender.start()
    try:
        yield lender, running
    finally:
        await lender.close()


def key(order: Reserve) -> bytes:
    return bytes.fromhex(order.allocation)


async def names(lender: Lender) -> list[str]:
    return [held.allocation for held in (await lender.report()).held]


async def until_free(lender: Lender, timeout: float = 2.0) -> float:
    start = time.monotonic()
    while await names(lender):
        assert time.monotonic() - start < timeout
        await asyncio.sleep(0.01)
    return time.monotonic() - start


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        await main()

    asyncio.run(all_of_it())


def test_a_tether_that_never_comes(tmp_path: Path) -> None:
    """An order that is repeated does not prolong the wait, and what is not tethered has none."""

    async def main() -> None:
        async with lending(tmp_path, tether=0.5) as (lender, running):
            tethered, free = reserve(1, tethered=True), reserve(2)
            await lender.carry_out(tethered)
            await lender.carry_out(free)
            await asyncio.sleep(0.3)
            assert (await lender.carry_out(tethered)).result == Result.HELD
            await asyncio.sleep(0.4)
            report = await lender.report()
            assert [held.allocation for held in report.held] == [free.allocation]
            assert report.ended == (Ended(tethered.allocation, 1, Why.LET_GO),)
            assert [allocation.secret for allocation in running.ended] == [tethered.secret]

    run(main)


def test_what_is_not_used(tmp_path: Path) -> None:
    async def main() -> None:
        async with lending(tmp_path) as (lender, running):
            idle, other = replace(reserve(1, tethered=True), idle=1), reserve(2)
            await lender.carry_out(idle)
            await lender.carry_out(other)
            loan = lender.tetherable(key(idle))
            assert loan
            with lender.held(loan):
                for number in range(3):
                    running.used = Use(1, number, unfinished=False)
                    await asyncio.sleep(0.6)
                running.used = Use(1, 2, unfinished=True)
                await asyncio.sleep(1.2)
                assert len(await names(lender)) == 2
                running.used = Use(1, 2, unfinished=False)
                await asyncio.wait_for(loan.over.wait(), 1.5)
            assert running.told == ["the server has taken back what it had lent: nothing has used it for 1s"]
            assert (await lender.report()).ended == (Ended(idle.allocation, 1, Why.IDLE),)
            await asyncio.sleep(0.1)
            assert await names(lender) == [other.allocation]

    run(main)


def test_a_tether_that_does_not_come_back_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        order, other = reserve(1, tethered=True), reserve(2, tethered=True)
        async with lending(tmp_path) as (lender, _):
            await lender.carry_out(order)
            await lender.carry_out(other)
        async with lending(tmp_path, back=0.3) as (lender, _):
            loan = lender.tetherable(key(other))
            assert loan
            with lender.held(loan):
                await asyncio.sleep(0.6)
                assert await names(lender) == [other.allocation]
            await until_free(lender)

    run(main)


def test_what_was_being_ended_is_ended_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        order = reserve(1)
        async with lending(tmp_path) as (lender, running):
            running.slow = True
            await lender.carry_out(order)
            await lender.carry_out(Release(order.allocation, 1))
            assert lender.find(key(order)) is None
        async with lending(tmp_path) as (lender, running):
            await until_free(lender)
            assert [allocation.id for allocation in running.ended] == [key(order)]

    run(main)


def test_after_a_reboot_nothing_is_lent(tmp_path: Path) -> None:
    async def main() -> None:
        async with lending(tmp_path, boot="one") as (lender, _):
            await lender.carry_out(reserve(1))
        async with lending(tmp_path, boot="two") as (lender, _):
            assert await names(lender) == [] and lender.find(key(reserve(1))) is None

    run(main)


def test_each_attempt_has_its_own_secret(tmp_path: Path) -> None:
    """The next epoch of an allocation is lent while what an earlier one has left is still being ended."""

    async def main() -> None:
        async with lending(tmp_path) as (lender, running):
            first, second = reserve(1), reserve(1, epoch=2)
            await lender.carry_out(first)
            running.slow = True
            await lender.carry_out(Release(first.allocation, 1))
            assert (await lender.carry_out(first)).result == Result.REFUSED
            assert (await lender.carry_out(second)).result == Result.HELD
            found = lender.find(key(second))
            assert found and found.secret == second.secret
            running.may_go.set()
            await asyncio.sleep(0.1)
            assert [held.epoch for held in (await lender.report()).held] == [2]
            assert lender.find(key(second)) is found

    run(main)


def test_orders_at_once(tmp_path: Path) -> None:
    """In whichever order they are carried out, the picture in memory is that of the ledger."""

    async def main() -> None:
        async with lending(tmp_path) as (lender, _):
            orders = [
                order
                for number in range(12)
                for order in (
                    reserve(number, index=number % 2),
                    Extend(f"{number:032x}", 1, 900),
                    Release(f"{number:032x}", 1),
                )
            ]
            await asyncio.gather(*map(lender.carry_out, orders))
            await until_free(lender)
            assert lender._loans == {}
            assert (await lender.carry_out(reserve(3))).reason == "it is over"

    run(main)


def test_changes_are_told(tmp_path: Path) -> None:
    """Once for each of: lent, being ended, free. The stamp is always the one that a report would have."""

    async def main() -> None:
        async with lending(tmp_path) as (lender, _):
            told: list[int] = []
            lender.on_change = lambda: told.append(lender.stamp.serial)
            order = reserve(1)
            await lender.carry_out(order)
            await lender.carry_out(order)
            await lender.carry_out(Release(order.allocation, 1))
            await until_free(lender)
            assert len(told) == 3 and told == sorted(told)
            assert (await lender.report()).stamp == lender.stamp

    run(main)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cut tether frees the share all the same; nothing new is lent until there is room."""

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def main() -> None:
        async with lending(tmp_path) as (lender, _):
            order = reserve(1, tethered=True)
            await lender.carry_out(order)
            loan = lender.tetherable(key(order))
            assert loan
            with monkeypatch.context() as patch:
                patch.setattr(ledger_module, "_write", no_space)
                with lender.held(loan):
                    refused = await lender.carry_out(reserve(2))
                    assert refused.result == Result.REFUSED and not lender.accepting
                await until_free(lender)
            await lender.report()
            assert lender.accepting and (await lender.carry_out(reserve(2))).result == Result.HELD

    run(main)


def test_all_is_taken_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with lending(tmp_path) as (lender, running):
            await lender.carry_out(reserve(1, tethered=True))
            await lender.carry_out(reserve(2, index=1))
            await lender.end_all()
            assert (await lender.report()).held == () and len(running.ended) == 2

    run(main)
