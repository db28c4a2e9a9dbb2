"""The dashboard asks for metrics and labels that there are, and leaves none of them out."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cenote.pool.models import Role
from tests.pool.api.conftest import api, database, host  # noqa: F401 - fixtures
from tests.pool.api.test_servers import FIGURES, beat
from tests.pool.conftest import clock, manager, server, sqlite_template  # noqa: F401 - fixtures
from tests.support.api import Api
from tests.support.pool import FakeServer

DASHBOARD = Path(__file__).parents[2] / "deploy/grafana/cenote.json"
SCRAPED = {"job", "instance"}  # labels that Prometheus adds


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def queries() -> dict[str, str]:
    """By panel and letter."""
    return {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in dashboard()["panels"]
        for target in panel["targets"]
    }


@pytest.fixture
def metrics(api: Api, host: FakeServer) -> dict[str, set[str]]:  # noqa: F811
    """The labels of every sample that a manager tells, by name."""
    one = api.token("one", Role.SERVER)
    api.send("POST", "/servers/one/heartbeat", one, json=beat(host, sessions=[FIGURES]))
    told: defaultdict[str, set[str]] = defaultdict(set)
    answer = api.send("GET", "/metrics", api.token("watcher", Role.VIEWER))
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            told[sample.name] |= set(sample.labels)
    return dict(told)


def test_queries_ask_for_what_there_is(metrics: dict[str, set[str]]) -> None:
    asked = queries()
    assert asked
    for where, query in asked.items():
        names = set(re.findall(r"\bcenote_\w+", query))
        assert names and names <= set(metrics), where
        labels = {label for group in re.findall(r"\bby \(([^)]*)\)", query) for label in re.split(r",\s*", group)}
        labels |= set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", query))
        for name in names:
            assert labels <= metrics[name] | SCRAPED, where


def test_legends_name_labels_that_are_left() -> None:
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            left = {
                label for group in re.findall(r"\bby \(([^)]*)\)", target["expr"]) for label in re.split(r",\s*", group)
            }
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= left, panel["title"]


def test_every_metric_is_shown(metrics: dict[str, set[str]]) -> None:
    """But for what follows from another, and moments at which counters began."""
    shown = {name for query in queries().values() for name in re.findall(r"\bcenote_\w+", query)}
    hidden = {name for name in metrics if name.endswith(("_created", "_sum", "_count"))} | {"cenote_devices"}
    assert set(metrics) - hidden == shown
