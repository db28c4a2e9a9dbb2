from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from cenote import errors as everything
from cenote.errors import CenoteError, StoreFailed
from cenote.pool.api import errors
from tests.support.api import Api
from tests.support.pool import FakeServer


def test_problems_are_documents(api: Api, ann: str) -> None:
    answer = api.send("GET", "/allocations/" + "0" * 32, ann)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:cenote:not-found",
        "title": "there is no such thing, or none that you may see",
        "status": 404,
        "detail": f"you have no allocation “{'0' * 32}”",
        "code": "not-found",
    }


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code", "detail"),
    [
        ("GET", "/nothing", {}, 404, "not-found", "there is nothing at this path"),
        ("GET", "/allocations/", {}, 404, "not-found", "nothing at this path"),
        ("PUT", "/allocations", {}, 405, "no-such-method", "nothing can be done here"),
        ("GET", "/allocations/xyz", {}, 422, "invalid", "path.allocation: string should match"),
        ("GET", "/allocations?limit=0", {}, 422, "invalid", "query.limit: input should be greater"),
        ("GET", "/allocations?ende=true", {}, 422, "invalid", "query.ende: there is no such parameter"),
        ("POST", "/allocations", {"content": b"{"}, 422, "invalid", "body"),
        ("POST", "/allocations", {"content": b"{", "json_type": True}, 422, "invalid", "the body is not JSON"),
        ("POST", "/allocations", {"content": b"[" * 30000, "json_type": True}, 400, "malformed", "not well-formed"),
        ("POST", "/allocations", {"content": b"1" * 5000, "json_type": True}, 400, "malformed", "not well-formed"),
        ("POST", "/allocations", {"content": b"\xff", "json_type": True}, 400, "malformed", "not well-formed"),
        ("POST", "/allocations", {"json": {"count": 0}}, 422, "invalid", "body.count: input should be greater"),
        ("POST", "/allocations", {"json": {"count": True}}, 422, "invalid", "a number is expected"),
        ("POST", "/allocations", {"json": {"count": "1"}}, 422, "invalid", "a number is expected"),
        ("POST", "/allocations", {"json": {"count": 10**400}}, 422, "invalid", "body.count"),
        ("POST", "/allocations", {"json": {"count": 1.5}}, 422, "invalid", "body.count"),
        ("POST", "/allocations", {"json": {"tethered": 1}}, 422, "invalid", "body.tethered"),
        ("POST", "/allocations", {"json": {"filter": "a\0"}}, 422, "invalid", "body.filter"),
        ("POST", "/allocations", {"json": {"other": 1}}, 422, "invalid", "body.other: extra inputs"),
        ("POST", "/allocations", {"content": b'{"\\ud800": 1}', "json_type": True}, 422, "invalid", "unicode"),
        ("POST", "/allocations", {"content": b'{"policy": "\\ud800"}', "json_type": True}, 422, "invalid", "policy"),
        ("POST", "/allocations", {"content": b'{"round_trips": {"a": NaN}}', "json_type": True}, 422, "invalid", "a"),
        ("POST", "/allocations", {"json": {}, "headers": {"Idempotency-Key": ""}}, 422, "invalid", "Idempotency-Key"),
        ("POST", "/allocations", {"json": {}, "headers": {"Idempotency-Key": "k" * 101}}, 422, "invalid", "at most"),
        ("POST", "/allocations", {"content": b" " * 65537}, 413, "too-large", "64 KiB"),
        ("GET", "/queue", {"content": b" " * 65537}, 413, "too-large", "64 KiB"),
    ],
)
def test_what_is_wrong_with_requests(
    api: Api, ann: str, method: str, path: str, more: dict[str, Any], status: int, code: str, detail: str
) -> None:
    if more.pop("json_type", False):
        more["headers"] = {"Content-Type": "application/json"}
    answer = api.send(method, path, ann, **more)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert detail in answer.json()["detail"] and "\n" not in answer.json()["detail"]


def test_what_is_sent_is_not_repeated(api: Api) -> None:
    answer = api.send("POST", "/join", json={"secret": {"its": "a secret"}, "name": "a", "request": ""})
    assert answer.status_code == 422 and "a secret" not in answer.text


def test_every_error_of_a_service_has_a_status() -> None:
    def below(kind: type[CenoteError]) -> list[type[CenoteError]]:
        return [one for sub in kind.__subclasses__() for one in (sub, *below(sub))]

    elsewhere = {"Unreachable", "ProtocolError", "WrongVersion", "WrongSetting", "CannotExecute", "NoProgram"}
    elsewhere |= {"CannotListen", "NoDriver"}
    for kind in below(CenoteError):
        if kind.__module__ == everything.__name__ and kind.__name__ not in elsewhere:
            assert any(issubclass(kind, known) for known in errors.TABLE), kind
    for place, kind in enumerate(errors.TABLE):
        assert not any(issubclass(kind, earlier) for earlier in list(errors.TABLE)[:place]), kind


def test_a_store_that_fails(api: Api, ann: str, host: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    api.send("GET", "/me", ann)
    polls = [api.later("GET", "/allocations?limit=1", ann)]
    polls[0].result(5)

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    with monkeypatch.context() as patch:
        patch.setattr(api.manager.store.engine, "connect", fail)
        for method, path, body in (
            ("POST", "/allocations", {}),
            ("GET", "/allocations", None),
            ("GET", "/queue", None),
            ("DELETE", "/allocations/" + "0" * 32, None),
            ("GET", "/servers", None),
        ):
            answer = api.send(method, path, ann, json=body)
            assert (answer.status_code, answer.json()["code"]) == (503, "store-failed")
            assert answer.headers["retry-after"] == "1"
            assert answer.json()["detail"].endswith("its disk fails; nothing was changed")
        eventually(lambda: api.send("GET", "/health").status_code == 503)
        assert api.send("GET", "/me", ann).status_code == 503, "who is let in is not known any more"
    eventually(lambda: api.send("GET", "/health").status_code == 200)
    assert api.send("POST", "/allocations", ann, json={}).status_code == 201


def eventually(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(100):
        if holds():
            return
        pause.wait(0.1)
    raise AssertionError("it never came to hold")


def test_a_mistake_of_ours_tells_nothing(api: Api, ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.runtime.services.inventory, "servers", lambda **_: 1 / 0)
    answer = api.send("GET", "/servers", ann)
    assert answer.status_code == 500 and answer.json()["detail"] == "a mistake of ours; the manager's log says more"


def test_an_error_without_a_status_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert errors.of(CenoteError("of no class")).status_code == 500
    assert errors.of(StoreFailed("x")).status_code == 503
