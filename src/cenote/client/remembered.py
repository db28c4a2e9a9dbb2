"""What “cenote request” has got, remembered for one terminal of one host."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

from cenote import paths
from cenote.private import write_private


def remember(allocation: str) -> bool:
    """Whether there is a terminal for which it can be remembered."""
    file = _file()
    if file is None:
        return False
    write_private(file, allocation.encode("ascii"))
    return True


def recall() -> str | None:
    file = _file()
    try:
        return file.read_text(encoding="ascii") if file else None
    except (OSError, UnicodeDecodeError):
        return None


def forget(allocation: str) -> None:
    file = _file()
    if file and recall() == allocation:
        with suppress(OSError):
            file.unlink()


def _file() -> Path | None:
    """Named by the host, since homes are shared, and by the session, since numbers of terminals are used again."""
    _, _, _, session, terminal, *_ = _fields("self")
    if terminal == "0":
        return None
    try:
        began = _fields(session)[19]
    except OSError:  # whoever began the session has ended
        began = "0"
    return paths.user_state() / "requested" / f"{socket.gethostname()}-{terminal}-{session}-{began}"


def _fields(process: str) -> list[str]:
    """From the state on: proc(5)."""
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
