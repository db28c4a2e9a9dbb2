"""How much of each share's memory has been granted, counted here where a worker cannot falsify it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from cenote.server.allocation import Allocation


@dataclass
class _Account:
    """Of an allocation: bytes by device."""

    share: dict[int, int]
    granted: Counter[int] = field(default_factory=Counter)
    workers: set[Hashable] = field(default_factory=set)


class Ledger:
    """Grants of device memory to the workers of an allocation, all of them together never more than its share. What a
    worker was granted comes back when it is gone."""

    def __init__(self) -> None:
        self._accounts: dict[Allocation, _Account] = {}
        self._held: dict[Hashable, tuple[Allocation, Counter[int]]] = {}

    def add(self, worker: Hashable, allocation: Allocation, held: Mapping[int, int]) -> None:
        """A worker of an allocation; one that was adopted holds something already."""
        account = self._accounts.setdefault(
            allocation, _Account({share.index: share.memory for share in allocation.shares})
        )
        account.workers.add(worker)
        self._held[worker] = allocation, Counter()
        for device, amount in held.items():
            self._move(worker, device, amount)

    def grant(self, worker: Hashable, device: int, wanted: int) -> int:
        """What the worker gets: all that it wants, what is left, or 0."""
        account = self._accounts[self._held[worker][0]]
        left = account.share.get(device, 0) - account.granted[device]
        given = min(wanted, max(left, 0))
        self._move(worker, device, given)
        return given

    def give_back(self, worker: Hashable, device: int, amount: int) -> None:
        """Takes back part of a grant, never more than the worker holds."""
        self._move(worker, device, -min(amount, self._held[worker][1][device]))

    def held(self, worker: Hashable) -> dict[int, int]:
        return {device: amount for device, amount in self._held[worker][1].items() if amount}

    def forget(self, worker: Hashable) -> None:
        """Takes back all of a worker that is gone."""
        allocation, held = self._held[worker]
        for device, amount in list(held.items()):
            self._move(worker, device, -amount)
        del self._held[worker]
        account = self._accounts[allocation]
        account.workers.discard(worker)
        if not account.workers:
            del self._accounts[allocation]

    def _move(self, worker: Hashable, device: int, amount: int) -> None:
        allocation, held = self._held[worker]
        held[device] += amount
        self._accounts[allocation].granted[device] += amount
