"""A manager's picture of the pool in memory, which follows the store from transaction to transaction."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from cenote.pool.fleet import Fleet, Kind, Slice
from cenote.pool.models import (
    Allocation,
    Device,
    Group,
    Part,
    PartState,
    Revision,
    Server,
    ServerState,
    State,
    User,
)
from cenote.pool.queue import Account, Limits, Rules, Running, Standings, Waiting
from cenote.pool.request import Request, smallest_share

Followed = Group | User | Server | Allocation

_BATCH = 500  # ids in one query
_NEWS = (
    select(Revision.number, Revision.mark, Revision.tables)
    .where(Revision.number >= bindparam("seen"))
    .order_by(Revision.number)
)


class Mirror:
    """Not to be used by two threads at once. ``follow`` and ``take_in`` expect the pool's lock to be held."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.doubts = 0
        """How often all servers had to report anew."""
        self.forget()

    def forget(self) -> None:
        """The next ``follow`` reads everything."""
        self._seen, self._mark = -1, ""
        self.fleet = Fleet()
        self.states: dict[int, ServerState] = {}
        self.standings = Standings(self._rules)
        self.waiting: dict[str, Waiting] = {}
        self.running: dict[str, tuple[Running, ...]] = {}

    def doubt(self) -> None:
        """The database is another than the one that was followed, or the clock was set: what servers say wins."""
        self.doubts += 1

    def follow(self, session: Session) -> None:
        """Brings the picture up to date."""
        news = session.execute(_NEWS, {"seen": self._seen}).all()
        known = self._seen == 0 or (bool(news) and (news[0].number, news[0].mark) == (self._seen, self._mark))
        if self._seen < 0 or not known:
            if self._seen > 0:  # or it is only that we are too far behind
                self.doubt()
            self.forget()
            tables = {"groups", "users", "servers", "allocations"}
        else:
            tables = {table for row in news[self._seen > 0 :] for table in row.tables.split()}
        if "groups" in tables:
            columns = Group.id, Group.max_devices, Group.max_memory
            for group in session.execute(self._since(select(*columns), Group)):
                self.standings.groups[group.id] = Limits(group.max_devices, group.max_memory)
        if "users" in tables:
            self._read_users(session)
        if "allocations" in tables:
            self._read_allocations(session)
        if "servers" in tables:  # after what is lent there, which orders its devices
            self._read_servers(session)
        if news:
            self._seen, self._mark = news[-1].number, news[-1].mark
        else:
            self._seen = 0

    def take_in(self, rows: Iterable[Followed]) -> None:
        """The same from the rows that a transaction has changed. If that is not committed, ``forget``."""
        for row in rows:
            match row:
                case Group():
                    self.standings.groups[row.id] = Limits(row.max_devices, row.max_memory)
                case User():
                    self._put_user(row)
                case Server():
                    there = {device.id: (device.index, _kind(device)) for device in row.devices if device.present}
                    self._put_server(row, there)
                case Allocation():
                    self._put(row, row.parts)
                    if row.state == State.WAITING:
                        self.waiting[row.id] = waiting(row)

    def made(self, revision: int, mark: str) -> None:
        """A transaction of this manager is committed, and was taken in."""
        self._seen, self._mark = revision, mark

    def _since(self, query: Select, table: type[Group | User | Server | Allocation]) -> Select:  # type: ignore[type-arg]
        return query.where(table.revision > self._seen) if self._seen >= 0 else query

    def _read_users(self, session: Session) -> None:
        columns = User.id, User.group_id, User.used, User.used_at, User.max_devices, User.max_memory
        for user in session.execute(self._since(select(*columns), User)):
            self._put_user(user)

    def _put_user(self, user: Any) -> None:
        limits = Limits(user.max_devices, user.max_memory)
        self.standings.accounts[user.id] = Account(user.used, user.used_at, limits, user.group_id)

    def _read_servers(self, session: Session) -> None:
        columns = Server.id, Server.name, Server.address, Server.state, Server.draining
        servers = session.execute(self._since(select(*columns), Server)).all()
        devices: dict[int, dict[int, tuple[int, Kind]]] = {server.id: {} for server in servers}
        kinds: dict[Kind, Kind] = {}
        others = [column for column in Device.__table__.columns if column.name != "index"]
        query = select(Device.index.label("place"), *others).where(Device.present)
        for ids in [None] if self._seen < 0 else _batches(list(devices)):
            for row in session.execute(query if ids is None else query.where(Device.server_id.in_(ids))):
                kind = _kind(row)
                devices[row.server_id][row.id] = row.place, kinds.setdefault(kind, kind)
        for server in servers:
            self._put_server(server, devices[server.id])

    def _put_server(self, server: Any, devices: Mapping[int, tuple[int, Kind]]) -> None:
        self.states[server.id] = server.state
        is_open = server.state == ServerState.READY and not server.draining
        self.fleet.put_server(server.id, server.name, server.address, open=is_open, devices=devices)

    def _read_allocations(self, session: Session) -> None:
        """As plain columns: there may be hundreds of thousands."""
        columns = Allocation.id, Allocation.user_id, Allocation.state, Allocation.epoch
        times = Allocation.started_at, Allocation.ends_at
        query = select(*columns, *times)
        living = query.where(Allocation.state != State.ENDED)
        rows = session.execute(living if self._seen < 0 else self._since(query, Allocation)).all()
        parts: dict[str, list[Any]] = {row.id: [] for row in rows}
        shares = select(Part.allocation_id, Part.epoch, Part.device_id, Part.memory, Part.weight, Part.state)
        for ids in [None] if self._seen < 0 else _batches(list(parts)):
            for part in session.execute(shares if ids is None else shares.where(Part.allocation_id.in_(ids))):
                parts.setdefault(part.allocation_id, []).append(part)
        for row in rows:
            self._put(row, parts[row.id])
        for ids in _batches([row.id for row in rows if row.state == State.WAITING]):
            for allocation in session.scalars(select(Allocation).where(Allocation.id.in_(ids))):
                self.waiting[allocation.id] = waiting(allocation)

    def _put(self, row: Any, parts: Sequence[Any]) -> None:
        for old in self.running.pop(row.id, ()):
            self.standings.remove(old)
            for part in old.parts:
                self.fleet.give(part)
        self.waiting.pop(row.id, None)
        if new := _running(row, parts):
            self.running[row.id] = new
            for one in new:
                self.standings.add(one)
                for taken in one.parts:
                    self.fleet.take(taken)


