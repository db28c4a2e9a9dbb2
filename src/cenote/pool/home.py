"""A manager's folder: what is in it, and which manager lives there. One at a time does."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from cenote import paths
from cenote.errors import Conflict, NoKey
from cenote.folders import lock
from cenote.private import write_private

_PATIENCE = 1.0
_PAUSE = 0.05


@dataclass(frozen=True)
class Resident:
    """A manager that answers requests at the first of ``managers``; ``ca`` is its authority's SHA-256 in hex."""

    pid: int
    managers: tuple[str, ...]
    ca: str


class Home:
    """Raises NoKey when the folder cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.admin_token = folder / paths.ADMIN_TOKEN.name
        self._resident = folder / "manager.json"
        self._kept = folder / "kept"

    @classmethod
    def of_this_host(cls) -> Self:
        return cls(paths.state() / paths.MANAGER)

    @property
    def kept(self) -> bool:
        """Whether this host's supervisor sees to it that a manager lives here."""
        return self._kept.exists()

    def keep(self) -> None:
        self._make()
        self._kept.touch(mode=0o600)

    def enter(self) -> None:
        """Makes this process the one that lives here, until it ends. Raises Conflict when another does."""
        self._make()
        end = time.monotonic() + _PATIENCE
        while lock(self.folder) is None:  # whoever asks for the resident holds it for a moment
            if time.monotonic() > end:
                raise Conflict(f"a manager that uses {self.folder} is running already")
            time.sleep(_PAUSE)
        self._resident.unlink(missing_ok=True)

    def announce(self, resident: Resident) -> None:
        write_private(self._resident, json.dumps(asdict(resident)).encode())

    def leave(self) -> None:
        self._resident.unlink(missing_ok=True)

    def occupied(self) -> bool:
        if not self.folder.exists():
            return False
        if (held := lock(self.folder)) is None:
            return True
        os.close(held)
        return False

    def resident(self) -> Resident | None:
        """The manager that lives here, once it answers requests."""
        if not self.occupied():
            return None
        try:
            plain = json.loads(self._resident.read_bytes())
            return Resident(int(plain["pid"]), tuple(plain["managers"]), str(plain["ca"]))
        except FileNotFoundError:
            return None

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise NoKey(f"the manager’s folder {self.folder} cannot be used: {error.strerror}") from None
