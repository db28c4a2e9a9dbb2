"""The pool's servers and devices, and what of them is free."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cenote.errors import NotFound
from cenote.pool import filters
from cenote.pool.core import Core
from cenote.pool.models import Device, Part, Server, ServerState
from cenote.pool.request import WHOLE, smallest_share
from cenote.protocol import Address

_BATCH = 500
_SERVERS = select(Server).where(Server.state != ServerState.REMOVED).order_by(Server.name)


@dataclass(frozen=True)
class DeviceView:
    """Memory in bytes, weights in millionths of the compute time. ``smallest`` is the smallest share of its memory."""

    server: str
    index: int
    name: str
    platform: str
    vendor: str
    type: str
    version: str
    driver_version: str
    compute_units: int
    memory: int
    smallest: int
    free_memory: int
    free_weight: int
    open: bool
    """Whether something would be placed there if it were free."""


@dataclass(frozen=True)
class ServerView:
    name: str
    address: str
    state: ServerState
    trouble: str
    """Why it is not ready, as far as anybody knows."""
    draining: bool
    devices: tuple[DeviceView, ...]


@dataclass(frozen=True)
class Site:
    """Where a server is."""

    name: str
    address: str


class Inventory:
    """All methods raise StoreFailed when the database cannot be used."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def servers(self, *, limit: int = 1000, after: str = "") -> list[ServerView]:
        """By their names, from the one that follows ``after``."""
        with self._core.store.reading() as session:
            query = _SERVERS.where(Server.name > after).limit(limit)
            return _views(session, session.scalars(query).all())

    def server(self, name: str) -> ServerView:
        """Raises NotFound."""
        with self._core.store.reading() as session:
            (view,) = _views(session, [_named(session, name)])
            return view

    def number(self, name: str) -> int:
        """The id by which the store knows a server. Raises NotFound."""
        with self._core.store.reading() as session:
            return _named(session, name).id

    def sites(self, limit: int) -> list[Site]:
        """Ready servers, of which a client is to measure the round trips: one of each network first."""
        query = select(Server.name, Server.address).where(Server.state == ServerState.READY, ~Server.draining)
        with self._core.store.reading() as session:
            found = [Site(row.name, row.address) for row in session.execute(query.order_by(Server.name))]
        first: dict[str, Site] = {}
        for site in found:
            first.setdefault(_network(site.address), site)
        return list(dict.fromkeys([*first.values(), *found]))[:limit]

    def devices(self, text: str = "", *, limit: int = 1000, after: tuple[str, int] = ("", -1)) -> list[DeviceView]:
        """Those for which a filter holds, by server and index, from the one that follows ``after``. Raises Invalid."""
        tree = filters.parse(text)
        found: list[DeviceView] = []
        with self._core.store.reading() as session:
            query = _SERVERS.where(Server.name >= after[0])
            servers = session.scalars(query).all()
            for start in range(0, len(servers), _BATCH):
                for server in _views(session, servers[start : start + _BATCH]):
                    found += [
                        device
                        for device in server.devices
                        if (device.server != after[0] or device.index > after[1])
                        and tree.decide(_fields(server, device))
                    ]
                if len(found) >= limit:
                    break
        return found[:limit]


def _fields(server: ServerView, device: DeviceView) -> dict[str, filters.Value]:
    own = {name: getattr(device, name) for name in (*filters.TEXT, *filters.NUMBERS) if name != "address"}
    return own | {"address": server.address}


def _network(address: str) -> str:
    """Whose hosts are about as far away as each other; a name is taken for a network of its own."""
    host = Address.parse(address).host
    try:
        parsed = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 64), strict=False))


def _named(session: Session, name: str) -> Server:
    row = session.scalars(_SERVERS.where(Server.name == name)).one_or_none()
    if row is None:
        raise NotFound(f"there is no server “{name}”")
    return row


def _views(session: Session, servers: Sequence[Server]) -> list[ServerView]:
    devices: defaultdict[int, list[Device]] = defaultdict(list)
    lent: dict[int, tuple[int, int]] = {}
    for ids in _batches([server.id for server in servers]):
        there = select(Device).where(Device.server_id.in_(ids), Device.present).order_by(Device.index)
        for device in session.scalars(there):
            devices[device.server_id].append(device)
        taken = (
            select(Part.device_id, func.sum(Part.memory), func.sum(Part.weight))
            .where(Part.server_id.in_(ids))
            .group_by(Part.device_id)
        )
        lent |= {number: (int(memory), int(weight)) for number, memory, weight in session.execute(taken)}
    return [
        ServerView(
            name=server.name,
            address=server.address,
            state=server.state,
            trouble=server.trouble,
            draining=server.draining,
            devices=tuple(_device(server, device, *lent.get(device.id, (0, 0))) for device in devices[server.id]),
        )
        for server in servers
    ]


def _device(server: Server, device: Device, memory: int, weight: int) -> DeviceView:
    return DeviceView(
        server=server.name,
        index=device.index,
        name=device.name,
        platform=device.platform,
        vendor=device.vendor,
        type=device.type,
        version=device.version,
        driver_version=device.driver_version,
        compute_units=device.compute_units,
        memory=device.memory,
        smallest=smallest_share(device.overhead),
        free_memory=max(device.memory - memory, 0),
        free_weight=max(WHOLE - weight, 0),
        open=server.state == ServerState.READY and not server.draining,
    )


def _batches(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH))
