"""What the routes share: the services, the threads they run in, and the tasks that run beside the requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated

from fastapi import Depends, Request

from cenote.pool.allocations import AllocationView
from cenote.pool.api.authentication import Gatekeeper
from cenote.pool.api.elsewhere import Elsewhere
from cenote.pool.api.figures import Told
from cenote.pool.api.metrics import Metrics
from cenote.pool.api.outlook import Outlook
from cenote.pool.api.presence import Presence
from cenote.pool.api.services import Services
from cenote.pool.api.threads import Threads
from cenote.pool.api.watch import News, Watch
from cenote.tls import Role

_FRESH = 5.0  # seconds


class Runtime:
    """Used in one event loop."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.threads = Threads()
        self.watch = Watch(services.core, services.servers, self.threads)
        self.gatekeeper = Gatekeeper(services.accounts, services.core.clock, self.threads, self.watch)
        self.outlook = Outlook(services.allocations, self.threads)
        self.presence = Presence(services.allocations, self.threads)
        self.told = Told()
        self.elsewhere = Elsewhere(services.site.managers[1:], services.site.authority)
        self.metrics = Metrics(services.core, self.told, self.threads)
        self.waiting: dict[str, AllocationView] = {}
        """As their clients last saw them. Whatever happens to one, the watch hears of it."""
        self._numbers: dict[str, int] = {}
        self._revoked: list[str] = []
        self._revoked_at = -_FRESH
        self.watch.listeners.append(self._heard)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.watch.round()
        tasks = [asyncio.create_task(self.watch.run()), asyncio.create_task(self.presence.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
            await self.elsewhere.close()

    async def server(self, name: str) -> int:
        """The number by which the store knows a server. Raises NotFound."""
        if name not in self._numbers:
            self._numbers[name] = await self.threads.read(self.services.inventory.number, name)
        return self._numbers[name]

    def forget(self, server: str) -> None:
        """It is none any more."""
        self._numbers.pop(server, None)

    async def revoked(self) -> list[str]:
        """The serials of managers' certificates that no longer count."""
        if time.monotonic() - self._revoked_at > _FRESH:
            self._revoked = sorted(await self.threads.read(self.services.certificates.revoked, Role.MANAGER))
            self._revoked_at = time.monotonic()
        return self._revoked

    def _heard(self, news: News) -> None:
        if news.everything:
            self._numbers.clear()
            self.waiting.clear()
        for allocation in news.allocations:
            self.waiting.pop(allocation, None)
        if news.untold:
            self.services.courier.poke(news.untold)


async def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


Run = Annotated[Runtime, Depends(_runtime)]
