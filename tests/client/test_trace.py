from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from tests.support import trace_events
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


PROGRAM = """
import numpy, os, threading
import pyopencl as cl
context = cl.create_some_context(interactive=False)
queue = cl.CommandQueue(context)
program = cl.Program(context, "kernel void twice(global int* p) { p[get_global_id(0)] *= 2; }").build()
def work(size):
    there = cl.Buffer(context, cl.mem_flags.READ_WRITE, 4 * size)
    back = numpy.empty(size, numpy.int32)
    with cl.CommandQueue(context) as own:
        cl.enqueue_copy(own, there, numpy.arange(size, dtype=numpy.int32))
        for _ in range(100):
            program.twice(own, (16,), None, there)
        own.finish()
        cl.enqueue_copy(own, back, there)
        assert back[-1] == size - 1
threads = [threading.Thread(target=work, args=(size,)) for size in (256, 1 << 20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not queue.properties & cl.command_queue_properties.PROFILING_ENABLE
"""


def traced(server: Server, file: Path, *command: str | Path) -> list[trace_events.Event]:
    done = server.cenote("run", "--trace", str(file), "--", *map(str, command))
    assert done.returncode == 0, done.stderr
    events: list[trace_events.Event] = json.loads(file.read_text())
    trace_events.check(events)
    return events


def test_each_call_on_its_way(server: Server, borrower_python: Path, tmp_path: Path) -> None:
    """In the shim, on the wire, in the worker and on the device; by one clock."""
    events = traced(server, tmp_path / "trace.json", borrower_python, "-c", PROGRAM)
    calls = trace_events.slices(events, "shim")
    launches = [e for e in calls if e["name"] == "clEnqueueNDRangeKernel"]
    ran = [e for e in trace_events.slices(events, "device") if e["name"] == "twice"]
    carried_out = [e for e in trace_events.slices(events, "worker") if e["name"] == "EnqueueLaunch"]
    assert len(launches) == len(ran) == len(carried_out) == 200
    assert len({trace_events.track_of(e) for e in ran}) == 2, "each queue has a track"
    left = [e for e in trace_events.slices(events, "wire") if e["name"] == "clEnqueueNDRangeKernel"]
    assert len(left) == 200

    # From a launch one arrow leads to the worker and one to the device, forward in time.
    ends = defaultdict(list)
    for event in events:
        if event["ph"] == "f":
            ends[event["id"]].append(event)
    for event in events:
        if event["ph"] != "s":
            continue
        cause = trace_events.enclosing(calls, trace_events.track_of(event), event["ts"])
        assert cause is not None
        if cause["name"] == "clEnqueueNDRangeKernel":
            assert len(ends[event["id"]]) == 2
            assert all(end["ts"] > event["ts"] for end in ends[event["id"]])

    # Who waits sees the wire in its own slice, and the worker's part lies in between.
    finish = next(e for e in calls if e["name"] == "clFinish")
    there, back = (
        next(
            e
            for e in events
            if e["name"] == f"{way} the worker"
            and trace_events.track_of(e) == trace_events.track_of(finish)
            and finish["ts"] <= e["ts"] <= finish["ts"] + finish["dur"]
        )
        for way in ("to", "from")
    )
    assert finish["ts"] <= there["ts"] <= back["ts"] + back["dur"] <= finish["ts"] + finish["dur"] + 2e-3


def test_a_forked_child_has_a_record_of_its_own(server: Server, borrower_python: Path, tmp_path: Path) -> None:
    script = """
import os
import pyopencl as cl
cl.get_platforms()
if os.fork() == 0:
    cl.create_some_context(interactive=False).devices
else:
    os.wait()
"""
    events = traced(server, tmp_path / "trace.json", borrower_python, "-c", script)
    processes = {e["pid"] for e in trace_events.slices(events, "shim")}
    assert len(processes) == 2
    made = [e for e in trace_events.slices(events, "shim") if e["name"] == "clCreateContext"]
    assert len(made) == 1, "nothing is recorded twice"
