"""The arbiter in simulated time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cenote.server.turns import PATIENCE, QUANTUM, Arbiter, Mode

STEPS = ["busy", "quiet", "ask", "pass", "stale", "join", "leave", "wait"]


class Clock:
    """An event loop's, without the waiting."""

    def __init__(self) -> None:
        self._now = 0.0
        self._due: list[tuple[float, int, Callable[[int], None], int]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self._now

    def call_later(self, delay: float, callback: Callable[[int], None], number: int, /) -> None:
        heapq.heappush(self._due, (self._now + delay, next(self._order), callback, number))

    def run(self, until: float) -> None:
        while self._due and self._due[0][0] <= until:
            self._now, _, callback, number = heapq.heappop(self._due)
            callback(number)
        self._now = until


@dataclass(eq=False)
class Worker:
    """With endless work of equal kernels, or with none before it is given some."""

    arbiter: Arbiter
    clock: Clock
    kernel: float = 0.001
    work: float = float("inf")  # kernels
    deaf: bool = False  # does not end its turns
    restless: bool = False  # soon has more to do
    mode: str = Mode.ALONE
    had: float = 0.0
    turns: list[int] = field(default_factory=list)

    def join(self, allocation: str, weight: int) -> Worker:
        self.arbiter.add(self, allocation, weight, self.hear)
        return self

    def hear(self, packet: str) -> None:
        # The answer comes when the arbiter has done what it is at.
        self.clock.call_later(0, lambda _: self.act(packet.split()), 0)

    def act(self, words: list[str]) -> None:
        match words:
            case ["share", "0", mode]:
                before, self.mode = self.mode, mode
                if before == Mode.ALONE and mode != Mode.ALONE and self.work:
                    self.arbiter.busy(self)
                if mode == Mode.TURNS and self.work:
                    self.arbiter.ask(self)
            case ["turn", "0", number, length]:
                self.turns.append(int(number))
                done = 0.0
                while self.work and done * 1e6 < int(length):
                    done += self.kernel
                    self.work -= 1
                self.had += done
                if not self.deaf:
                    self.clock.call_later(done, self.end, int(number))

    def end(self, number: int) -> None:
        self.arbiter.passed(self, number, more=self.work > 0)
        if not self.work and not self.restless:
            self.arbiter.quiet(self)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def arbiter(clock: Clock) -> Arbiter:
    return Arbiter(0, clock)


@given(
    st.lists(
        st.tuples(st.integers(50_000, 1_000_000), st.floats(0.0001, 0.2), st.integers(1, 3)), min_size=2, max_size=5
    )
)
def test_time_in_proportion_to_the_weight_of_the_allocation(programs: list[tuple[int, float, int]]) -> None:
    """Whatever their kernels take, and however many processes they are."""
    clock = Clock()
    arbiter = Arbiter(0, clock)
    groups = [
        (weight, kernel, [Worker(arbiter, clock, kernel).join(str(i), weight) for _ in range(count)])
        for i, (weight, kernel, count) in enumerate(programs)
    ]
    clock.run(30.0)
    reached = [
        (sum(worker.had for worker in workers) / weight, max(kernel, QUANTUM) / weight)
        for weight, kernel, workers in groups
    ]
    for (one, its), (other, others) in itertools.combinations(reached, 2):
        assert abs(one - other) <= 2.5 * (its + others), "within what one turn makes of it"
    assert sum(worker.had for _, _, workers in groups for worker in workers) >= 30.0 - 1e-6, "never idle"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["busy", "quiet", "ask", "pass", "stale", "join", "leave", "wait"]), st.integers(0, 4)
        )
    )
)
def test_one_turn_at_a_time_and_none_that_is_lost(steps: list[tuple[str, int]]) -> None:
    """Whatever workers say, and in whichever order: who asks while others do not gets a turn."""
    clock = Clock()
    arbiter = Arbiter(0, clock)
    heard: dict[int, list[str]] = {}
    present: set[int] = set()

    def join(member: int) -> None:
        heard[member] = []
        arbiter.add(member, member % 3, 1 + member, heard[member].append)
        present.add(member)

    for what, member in steps:
        match what:
            case "join" if member not in present:
                join(member)
            case "wait":
                clock.run(clock.time() + PATIENCE / 2)
            case _ if member not in present:
                pass
            case "leave":
                arbiter.remove(member)
                present.discard(member)
            case "busy":
                arbiter.busy(member)
            case "quiet":
                arbiter.quiet(member)
            case "ask":
                arbiter.ask(member)
            case "pass" | "stale":
                last = max((int(p.split()[2]) for p in heard[member] if p.startswith("turn")), default=0)
                arbiter.passed(member, last if what == "pass" else last - 1, more=bool(member % 2))
        numbers = [int(p.split()[2]) for packets in heard.values() for p in packets if p.startswith("turn")]
        assert len(numbers) == len(set(numbers))
    for member in list(present):
        arbiter.remove(member)
    join(0)
    join(1)
    arbiter.busy(0)
    arbiter.busy(1)
    assert heard[0][-1] == "share 0 turns"
    arbiter.ask(1)
    assert heard[1][-1].startswith("turn 0 ")


