from __future__ import annotations

from cenote.pool import census
from cenote.pool.core import POOL
from cenote.pool.models import ServerState, State
from cenote.pool.request import Request
from tests.pool.conftest import MakeServer
from tests.support.pool import GIB, Clock, Manager, deliver_all


def test_an_empty_pool(manager: Manager) -> None:
    counted = census.take(manager.core)
    assert (counted.devices, counted.waited, counted.memory["free"]) == (0, 0.0, 0)
    assert set(counted.allocations) == set(State) - {State.ENDED}


def test_what_is_lent_free_and_away(manager: Manager, server: MakeServer, clock: Clock) -> None:
    ann = manager.user("ann")
    hosts = [server(name, devices=2, memory=8 * GIB) for name in ("one", "two")]
    manager.servers.drain(POOL, "two")
    manager.allocations.submit(ann, Request(weight=500_000))
    deliver_all(manager, hosts)
    manager.allocations.submit(ann, Request(count=2))
    clock.pass_by(40)
    manager.allocations.submit(ann, Request(count=2))
    counted = census.take(manager.core)
    assert counted.devices == 4
    assert counted.memory == {"lent": 4 * GIB, "free": 12 * GIB, "away": 16 * GIB}
    assert counted.compute == {"lent": 0.5, "free": 1.5, "away": 2.0}
    assert (counted.allocations[State.ACTIVE], counted.allocations[State.WAITING]) == (1, 2)
    assert counted.waited == 40
    assert counted.servers == {(ServerState.READY, False): 1, (ServerState.READY, True): 1}
