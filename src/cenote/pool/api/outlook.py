"""Places in the queue, and when requests should start: computed for all at once, however many ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from cenote.pool.allocations import Allocations
from cenote.pool.api.threads import Threads
from cenote.pool.core import POOL
from cenote.pool.queue import Forecast

_FRESH = 1.0  # seconds for which an answer serves all
_PACE = 0.2  # seconds after which it is made anew for a request that it does not know yet


class Outlook:
    """Used in one event loop."""

    def __init__(self, allocations: Allocations, threads: Threads) -> None:
        self._allocations = allocations
        self._threads = threads
        self._found: Mapping[str, Forecast] = {}
        self._made_at = -_FRESH
        self._making = asyncio.Lock()

    async def of(self, allocation: str) -> Forecast | None:
        """None for what does not wait, or has only just begun to."""
        found = (await self.all()).get(allocation)
        if found is None and self._age() > _PACE:
            found = (await self.all(_PACE)).get(allocation)
        return found

    async def all(self, fresh: float = _FRESH) -> Mapping[str, Forecast]:
        if self._age() > fresh:
            async with self._making:
                if self._age() > fresh:  # nobody has made it while this waited
                    found = await self._threads.write(self._allocations.forecasts, POOL)
                    self._found = {one.id: one for one in found}
                    self._made_at = time.monotonic()
        return self._found

    def _age(self) -> float:
        return time.monotonic() - self._made_at
