"""A store as it is after years: servers, half of whose devices are lent in shares of all kinds, users, and history."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterable, Iterator
from itertools import count, islice
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, insert, text

from cenote.pool.accounts import digest
from cenote.pool.models import (
    Allocation,
    Audit,
    Base,
    Device,
    Outcome,
    Part,
    PartState,
    Role,
    Server,
    ServerState,
    State,
    Token,
    Usage,
    User,
)
from cenote.pool.orders import Held, Share
from cenote.pool.request import DAY, WHOLE
from cenote.pool.store import Store

GIB = 1 << 30
DEVICES = 8
MEMORY = 80 * GIB
USERS = 200
HISTORY = 1_000_000
BOOT = "simulated"
ADMIN = "admin"
_BATCH = 20_000
_PARTS = (1, 1, 1, 2, 2, 4, 8)  # into which lent devices are divided
_SEVERAL = 0.2  # of the whole devices are lent together with the next one

Rows = Iterable[dict[str, Any]]


def server_name(number: int) -> str:
    return f"node{number:05d}"


def user_name(number: int) -> str:
    return f"user{number:03d}"


def address_of(number: int, port: int) -> str:
    """All of 127.0.0.0/8 is loopback: each server has an address of its own, and they share a port."""
    return f"127.1.{number // 250}.{number % 250 + 1}:{port}"


def token_of(name: str) -> str:
    """Of a server or a user of a simulated pool."""
    return f"cenote-{_hex(name)[:16]}-{_hex(name, 'secret')}"


def lent(servers: int, sharing: float = 0.5) -> dict[int, list[Held]]:
    """What each server has lent, by its number: so much of the devices."""
    choice = random.Random(servers)  # noqa: S311
    found: dict[int, list[Held]] = {}
    names = count()
    for server in range(servers):
        mine = found[server] = []
        index = 0
        while index < DEVICES:
            if choice.random() < sharing:
                parts = choice.choice(_PARTS)
                several = parts == 1 and index + 1 < DEVICES and choice.random() < _SEVERAL
                for _ in range(choice.randint(1, parts)):
                    shares: tuple[Share, ...] = (Share(index, MEMORY // parts, WHOLE // parts),)
                    if several:
                        shares += (Share(index + 1, MEMORY, WHOLE),)
                    name = _hex("allocation", str(next(names)))[:32]
                    user = user_name(choice.randrange(USERS))
                    mine.append(
                        Held(name, 1, shares, DAY, choice.uniform(0.1, 1) * DAY, user, bytes.fromhex(_hex(name)))
                    )
                index += several
            index += 1
    return found


def plant(store: Store, servers: int, port: int, *, history: int) -> None:
    """Fills an empty store, whose tables are up to date."""
    now, choice = time.time(), random.Random(history)  # noqa: S311
    held = lent(servers)
    with store.engine.begin() as connection:
        for table, rows in (
            (User, _users(servers)),
            (Token, _tokens(servers, now)),
            (Server, _servers(servers, port)),
            (Device, _devices(servers)),
            (Allocation, _allocations(held, now)),
            (Part, _parts(held, now)),
            (Allocation, _ended(history // 4, now, choice)),
            (Usage, _usage(history // 2, servers, now, choice)),
            (Audit, _audit(history // 4, now, choice)),
        ):
            left = iter(rows)
            while batch := list(islice(left, _BATCH)):
                connection.execute(insert(table), batch)
        if connection.dialect.name == "postgresql":
            _count_on(connection)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _count_on(connection: Connection) -> None:
    """Rows that were given ids have not moved the sequences."""
    for table in Base.metadata.sorted_tables:
        column = table.columns.get("id")
        if column is not None and isinstance(column.type, (Integer, BigInteger)) and table.name != "pool":
            latest = f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name})"  # noqa: S608
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {latest})"))


def _hex(*words: str) -> str:
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


def _people(servers: int) -> Iterator[tuple[int, str, Role]]:
    yield 1, ADMIN, Role.ADMIN
    yield from ((2 + number, user_name(number), Role.USER) for number in range(USERS))
    yield from ((2 + USERS + number, server_name(number), Role.SERVER) for number in range(servers))


def _user_id(name: str) -> int:
    return 2 + int(name[4:])


def _users(servers: int) -> Rows:
    for number, name, role in _people(servers):
        yield {"id": number, "name": name, "role": role, "used": 0.0, "used_at": 0.0, "active": True, "revision": 0}


def _tokens(servers: int, now: float) -> Rows:
    for number, name, _ in _people(servers):
        _, identity, secret = token_of(name).split("-")
        yield {"id": identity, "user_id": number, "hash": digest(secret), "label": "", "created_at": now}


def _servers(servers: int, port: int) -> Rows:
    for number in range(servers):
        yield {
            "id": number + 1,
            "name": server_name(number),
            "address": address_of(number, port),
            "ledger": server_name(number),
            "boot": BOOT,
            "serial": 1,
            "state": ServerState.READY,
            "draining": False,
            "revision": 0,
        }


def _device_id(server: int, index: int) -> int:
    return server * DEVICES + index + 1


def _devices(servers: int) -> Rows:
    for server in range(servers):
        for index in range(DEVICES):
            yield {
                "id": _device_id(server, index),
                "server_id": server + 1,
                "index": index,
                "present": True,
                "name": "Simulated A100" if server % 3 else "Simulated H100",
                "platform": "Simulated",
                "vendor": "Nobody",
                "type": "gpu",
                "version": "OpenCL 3.0",
                "driver_version": "1",
                "memory": MEMORY,
                "compute_units": 108,
                "overhead": 400 << 20,
            }


def _allocation(name: str, user: int, state: State, at: float, count: int) -> dict[str, Any]:
    return {
        "id": name,
        "user_id": user,
        "key": None,
        "state": state,
        "outcome": None,
        "epoch": 1,
        "count": count,
        "filter": "",
        "term": DAY,
        "priority": 0,
        "policy": "pack",
        "round_trips": [],
        "tethered": False,
        "submitted_at": at,
        "started_at": at,
        "ends_at": at + DAY,
        "ended_at": None,
        "revision": 0,
    }


def _allocations(held: dict[int, list[Held]], now: float) -> Rows:
    for one in (one for mine in held.values() for one in mine):
        yield _allocation(one.allocation, _user_id(one.user), State.ACTIVE, now - DAY + one.left, len(one.shares)) | {
            "weight": one.shares[0].weight,
            "memory": one.shares[0].memory,
        }


def _parts(held: dict[int, list[Held]], now: float) -> Rows:
    numbers = count(1)
    for server, mine in held.items():
        for one in mine:
            for share in one.shares:
                yield {
                    "id": next(numbers),
                    "allocation_id": one.allocation,
                    "epoch": 1,
                    "device_id": _device_id(server, share.index),
                    "server_id": server + 1,
                    "memory": share.memory,
                    "weight": share.weight,
                    "state": PartState.HELD,
                    "serial": 1,
                    "term": DAY,
                    "secret": one.secret,
                    "since": now - DAY + one.left,
                }


def _ended(number: int, now: float, choice: random.Random) -> Rows:
    for at in range(number):
        then = now - choice.uniform(1, 365) * DAY
        row = _allocation(_hex("ended", str(at))[:32], 2 + choice.randrange(USERS), State.ENDED, then, 1)
        yield row | {"outcome": Outcome.RELEASED, "ended_at": then + 3600, "weight": None, "memory": None}


def _usage(number: int, servers: int, now: float, choice: random.Random) -> Rows:
    for at in range(number):
        yield {
            "user_id": 2 + choice.randrange(USERS),
            "device_id": 1 + choice.randrange(servers * DEVICES),
            "allocation_id": _hex("ended", str(at))[:32],
            "ended_at": now - choice.uniform(1, 365) * DAY,
            "seconds": 3600.0,
            "memory": MEMORY,
            "weight": WHOLE,
        }


def _audit(number: int, now: float, choice: random.Random) -> Rows:
    for at in range(number):
        then, subject = now - choice.uniform(1, 365) * DAY, _hex("ended", str(at))[:32]
        yield {"at": then, "actor": user_name(0), "action": "allocation.submit", "subject": subject, "detail": {}}
