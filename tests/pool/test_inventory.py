from __future__ import annotations

import pytest

from cenote.errors import Invalid, NotFound
from cenote.pool.core import POOL
from cenote.pool.inventory import Inventory
from cenote.pool.models import ServerState
from cenote.pool.request import GRANT, WHOLE, Request
from cenote.pool.servers import Offer
from tests.pool.conftest import MakeServer
from tests.support.pool import GIB, Manager, deliver_all, listed


@pytest.fixture
def inventory(manager: Manager) -> Inventory:
    return Inventory(manager.core)


def test_what_is_free(manager: Manager, server: MakeServer, inventory: Inventory) -> None:
    ann, host = manager.user("ann"), server("one", devices=1)
    assert inventory.devices()[0].free_weight == WHOLE
    held = manager.allocations.submit(ann, Request(weight=WHOLE // 4))
    (device,) = inventory.devices()
    assert (device.free_memory, device.free_weight, device.smallest) == (6 * GIB, 750_000, GRANT)
    deliver_all(manager, [host])
    assert inventory.devices() == [device]
    manager.allocations.release(ann, held.id)
    assert inventory.devices() == [device], "until the server has said so"
    deliver_all(manager, [host])
    assert inventory.devices()[0].free_memory == 8 * GIB


def test_sites_of_each_network(manager: Manager, server: MakeServer, inventory: Inventory) -> None:
    for name, address in (
        ("a1", "10.0.0.1:7654"),
        ("a2", "10.0.0.2:7654"),
        ("b", "10.0.1.1:7654"),
        ("c1", "[fd00::1]:7654"),
        ("c2", "[fd00::2]:7654"),
        ("d", "gpu.example.org:7654"),
        ("e", "10.9.9.9:7654"),
    ):
        manager.servers.join(POOL, name, address, [Offer(d) for d in server(name).devices])
    manager.servers.drain(POOL, "e")
    assert [site.name for site in inventory.sites(5)] == ["a1", "b", "c1", "d", "a2"]
    assert len(inventory.sites(100)) == 6


def test_what_is_open(manager: Manager, server: MakeServer, inventory: Inventory) -> None:
    host = server("one", devices=1)
    assert inventory.server("one").devices[0].open
    manager.servers.drain(POOL, "one")
    assert inventory.server("one").draining and not inventory.server("one").devices[0].open
    manager.servers.drain(POOL, "one", draining=False)
    manager.servers.unreachable(host.id)
    view = inventory.server("one")
    assert view.state == ServerState.UNREACHABLE and not view.devices[0].open
    manager.servers.join(POOL, "one", "one:1", [Offer(listed(1))])
    assert [device.index for device in inventory.devices()] == [1], "what is gone is not shown"


def test_pages_and_filters(server: MakeServer, inventory: Inventory) -> None:
    for name in ("b", "a", "c"):
        server(name, devices=2, device_name="H100" if name == "c" else "A100")
    assert [view.name for view in inventory.servers()] == ["a", "b", "c"]
    assert [view.name for view in inventory.servers(limit=1, after="a")] == ["b"]
    places = [(one.server, one.index) for one in inventory.devices()]
    assert places == [("a", 0), ("a", 1), ("b", 0), ("b", 1), ("c", 0), ("c", 1)]
    seen: list[tuple[str, int]] = [("", -1)]
    while page := inventory.devices("index>=0", limit=4, after=seen[-1]):
        seen += [(one.server, one.index) for one in page]
    assert seen[1:] == places
    assert {one.server for one in inventory.devices("name=h100")} == {"c"}
    assert [(one.server, one.index) for one in inventory.devices("server=b and index=1")] == [("b", 1)]
    with pytest.raises(Invalid):
        inventory.devices("size>1")


def test_what_there_is_not(inventory: Inventory) -> None:
    assert inventory.servers() == [] and inventory.devices() == []
    for ask in (inventory.server, inventory.number):
        with pytest.raises(NotFound, match="there is no server “one”"):
            ask("one")
