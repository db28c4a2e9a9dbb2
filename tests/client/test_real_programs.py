"""Whole sessions: pyopencl, without a driver of its own, on real workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from textwrap import indent

import pytest

from benchmarks import drivers
from tests.support.servers import CENOTE, Server, gone, serving, wait_until

WHO = "import pyopencl as cl; print(*[d.name for p in cl.get_platforms() for d in p.get_devices()], sep='\\n')"
HOLDING = """
import numpy, sys, time
import pyopencl as cl
context = cl.create_some_context(interactive=False)
queue = cl.CommandQueue(context)
memory = cl.Buffer(context, cl.mem_flags.READ_WRITE, 64 << 20)
cl.enqueue_fill_buffer(queue, memory, numpy.uint8(7), 0, 64 << 20).wait()
print("holding", flush=True)
sys.stdin.readline()
start = time.monotonic()
try:
    out = numpy.empty(1 << 20, numpy.uint8)
    cl.enqueue_copy(queue, out, memory)
    print("read", int(out.min()), int(out.max()))
except cl.Error as error:
    print(f"{type(error).__name__} after {time.monotonic() - start:.1f} s")
"""

PART = ["-p", "0.3"]  # so that three find room

SETUP = """
import numpy, sys
import pyopencl as cl
context = cl.create_some_context(interactive=False)
queue = cl.CommandQueue(context)
memory = cl.Buffer(context, cl.mem_flags.READ_WRITE, 64 << 20)
"""
WAITS = {
    "clFinish": """
spin = "kernel void k(global volatile uint* a) { while (a[0] != 1) {} }"
cl.enqueue_fill_buffer(queue, memory, numpy.uint8(7), 0, 64 << 20).wait()
kernel = cl.Program(context, spin).build().k
kernel(queue, (1,), None, memory)
print("waiting", flush=True)
queue.finish()
""",
    "large blocking read": """
out = numpy.empty(64 << 20, numpy.uint8)
print("waiting", flush=True)
while True:
    cl.enqueue_copy(queue, out, memory)
""",
    "clBuildProgram": """
print("waiting", flush=True)
while True:
    cl.Program(context, "kernel void k(global uint* a) { a[0] = 1; }").build(cache_dir=False)
""",
}


def hold(server: Server, python: Path) -> subprocess.Popen[str]:
    """A program with a session and memory on the device; a line to it makes it use them once more."""
    program = server.start([python, "-c", HOLDING], options=PART, stdin=subprocess.PIPE)
    assert program.stdout is not None
    line = program.stdout.readline()
    assert line == "holding\n", line + program.communicate()[1]
    return program


def busy_workers(server: Server) -> list[int]:
    """Workers with a session: those that have loaded a driver."""
    found = []
    for pid in server.workers():
        try:
            maps = Path(f"/proc/{pid}/maps").read_text()
        except OSError:
            continue
        if "libOpenCL" in maps:
            found.append(pid)
    return found


def test_program_without_a_driver_sees_the_servers_device(server: Server, borrower_python: Path) -> None:
    seen = server.run([borrower_python, "-c", WHO]).stdout.splitlines()
    assert seen and all(f" {name} · " in server.announced for name in seen)


def test_children_of_a_shell_see_the_device(server: Server, borrower_python: Path) -> None:
    script = f'for i in 1 2; do "{borrower_python}" -c "$WHO"; done'
    seen = server.run(["bash", "-c", script], env={"WHO": WHO}).stdout.splitlines()
    assert len(seen) == 2 and seen[0] == seen[1]


def test_beyond_the_session_of_another_program(server: Server, borrower_python: Path) -> None:
    """Several programs at once, each with a session of its own."""
    programs = [hold(server, borrower_python) for _ in range(3)]
    assert [program.communicate("\n", timeout=30)[0] for program in programs] == ["read 7 7\n"] * 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_death_of_the_program_frees_everything_within_two_seconds(
    own_server: Server, borrower_python: Path, number: signal.Signals
) -> None:
    before = own_server.cenote("list").stdout
    program = hold(own_server, borrower_python)
    workers = busy_workers(own_server)
    assert len(workers) == 1
    assert own_server.cenote("list").stdout != before
    program.send_signal(number)
    end = time.monotonic() + 2
    wait_until(lambda: gone(workers[0]), timeout=2)
    assert program.wait(10) == -number
    wait_until(lambda: own_server.cenote("list").stdout == before, timeout=max(0.1, end - time.monotonic()))


def test_death_of_one_child_ends_its_worker_alone(own_server: Server, borrower_python: Path) -> None:
    """The shell goes on holding the devices; the worker ends with the child's connection."""
    script = f'"{borrower_python}" -c "$HOLDING" <&3 & child=$!; sleep 3; kill -9 $child; wait; read wait'
    program = own_server.start(
        ["bash", "-c", f"exec 3<&0; {script}"], stdin=subprocess.PIPE, env=with_holding(own_server)
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "holding\n"
    workers = busy_workers(own_server)
    assert len(workers) == 1
    wait_until(lambda: gone(workers[0]), timeout=6)
    assert program.poll() is None
    program.communicate("\n", timeout=20)


def with_holding(server: Server) -> dict[str, str]:
    return server.environment | {"HOLDING": HOLDING}


def test_death_of_the_worker_is_an_opencl_error(own_server: Server, borrower_python: Path) -> None:
    victim = hold(own_server, borrower_python)
    worker = busy_workers(own_server)[0]
    other = hold(own_server, borrower_python)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: gone(worker))
    start = time.monotonic()
    output, errors = victim.communicate("\n", timeout=20)
    assert "after" in output, output + errors
    assert time.monotonic() - start < 5
    assert other.communicate("\n", timeout=20)[0] == "read 7 7\n"


