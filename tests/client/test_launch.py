"""``cenote run`` is the program that it runs: status, signals, environment. Workers are stand-ins."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.servers import CENOTE, Server, gone, wait_until


@pytest.mark.parametrize("status", [0, 1, 69, 127, 255])
def test_exit_status_is_the_programs(stub_server: Server, status: int) -> None:
    assert stub_server.run(["sh", "-c", f"exit {status}"], check=False).returncode == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGINT])
def test_dies_by_the_signal_that_killed_the_program(stub_server: Server, number: signal.Signals) -> None:
    assert stub_server.run(["sh", "-c", f"kill -{int(number)} $$"], check=False).returncode == -number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGQUIT])
def test_signals_go_to_the_program(stub_server: Server, number: signal.Signals, tmp_path: Path) -> None:
    script = f"""
import signal, sys
signal.signal({int(number)}, lambda *_: sys.exit(42))
open({str(tmp_path / "ready")!r}, "w").close()
signal.pause()
"""
    program = stub_server.start([sys.executable, "-c", script])
    wait_until((tmp_path / "ready").exists)
    time.sleep(0.05)
    program.send_signal(number)
    assert program.wait(10) == 42


def test_killing_it_kills_the_program(stub_server: Server, tmp_path: Path) -> None:
    program = stub_server.start(["sh", "-c", f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; sleep 100"])
    wait_until((tmp_path / "pid").exists)
    pid = int((tmp_path / "pid").read_text())
    program.kill()
    program.wait(5)
    wait_until(lambda: gone(pid))


def test_terminals_ctrl_c_arrives_once(stub_server: Server, tmp_path: Path) -> None:
    script = f"""
import signal, time
count = 0
def note(*_):
    global count
    count += 1
    open({str(tmp_path / "count")!r}, "w").write(str(count))
signal.signal(signal.SIGINT, note)
open({str(tmp_path / "ready")!r}, "w").close()
while True:
    time.sleep(0.05)
"""
    ours, theirs = pty.openpty()
    command = [*CENOTE, "run", "--server", stub_server.address, "--", sys.executable, "-c", script]
    foreground = "import os, sys; os.setsid(); import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
    program = subprocess.Popen(
        [sys.executable, "-c", f"{foreground}; os.execv(sys.argv[1], sys.argv[1:])", *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=stub_server.environment,
    )
    wait_until((tmp_path / "ready").exists, timeout=10)
    os.write(ours, b"\x03")
    wait_until((tmp_path / "count").exists)
    time.sleep(0.3)
    assert (tmp_path / "count").read_text() == "1"
    program.terminate()
    assert program.wait(10) == -signal.SIGTERM
    os.close(ours)
    os.close(theirs)


def test_stopping_the_program_stops_the_job_and_continuing_continues_it(stub_server: Server, tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; read line; exit 3"
    program = stub_server.start(["bash", "-c", script], stdin=subprocess.PIPE)
    wait_until((tmp_path / "pid").exists)
    pid = int((tmp_path / "pid").read_text())
    os.kill(pid, signal.SIGTSTP)
    wait_until(lambda: state(program.pid) == "T" and state(pid) == "T")
    program.send_signal(signal.SIGCONT)
    wait_until(lambda: state(pid) == "S")
    program.communicate("\n", timeout=10)
    assert program.returncode == 3


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_program_sees_the_shims_first_and_its_own_environment(stub_server: Server, stub_native: Path) -> None:
    shown = stub_server.run(["env"], env={"LD_LIBRARY_PATH": "/opt/mine", "PRECIOUS": "1"}).stdout
    variables = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    assert variables["LD_LIBRARY_PATH"] == f"{stub_native / 'lib'}:/opt/mine"
    assert variables["OCL_ICD_VENDORS"].endswith("/")
    assert variables["OCL_ICD_FILENAMES"] == str(stub_native / "lib" / "libcenote-opencl-icd.so")
    assert variables["PRECIOUS"] == "1"


def test_allocation_file_is_private_and_removed(stub_server: Server) -> None:
    script = 'stat -c "%a %n" $CENOTE_ALLOCATION_FILE $(dirname $CENOTE_ALLOCATION_FILE); cat $OCL_ICD_VENDORS/*.icd'
    file, folder, icd = stub_server.run(["sh", "-c", script]).stdout.splitlines()
    assert file.startswith("600 ") and folder.startswith("700 ")
    assert icd.endswith("/libcenote-opencl-icd.so")
    assert not Path(folder.split()[1]).exists()


def test_ctrl_c_leaves_nothing_behind(stub_server: Server, tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/pid; sleep 100"
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    environment = stub_server.environment | {"XDG_RUNTIME_DIR": str(runtime)}
    program = stub_server.start(["sh", "-c", script], env=environment, start_new_session=True)
    wait_until((tmp_path / "pid").exists)
    assert len(list(runtime.iterdir())) == 1
    os.killpg(program.pid, signal.SIGINT)
    assert program.wait(10) == -signal.SIGINT
    assert list(runtime.iterdir()) == []
    assert gone(int((tmp_path / "pid").read_text()))
    wait_until(lambda: "(sh)" not in stub_server.cenote("list").stdout)


def test_what_a_killed_one_left_behind_the_next_one_removes(stub_server: Server, tmp_path: Path) -> None:
    environment = stub_server.environment | {"XDG_RUNTIME_DIR": str(tmp_path)}
    program = stub_server.start(["sleep", "100"], env=environment)
    wait_until(lambda: any(tmp_path.glob("cenote-run-*/vendors")))
    program.kill()
    program.wait(5)
    assert list(tmp_path.iterdir())
    stub_server.run(["true"], env=environment)
    assert list(tmp_path.iterdir()) == []


def test_devices_are_held_as_long_as_the_program_runs(stub_server: Server) -> None:
    whole = stub_server.free()
    program = stub_server.start(["sh", "-c", "echo up; read wait"], stdin=subprocess.PIPE)
    assert program.stdout is not None
    program.stdout.readline()
    assert stub_server.free() == [0, whole[1]]
    program.communicate("\n", timeout=10)
    wait_until(lambda: stub_server.free() == whole, timeout=2)


def test_standard_streams_are_the_programs(stub_server: Server) -> None:
    done = stub_server.cenote("run", "--", "cat", input="through\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "through\n", "")
