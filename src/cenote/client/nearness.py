"""How far away a pool's servers are, for pools that place by that. Measured now and then, and remembered meanwhile."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cenote import paths
from cenote.client.pool import Pool
from cenote.errors import CenoteError
from cenote.private import write_private
from cenote.protocol import Address

FRESH = 300.0  # seconds
PATIENCE = 1.0  # seconds for all servers together; the others are far away
_AT_ONCE = 64
_EXACT = 4  # decimal places: a tenth of a millisecond is no distance


def round_trips(pool: Pool) -> dict[str, float]:
    """Seconds by server, nothing in a pool that does not want to know. Costs nothing most of the time."""
    folder, authority = paths.user_cache(), pool.login.credential.ca
    file = folder / "round-trips.json" if folder else None
    if (known := _remembered(file, authority)) is not None:
        return known
    try:
        sites = {site["name"]: Address.parse(site["address"]) for site in pool.placement()["measure"]}
    except (CenoteError, KeyError, TypeError):
        return {}
    found = measure(sites)
    if file:
        with suppress(OSError):
            write_private(file, json.dumps({"pool": authority, "at": time.time(), "round_trips": found}).encode())
    return found


def measure(sites: Mapping[str, Address], patience: float = PATIENCE) -> dict[str, float]:
    """How long it takes until each has accepted a TCP connection; what did not in time is left out."""
    found: dict[str, float] = {}
    begun: dict[socket.socket, tuple[str, float]] = {}
    deadline = time.monotonic() + patience
    left = iter(sites.items())
    with selectors.DefaultSelector() as selector:
        try:
            while (wait := deadline - time.monotonic()) > 0:
                for name, address in _next(left, _AT_ONCE - len(begun)):
                    with suppress(OSError):
                        sock, where = _socket(address)
                        begun[sock] = name, time.monotonic()
                        sock.connect_ex(where)
                        selector.register(sock, selectors.EVENT_WRITE)
                if not begun:
                    break
                for key, _ in selector.select(wait):
                    now = time.monotonic()
                    sock = key.fileobj  # type: ignore[assignment]
                    name, since = begun.pop(sock)
                    if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                        found[name] = round(now - since, _EXACT)
                    selector.unregister(sock)
                    sock.close()
        finally:
            for sock in begun:
                sock.close()
    return found


def _next(left: Iterator[tuple[str, Address]], most: int) -> Iterator[tuple[str, Address]]:
    for _, one in zip(range(most), left, strict=False):
        yield one


def _socket(address: Address) -> tuple[socket.socket, Any]:
    family, kind, number, _, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, number)
    sock.setblocking(False)
    return sock, where


def _remembered(file: Path | None, authority: str) -> dict[str, float] | None:
    try:
        plain = json.loads(file.read_bytes()) if file else None
        if plain is None or plain["pool"] != authority or not 0 <= time.time() - plain["at"] < FRESH:
            return None
        return {str(name): float(seconds) for name, seconds in plain["round_trips"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
