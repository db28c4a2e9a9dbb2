"""Shares of a device's time, between real programs on PoCL."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

from benchmarks import drivers
from tests.server.test_adoption import Host
from tests.support.differential import Pair, compile_c, lending, run
from tests.support.differential import drivers as installed
from tests.support.servers import CENOTE, Server, serving, wait_until

SOURCE = Path(__file__).parent / "alone" / "shared.c"
SHORT = 2000  # rounds of a kernel that takes about a millisecond
LONG = 300_000  # and of one that takes about 200
DEEP = 64  # kernels in flight
PROGRAMS = [
    "command_buffers",
    "context_end",
    "crossed_queues",
    "deferred_failure",
    "event_callbacks",
    "failed_user_event",
    "image_maps",
    "markers_and_barriers",
    "markers_of_1_1",
    "out_of_order",
    "reads_across_queues",
    "svm_fine_grain",
    "threads",
    "use_host_ptr",
    "work_behind_flush",
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("program") / "shared"
    compile_c(SOURCE, built)
    return built


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(env=drivers.find("pocl").environment) as running:
        yield running


@pytest.fixture(scope="module")
def beside(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A server whose device another program computes on all the time."""
    with lending(installed()["pocl"], tmp_path_factory.mktemp("beside")) as pair:
        server = replace(pair.server, environment=dict(pair.remote_environment))
        load = Load(server, program, 0.6, SHORT, DEEP, 600)
        load.go()
        yield pair
        assert load.process.poll() is None
        os.killpg(load.process.pid, signal.SIGKILL)
        load.process.communicate()


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


def comes(right: Callable[[float], bool], ratio: Callable[[], float]) -> None:
    """The device is a processor that has more to do than this, so it may be tried three times."""
    ratios: list[float] = []
    while not any(map(right, ratios)):
        assert len(ratios) < 3, ratios
        ratios.append(ratio())


def test_three_to_one(server: Server, program: Path) -> None:
    """Of the device's time, by its own clock. Equal kernels take somewhat longer where others compute in between."""

    def ratio() -> float:
        running = start(server, program, (0.6, SHORT, DEEP, 11), (0.2, SHORT, DEEP, 11))
        first, second = ([busy for _, busy in load.seconds()] for load in running)
        return sum(first[:10]) / sum(second[:10])

    comes(lambda found: 2.7 <= found <= 3.3, ratio)


def test_programs_that_wait_for_each_result(server: Server, program: Path) -> None:
    """They get their part, too, if not as exactly: their turn is kept for them while they look at a result."""

    def ratio() -> float:
        running = start(server, program, (0.75, SHORT, 1, 5), (0.25, SHORT, 1, 5))
        first, second = (sum(busy for _, busy in load.seconds()) for load in running)
        return first / second

    comes(lambda found: found > 1.5, ratio)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_program_sees_is_the_same(beside: Pair, name: str, tmp_path: Path) -> None:
    """However its commands depend on each other, and whatever it waits for, while others take turns with it."""
    built = tmp_path / name
    compile_c(SOURCE.parents[1] / "programs" / f"{name}.c", built)
    told = SOURCE.parents[1] / "programs" / f"{name}.expected"
    expected = told.read_text() if told.exists() else beside.native([built], timeout=60).stdout
    through: list[str | Path] = [*CENOTE, "run", "--server", beside.server.address, "-p", "0.4", "--", built]
    outcome = run(through, beside.remote_environment, timeout=60)
    assert outcome.status == 0, outcome.shown()
    assert outcome.stdout.splitlines() == expected.splitlines()


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
    def ratio() -> float:
        running = start(server, program, (0.5, SHORT, DEEP, 8), (0.5, LONG, 2, 8))
        short, long = (sum(busy for _, busy in load.seconds()[1:]) for load in running)
        return short / long

    comes(lambda found: 0.7 <= found <= 1.3, ratio)


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
