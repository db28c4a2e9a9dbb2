"""Which control connection holds which allocation.

An allocation ends with its connection. Only when that died together with a supervisor, the next one waits for the
client to connect again and claim what it held.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Iterable

from cenote import link
from cenote.errors import NoDevice
from cenote.pool.manager import Allocation, Manager
from cenote.server.sessions import Sessions

log = logging.getLogger("cenote.claims")


class Claims:
    def __init__(self, manager: Manager, sessions: Sessions) -> None:
        self._manager = manager
        self._sessions = sessions
        self._held: dict[bytes, tuple[Allocation, object]] = {}
        self._waiting: set[asyncio.Task[None]] = set()

    def hold(self, allocation: Allocation, owner: object) -> None:
        self._held[allocation.id] = allocation, owner

    async def claim(self, allocation_id: bytes, secret: bytes, owner: object) -> None:
        """Makes ``owner`` hold what it has held before. Raises NoDevice when that has ended."""
        allocation = await self._manager.find(allocation_id)
        if allocation is None or not hmac.compare_digest(allocation.secret, secret):
            raise NoDevice("the allocation has ended")
        self.hold(allocation, owner)
        log.info("%s is back", allocation.holder)

    async def let_go(self, owner: object) -> None:
        """Ends all that it holds."""
        for allocation in [held for held, of in self._held.values() if of is owner]:
            del self._held[allocation.id]
            await self._end(allocation)

    def expect(self, allocations: Iterable[Allocation]) -> None:
        """Ends those that nobody has claimed within the link's time-out."""
        missing = list(allocations)
        for allocation in missing:
            self.hold(allocation, self)
        if missing:
            self._waiting.add(asyncio.create_task(self._give_up()))

    async def close(self, *, keep: bool) -> None:
        """Ends all, or leaves all to the next supervisor."""
        for task in self._waiting:
            task.cancel()
        held, self._held = self._held, {}
        if not keep:
            for allocation, _ in held.values():
                await self._end(allocation)

    async def _give_up(self) -> None:
        await asyncio.sleep(link.timeout())
        await self.let_go(self)

    async def _end(self, allocation: Allocation) -> None:
        await self._manager.release(allocation)
        self._sessions.end(allocation)
