"""What servers say of their sessions, and what allocations have used in all, as far as this manager has heard."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from cenote.pool.api.schemas import Figures

FRESH = 20.0  # seconds after which a server beats at another manager, or not at all
MOST = 1000  # allocations that are told apart
REMEMBERED = 10_000  # allocations whose last use is
OTHERS = "others"


@dataclass
class Use:
    """Of an allocation on a server. What only ever grows goes on growing when a session ends."""

    server: str
    allocation: str
    user: str
    sessions: int = 0
    memory: int = 0
    calls: int = 0
    received: int = 0
    sent: int = 0
    busy: float = 0.0


@dataclass
class Heard:
    """Of a server."""

    at: float
    sessions: list[Figures]
    more: int = 0
    uses: dict[str, Use] = field(default_factory=dict)
    """By allocation, or OTHERS."""
    counted: dict[tuple[int, float], tuple[float, ...]] = field(default_factory=dict)
    """Of what a process has used, what is in these, by its pid and its beginning."""


@dataclass(frozen=True)
class Activity:
    """``quiet`` is for how many seconds, at least, no process of an allocation has begun or done anything.
    ``utilisation`` is the part of the time in which its devices had work of it, since it began or this manager did."""

    quiet: float
    utilisation: float


@dataclass(frozen=True)
class _Used:
    """When an allocation was used last, and for how many seconds devices have had work of it."""

    at: float
    busy: float = 0.0


class Told:
    """``clock`` counts seconds since 1970. Used in one event loop."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._heard: dict[str, Heard] = {}
        self._apart = 0
        """Of how many allocations servers are told apart, all together."""
        self._used: dict[str, _Used] = {}
        """By allocation, the one that was used last at the end."""
        self._began = self._forgotten = clock()
        """Until when those that are not in there may have been used."""

    def beat(self, server: str, sessions: list[Figures], more: int) -> None:
        before = self._heard.get(server) or Heard(0.0, [])
        now = Heard(self._clock(), sessions, more)
        apart = self._apart - len(before.uses)
        by_allocation: defaultdict[str, list[Figures]] = defaultdict(list)
        for one in sessions:
            by_allocation[one.allocation].append(one)
        for allocation in sorted(by_allocation, key=lambda name: name not in before.uses):  # who is told apart stays so
            room = allocation in before.uses or apart + len(now.uses) < MOST
            name, user = (allocation, by_allocation[allocation][0].user) if room else (OTHERS, OTHERS)
            use = now.uses.get(name)
            if use is None:
                then = before.uses.get(name) or Use(server, name, user)
                use = replace(then, sessions=0, memory=0)
                now.uses[name] = use
            for one in by_allocation[allocation]:
                key = one.pid, one.since
                old = before.counted.get(key)
                now.counted[key] = _add(use, one, old or (0, 0, 0, 0.0))
                if now.counted[key] != old:
                    self._note_use(allocation, now.at, now.counted[key][-1] - (old[-1] if old else 0.0))
        self._heard[server] = now
        self._apart = apart + len(now.uses)

    def _note_use(self, allocation: str, at: float, busy: float) -> None:
        before = self._used.pop(allocation, None)
        self._used[allocation] = _Used(at, busy + (before.busy if before else 0.0))
        if len(self._used) > REMEMBERED:
            self._forgotten = self._used.pop(next(iter(self._used))).at

    def of(self, server: str) -> Heard | None:
        return self._heard.get(server)

    def fresh(self, server: str) -> Heard | None:
        """The same of one that beats here."""
        heard = self._heard.get(server)
        return heard if heard and heard.at >= self._clock() - FRESH else None

    def silent(self, server: str) -> float | None:
        """Seconds since a server has beaten here; None when it never has."""
        heard = self._heard.get(server)
        return max(self._clock() - heard.at, 0.0) if heard else None

    def activity(self, allocation: str, servers: Sequence[str], started: float) -> Activity | None:
        """Of an allocation, whose devices are on these servers; None where not all is heard."""
        now = self._clock()
        for server in servers:
            heard = self._heard.get(server)
            if heard is None or heard.more or heard.at < now - FRESH:
                return None
        used = self._used.get(allocation) or _Used(self._forgotten)
        lent = (now - max(started, self._began)) * len(servers)
        return Activity(max(now - max(used.at, started), 0.0), min(used.busy / lent, 1.0) if lent > 0 else 0.0)

    def current(self) -> Iterator[Heard]:
        """Of the servers that beat here."""
        oldest = self._clock() - FRESH
        for heard in self._heard.values():
            if heard.at >= oldest:
                yield heard
            else:
                self._apart -= len(heard.uses)
                heard.uses.clear()  # so that it takes nobody's room


def _add(use: Use, now: Figures, before: tuple[float, ...]) -> tuple[float, ...]:
    """What of the process is counted then. A worker that was just adopted says nothing, which is no decrease."""
    after = tuple(map(max, (now.calls, now.received, now.sent, now.busy), before))
    calls, received, sent, busy = (new - old for new, old in zip(after, before, strict=True))
    use.sessions += 1
    use.memory += sum(granted.bytes for granted in now.memory)
    use.calls += int(calls)
    use.received += int(received)
    use.sent += int(sent)
    use.busy += busy
    return after
