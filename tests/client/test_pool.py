"""``cenote run`` and its companions through a pool: real processes, a real manager and a real server on loopback."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import drivers
from cenote.client import pool as client
from cenote.pool.api import presence
from cenote.pool.api.errors import TABLE
from cenote.pool.queue import Rules
from tests.pool.conftest import sqlite_template  # noqa: F401 - a fixture
from tests.server.test_adoption import program  # noqa: F401 - a fixture
from tests.support import lending
from tests.support.lending import Borrower, Lending
from tests.support.servers import CENOTE, wait_until

ONE = ["sh", "-c", "echo up; read line; exit 3"]
PLAIN = {"CENOTE_LINK_TIMEOUT": "5"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, stub_native: Path) -> Iterator[Lending]:  # noqa: F811
    """Two servers with two devices each, for tests that leave them as they were."""
    environment = {"CENOTE_NATIVE": str(stub_native)}
    with lending.pool(sqlite_template, tmp_path_factory.mktemp("shared")) as made, ExitStack() as stack:
        for name in ("gpu1", "gpu2"):
            stack.enter_context(made.server(name, environment))
        yield made


@pytest.fixture
def ann(shared: Lending, stub_native: Path, request: pytest.FixtureRequest) -> Iterator[Borrower]:
    name = re.sub(r"\W", "-", request.node.name)[:40]
    yield shared.borrower(name, os.environ | {"CENOTE_NATIVE": str(stub_native)})
    wait_until(lambda: shared.lent() == 0, 10)


@pytest.fixture
def own(tmp_path: Path, sqlite_template: Path) -> Iterator[Lending]:  # noqa: F811
    with lending.pool(sqlite_template, tmp_path) as made:
        yield made


def up(running: subprocess.Popen[str]) -> None:
    assert running.stdout
    line = running.stdout.readline()
    assert line == "up\n", running.communicate(timeout=20)


def end(running: subprocess.Popen[str]) -> str:
    _, errors = running.communicate("\n", timeout=20)
    assert running.returncode == 3, errors
    return errors


def test_a_program_runs_as_if_started_directly(ann: Borrower) -> None:
    done = ann.run([], ["sh", "-c", "cat; exit 5"], input="through\n")
    assert (done.returncode, done.stdout, done.stderr) == (5, "through\n", "")
    assert ann.run([], ["sh", "-c", "kill -TERM $$"]).returncode == -signal.SIGTERM


def test_the_login_is_private(ann: Borrower, shared: Lending) -> None:
    folder = Path(ann.environment["XDG_CONFIG_HOME"]) / "cenote"
    assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {"token": 0o600, "ca.pem": 0o600}
    (folder / "ca.pem").unlink()  # a manager shows it again
    assert ann.cenote("list").returncode == 0
    (folder / "token").chmod(0o644)
    refused = ann.cenote("list")
    assert refused.returncode == 77 and "chmod 600" in refused.stderr
    (folder / "token").write_text("cenote-token-1.e30\n")
    (folder / "token").chmod(0o600)
    assert "damaged" in ann.cenote("list").stderr


def test_login_takes_a_token_from_everywhere_and_tries_it(ann: Borrower, shared: Lending, tmp_path: Path) -> None:
    text = shared.token("somebody-else")
    (tmp_path / "token").write_text(text)
    for arguments, given in ((["login", str(tmp_path / "token")], ""), (["login", "-"], text), (["login"], text)):
        done = ann.cenote(*arguments, input=given)
        assert done.stdout.startswith("Logged in as somebody-else (user) at 127.0.0.1:"), done.stderr
        assert text not in done.stdout
    wrong = ann.cenote("login", "-", input=text[:40])
    assert wrong.returncode == 77 and wrong.stderr.count("\n") == 1
    assert ann.cenote("login", str(tmp_path / "none")).returncode == 77


def test_devices_of_several_servers(ann: Borrower) -> None:
    script = "grep -c ^server $CENOTE_ALLOCATION_FILE; stat -c %a $CENOTE_ALLOCATION_FILE"
    assert ann.run(["-n", "3"], ["sh", "-c", script]).stdout == "2\n600\n"


def test_two_shares_at_once_on_one_device(ann: Borrower, shared: Lending) -> None:
    here = ["-p", "0.5", "--filter", "server=gpu2 and index=1"]
    first, second = ann.start(here, ONE), ann.start(here, ONE)
    up(first)
    up(second)
    assert shared.lent() == 1
    full = ann.run([*here, "--wait", "0"], ["true"])
    assert full.returncode == 75 and full.stderr.count("\n") == 1
    end(first)
    end(second)


def test_waiting_says_where_one_stands(ann: Borrower) -> None:
    holder = ann.start(["-n", "4"], ONE)
    up(holder)
    late = ann.run(["--wait", "1s"], ["true"])
    assert late.returncode == 75 and "no device that fits became free within 1s" in late.stderr
    next_one = ann.start([], ONE)
    assert next_one.stderr
    assert re.match(
        r"cenote: waiting for a device, place 1 in the queue, in about .*; Ctrl-C", next_one.stderr.readline()
    )
    queue = json.loads(ann.cenote("list", "queue", "--json").stdout)
    assert [one["position"] for one in queue] == [1]
    end(holder)
    up(next_one)
    end(next_one)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_the_queue(ann: Borrower, number: signal.Signals) -> None:
    holder = ann.start(["-n", "4"], ONE)
    up(holder)
    waiting = ann.start([], ["true"])
    assert waiting.stderr and waiting.stderr.readline()
    waiting.send_signal(number)
    assert waiting.wait(10) == 128 + number
    assert json.loads(ann.cenote("list", "queue", "--json").stdout) == []
    end(holder)


def test_the_killed_ones_share_is_free_within_two_seconds(ann: Borrower, shared: Lending) -> None:
    running = ann.start([], ONE)
    up(running)
    assert shared.lent() == 1
    running.kill()
    running.communicate()
    wait_until(lambda: shared.lent() == 0, 2)


def test_requested_devices_stay_for_a_while(ann: Borrower, shared: Lending) -> None:
    """request, run, run, extend, release: on a terminal without a name, elsewhere by $CENOTE_ALLOCATION."""
    name = ann.cenote("request", "-n", "2", "--for", "1h").stdout.strip()
    here = ann.environment | {"CENOTE_ALLOCATION": name}
    for _ in range(2):
        assert ann.run([], ["true"], env=here).returncode == 0
        assert shared.lent() == 2
    again = ann.run(["-n", "1"], ["true"], env=here)
    assert again.returncode == 64 and "--allocation" in again.stderr
    assert re.search("for another (2h|1h59m)", ann.cenote("extend", "1h", "--allocation", name).stderr)
    other = ann.cenote("request").stdout.strip()
    several = ann.cenote("release")
    assert several.returncode == 64 and name in several.stderr and other in several.stderr
    assert ann.cenote("release", other).returncode == 0
    wait_until(lambda: shared.lent() == 2)
    assert ann.cenote("release").returncode == 0
    over = ann.run(["--allocation", name], ["true"])
    assert over.returncode == 75 and "is not active" in over.stderr
    wait_until(lambda: shared.lent() == 0)
    assert ann.cenote("release").returncode == 77


def test_a_killed_request_leaves_the_queue(
    own: Lending, stub_native: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not what it has got, nor while it asks."""
    monkeypatch.setattr(presence, "PATIENCE", 2.0)
    monkeypatch.setattr(presence, "BEAT", 0.5)
    native = {"CENOTE_NATIVE": str(stub_native)}
    with own.server("gpu1", native):
        ann = own.borrower("ann", os.environ | native)
        name = ann.cenote("request", "-n", "2", "--for", "1h").stdout.strip()
        waiting = subprocess.Popen([*CENOTE, "request"], env=ann.environment, stderr=subprocess.PIPE, text=True)
        assert waiting.stderr and "waiting for a device" in waiting.stderr.readline()
        time.sleep(5)
        assert len(json.loads(ann.cenote("list", "queue", "--json").stdout)) == 1
        waiting.kill()
        waiting.communicate()
        wait_until(lambda: json.loads(ann.cenote("list", "queue", "--json").stdout) == [], 20)
        assert own.lent() == 2
        assert ann.cenote("release", name).returncode == 0


