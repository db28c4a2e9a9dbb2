"""Asks a pool for devices, waits for them, and holds them for a program."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from cenote import link
from cenote.client import nearness
from cenote.client.pool import Pool
from cenote.client.tether import Door, Tether
from cenote.errors import CenoteError, NoDevice, StoreFailed, Unreachable
from cenote.private import write_private
from cenote.protocol import Address
from cenote.units import human_duration, parse_duration, parse_size

View = dict[str, Any]
"""An allocation as the API describes it."""

Tell = Callable[[View], None]
"""Is told again and again how it stands with a request that waits."""

_POLL = 5.0  # seconds after which the place in the queue is asked for again
_PAUSE = 1.0  # between attempts to reach a manager
_FAILING = 3.0  # seconds after which a database that fails is not asked once more


def asked(
    *,
    count: int | None = None,
    share: str | None = None,
    memory: str | None = None,
    filter: str | None = None,
    term: str | None = None,
    wait: str | None = None,
    priority: int | None = None,
    same_server: bool = False,
    idle: str | None = None,
    tethered: bool,
) -> View:
    """What options of a command say, as the API wants it; what is missing is the pool's to decide."""
    found = {
        "count": count,
        "weight": None if share is None else _weight(share),
        "memory": None if memory is None else parse_size(memory),
        "filter": filter,
        "term": None if term is None else parse_duration(term),
        "wait": None if wait is None else parse_duration(wait),
        "priority": priority,
        "idle": None if idle is None else parse_duration(idle),
        "policy": "same-server" if same_server else None,
    }
    return {name: value for name, value in found.items() if value is not None} | {
        "attended": True,
        "tethered": tethered,
    }


def _weight(share: str) -> int:
    from cenote.pool.request import parse_share  # programs with whole devices start sooner

    return parse_share(share)


class Borrowed:
    """Held until closed, or until this process ends in any other way; what was asked for on its own stays."""

    def __init__(self, view: View, doors: list[Door], tethers: list[Tether]) -> None:
        self.view = view
        self.doors = doors
        self._tethers = tethers

    @classmethod
    def anew(cls, pool: Pool, wanted: View, tell: Tell) -> Self:
        """Devices for one program. Who is interrupted while waiting leaves the queue."""
        view = submit(pool, wanted, tell)
        with ExitStack() as undo:
            undo.callback(_let_go, pool, view["id"])
            doors = _doors(pool, view)
            tethers = []
            for door in doors:
                tethers.append(Tether(door))
                undo.callback(tethers[-1].close)
            undo.pop_all()
        return cls(view, doors, tethers)

    @classmethod
    def existing(cls, pool: Pool, name: str) -> Self:
        """What is held already, and stays so."""
        view = pool.allocation(name)
        if view["state"] != "active":
            raise NoDevice(f"allocation {name} is not active: {view['outcome'] or view['state']}")
        return cls(view, _doors(pool, view), [])

    def write(self, file: Path, *, container: bool = False) -> None:
        lines = (door.line(container=container) for door in self.doors)
        write_private(file, "\n".join(["cenote-allocation 1", *lines, ""]).encode())

    def keep(self) -> None:
        """Holds it across restarts of servers; not before this process has forked for the last time."""
        for tether in self._tethers:
            tether.keep()

    def close(self) -> None:
        """The servers free it at once, with or without a manager."""
        for tether in self._tethers:
            tether.close()


def submit(pool: Pool, wanted: View, tell: Tell) -> View:
    """Asks, and waits until it is active."""
    if trips := nearness.round_trips(pool):
        wanted = wanted | {"round_trips": trips}
    view = _submit(pool, wanted)
    with ExitStack() as undo:
        undo.callback(_let_go, pool, view["id"])
        heard = time.monotonic()
        while view["state"] in ("waiting", "placing"):
            tell(view)
            try:
                view = pool.allocation(view["id"], seen=view["state"], wait=_POLL)
                heard = time.monotonic()
            except (Unreachable, StoreFailed):  # a manager that is started anew
                if time.monotonic() - heard > link.timeout():
                    raise
                time.sleep(_PAUSE)
        if view["state"] != "active":
            raise NoDevice(_why_not(view, wanted))
        undo.pop_all()
    return view


def _submit(pool: Pool, wanted: View) -> View:
    """Again where a database was failing over; with the same key it is the same request."""
    key, end = secrets.token_hex(16), time.monotonic() + _FAILING
    while True:
        try:
            return pool.submit(wanted, key)
        except StoreFailed:
            if time.monotonic() > end:
                raise
        time.sleep(_PAUSE)


def _why_not(view: View, wanted: View) -> str:
    if view["outcome"] == "timed out":
        return f"no device that fits became free within {human_duration(wanted.get('wait', 0))}"
    return f"the request was ended before it got devices: {view['outcome']}"


def _let_go(pool: Pool, name: str) -> None:
    with suppress(CenoteError):  # the manager notices by itself that nobody asks any more
        pool.release(name)


def _doors(pool: Pool, view: View) -> list[Door]:
    found = [
        Door(door["server"], Address.parse(door["address"]), view["id"], door["secret"], pool.login.authority)
        for door in pool.doors(view["id"])
    ]
    if not found:
        raise NoDevice(f"allocation {view['id']} is over")
    return found
