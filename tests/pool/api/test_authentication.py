from __future__ import annotations

import logging
import time
from concurrent.futures import Future

import httpx
import pytest

from cenote.pool.api.throttle import Throttle, network
from cenote.pool.core import POOL
from cenote.pool.models import Role
from tests.support.api import Api
from tests.support.pool import Clock, Manager

WRONG = "cenote-0123456789abcdef-" + "0" * 64


def test_wrong_tokens_are_throttled(api: Api) -> None:
    answers = [api.send("GET", "/me", WRONG) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert answers[-1].json()["code"] == "throttled" and 1 <= int(answers[-1].headers["retry-after"]) <= 3
    joining = api.send("POST", "/join", json={"secret": "0-0", "name": "gpu1", "request": ""})
    assert joining.status_code == 429


def test_who_sends_no_token_is_not_counted(api: Api) -> None:
    assert {api.send("GET", "/me").status_code for _ in range(20)} == {401}
    assert api.send("GET", "/me", WRONG).status_code == 401


def test_a_valid_token_is_let_in_whoever_else_is_at_its_address(api: Api, ann: str) -> None:
    api.send("GET", "/me", ann)
    flood: list[Future[httpx.Response]] = [api.later("GET", "/me", f"{WRONG[:-4]}{n:04}") for n in range(300)]
    known = api.send("GET", "/me", ann)
    fresh = api.token("ben")
    started = time.monotonic()
    while (answer := api.send("GET", "/me", fresh)).status_code == 429:
        assert answer.headers["retry-after"] == "1" and time.monotonic() - started < 5
        time.sleep(0.05)
    assert known.status_code == answer.status_code == 200
    assert {one.result(30).status_code for one in flood} == {401, 429}


def test_what_another_manager_revokes(api: Api, ann: str, database: str, clock: Clock) -> None:
    assert api.send("GET", "/me", ann).status_code == 200
    other = Manager(database, clock)
    other.accounts.revoke(POOL, ann.split("-")[1])
    other.close()
    deadline = time.monotonic() + 5
    while api.send("GET", "/me", ann).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_known_tokens_cost_no_database(api: Api, ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    api.send("GET", "/me", ann)
    time.sleep(0.5)
    api.send("GET", "/me", ann)
    monkeypatch.setattr(api.runtime.services.accounts, "login", lambda _: 1 / 0)
    assert api.send("GET", "/me", ann).status_code == 200


def test_a_role_that_changes(api: Api, ann: str, admin: str) -> None:
    assert api.send("GET", "/audit", ann).status_code == 403
    api.send("PATCH", "/users/ann", admin, json={"role": "admin"})
    assert api.send("GET", "/audit", ann).status_code == 200
    api.manager.accounts.change_user(POOL, "ann", role=Role.VIEWER)
    deadline = time.monotonic() + 5
    while api.send("GET", "/audit", ann).status_code == 200:
        assert time.monotonic() < deadline


def test_two_tokens_are_none(api: Api, ann: str) -> None:
    headers = httpx.Headers([("Authorization", f"Bearer {ann}"), ("Authorization", "Bearer x")])
    request = api.do(api.request("GET", "/me", headers))
    assert request.status_code == 401


def test_tokens_are_not_logged(api: Api, ann: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for logger in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    api.send("GET", "/me", ann)
    api.send("GET", "/me", WRONG)
    new = api.send("POST", "/tokens", ann, json={}).json()["token"]
    assert "a wrong token from 10.0.0.9" in caplog.text
    assert not any(token.rpartition("-")[2] in caplog.text for token in (ann, WRONG, new))


def test_a_throttle_forgets() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    for _ in range(20):
        throttle.failed("10.0.0.1")
    assert throttle.wait("10.0.0.1") == pytest.approx(3.0) and throttle.wait("10.0.0.2") == 0
    now = 3.5
    assert throttle.wait("10.0.0.1") == 0
    throttle.failed("10.0.0.1")
    assert throttle.wait("10.0.0.1") > 0
    for number in range(10_100):
        throttle.failed(f"10.1.{number // 256}.{number % 256}")
    assert len(throttle._failures) == 10_000


def test_a_host_may_choose_its_address_from_a_network() -> None:
    assert network("2001:db8::1") == network("2001:db8::2:3") != network("2001:db9::1")
    assert network("fe80::1%eth0") == "fe80::/64"
    assert network("10.0.0.1") == "10.0.0.1" and network("") == ""
