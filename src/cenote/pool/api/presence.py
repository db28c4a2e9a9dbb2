"""Which waiting requests still have a client. One that asks for news is there; one that does not is gone after a while.

A client may ask any manager. Each writes down for whom it was asked, and none gives up a request before its own clock
has seen nothing new there for long enough: it compares no clocks, and begins anew when it starts.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cenote.errors import CenoteError
from cenote.pool.allocations import Allocations
from cenote.pool.api.threads import Threads

log = logging.getLogger("cenote.api")

PATIENCE = 30.0  # seconds without a poll
BEAT = 5.0  # seconds between what is written down, and between looks at what others have written


class Presence:
    """Used in one event loop."""

    def __init__(self, allocations: Allocations, threads: Threads, clock: Callable[[], float] = time.monotonic) -> None:
        self._allocations = allocations
        self._threads = threads
        self._clock = clock
        self._asking: Counter[str] = Counter()
        self._asked: dict[str, float] = {}
        self._unwritten: set[str] = set()
        self._seen: dict[str, tuple[float | None, float]] = {}
        """What was last found in the store, and since when it has been the same."""

    @contextmanager
    def asking(self, allocation: str) -> Iterator[None]:
        """The client is there until the end of the block."""
        self._asking[allocation] += 1
        try:
            yield
        finally:
            self._asking[allocation] -= 1
            if not self._asking[allocation]:
                del self._asking[allocation]
            self._asked[allocation] = self._clock()
            self._unwritten.add(allocation)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.round()
            except CenoteError:
                pass  # the watch tells of it
            except Exception:
                log.exception("a mistake of ours; going on")
            await asyncio.sleep(BEAT)

    async def round(self) -> None:
        """Writes down who is there, and gives up the requests of those who are gone."""
        waiting = dict(await self._threads.read(self._allocations.held_by_polls))
        now = self._clock()
        self._asked = {one: at for one, at in self._asked.items() if one in waiting}
        self._seen = {
            one: self._seen[one] if one in self._seen and self._seen[one][0] == at else (at, now)
            for one, at in waiting.items()
        }
        there = [one for one in waiting if one in self._asking or one in self._unwritten]
        self._unwritten.clear()
        if there:
            await self._threads.write(self._allocations.polled, there)
        for one in waiting:
            if self._gone(one, now):
                log.info("the client of the waiting request %s is gone", one)
                await self._threads.write(self._allocations.abandon, one)

    def _gone(self, allocation: str, now: float) -> bool:
        if allocation in self._asking or now - self._asked.get(allocation, now - PATIENCE) < PATIENCE:
            return False
        return now - self._seen[allocation][1] >= PATIENCE + 2 * BEAT