def waiting(row: Allocation) -> Waiting:
    """A waiting allocation as the queue sees it."""
    return Waiting(row.id, row.user_id, request(row), row.submitted_at)


def request(row: Allocation) -> Request:
    return Request(
        count=row.count,
        weight=row.weight,
        memory=row.memory,
        filter=row.filter,
        term=row.term,
        wait=row.wait,
        priority=row.priority,
        policy=row.policy,
        round_trips=tuple((str(name), float(seconds)) for name, seconds in row.round_trips),
        tethered=row.tethered,
    )


def _running(row: Any, parts: Sequence[Any]) -> tuple[Running, ...]:
    """What an allocation holds, and what earlier attempts or a release have left to come back at any moment."""
    holds = row.state in (State.PLACING, State.ACTIVE)
    own = [part for part in parts if holds and part.epoch == row.epoch and part.state != PartState.RELEASING]
    rest = [part for part in parts if part not in own]
    ends = row.ends_at if row.ends_at is not None else math.inf
    both = (
        Running(row.id, row.user_id, _slices(own), ends, row.started_at or 0.0),
        Running(row.id, row.user_id, _slices(rest), 0.0, holds=False),
    )
    return tuple(one for one in both if one.parts)


def _slices(parts: Sequence[Any]) -> tuple[Slice, ...]:
    return tuple(Slice(part.device_id, part.memory, part.weight) for part in parts)


def _kind(device: Any) -> Kind:
    return Kind(
        device.name,
        device.platform,
        device.vendor,
        device.type,
        device.version,
        device.driver_version,
        device.memory,
        device.compute_units,
        smallest_share(device.overhead),
    )


def _batches(ids: Sequence[int | str]) -> list[Sequence[int | str]]:
    return [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]