def test_without_a_time_it_is_as_long_as_the_pool_allows(own: Lending, stub_native: Path) -> None:
    native = {"CENOTE_NATIVE": str(stub_native)}
    own.manager.core.core.rules = Rules(max_time=1800)
    with own.server("gpu1", native):
        ann = own.borrower("ann", os.environ | native)
        assert ann.run([], ["true"]).returncode == 0
        assert " for 30m;" in ann.cenote("request").stderr
        too_long = ann.cenote("request", "--for", "1h")
        assert too_long.returncode == 64 and "at most 30m here" in too_long.stderr
        assert ann.cenote("release").returncode == 0


def test_what_nothing_uses_goes_back(own: Lending, stub_native: Path) -> None:
    """When its user wants that or when the pool does, whichever is sooner; who runs a program is told."""
    native = {"CENOTE_NATIVE": str(stub_native)}
    own.manager.core.core.rules = Rules(max_idle=2)
    with own.server("gpu1", native):
        ann, ben = own.borrower("ann", os.environ | native), own.borrower("ben", os.environ | native)
        assert ann.cenote("request", "--idle", "1h").returncode == 0
        idle = ben.run([], ["sleep", "6"])
        assert idle.returncode == 0
        assert idle.stderr == "cenote: gpu1 has taken back what it had lent: nothing has used it for 2s\n"
        wait_until(lambda: own.lent() == 0)
        assert ann.cenote("request", "--idle", "1s").returncode == 0
        wait_until(lambda: own.lent() == 0, 10)
        assert ann.cenote("request", "--idle", "0").returncode == 64


