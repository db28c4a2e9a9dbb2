from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from cenote.errors import Invalid
from cenote.pool import placement
from cenote.pool.fleet import Fleet, Search
from cenote.pool.request import WHOLE, Request
from tests.support.fleets import fleet, half, kind, take

A, BIG = kind(), kind("H100", 80)


def choose(made: Fleet, request: Request) -> list[int] | None:
    return placement.known(request.policy).choose(Search(made, request))


def test_shares_are_packed_onto_devices_already_split() -> None:
    made = fleet([A, A], [A, A])
    take(made, 11, 0.5)
    assert choose(made, half()) == [11]
    assert choose(made, Request()) == [0]
    take(made, 11, 0.5)
    assert choose(made, half()) == [0]


def test_several_devices_are_packed_onto_one_server_where_one_has_them() -> None:
    made = fleet([A, A], [A, A, A])
    take(made, 0, 0.5)
    assert choose(made, Request(count=2)) == [10, 11]
    assert choose(made, half(count=2)) == [0, 1]
    assert choose(made, half(count=4)) == [0, 1, 10, 11]
    assert choose(made, Request(count=5)) is None


def test_spread() -> None:
    made = fleet([A, A], [A, A], [A, A])
    take(made, 0, 0.5)
    take(made, 20)
    chosen = choose(made, half(count=3, policy="spread"))
    assert chosen and sorted(device // 10 for device in chosen) == [0, 1, 2] and 0 not in chosen
    assert len(choose(made, half(count=5, policy="spread")) or []) == 5


def test_same_server() -> None:
    made = fleet([A, A], [A, BIG, A], [BIG, A])
    take(made, 0, 0.75)
    take(made, 10, 0.5)
    assert choose(made, half(count=2, policy="same-server")) == [10, 12]
    assert choose(made, half(count=2, policy="same-server", filter="server!=s1")) == [21, 20]
    assert choose(made, half(count=3, policy="same-server")) == [10, 12, 11]
    assert choose(made, Request(count=3, policy="same-server")) is None
    assert choose(made, Request(count=2, policy="same-server", filter="name=A100")) is None


def test_nearest() -> None:
    made = fleet([A], [A, A], [A], [A])
    trips = (("s2", 0.003), ("s1", 0.001), ("s9", 0.0), ("s1", 0.002))
    assert choose(made, Request(policy="nearest", round_trips=trips)) == [10]
    assert choose(made, Request(count=3, policy="nearest", round_trips=trips)) == [10, 11, 20]
    assert choose(made, Request(count=4, policy="nearest", round_trips=trips)) == [10, 11, 20, 0]
    assert choose(made, Request(count=6, policy="nearest", round_trips=trips)) is None


def test_the_same_server_is_the_nearest_that_has_them() -> None:
    made = fleet([A, A], [A], [A, A])
    take(made, 0, 0.5)
    trips = (("s1", 0.001), ("s2", 0.002), ("s0", 0.003))
    assert choose(made, half(count=2, policy="same-server")) == [0, 1]
    assert choose(made, half(count=2, policy="same-server", round_trips=trips)) == [20, 21]
    assert choose(made, half(count=3, policy="same-server", round_trips=trips)) is None


class Odd:
    """Does what it is told to."""

    one_server = measured = False
    does: Any = None

    def choose(self, search: Search) -> list[int] | None:
        if isinstance(self.does, Exception):
            raise self.does
        return self.does  # type: ignore[no-any-return]


@pytest.fixture
def add_ons(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    points = [
        EntryPoint(name, value, placement.GROUP)
        for name, value in (
            ("mine", "cenote.pool.placement:Spread"),
            ("odd", "tests.pool.test_placement:Odd"),
            ("broken", "no_such_module:Policy"),
        )
    ]
    monkeypatch.setattr(placement, "entry_points", lambda group: EntryPoints(points))
    yield
    placement.named.cache_clear()
    placement.known.cache_clear()


@pytest.mark.usefixtures("add_ons")
def test_policies_come_by_entry_point_too() -> None:
    made = fleet([A, A], [A, A])
    assert choose(made, half(count=2, policy="mine")) == [11, 1]
    with pytest.raises(Invalid, match="there are: broken, mine, nearest, odd, pack, same-server, spread"):
        placement.named("best")
    with pytest.raises(Invalid, match="“broken” cannot be used: ModuleNotFoundError"):
        placement.named("broken")
    assert isinstance(placement.known("broken"), placement.Pack), "whom another manager has let in"


@pytest.mark.usefixtures("add_ons")
@pytest.mark.parametrize("does", [ZeroDivisionError(), [1, 1], [0], [0, 99], [10, 11], "ab", 7])
def test_mistakes_of_somebody_elses_policy_stop_nobody(does: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fleet([A, A, A], [A, A])
    take(made, 11)
    monkeypatch.setattr(Odd, "does", does)
    assert choose(made, Request(count=2, policy="odd")) == [0, 1]
    monkeypatch.setattr(Odd, "does", [1, 2])
    assert choose(made, Request(count=2, policy="odd")) == [1, 2]
    monkeypatch.setattr(Odd, "does", None)
    assert choose(made, Request(count=2, policy="odd")) is None


@pytest.mark.parametrize("policy", ["pack", "spread", "same-server", "nearest"])
def test_a_decision_does_not_look_at_the_whole_fleet(policy: str, half_full: Callable[[int], Fleet]) -> None:
    small, large = half_full(100), half_full(3000)
    requests = [
        Request(count=count, weight=weight, policy=policy)
        for count in (1, 2, 4)
        for weight in (None, WHOLE // 2, WHOLE // 3)
    ]
    assert median(large, requests) < max(10 * median(small, requests), 0.002)


def median(made: Fleet, requests: list[Request]) -> float:
    times = []
    for request in requests * 5:
        begin = time.perf_counter()
        choose(made, request)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


@pytest.fixture(scope="module")
def half_full() -> Callable[[int], Fleet]:
    def make(servers: int) -> Fleet:
        made = fleet(*([A if number % 3 else BIG] * 8 for number in range(servers)))
        for number, device in enumerate(list(made.devices)):
            if number % 7 in (0, 3, 5):
                take(made, device)
            elif number % 5 == 0:
                take(made, device, 0.25)
        return made

    return make
