"""A manager, put together: its store, its API over HTTPS, and beside it the courier with its links to servers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cenote.pool.allocations import Allocations
from cenote.pool.api.app import create
from cenote.pool.api.listener import Listener
from cenote.pool.api.services import Services
from cenote.pool.authority import Authority
from cenote.pool.certificates import Certificates
from cenote.pool.core import Core
from cenote.pool.courier import Courier
from cenote.pool.links import Links
from cenote.pool.servers import Servers
from cenote.protocol import Address


@dataclass(frozen=True)
class Managed:
    """What a manager needs. ``managers`` are those of the pool as others reach them, this one first."""

    core: Core
    authority: Authority
    folder: Path
    """Of its own certificate and key."""
    name: str
    managers: tuple[Address, ...]


class Manager:
    """To be made before the event loop runs, and served once."""

    def __init__(self, managed: Managed) -> None:
        core = managed.core
        self._core = core
        self._certificates = Certificates(core, managed.authority)
        self._files = self._certificates.manager(managed.folder, managed.name, [managed.managers[0].host])
        self._managers = tuple(map(str, managed.managers))
        self._listener: Listener | None = None

    async def serve(self, sockets: Sequence[socket.socket], ready: Callable[[Services], None]) -> None:
        """Until ``stop``. ``ready`` is called once requests are answered."""
        links = Links(self._files)
        servers = Servers(self._core)
        courier = Courier(self._core, servers, Allocations(self._core), self._certificates, links)
        services = Services.of(self._core, servers, self._certificates, courier, self._managers)
        self._listener = _Announcing(create(services), self._files.serving())
        self._listener.on_start = lambda: ready(services)
        carrying = asyncio.create_task(courier.run())
        try:
            await self._listener.serve_on(sockets)
        finally:
            carrying.cancel()
            with suppress(asyncio.CancelledError):
                await carrying
            links.close()

    def stop(self) -> None:
        """To be called in the event loop."""
        if self._listener:
            self._listener.stop()


class _Announcing(Listener):
    on_start: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_start()
