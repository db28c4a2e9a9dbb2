from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from cenote.errors import StoreFailed
from cenote.pool.api.outlook import Outlook
from cenote.pool.api.presence import BEAT, PATIENCE, Presence
from cenote.pool.api.threads import Threads
from cenote.pool.api.watch import News, Watch
from cenote.pool.core import POOL, Actor
from cenote.pool.models import State
from cenote.pool.queue import Forecast
from cenote.pool.request import Request
from tests.support.pool import Clock, FakeServer, Manager, deliver_all
from tests.support.rows import restore, save


@pytest.fixture
def ann(manager: Manager) -> Actor:
    return manager.user("ann")


@pytest.fixture
def watch(manager: Manager, ann: Actor) -> Watch:
    made = Watch(manager.core, manager.servers, Threads())
    assert made.look().everything
    return made


def test_news(watch: Watch, manager: Manager, ann: Actor, host: FakeServer) -> None:
    assert not watch.look().allocations
    held = manager.allocations.submit(ann, Request())
    other = manager.allocations.submit(ann, Request())
    news = watch.look()
    assert sorted(news.allocations) == sorted([held.id, other.id]) and not news.everything and not news.accounts
    assert watch.look() == News()
    deliver_all(manager, [host])
    assert sorted(watch.look().allocations) == sorted([held.id, other.id])
    manager.accounts.create_token(ann, "ann")
    assert watch.look() == News(accounts=True)


def test_a_restored_database(watch: Watch, manager: Manager, ann: Actor, database: str) -> None:
    saved = save(database)
    manager.accounts.create_token(ann, "ann")
    watch.look()
    restore(database, saved)
    assert watch.look().everything
    manager.accounts.create_token(ann, "ann")
    assert watch.look() == News(accounts=True)


def test_what_was_not_seen_is_seen_later(
    watch: Watch, manager: Manager, ann: Actor, host: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.look()
    manager.core.listeners.append(watch._own.append)
    held = manager.allocations.submit(ann, Request())

    def fail(_: object = None) -> list[int]:
        raise StoreFailed("not now")

    with monkeypatch.context() as patch:
        patch.setattr(manager.servers, "outstanding", fail)
        asyncio.run(watch.round())
    assert watch.failure and not watch.current
    news = watch.look()
    assert (news.allocations, news.untold) == ([held.id], [host.id])


def test_one_look_serves_all_who_wait(watch: Watch, manager: Manager, ann: Actor, host: FakeServer) -> None:
    held = manager.allocations.submit(ann, Request())

    async def wait() -> None:
        with watch.following(held.id) as first, watch.following(held.id) as second, watch.following("else") as other:
            await watch.round()
            assert first.is_set() and second.is_set() and not other.is_set()
        assert not watch._waiters

    asyncio.run(wait())


@pytest.fixture
def presence(manager: Manager, clock: Clock) -> Iterator[Presence]:
    yield Presence(manager.allocations, Threads(), lambda: clock.up)


def rounds(presence: Presence, clock: Clock, seconds: float) -> None:
    """What ``run`` does in that time."""
    for _ in range(int(seconds / BEAT)):
        asyncio.run(presence.round())
        clock.pass_by(BEAT)
    asyncio.run(presence.round())


def state(manager: Manager, ann: Actor, allocation: str) -> State:
    return manager.allocations.get(ann, allocation).state


def test_a_request_leaves_the_queue_with_its_client(
    manager: Manager, ann: Actor, host: FakeServer, presence: Presence, clock: Clock
) -> None:
    manager.allocations.submit(ann, Request(count=2))
    tethered = manager.allocations.submit(ann, Request(tethered=True)).id
    kept = manager.allocations.submit(ann, Request()).id
    rounds(presence, clock, PATIENCE)
    assert state(manager, ann, tethered) == State.WAITING
    with presence.asking(tethered):
        rounds(presence, clock, 100)
        assert state(manager, ann, tethered) == State.WAITING
    rounds(presence, clock, PATIENCE - BEAT)
    assert state(manager, ann, tethered) == State.WAITING
    rounds(presence, clock, 4 * BEAT)
    assert state(manager, ann, tethered) == State.ENDED and state(manager, ann, kept) == State.WAITING
    assert [entry.action for entry in manager.accounts.audit(POOL, limit=1)] == ["allocation.abandon"]


def test_a_client_that_asks_another_manager_is_there(
    manager: Manager, ann: Actor, host: FakeServer, presence: Presence, clock: Clock
) -> None:
    manager.allocations.submit(ann, Request(count=2))
    tethered = manager.allocations.submit(ann, Request(tethered=True)).id
    elsewhere = Presence(manager.allocations, Threads(), lambda: clock.up + 1000)
    for _ in range(40):
        with elsewhere.asking(tethered):
            asyncio.run(elsewhere.round())
        rounds(presence, clock, PATIENCE - BEAT)
    assert state(manager, ann, tethered) == State.WAITING
    rounds(presence, clock, PATIENCE + 3 * BEAT)
    assert state(manager, ann, tethered) == State.ENDED


def test_a_forecast_serves_all(manager: Manager, ann: Actor, host: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.allocations.submit(ann, Request(count=2))
    waits = manager.allocations.submit(ann, Request(count=2)).id
    made: list[Actor] = []
    real = manager.allocations.forecasts

    def forecasts(actor: Actor) -> list[Forecast]:
        made.append(actor)
        return real(actor)

    monkeypatch.setattr(manager.allocations, "forecasts", forecasts)
    outlook = Outlook(manager.allocations, Threads())

    async def ask() -> None:
        found = await asyncio.gather(*(outlook.of(waits) for _ in range(50)))
        assert {one and one.position for one in found} == {1}
        assert await outlook.of("another") is None

    asyncio.run(ask())
    assert len(made) == 1
