from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from cenote.errors import Busy, Invalid, NoDevice, NotAllowed, NotFound, OverQuota
from cenote.pool.core import POOL
from cenote.pool.models import Outcome, Role, State, Usage, User
from cenote.pool.queue import Limits
from cenote.pool.request import WHOLE, Request
from tests.pool.conftest import MakeServer
from tests.support.pool import GIB, Clock, Manager, deliver, deliver_all, report_all

HALF = Request(weight=WHOLE // 2)


def test_from_asking_to_giving_back(manager: Manager, server: MakeServer, clock: Clock) -> None:
    ann, host = manager.user("ann"), server("one")
    asked = manager.allocations.submit(ann, Request(count=2, weight=WHOLE // 2, term=600))
    assert asked.state == State.PLACING
    assert manager.allocations.doors(ann, asked.id) == ()
    deliver(manager, host)
    got = manager.allocations.get(ann, asked.id)
    assert got.state == State.ACTIVE and got.ends_at == clock.wall + 600
    assert [(p.server, p.index, p.memory, p.weight, p.state) for p in got.parts] == [
        ("one", 0, 4 * GIB, WHOLE // 2, "held"),
        ("one", 1, 4 * GIB, WHOLE // 2, "held"),
    ]
    (door,) = manager.allocations.doors(ann, asked.id)
    assert door.indexes == (0, 1) and door.secret == host.report().held[0].secret
    host.slow = True
    assert manager.allocations.release(ann, asked.id).state == State.RELEASING
    deliver(manager, host)
    assert manager.allocations.get(ann, asked.id).state == State.RELEASING, "its workers still run"
    host.reap()
    report_all(manager, [host])
    ended = manager.allocations.get(ann, asked.id)
    assert (ended.state, ended.outcome, ended.parts) == (State.ENDED, Outcome.RELEASED, ())
    assert manager.allocations.doors(ann, asked.id) == ()


def test_the_same_key_is_the_same_request(manager: Manager, server: MakeServer) -> None:
    ann, ben = manager.user("ann"), manager.user("ben")
    server("one")
    first = manager.allocations.submit(ann, Request(key="k"))
    assert manager.allocations.submit(ann, Request(key="k")).id == first.id
    assert manager.allocations.submit(ben, Request(key="k")).id != first.id
    with pytest.raises(Invalid, match="another request"):
        manager.allocations.submit(ann, Request(count=2, key="k"))


def test_what_does_not_fit_waits_or_fails_at_once(manager: Manager, server: MakeServer, clock: Clock) -> None:
    ann, host = manager.user("ann"), server("one")
    first = manager.allocations.submit(ann, Request(count=2))
    with pytest.raises(NoDevice, match="free now"):
        manager.allocations.submit(ann, Request(wait=0))
    waits = manager.allocations.submit(ann, Request(wait=60))
    assert waits.state == State.WAITING
    (forecast,) = manager.allocations.forecasts(ann)
    assert (forecast.id, forecast.position, forecast.starts) == (waits.id, 1, first.ends_at)
    clock.pass_by(61)
    manager.allocations.tick()
    assert manager.allocations.get(ann, waits.id).outcome == Outcome.TIMED_OUT
    again = manager.allocations.submit(ann, Request())
    manager.allocations.release(ann, first.id)
    deliver_all(manager, [host])
    assert manager.allocations.get(ann, again.id).state == State.ACTIVE


def test_what_this_pool_could_never_give(manager: Manager, server: MakeServer) -> None:
    ann = manager.user("ann", limits=Limits(devices=2, memory=6 * GIB))
    ben = manager.user("ben")
    server("one")
    with pytest.raises(NoDevice, match="not even when all is free this pool has 3 device"):
        manager.allocations.submit(ben, Request(count=3))
    for impossible in (Request(filter="name~H100"), Request(memory=9 * GIB), Request(weight=1)):
        with pytest.raises(NoDevice, match="not even"):
            manager.allocations.submit(ben, impossible)
    with pytest.raises(OverQuota, match="more than the 2"):
        manager.allocations.submit(ann, Request(count=3))
    with pytest.raises(OverQuota, match="more device memory"):
        manager.allocations.submit(ann, Request())
    assert manager.allocations.submit(ann, HALF).state == State.PLACING


def test_a_quota_makes_wait_without_holding_up_others(manager: Manager, server: MakeServer) -> None:
    ann, ben = manager.user("ann", limits=Limits(devices=1)), manager.user("ben")
    host = server("one")
    first = manager.allocations.submit(ann, Request())
    second = manager.allocations.submit(ann, Request())
    assert second.state == State.WAITING
    assert manager.allocations.submit(ben, Request()).state == State.PLACING
    deliver_all(manager, [host])
    manager.allocations.release(ann, first.id)
    deliver_all(manager, [host])
    assert manager.allocations.get(ann, second.id).state == State.ACTIVE


def test_a_group_has_a_quota_too(manager: Manager, server: MakeServer) -> None:
    ann, ben = manager.user("ann"), manager.user("ben")
    server("one")
    manager.accounts.limit_group(POOL, "lab", Limits(devices=1))
    for name in ("ann", "ben"):
        manager.accounts.put_in_group(POOL, name, "lab")
    assert manager.allocations.submit(ann, Request()).state == State.PLACING
    assert manager.allocations.submit(ben, Request()).state == State.WAITING
    manager.accounts.limit_group(POOL, "lab", Limits(devices=2))
    assert [view.state for view in manager.allocations.listing(ben)] == [State.PLACING]


def test_prolonging(manager: Manager, server: MakeServer, clock: Clock) -> None:
    ann, host = manager.user("ann"), server("one", devices=1)
    held = manager.allocations.submit(ann, Request(term=600))
    with pytest.raises(Invalid, match="placing, not active"):
        manager.allocations.extend(ann, held.id, 60)
    deliver_all(manager, [host])
    assert manager.allocations.extend(ann, held.id, 600).term == 1200
    deliver_all(manager, [host])
    assert host.report().held[0].term == 1200
    with pytest.raises(Invalid, match="at most 1d"):
        manager.allocations.extend(ann, held.id, 24 * 3600)
    manager.allocations.submit(ann, Request())
    with pytest.raises(Busy, match="a request that waits needs one of its devices"):
        manager.allocations.extend(ann, held.id, 60)


def test_a_term_ends_by_the_servers_clock(manager: Manager, server: MakeServer, clock: Clock) -> None:
    ann, host = manager.user("ann"), server("one")
    held = manager.allocations.submit(ann, Request(term=600))
    deliver_all(manager, [host])
    clock.wall += 10_000  # the date of the manager's host is changed
    manager.allocations.tick()
    host.tell(manager)
    assert manager.allocations.get(ann, held.id).state == State.ACTIVE
    clock.up += 601
    host.tell(manager)
    assert manager.allocations.get(ann, held.id).outcome == Outcome.EXPIRED
    deliver_all(manager, [host])
    assert manager.allocations.get(ann, held.id).state == State.ENDED and not host.report().held


def test_what_is_anothers_cannot_be_told_from_what_is_not(manager: Manager, server: MakeServer) -> None:
    ann, ben, eve = manager.user("ann"), manager.user("ben"), manager.user("eve", Role.VIEWER)
    admin = manager.user("root", Role.ADMIN)
    host = server("one")
    held = manager.allocations.submit(ann, Request())
    deliver_all(manager, [host])
    for actor in (ben, eve):
        for action in (manager.allocations.release, lambda a, i: manager.allocations.extend(a, i, 60)):
            with pytest.raises(NotAllowed, match="you have no allocation"):
                action(actor, held.id)
    with pytest.raises(NotAllowed):
        manager.allocations.get(ben, held.id)
    with pytest.raises(NotAllowed):
        manager.allocations.submit(eve, Request())
    for other in (ben, eve, admin):
        with pytest.raises(NotAllowed):
            manager.allocations.doors(other, held.id)
    assert manager.allocations.get(eve, held.id).id == held.id
    assert manager.allocations.listing(ben) == []
    assert len(manager.allocations.listing(eve)) == 1
    assert manager.allocations.release(admin, held.id).state == State.RELEASING


def test_a_priority_is_capped_by_the_role(manager: Manager, server: MakeServer) -> None:
    server("one")
    assert manager.allocations.submit(manager.user("ann"), Request(priority=10)).priority == 5
    assert manager.allocations.submit(manager.user("root", Role.ADMIN), Request(priority=10)).priority == 10


def test_two_managers_share_one_database(manager: Manager, server: MakeServer, database: str, clock: Clock) -> None:
    ann, host = manager.user("ann"), server("one")
    other = Manager(database, clock)
    taken = [one.allocations.submit(ann, HALF).state for _ in range(3) for one in (manager, other)]
    assert taken == [State.PLACING] * 4 + [State.WAITING] * 2
    deliver(other, host)
    states = Counter(view.state for view in manager.allocations.listing(ann))
    assert states == {State.ACTIVE: 4, State.WAITING: 2}
    assert not manager.servers.outstanding()
    other.close()


def test_what_was_used_is_kept_and_counts(manager: Manager, server: MakeServer, clock: Clock) -> None:
    ann, ben, host = manager.user("ann"), manager.user("ben"), server("one", devices=1)
    used = manager.allocations.submit(ann, HALF)
    deliver_all(manager, [host])
    clock.pass_by(100)
    manager.allocations.release(ann, used.id)
    deliver_all(manager, [host])
    with manager.store.reading() as session:
        (row,) = session.scalars(select(Usage))
        assert (row.seconds, row.memory, row.weight, row.ended_at) == (100.0, 4 * GIB, WHOLE // 2, clock.wall)
        assert session.get_one(User, ann.user).used == 50.0
    first = manager.allocations.submit(ann, Request())
    waits = [manager.allocations.submit(actor, Request()).id for actor in (ann, ben)]
    manager.allocations.release(ann, first.id)
    deliver_all(manager, [host])
    assert [manager.allocations.get(POOL, one).state for one in waits] == [State.WAITING, State.ACTIVE]


def test_every_change_is_in_the_audit_log(manager: Manager, server: MakeServer) -> None:
    ann = manager.user("ann")
    host = server("one")
    held = manager.allocations.submit(ann, Request(term=600))
    deliver_all(manager, [host])
    manager.allocations.extend(ann, held.id, 60)
    manager.allocations.release(ann, held.id)
    entries = [(entry.actor, entry.action) for entry in manager.accounts.audit(POOL)]
    assert entries == [
        ("ann", "allocation.release"),
        ("ann", "allocation.extend"),
        ("ann", "allocation.submit"),
        ("pool", "server.join"),
        ("pool", "token.create"),
        ("pool", "user.create"),
    ]


def test_pages(manager: Manager, server: MakeServer, clock: Clock) -> None:
    ann, ben, host = manager.user("ann"), manager.user("ben"), server("one")
    made = []
    for _ in range(5):
        made.append(manager.allocations.submit(ann, Request()).id)
        clock.pass_by(1)
    latest = manager.allocations.submit(ann, Request()).id  # at the moment of the next one
    made.append(manager.allocations.submit(ann, Request()).id)
    made.insert(5, latest)
    manager.allocations.release(ann, made[0])
    deliver_all(manager, [host])
    found: list[str] = []
    while page := manager.allocations.page(POOL, ended=True, limit=2, before=found[-1] if found else None):
        found += [one.id for one in page]
    assert sorted(found) == sorted(made) and found[-1] == made[0]
    assert made[0] not in [one.id for one in manager.allocations.page(ann)]
    assert manager.allocations.page(ben, ended=True) == []
    with pytest.raises(NotFound):
        manager.allocations.page(ben, before=made[0])


def test_waiting_without_a_client(manager: Manager, server: MakeServer, clock: Clock) -> None:
    ann = manager.user("ann")
    server("one", devices=1)
    first = manager.allocations.submit(ann, Request(tethered=True))
    waits = manager.allocations.submit(ann, Request(tethered=True))
    manager.allocations.submit(ann, Request())
    assert manager.allocations.held_by_polls() == [(waits.id, None)]
    manager.allocations.polled([waits.id] * 3)
    assert manager.allocations.held_by_polls() == [(waits.id, clock.wall)]
    attended = manager.allocations.submit(ann, Request(attended=True))
    assert dict(manager.allocations.held_by_polls()) == dict.fromkeys((waits.id, attended.id), clock.wall)
    manager.allocations.abandon(first.id)
    assert manager.allocations.get(ann, first.id).state == State.PLACING, "it is its server's to see who is there"
    manager.allocations.abandon(waits.id)
    assert manager.allocations.get(ann, waits.id).outcome == Outcome.CANCELLED
    assert manager.accounts.audit(POOL, limit=1)[0].action == "allocation.abandon"
