from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cenote.errors import StoreFailed
from cenote.pool import census
from cenote.pool.models import Role
from tests.pool.api.test_servers import FIGURES, beat
from tests.support.api import Api
from tests.support.pool import GIB, FakeServer, Manager, deliver_all


def scrape(api: Api, token: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = api.send("GET", "/metrics", token)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def of(found: Any, name: str, **labels: str) -> Any:
    return found.get((name, frozenset(labels.items())))


@pytest.fixture
def viewer(api: Api) -> str:
    return api.token("watcher", Role.VIEWER)


def test_the_pool(api: Api, viewer: str, ann: str, host: FakeServer, manager: Manager) -> None:
    api.send("POST", "/allocations", ann, json={"memory": 2 * GIB})
    deliver_all(manager, [host])
    found = scrape(api, viewer)
    assert of(found, "cenote_device_memory_bytes", use="lent") == 2 * GIB
    assert of(found, "cenote_device_memory_bytes", use="free") == 14 * GIB
    assert of(found, "cenote_allocations", state="active") == 1
    assert of(found, "cenote_allocations", state="waiting") == 0
    assert of(found, "cenote_servers", state="ready", draining="false") == 1
    assert of(found, "cenote_queue_oldest_wait_seconds") == 0
    assert (of(found, "cenote_store_up"), of(found, "cenote_store_failures_total")) == (1, 0)


def test_sessions(api: Api, viewer: str, host: FakeServer) -> None:
    one = api.token("one", Role.SERVER)
    api.send("POST", "/servers/one/heartbeat", one, json=beat(host, sessions=[FIGURES], more=2))
    found = scrape(api, viewer)
    labels = {"server": "one", "allocation": "1" * 32, "user": "ann"}
    assert of(found, "cenote_sessions", **labels) == 1
    assert of(found, "cenote_session_memory_bytes", **labels) == GIB
    assert of(found, "cenote_session_calls_total", **labels) == 3
    assert of(found, "cenote_session_received_bytes_total", **labels) == 4
    assert of(found, "cenote_session_sent_bytes_total", **labels) == 5
    assert of(found, "cenote_session_device_seconds_total", **labels) == 1.5
    assert of(found, "cenote_sessions_untold") == 2


def test_requests_are_counted_by_route(api: Api, viewer: str) -> None:
    """Not by path: what anybody can make up must not become a label."""
    for server in ("one", "two"):
        api.send("GET", f"/servers/{server}", viewer)
    api.send("GET", "/nothing", viewer)
    api.send("GET", "/servers")
    api.send("BREW", "/servers", viewer)
    found = scrape(api, viewer)
    route = "/servers/{server}"
    assert of(found, "cenote_api_requests_total", method="GET", route=route, status="404") == 2
    assert of(found, "cenote_api_requests_total", method="GET", route="", status="404") == 1
    assert of(found, "cenote_api_requests_total", method="GET", route="", status="401") == 1
    assert of(found, "cenote_api_request_seconds_count", method="GET", route=route) == 2
    assert {dict(labels).get("method") for _, labels in found} == {None, "GET", "other"}


def test_without_a_database(api: Api, viewer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known without it is told all the same."""
    scrape(api, viewer)

    def failing(_: object) -> None:
        raise StoreFailed("its disk fails")

    monkeypatch.setattr(census, "take", failing)
    monkeypatch.setattr("cenote.pool.api.metrics._FRESH", 0.0)
    found = scrape(api, viewer)
    assert of(found, "cenote_store_up") == 0 and of(found, "cenote_device_memory_bytes", use="lent") is None
    assert of(found, "cenote_api_requests_total", method="GET", route="/metrics", status="200") == 1
