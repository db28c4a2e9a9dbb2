"""The fleet in memory: what is free, indexed so that finding a device does not mean looking at each of them.

Devices that have everything in common but their place are of one kind. For each kind all devices are kept in the order
of what they have free, and servers in the order of their n-th emptiest device; a search bisects. Only devices of open
servers (reachable, in agreement with the manager, not draining) are in these indexes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import merge

from cenote.pool import filters
from cenote.pool.request import WHOLE, Request

_REMEMBERED_FILTERS = 256
_FEW = 2000  # devices that are looked at one by one when a filter leaves no more of them

Entry = tuple[int, int, int]
"""Free bytes, free weight, device."""


@dataclass(frozen=True)
class Kind:
    """What devices have in common; ``memory`` and ``smallest`` (the smallest share) in bytes."""

    name: str
    platform: str
    vendor: str
    type: str
    version: str
    driver_version: str
    memory: int
    compute_units: int
    smallest: int

    def fields(self) -> dict[str, filters.Value]:
        return {name: getattr(self, name) for name in ("name", "platform", "vendor", "type", "version")} | {
            "driver_version": self.driver_version,
            "memory": self.memory,
            "compute_units": self.compute_units,
        }


@dataclass(frozen=True)
class Slice:
    """A part of one device: memory in bytes, and weight in millionths of its compute time."""

    device: int
    memory: int
    weight: int


@dataclass(slots=True)
class DeviceState:
    id: int
    server: int
    index: int
    kind: Kind
    free_bytes: int
    free_weight: int

    @property
    def entry(self) -> Entry:
        return self.free_bytes, self.free_weight, self.id


@dataclass(slots=True)
class ServerState:
    id: int
    name: str
    address: str
    open: bool = False
    devices: list[int] = field(default_factory=list)
    frees: list[int] = field(default_factory=list)
    """Free bytes of its devices as the index has them, largest first."""


@dataclass(frozen=True)
class Match:
    """What a filter leaves: whole kinds, and of kinds where it depends on the place only ``devices``."""

    kinds: tuple[Kind, ...]
    devices: frozenset[int] | None


class Fleet:
    """Servers and devices by the ids that the store gives them."""

    def __init__(self) -> None:
        self.servers: dict[int, ServerState] = {}
        self.devices: dict[int, DeviceState] = {}
        self._by_name: dict[str, int] = {}
        self._kinds: defaultdict[Kind, int] = defaultdict(int)
        self._free: defaultdict[Kind, list[Entry]] = defaultdict(list)
        self._lent: dict[int, tuple[int, int]] = {}
        """Bytes and weight by device, of devices that are not there now too."""
        self._nth: list[list[tuple[int, int]]] = []
        self._matches: OrderedDict[str, Match] = OrderedDict()
        self._undo: list[Slice] | None = None

    def put_server(
        self, server: int, name: str, address: str, *, open: bool, devices: Mapping[int, tuple[int, Kind]]
    ) -> None:
        """Adds a server or replaces what is known of it; ``devices``: index and kind by id. Loans stay as they are."""
        old = self.servers.get(server)
        known = (
            {device: (self.devices[device].index, self.devices[device].kind) for device in old.devices} if old else {}
        )
        if old and (old.name, old.address) == (name, address) and known == dict(devices):
            self._set_open(old, open)
            return
        self.remove_server(server)
        state = self.servers[server] = ServerState(server, name, address)
        self._by_name[name] = server
        for device, (index, kind) in devices.items():
            memory, weight = self._lent.get(device, (0, 0))
            self.devices[device] = DeviceState(device, server, index, kind, kind.memory - memory, WHOLE - weight)
            self._kinds[kind] += 1
            state.devices.append(device)
        self._set_open(state, open)

    def remove_server(self, server: int) -> None:
        self._matches.clear()
        state = self.servers.get(server)
        if state is None:
            return
        self._set_open(state, False)
        for device in state.devices:
            kind = self.devices.pop(device).kind
            self._kinds[kind] -= 1
            if not self._kinds[kind]:
                del self._kinds[kind]
        del self.servers[server], self._by_name[state.name]

    def server_named(self, name: str) -> int | None:
        return self._by_name.get(name)

    def count(self, kind: Kind) -> int:
        """How many devices of that kind there are, closed servers included."""
        return self._kinds.get(kind, 0)

    def take(self, part: Slice) -> None:
        """Counts a part as lent. What is free may fall below zero: where servers and store disagree, both count."""
        if self._undo is not None:
            self._undo.append(part)
        memory, weight = self._lent.pop(part.device, (0, 0))
        if (memory + part.memory, weight + part.weight) != (0, 0):
            self._lent[part.device] = memory + part.memory, weight + part.weight
        device = self.devices.get(part.device)
        if device is None:
            return
        server = self.servers[device.server]
        if server.open:
            entries = self._free[device.kind]
            del entries[bisect_left(entries, device.entry)]
        device.free_bytes -= part.memory
        device.free_weight -= part.weight
        if server.open:
            insort(self._free[device.kind], device.entry)
            self._rank(server)

    def give(self, part: Slice) -> None:
        """Counts a part as free again."""
        self.take(Slice(part.device, -part.memory, -part.weight))

    @contextmanager
    def trial(self) -> Iterator[None]:
        """What is taken and given inside is undone at the end."""
        outer, self._undo = self._undo, []
        try:
            yield
        finally:
            taken, self._undo = self._undo, None
            for part in reversed(taken):
                self.give(part)
            self._undo = outer

    def match(self, text: str) -> Match:
        """What a filter leaves of the whole fleet, closed servers included."""
        if text in self._matches:
            self._matches.move_to_end(text)
            return self._matches[text]
        tree = filters.parse(text)
        verdicts = {kind: tree.decide(kind.fields()) for kind in self._kinds}
        kinds = tuple(kind for kind, verdict in verdicts.items() if verdict is not False)
        devices = self._matching(tree, verdicts) if None in verdicts.values() else None
        self._matches[text] = Match(kinds, devices)
        if len(self._matches) > _REMEMBERED_FILTERS:
            self._matches.popitem(last=False)
        return self._matches[text]

    def tightest(self, kind: Kind, bytes: int, weight: int) -> Iterator[Entry]:
        """The devices of open servers with so much free, those with the least first."""
        entries = self._free.get(kind, [])
        at = bisect_left(entries, (bytes,))
        while at < len(entries):
            entry = entries[at]
            if entry[1] < weight:
                at = bisect_left(entries, (entry[0], weight), at)
                continue
            yield entry
            at += 1

    def emptiest(self, kind: Kind, bytes: int, weight: int) -> Iterator[Entry]:
        """The same devices, those with the most first."""
        entries = self._free.get(kind, [])
        least = bisect_left(entries, (bytes,))
        at = len(entries) - 1
        while at >= least:
            entry = entries[at]
            if entry[1] < weight:
                at = bisect_left(entries, (entry[0],)) - 1
                continue
            yield entry
            at -= 1

    def servers_with(self, count: int, bytes: int) -> Iterator[int]:
        """The open servers of which ``count`` devices have that many bytes free, those with the least first."""
        if count <= len(self._nth):
            ranks = self._nth[count - 1]
            for at in range(bisect_left(ranks, (bytes,)), len(ranks)):
                yield ranks[at][1]

    def _matching(self, tree: filters.Node, verdicts: Mapping[Kind, bool | None]) -> frozenset[int]:
        """The devices for which a filter holds that looks at their places; most say the same of a whole server."""
        found: set[int] = set()
        for server in self.servers.values():
            place: dict[str, filters.Value] = {"server": server.name, "address": server.address}
            here: dict[Kind, bool | None] = {}
            for device in map(self.devices.__getitem__, server.devices):
                kind = device.kind
                if kind not in here:
                    here[kind] = tree.decide(kind.fields() | place) if verdicts[kind] is None else verdicts[kind]
                verdict = here[kind]
                if verdict or (verdict is None and tree.decide(kind.fields() | place | {"index": device.index})):
                    found.add(device.id)
        return frozenset(found)

    def _set_open(self, server: ServerState, open: bool) -> None:
        if server.open == open:
            return
        server.open = open
        for device in map(self.devices.__getitem__, server.devices):
            entries = self._free[device.kind]
            if open:
                insort(entries, device.entry)
            else:
                del entries[bisect_left(entries, device.entry)]
        self._rank(server)

    def _rank(self, server: ServerState) -> None:
        """Moves the server in the lists of servers by their n-th emptiest device."""
        devices = self.devices
        now = sorted((devices[device].free_bytes for device in server.devices), reverse=True) if server.open else []
        was, server.frees = server.frees, now
        while len(self._nth) < len(now):
            self._nth.append([])
        for position in range(max(len(now), len(was))):
            old = was[position] if position < len(was) else None
            new = now[position] if position < len(now) else None
            if old == new:
                continue
            ranks = self._nth[position]
            if old is not None:
                del ranks[bisect_left(ranks, (old, server.id))]
            if new is not None:
                insort(ranks, (new, server.id))


class Search:
    """The devices of a fleet that can serve a request, as policies see them. Valid until the fleet changes."""

    def __init__(
        self, fleet: Fleet, request: Request, *, avoid: frozenset[int] = frozenset(), budget: int | None = None
    ) -> None:
        """``avoid``: devices to leave alone; ``budget``: bytes that all parts together may have."""
        self._fleet = fleet
        self._match = fleet.match(request.filter)
        self._avoid = avoid
        self.request = request
        self.needs: dict[Kind, tuple[int, int]] = {}
        for kind in self._match.kinds:
            need = request.need(kind.memory, kind.smallest)
            if need and (budget is None or need[0] * request.count <= budget):
                self.needs[kind] = need

    def tightest(self) -> Iterator[int]:
        """Devices where it fits, those that it would fill most first."""
        if (few := self._few()) is not None:
            return (entry[2] for entry in sorted(few))
        streams = (self._fleet.tightest(kind, *need) for kind, need in self.needs.items())
        return self._allowed(next(streams) if len(self.needs) == 1 else merge(*streams))

    def emptiest(self) -> Iterator[int]:
        """Devices where it fits, those with the most free memory first."""
        if (few := self._few()) is not None:
            return (entry[2] for entry in sorted(few, reverse=True))
        streams = (self._fleet.emptiest(kind, *need) for kind, need in self.needs.items())
        return self._allowed(next(streams) if len(self.needs) == 1 else merge(*streams, reverse=True))

    def on_server(self, server: int) -> list[int]:
        """The same of one server, those that it would fill most first."""
        state = self._fleet.servers[server]
        devices = map(self._fleet.devices.__getitem__, state.devices if state.open else ())
        return [entry[2] for entry in sorted(device.entry for device in devices if self.fits(device))]

    def servers(self) -> Iterator[int]:
        """Open servers that may have as many such devices as are asked for, the fullest first; look with on_server."""
        if not self.needs:
            return iter(())
        if self._match.devices is not None and len(self._match.devices) <= _FEW:
            return iter(dict.fromkeys(self.server_of(device) for device in self.tightest()))
        return self._fleet.servers_with(self.request.count, min(need[0] for need in self.needs.values()))

    def server_of(self, device: int) -> int:
        return self._fleet.devices[device].server

    def server_named(self, name: str) -> int | None:
        return self._fleet.server_named(name)

    def slice(self, device: int) -> Slice:
        return Slice(device, *self.needs[self._fleet.devices[device].kind])

    def may_use(self, device: DeviceState) -> bool:
        """Whether the device would do if it were free."""
        return device.kind in self.needs and (self._match.devices is None or device.id in self._match.devices)

    def fits(self, device: DeviceState) -> bool:
        """Whether it fits on the device now, whatever the state of its server."""
        if device.id in self._avoid or not self.may_use(device):
            return False
        bytes, weight = self.needs[device.kind]
        return device.free_bytes >= bytes and device.free_weight >= weight

    def fits_on(self, device: int) -> bool:
        """Whether it can be placed there now."""
        state = self._fleet.devices.get(device)
        return state is not None and self._fleet.servers[state.server].open and self.fits(state)

    def possible(self, *, one_server: bool) -> bool:
        """Whether the fleet, if all of it were free and open, has enough such devices."""
        count = self.request.count
        if one_server:
            states = self._fleet.servers.values()
            return any(sum(map(self.may_use, self._states(server.devices))) >= count for server in states)
        if self._match.devices is not None:
            return sum(map(self.may_use, self._states(self._match.devices))) >= count
        return sum(map(self._fleet.count, self.needs)) >= count

    def _states(self, devices: Iterable[int]) -> Iterator[DeviceState]:
        return map(self._fleet.devices.__getitem__, devices)

    def _few(self) -> list[Entry] | None:
        if self._match.devices is None or len(self._match.devices) > _FEW:
            return None
        servers = self._fleet.servers
        return [
            device.entry
            for device in self._states(self._match.devices)
            if servers[device.server].open and self.fits(device)
        ]

    def _allowed(self, entries: Iterable[Entry]) -> Iterator[int]:
        wanted, avoid = self._match.devices, self._avoid
        for _, _, device in entries:
            if device not in avoid and (wanted is None or device in wanted):
                yield device
