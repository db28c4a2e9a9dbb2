"""Where a program runs: natively on a driver, or through a server of ours. The program is the same file in both."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.drivers import Driver

CENOTE = [str(Path(sys.executable).with_name("cenote"))]
LIMIT = 900  # seconds after which a program counts as hung

Words = list[str]


def anywhere(*words: str | Path) -> Words:
    return [str(word) for word in words]


class ProgramError(Exception):
    """A program ended badly, or said something other than it should."""


@dataclass(frozen=True)
class Ends:
    """Where a server and its clients are: the server's address, and what starts a command on either host."""

    address: str
    on_server: Callable[..., Words]
    on_client: Callable[..., Words]


LOOPBACK = Ends("127.0.0.1", anywhere, anywhere)


@dataclass(frozen=True)
class Side:
    """`prefix` are the words ahead of a program, such as `cenote run … --`."""

    name: str
    environment: dict[str, str]
    prefix: Words = field(default_factory=list)

    def run(self, *words: str | Path, cwd: Path | None = None, **extra: str) -> tuple[str, float]:
        """What the program printed, and the seconds of its life. `extra` is added to its environment."""
        command = [*self.prefix, *anywhere(*words)]
        environment = self.environment | extra
        start = time.monotonic()
        done = subprocess.run(
            command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=LIMIT, check=False
        )
        took = time.monotonic() - start
        if done.returncode != 0:
            last = (done.stderr or done.stdout).strip().splitlines()[-3:]
            raise ProgramError(f"{self.name}: {Path(words[0]).name} ended with {done.returncode}: {' / '.join(last)}")
        return done.stdout, took

    def figures(self, *words: str | Path) -> dict[str, Any]:
        """What a program of ours printed as JSON."""
        made: dict[str, Any] = json.loads(self.run(*words)[0].strip().splitlines()[-1])
        return made


def native(driver: Driver) -> Side:
    return Side("native", driver.environment)


@contextlib.contextmanager
def remote(driver: Driver, ends: Ends = LOOPBACK) -> Iterator[Side]:
    """Starts `cenote serve` for as long as the block runs."""
    state = Path(tempfile.mkdtemp(prefix="cenote-bench-"))
    serving = driver.environment | {"XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(state)}
    serving["CENOTE_POOL_LISTEN"] = f"{ends.address}:0"
    where = f"{ends.address}:{free_port()}"
    with (state / "server.log").open("w+") as log:
        server = subprocess.Popen(
            ends.on_server(*CENOTE, "serve", "--listen", where),
            env=serving,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            native_only = ("OCL_ICD_VENDORS", "LD_LIBRARY_PATH")
            client = {name: value for name, value in serving.items() if name not in native_only}
            run = ends.on_client(*CENOTE, "run", "--server", where, "--")
            side = Side("remote", client, run)
            _wait_until_it_serves(side, server, state / "server.log")
            yield side
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, 2)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            shutil.rmtree(state, ignore_errors=True)


def _wait_until_it_serves(side: Side, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            side.run("true")
            return
        except ProgramError as failure:
            if server.poll() is not None or time.monotonic() > deadline:
                raise ProgramError(f"the server does not serve: {failure}: {log.read_text()[-500:]}") from None
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def plain_tcp(program: Path, ends: Ends = LOOPBACK) -> Iterator[Side]:
    """A side whose prefix is tcpbench with its other end already running; the block size is left to say."""
    other = subprocess.Popen(ends.on_server(program, "serve", ends.address), stdout=subprocess.PIPE, text=True)
    with other:
        assert other.stdout is not None
        try:
            port = other.stdout.readline().strip()
            yield Side("TCP", dict(os.environ), ends.on_client(program, "run", ends.address, port))
        finally:
            other.kill()
