"""Policies: which of the devices that could serve a request it gets. One class each, chosen by name.

A policy orders and never refuses: if enough devices fit, ``choose`` returns some. Its one condition may be
``one_server``, of which the queue's reservations know. Further policies are classes named by entry points of the group
``cenote.placement``; what they say is looked at before it counts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import entry_points
from itertools import islice
from typing import Protocol

from cenote.errors import Invalid
from cenote.pool.fleet import Search

log = logging.getLogger("cenote.placement")

GROUP = "cenote.placement"
PACK = "pack"
NEAREST = "nearest"
SAME_SERVER = "same-server"


class Policy(Protocol):
    one_server: bool
    """Whether all devices of an allocation must be on one server."""
    measured: bool
    """Whether it looks at the round trips that clients measure."""

    def choose(self, search: Search) -> list[int] | None:
        """As many different devices as ``search.request`` asks for; None when there are not enough."""
        ...


class Pack:
    """Shares go onto devices already split, and several devices onto one server where one has them."""

    one_server = measured = False

    def choose(self, search: Search) -> list[int] | None:
        if search.request.count > 1 and (together := _together(search, search.servers())):
            return together
        return _enough(search.tightest(), search.request.count)


class Spread:
    """The emptiest devices, each on a server of its own as far as there are servers."""

    one_server = measured = False

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
    """All devices on one server: the nearest that has them, where the client has measured, else the fullest."""

    one_server = True
    measured = False

    def choose(self, search: Search) -> list[int] | None:
        return _together(search, _nearest(search)) or _together(search, search.servers())


class Nearest:
    """Servers by the round trip that the client measured; those that it did not measure come last."""

    one_server = False
    measured = True

    def choose(self, search: Search) -> list[int] | None:
        count = search.request.count
        chosen: list[int] = []
        for server in _nearest(search):
            chosen += search.on_server(server)
            if len(chosen) >= count:
                return chosen[:count]
        near = set(chosen)
        return _enough(chosen + list(islice((d for d in search.tightest() if d not in near), count)), count)


class _Foreign:
    """One of somebody else's, whose mistakes stop nobody: where it makes one, devices are packed."""

    def __init__(self, name: str, policy: Policy) -> None:
        self.one_server, self.measured = bool(policy.one_server), bool(policy.measured)
        self._name = name
        self._policy = policy
        self._instead: Policy = SameServer() if self.one_server else Pack()

    def choose(self, search: Search) -> list[int] | None:
        count = search.request.count
        try:
            chosen = self._policy.choose(search)
            if chosen is None:
                return None
            if len(set(chosen)) != count or not all(map(search.fits_on, chosen)):
                raise ValueError("it has chosen too few devices, or such as do not do")
            if self.one_server and len(set(map(search.server_of, chosen))) > 1:
                raise ValueError("it has chosen devices of several servers")
        except Exception:
            log.exception("the placement policy “%s” makes a mistake", self._name)
            return self._instead.choose(search)
        return list(chosen)


_OURS: dict[str, type[Policy]] = {PACK: Pack, "spread": Spread, SAME_SERVER: SameServer, NEAREST: Nearest}


@cache
def named(name: str) -> Policy:
    """The policy of that name. Raises Invalid."""
    if name in _OURS:
        return _OURS[name]()
    others = entry_points(group=GROUP)
    if name not in others.names:
        there = ", ".join(sorted({*_OURS, *others.names}))
        raise Invalid(f"there is no placement policy “{name}”; there are: {there}")
    try:
        return _Foreign(name, others[name].load()())
    except Exception as error:
        raise Invalid(f"the placement policy “{name}” cannot be used: {type(error).__name__}: {error}") from error


@cache
def known(name: str) -> Policy:
    """The same for a request that was let in: another manager may have had a policy that this one lacks."""
    try:
        return named(name or PACK)
    except Invalid as error:
        log.error("%s; devices are packed instead", error)
        return Pack()


def _nearest(search: Search) -> Iterator[int]:
    """The servers whose round trips the client has measured."""
    trips = dict(sorted(search.request.round_trips, key=lambda trip: trip[1], reverse=True))
    servers = (search.server_named(name) for name in reversed(trips))
    return (server for server in servers if server is not None)


def _together(search: Search, servers: Iterable[int]) -> list[int] | None:
    """All devices on one of these servers."""
    for server in servers:
        if chosen := _enough(search.on_server(server), search.request.count):
            return chosen
    return None


def _enough(devices: Iterable[int], count: int) -> list[int] | None:
    chosen = list(islice(devices, count))
    return chosen if len(chosen) == count else None
