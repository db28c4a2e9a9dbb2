"""Workers outlive their supervisor, however it ends, and the next one goes on with them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import drivers
from cenote.server.lender import RETURN_MARGIN
from cenote.server.records import FOLDER, start_of
from cenote.spec.opencl_constants import CONSTANTS
from tests.support.differential import compile_c
from tests.support.servers import Server, gone, serving, wait_until

SOURCE = Path(__file__).parents[1] / "opencl" / "alone" / "adopted.c"
PART = ["-p", "0.4"]  # so that two find room
SILENCE = 5  # seconds: the least link time-out


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("program") / "adopted"
    compile_c(SOURCE, built)
    return built


class Host:
    """A machine whose server may be started again and again, on the same port and with the same state."""

    def __init__(self, folder: Path, driver: str, **variables: str) -> None:
        self.state, self.runtime = folder / "state", folder / "runtime"
        self.runtime.mkdir()
        self._environment = drivers.find(driver).environment | {"XDG_RUNTIME_DIR": str(self.runtime)} | variables
        self._port = 0

    @contextmanager
    def serving(self) -> Iterator[Server]:
        with serving(env=self._environment, state=self.state, port=self._port) as server:
            self._port = server.port
            yield server

    @property
    def records(self) -> list[Path]:
        return sorted((self.state / "cenote" / FOLDER).glob("*/*"))

    def assert_clean(self) -> None:
        assert not (self.state / "cenote" / FOLDER).exists(), self.records
        assert list(self.runtime.iterdir()) == []


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path, "pocl")
    yield made
    made.assert_clean()


@pytest.fixture
def null_host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path, "null", CENOTE_LINK_TIMEOUT=str(SILENCE))
    yield made
    made.assert_clean()


def begun(server: Server, program: Path, what: str) -> subprocess.Popen[str]:
    process = server.start([program, what], options=PART, stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "began\n"
    return process


def tell(process: subprocess.Popen[str], text: str = "\n") -> None:
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def ended(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output


def free(server: Server) -> int:
    return int(server.free()[0])


def serving_workers(server: Server) -> set[int]:
    return {int(json.loads(file.read_bytes())["pid"]) for file in records_of(server, "session")}


def records_of(server: Server, suffix: str) -> list[Path]:
    return list((server.state / FOLDER).glob(f"*/*.{suffix}"))


@pytest.mark.parametrize("what", ["transfer", "compute", "wait"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_programs_run_on(host: Host, program: Path, what: str, end: signal.Signals) -> None:
    with host.serving() as first:
        whole = free(first)
        expected = ended(first.start([program, what], options=PART))
        wait_until(lambda: free(first) == whole)
        process = begun(first, program, what)
        assert free(first) < whole
        (worker,) = serving_workers(first)
        first.stop(end)
        with host.serving() as second:
            second.wait_for_log("goes on")
            another = ended(second.start([program, "wait"], options=PART))
            assert another == "began\n5\n", "a second program starts"
            assert "began\n" + ended(process) == expected
            wait_until(lambda: free(second) == whole, timeout=2)
            assert gone(worker)


def test_spare_workers_end_with_their_supervisor(null_host: Host) -> None:
    with null_host.serving() as server:
        wait_until(lambda: len(server.workers()) == 2)
        spares = server.workers()
        server.stop(signal.SIGKILL)
        wait_until(lambda: all(map(gone, spares)), timeout=2)
    with null_host.serving():
        pass


def test_more_memory_waits_for_the_next_supervisor(null_host: Host, program: Path) -> None:
    with null_host.serving() as first:
        whole = free(first)
        process = begun(first, program, "grow")
        first.stop(signal.SIGKILL)
        tell(process)
        assert line(process) == "asks\n"
        with null_host.serving() as second:
            assert line(process) == "0\n"
            assert free(second) <= whole - (512 << 20)
            tell(process)
            ended(process)
            wait_until(lambda: free(second) == whole, timeout=2)


def test_more_memory_does_not_wait_for_ever(null_host: Host, program: Path) -> None:
    with null_host.serving() as first:
        process = begun(first, program, "grow")
        first.stop(signal.SIGKILL)
        tell(process)
        assert line(process) == "asks\n"
        assert line(process) == f"{CONSTANTS['CL_MEM_OBJECT_ALLOCATION_FAILURE']}\n"
        ended(process)
    with null_host.serving():
        pass


def test_a_new_program_waits_for_the_next_supervisor(null_host: Host, program: Path) -> None:
    """Another process of an allocation that is there already."""
    with null_host.serving() as first:
        process = first.start(
            ["sh", "-c", f"echo ready; read line; echo {'x' * 8} | {program} grow"], stdin=subprocess.PIPE
        )
        assert line(process) == "ready\n"
        first.stop(signal.SIGKILL)
        tell(process)
        with null_host.serving():
            assert ended(process) == "began\nasks\n0\n"


def test_killed_after_adoption(null_host: Host, program: Path) -> None:
    with null_host.serving() as first:
        whole = free(first)
        process = begun(first, program, "grow")
        tell(process)
        assert (line(process), line(process)) == ("asks\n", "0\n")
        before = free(first)
        first.stop(signal.SIGKILL)
        with null_host.serving() as second:
            wait_until(lambda: free(second) == before)
            (worker,) = serving_workers(second)
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda: not serving_workers(second), timeout=2)
            assert free(second) == before, "its program still holds it"
            process.terminate()
            process.communicate()
            wait_until(lambda: free(second) == whole, timeout=2)


def test_ctrl_c_ends_adopted_workers(null_host: Host, program: Path) -> None:
    with null_host.serving() as first:
        process = begun(first, program, "grow")
        first.stop(signal.SIGKILL)
        with null_host.serving() as second:
            (worker,) = serving_workers(second)
            second.stop(signal.SIGINT)
            assert gone(worker)
            process.terminate()
            process.communicate()


def test_what_nobody_claims_ends(null_host: Host, program: Path) -> None:
    with null_host.serving() as first:
        whole = free(first)
        process = begun(first, program, "grow")
        process.send_signal(signal.SIGSTOP)  # `cenote run`, not the program
        first.stop(signal.SIGKILL)
        with null_host.serving() as second:
            (worker,) = serving_workers(second)
            assert free(second) < whole
            wait_until(lambda: gone(worker), timeout=SILENCE + RETURN_MARGIN + 3)
            wait_until(lambda: free(second) == whole, timeout=2)
            assert records_of(second, "*") == []
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.communicate()


def test_what_is_claimed_goes_on(null_host: Host, program: Path) -> None:
    with null_host.serving() as first:
        process = begun(first, program, "grow")
        first.stop(signal.SIGKILL)
        with null_host.serving() as second:
            second.wait_for_log("is back", timeout=SILENCE)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(SILENCE + 1)
            assert serving_workers(second)
            tell(process)
            assert (line(process), line(process)) == ("asks\n", "0\n")
            tell(process)
            ended(process)
            wait_until(lambda: records_of(second, "*") == [], timeout=2)


def test_a_record_of_another_process_is_not_adopted(null_host: Host, program: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    with null_host.serving() as first:
        process = begun(first, program, "grow")
        (record,) = records_of(first, "session")
        found = json.loads(record.read_bytes())
        first.stop(signal.SIGKILL)
        reused = found | {"pid": stranger.pid, "started": start_of(stranger.pid) - 1}
        record.with_name("0" * 32 + ".session").write_text(json.dumps(reused | {"session": "0" * 32}))
        same = found | {"pid": stranger.pid, "started": start_of(stranger.pid), "boot": "another"}
        record.with_name("1" * 32 + ".session").write_text(json.dumps(same | {"session": "1" * 32}))
        with null_host.serving() as second:
            assert serving_workers(second) == {found["pid"]}
            assert stranger.poll() is None
            process.terminate()
            process.communicate()
    stranger.kill()
    stranger.wait()


def test_a_supervisor_that_lives_keeps_its_workers(null_host: Host, program: Path) -> None:
    with null_host.serving() as first:
        process = begun(first, program, "grow")
        with serving(env=first.environment, state=null_host.state) as other:
            assert len(records_of(other, "session")) == 1
            assert not any("goes on" in text for text in other.log)
        tell(process)
        assert (line(process), line(process)) == ("asks\n", "0\n")
        tell(process)
        ended(process)


def test_records_are_for_their_owner_alone(null_host: Host, program: Path) -> None:
    with null_host.serving() as server:
        process = begun(server, program, "grow")
        folder = server.state / FOLDER
        for path in (folder, *folder.iterdir()):
            assert path.stat().st_mode & 0o077 == 0
        for file in (*records_of(server, "session"), *records_of(server, "allocation")):
            assert file.stat().st_mode & 0o777 == 0o600
        process.terminate()
        process.communicate()
