"""Who holds which devices. Supervisors know only the interface; a fleet will have a manager of its own behind it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cenote.devices import Device
from cenote.errors import NoDevice
from cenote.pool.orders import Share


@dataclass(frozen=True)
class Holder:
    """For whom an allocation is, as far as the client says."""

    user: str = "?"
    host: str = "?"
    command: str = "?"

    def __str__(self) -> str:
        return f"{self.user}@{self.host} ({self.command})"


@dataclass(frozen=True)
class Allocation:
    """Devices that a holder may use until it is released; ``secret`` opens the data path to them.

    ``shares`` says how much of each, in the same order; without them it is all of each, together with others.
    """

    holder: Holder
    devices: tuple[Device, ...]
    shares: tuple[Share, ...] = ()
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)


class Manager(Protocol):
    """What a supervisor asks of whoever rules the pool."""

    async def allocate(self, holder: Holder, count: int | None) -> Allocation:
        """``count`` devices, all of them for None; NoDevice when there are not that many."""
        ...

    async def release(self, allocation: Allocation) -> None: ...

    async def find(self, allocation_id: bytes) -> Allocation | None:
        """The allocation, unless it was released."""
        ...

    async def holders(self, device: Device) -> list[Holder]: ...


class LocalManager:
    """A host that is its own manager. Devices are shared, as they are by the programs of one machine."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self._devices = tuple(devices)
        self._allocations: dict[bytes, Allocation] = {}

    async def allocate(self, holder: Holder, count: int | None) -> Allocation:
        wanted = len(self._devices) if count is None else count
        if not 0 < wanted <= len(self._devices):
            raise NoDevice(f"{wanted} devices were asked for, but the server has {len(self._devices)}")
        least_used = sorted(self._devices, key=self._users)[:wanted]
        allocation = Allocation(holder, tuple(sorted(least_used, key=lambda device: device.index)))
        self._allocations[allocation.id] = allocation
        return allocation

    async def release(self, allocation: Allocation) -> None:
        self._allocations.pop(allocation.id, None)

    async def find(self, allocation_id: bytes) -> Allocation | None:
        return self._allocations.get(allocation_id)

    async def holders(self, device: Device) -> list[Holder]:
        return [allocation.holder for allocation in self._allocations.values() if device in allocation.devices]

    def _users(self, device: Device) -> int:
        return sum(device in allocation.devices for allocation in self._allocations.values())
