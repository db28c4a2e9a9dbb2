"""A few of the random sessions and connections of `make fuzz`, always the same ones, over the ordinary build."""

from __future__ import annotations

import time
from pathlib import Path

from tests.fuzz import gate, worker
from tests.fuzz.grammar import Grammar
from tests.fuzz.target import Target


def test_workers_survive_or_end_the_session(fired_at: Target, known: Grammar, tmp_path: Path) -> None:
    counts = worker.run(fired_at, known, range(40), time.monotonic() + 15, tmp_path)
    assert counts["sessions"] >= 5


def test_gate_survives(fired_at: Target) -> None:
    assert gate.run(fired_at, range(40), time.monotonic() + 5)["connections"] >= 10
