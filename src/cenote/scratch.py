"""Folders that live as long as a process. A lock tells those of the living from what the killed have left behind."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from cenote import paths


class Scratch:
    """A new folder of this process, ``cenote-KIND-…``, which only its user can read; removed when closed."""

    def __init__(self, kind: str) -> None:
        while True:  # who sweeps may take it for an old one before it is locked
            self.folder = Path(tempfile.mkdtemp(prefix=f"cenote-{kind}-", dir=paths.runtime()))
            lock = _lock(self.folder)
            if lock is not None:
                self._lock = lock
                if self.folder.exists():
                    return
                os.close(lock)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sweep(*kinds: str) -> None:
    """Removes this user's folders of these kinds that nobody holds."""
    for kind in kinds:
        for folder in paths.runtime().glob(f"cenote-{kind}-*"):
            _remove_unlocked(folder)


def _lock(folder: Path) -> int | None:
    """A lock on the folder for as long as the descriptor is open; None while another process has it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_unlocked(folder: Path) -> None:
    with suppress(OSError):
        if folder.lstat().st_uid == os.getuid() and (descriptor := _lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)