def test_a_terminal_remembers_what_was_requested_there(ann: Borrower, shared: Lending) -> None:
    cenote = " ".join(f"'{part}'" for part in CENOTE)
    script = f"""{cenote} request --for 1h; {cenote} run -- echo one; {cenote} extend 1h; {cenote} release
    {cenote} run -- echo two; echo END"""
    ours, theirs = pty.openpty()
    foreground = "import os, sys; os.setsid(); import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
    shell = subprocess.Popen(
        [sys.executable, "-c", f"{foreground}; os.execv('/bin/sh', ['sh', '-c', sys.argv[1]])", script],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=ann.environment,
    )
    said = ""
    while "END" not in said:
        said += os.read(ours, 4096).decode()
    shell.wait(10)
    os.close(ours)
    os.close(theirs)
    assert re.search(r"on allocation \w{32} of this terminal, for another (1h|59m\d+s)\r\none\r\n", said), said
    assert re.search("for another (2h|1h59m)", said)
    assert re.search(r"is given back\r\ntwo", said), said


def test_list_and_smi_show_what_is_lent(ann: Borrower) -> None:
    running = ann.start(["-p", "0.25"], ONE)
    up(running)
    devices = json.loads(ann.cenote("list", "--json").stdout)
    assert sorted(one["free_weight"] for one in devices) == [750_000] + [1_000_000] * 3
    assert re.search(r"gpu2 +127.0.0.1:\d+ +ready +2 +[12] *\n", ann.cenote("list", "servers").stdout)
    assert re.search(rf"{ann.name} +active +gpu\d:\d Stub device", ann.cenote("list", "allocations").stdout)
    shown = ann.cenote("smi").stdout
    assert "2 server(s), 4 device(s), 3 free, 0 request(s) waiting" in shown
    assert re.search(rf"gpu\d +\d +\w{{8}} +{ann.name} +256.0 MiB +25 % +", shown), shown
    end(running)


