from __future__ import annotations

import shutil

import pytest

from cenote.errors import Invalid, NoDevice, NotAllowed, NotFound, Unreachable
from cenote.pool.core import POOL, Actor
from cenote.pool.models import Outcome, Role, State
from cenote.pool.orders import Extend, Order, Release, Reserve, Share
from cenote.pool.queue import Limits
from cenote.pool.request import WHOLE, Request
from cenote.pool.servers import Offer
from tests.pool.conftest import MakeServer
from tests.support.pool import GIB, FakeServer, Manager, deliver, deliver_all, listed, report_all
from tests.support.rows import restore, save

HALF = Request(weight=WHOLE // 2, term=600)


@pytest.fixture
def ann(manager: Manager) -> Actor:
    return manager.user("ann")


def state(manager: Manager, actor: Actor, allocation: str) -> State:
    return manager.allocations.get(actor, allocation).state


def order_of(manager: Manager, server: FakeServer) -> Order:
    (order,) = manager.servers.orders(server.id)
    return order


def test_nothing_is_placed_before_the_first_report(manager: Manager, ann: Actor, server: MakeServer) -> None:
    number = manager.servers.join(POOL, "new", "new:1", [Offer(listed(0))])
    waits = manager.allocations.submit(ann, Request())
    assert waits.state == State.WAITING
    assert number not in manager.servers.outstanding()


def test_a_server_speaks_only_for_itself(manager: Manager) -> None:
    host = manager.user("one", Role.SERVER)
    manager.servers.join(host, "one", "one:1", [Offer(listed(0))])
    with pytest.raises(NotAllowed):
        manager.servers.join(host, "two", "two:1", [])
    with pytest.raises(NotAllowed):
        manager.servers.drain(host, "one")
    with pytest.raises(NotFound, match="no server “three”"):
        manager.servers.drain(POOL, "three")


def test_the_smallest_share_counts_what_the_driver_takes(manager: Manager, ann: Actor, server: MakeServer) -> None:
    server("one", devices=1)
    manager.servers.join(POOL, "one", "one:2", [Offer(listed(0), overhead=GIB)])
    small = Request(memory=GIB, wait=0)
    with pytest.raises(NoDevice, match="not even"):
        manager.allocations.submit(ann, small)
    assert manager.allocations.submit(ann, Request(memory=2 * GIB)).parts[0].address == "one:2"


def test_an_order_is_repeated_until_it_is_answered(manager: Manager, ann: Actor, server: MakeServer) -> None:
    host = server("one")
    held = manager.allocations.submit(ann, HALF)
    order = order_of(manager, host)
    assert isinstance(order, Reserve)
    host.carry_out(order)  # and the answer is lost
    assert order_of(manager, host) == order
    manager.servers.settle(host.id, [(order, host.carry_out(order))] * 2)
    assert state(manager, ann, held.id) == State.ACTIVE and not manager.servers.orders(host.id)
    manager.allocations.extend(ann, held.id, 60)
    assert order_of(manager, host) == Extend(held.id, 1, 660)
    manager.allocations.release(ann, held.id)
    assert order_of(manager, host) == Release(held.id, 1)


def test_what_a_server_refuses_is_placed_anew(manager: Manager, ann: Actor, server: MakeServer) -> None:
    one, two = server("one", devices=1), server("two", devices=1)
    elsewhere = Reserve("00" * 16, 1, (Share(0, 4 * GIB, WHOLE // 2),), 600, "ann", b"")
    one.ledger.reserve(elsewhere)  # of which the store knows nothing
    held = manager.allocations.submit(ann, Request(filter="server=one or server=two"))
    deliver_all(manager, [one, two])
    assert manager.allocations.get(ann, held.id).parts[0].server == "two"
    report_all(manager, [one, two])
    assert [view.id for view in manager.allocations.listing(ann)] == ["00" * 16, held.id], "adopted from the report"


def test_a_silent_servers_shares_stay_lent(manager: Manager, ann: Actor, server: MakeServer) -> None:
    host = server("one", devices=1)
    held = manager.allocations.submit(ann, Request())
    deliver_all(manager, [host])
    manager.servers.unreachable(host.id)
    assert [part.state for part in manager.allocations.get(ann, held.id).parts] == ["unknown"]
    assert manager.allocations.release(ann, held.id).state == State.RELEASING
    waits = manager.allocations.submit(ann, Request())
    assert waits.state == State.WAITING
    assert not manager.servers.heard(host.id, host.ledger.stamp), "it must report first"
    report_all(manager, [host])
    deliver_all(manager, [host])
    assert state(manager, ann, held.id) == State.ENDED and state(manager, ann, waits.id) == State.ACTIVE


def test_what_a_server_that_falls_silent_was_asked_for_is_placed_elsewhere(
    manager: Manager, server: MakeServer
) -> None:
    ben = manager.user("ben", limits=Limits(devices=1))
    one, two = server("one", devices=1), server("two", devices=1)
    held = manager.allocations.submit(ben, Request())
    silent, other = (one, two) if held.parts[0].server == "one" else (two, one)
    late = order_of(manager, silent)
    silent.cut = True
    with pytest.raises(Unreachable):
        deliver(manager, silent)
    manager.servers.unreachable(silent.id)
    deliver_all(manager, [one, two])
    assert state(manager, ben, held.id) == State.ACTIVE
    silent.cut = False
    silent.carry_out(late)  # the order arrives after all
    report_all(manager, [silent])
    deliver_all(manager, [one, two])
    assert not silent.report().held and [part.server for part in manager.allocations.get(ben, held.id).parts] == [
        other.name
    ]


def test_a_reboot_ends_what_was_held_and_a_restart_does_not(manager: Manager, ann: Actor, server: MakeServer) -> None:
    host = server("one")
    held = manager.allocations.submit(ann, HALF)
    deliver_all(manager, [host])
    host.restart(reboot=False)
    assert not manager.servers.heard(host.id, host.ledger.stamp)
    report_all(manager, [host])
    assert state(manager, ann, held.id) == State.ACTIVE
    host.restart(reboot=True)
    report_all(manager, [host])
    assert manager.allocations.get(ann, held.id).outcome == Outcome.LOST
    assert state(manager, ann, held.id) == State.ENDED


def test_reports_and_answers_that_come_late_change_nothing(manager: Manager, ann: Actor, server: MakeServer) -> None:
    host = server("one")
    empty = host.report()
    held = manager.allocations.submit(ann, HALF)
    order = order_of(manager, host)
    held_answer = host.carry_out(order)
    manager.servers.settle(host.id, [(order, held_answer)])
    manager.servers.reported(host.id, empty, empty.stamp.ledger)
    assert state(manager, ann, held.id) == State.ACTIVE, "the report is older than the confirmation"
    full = host.report()
    manager.allocations.release(ann, held.id)
    deliver_all(manager, [host])
    report_all(manager, [host])
    manager.servers.reported(host.id, full, full.stamp.ledger)
    manager.servers.settle(host.id, [(order, held_answer)])
    assert state(manager, ann, held.id) == State.ENDED


@pytest.mark.parametrize("new_disk", [False, True])
def test_a_confirmation_of_what_is_over_confirms_nothing(
    manager: Manager, ann: Actor, server: MakeServer, new_disk: bool
) -> None:
    host = server("one")
    held = manager.allocations.submit(ann, HALF)
    order = order_of(manager, host)
    late = host.carry_out(order)
    if new_disk:
        host.restart(reboot=True, new_disk=True)
    else:
        host.end(Release(held.id, 1))
    report_all(manager, [host])
    manager.servers.settle(host.id, [(order, late)])
    assert state(manager, ann, held.id) == State.PLACING
    deliver_all(manager, [host])
    report_all(manager, [host])
    deliver_all(manager, [host])
    assert state(manager, ann, held.id) == State.ACTIVE
    assert [one.epoch for one in host.report().held] == [1 if new_disk else 2]


def test_an_order_that_comes_late_is_refused(manager: Manager, ann: Actor, server: MakeServer) -> None:
    host = server("one")
    held = manager.allocations.submit(ann, HALF)
    late = order_of(manager, host)
    manager.allocations.release(ann, held.id)
    report_all(manager, [host])
    assert state(manager, ann, held.id) == State.RELEASING, "no report can say that the order will not arrive"
    deliver_all(manager, [host])
    assert state(manager, ann, held.id) == State.ENDED
    host.carry_out(late)
    assert not host.report().held


def test_a_restored_database_learns_what_is_held(
    manager: Manager, ann: Actor, server: MakeServer, database: str
) -> None:
    host = server("one", devices=2)
    kept = manager.allocations.submit(ann, HALF)
    gone = manager.allocations.submit(ann, HALF)
    deliver_all(manager, [host])
    waited = manager.allocations.submit(ann, Request(count=2))
    saved = save(database)
    manager.allocations.release(ann, waited.id)
    manager.allocations.release(ann, gone.id)
    later = manager.allocations.submit(manager.user("ben"), Request(term=700))
    deliver_all(manager, [host])
    report_all(manager, [host])
    assert manager.servers.heard(host.id, host.ledger.stamp)
    restore(database, saved)
    manager.allocations.tick()
    assert not manager.servers.heard(host.id, host.ledger.stamp), "another database than the one that was told"
    report_all(manager, [host])
    found = {view.id: (view.user, view.state, view.term) for view in manager.allocations.listing(POOL)}
    assert found == {
        kept.id: ("ann", State.ACTIVE, 600),
        later.id: ("ben", State.ACTIVE, 700),
        waited.id: ("ann", State.WAITING, 24 * 3600),
    }


def test_a_restored_database_learns_where_a_waiting_request_went(
    manager: Manager, ann: Actor, server: MakeServer, database: str
) -> None:
    host = server("one", devices=1)
    first = manager.allocations.submit(ann, Request())
    deliver_all(manager, [host])
    second = manager.allocations.submit(ann, Request(term=600))
    saved = save(database)
    manager.allocations.release(ann, first.id)
    deliver_all(manager, [host])
    assert state(manager, ann, second.id) == State.ACTIVE
    (door,) = manager.allocations.doors(ann, second.id)
    restore(database, saved)
    manager.allocations.tick()
    report_all(manager, [host])
    assert (state(manager, ann, first.id), state(manager, ann, second.id)) == (State.ENDED, State.ACTIVE)
    assert manager.allocations.doors(ann, second.id) == (door,)


def test_a_restored_database_shortens_no_term(manager: Manager, ann: Actor, server: MakeServer, database: str) -> None:
    host = server("one")
    held = manager.allocations.submit(ann, HALF)
    deliver_all(manager, [host])
    saved = save(database)
    manager.allocations.extend(ann, held.id, 60)
    deliver_all(manager, [host])
    restore(database, saved)
    manager.allocations.tick()
    report_all(manager, [host])
    assert manager.allocations.get(ann, held.id).term == 660 and not manager.servers.orders(host.id)


def test_a_lost_ledger_is_a_new_beginning(manager: Manager, ann: Actor, server: MakeServer) -> None:
    host = server("one")
    held = manager.allocations.submit(ann, HALF)
    deliver_all(manager, [host])
    host.ledger.close()
    shutil.rmtree(host.folder)
    host.start()
    report_all(manager, [host])
    assert state(manager, ann, held.id) == State.ENDED


def test_a_server_that_cannot_write_gets_nothing_new(
    manager: Manager, ann: Actor, server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = server("one")
    held = manager.allocations.submit(ann, HALF)
    deliver_all(manager, [host])
    with monkeypatch.context() as patch:
        patch.setattr("cenote.server.ledger._write", full)
        waits = manager.allocations.submit(ann, HALF)
        deliver_all(manager, [host])
        report_all(manager, [host])
        assert state(manager, ann, waits.id) == State.WAITING
        manager.allocations.release(ann, held.id)
        deliver_all(manager, [host])
        assert state(manager, ann, held.id) == State.ENDED
    report_all(manager, [host])
    deliver_all(manager, [host])
    assert state(manager, ann, waits.id) == State.ACTIVE


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_draining_and_writing_off(manager: Manager, ann: Actor, server: MakeServer) -> None:
    host = server("one", devices=2)
    held = manager.allocations.submit(ann, Request())
    deliver_all(manager, [host])
    manager.servers.drain(POOL, "one")
    waits = manager.allocations.submit(ann, Request())
    assert waits.state == State.WAITING and state(manager, ann, held.id) == State.ACTIVE
    with pytest.raises(Invalid, match="drain it instead"):
        manager.servers.write_off(POOL, "one")
    manager.servers.unreachable(host.id)
    manager.servers.write_off(POOL, "one")
    assert manager.allocations.get(ann, held.id).outcome == Outcome.LOST
    report_all(manager, [host])
    assert state(manager, ann, held.id) == State.RELEASING, "it was not gone after all"
    deliver_all(manager, [host])
    assert state(manager, ann, held.id) == State.ENDED
    manager.servers.drain(POOL, "one", draining=False)
    assert state(manager, ann, waits.id) == State.PLACING


def test_devices_that_are_gone_are_not_lent(manager: Manager, ann: Actor, server: MakeServer) -> None:
    host = server("one", devices=2)
    held = manager.allocations.submit(ann, Request(count=2))
    deliver_all(manager, [host])
    manager.servers.join(POOL, "one", "one:1", [Offer(listed(1))])
    manager.allocations.release(ann, held.id)
    deliver_all(manager, [host])
    assert [part.index for part in manager.allocations.submit(ann, Request()).parts] == [1]
    assert manager.allocations.submit(ann, Request()).state == State.WAITING
    manager.servers.join(POOL, "one", "one:1", [Offer(listed(0)), Offer(listed(1))])
    manager.allocations.tick()
    assert sorted(view.state for view in manager.allocations.listing(ann)) == [State.PLACING] * 2


def test_a_report_on_a_ledger_that_has_been_replaced_meanwhile(manager: Manager, server: MakeServer) -> None:
    """It was asked for before, and comes after one on the new ledger."""
    host = server("one")
    known, old = manager.servers.place(host.id).ledger, host.report()
    host.restart(reboot=False, new_disk=True)
    host.tell(manager)
    found = manager.allocations.submit(manager.user("ann"), Request())
    deliver_all(manager, [host])
    manager.servers.reported(host.id, old, known)
    assert manager.allocations.get(POOL, found.id).state == State.ACTIVE
