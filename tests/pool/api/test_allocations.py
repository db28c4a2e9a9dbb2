from __future__ import annotations

import time
from dataclasses import replace

import pytest

from cenote.pool.models import Role
from tests.support.api import Api
from tests.support.pool import GIB, Clock, FakeServer, Manager, deliver, deliver_all


def test_from_asking_to_giving_back(api: Api, ann: str, host: FakeServer, manager: Manager, clock: Clock) -> None:
    answer = api.send("POST", "/allocations", ann, json={"count": 2, "memory": 4 * GIB, "term": 600})
    assert answer.status_code == 201
    asked = answer.json()
    assert answer.headers["location"] == f"/api/v1/allocations/{asked['id']}"
    assert asked["state"] == "placing" and asked["user"] == "ann" and asked["position"] is None
    assert api.send("GET", f"/allocations/{asked['id']}/doors", ann).json() == []
    deliver_all(manager, [host])
    got = api.send("GET", f"/allocations/{asked['id']}", ann).json()
    assert got["state"] == "active" and got["ends_at"] == clock.wall + 600
    assert [(part["server"], part["index"], part["memory"]) for part in got["parts"]] == [
        ("one", 0, 4 * GIB),
        ("one", 1, 4 * GIB),
    ]
    doors = api.send("GET", f"/allocations/{asked['id']}/doors", ann)
    secret = host.report().held[0].secret.hex()
    assert doors.json() == [{"server": "one", "address": "one:1", "indexes": [0, 1], "secret": secret}]
    assert doors.headers["cache-control"] == "no-store"
    longer = api.send("POST", f"/allocations/{asked['id']}/extend", ann, json={"seconds": 60})
    assert longer.json()["term"] == 660
    assert api.send("DELETE", f"/allocations/{asked['id']}", ann).json()["state"] == "releasing"
    deliver_all(manager, [host])
    ended = api.send("DELETE", f"/allocations/{asked['id']}", ann).json()
    assert (ended["state"], ended["outcome"]) == ("ended", "released")
    assert api.send("GET", "/allocations", ann).json() == []
    assert [one["id"] for one in api.send("GET", "/allocations?ended=true", ann).json()] == [asked["id"]]
    assert api.send("POST", f"/allocations/{asked['id']}/extend", ann, json={"seconds": 60}).status_code == 409


