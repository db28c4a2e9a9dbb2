"""Two hosts and the link between them: the delay is there, and nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import build, measure, namespaces
from benchmarks.sides import Ends, plain_tcp

pytestmark = pytest.mark.skipif(not namespaces.allowed(), reason="this user may not make network namespaces")


def left(pid: int) -> list[str]:
    return [path.name for path in namespaces.NAMED.glob(f"{namespaces.PREFIX}-{pid}-*")]


def test_the_round_trip_has_the_delay_twice() -> None:
    with namespaces.link(build.program("delaylink"), delay_us=5000) as link:
        ends = Ends(link.server.address, link.server.command, link.client.command)
        with plain_tcp(build.program("tcpbench"), ends) as tcp:
            figures = measure.medians(tcp, str(measure.BLOCK))
    assert figures["round_trip_64"] >= 0.010
    assert left(os.getpid()) == []


def test_the_rate_holds() -> None:
    with namespaces.link(build.program("delaylink"), delay_us=100, gbits=1) as link:
        ends = Ends(link.server.address, link.server.command, link.client.command)
        with plain_tcp(build.program("tcpbench"), ends) as tcp:
            figures = measure.medians(tcp, str(measure.BLOCK))
    ideal = 8 * 64 * 2**20 / 1e9
    assert ideal <= figures["write_64m"] < 2 * ideal


def test_the_hosts_see_each_other_and_nothing_else() -> None:
    with namespaces.link(build.program("delaylink"), delay_us=0) as link:
        routes = subprocess.run(link.client.command("ip", "route"), capture_output=True, text=True, check=True).stdout
    assert routes.splitlines() == ["10.203.0.0/24 dev eth0 proto kernel scope link src 10.203.0.1 "]


def test_an_exception_leaves_nothing_behind() -> None:
    with pytest.raises(ZeroDivisionError), namespaces.link(build.program("delaylink"), delay_us=0) as link:
        sleeper = subprocess.Popen(link.client.command("sleep", "60"))
        raise ZeroDivisionError
    assert sleeper.wait(2) == -signal.SIGKILL
    assert left(os.getpid()) == []


HOLDER = """
import sys, time
from pathlib import Path
from benchmarks import namespaces
with namespaces.link(Path(sys.argv[1]), 0):
    print("up", flush=True)
    time.sleep(60)
"""


def holder() -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDER, str(build.program("delaylink"))]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def test_a_signal_leaves_nothing_behind() -> None:
    with holder() as process:
        process.terminate()
        assert process.wait(5) == 128 + signal.SIGTERM
    assert left(process.pid) == []


def test_the_next_run_removes_what_a_killed_one_left() -> None:
    with holder() as process:
        process.kill()
    assert len(left(process.pid)) == 3
    with namespaces.link(build.program("delaylink"), delay_us=0):
        assert left(process.pid) == []


def test_the_forwarder_ends_at_once_under_load() -> None:
    with namespaces.link(build.program("delaylink"), delay_us=0) as link:
        ends = Ends(link.server.address, link.server.command, link.client.command)
        with plain_tcp(build.program("tcpbench"), ends) as tcp:
            busy = subprocess.Popen([*tcp.prefix, str(measure.BLOCK)], stdout=subprocess.DEVNULL)
            time.sleep(0.5)
            start = time.monotonic()
    busy.wait(2)
    assert time.monotonic() - start < 2
