"""A host that goes silent is waited for, visibly and for a limited time; a process that is stopped is no such host."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import drivers
from cenote import paths
from tests.client.test_real_programs import busy_workers, hold
from tests.support import machines
from tests.support.machines import Machine
from tests.support.servers import CENOTE, Server, gone, serving, wait_until

WORKING = """
import numpy, sys
import pyopencl as cl
context = cl.create_some_context(interactive=False)
queue = cl.CommandQueue(context)
data = numpy.arange(1 << 22, dtype=numpy.uint32)
there = cl.Buffer(context, cl.mem_flags.READ_WRITE, data.nbytes)
back = numpy.zeros_like(data)
def exchange():
    cl.enqueue_copy(queue, there, data, is_blocking=False)
    cl.enqueue_copy(queue, back, there)
exchange()
print("working", flush=True)
try:
    for _ in range(int(sys.argv[1])):
        back[:] = 0
        exchange()
        assert (back == data).all()
    print("all right")
except cl.Error as error:
    print(type(error).__name__)
"""
OLD_KERNEL = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
/* A kernel before Linux 6.15 does not know TCP_RTO_MAX_MS. */
int setsockopt(int fd, int level, int name, const void* value, socklen_t size) {
  static int (*real)(int, int, int, const void*, socklen_t);
  if (!real) real = (int (*)(int, int, int, const void*, socklen_t))dlsym(RTLD_NEXT, "setsockopt");
  if (level == 6 && name == 44) return errno = ENOPROTOOPT, -1;
  return real(fd, level, name, value, size);
}
"""


@contextmanager
def lending(timeout: int, pair: tuple[Machine, Machine] | None = None, **more: str) -> Iterator[Server]:
    if not (paths.native() / "bin" / "cenote-worker").exists():
        pytest.skip("the native parts are not built: run “make build”")
    environment = {**drivers.find("pocl").environment, "CENOTE_LINK_TIMEOUT": str(timeout), **more}
    with serving(env=environment, machines=pair) as server:
        yield server


@pytest.fixture
def two() -> Iterator[tuple[Machine, Machine]]:
    if reason := machines.allowed():
        pytest.skip(reason)
    with machines.two_machines() as pair:
        yield pair


def working(server: Server, python: Path, rounds: int) -> subprocess.Popen[str]:
    program = server.start([python, "-c", WORKING, str(rounds)])
    assert program.stdout is not None
    line = program.stdout.readline()
    assert line == "working\n", line + program.communicate()[1]
    return program


def free_memory(server: Server, lender: Machine) -> str:
    """What is free according to somebody on the server's own side of the cable."""
    done = subprocess.run(
        [*lender.command(), *CENOTE, "list", "--server", server.address],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


def test_a_cut_that_ends_in_time_ends_nothing(two: tuple[Machine, Machine], borrower_python: Path) -> None:
    lender, _ = two
    with lending(24, two) as server:
        program = working(server, borrower_python, 150)
        machines.cut(lender)
        time.sleep(9)
        machines.mend(lender)
        out, said = program.communicate(timeout=120)
    assert (program.returncode, out) == (0, "all right\n"), said
    first, second = said.splitlines()
    assert first.startswith(f"cenote: waiting for {machines.LENDER}: no answer for ")
    assert first.endswith(" s (gives up after 24 s)")
    assert second == f"cenote: {machines.LENDER} answers again"


@pytest.fixture(scope="module")
def old_kernel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("old-kernel")
    (folder / "old.c").write_text(OLD_KERNEL)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", "old.so", "old.c", "-ldl"], cwd=folder, check=True)
    return {"LD_PRELOAD": str(folder / "old.so")}


@pytest.mark.parametrize("kernel", ["this", "old"])
def test_a_cut_that_does_not_end(
    two: tuple[Machine, Machine], borrower_python: Path, kernel: str, request: pytest.FixtureRequest
) -> None:
    """The program has its error, the server its memory back."""
    lender, _ = two
    preload: Mapping[str, str] = request.getfixturevalue("old_kernel") if kernel == "old" else {}
    with lending(6, two, **preload) as server:
        before = free_memory(server, lender)
        program = working(server, borrower_python, 1000000)
        workers = busy_workers(server)
        assert workers and free_memory(server, lender) != before
        machines.cut(lender)
        start = time.monotonic()
        out, said = program.communicate(timeout=100)
        assert 4 < time.monotonic() - start < 90
        assert (program.returncode, out) == (0, "RuntimeError\n"), said
        waiting, lost, *_ = said.splitlines()
        assert waiting.endswith(" s (gives up after 6 s)") and ": no answer for " in lost
        wait_until(lambda: all(map(gone, workers)), 15)
        wait_until(lambda: free_memory(server, lender) == before, 15)


def test_a_cut_while_nothing_is_on_its_way(two: tuple[Machine, Machine], borrower_python: Path) -> None:
    """Nobody looks then: the kernels do."""
    lender, _ = two
    with lending(6, two) as server:
        program = hold(server, borrower_python)
        workers = busy_workers(server)
        time.sleep(3)
        machines.cut(lender)
        wait_until(lambda: all(map(gone, workers)), 20)
        out, said = program.communicate("go on\n", timeout=30)
        assert "RuntimeError after 0" in out, out + said
        assert "no answer for" in said


def stopped(pids: list[int], seconds: float, meanwhile: Callable[[], object]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        meanwhile()
        time.sleep(seconds)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_stopped_worker_is_not_lost(borrower_python: Path) -> None:
    with lending(5) as server:
        program = working(server, borrower_python, 10)
        stopped(busy_workers(server), 12, lambda: None)
        out, said = program.communicate(timeout=120)
    assert (program.returncode, out, said) == (0, "all right\n", "")


def test_a_stopped_program_is_not_lost(borrower_python: Path) -> None:
    with lending(5) as server:
        program = working(server, borrower_python, 10)
        children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
        stopped([int(pid) for pid in children], 12, lambda: None)
        out, said = program.communicate(timeout=120)
    assert (program.returncode, out, said) == (0, "all right\n", "")


def wakes(pid: int) -> dict[str, int]:
    """How often each thread of a process has slept."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                found[task.name] = int(line.split()[1])
    return found


def test_nobody_wakes_up_while_nothing_is_waited_for(borrower_python: Path) -> None:
    with lending(5) as server:
        program = hold(server, borrower_python)
        (child,) = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
        processes = [int(child), *busy_workers(server)]
        time.sleep(4)
        before = [wakes(pid) for pid in processes]
        time.sleep(4)
        program_before, worker_before = before
        program_after, worker_after = (wakes(pid) for pid in processes)
        assert program_after == program_before
        awake = [count - worker_before[thread] for thread, count in worker_after.items()]
        assert sorted(awake)[-2] == 0 and max(awake) <= 2, "the supervisor asks it for its figures every five seconds"
        program.communicate("go on\n", timeout=30)
