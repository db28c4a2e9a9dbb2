from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cenote.pool import queue
from cenote.pool.fleet import Fleet, Slice
from cenote.pool.queue import Account, Limits, Rules, Running, Standings, Waiting
from cenote.pool.request import WHOLE, Request
from tests.support.fleets import GIB, fleet, half, kind, take

A = kind()
NOW = 10_000.0
RULES = Rules(max_time=1000, ageing=100.0, half_life=1000.0, handover=10.0)


def waits(name: str, request: Request | None = None, user: int = 1, since: float = NOW) -> Waiting:
    return Waiting(name, user, request or Request(term=100), since)


def runs(made: Fleet, name: str, device: int, ends: float, share: float = 1.0, user: int = 9) -> Running:
    return Running(name, user, (take(made, device, share),), ends, NOW)


def plan(made: Fleet, waiting: list[Waiting], running: list[Running], standings: Standings | None = None) -> queue.Plan:
    return queue.plan(NOW, waiting, running, made, standings or Standings(RULES))


def started(result: queue.Plan) -> list[str]:
    return [start.id for start in result.starts]


def test_who_came_first_is_first() -> None:
    result = plan(fleet([A]), [waits("b", since=NOW - 1), waits("a")], [])
    assert started(result) == ["b"]
    assert result.starts[0].parts == (Slice(0, 8 * GIB, WHOLE),)


def test_priority_goes_first_and_waiting_makes_up_for_it() -> None:
    urgent = waits("urgent", Request(priority=2, term=100))
    assert started(plan(fleet([A]), [waits("old", since=NOW - 199), urgent], [])) == ["urgent"]
    assert started(plan(fleet([A]), [waits("old", since=NOW - 300), urgent], [])) == ["old"]


def test_who_has_used_less_is_first() -> None:
    standings = Standings(RULES)
    standings.accounts = {1: Account(used=500.0, as_of=NOW), 2: Account(used=800.0, as_of=NOW - 1000)}
    assert started(plan(fleet([A]), [waits("one", user=1, since=NOW - 9), waits("two", user=2)], [], standings)) == [
        "two"
    ]


def test_users_take_turns() -> None:
    many = [waits(f"{user}{number}", user=user, since=NOW - 10 + user) for user in (1, 2) for number in range(4)]
    standings = Standings(RULES)
    result = plan(fleet([A] * 4), many, [], standings)
    assert sorted(name[0] for name in started(result)) == ["1", "1", "2", "2"]
    assert standings.usage(1, NOW) == 0.0, "a plan leaves no trace"


