"""What makes a container's programs find borrowed devices: a folder of libraries that needs nothing of the image but
its C library, the allocation file, and a file of the Container Device Interface (CDI) by which runtimes put both there.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cenote import paths
from cenote.client import environment
from cenote.client.borrowing import Borrowed
from cenote.client.pool import Pool
from cenote.errors import CenoteError

KIND = "cenote.dev/allocation"
VERSION = "0.5.0"  # of CDI: the oldest in which a device's name may begin with a digit, so that old runtimes take it
INSIDE = PurePosixPath("/opt/cenote-client")

_SHIMS = ("libcenote.so", "libOpenCL.so.1", environment.ICD)
_OPENSSL = ("libssl.so.3", "libcrypto.so.3")
_LINK = "cdi"  # in an allocation's folder, to its file


@dataclass(frozen=True)
class Prepared:
    """What a container gets."""

    name: str
    edits: dict[str, Any]
    here: bool
    """Whether a server is reached by the host's own network alone."""

    def options(self, *, cdi: bool) -> list[str]:
        """Of “docker run”, podman's and others' being the same."""
        network = ["--network", "host"] if self.here else []
        if cdi:
            return [*network, "--device", f"{KIND}={self.name}"]
        mounts = [f"{mount['hostPath']}:{mount['containerPath']}:ro" for mount in self.edits["mounts"]]
        volumes = [word for mount in mounts for word in ("--volume", mount)]
        return [*network, *volumes, *(word for variable in self.edits["env"] for word in ("--env", variable))]


def prepare(held: Borrowed, libraries: Sequence[str] = ()) -> Prepared:
    """Writes the allocation file, which stays until ``forget``. ``libraries`` are further folders in the container, for
    its LD_LIBRARY_PATH."""
    name = held.view["id"]
    allocation = environment.allocation_file(_folder() / name)
    held.write(allocation, container=True)
    return Prepared(name, _edits(client(), allocation, libraries), any(door.is_loopback for door in held.doors))


def ready(output: Path) -> None:
    """Makes the folder for CDI files. Raises CenoteError when they could not be written there."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        if os.access(output, os.W_OK):
            return
        reason = "permission denied"
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    raise CenoteError(f"{output} cannot be written to ({reason}); --output names another folder, --no-cdi needs none")


def write(prepared: Prepared, output: Path) -> Path:
    """Writes the CDI file into a folder that is ready."""
    device = {"name": prepared.name, "containerEdits": prepared.edits}
    described = {"cdiVersion": VERSION, "kind": KIND, "devices": [device]}
    file = output / f"{KIND.replace('/', '-')}-{prepared.name}.json"
    draft = output / f".{file.name}.{os.getpid()}"  # which runtimes do not take for one of theirs
    draft.write_text(json.dumps(described, indent=2) + "\n")
    draft.replace(file)
    link = _folder() / prepared.name / _LINK
    link.unlink(missing_ok=True)
    link.symlink_to(file.absolute())
    return file


def _edits(client: Path, allocation: Path, libraries: Sequence[str]) -> dict[str, Any]:
    """As CDI has them."""
    inside = environment.variables(INSIDE / "allocation", INSIDE / "lib", INSIDE / "vendors", libraries)
    mounts = [(client / "lib", "lib"), (client / "vendors", "vendors"), (allocation, "allocation")]
    return {
        "env": [f"{variable}={value}" for variable, value in inside.items()],
        "mounts": [
            {
                "hostPath": str(host),
                "containerPath": str(INSIDE / place),
                "options": ["ro", "nosuid", "nodev", "bind"],
            }
            for host, place in mounts
        ],
    }


def forget(name: str) -> None:
    """What was written for an allocation that is over."""
    folder = _folder() / name
    with suppress(OSError):
        (folder / _LINK).readlink().unlink()
    shutil.rmtree(folder, ignore_errors=True)


def sweep(pool: Pool) -> None:
    """Forgets what was written for allocations of this pool that have ended by themselves."""
    for folder in _folder().glob("[0-9a-f]" * 32):
        with suppress(CenoteError):  # it is of another pool
            if pool.allocation(folder.name)["state"] == "ended":
                forget(folder.name)


def client() -> Path:
    """The folder that containers get: one for each build, kept, since this installation may be replaced under them."""
    sources = _sources()
    digest = hashlib.sha256()
    for source in sources.values():
        digest.update(source.read_bytes())
    folder = _folder() / f"client-{digest.hexdigest()[:16]}"
    if folder.exists():
        return folder
    _folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(prefix=".client-", dir=_folder()))
    _fill(draft, sources)
    draft.chmod(0o755)
    try:
        draft.rename(folder)
    except OSError:  # somebody else was faster
        shutil.rmtree(draft)
    return folder


def _fill(folder: Path, sources: dict[str, Path]) -> None:
    """With all that a program needs but the allocation file, as it is to be seen at INSIDE."""
    for name, source in sources.items():
        target = folder / "lib" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o755)
    (folder / "vendors").mkdir()
    (folder / "vendors" / environment.ICD_FILE).write_text(f"{INSIDE / 'lib' / environment.ICD}\n")


def _sources() -> dict[str, Path]:
    """By their names below lib: the shims, and for images without OpenSSL 3 the one that is here."""
    libraries = environment.shims()
    found = {name: libraries / name for name in _SHIMS}
    own = libraries / "openssl"
    openssl = [own / name for name in _OPENSSL] if own.is_dir() else _system_openssl()
    return found | {f"openssl/{file.name}": file for file in openssl}


def _system_openssl() -> list[Path]:
    with suppress(OSError):
        ctypes.CDLL(_OPENSSL[0])
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
        found = {Path(file) for file in re.findall(r"(/\S+)$", maps, re.MULTILINE)}
        return sorted(file for file in found if file.name in _OPENSSL)
    return []


def _folder() -> Path:
    return paths.user_state() / "container"
