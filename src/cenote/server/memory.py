"""How much of each device's memory has been granted, counted here where a worker cannot falsify it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable

from cenote.devices import Device


class Ledger:
    """Grants of device memory to workers. The quota of an allocation is, for now, the whole device."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self._free = {device.index: device.memory for device in devices}
        self._held: defaultdict[Hashable, Counter[int]] = defaultdict(Counter)

    def grant(self, worker: Hashable, device: int, wanted: int) -> int:
        """What the worker gets: all that it wants, what is left, or 0."""
        given = min(wanted, self._free[device])
        self._free[device] -= given
        self._held[worker][device] += given
        return given

    def give_back(self, worker: Hashable, device: int, amount: int) -> None:
        """Takes back part of a grant, never more than the worker holds."""
        amount = min(amount, self._held[worker][device])
        self._held[worker][device] -= amount
        self._free[device] += amount

    def forget(self, worker: Hashable) -> None:
        """Takes back all of a worker that is gone."""
        for device, amount in self._held.pop(worker, Counter()).items():
            self._free[device] += amount

    def free(self, device: int) -> int:
        return self._free[device]
