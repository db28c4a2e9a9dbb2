"""Who is next. Everything here is computed from what is passed in, and leaves the fleet as it was.

The order: the level (the priority, and one more for every ``ageing`` seconds of waiting), then who has used the pool
least, then who came first. The first request that could run but finds nothing free gets a reservation: the moment when
running allocations will have left enough, and the devices that it will then have. Others may start before it if they
end by then, or elsewhere.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cenote.pool import placement
from cenote.pool.fleet import DeviceState, Fleet, Search, Slice
from cenote.pool.request import DAY, PRIORITIES, WHOLE, Request

_COMMITTED = 60.0  # seconds that every held device counts at once, so that users' requests take turns from the start
_FORECASTS = 32  # requests whose start is estimated


@dataclass(frozen=True)
class Rules:
    """How a pool is run; times in seconds."""

    max_time: int = DAY
    max_idle: int | None = None
    """After that time without use anything ends; None for never."""
    ageing: float = 1800.0
    half_life: float = DAY
    """After that time, use counts half in the fair share."""
    placement: str = placement.PACK
    """The policy of requests that name none."""
    handover: float = 10.0
    """How long it may take from the end of an allocation's term until its devices are free."""


@dataclass(frozen=True)
class Waiting:
    id: str
    user: int
    request: Request
    since: float


@dataclass(frozen=True)
class Running:
    """What has devices. ``ends`` is when they are expected back, infinity when nobody knows; ``holds`` is whether
    it counts as its user's (what is on its way back, or was given up, does not)."""

    id: str
    user: int
    parts: tuple[Slice, ...]
    ends: float
    since: float = 0.0
    holds: bool = True


@dataclass(frozen=True)
class Limits:
    """The most that a user or a group may hold at once: devices or shares of them, and bytes."""

    devices: int | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Account:
    """A user: device-seconds (times share) used until ``as_of``, with what is older counting less."""

    used: float = 0.0
    as_of: float = 0.0
    limits: Limits = Limits()
    group: int | None = None


def decayed(used: float, seconds: float, half_life: float) -> float:
    """What use of ``seconds`` ago still counts."""
    return used * math.pow(0.5, max(seconds, 0.0) / half_life)


@dataclass
class _Held:
    devices: int = 0
    memory: int = 0
    weight: int = 0
    weighted_since: int = 0


