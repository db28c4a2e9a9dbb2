"""What ``cenote serve`` was told about pools."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from cenote.config import Settings
from cenote.credentials import JoinCredential, read_join
from cenote.errors import NoKey
from cenote.protocol import MANAGER_PORT, Address
from cenote.server.enrolment import Wish

_VARIABLE = "CENOTE_JOIN"
_LIMIT = 1 << 16


def wish(settings: Settings, join: str | None) -> Wish:
    """Raises NoKey for a join string that is none."""
    listens = dict.fromkeys(Address(address.host, MANAGER_PORT) for address in settings.serve.listen)
    return Wish(
        settings.serve.name or socket.gethostname(),
        () if settings.pool.listen else tuple(listens),
        _join(join),
        settings.serve.address,
    )


def _join(named: str | None) -> JoinCredential | None:
    """From the file, or the standard input, or the variable, which programs that are started later do not get."""
    text = os.environ.pop(_VARIABLE, "")
    if named == "-":
        text = sys.stdin.read(_LIMIT)
    elif named is not None:
        try:
            with Path(named).open(encoding="utf-8", errors="replace") as file:
                text = file.read(_LIMIT)
        except OSError as error:
            raise NoKey(f"the join string {named} cannot be read: {error.strerror}") from None
    return read_join(text) if text or named is not None else None
