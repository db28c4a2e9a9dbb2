"""What a reader sees of the figures."""

import json
from pathlib import Path

import pytest

from benchmarks import machine, report
from benchmarks.marks import ROWS, Result


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (6.1e-9, "µs", "0.006 µs"),
        (55.28e-6, "µs", "55.3 µs"),
        (0.00514, "GB/s", "13.06 GB/s"),
        (0.0104, "ms", "10.4 ms"),
        (111611904, "MiB", "106 MiB"),
        (1234.5, "s", "1,234 s"),
    ],
)
def test_figures_have_few_digits(value: float, unit: str, text: str) -> None:
    assert report.shown(value, unit) == text


def test_the_table_says_what_was_missed() -> None:
    hashcat = next(row for row in ROWS if row.key == "hashcat")
    lines = report.table([Result(hashcat, [10.0], [10.5], [{}]), Result(hashcat, [10.0], [12.0], [{}])]).splitlines()
    assert "reached" in lines[2]
    assert "1.20" in lines[3]
    assert "**missed**" in lines[3]


def test_written_results_name_the_command_but_not_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    path = report.write("opencl-pocl", machine.describe(), "python -m benchmarks", ["section"], {"rows": []})
    assert "`python -m benchmarks`" in path.read_text()
    assert json.loads(path.with_suffix(".json").read_text())["figures"] == {"rows": []}