class Standings:
    """What users hold and have used. Kept up to date with ``add`` and ``remove``, because there may be many."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.accounts: dict[int, Account] = {}
        self.groups: dict[int, Limits] = {}
        self._users: defaultdict[int, _Held] = defaultdict(_Held)

    def add(self, running: Running) -> None:
        self._count(running, 1)

    def remove(self, running: Running) -> None:
        self._count(running, -1)

    def usage(self, user: int, now: float) -> float:
        """Device-seconds times share; what is held counts from its start."""
        account, held = self.accounts.get(user, Account()), self._users[user]
        old = decayed(account.used, now - account.as_of, self.rules.half_life)
        return old + (held.weight * (now + _COMMITTED) - held.weighted_since) / WHOLE

    def room(self, user: int) -> tuple[float, int | None]:
        """Devices and bytes that the user may still take; no limit is infinity and None."""
        account = self.accounts.get(user, Account())
        bounds = [(account.limits, self._users[user])]
        if account.group is not None and (limits := self.groups.get(account.group, Limits())) != Limits():
            members = [self._users[other] for other, one in self.accounts.items() if one.group == account.group]
            total = _Held(sum(held.devices for held in members), sum(held.memory for held in members))
            bounds.append((limits, total))
        devices = min(math.inf if most.devices is None else most.devices - held.devices for most, held in bounds)
        memory = [most.memory - held.memory for most, held in bounds if most.memory is not None]
        return devices, min(memory, default=None)

    def most(self, user: int) -> Limits:
        """The most that the user may ever hold."""
        account = self.accounts.get(user, Account())
        bounds = [account.limits, self.groups.get(account.group, Limits()) if account.group is not None else Limits()]
        return Limits(
            min((most.devices for most in bounds if most.devices is not None), default=None),
            min((most.memory for most in bounds if most.memory is not None), default=None),
        )

    def _count(self, running: Running, sign: int) -> None:
        if not running.holds:
            return
        held = self._users[running.user]
        weight = sign * sum(part.weight for part in running.parts)
        held.devices += sign * len(running.parts)
        held.memory += sign * sum(part.memory for part in running.parts)
        held.weight += weight
        held.weighted_since += weight * round(running.since)


@dataclass(frozen=True)
class Start:
    id: str
    parts: tuple[Slice, ...]


@dataclass(frozen=True)
class Reservation:
    id: str
    at: float
    devices: frozenset[int]


@dataclass(frozen=True)
class Plan:
    starts: tuple[Start, ...]
    reservation: Reservation | None


@dataclass(frozen=True)
class Forecast:
    """Place in the queue, from 1, and when it should start; None when that is not known."""

    id: str
    position: int
    starts: float | None


def plan(
    now: float,
    waiting: Iterable[Waiting],
    running: Iterable[Running],
    fleet: Fleet,
    standings: Standings,
) -> Plan:
    """What starts now, and for whom devices are kept free."""
    starts: list[Start] = []
    started: list[Running] = []
    reservation: Reservation | None = None
    hopeless: set[tuple[object, ...]] = set()
    with fleet.trial():
        for one in _Queue(now, waiting, standings):
            devices, budget = standings.room(one.user)
            if devices < one.request.count:
                continue
            late = reservation is not None and now + one.request.term + standings.rules.handover > reservation.at
            avoid = reservation.devices if reservation and late else frozenset[int]()
            shape = (replace(one.request, term=1, wait=None, priority=0, key=None, tethered=False), avoid, budget)
            if shape in hopeless:
                continue
            search = Search(fleet, one.request, avoid=avoid, budget=budget)
            policy = placement.known(one.request.policy)
            if chosen := policy.choose(search):
                parts = tuple(search.slice(device) for device in chosen)
                for part in parts:
                    fleet.take(part)
                starts.append(Start(one.id, parts))
                started.append(Running(one.id, one.user, parts, now + one.request.term, now))
                standings.add(started[-1])
                continue
            hopeless.add(shape)
            if reservation is None:
                reservation = _reserve(one, now, [*running, *started], fleet, search, policy.one_server)
    for other in started:
        standings.remove(other)
    return Plan(tuple(starts), reservation)


def forecast(
    now: float,
    waiting: Iterable[Waiting],
    running: Iterable[Running],
    fleet: Fleet,
    standings: Standings,
) -> list[Forecast]:
    """The whole queue in its order, with estimates for its beginning, as if each waited for the one before it."""
    ends = [(max(one.ends, now), one.id, one.parts) for one in running if one.ends < math.inf]
    heapq.heapify(ends)
    found: list[Forecast] = []
    clock = now
    with fleet.trial():
        for position, one in enumerate(_Queue(now, waiting, standings), start=1):
            search = Search(fleet, one.request)
            chosen = None
            if position <= _FORECASTS and search.possible(one_server=False):
                policy = placement.known(one.request.policy)
                while not (chosen := policy.choose(search)) and ends:
                    clock, _, parts = heapq.heappop(ends)
                    for part in parts:
                        fleet.give(part)
            if chosen:
                parts = tuple(search.slice(device) for device in chosen)
                for part in parts:
                    fleet.take(part)
                heapq.heappush(ends, (clock + one.request.term, one.id, parts))
            found.append(Forecast(one.id, position, clock if chosen else None))
    return found


def bound(one: Waiting, ahead: int, rules: Rules) -> float:
    """Seconds within which a request starts that fits its quota and the fleet, when ``ahead`` others may go first.

    Nobody who comes later than ``no_more`` seconds after it overtakes it; from then on the queue's head starts within
    one ``max_time``, because nothing runs longer and nothing is prolonged or started that would be in its way.
    """
    no_more = rules.ageing * (PRIORITIES[-1] - one.request.priority + 1)
    return no_more + (ahead + 1) * (rules.max_time + rules.handover)


class _Queue:
    """The waiting requests in their order, which changes as users get what they waited for."""

    def __init__(self, now: float, waiting: Iterable[Waiting], standings: Standings) -> None:
        groups: defaultdict[tuple[int, int], list[Waiting]] = defaultdict(list)
        for one in waiting:
            level = one.request.priority + int(max(now - one.since, 0.0) // standings.rules.ageing)
            groups[level, one.user].append(one)
        self._now = now
        self._standings = standings
        self._groups = {
            key: sorted(ones, key=lambda one: (one.since, one.id), reverse=True) for key, ones in groups.items()
        }
        self._heap: list[tuple[int, float, float, str, int]] = []
        for level, user in self._groups:
            self._push(level, user)

    def __iter__(self) -> Iterator[Waiting]:
        while self._heap:
            level, usage, _, _, user = heapq.heappop(self._heap)
            if self._standings.usage(user, self._now) > usage:  # something of theirs has started since
                self._push(-level, user)
                continue
            one = self._groups[-level, user].pop()
            self._push(-level, user)
            yield one

    def _push(self, level: int, user: int) -> None:
        if ones := self._groups[level, user]:
            first = ones[-1]
            heapq.heappush(self._heap, (-level, self._standings.usage(user, self._now), first.since, first.id, user))


def _reserve(
    one: Waiting, now: float, running: Iterable[Running], fleet: Fleet, search: Search, one_server: bool
) -> Reservation | None:
    """The first moment at which enough devices will be free, and which; None when nobody knows when that will be."""
    outlook = _Outlook(fleet, search, one_server)
    for gone in sorted(running, key=lambda other: other.ends):
        if gone.ends == math.inf:
            break
        for part in gone.parts:
            if enough := outlook.give(part):
                return Reservation(one.id, max(gone.ends, now), frozenset(enough))
    return None


class _Outlook:
    """Devices as they will be, changed only where something has ended."""

    def __init__(self, fleet: Fleet, search: Search, one_server: bool) -> None:
        self._fleet = fleet
        self._search = search
        self._one_server = one_server
        self._count = search.request.count
        self._later: dict[int, DeviceState] = {}
        self._fitting: defaultdict[int, set[int]] = defaultdict(set)
        if not one_server:
            self._fitting[0] = set(search.tightest())

    def give(self, part: Slice) -> set[int] | None:
        """Counts a part as ended; returns the devices as soon as there are enough."""
        now = self._fleet.devices.get(part.device)
        if now is None or not self._search.may_use(now) or not self._fleet.servers[now.server].open:
            return None
        device = self._later.setdefault(now.id, replace(now))
        device.free_bytes += part.memory
        device.free_weight += part.weight
        if not self._search.fits(device):
            return None
        place = device.server if self._one_server else 0
        if self._one_server and place not in self._fitting:
            self._fitting[place] = set(self._search.on_server(place))
        fitting = self._fitting[place]
        fitting.add(device.id)
        return fitting if len(fitting) >= self._count else None
