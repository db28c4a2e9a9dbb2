"""Connections that measure the link to this server, for clients whom a manager has let in."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

PATIENCE = 30.0  # seconds from the permission to the connection
LIMIT = 64


@dataclass(frozen=True)
class Probe:
    """A permission for one connection."""

    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    until: float = field(default_factory=lambda: time.monotonic() + PATIENCE)


class Probes:
    """The latest permissions that have not been used."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, Probe] = {}

    def permit(self) -> Probe:
        probe = Probe()
        self._waiting[probe.id] = probe
        while len(self._waiting) > LIMIT:
            del self._waiting[next(iter(self._waiting))]
        return probe

    def take(self, id: bytes) -> Probe | None:
        """The permission of this id, which is used up with that."""
        probe = self._waiting.pop(id, None)
        return probe if probe and time.monotonic() < probe.until else None
