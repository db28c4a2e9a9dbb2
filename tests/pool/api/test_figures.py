from __future__ import annotations

from typing import Any

import pytest

from cenote.pool.api import figures
from cenote.pool.api.figures import FRESH, OTHERS, Told, Use
from cenote.pool.api.schemas import Figures, Granted

GIB = 1 << 30


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def session(allocation: int = 1, pid: int = 7, calls: int = 0, **more: Any) -> Figures:
    granted = [Granted(index=0, bytes=GIB)]
    fields: dict[str, Any] = {
        "user": "ann",
        "since": 5.0,
        "memory": granted,
        "received": 10 * calls,
        "sent": 100 * calls,
        "busy": calls / 2,
    } | more
    return Figures(allocation=f"{allocation:032x}", pid=pid, calls=calls, **fields)


def uses(told: Told) -> dict[tuple[str, str], Use]:
    return {(use.server, use.allocation[-1]): use for heard in told.current() for use in heard.uses.values()}


def test_processes_of_an_allocation_are_one() -> None:
    told = Told(Clock())
    told.beat("one", [session(pid=7, calls=3), session(pid=8, calls=4), session(2, pid=9)], 0)
    found = uses(told)
    assert found["one", "1"] == Use("one", f"{1:032x}", "ann", 2, 2 * GIB, 7, 70, 700, 3.5)
    assert found["one", "2"].calls == 0


def test_counts_only_grow() -> None:
    """When a process has ended, when its worker was adopted, and when its id is used again."""
    told = Told(Clock())
    told.beat("one", [session(pid=7, calls=3), session(pid=8, calls=4)], 0)
    for sessions, calls in [
        ([session(pid=8, calls=6)], 9),
        ([session(pid=8, calls=0)], 9),
        ([session(pid=8, calls=7)], 10),
        ([session(pid=8, calls=2, since=6.0)], 12),
    ]:
        told.beat("one", sessions, 0)
        assert uses(told)["one", "1"].calls == calls
    told.beat("one", [], 0)
    assert not uses(told)


def test_who_is_silent_here_is_not_counted_here() -> None:
    clock = Clock()
    told = Told(clock)
    told.beat("one", [session(calls=3)], 2)
    clock.now += FRESH + 1
    told.beat("two", [session(calls=4)], 0)
    assert list(uses(told)) == [("two", "1")]
    heard = told.of("one")
    assert heard is not None and (heard.at, heard.more, len(heard.sessions)) == (1000.0, 2, 1)


def test_only_so_many_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are, remain; the others together go on growing, too."""
    monkeypatch.setattr(figures, "MOST", 2)
    told = Told(Clock())
    told.beat("one", [session(8, pid=8, calls=1)], 0)
    for calls in (1, 2):
        told.beat("one", [session(number, pid=number, calls=calls) for number in range(1, 9)], 0)
        found = {use.allocation: use for heard in told.current() for use in heard.uses.values()}
        assert f"{8:032x}" in found and len(found) == 3
        assert (found[OTHERS].user, found[OTHERS].sessions) == (OTHERS, 6)
        assert sum(use.calls for use in found.values()) == 8 * calls


def test_how_long_an_allocation_has_made_no_call() -> None:
    clock = Clock()
    told = Told(clock)
    name = f"{1:032x}"

    def quiet(started: float) -> float | None:
        activity = told.activity(name, ["one"], started)
        return activity.quiet if activity else None

    clock.now = 1100.0
    assert quiet(1050.0) is None, "nothing was heard from there"
    told.beat("one", [], 0)
    assert quiet(1050.0) == 50
    assert quiet(900.0) == 100, "what was before this manager began is not known"
    assert told.activity(name, ["one", "two"], 1050.0) is None
    told.beat("one", [session(calls=3)], 0)
    assert quiet(1050.0) == 0
    for _ in range(3):
        clock.now += 5
        told.beat("one", [session(calls=3)], 0)
    assert quiet(1050.0) == 15
    told.beat("one", [session(calls=4)], 0)
    assert quiet(1050.0) == 0
    clock.now += 5
    told.beat("one", [], 0)
    assert quiet(1050.0) == 5
    told.beat("one", [], 1)
    assert quiet(1050.0) is None, "some have told nothing"
    told.beat("one", [], 0)
    clock.now += FRESH + 1
    assert quiet(1050.0) is None


def test_the_oldest_calls_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "REMEMBERED", 2)
    clock = Clock()
    told = Told(clock)
    for number in (1, 2, 3):
        clock.now = 1000.0 + 10 * number
        told.beat("one", [session(number, pid=number, calls=number)], 0)
    found = [told.activity(f"{number:032x}", ["one"], 0) for number in (1, 2, 3)]
    assert [one and one.quiet for one in found] == [20, 10, 0]


def test_how_much_of_the_time_devices_had_work() -> None:
    """Of two devices, by processes one after the other."""
    clock = Clock()
    told = Told(clock)
    name = f"{1:032x}"

    def utilisation(started: float) -> float:
        activity = told.activity(name, ["one", "one"], started)
        assert activity
        return activity.utilisation

    told.beat("one", [], 0)
    assert utilisation(1000.0) == 0
    clock.now = 1050.0
    told.beat("one", [session(pid=7, busy=20.0)], 0)
    assert utilisation(1000.0) == 0.2
    clock.now = 1100.0
    told.beat("one", [session(pid=8, busy=30.0)], 0)
    assert (utilisation(1000.0), utilisation(900.0), utilisation(1050.0)) == (0.25, 0.25, 0.5)
    told.beat("one", [session(pid=8, busy=500.0)], 0)
    assert utilisation(1000.0) == 1, "several queues may be at work at once"
