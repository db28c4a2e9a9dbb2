"""One task looks for news in the store, whoever made them, and tells those who wait for them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import select

from cenote.errors import CenoteError
from cenote.pool.api.threads import Threads
from cenote.pool.core import Core
from cenote.pool.models import Allocation, Revision, Token, User
from cenote.pool.servers import Servers

log = logging.getLogger("cenote.api")

INTERVAL = 0.2  # seconds until what another manager has done is seen
_PAUSE = 0.02  # between looks: what happens in quick succession is looked at together
_CURRENT = 5.0  # seconds after which what is known is not trusted any more
_EMPTY = 0, ""  # the last revision of a store without any
_MANY = 500  # revisions that are looked at one by one


@dataclass
class News:
    everything: bool = False
    """Nothing of what was known counts: the first look, or another database than before."""
    accounts: bool = False
    allocations: list[str] = field(default_factory=list)
    untold: list[int] = field(default_factory=list)
    """Servers for which this manager has made orders."""


class Watch:
    """Used in one event loop; ``look`` runs in a thread."""

    def __init__(self, core: Core, servers: Servers, threads: Threads) -> None:
        self._core = core
        self._servers = servers
        self._threads = threads
        self._seen = -1, ""
        self._own: list[int] = []
        self._stirred = asyncio.Event()
        self._waiters: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._looked_at = -_CURRENT
        self.failure: CenoteError | None = None
        """Why the store could not be read when it was last tried."""
        self.listeners: list[Callable[[News], None]] = []

    @property
    def current(self) -> bool:
        """Whether news would have been heard."""
        return self.failure is None and time.monotonic() - self._looked_at < _CURRENT

    @contextmanager
    def following(self, allocation: str) -> Iterator[asyncio.Event]:
        """The event is set whenever the allocation may have changed."""
        changed = asyncio.Event()
        self._waiters[allocation].add(changed)
        try:
            yield changed
        finally:
            self._waiters[allocation].discard(changed)
            if not self._waiters[allocation]:
                del self._waiters[allocation]

    async def run(self) -> None:
        """Until it is cancelled."""
        loop = asyncio.get_running_loop()

        def made(revision: int) -> None:
            self._own.append(revision)
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._stirred.set)

        self._core.listeners.append(made)
        try:
            while True:
                self._stirred.clear()
                await self.round()
                await asyncio.sleep(_PAUSE)
                with suppress(TimeoutError):
                    async with asyncio.timeout(INTERVAL):  # unlike wait_for it loses no cancellation
                        await self._stirred.wait()
        finally:
            self._core.listeners.remove(made)

    async def round(self) -> None:
        """Looks once, and tells."""
        started = time.monotonic()
        try:
            news = await self._threads.watch(self.look)
        except CenoteError as error:
            if self.failure is None:
                log.error("%s", error)
            self.failure = error
            return
        except Exception:
            log.exception("a mistake of ours; going on")
            return
        self.failure, self._looked_at = None, started
        for listener in self.listeners:
            listener(news)
        for allocation in list(self._waiters) if news.everything else news.allocations:
            for changed in self._waiters.get(allocation, ()):
                changed.set()

    def look(self) -> News:
        """What has happened since the last look. Raises StoreFailed; then the next look tells of it."""
        news = News()
        own, count = list(self._own), len(self._own)
        with self._core.store.reading() as session:
            query = select(Revision.number, Revision.mark, Revision.tables)
            rows = list(session.execute(query.where(Revision.number >= self._seen[0]).order_by(Revision.number)))
            if rows and (rows[0].number, rows[0].mark) == self._seen:
                del rows[0]
            elif rows or self._seen != _EMPTY:
                news.everything = True
                rows = list(session.execute(query.order_by(Revision.number.desc()).limit(1)))
            tables = {table for row in rows for table in row.tables.split()}
            if not news.everything:
                news.accounts = bool(tables & {User.__tablename__, Token.__tablename__})
            if not news.everything and Allocation.__tablename__ in tables:
                changed = select(Allocation.id).where(Allocation.revision > self._seen[0])
                news.allocations = list(session.scalars(changed))
        if own:
            news.untold = self._servers.outstanding(own if len(own) <= _MANY else None)
        if rows:
            self._seen = rows[-1].number, rows[-1].mark
        elif news.everything:
            self._seen = _EMPTY
        del self._own[:count]
        return news
