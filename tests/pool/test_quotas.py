"""Limits of users and groups when many ask at once, of several managers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

from cenote.pool.core import POOL
from cenote.pool.models import State
from cenote.pool.queue import Limits
from cenote.pool.request import WHOLE, Request
from tests.pool.conftest import MakeServer
from tests.support.pool import GIB, Clock, Manager, deliver_all


def test_limits_hold_when_everybody_asks_at_once(
    manager: Manager, database: str, clock: Clock, server: MakeServer
) -> None:
    """3 devices for each user, 5 and 20 GiB for their group; asked of two managers in four threads each."""
    hosts = [server(f"s{number}", devices=4) for number in range(4)]
    other = Manager(database, clock)
    manager.accounts.limit_group(POOL, "lab", Limits(devices=5, memory=20 * GIB))
    users = []
    for name in ("ann", "ben"):
        users.append(manager.user(name, limits=Limits(devices=3)))
        manager.accounts.put_in_group(POOL, name, "lab")
    together = threading.Barrier(8)
    request = Request(weight=WHOLE // 2)

    def ask(manager: Manager, actor: object) -> list[str]:
        together.wait()
        return [manager.allocations.submit(actor, request).id for _ in range(2)]  # type: ignore[arg-type]

    with ThreadPoolExecutor(8) as pool:
        asking = [
            pool.submit(ask, one, user)
            for one, user, _ in zip(cycle([manager, other]), [users[0]] * 4 + [users[1]] * 4, range(8), strict=False)
        ]
        names = [name for one in asking for name in one.result(60)]
    try:
        for _ in range(4):
            deliver_all(manager, hosts)
            views = [manager.allocations.get(POOL, name) for name in names]
            held = [view for view in views if view.state == State.ACTIVE]
            waiting = [view for view in views if view.state == State.WAITING]
            assert len(held) == min(5, len(held) + len(waiting)), "neither more than the group may have nor less"
            assert all(sum(view.user == user.name for view in held) <= 3 for user in users)
            assert sum(part.memory for view in held for part in view.parts) <= 20 * GIB
            with ThreadPoolExecutor(5) as pool:  # they go at once, and others come
                list(pool.map(lambda view: other.allocations.release(POOL, view.id), held))
    finally:
        other.close()
    deliver_all(manager, hosts)
    assert manager.allocations.listing(POOL) == []
