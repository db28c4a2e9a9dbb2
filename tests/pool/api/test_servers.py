from __future__ import annotations

from typing import Any

import pytest

from cenote.devices import Device
from cenote.pool.core import POOL
from cenote.pool.models import Role
from cenote.tls import Role as Certified
from tests.support.api import MANAGERS, Api
from tests.support.pool import GIB, Clock, FakeServer, Manager, deliver_all, listed

FIGURES = {
    "allocation": "1" * 32,
    "user": "ann",
    "pid": 7,
    "since": 5.0,
    "memory": [{"index": 0, "bytes": GIB}],
    "calls": 3,
    "received": 4,
    "sent": 5,
    "busy": 1.5,
}


def described(device: Device, **more: Any) -> dict[str, Any]:
    return device.to_json() | more


def beat(host: FakeServer, **more: Any) -> dict[str, Any]:
    stamp = host.ledger.stamp
    return {"stamp": {"ledger": stamp.ledger, "boot": stamp.boot, "serial": stamp.serial}} | more


@pytest.fixture
def one(api: Api) -> str:
    return api.token("one", Role.SERVER)


def test_what_is_free(api: Api, ann: str, host: FakeServer, manager: Manager) -> None:
    api.send("POST", "/allocations", ann, json={"memory": 2 * GIB})
    deliver_all(manager, [host])
    (server,) = api.send("GET", "/servers", ann).json()
    assert (server["name"], server["state"], server["draining"]) == ("one", "ready", False)
    free = [(device["free_memory"], device["free_weight"], device["open"]) for device in server["devices"]]
    assert free == [(6 * GIB, 750_000, True), (8 * GIB, 1_000_000, True)]
    assert api.send("GET", "/servers/one", ann).json() == server
    assert api.send("GET", "/devices", ann).json() == server["devices"]
    second = api.send("GET", "/devices?filter=index=1 and server=one and memory>=8GiB", ann).json()
    assert second == server["devices"][1:]
    assert api.send("GET", "/devices?after_server=one&after_index=0", ann).json() == second
    assert api.send("GET", "/servers?after=one", ann).json() == []
    wrong = api.send("GET", "/devices?filter=size>1", ann)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")


def test_a_server_says_what_it_is_and_that_it_lives(api: Api, one: str, manager: Manager, host: FakeServer) -> None:
    devices = [described(device, overhead=GIB) for device in host.devices]
    told = api.send("PUT", "/servers/one", one, json={"address": "10.0.0.1:7654", "devices": devices})
    assert told.status_code == 200 and told.json()["address"] == "10.0.0.1:7654"
    assert api.courier.heard_of == [(host.id, True)]
    answer = api.send("POST", "/servers/one/heartbeat", one, json=beat(host, sessions=[FIGURES]))
    assert answer.json() == {"report": False, "trouble": "", "managers": list(MANAGERS), "revoked": []}
    host.ledger.close()
    host.start()  # another stamp
    assert api.send("POST", "/servers/one/heartbeat", one, json=beat(host)).json()["report"] is True
    host.tell(manager)
    assert api.send("POST", "/servers/one/heartbeat", one, json=beat(host)).json()["report"] is False
    assert api.send("POST", "/servers/one/heartbeat", one, json=beat(host, accepting=False)).json()["report"] is True
    assert api.courier.heard_of[1:] == [(host.id, behind) for behind in (False, True, False, True)]


def test_a_server_speaks_for_itself_alone(api: Api, host: FakeServer) -> None:
    two = api.token("two", Role.SERVER)
    described_as = {"address": "10.0.0.1:1", "devices": []}
    assert api.send("PUT", "/servers/one", two, json=described_as).status_code == 403
    assert api.send("POST", "/servers/one/heartbeat", two, json=beat(host)).status_code == 403
    assert api.send("POST", "/servers/two/heartbeat", two, json=beat(host)).status_code == 404
    again = {"address": "10.0.0.1:1", "devices": [described(listed(0)), described(listed(0))]}
    assert "same index" in api.send("PUT", "/servers/two", two, json=again).json()["detail"]


def test_sessions(api: Api, admin: str, one: str, host: FakeServer) -> None:
    assert api.send("GET", "/servers/one/sessions", admin).json() == {"heard_at": None, "sessions": [], "more": 0}
    api.send("POST", "/servers/one/heartbeat", one, json=beat(host, sessions=[FIGURES]))
    answer = api.send("GET", "/servers/one/sessions", admin).json()
    assert answer["sessions"] == [FIGURES] and answer["heard_at"] > 0
    assert api.send("GET", "/servers/two/sessions", admin).status_code == 404


def test_revoked_managers(api: Api, one: str, host: FakeServer, tmp_path: Any) -> None:
    certificates = api.runtime.services.certificates
    certificates.manager(tmp_path, "main", [])
    certificates.revoke(POOL, Certified.MANAGER, "main")
    (serial,) = api.send("POST", "/servers/one/heartbeat", one, json=beat(host)).json()["revoked"]
    assert int(serial, 16) > 0


def test_draining_and_writing_off(api: Api, admin: str, ann: str, host: FakeServer, manager: Manager) -> None:
    assert api.send("POST", "/servers/one/drain", admin).status_code == 204
    assert api.send("POST", "/allocations", ann, json={"wait": 0}).json()["code"] == "no-device"
    assert not any(device["open"] for device in api.send("GET", "/devices", ann).json())
    assert api.send("POST", "/servers/one/undrain", admin).status_code == 204
    held = api.send("POST", "/allocations", ann, json={}).json()["id"]
    deliver_all(manager, [host])
    refused = api.send("POST", "/servers/one/write-off", admin)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    manager.servers.unreachable(host.id)
    (part,) = api.send("GET", f"/allocations/{held}", ann).json()["parts"]
    assert part["state"] == "unknown"
    assert api.send("POST", "/servers/one/write-off", admin).status_code == 204
    assert api.send("GET", f"/allocations/{held}", ann).json()["outcome"] == "lost"
    assert api.send("POST", "/servers/two/drain", admin).json()["detail"] == "there is no server “two”"


def test_usage(api: Api, admin: str, ann: str, host: FakeServer, manager: Manager, clock: Clock) -> None:
    for _ in range(2):
        held = api.send("POST", "/allocations", ann, json={"memory": 4 * GIB}).json()["id"]
        deliver_all(manager, [host])
        clock.pass_by(100)
        api.send("DELETE", f"/allocations/{held}", ann)
        deliver_all(manager, [host])
    (used,) = api.send("GET", "/usage", ann).json()
    assert used == {
        "user": "ann",
        "server": "one",
        "index": 0,
        "device": "A100",
        "day": clock.wall // 86400 * 86400,
        "allocations": 2,
        "seconds": 200.0,
        "device_seconds": 100.0,
        "byte_seconds": 200.0 * 4 * GIB,
        "busy_seconds": 0.0,
    }
    assert api.send("GET", "/usage", admin).json() == [used]
    assert api.send("GET", "/usage", api.token("ben")).json() == []
    (user,) = api.send("GET", "/usage?by=user", admin).json()
    assert user == used | dict.fromkeys(("server", "index", "device", "day"))
    (device,) = api.send("GET", "/usage?by=device&by=day&limit=1", admin).json()
    assert device == used | {"user": None}
    assert api.send("GET", "/usage?offset=1", admin).json() == []
    assert api.send("GET", "/usage?by=server", admin).status_code == 422
    assert api.send("GET", f"/usage?since={clock.wall + 1}", ann).json() == []
