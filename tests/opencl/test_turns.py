"""Shares of a device's time, between real programs on PoCL."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median

import pytest

from benchmarks import drivers
from tests.server.test_adoption import Host
from tests.support.differential import compile_c
from tests.support.servers import CENOTE, Server, serving, wait_until

SOURCE = Path(__file__).parent / "alone" / "shared.c"
SHORT = 2000  # rounds of a kernel that takes about a millisecond
LONG = 300_000  # and of one that takes about 200
DEEP = 64  # kernels in flight


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("program") / "shared"
    compile_c(SOURCE, built)
    return built


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(env=drivers.find("pocl").environment) as running:
        yield running


class Load:
    """A program with a share of the device."""

    def __init__(self, server: Server, program: Path, share: float, rounds: int, depth: int, seconds: float) -> None:
        words = [str(rounds), str(depth), str(seconds)]
        self.process = subprocess.Popen(
            [*CENOTE, "run", "--server", server.address, "-p", str(share), "--", program, *words],
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def seconds(self) -> list[tuple[int, float]]:
        """What it says of each second, having computed what it should."""
        output, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0
        *lines, last = output.splitlines()
        assert last == "right"
        return [(int(count), float(busy)) for count, busy in map(str.split, lines)]

    def counts(self) -> list[int]:
        """Kernels that ended in each second."""
        return [count for count, _ in self.seconds()]


def start(server: Server, program: Path, *loads: tuple[float, int, int, float]) -> list[Load]:
    running = [Load(server, program, *load) for load in loads]
    for load in running:
        load.go()
    return running


def together(server: Server, program: Path, *loads: tuple[float, int, int, float]) -> list[list[int]]:
    return [load.counts() for load in start(server, program, *loads)]


def test_three_to_one(server: Server, program: Path) -> None:
    """Of the device's time, by its own clock. Equal kernels take somewhat longer where others compute in between."""
    running = start(server, program, (0.6, SHORT, DEEP, 11), (0.2, SHORT, DEEP, 11))
    first, second = ([busy for _, busy in load.seconds()] for load in running)
    assert sum(first[:10]) / sum(second[:10]) == pytest.approx(3, rel=0.1), (first, second)


def test_what_one_does_not_use_is_the_others(server: Server, program: Path) -> None:
    """One that is there and idle, and one that is stopped amid its work, take nothing away."""
    ((alone,)) = together(server, program, (0.2, SHORT, DEEP, 2))
    idle = Load(server, program, 0.6, SHORT, DEEP, 1)
    ((beside,)) = together(server, program, (0.2, SHORT, DEEP, 2))
    idle.go()
    idle.counts()
    stopped = Load(server, program, 0.6, SHORT, DEEP, 30)
    stopped.go()
    time.sleep(1)
    os.killpg(stopped.process.pid, signal.SIGSTOP)
    ((next_to,)) = together(server, program, (0.2, SHORT, DEEP, 2))
    os.killpg(stopped.process.pid, signal.SIGKILL)
    stopped.process.communicate()
    assert median(beside) > 0.5 * median(alone)
    assert median(next_to) > 0.5 * median(alone)


def test_a_long_kernel_becomes_debt(server: Server, program: Path) -> None:
    running = start(server, program, (0.5, SHORT, DEEP, 8), (0.5, LONG, 2, 8))
    short, long = (sum(busy for _, busy in load.seconds()[1:]) for load in running)
    assert short == pytest.approx(long, rel=0.3)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_that_is_gone_or_hangs_holds_nobody_up(server: Server, program: Path, number: signal.Signals) -> None:
    wait_until(lambda: not serving_workers(server))
    bad = Load(server, program, 0.5, SHORT, DEEP, 60)
    (worker,) = serving_workers(server)
    good = Load(server, program, 0.5, SHORT, DEEP, 7)
    bad.go()
    good.go()
    time.sleep(2)
    os.kill(worker, number)
    counts = good.counts()
    assert min(counts[-2:]) > 0.2 * max(counts)
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)
    bad.process.communicate(timeout=60)


def serving_workers(server: Server) -> list[int]:
    """Those that have loaded the driver."""
    return [pid for pid in server.workers() if "libpocl" in Path(f"/proc/{pid}/maps").read_text()]


def test_turns_end_with_the_supervisor_and_begin_again(tmp_path: Path, program: Path) -> None:
    host = Host(tmp_path, "pocl")
    with host.serving() as server:
        first = Load(server, program, 0.6, SHORT, DEEP, 12)
        second = Load(server, program, 0.2, SHORT, DEEP, 12)
        first.go()
        second.go()
        time.sleep(2)
        server.stop(signal.SIGKILL)
        time.sleep(3)
        with host.serving():
            counts = [first.counts(), second.counts()]
    host.assert_clean()
    between = [sum(count[2:5]) for count in counts]
    assert all(between), "nobody waits for a turn that nobody gives"
    assert sum(counts[0][-4:]) > 2 * sum(counts[1][-4:]), counts
