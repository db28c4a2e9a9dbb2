"""Results are continued, and the page names every difference, with its reason where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.suites import report
from tests.suites.results import Results


@pytest.fixture
def results(tmp_path: Path) -> Results:
    found = Results.open(tmp_path / "results", "cts", "pocl", "v1")
    found.expect("api", ["same", "worse", "better", "later"])
    for test, native, remote in (
        ("same", "passed", "passed"),
        ("worse", "passed", "failed"),
        ("better", "failed", "passed"),
    ):
        found.add("api", test, "native", native)
        found.add("api", test, "remote", remote)
    found.save()
    return found


def test_a_run_is_continued_with_the_same_version_only(results: Results) -> None:
    folder = results.file.parent
    assert Results.open(folder, "cts", "pocl", "v1").modules == results.modules
    assert Results.open(folder, "cts", "pocl").modules == results.modules
    assert Results.open(folder, "cts", "pocl", "v2").modules == {}


def test_what_was_worse_is_run_again(results: Results) -> None:
    assert results.worse() == [("api", "worse", "failed")]
    results.forget_worse()
    assert results.known("api", "worse", "native") is None
    assert results.known("api", "same", "native") == "passed"


def test_the_page_names_what_is_worse_and_what_was_not_run(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    monkeypatch.setattr(report, "EXCEPTIONS", tmp_path / "exceptions.toml")
    report.EXCEPTIONS.write_text("")
    assert report.write(results.file.parent, page) == 1
    assert "| api | 3 | 0 | 0 | 2 | 2 | 1 of 2 |" in page.read_text()
    assert "api (1 of 4)" in page.read_text()
    assert "| api: worse | failed | not known yet |" in page.read_text()

    report.EXCEPTIONS.write_text(
        '[[exception]]\nsuite = "cts"\nmodule = "api"\ntests = ["worse"]\nreason = "It cannot be."\n'
    )
    assert report.write(results.file.parent, page) == 0
    assert "| api: worse | failed | It cannot be. |" in page.read_text()
