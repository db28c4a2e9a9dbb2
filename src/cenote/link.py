"""How long a silent host is waited for: what native/wire/link.hpp is for streams, for all other connections."""

from __future__ import annotations

import os
import socket

TIMEOUT = 60
LEAST, MOST = 5, 600
_PROBES = 12


def timeout() -> int:
    """Seconds: ``CENOTE_LINK_TIMEOUT``, which was checked with all settings, else a minute."""
    return int(os.environ.get("CENOTE_LINK_TIMEOUT") or TIMEOUT)


def keep(sock: socket.socket) -> None:
    """Small packets leave at once, and a host that has vanished is noticed soon after the time-out."""
    pause = min(max(timeout() // _PROBES, 1), 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, pause)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, pause)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, min(timeout() // pause, 127))
