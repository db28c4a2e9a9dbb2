"""Folders that live as long as a process. A lock tells those of the living from what the killed have left behind."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from cenote import paths
from cenote.folders import lock


class Scratch:
    """A new folder of this process, ``cenote-KIND-…``, which only its user can read; removed when closed."""

    def __init__(self, kind: str) -> None:
        while True:  # who sweeps may take it for an old one before it is locked
            self.folder = Path(tempfile.mkdtemp(prefix=f"cenote-{kind}-", dir=paths.runtime()))
            with suppress(FileNotFoundError):
                held = lock(self.folder)
                if held is not None:
                    self._held = held
                    if self.folder.exists():
                        return
                    os.close(held)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._held)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sweep(*kinds: str) -> None:
    """Removes this user's folders of these kinds that nobody holds."""
    for kind in kinds:
        for folder in paths.runtime().glob(f"cenote-{kind}-*"):
            _remove_unlocked(folder)


def _remove_unlocked(folder: Path) -> None:
    with suppress(OSError):
        if folder.lstat().st_uid == os.getuid() and (descriptor := lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)
