from __future__ import annotations

from cenote.pool.core import POOL
from cenote.pool.history import DAY, History
from cenote.pool.models import Role
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
    longest = 2 * 3600 + manager.core.rules.handover  # a term's end is a server's to see
    assert [(one.user, one.day, one.seconds, one.device_seconds, one.byte_seconds) for one in everything] == [
        ("ann", 101.0 * DAY, longest, longest / 4, longest * 2 * GIB),
        ("ann", 100.0 * DAY, 100.0, 25.0, 200.0 * GIB),
        ("ben", 100.0 * DAY, 50.0, 12.5, 100.0 * GIB),
    ]
    assert {(one.server, one.index, one.device, one.allocations) for one in everything} == {("one", 0, "A100", 1)}
    assert history.usage(POOL, 101 * DAY) == everything[:1]
    assert history.usage(ben, 0) == everything[2:]
    assert history.usage(eve, 0, limit=2) == everything[:2]