def test_the_same_key_is_the_same_request(api: Api, ann: str, host: FakeServer) -> None:
    first = api.send("POST", "/allocations", ann, json={}, headers={"Idempotency-Key": "k"}).json()
    again = api.send("POST", "/allocations", ann, json={}, headers={"Idempotency-Key": "k"}).json()
    assert again["id"] == first["id"]
    other = api.send("POST", "/allocations", ann, json={"count": 2}, headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    theirs = api.send("POST", "/allocations", api.token("ben"), json={}, headers={"Idempotency-Key": "k"}).json()
    assert theirs["id"] != first["id"]


def test_the_pools_policy(api: Api, ann: str, host: FakeServer, manager: Manager) -> None:
    assert api.send("GET", "/placement", ann).json() == {"policy": "pack", "measure": []}
    manager.core.rules = replace(manager.core.rules, placement="nearest")
    sites = [{"name": "one", "address": "one:1"}]
    assert api.send("GET", "/placement", ann).json() == {"policy": "nearest", "measure": sites}
    headers = {"Idempotency-Key": "k"}
    first = api.send("POST", "/allocations", ann, json={"wait": 5}, headers=headers)
    manager.core.rules = replace(manager.core.rules, placement="pack")  # its manager was started anew
    assert api.send("POST", "/allocations", ann, json={"wait": 5}, headers=headers).json()["id"] == first.json()["id"]
    same = {"count": 2, "policy": "same-server"}
    assert api.send("POST", "/allocations", ann, json=same, headers=headers).status_code == 409


def test_what_cannot_be_given(api: Api, ann: str, host: FakeServer) -> None:
    for body, status, code in (
        ({"count": 3}, 409, "no-device"),
        ({"filter": "name~"}, 422, "invalid"),
        ({"policy": "best"}, 422, "invalid"),
        ({"term": 10**8}, 422, "invalid"),
    ):
        answer = api.send("POST", "/allocations", ann, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_what_is_anothers_does_not_exist(api: Api, ann: str, host: FakeServer, manager: Manager) -> None:
    theirs = api.send("POST", "/allocations", ann, json={}).json()["id"]
    deliver_all(manager, [host])
    ben, root, eve = api.token("ben"), api.token("root", Role.ADMIN), api.token("eve", Role.VIEWER)
    for method, path, body in (
        ("GET", "", None),
        ("DELETE", "", None),
        ("POST", "/extend", {"seconds": 1}),
        ("GET", "/doors", None),
        ("GET", "?wait=5&seen=active", None),
    ):
        hidden = api.send(method, f"/allocations/{theirs}{path}", ben, json=body)
        missing = api.send(method, f"/allocations/{'0' * 32}{path}", ben, json=body)
        assert hidden.status_code == missing.status_code == 404
        assert hidden.json()["detail"].replace(theirs, "0" * 32) == missing.json()["detail"]
    assert api.send("GET", f"/allocations?before={theirs}", ben).status_code == 404
    assert api.send("GET", "/allocations", ben).json() == []
    for token in (root, eve):
        assert [one["id"] for one in api.send("GET", "/allocations", token).json()] == [theirs]
        assert api.send("GET", f"/allocations/{theirs}", token).status_code == 200
    assert api.send("GET", f"/allocations/{theirs}/doors", root).status_code == 404


def test_pages(api: Api, ann: str, host: FakeServer, clock: Clock) -> None:
    made = []
    for _ in range(5):
        made.append(api.send("POST", "/allocations", ann, json={}).json()["id"])
        clock.pass_by(1)
    found: list[str] = []
    while len(found) < 5:
        before = f"&before={found[-1]}" if found else ""
        found += [one["id"] for one in api.send("GET", f"/allocations?limit=2{before}", ann).json()]
    assert found == made[::-1]


def test_the_queue(api: Api, ann: str, host: FakeServer, clock: Clock, manager: Manager) -> None:
    ben, eve = api.token("ben"), api.token("eve", Role.VIEWER)
    api.send("POST", "/allocations", ann, json={"count": 2, "term": 600})
    deliver_all(manager, [host])
    waits = [api.send("POST", "/allocations", token, json={"count": 2, "term": 60}).json() for token in (ann, ben)]
    assert [one["state"] for one in waits] == ["waiting", "waiting"]
    time.sleep(1.1)
    places = {one["allocation"]: one["position"] for one in api.send("GET", "/queue", eve).json()}
    assert places == {waits[1]["id"]: 1, waits[0]["id"]: 2}, "ben has used less"
    (own,) = api.send("GET", "/queue", ben).json()
    assert (own["user"], own["position"], own["starts_at"]) == ("ben", 1, clock.wall + 600)
    seen = api.send("GET", f"/allocations/{waits[0]['id']}", ann).json()
    assert (seen["position"], seen["starts_at"]) == (2, clock.wall + 660)


def test_a_poll_is_answered_when_the_state_is_another(api: Api, ann: str, host: FakeServer, manager: Manager) -> None:
    asked = api.send("POST", "/allocations", ann, json={}).json()["id"]
    assert api.send("GET", f"/allocations/{asked}?wait=60&seen=waiting", ann).json()["state"] == "placing"
    polls = [api.later("GET", f"/allocations/{asked}?wait=60&seen=placing", ann) for _ in range(100)]
    time.sleep(0.3)
    assert not any(poll.done() for poll in polls)
    started = time.monotonic()
    deliver_all(manager, [host])
    assert {poll.result(5).json()["state"] for poll in polls} == {"active"}
    assert time.monotonic() - started < 5
    started = time.monotonic()
    assert api.send("GET", f"/allocations/{asked}?wait=0.3&seen=active", ann).json()["state"] == "active"
    assert 0.25 < time.monotonic() - started < 5


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_poll_hears_of_another_managers_doings(
    api: Api, ann: str, host: FakeServer, manager: Manager, database: str, clock: Clock
) -> None:
    asked = api.send("POST", "/allocations", ann, json={}).json()["id"]
    poll = api.later("GET", f"/allocations/{asked}?wait=60&seen=placing", ann)
    time.sleep(0.3)
    other = Manager(database, clock)
    deliver(other, host)
    assert poll.result(5).json()["state"] == "active"
    other.close()


def test_orders_are_delivered_at_once(api: Api, ann: str, host: FakeServer) -> None:
    api.send("POST", "/allocations", ann, json={})
    deadline = time.monotonic() + 5
    while not api.courier.poked and time.monotonic() < deadline:
        time.sleep(0.01)
    assert set(api.courier.poked) == {host.id}


def test_who_asks_again_costs_no_database(
    api: Api, ann: str, host: FakeServer, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = api.send("POST", "/allocations", ann, json={"count": 2}).json()["id"]
    waits = f"/allocations/{api.send('POST', '/allocations', ann, json={'count': 2}).json()['id']}"
    api.send("GET", f"{waits}?wait=0.1&seen=waiting", ann)
    time.sleep(0.5)
    api.send("GET", f"{waits}?wait=0.1&seen=waiting", ann)
    with monkeypatch.context() as patch:
        patch.setattr(api.runtime.services.allocations, "get", lambda *_: 1 / 0)
        assert api.send("GET", f"{waits}?wait=0.1&seen=waiting", ann).json()["position"] == 1
    assert api.send("GET", f"{waits}?wait=0.1&seen=waiting", api.token("ben")).status_code == 404
    poll = api.later("GET", f"{waits}?wait=30&seen=waiting", ann)
    api.send("DELETE", f"/allocations/{first}", ann)
    deliver_all(manager, [host])
    assert poll.result(5).json()["state"] in ("placing", "active")
    assert api.send("GET", f"{waits}?wait=0.1&seen=waiting", ann).json()["state"] in ("placing", "active")