def test_what_is_held_counts_as_used() -> None:
    standings = Standings(RULES)
    running = Running("r", 1, (Slice(0, GIB, WHOLE // 2),), NOW, NOW - 100)
    standings.add(running)
    assert standings.usage(1, NOW) == pytest.approx(80.0)
    standings.remove(running)
    assert standings.usage(1, NOW) == 0.0


def test_the_head_gets_a_reservation_and_only_what_ends_before_it_may_pass() -> None:
    made = fleet([A, A])
    running = [runs(made, "r", 0, NOW + 500)]
    head = waits("head", Request(count=2, term=100), since=NOW - 50)
    result = plan(made, [head, waits("long", Request(term=600)), waits("short", Request(term=400))], running)
    assert started(result) == ["short"]
    assert result.reservation == queue.Reservation("head", NOW + 500, frozenset({0, 1}))


def test_what_the_head_cannot_use_is_not_kept_for_it() -> None:
    made = fleet([A, A], [kind("V100")])
    running = [runs(made, "r", 0, NOW + 500)]
    head = waits("head", Request(count=2, filter="name=A100"), since=NOW - 50)
    result = plan(made, [head, waits("long", Request(term=900))], running)
    assert [(start.id, start.parts[0].device) for start in result.starts] == [("long", 10)]


def test_a_reservation_on_one_server() -> None:
    made = fleet([A, A], [A, A])
    running = [runs(made, "a", 0, NOW + 300), runs(made, "b", 10, NOW + 100), runs(made, "c", 11, NOW + 200, 0.5)]
    head = waits("head", Request(count=2, policy="same-server"))
    assert plan(made, [head], running).reservation == queue.Reservation("head", NOW + 200, frozenset({10, 11}))


def test_nobody_waits_for_what_may_never_come_back() -> None:
    made = fleet([A, A])
    running = [runs(made, "r", 0, math.inf)]
    result = plan(made, [waits("head", Request(count=2), since=NOW - 50), waits("next", Request(term=900))], running)
    assert started(result) == ["next"] and result.reservation is None


def test_nobody_waits_for_a_server_that_lends_nothing() -> None:
    made = fleet([A], [A])
    running = [runs(made, "a", 0, NOW + 100), runs(made, "b", 10, NOW + 200)]
    made.put_server(0, "s0", "s0:1", open=False, devices={0: (0, A)})
    assert plan(made, [waits("head")], running).reservation == queue.Reservation("head", NOW + 200, frozenset({10}))


def test_a_quota_holds_nobody_else_up() -> None:
    made = fleet([A])
    standings = Standings(RULES)
    standings.accounts = {1: Account(limits=Limits(devices=0)), 2: Account(limits=Limits(memory=4 * GIB))}
    queue_ = [waits("one", since=NOW - 9), waits("two", user=2, since=NOW - 8), waits("three", user=3)]
    assert started(plan(made, queue_, [], standings)) == ["three"]


def test_a_groups_members_share_its_limits() -> None:
    standings = Standings(RULES)
    standings.groups = {7: Limits(devices=3, memory=20 * GIB)}
    standings.accounts = {1: Account(group=7), 2: Account(group=7, limits=Limits(devices=1))}
    standings.add(Running("r", 1, (Slice(0, 8 * GIB, WHOLE),), NOW))
    assert standings.room(1) == (2, 12 * GIB)
    assert standings.room(2) == (1, 12 * GIB)
    assert standings.most(2) == Limits(1, 20 * GIB)


def test_a_forecast_of_the_whole_queue() -> None:
    made = fleet([A])
    running = [runs(made, "r", 0, NOW + 500)]
    queue_ = [waits("a", since=NOW - 3), waits("b", since=NOW - 2), waits("c", Request(filter="name=X"), since=NOW - 1)]
    found = queue.forecast(NOW, queue_, running, made, Standings(RULES))
    assert [(one.id, one.position, one.starts) for one in found] == [
        ("a", 1, NOW + 500),
        ("b", 2, NOW + 600),
        ("c", 3, None),
    ]
    assert made.devices[0].free_bytes == 0


REQUESTS = st.builds(
    Request,
    count=st.integers(1, 4),
    weight=st.sampled_from([None, WHOLE // 2, WHOLE // 3]),
    term=st.integers(1, RULES.max_time),
    priority=st.integers(0, 10),
    policy=st.sampled_from(["pack", "spread", "same-server"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 3), REQUESTS), max_size=25))
def test_everything_starts_within_its_bound(arrivals: list[tuple[int, int, Request]]) -> None:
    """A simulation, in which everything lasts for its whole term."""
    made = fleet([A, A, A, A], [A, A])
    standings = Standings(RULES)
    coming = sorted(
        (NOW + 20.0 * at, number, Waiting(str(number), user, request, NOW + 20.0 * at))
        for number, (at, user, request) in enumerate(arrivals)
    )
    waiting: dict[str, Waiting] = {}
    running: dict[str, Running] = {}
    clock = NOW
    while coming or waiting or running:
        moments = [one.ends for one in running.values()] + [one[0] for one in coming[:1]]
        clock = max(clock, min(moments, default=clock))
        while coming and coming[0][0] <= clock:
            one = coming.pop(0)[2]
            waiting[one.id] = one
        for gone in [one for one in running.values() if one.ends <= clock]:
            for part in running.pop(gone.id).parts:
                made.give(part)
            standings.remove(gone)
        for start in queue.plan(clock, list(waiting.values()), list(running.values()), made, standings).starts:
            one = waiting.pop(start.id)
            assert clock - one.since <= queue.bound(one, len(arrivals), RULES)
            for part in start.parts:
                made.take(part)
            running[one.id] = Running(one.id, one.user, start.parts, clock + one.request.term, clock)
            standings.add(running[one.id])
        assert all(device.free_bytes >= 0 and device.free_weight >= 0 for device in made.devices.values())
        assert running or coming or not waiting, "nothing runs, and yet somebody waits"


def test_shares_of_a_third() -> None:
    made = fleet([A])
    third = Request(weight=333_333)
    result = plan(made, [waits(str(n), third, since=NOW - n) for n in range(4)], [])
    assert len(result.starts) == 3
    assert plan(made, [waits("h", half())], []).starts
