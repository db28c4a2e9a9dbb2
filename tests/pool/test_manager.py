from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from cenote.devices import Device
from cenote.errors import NoDevice
from cenote.pool.manager import Allocation, Holder, LocalManager

FIRST = Device(0, "A", "P", "OpenCL 3.0", "V", "3.0", "1", "gpu", 1 << 30, 8)
DEVICES = [FIRST, replace(FIRST, index=1, name="B"), replace(FIRST, index=2, name="C")]
HOLDER = Holder("ann", "laptop", "train")


def allocate(manager: LocalManager, count: int | None) -> Allocation:
    return asyncio.run(manager.allocate(HOLDER, count))


def test_all_devices_unless_a_number_is_given() -> None:
    assert allocate(LocalManager(DEVICES), None).devices == tuple(DEVICES)


def test_takes_the_least_used_devices() -> None:
    manager = LocalManager(DEVICES)
    taken = [allocate(manager, 2).devices for _ in range(3)]
    assert sorted(device.name for devices in taken for device in devices) == list("AABBCC")


def test_more_than_there_are() -> None:
    with pytest.raises(NoDevice, match="4 devices were asked for, but the server has 3"):
        allocate(LocalManager(DEVICES), 4)


def test_released_allocations_are_not_found() -> None:
    manager = LocalManager(DEVICES)
    allocation = allocate(manager, 1)
    assert asyncio.run(manager.find(allocation.id)) is allocation
    assert asyncio.run(manager.holders(allocation.devices[0])) == [HOLDER]
    asyncio.run(manager.release(allocation))
    assert asyncio.run(manager.find(allocation.id)) is None
    assert asyncio.run(manager.holders(allocation.devices[0])) == []


def test_secrets_do_not_show() -> None:
    allocation = allocate(LocalManager(DEVICES), 1)
    assert allocation.secret.hex() not in repr(allocation) and repr(allocation.secret) not in repr(allocation)
    assert allocation.secret != allocate(LocalManager(DEVICES), 1).secret
