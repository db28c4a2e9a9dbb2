from __future__ import annotations

import json
from pathlib import Path

from tests.support.servers import Server


def test_traces_of_all_processes_in_one_file(stub_server: Server, tmp_path: Path) -> None:
    """The shells play two processes with shims, the second of them killed while it wrote."""
    first = """printf '[\\n{"name":"a","pid":1},\\n{"name":"b","pid":1}\\n]\\n' > $CENOTE_TRACE"""
    second = """printf '[\\n{"name":"c","pid":2},\\n{"na' > $CENOTE_TRACE.2"""
    file = tmp_path / "trace.json"
    done = stub_server.cenote("run", "--trace", str(file), "--", "sh", "-c", f"{first}; {second}; exit 4")
    assert done.returncode == 4, done.stderr
    assert [event["name"] for event in json.loads(file.read_text())] == ["a", "b", "c"]


def test_program_without_any_call(stub_server: Server, tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    assert stub_server.cenote("run", "--trace", str(file), "--", "true").returncode == 0
    assert json.loads(file.read_text()) == []


def test_trace_that_cannot_be_written(stub_server: Server) -> None:
    done = stub_server.cenote("run", "--trace", "/nonexistent/trace.json", "--", "echo", "ran")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be written to /nonexistent/trace.json" in done.stderr