def test_nothing_is_said_to_one_allocation(arbiter: Arbiter, clock: Clock) -> None:
    workers = [Worker(arbiter, clock).join("one", 1) for _ in range(3)]
    clock.run(1.0)
    assert all(worker.mode == Mode.ALONE and not worker.turns for worker in workers)


def test_turns_are_given_while_two_have_work(arbiter: Arbiter, clock: Clock) -> None:
    steady = Worker(arbiter, clock).join("steady", 1)
    idle = Worker(arbiter, clock, work=0).join("idle", 3)
    clock.run(1.0)
    assert steady.mode == idle.mode == Mode.WATCHED
    assert not steady.turns
    idle.work = 200
    arbiter.busy(idle)
    clock.run(1.0 + 0.2 / 0.75 + 0.02)
    assert idle.had == pytest.approx(0.2)
    assert steady.mode == idle.mode == Mode.WATCHED, "it has nothing more to do"
    arbiter.remove(idle)
    clock.run(2.0)
    assert steady.mode == Mode.ALONE


def test_the_time_of_who_waits_for_something_goes_to_the_others(arbiter: Arbiter, clock: Clock) -> None:
    steady = Worker(arbiter, clock).join("steady", 1)
    waiting = Worker(arbiter, clock).join("waiting", 9)
    waiting.restless = True
    clock.run(1.0)
    assert waiting.had == pytest.approx(9 * steady.had, rel=0.1)
    waiting.work = 0
    before = steady.had
    clock.run(2.0)
    assert steady.had - before == pytest.approx(1.0, rel=0.05)
    waiting.work, had = float("inf"), waiting.had
    arbiter.ask(waiting)
    clock.run(3.0)
    assert waiting.had - had == pytest.approx(0.9, rel=0.05), "time that was not used is not saved up"


def test_a_long_kernel_is_debt(arbiter: Arbiter, clock: Clock) -> None:
    long = Worker(arbiter, clock, kernel=0.2).join("long", 1)
    short = Worker(arbiter, clock).join("short", 1)
    clock.run(10.0)
    assert long.had == pytest.approx(5.0, rel=0.05)
    assert short.had == pytest.approx(5.0, rel=0.05)


def test_debt_outlives_the_process(arbiter: Arbiter, clock: Clock) -> None:
    long = Worker(arbiter, clock, kernel=1.0, work=1).join("long", 1)
    sibling = Worker(arbiter, clock).join("long", 1)
    others = [Worker(arbiter, clock).join(name, 1) for name in ("short", "third")]
    clock.run(1.001)
    arbiter.remove(long)
    arbiter.remove(sibling)
    again = Worker(arbiter, clock).join("long", 1)
    clock.run(2.9)
    assert not again.had
    clock.run(3.5)
    assert again.had == pytest.approx(0.5 / 3, rel=0.3)
    assert all(other.had > 1.0 for other in others)


@pytest.mark.parametrize("how", ["dies", "hangs"])
def test_a_worker_that_does_not_end_its_turn(arbiter: Arbiter, clock: Clock, how: str) -> None:
    bad = Worker(arbiter, clock, deaf=True).join("bad", 1)
    good = Worker(arbiter, clock).join("good", 1)
    third = Worker(arbiter, clock).join("third", 1)
    clock.run(0.5)
    assert len(bad.turns) == 1
    assert not good.had
    if how == "dies":
        arbiter.remove(bad)
    else:
        clock.run(PATIENCE)
    clock.run(clock.time() + 1.0)
    assert good.had == pytest.approx(0.5, rel=0.05)
    assert third.had == pytest.approx(0.5, rel=0.05)
