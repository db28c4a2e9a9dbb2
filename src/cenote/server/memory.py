"""How much of each device's memory has been granted, counted here where a worker cannot falsify it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from cenote.devices import Device
from cenote.pool.manager import Allocation


@dataclass
class _Account:
    """Of an allocation: bytes by device."""

    set_aside: dict[int, int]
    granted: Counter[int] = field(default_factory=Counter)
    workers: set[Hashable] = field(default_factory=set)
    ended: bool = False


class Ledger:
    """Grants of device memory to workers: from what is set aside for their allocation's shares, or, for allocations
    that share whole devices, from what is set aside for nobody. What of a share is granted comes back with the end of
    the worker, and the share itself with the end of the allocation's last worker."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self._free = {device.index: device.memory for device in devices}
        self._accounts: dict[Allocation, _Account] = {}
        self._held: dict[Hashable, tuple[_Account, Counter[int]]] = {}
        self._returned = asyncio.Event()

    def begin(self, allocation: Allocation) -> None:
        """Sets its shares aside; whether they fit is for the caller to ask first."""
        account = self._accounts[allocation] = _Account({share.index: share.memory for share in allocation.shares})
        for device, amount in account.set_aside.items():
            self._take(device, amount)

    def end(self, allocation: Allocation) -> None:
        """No worker will be added any more."""
        if account := self._accounts.pop(allocation, None):
            account.ended = True
            self._settle(account)

    def add(self, worker: Hashable, allocation: Allocation, held: Mapping[int, int]) -> None:
        """A worker of an allocation, which begins with the first if it has not yet; one that was adopted holds
        something already."""
        if allocation not in self._accounts:
            self.begin(allocation)
        account = self._accounts[allocation]
        account.workers.add(worker)
        self._held[worker] = account, Counter()
        for device, amount in held.items():
            self._move(worker, device, amount)

    def grant(self, worker: Hashable, device: int, wanted: int) -> int:
        """What the worker gets: all that it wants, what is left, or 0."""
        account, _ = self._held[worker]
        own = account.set_aside.get(device)
        left = self._free[device] if own is None else own - account.granted[device]
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
        account, held = self._held[worker]
        for device, amount in list(held.items()):
            self._move(worker, device, -amount)
        del self._held[worker]
        account.workers.discard(worker)
        self._settle(account)

    def free(self, device: int) -> int:
        """What is neither set aside nor granted; below zero if programs hold more than there is, as after a driver
        was changed under them."""
        return self._free[device]

    async def more_returned(self, timeout: float) -> bool:
        """Waits until a share comes back whose allocation has ended; False when none does, or none is to come."""
        if all(not account.ended for account, _ in self._held.values()):
            return False
        self._returned.clear()
        try:
            async with asyncio.timeout(timeout):
                await self._returned.wait()
        except TimeoutError:
            return False
        return True

    def _settle(self, account: _Account) -> None:
        if account.ended and not account.workers:
            for device, amount in account.set_aside.items():
                self._take(device, -amount)
            self._returned.set()

    def _move(self, worker: Hashable, device: int, amount: int) -> None:
        account, held = self._held[worker]
        held[device] += amount
        account.granted[device] += amount
        if device not in account.set_aside:
            self._take(device, amount)

    def _take(self, device: int, amount: int) -> None:
        if device in self._free:  # an adopted worker may hold one that is not lent any more
            self._free[device] -= amount
