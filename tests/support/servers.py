"""A real ``cenote serve`` for tests, and programs run through it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cenote.client.login import Login
from cenote.client.pool import Pool
from cenote.pool.home import Home
from tests.support.machines import Machine

CENOTE = [sys.executable, "-c", "from cenote.cli.main import main; main()"]
START_TIMEOUT = 60.0


@dataclass
class Server:
    """A running server with a pool of its own. ``environment`` is what its clients need to find its admin's token."""

    process: subprocess.Popen[str]
    address: str
    environment: dict[str, str]
    announced: str
    prefix: list[str]  # what starts a command on the client's machine
    home: list[str] = field(default_factory=list)  # the same on its own
    log: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def state(self) -> Path:
        """What it keeps."""
        return Path(self.environment["XDG_STATE_HOME"]) / "cenote"

    @property
    def token(self) -> Path:
        """The file with the admin's."""
        found = re.search(r"admin token +(.+)", self.announced)
        assert found, self.announced
        return Path(found[1])

    def devices(self) -> list[dict[str, Any]]:
        """The pool's, as its manager describes them."""
        with Pool(Login.load(self.token)) as pool:
            return pool.devices()

    def free(self) -> list[int]:
        """Bytes of each device that are not lent."""
        return [device["free_memory"] for device in self.devices()]

    def end_manager(self) -> None:
        """Kills the manager that runs beside it."""
        home = Home(self.state / "manager")
        while resident := home.resident():
            with suppress(ProcessLookupError):
                os.kill(resident.pid, signal.SIGKILL)
            time.sleep(0.01)

    def cenote(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Runs ``cenote COMMAND --server <this one> …``."""
        command, *rest = arguments
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [*self.prefix, *CENOTE, command, "--server", self.address, *rest],
            **{"env": self.environment, "capture_output": True, "text": True, "timeout": 120, **options},
        )

    def run(
        self,
        program: Sequence[str | Path],
        *,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        timeout: float = 300,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program on this server's devices; with ``check`` its failure fails the test, with what it said."""
        done: subprocess.CompletedProcess[str] = self.cenote(
            "run", *options, "--", *map(str, program), env=self.environment | dict(env or {}), timeout=timeout
        )
        if check and done.returncode:
            raise AssertionError(f"{program[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def start(
        self, program: Sequence[str | Path], *, options: Sequence[str] = (), **more: object
    ) -> subprocess.Popen[str]:
        """Like ``run``, but does not wait."""
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [*self.prefix, *CENOTE, "run", "--server", self.address, *options, "--", *map(str, program)],
            **{"env": self.environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more},
        )

    def workers(self) -> list[int]:
        """The process ids of its workers, spare ones included."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        resident = Home(self.state / "manager").resident()
        return [int(pid) for pid in children.split() if resident is None or int(pid) != resident.pid]

    def wait_for_log(self, text: str, timeout: float = 10.0) -> str:
        """The first line of its log with the text in it."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            for line in list(self.log):
                if text in line:
                    return line
            time.sleep(0.02)
        raise AssertionError(f"“{text}” did not come up in the log:\n" + "\n".join(self.log))

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(20)


def prefix(machine: Machine | None) -> list[str]:
    return machine.command() if machine else []


@contextmanager
def serving(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    state: Path | None = None,
    machines: tuple[Machine, Machine] | None = None,
    port: int = 0,
    with_manager: bool = True,
) -> Iterator[Server]:
    """``cenote serve`` on a free port, if none is given, with a state folder of its own, until the block ends, and
    ``with_manager`` until also the manager has that runs beside it.

    With ``machines`` it runs on the first and its clients on the second; else all are here, over loopback.
    """
    lender, borrower = machines or (None, None)
    with tempfile.TemporaryDirectory(prefix="cenote-test-") as folder:
        variables = os.environ | {"XDG_CONFIG_HOME": folder, **(env or {})}
        variables |= {"XDG_STATE_HOME": str(state or folder), "PYTHONUNBUFFERED": "1"}
        where = lender.address if lender else "127.0.0.1"
        process = subprocess.Popen(
            [
                *prefix(lender),
                *CENOTE,
                "serve",
                "--listen",
                f"{where}:{port}",
                *arguments,
            ],
            env={"CENOTE_POOL_LISTEN": f"{where}:0"} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        server = Server(process, "", dict(variables), "", prefix(borrower), prefix(lender))
        assert process.stdout is not None and process.stderr is not None
        logged = threading.Thread(target=_collect, args=(process.stderr, server.log), daemon=True)
        logged.start()
        watchdog = threading.Timer(START_TIMEOUT, process.kill)
        watchdog.start()
        for line in process.stdout:
            server.announced += line
            if line.startswith("Ready"):
                break
        watchdog.cancel()
        try:
            if not (found := re.search(r"listening on +(\S+)", server.announced)):
                process.wait(5)
                logged.join(5)
                raise AssertionError(f"the server did not start: {server.announced}" + "\n".join(server.log))
            server.address = found[1]
            yield server
        finally:
            server.stop()
            if with_manager:
                server.end_manager()  # it goes on where the server was not ended by Ctrl-C
            logged.join(5)
            process.stdout.close()
            if not logged.is_alive():  # else a manager that goes on writes there, too
                process.stderr.close()


def _collect(stream: Iterator[str], lines: list[str]) -> None:
    for line in stream:
        lines.append(line.rstrip("\n"))


def wait_until(condition: object, timeout: float = 20.0) -> Any:
    """Waits for a function to return something true, and returns it; what it returned last stands in the failure."""
    assert callable(condition)
    end = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"still {value!r} after {timeout} s")
        time.sleep(0.02)
    return value


def gone(pid: int) -> bool:
    """Whether a process has ended, zombies included."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True
