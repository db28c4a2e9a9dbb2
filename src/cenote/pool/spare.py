"""Disk space set aside beside an SQLite database, so that on a full disk devices can still be given back."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_SIZE = 8 * 1024 * 1024
_LOW = 2 * 1024 * 1024


class Spare:
    def __init__(self, database: Path) -> None:
        self._folder = database.parent
        self._file = database.with_name(f"{database.name}.spare")

    def has_room(self) -> bool:
        """Whether there is room for new things. If not, the space set aside has been given up for what is vital."""
        try:
            space = os.statvfs(self._folder)
            free = space.f_bavail * space.f_frsize
            if free < _LOW:
                self._file.unlink(missing_ok=True)
                return False
            if not self._file.exists():
                if free < _SIZE + _LOW:
                    return False
                self._set_aside()
        except OSError:  # a read-only disk, of which the database itself will tell
            return True
        return True

    def _set_aside(self) -> None:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, _SIZE)
        except OSError:
            with suppress(OSError):
                self._file.unlink()
            raise
        finally:
            os.close(descriptor)
