"""A share of a device is a smaller device, whatever kind of memory fills it and however many processes do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks import drivers as benched
from cenote.pool.request import GRANT
from cenote.spec.opencl_constants import CONSTANTS
from tests.support.differential import Pair, compile_c, lending
from tests.support.differential import drivers as installed
from tests.support.pairs import chosen
from tests.support.servers import CENOTE, Server, serving, wait_until

SOURCE = Path(__file__).parent / "alone" / "share.c"
MIB = 1 << 20
FULL = {CONSTANTS["CL_MEM_OBJECT_ALLOCATION_FAILURE"], CONSTANTS["CL_OUT_OF_RESOURCES"]}
CONTEXT = 100 * MIB  # of the null driver
SHARE = 1024 * MIB


@dataclass(frozen=True)
class Seen:
    """What the program says."""

    memory: int
    largest: int
    filled: int
    status: int
    sub_buffer: int

    @classmethod
    def read(cls, line: str) -> Seen:
        return cls(*map(int, line.split()))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("program") / "share"
    compile_c(SOURCE, built)
    return built


@pytest.fixture(scope="module", params=chosen())
def lent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A server of this module's own: others would use its memory, too."""
    with lending(installed()[request.param], tmp_path_factory.mktemp(request.param)) as both:
        yield both


@pytest.fixture(scope="module")
def null() -> Iterator[Server]:
    """The null driver, whose contexts take memory of the device."""
    environment = benched.find("null").environment | {"CENOTE_NULL_CONTEXT": str(CONTEXT)}
    with serving(env=environment) as running:
        yield running


def start(server: Server, environment: dict[str, str], *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CENOTE, "run", "--server", server.address, *map(str, words)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def through(pair: Pair, *words: object) -> subprocess.Popen[str]:
    return start(pair.server, dict(pair.remote_environment), *words)


def said(process: subprocess.Popen[str]) -> Seen:
    assert process.stdout is not None
    return Seen.read(process.stdout.readline())


def end(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate("\n" * 4, timeout=60)
    assert process.returncode == 0
    return output


def all_free(server: Server) -> list[int]:
    """What is free when what ran before has ended."""
    whole = [device["memory"] for device in server.devices()]
    wait_until(lambda: server.free() == whole, timeout=2)
    return whole


def overhead(server: Server) -> int:
    """What a context of the driver takes of the first device."""
    return int(server.devices()[0]["smallest"]) - GRANT


def test_the_drivers_own_memory_is_measured(null: Server) -> None:
    assert overhead(null) == CONTEXT


def check_full(seen: Seen, share: int, own: int, *, exact: bool) -> None:
    """All of the share but what the driver takes; what is set aside for small objects is a sixteenth."""
    assert seen.memory == share
    assert seen.largest <= share
    least = share - own if exact else share - own - share // 16 - 80 * MIB
    assert least <= seen.filled <= share - own
    assert seen.status in FULL


@pytest.mark.parametrize("kind", ["buffer", "image", "svm", "usm-host", "usm-device", "usm-shared"])
def test_every_kind_of_memory_counts(lent: Pair, program: Path, kind: str) -> None:
    if kind.startswith("usm") and lent.driver.name != "intel":
        assert lent.remote([program, kind]).stdout == "no unified shared memory\n"
        return
    process = through(lent, "-m", SHARE, "--", program, kind, "twice")
    seen = said(process)
    check_full(seen, SHARE, overhead(lent.server), exact=kind == "buffer")
    assert seen.sub_buffer == 0, "a part of a buffer takes no memory"
    assert int(end(process)) == seen.filled, "as much the second time"


def test_two_halves_at_once(lent: Pair, program: Path) -> None:
    before = all_free(lent.server)
    first = through(lent, "-p", "0.5", "--", program, "buffer", "hold")
    seen = said(first)
    with pytest.raises(AssertionError):
        end(through(lent, "-p", "0.6", "--wait", "0", "--", program, "buffer"))
    second = through(lent, "-p", "50%", "--", program, "buffer", "hold")
    other = said(second)
    assert seen == other
    check_full(seen, before[0] // 2, overhead(lent.server), exact=True)
    assert lent.server.free()[0] <= 1
    end(first)
    end(second)
    wait_until(lambda: lent.server.free() == before, timeout=2)


def test_two_halves_with_contexts_that_take_memory(null: Server, program: Path) -> None:
    before = all_free(null)
    both = [start(null, null.environment, "-p", "0.5", "--", program, "buffer", "hold") for _ in range(2)]
    for process in both:
        check_full(said(process), before[0] // 2, CONTEXT, exact=True)
    assert null.free() == [0]
    for process in both:
        end(process)
    wait_until(lambda: null.free() == before, timeout=2)


def test_processes_of_an_allocation_share_its_limit(null: Server, program: Path) -> None:
    script = f"exec 3<&0; {program} buffer meet <&3 & {program} buffer meet <&3 & wait"
    process = start(null, null.environment, "-m", SHARE, "--", "sh", "-c", script)
    assert process.stdin is not None and process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["open\n"] * 2
    process.stdin.write("\n\n")
    process.stdin.flush()
    both = [said(process) for _ in range(2)]
    assert [seen.memory for seen in both] == [SHARE] * 2
    assert sum(seen.filled for seen in both) == SHARE - 2 * CONTEXT
    assert {seen.status for seen in both} <= FULL
    end(process)


def test_a_context_that_does_not_fit(null: Server, program: Path) -> None:
    """Two processes: the first leaves no room for what the driver takes for the second."""
    script = f"exec 3<&0; {program} buffer hold <&3 & sleep 2; {program} buffer; echo $?; wait"
    process = start(null, null.environment, "-m", SHARE, "--", "sh", "-c", script)
    assert said(process).filled == SHARE - CONTEXT
    assert process.stdout is not None
    assert f"gave {CONSTANTS['CL_OUT_OF_RESOURCES']}" in process.stdout.readline()
    assert process.stdout.readline() == "1\n"
    end(process)


def test_a_killed_worker_returns_what_it_had(null: Server, program: Path) -> None:
    """To the others of its allocation."""
    before = all_free(null)
    script = f"exec 3<&0; {program} buffer hold <&3 & read line; {program} buffer hold; wait"
    process = start(null, null.environment, "-m", SHARE, "--", "sh", "-c", script)
    spares = set(null.workers())
    first = said(process)
    for worker in spares & set(null.workers()):
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: spares.isdisjoint(null.workers()), timeout=2)
    assert process.stdin is not None
    process.stdin.write("\n\n")  # one for the first program, one for the shell
    process.stdin.flush()
    assert said(process).filled == first.filled == SHARE - CONTEXT
    process.kill()
    process.communicate()
    wait_until(lambda: null.free() == before, timeout=2)


def test_the_list_shows_what_is_lent(null: Server, program: Path) -> None:
    process = start(null, null.environment, "-m", "4GiB", "-p", "12.5%", "--", program, "buffer", "hold")
    said(process)
    (one,) = json.loads(null.cenote("list", "allocations", "--json").stdout)
    assert [(part["memory"], part["weight"]) for part in one["parts"]] == [(4 << 30, 125_000)]
    end(process)


def test_a_whole_device_is_not_changed(lent: Pair, program: Path) -> None:
    """Its memory and its largest allocation, which a share changes, are the driver's own."""
    share = lent.remote([program, "nothing"])
    assert replace(Seen.read(share.stdout), status=0) == replace(
        Seen.read(lent.native([program, "nothing"]).stdout), status=0
    )
