from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cenote.devices import Device
from cenote.errors import Invalid, NoDevice
from cenote.pool.manager import Allocation, Holder, LocalManager
from cenote.pool.orders import Share
from cenote.pool.request import GRANT, WHOLE
from cenote.server.memory import Ledger

GIB = 1 << 30
FIRST = Device(0, "A", "P", "OpenCL 3.0", "V", "3.0", "1", "gpu", GIB, 8)
DEVICES = [FIRST, replace(FIRST, index=1, name="B"), replace(FIRST, index=2, name="C")]
HOLDER = Holder("ann", "laptop", "train")


class Unwritten:
    """Writes nothing down."""

    def allocations(self) -> list[Allocation]:
        return []

    def write_allocation(self, allocation: Allocation) -> None:
        pass

    def remove_allocation(self, allocation: bytes) -> None:
        pass


def manager_of(*devices: Device) -> LocalManager:
    return LocalManager(devices, Ledger(devices), Unwritten())


def allocate(
    manager: LocalManager, count: int | None, weight: int | None = None, memory: int | None = None
) -> Allocation:
    return asyncio.run(manager.allocate(HOLDER, count, weight, memory))


def test_all_devices_unless_a_number_is_given() -> None:
    allocation = allocate(manager_of(*DEVICES), None)
    assert (allocation.devices, allocation.shares) == (tuple(DEVICES), ())


def test_takes_the_least_used_devices() -> None:
    manager = manager_of(*DEVICES)
    taken = [allocate(manager, 2).devices for _ in range(3)]
    assert sorted(device.name for devices in taken for device in devices) == list("AABBCC")


def test_more_than_there_are() -> None:
    with pytest.raises(NoDevice, match="4 devices were asked for, but the server has 3"):
        allocate(manager_of(*DEVICES), 4)


def test_released_allocations_are_not_found() -> None:
    manager = manager_of(*DEVICES)
    allocation = allocate(manager, 1)
    assert asyncio.run(manager.find(allocation.id)) is allocation
    assert asyncio.run(manager.lent(allocation.devices[0])) == [allocation]
    asyncio.run(manager.release(allocation))
    assert asyncio.run(manager.find(allocation.id)) is None
    assert asyncio.run(manager.lent(allocation.devices[0])) == []


def test_secrets_do_not_show() -> None:
    allocation = allocate(manager_of(*DEVICES), 1)
    assert allocation.secret.hex() not in repr(allocation) and repr(allocation.secret) not in repr(allocation)
    assert allocation.secret != allocate(manager_of(*DEVICES), 1).secret


def test_a_share_is_of_one_device_unless_a_number_is_given() -> None:
    manager = manager_of(*DEVICES)
    assert allocate(manager, None, weight=WHOLE // 2).shares == (Share(0, GIB // 2, WHOLE // 2),)
    assert len(allocate(manager, 2, weight=WHOLE // 10).shares) == 2


@pytest.mark.parametrize(
    ("weight", "memory", "share"),
    [
        (WHOLE // 4, None, Share(0, GIB // 4, WHOLE // 4)),
        (None, GIB // 2, Share(0, GIB // 2, WHOLE // 2)),
        (WHOLE // 10, GIB, Share(0, GIB, WHOLE // 10)),
        (WHOLE, None, Share(0, GIB, WHOLE)),
    ],
)
def test_what_is_missing_of_a_share_follows(weight: int | None, memory: int | None, share: Share) -> None:
    assert allocate(manager_of(FIRST), 1, weight, memory).shares == (share,)


def test_shares_pack_onto_devices_that_are_split() -> None:
    manager = manager_of(*DEVICES)
    taken = [allocate(manager, 1, weight=WHOLE // 2).devices[0].name for _ in range(6)]
    assert taken == list("AABBCC")


@pytest.mark.parametrize(
    ("first", "second"),
    [((GIB // 2, 1), (GIB // 2 + 1, 1)), ((GRANT, WHOLE // 2), (GRANT, WHOLE // 2 + 1))],
    ids=["memory", "weight"],
)
def test_shares_never_exceed_the_device(first: tuple[int, int], second: tuple[int, int]) -> None:
    manager = manager_of(FIRST)
    held = allocate(manager, 1, memory=first[0], weight=first[1])
    with pytest.raises(NoDevice, match="1 devices with that much free were asked for, but the server has 0 now"):
        allocate(manager, 1, memory=second[0], weight=second[1])
    asyncio.run(manager.release(held))
    allocate(manager, 1, memory=second[0], weight=second[1])


@pytest.mark.parametrize("memory", [GRANT - 1, GIB + 1])
def test_a_share_that_no_device_can_have(memory: int) -> None:
    with pytest.raises(NoDevice, match=r"shares are from 64\.0 MiB to 1\.0 GiB of a device"):
        allocate(manager_of(FIRST), 1, memory=memory)


def test_the_drivers_own_memory_makes_the_smallest_share_larger() -> None:
    manager = manager_of(replace(FIRST, overhead=GRANT))
    with pytest.raises(NoDevice, match=r"shares are from 128\.0 MiB"):
        allocate(manager, 1, memory=2 * GRANT - 1)
    allocate(manager, 1, memory=2 * GRANT)


def test_no_share_at_all() -> None:
    with pytest.raises(Invalid):
        allocate(manager_of(FIRST), 1, weight=0)


def test_whole_devices_share_what_no_share_has() -> None:
    ledger = Ledger([FIRST])
    manager = LocalManager([FIRST], ledger, Unwritten())
    whole = allocate(manager, None)
    ledger.add("worker", whole, {})
    assert ledger.grant("worker", 0, GIB // 4) == GIB // 4
    with pytest.raises(NoDevice):
        allocate(manager, 1, weight=WHOLE)
    allocate(manager, 1, memory=GIB // 2)
    assert ledger.grant("worker", 0, GIB) == GIB // 4
