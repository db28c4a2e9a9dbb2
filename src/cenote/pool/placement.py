"""Policies: which of the devices that could serve a request it gets. One class each, chosen by name.

A policy orders and never refuses: if enough devices fit, ``choose`` returns some. Its one condition may be
``one_server``, of which the queue's reservations know. Further policies are classes named by entry points of the group
``cenote.placement``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from itertools import islice
from typing import Protocol

from cenote.errors import Invalid
from cenote.pool.fleet import Search

GROUP = "cenote.placement"


class Policy(Protocol):
    one_server: bool
    """Whether all devices of an allocation must be on one server."""

    def choose(self, search: Search) -> list[int] | None:
        """As many different devices as ``search.request`` asks for; None when there are not enough."""
        ...


class Pack:
    """Shares go onto devices already split, and several devices onto one server where one has them."""

    one_server = False

    def choose(self, search: Search) -> list[int] | None:
        if search.request.count > 1 and (together := SameServer().choose(search)):
            return together
        return _enough(search.tightest(), search.request.count)


class Spread:
    """The emptiest devices, each on a server of its own as far as there are servers."""

    one_server = False

    def choose(self, search: Search) -> list[int] | None:
        count = search.request.count
        chosen: list[int] = []
        others: list[int] = []
        used: set[int] = set()
        for device in search.emptiest():
            if (server := search.server_of(device)) in used:
                others.append(device)
                continue
            used.add(server)
            chosen.append(device)
            if len(chosen) == count:
                return chosen
        return _enough(chosen + others, count)


class SameServer:
    """All devices on one server, on the fullest that has them."""

    one_server = True

    def choose(self, search: Search) -> list[int] | None:
        for server in search.servers():
            if chosen := _enough(search.on_server(server), search.request.count):
                return chosen
        return None


class Nearest:
    """Servers by the round trip that the client measured; those that it did not measure come last."""

    one_server = False

    def choose(self, search: Search) -> list[int] | None:
        count = search.request.count
        chosen: list[int] = []
        trips = dict(sorted(search.request.round_trips, key=lambda trip: trip[1], reverse=True))
        for name in reversed(trips):
            if (server := search.server_named(name)) is not None:
                chosen += search.on_server(server)
            if len(chosen) >= count:
                return chosen[:count]
        near = set(chosen)
        return _enough(chosen + list(islice((d for d in search.tightest() if d not in near), count)), count)


_OURS: dict[str, type[Policy]] = {"pack": Pack, "spread": Spread, "same-server": SameServer, "nearest": Nearest}


@cache
def named(name: str) -> Policy:
    """The policy of that name. Raises Invalid."""
    if name in _OURS:
        return _OURS[name]()
    others = entry_points(group=GROUP)
    if name not in others.names:
        known = ", ".join(sorted({*_OURS, *others.names}))
        raise Invalid(f"there is no placement policy “{name}”; there are: {known}")
    policy: Policy = others[name].load()()
    return policy


def _enough(devices: Iterable[int], count: int) -> list[int] | None:
    chosen = list(islice(devices, count))
    return chosen if len(chosen) == count else None