def test_python(ann: Borrower, shared: Lending) -> None:
    script = """
import cenote, sys
with cenote.allocate(devices=2, share=0.5) as a:
    assert a.run(["sh", "-c", "test -s $CENOTE_ALLOCATION_FILE && exit 4"]).returncode == 4
    print(len(a.id), flush=True)
    sys.stdin.readline()
    assert a.run(["sh", "-c", "test -s $CENOTE_ALLOCATION_FILE && exit 4"]).returncode == 4
"""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, env=ann.environment, stdin=pipe, stdout=pipe, text=True) as running:
        assert running.stdout and running.stdout.readline() == "32\n"
        assert shared.lent() >= 1
        assert ann.run([], ["true"]).returncode == 0, "which removes what killed ones have left, and nothing else"
        running.communicate("\n", timeout=20)
    assert running.returncode == 0


def test_servers_may_be_named(ann: Borrower, shared: Lending) -> None:
    """By their names or their addresses; others of the pool do not count then."""
    address = shared.manager.services.inventory.server("gpu2").address
    script = "grep ^server $CENOTE_ALLOCATION_FILE | cut -d' ' -f3"
    for name in ("gpu2", address, address.replace("127.0.0.1", "localhost")):
        done = ann.run(["--server", name, "-n", "2"], ["sh", "-c", script])
        assert done.stdout == address.partition(":")[2] + "\n", done.stderr
        assert {row["server"] for row in json.loads(ann.cenote("list", "--server", name, "--json").stdout)} == {"gpu2"}
    assert ann.run(["--server", "gpu1", "--server", "gpu2", "-n", "3"], ["true"]).returncode == 0
    unknown = ann.run(["--server", "gpu7", "--wait", "0"], ["true"])
    assert (unknown.returncode, unknown.stderr) == (75, "cenote: the pool has no server gpu7; it has: gpu1, gpu2\n")


def test_errors_of_the_api_are_ours_again() -> None:
    codes = {code: kind for kind, (_, code, _) in TABLE.items()}
    assert {code: kind for code, kind in codes.items() if code != "throttled"} == client.ERRORS


def test_a_manager_that_is_down(own: Lending, stub_native: Path) -> None:
    """What runs goes on, and its share is free when it ends; what is new fails with one sentence."""
    native = {"CENOTE_NATIVE": str(stub_native)}
    with own.server("gpu1", native):
        ann = own.borrower("ann", os.environ | native)
        running = ann.start([], ONE)
        up(running)
        own.manager.stop()
        failed = ann.run([], ["true"])
        assert failed.returncode == 69
        assert re.fullmatch(r"cenote: no manager of the pool answers at 127.0.0.1:\d+ \(.*refused\)\n", failed.stderr)
        assert end(running) == ""


def test_a_supervisor_that_is_killed_under_a_program(
    own: Lending,
    program: Path,  # noqa: F811
) -> None:
    """The program goes on, on the worker that the next supervisor adopts, and its share stays its own."""
    environment = drivers.find("pocl").environment
    with ExitStack() as stack:
        first = stack.enter_context(own.server("gpu1", environment))
        ann = own.borrower("ann", dict(os.environ) | PLAIN)
        running = ann.start(["-p", "0.5"], [program, "wait"])
        assert running.stdout and running.stdout.readline() == "began\n"
        first.stop(signal.SIGKILL)
        second = stack.enter_context(own.server("gpu1", environment))
        second.wait_for_log("goes on")
        output, errors = running.communicate(timeout=60)
        assert (output, running.returncode) == ("5\n", 0), errors
        wait_until(lambda: own.lent() == 0, 5)
