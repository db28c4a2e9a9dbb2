"""Whole managers: HTTPS API, courier, links to servers; in a thread of the test, or in a process that may be killed."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cenote.credentials import JoinCredential, read_join
from cenote.pool.api.services import Services
from cenote.pool.authority import LIFETIME, Authority
from cenote.pool.certificates import Certificates
from cenote.pool.core import POOL
from cenote.pool.process import Managed
from cenote.pool.process import Manager as Process
from cenote.protocol import Address
from tests.support.machines import Machine
from tests.support.pool import Clock, Manager
from tests.support.servers import prefix


class FullManager:
    """In a thread. ``state`` is a folder that all managers of the pool share: it has the authority."""

    services: Services

    def __init__(
        self,
        core: Manager,
        state: Path,
        name: str = "main",
        port: int = 0,
        others: tuple[str, ...] = (),
        host: str = "127.0.0.1",
        lifetime: timedelta = LIFETIME,
    ) -> None:
        self.core = core
        self._listening = socket.create_server((host, port))
        self.port: int = self._listening.getsockname()[1]
        self.address = f"{host}:{self.port}"
        self.managers = (self.address, *others)
        self.authority = Authority.open(state / "authority", lifetime)
        addresses = tuple(map(Address.parse, self.managers))
        (state / name).mkdir(exist_ok=True)
        self._process = Process(Managed(core.core, self.authority, state / name, name, addresses))
        self.certificates = Certificates(core.core, self.authority)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name=f"manager {name}")

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(20)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._process.stop)
            self._thread.join(20)
        self._listening.close()

    def invite(self, server: str | None = None) -> JoinCredential:
        secret = self.services.joining.invite(POOL, server).secret
        return read_join(JoinCredential(self.managers, self.authority.fingerprint, secret).text)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._process.serve([self._listening], self._started)

    def _started(self, services: Services) -> None:
        self.services = services
        self._ready.set()


@contextmanager
def manager(
    core: Manager,
    state: Path,
    name: str = "main",
    port: int = 0,
    others: tuple[str, ...] = (),
    host: str = "127.0.0.1",
    lifetime: timedelta = LIFETIME,
) -> Iterator[FullManager]:
    """``lifetime`` is that of certificates."""
    running = FullManager(core, state, name, port, others, host, lifetime)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def process(url: str, state: Path, port: int, machine: Machine | None = None) -> Iterator[subprocess.Popen[str]]:
    """The same on its own, for tests that kill it, or on another machine."""
    host = machine.address if machine else "127.0.0.1"
    arguments = json.dumps([url, str(state), port, host])
    command = [*prefix(machine), sys.executable, "-m", "tests.support.fullpool", arguments]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout
    assert running.stdout.readline() == "ready\n"
    try:
        yield running
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGKILL)
        running.wait(20)
        running.stdout.close()


def _main() -> None:
    url, state, port, host = json.loads(sys.argv[1])
    with manager(Manager(url, Clock()), Path(state), port=port, host=host):
        print("ready", flush=True)
        signal.pause()


if __name__ == "__main__":
    _main()
