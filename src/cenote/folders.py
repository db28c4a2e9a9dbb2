"""Folders that belong to a process for as long as it lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def lock(folder: Path, *, wait: bool = False) -> int | None:
    """A lock on the folder for as long as the descriptor is open; None while another process has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
