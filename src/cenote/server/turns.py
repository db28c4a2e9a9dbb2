"""Turns on a device that allocations have shares of: who computes when, in proportion to their weights."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

QUANTUM = 0.008  # seconds of work in a turn
SHORTEST = 0.001
PATIENCE = 2.0  # for the end of a turn: others do not wait longer for a kernel, or for a worker that hangs

Tell = Callable[[str], None]


class Mode(StrEnum):
    """What the workers of a device are told."""

    ALONE = "alone"  # there is only one allocation
    WATCHED = "watched"  # they say when they begin and cease to have work
    TURNS = "turns"  # two allocations have work


class Clock(Protocol):
    """Of an event loop."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[int], None], number: int, /) -> object: ...


@dataclass(eq=False)
class _Account:
    """Of an allocation: the time that it has had of the device, divided by its weight."""

    weight: int
    time: float = 0.0
    members: dict[Hashable, Tell] = field(default_factory=dict)
    busy: set[Hashable] = field(default_factory=set)
    asking: dict[Hashable, None] = field(default_factory=dict)  # in order


@dataclass(frozen=True)
class _Turn:
    number: int
    account: _Account
    member: Hashable
    begun: float


class Arbiter:
    """Gives out the turns on one device. The members of an allocation are its workers.

    The next turn is for the allocation that has had least for its weight. Who has not asked for a while comes back
    level with the others: time that was not used is not saved up, but what was used beyond a turn is owed.
    """

    def __init__(self, device: int, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._mode = Mode.ALONE
        self._accounts: dict[Hashable, _Account] = {}
        self._of: dict[Hashable, _Account] = {}
        self._turn: _Turn | None = None
        self._number = 0
        self._level = 0.0

    def add(self, member: Hashable, allocation: Hashable, weight: int, tell: Tell) -> None:
        account = self._accounts.setdefault(allocation, _Account(weight))
        account.members[member] = tell
        self._of[member] = account
        if self._mode != Mode.ALONE:
            tell(f"share {self._device} {self._mode}")
        self._settle()

    def remove(self, member: Hashable) -> None:
        """A worker that is gone, in its turn or not."""
        account = self._of.pop(member)
        del account.members[member]
        account.busy.discard(member)
        account.asking.pop(member, None)
        if self._turn and self._turn.member is member:
            self._end_turn()
        # What an allocation owes outlives its workers.
        self._accounts = {
            key: account for key, account in self._accounts.items() if account.members or account.time > self._level
        }
        self._settle()

    def busy(self, member: Hashable) -> None:
        self._of[member].busy.add(member)
        self._settle()

    def quiet(self, member: Hashable) -> None:
        self._of[member].busy.discard(member)
        self._settle()

    def ask(self, member: Hashable) -> None:
        if self._mode == Mode.TURNS:
            self._ask(member)
            self._next()

    def passed(self, member: Hashable, number: int, *, more: bool) -> None:
        """All work of a turn is done; ``more`` waits for another."""
        if self._mode != Mode.TURNS:
            return
        if more:
            self._ask(member)
        if self._turn and (self._turn.member, self._turn.number) == (member, number):
            self._end_turn()
        self._next()

    def _ask(self, member: Hashable) -> None:
        account = self._of[member]
        if not account.asking and not (self._turn and self._turn.account is account):
            account.time = max(account.time, self._level)
        account.asking[member] = None

    def _settle(self) -> None:
        present = sum(bool(account.members) for account in self._accounts.values())
        busy = sum(bool(account.busy) for account in self._accounts.values())
        mode = Mode.ALONE if present < 2 else Mode.WATCHED if busy < 2 else Mode.TURNS
        if mode == self._mode:
            self._next()
            return
        self._mode = mode
        self._turn = None
        if mode == Mode.ALONE:
            self._accounts = {key: account for key, account in self._accounts.items() if account.members}
        for account in self._accounts.values():
            account.time = self._level = 0.0
            account.asking.clear()
            if mode == Mode.ALONE:
                account.busy.clear()
        for account in self._accounts.values():
            for tell in account.members.values():
                tell(f"share {self._device} {mode}")

    def _next(self) -> None:
        asking = [account for account in self._accounts.values() if account.asking]
        if self._turn or not asking:
            return
        account = min(asking, key=lambda account: account.time)
        member = next(iter(account.asking))
        del account.asking[member]
        self._level = max(self._level, account.time)
        self._number += 1
        self._turn = _Turn(self._number, account, member, self._clock.time())
        self._clock.call_later(PATIENCE, self._give_up, self._number)
        # Who has nothing to do just now may be about to ask: not kept waiting for longer than weights allow, programs
        # that wait for each result get their part, too.
        away = [other.weight for other in self._accounts.values() if other.busy and not other.asking]
        length = max(QUANTUM * account.weight / max(account.weight, *away, 1), SHORTEST)
        account.members[member](f"turn {self._device} {self._number} {round(length * 1e6)}")

    def _give_up(self, number: int) -> None:
        if self._turn and self._turn.number == number:
            self._end_turn()
            self._next()

    def _end_turn(self) -> None:
        assert self._turn
        self._turn.account.time += (self._clock.time() - self._turn.begun) / self._turn.account.weight
        self._turn = None


class Turns:
    """The arbiters of all devices, by index."""

    def __init__(self) -> None:
        self._arbiters: dict[int, Arbiter] = {}

    def add(self, member: Hashable, allocation: Hashable, device: int, weight: int, tell: Tell) -> None:
        if device not in self._arbiters:
            self._arbiters[device] = Arbiter(device, asyncio.get_running_loop())
        self._arbiters[device].add(member, allocation, weight, tell)

    def of(self, device: int) -> Arbiter:
        return self._arbiters[device]
