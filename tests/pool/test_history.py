from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event

from cenote.pool.core import POOL
from cenote.pool.history import DAY, By, History
from cenote.pool.models import Role
from cenote.pool.orders import Spent
from cenote.pool.queue import Rules
from cenote.pool.request import WHOLE, Request
from tests.pool.conftest import MakeServer
from tests.support.pool import GIB, Clock, Manager, deliver_all


def test_usage_by_user_device_and_day(manager: Manager, server: MakeServer, clock: Clock) -> None:
    ann, ben, eve = manager.user("ann"), manager.user("ben"), manager.user("eve", Role.VIEWER)
    host = server("one", devices=1)
    history = History(manager.core)
    clock.wall = 100 * DAY + 1000.0
    for actor, seconds in ((ann, 100), (ben, 50), (ann, DAY)):
        held = manager.allocations.submit(actor, Request(weight=WHOLE // 4, memory=2 * GIB, term=2 * 3600))
        deliver_all(manager, [host])
        clock.pass_by(seconds)
        manager.allocations.release(actor, held.id)
        deliver_all(manager, [host])
    everything = history.usage(eve, 0)
    assert everything == history.usage(eve, 99 * DAY)
    longest = 2 * 3600 + manager.core.rules.handover  # a term's end is a server's to see
    assert [(one.user, one.allocations, one.seconds, one.device_seconds, one.byte_seconds) for one in everything] == [
        ("ann", 2, 100 + longest, (100 + longest) / 4, (100 + longest) * 2 * GIB),
        ("ben", 1, 50.0, 12.5, 100.0 * GIB),
    ]
    assert {(one.server, one.index, one.device, one.day) for one in everything} == {("one", 0, "A100", 100.0 * DAY)}
    assert history.usage(POOL, 101 * DAY) == []
    assert history.usage(ben, 0) == everything[1:]
    assert history.usage(eve, 0, limit=1) == everything[:1]


def test_what_lasts_over_midnight_counts_on_each_day(manager: Manager, server: MakeServer, clock: Clock) -> None:
    ann, ben = manager.user("ann"), manager.user("ben")
    host = server("one", devices=2, memory=8 * GIB)
    history = History(manager.core)
    clock.wall = 100.75 * DAY
    manager.core.rules = Rules(max_time=10 * DAY)
    held = manager.allocations.submit(ann, Request(term=9 * DAY))
    deliver_all(manager, [host])
    clock.pass_by(2 * DAY)
    manager.allocations.submit(ben, Request(weight=WHOLE // 2))
    manager.allocations.release(ann, held.id)
    deliver_all(manager, [host])
    clock.pass_by(0.5 * DAY)
    ended, lasts = "ann", "ben"
    assert [(one.user, one.day, one.seconds) for one in history.usage(POOL, 0)] == [
        (lasts, 103.0 * DAY, 0.25 * DAY),
        (ended, 102.0 * DAY, 0.75 * DAY),
        (lasts, 102.0 * DAY, 0.25 * DAY),
        (ended, 101.0 * DAY, 1.0 * DAY),
        (ended, 100.0 * DAY, 0.25 * DAY),
    ]
    late = history.usage(POOL, 101.5 * DAY)
    assert [one.seconds for one in late] == [0.25 * DAY, 0.75 * DAY, 0.25 * DAY, 0.5 * DAY]
    users = history.usage(POOL, 101.5 * DAY, by=[By.USER])
    assert [(one.user, one.seconds, one.device_seconds) for one in users] == [
        (ended, 1.25 * DAY, 1.25 * DAY),
        (lasts, 0.5 * DAY, 0.25 * DAY),
    ]
    assert {(one.server, one.device, one.day) for one in users} == {(None, None, None)}
    days = history.usage(ann, 0, by=[By.DAY])
    assert [(one.day, one.allocations) for one in days] == [(102.0 * DAY, 1), (101.0 * DAY, 1), (100.0 * DAY, 1)]
    devices = history.usage(POOL, 0, by=[By.DEVICE])
    assert [(one.index, one.seconds, one.user) for one in devices] == [(0, 2 * DAY, None), (1, 0.5 * DAY, None)]
    assert history.usage(POOL, 0, offset=1, limit=2) == history.usage(POOL, 0)[1:3]


def test_for_how_long_devices_had_work(manager: Manager, server: MakeServer, clock: Clock) -> None:
    """As their server says when it has freed them; spread over the time for which they were lent."""
    ann, host = manager.user("ann"), server("one", devices=1)
    clock.wall = 100.75 * DAY
    manager.core.rules = Rules(max_time=10 * DAY)
    held = manager.allocations.submit(ann, Request(term=2 * DAY))
    deliver_all(manager, [host])
    host.slow = True
    clock.pass_by(0.5 * DAY)
    manager.allocations.release(ann, held.id)
    deliver_all(manager, [host])
    host.reap()
    report = replace(host.report(), spent=(Spent(held.id, 1, ((0, 50.0), (7, 1.0))), Spent(held.id, 2, ((0, 9.0),))))
    manager.servers.reported(host.id, report, manager.servers.place(host.id).ledger)
    history = History(manager.core)
    assert [one.busy_seconds for one in history.usage(POOL, 0)] == pytest.approx([25.0, 25.0])
    assert [one.busy_seconds for one in history.usage(POOL, 0, by=[])] == pytest.approx([50.0])


def test_the_history_is_found_by_an_index(manager: Manager) -> None:
    """A year's rows are not read for the last week."""
    asked = []
    engine = manager.store.engine
    event.listen(engine, "before_cursor_execute", lambda _1, _2, text, values, _3, _4: asked.append((text, values)))
    History(manager.core).usage(POOL, 100 * DAY)
    if engine.dialect.name != "sqlite":
        return  # which looks at how many rows there are
    (query,) = (one for one in asked if "usage" in one[0])
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query[0]}", query[1]).all()
    assert any("ix_usage_ended_at" in row[-1] for row in plan)
