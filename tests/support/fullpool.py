"""A whole manager in a thread of the test: its HTTPS API, its courier, its links to servers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cenote import tls
from cenote.credentials import JoinCredential, read_join
from cenote.pool.api.app import create
from cenote.pool.api.listener import Listener
from cenote.pool.api.services import Services
from cenote.pool.authority import Authority
from cenote.pool.certificates import Certificates
from cenote.pool.core import POOL
from cenote.pool.courier import Courier
from cenote.pool.links import Links
from tests.support.pool import Manager


class FullManager:
    """``state`` is a folder that all managers of the pool share: it has the authority."""

    def __init__(self, manager: Manager, state: Path, name: str = "main", port: int = 0) -> None:
        self.core = manager
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listening.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.authority = Authority.open(state / "authority")
        self.certificates = Certificates(manager.core, self.authority)
        self.files: tls.Files = self.certificates.manager(state / name, name, ["127.0.0.1"])
        self.managers = [self.address]
        self.services: Services
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name=f"manager {name}")

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(20)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._listener.stop)
            self._thread.join(20)
        self._listening.close()

    def invite(self, server: str | None = None) -> JoinCredential:
        secret = self.services.joining.invite(POOL, server).secret
        return read_join(JoinCredential(tuple(self.managers), self.authority.fingerprint, secret).text)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        links = Links(self.files, frozenset)
        courier = Courier(self.core.core, self.core.servers, self.core.allocations, links)
        self.services = Services.of(self.core.core, self.core.servers, self.certificates, courier, tuple(self.managers))
        self._listener = Listener(create(self.services), self.files.serving())
        working = asyncio.create_task(courier.run())
        self._loop.call_later(0.2, self._ready.set)
        try:
            await self._listener.serve_on([self._listening])
        finally:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
            links.close()


@contextmanager
def manager(core: Manager, state: Path, name: str = "main", port: int = 0) -> Iterator[FullManager]:
    running = FullManager(core, state, name, port)
    running.start()
    try:
        yield running
    finally:
        running.stop()
