"""What a supervisor leaves for the next one: which workers serve which sessions.

Each supervisor has a folder of its own below the server's state, locked for as long as it lives. The next one moves the
files of all folders whose supervisors are gone into its own. Nothing here outlives the host, so nothing is synced.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from cenote.errors import NoDevice
from cenote.folders import lock
from cenote.private import write_private
from cenote.server.ledger import boot_id

log = logging.getLogger("cenote.records")

FOLDER = "run"


def start_of(pid: int) -> int:
    """When a process started, in the kernel's ticks; with its id it names one process of this boot."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return int(text.rpartition(")")[2].split()[19])


@dataclass(frozen=True)
class SessionRecord:
    """A session and its worker. ``granted`` are bytes by device, what drivers take themselves included; ``since`` is in
    seconds since 1970."""

    session: bytes
    allocation: bytes
    pid: int
    started: int
    granted: dict[int, int] = field(default_factory=dict)
    boot: str = field(default_factory=boot_id)
    since: float = field(default_factory=time.time)


class Records:
    """The folder of this supervisor. What cannot be written raises NoDevice."""

    def __init__(self, folder: Path, held: int) -> None:
        self._folder = folder
        self._lock = held

    @classmethod
    def open(cls, state: Path) -> Self:
        """A new folder, with what supervisors that are gone have left."""
        base = state / FOLDER
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        one_at_a_time = lock(base, wait=True)
        assert one_at_a_time is not None
        try:
            folder = Path(tempfile.mkdtemp(dir=base))
            mine = lock(folder)
            assert mine is not None
            for other in base.iterdir():
                if other != folder and (theirs := lock(other)) is not None:
                    _move(other, folder)
                    os.close(theirs)
            return cls(folder, mine)
        finally:
            os.close(one_at_a_time)

    def sessions(self) -> Iterator[SessionRecord]:
        for file in self._folder.glob("*.session"):
            try:
                found = json.loads(file.read_bytes())
                granted = {int(device): int(amount) for device, amount in found["granted"].items()}
                yield SessionRecord(
                    bytes.fromhex(found["session"]),
                    bytes.fromhex(found["allocation"]),
                    int(found["pid"]),
                    int(found["started"]),
                    granted,
                    found["boot"],
                    float(found["since"]),
                )
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                log.error("%s is not readable: %r", file, error)

    def write_session(self, record: SessionRecord) -> None:
        plain = asdict(record) | {"session": record.session.hex(), "allocation": record.allocation.hex()}
        self._write(f"{record.session.hex()}.session", plain)

    def remove_session(self, session: bytes) -> None:
        for suffix in ("session", "socket"):
            (self._folder / f"{session.hex()}.{suffix}").unlink(missing_ok=True)

    def bind(self, session: bytes) -> socket.socket:
        """Where the session's worker can be found; it is the worker who listens, so that its id is on it."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            sock.bind(self._socket_of(session))
        except OSError as error:
            sock.close()
            raise _unwritten(error) from None
        return sock

    def connect(self, session: bytes) -> socket.socket:
        """Raises OSError when nobody listens there."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.setblocking(False)
        try:
            sock.connect(self._socket_of(session))
        except OSError:
            sock.close()
            raise
        return sock

    def close(self, *, keep: bool) -> None:
        """With ``keep`` only an empty folder is removed."""
        if keep:
            with suppress(OSError):
                self._folder.rmdir()
        else:
            shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(OSError):
            self._folder.parent.rmdir()
        os.close(self._lock)

    def _write(self, name: str, plain: dict[str, Any]) -> None:
        try:
            write_private(self._folder / name, json.dumps(plain).encode())
        except OSError as error:
            raise _unwritten(error) from None

    def _socket_of(self, session: bytes) -> str:
        """A path that is short wherever the folder is; those of sockets are limited."""
        return f"/proc/self/fd/{self._lock}/{session.hex()}.socket"


def _unwritten(error: OSError) -> NoDevice:
    return NoDevice(f"the server cannot write down what it lends: {error.strerror}")


def _move(folder: Path, to: Path) -> None:
    for file in folder.iterdir():
        if file.name.startswith("."):  # half-written
            file.unlink()
        else:
            file.rename(to / file.name)
    folder.rmdir()
