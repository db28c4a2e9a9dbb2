"""The host's key file: who has it may use the host's devices.

::

    cenote-key 1
    key 6f…                     32 random bytes
    certificate-sha256 91…      of the certificate that the host shows beyond loopback
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cenote import paths
from cenote.errors import NoKey

FILE_NAME = "host.key"


@dataclass(frozen=True)
class HostKey:
    key: bytes
    certificate_sha256: bytes

    def write(self, path: Path) -> None:
        text = f"cenote-key 1\nkey {self.key.hex()}\ncertificate-sha256 {self.certificate_sha256.hex()}\n"
        write_private(path, text.encode())


def write_private(path: Path, data: bytes) -> None:
    """Writes a file that nobody else could read at any moment, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        draft.replace(path)
    except OSError:
        draft.unlink()
        raise


def read(path: Path) -> HostKey:
    """The key file at ``path``; one that others can read is refused, as ssh does."""
    try:
        with path.open(encoding="ascii") as file:
            mode = os.fstat(file.fileno()).st_mode
            lines = file.read(4096).splitlines()
    except OSError as error:
        raise NoKey(f"the key file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        lines, mode = [], 0
    fields = dict(line.split(" ", 1) for line in lines if " " in line)
    try:
        found = HostKey(bytes.fromhex(fields["key"]), bytes.fromhex(fields["certificate-sha256"]))
    except (KeyError, ValueError):
        found = HostKey(b"", b"")
    if fields.get("cenote-key") != "1" or len(found.key) != 32 or len(found.certificate_sha256) != 32:
        raise NoKey(f"{path} is not a key file of Cenote’s")
    if stat.S_IMODE(mode) & 0o077:
        raise NoKey(f"the key file {path} can be read by others: run “chmod 600 {path}”")
    return found


def find() -> Path | None:
    """The key of a server on this host: that of the same user's, else the system's."""
    for folder in (paths.user_state(), paths.SYSTEM_STATE):
        if os.access(folder / FILE_NAME, os.R_OK):
            return folder / FILE_NAME
    return None
