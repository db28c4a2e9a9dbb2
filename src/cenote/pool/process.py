"""A manager, put together: its store, its API over HTTPS, and beside it the courier with its links to servers."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cenote import tls
from cenote.errors import CenoteError
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
from cenote.pool.webcertificate import WebCertificate
from cenote.protocol import Address

log = logging.getLogger("cenote.manager")

_HOUR = 3600.0
_PAUSE = 60.0


@dataclass(frozen=True)
class Managed:
    """What a manager needs. ``managers`` are those of the pool as others reach them, this one first."""

    core: Core
    authority: Authority
    folder: Path
    """Of its own certificate and key."""
    name: str
    managers: tuple[Address, ...]
    web: WebCertificate | None = None


class Manager:
    """To be made before the event loop runs, and served once."""

    def __init__(self, managed: Managed) -> None:
        core = managed.core
        self._core = core
        self._certificates = Certificates(core, managed.authority)
        self._managed = managed
        self._files, self._renew_at = self._certify()
        self._managers = tuple(map(str, managed.managers))
        self._listener: Listener | None = None

    async def serve(self, sockets: Sequence[socket.socket], ready: Callable[[Services], None]) -> None:
        """Until ``stop``. ``ready`` is called once requests are answered."""
        links = Links(self._files)
        servers = Servers(self._core)
        try:
            await asyncio.to_thread(servers.recall)
        except CenoteError as error:  # then servers are asked
            log.error("%s", error)
        courier = Courier(self._core, servers, Allocations(self._core), self._certificates, links)
        services = Services.of(self._core, servers, self._certificates, courier, self._managers)
        context = self._files.serving()
        if self._managed.web:
            self._managed.web.show_on(context)
        self._listener = _Announcing(create(services), context)
        self._listener.on_start = lambda: ready(services)
        beside = [asyncio.create_task(courier.run()), asyncio.create_task(self._keep_certified(context, links))]
        try:
            await self._listener.serve_on(sockets)
        finally:
            for task in beside:
                task.cancel()
            for task in beside:
                with suppress(asyncio.CancelledError):
                    await task
            links.close()

    def stop(self) -> None:
        """To be called in the event loop."""
        if self._listener:
            self._listener.stop()

    def _certify(self) -> tuple[tls.Files, float]:
        managed = self._managed
        return self._certificates.manager(managed.folder, managed.name, [managed.managers[0].host])

    async def _keep_certified(self, context: ssl.SSLContext, links: Links) -> None:
        """Renews the certificate before it expires; connections that are open go on."""
        while True:
            left = self._renew_at - time.time()
            await asyncio.sleep(min(max(left, 1.0), _HOUR))  # the clock may be set meanwhile
            if time.time() < self._renew_at:
                continue
            try:
                files, self._renew_at = await asyncio.to_thread(self._certify)
                files.show(context)
                links.renew(files)
                log.info("the manager’s certificate is renewed")
            except CenoteError as error:
                log.error("the manager’s certificate cannot be renewed: %s", error)
                await asyncio.sleep(_PAUSE)


class _Announcing(Listener):
    on_start: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_start()
