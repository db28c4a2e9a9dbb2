"""Where things are: the native parts of this installation, and the files of this user."""

from __future__ import annotations

import os
from pathlib import Path

from cenote.errors import NoDriver

NULL_DRIVER = "libcenote-null-opencl.so"

_PACKAGE = Path(__file__).resolve().parent


def native() -> Path:
    """The folder with bin/ and lib/: $CENOTE_NATIVE, else the installed one, else the build of this checkout."""
    if named := os.environ.get("CENOTE_NATIVE"):
        return Path(named)
    installed = _PACKAGE / "native"
    return installed if installed.is_dir() else _PACKAGE.parent.parent / "build" / "native"


def worker() -> Path:
    program = native() / "bin" / "cenote-worker"
    if not program.is_file():
        raise NoDriver(f"{program} is missing: build it with “make build”, or install Cenote with “pip install .”")
    return program


def is_ours(library: Path) -> bool:
    """Whether a libOpenCL.so.1 or an ICD is Cenote's shim, of whichever installation."""
    file = library.resolve()
    if file.name == NULL_DRIVER:  # it stands beside the shim, but is a driver
        return False
    return (file.parent / "libcenote.so").exists() or file.name == "libcenote-opencl-icd.so"


def user_state() -> Path:
    """The folder of what this user's servers keep."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "cenote"


def user_cache() -> Path | None:
    """The folder of what is only kept to be quicker; None for a user without a home."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cenote"
    except RuntimeError:
        return None


def user_config() -> Path | None:
    """The folder of what this user has configured; None for a user without a home."""
    try:
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "cenote"
    except RuntimeError:
        return None


SYSTEM_STATE = Path("/etc/cenote")
MANAGER = "manager"  # a manager's folder, in the state folder of its host
ADMIN_TOKEN = Path(MANAGER) / "admin.token"


def state() -> Path:
    """The folder of what this host keeps: /etc/cenote where an administrator has made it ours to write."""
    return SYSTEM_STATE if os.access(SYSTEM_STATE, os.W_OK) else user_state()


def runtime() -> Path:
    """Where files go that live as long as a process."""
    return Path(os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("TMPDIR") or "/tmp")  # noqa: S108
