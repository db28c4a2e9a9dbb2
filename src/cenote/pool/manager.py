"""Who holds which devices. Supervisors know only the interface; a fleet will have a manager of its own behind it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cenote.devices import Device, human_size
from cenote.errors import NoDevice
from cenote.pool.orders import Share
from cenote.pool.request import WHOLE, Request, smallest_share

RETURN_TIMEOUT = 3.0  # for the memory of programs that are being ended


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

    ``shares`` are what it has of them for itself, in the same order; without any it shares whole devices with others.
    """

    holder: Holder
    devices: tuple[Device, ...]
    shares: tuple[Share, ...] = ()
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def uses(self, device: Device) -> bool:
        return any(own.index == device.index for own in self.devices)

    def share(self, device: Device) -> Share | None:
        return next((share for share in self.shares if share.index == device.index), None)

    def memory(self, device: Device) -> int:
        """Bytes of the device that its programs see."""
        share = self.share(device)
        return device.memory if share is None else share.memory


class Memory(Protocol):
    """Who counts the devices' memory."""

    def begin(self, allocation: Allocation) -> None: ...

    def end(self, allocation: Allocation) -> None: ...

    def free(self, device: int) -> int: ...

    async def more_returned(self, timeout: float) -> bool: ...


class Records(Protocol):
    """Where allocations are written down for the next supervisor."""

    def allocations(self) -> Iterable[Allocation]: ...

    def write_allocation(self, allocation: Allocation) -> None: ...

    def remove_allocation(self, allocation: bytes) -> None: ...


class Manager(Protocol):
    """What a supervisor asks of whoever rules the pool."""

    def restore(self) -> list[Allocation]:
        """Takes up what was lent before, by another supervisor. The answer has what lives as long as a control
        connection; that died with the supervisor."""
        ...

    async def allocate(
        self, holder: Holder, count: int | None, weight: int | None = None, memory: int | None = None
    ) -> Allocation:
        """``count`` devices, or a share of each with so much weight or memory; NoDevice when there are not that many.

        No count means all devices, and one where a share is asked for.
        """
        ...

    async def release(self, allocation: Allocation) -> None: ...

    async def find(self, allocation_id: bytes) -> Allocation | None:
        """The allocation, unless it was released."""
        ...

    async def lent(self, device: Device) -> list[Allocation]: ...


class LocalManager:
    """A host that is its own manager. Shares are for one holder each; whole devices are shared, as they are by the
    programs of one machine, as far as no share has been lent of them."""

    def __init__(self, devices: Sequence[Device], memory: Memory, records: Records) -> None:
        self._devices = tuple(devices)
        self._memory = memory
        self._records = records
        self._allocations: dict[bytes, Allocation] = {}

    async def allocate(
        self, holder: Holder, count: int | None, weight: int | None = None, memory: int | None = None
    ) -> Allocation:
        shared = weight is None and memory is None
        wanted = count if count is not None else len(self._devices) if shared else 1
        if not 0 < wanted <= len(self._devices):
            raise NoDevice(f"{wanted} devices were asked for, but the server has {len(self._devices)}")
        if shared:
            chosen = sorted(self._devices, key=self._users)[:wanted]
            return self._lend(Allocation(holder, tuple(sorted(chosen, key=lambda device: device.index))))
        request = Request(count=wanted, weight=weight, memory=memory)
        give_up = time.monotonic() + RETURN_TIMEOUT
        while True:
            try:
                return self._lend(self._divide(holder, request))
            except NoDevice:
                if not await self._memory.more_returned(give_up - time.monotonic()):
                    raise

    async def release(self, allocation: Allocation) -> None:
        if self._allocations.pop(allocation.id, None):
            self._records.remove_allocation(allocation.id)
            self._memory.end(allocation)

    async def find(self, allocation_id: bytes) -> Allocation | None:
        return self._allocations.get(allocation_id)

    async def lent(self, device: Device) -> list[Allocation]:
        return [allocation for allocation in self._allocations.values() if allocation.uses(device)]

    def restore(self) -> list[Allocation]:
        for allocation in self._records.allocations():
            self._enter(allocation)
        return list(self._allocations.values())

    def _lend(self, allocation: Allocation) -> Allocation:
        self._records.write_allocation(allocation)
        self._enter(allocation)
        return allocation

    def _enter(self, allocation: Allocation) -> None:
        self._memory.begin(allocation)
        self._allocations[allocation.id] = allocation

    def _divide(self, holder: Holder, request: Request) -> Allocation:
        """Shares of the devices that have least to spare, so that whole ones stay whole."""
        needs = {device: request.need(device.memory, smallest_share(device.overhead)) for device in self._devices}
        possible = {device: need for device, need in needs.items() if need is not None}
        if len(possible) < request.count:
            least = min(smallest_share(device.overhead) for device in self._devices)
            most = max(device.memory for device in self._devices)
            raise NoDevice(
                f"the server has not enough devices for such a share; "
                f"shares are from {human_size(least)} to {human_size(most)} of a device"
            )
        fitting = [
            device
            for device, (size, weight) in possible.items()
            if size <= self._memory.free(device.index) and weight <= WHOLE - self._weight_lent(device)
        ]
        if len(fitting) < request.count:
            raise NoDevice(
                f"{request.count} devices with that much free were asked for, but the server has {len(fitting)} now; "
                "“cenote list” shows who holds what"
            )
        chosen = sorted(fitting, key=lambda device: (self._memory.free(device.index), device.index))[: request.count]
        devices = tuple(sorted(chosen, key=lambda device: device.index))
        return Allocation(holder, devices, tuple(Share(device.index, *possible[device]) for device in devices))

    def _users(self, device: Device) -> int:
        return sum(allocation.uses(device) for allocation in self._allocations.values())

    def _weight_lent(self, device: Device) -> int:
        shares = (allocation.share(device) for allocation in self._allocations.values())
        return sum(share.weight for share in shares if share is not None)