def test_kernel_that_crashes_the_worker_ends_its_own_session_alone(own_server: Server, borrower_python: Path) -> None:
    other = hold(own_server, borrower_python)
    crash = (
        "cl.Program(context, 'kernel void k(global int* a) { a[1UL << 42] = 1; }').build().k(queue, (1,), None, memory)"
    )
    done = own_server.run([borrower_python, "-c", f"{SETUP}{crash}\nqueue.finish()"], options=PART, check=False)
    assert done.returncode == 1 and "RuntimeError: clFinish failed: OUT_OF_RESOURCES" in done.stderr
    own_server.wait_for_log("its worker crashed: SIGSEGV")
    assert other.communicate("\n", timeout=20)[0] == "read 7 7\n"


@pytest.mark.parametrize("wait", WAITS)
def test_death_of_the_worker_ends_a_wait(own_server: Server, borrower_python: Path, wait: str) -> None:
    caught = f"try:\n{indent(WAITS[wait], '    ')}\nexcept cl.Error as error:\n    print('failed:', error)"
    program = own_server.start([borrower_python, "-c", SETUP + caught])
    assert program.stdout is not None
    assert program.stdout.readline() == "waiting\n"
    time.sleep(0.3)
    start = time.monotonic()
    os.kill(busy_workers(own_server)[0], signal.SIGKILL)
    output, errors = program.communicate(timeout=20)
    assert time.monotonic() - start < 5
    assert output.startswith("failed: ") and "lost the server" in errors, output + errors
    assert program.returncode == 0


def test_child_of_a_program_whose_server_is_gone_gets_an_opencl_error(
    own_server: Server, borrower_python: Path
) -> None:
    script = """
import os, sys
import pyopencl as cl
devices = cl.get_platforms()[0].get_devices()
print("known", flush=True)
sys.stdin.readline()
child = os.fork()
if not child:
    try:
        cl.Context(devices)
    except cl.Error as error:
        print("failed:", error, flush=True)
    os._exit(0)
print("status", os.waitpid(child, 0)[1])
"""
    program = own_server.start([borrower_python, "-c", script], stdin=subprocess.PIPE)
    assert program.stdout is not None
    assert program.stdout.readline() == "known\n"
    own_server.stop()
    output, errors = program.communicate("\n", timeout=20)
    assert re.fullmatch("failed: .*OUT_OF_RESOURCES\nstatus 0\n", output), output + errors


def test_program_outlives_sigterm_of_the_server(own_server: Server, borrower_python: Path) -> None:
    program = hold(own_server, borrower_python)
    assert own_server.stop(signal.SIGTERM) == 0
    assert program.communicate("\n", timeout=20)[0] == "read 7 7\n"
    assert program.returncode == 0


def test_two_servers_are_two_platforms(own_server: Server, borrower_python: Path) -> None:
    script = (
        "import pyopencl as cl; print(len(cl.get_platforms()), sum(len(p.get_devices()) for p in cl.get_platforms()))"
    )

    def cenote(*words: str) -> str:
        command, environment = [*CENOTE, *words], own_server.environment
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout

    joining = drivers.find("pocl").environment | {"CENOTE_JOIN": cenote("join-string")}
    with serving("--name", "another", env=joining) as other:
        wait_until(lambda: len(own_server.devices()) == 2, 20)
        other.wait_for_log("reached at")
        assert cenote("run", "-n", "2", "--", str(borrower_python), "-c", script) == "2 2\n"


def test_ctrl_c_leaves_no_worker_while_programs_run(own_server: Server, borrower_python: Path) -> None:
    program = hold(own_server, borrower_python)
    workers = own_server.workers()
    assert own_server.stop(signal.SIGINT) == 0
    assert all(map(gone, workers))
    assert "after" in program.communicate("\n", timeout=20)[0]
