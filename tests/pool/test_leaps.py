"""The date of a manager's host is changed: nothing is lost by that, nothing lent twice, nothing ends early or late."""

from __future__ import annotations

import pytest

from cenote.pool.core import POOL
from cenote.pool.models import Outcome, Role, State
from cenote.pool.patience import Patience
from cenote.pool.queue import Waiting
from cenote.pool.request import WHOLE, Request
from tests.pool.conftest import MakeServer
from tests.support.pool import Clock, Manager, deliver_all, report_all

HOUR = 3600


@pytest.mark.parametrize("leap", [HOUR, -HOUR])
def test_an_hour(manager: Manager, server: MakeServer, clock: Clock, leap: int) -> None:
    ann, host = manager.user("ann"), server("one", devices=2)
    token = manager.accounts.create_token(POOL, "ann")
    first, second = (manager.allocations.submit(ann, Request(term=2 * HOUR)).id for _ in range(2))
    waits = manager.allocations.submit(ann, Request(count=2, wait=900)).id
    deliver_all(manager, [host])
    report_all(manager, [host])
    manager.allocations.tick()

    clock.wall += leap
    clock.pass_by(1)
    manager.allocations.tick()
    assert not manager.servers.heard(host.id, host.ledger.stamp), "servers know better when terms end"
    report_all(manager, [host])
    deliver_all(manager, [host])
    for name in (first, second):
        view = manager.allocations.get(ann, name)
        assert view.state == State.ACTIVE and view.ends_at == pytest.approx(clock.wall + 2 * HOUR, abs=10)
    assert manager.allocations.get(ann, waits).state == State.WAITING, "it has waited for a second"
    assert manager.accounts.who(token).role == Role.USER

    manager.allocations.release(ann, first)
    third = manager.allocations.submit(ann, Request(weight=WHOLE // 2, term=60))
    deliver_all(manager, [host])
    assert manager.allocations.get(ann, first).state == State.ENDED
    assert {held.allocation for held in host.report().held} >= {second}
    assert third.state in (State.WAITING, State.PLACING)
    if third.state == State.WAITING:  # devices are kept free for who came first
        manager.allocations.release(ann, third.id)
    clock.pass_by(901)
    manager.allocations.tick()
    assert manager.allocations.get(ann, waits).outcome == Outcome.TIMED_OUT
    clock.pass_by(2 * HOUR)
    host.expire()
    report_all(manager, [host])
    deliver_all(manager, [host])
    assert manager.allocations.listing(POOL) == [] and not host.report().held


def test_managers_whose_clocks_disagree_wait_as_long(
    manager: Manager, database: str, server: MakeServer, clock: Clock
) -> None:
    ahead = Clock(clock.wall + HOUR)
    other = Manager(database, ahead)
    ann, host = manager.user("ann"), server("one", devices=1)
    other.allocations.tick()
    manager.allocations.submit(ann, Request())
    waits = manager.allocations.submit(ann, Request(wait=900)).id
    deliver_all(manager, [host])
    for _ in range(2):
        other.allocations.tick()
        ahead.pass_by(800)
    assert manager.allocations.get(ann, waits).state == State.WAITING
    ahead.pass_by(200)
    other.allocations.tick()
    assert manager.allocations.get(ann, waits).outcome == Outcome.TIMED_OUT
    other.close()


def test_what_waited_before_a_manager_started() -> None:
    one = Waiting("a", 1, Request(wait=100), since=1000.0)
    now = 50.0
    patience = Patience(lambda: now)
    assert patience.overdue(1090.0, [one]) == [] and not patience.clock_was_set(1090.0)
    now += 11
    assert patience.overdue(1101.0, [one]) == ["a"] and not patience.clock_was_set(1101.0)
    later = Waiting("b", 1, Request(wait=100), since=5.0)
    assert patience.overdue(1101.0, [later, Waiting("c", 1, Request(), since=0.0)]) == []
    assert patience.clock_was_set(1095.0)
