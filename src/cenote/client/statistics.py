"""How the pool was used, as “cenote stats” tells it."""

from __future__ import annotations

import time
from typing import Any

from cenote.client.pool import Pool

QUIET = 600.0  # seconds without use after which somebody else might have made more of it
LITTLE = 0.1  # of the time
_SUMS = ("allocations", "seconds", "device_seconds", "byte_seconds", "busy_seconds")

Row = dict[str, Any]


def gather(pool: Pool, period: float, *, detailed: bool = False) -> Row:
    """The last ``period`` seconds: the pool’s for admins and viewers, else one’s own use of it.

    What is ``detailed`` has each user's use of each device on each day as well, which may be much.
    """
    until = time.time()
    since = until - period
    me = pool.me()
    lent = {(row["server"], row["index"]): row for row in pool.usage(since, ["device"])}
    there = {(one["server"], one["index"]): {"device": one["name"]} for one in pool.devices()}
    found = {
        "since": since,
        "until": until,
        "user": me["name"] if me["role"] == "user" else None,
        "users": _without(pool.usage(since, ["user"])),
        "devices": [_device(*place, lent.get(place, there.get(place, {})), period) for place in sorted(lent | there)],
        "days": _without(pool.usage(since, ["day"])),
        "idle": [one for one in pool.allocations() if is_idle(one, until)],
    }
    return found | ({"usage": pool.usage(since, ["user", "device", "day"])} if detailed else {})


def is_idle(allocation: Row, now: float) -> bool:
    """Whether it is lent, but little used; what is not known is not said."""
    if allocation["quiet"] is None or now - allocation["started_at"] < QUIET:
        return False
    return bool(allocation["quiet"] >= QUIET or allocation["utilisation"] < LITTLE)


def _device(server: str, index: int, found: Row, period: float) -> Row:
    sums = {name: found.get(name, 0) for name in _SUMS}
    place = {"server": server, "index": index, "device": found["device"]}
    return place | sums | {"utilisation": sums["device_seconds"] / period}


def _without(rows: list[Row]) -> list[Row]:
    """What is not told apart there is left out."""
    return [{name: value for name, value in row.items() if value is not None} for row in rows]
