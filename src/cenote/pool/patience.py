"""How long requests have waited, and whether the clock on the wall was set: by a clock that nobody sets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from cenote.pool.queue import Waiting

_LEAP = 5.0  # seconds


class Patience:
    """``clock`` never jumps. What waited before this manager started has done so by the clock on the wall."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}
        self._ahead: float | None = None
        """How far the wall's clock is ahead of ours."""

    def overdue(self, now: float, waiting: Iterable[Waiting]) -> list[str]:
        """Those that do not want to wait any longer; to be asked again and again with all that wait."""
        here = self._clock()
        known, self._since = self._since, {}
        found = []
        for one in waiting:
            if one.request.wait is None:
                continue
            waited = max(now - one.since, 0.0) if self._ahead is None else 0.0
            self._since[one.id] = since = known.get(one.id, here - waited)
            if here - since > one.request.wait:
                found.append(one.id)
        return found

    def clock_was_set(self, now: float) -> bool:
        """Whether the wall's clock has leapt since this was last asked."""
        before, self._ahead = self._ahead, now - self._clock()
        return before is not None and abs(self._ahead - before) > _LEAP
