"""What a server's heartbeats say of its sessions: what the supervisor knows, and what workers have counted anyway."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from cenote.server.sessions import Session, Sessions

LIMIT = 48 * 1024  # bytes of JSON; a manager takes 64 KiB in all


class Figures:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def take(self) -> dict[str, Any]:
        """Fields of a heartbeat. What workers have counted is what they said after the one before."""
        told = fitting(map(_of, self._sessions))
        self._sessions.ask_for_usage()
        return told


def fitting(sessions: Iterable[dict[str, Any]], limit: int = LIMIT) -> dict[str, Any]:
    """As many as there is room for, and how many there are ``more``."""
    chosen: list[dict[str, Any]] = []
    more = 0
    for one in sessions:
        limit -= len(json.dumps(one)) + 2
        if limit >= 0:
            chosen.append(one)
        else:
            more += 1
    return {"sessions": chosen, "more": more}


def _of(session: Session) -> dict[str, Any]:
    usage = session.usage
    return {
        "allocation": session.allocation.id.hex(),
        "user": session.allocation.user,
        "pid": session.record.pid,
        "since": session.record.since,
        "memory": [{"index": index, "bytes": amount} for index, amount in sorted(session.record.granted.items())],
        "calls": usage.calls,
        "received": usage.received,
        "sent": usage.sent,
        "busy": round(sum(usage.busy.values()), 6),
    }
