from __future__ import annotations

import threading
import time

import pytest

from cenote.pool.inventory import ServerView
from tests.support.api import Api
from tests.support.pool import FakeServer, Manager


def test_services_that_wait_hold_up_no_event_loop(api: Api, ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def slow(**_: object) -> list[ServerView]:
        assert go_on.wait(30)
        return []

    monkeypatch.setattr(api.runtime.services.inventory, "servers", slow)
    before = threading.active_count()
    waiting = [api.later("GET", "/servers", ann) for _ in range(200)]
    time.sleep(0.5)
    started = time.monotonic()
    assert api.send("GET", "/health").status_code == 200
    assert api.send("GET", "/me", ann).status_code == 200
    assert time.monotonic() - started < 5
    assert threading.active_count() - before <= 12
    go_on.set()
    assert {one.result(30).status_code for one in waiting} == {200}


def test_reads_do_not_wait_behind_writes(api: Api, ann: str, host: FakeServer, manager: Manager) -> None:
    with manager.store.transaction() as (session, _):
        asking = [api.later("POST", "/allocations", ann, json={"wait": 60}) for _ in range(20)]
        time.sleep(0.3)
        assert api.send("GET", "/allocations", ann).json() == []
        assert api.send("GET", "/servers", ann).status_code == 200
        assert not any(one.done() for one in asking)
        session.rollback()
    assert {one.result(30).status_code for one in asking} == {201}


def test_who_waits_has_no_thread(api: Api, ann: str, host: FakeServer) -> None:
    waits = [api.send("POST", "/allocations", ann, json={"count": 2}).json()["id"] for _ in range(2)][-1]
    before = threading.active_count()
    polls = [api.later("GET", f"/allocations/{waits}?wait=60&seen=waiting", ann) for _ in range(1000)]
    time.sleep(1)
    assert not any(poll.done() for poll in polls) and threading.active_count() - before <= 12
    api.send("DELETE", f"/allocations/{waits}", ann)
    assert {poll.result(30).json()["state"] for poll in polls} == {"ended"}
