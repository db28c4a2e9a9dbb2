"""A container runtime in small: an image made of programs and their libraries, and what a CDI file adds to it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Image:
    """A root folder with nothing but programs in /bin, and what these are linked to, save OpenCL."""

    root: Path

    @classmethod
    def of(cls, root: Path, programs: Sequence[Path]) -> Image:
        (root / "bin").mkdir(parents=True)
        for program in programs:
            shutil.copy(program, root / "bin" / program.name)
            linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
            for library in re.findall(r"(/\S+) \(0x", linked):
                if "OpenCL" not in library:
                    cls(root).add(Path(library), library)
        return cls(root)

    def add(self, file: Path, place: str) -> None:
        target = self.root / place.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file.resolve(), target)


def run(
    image: Image, edits: Mapping[str, Any], program: Sequence[str], prefix: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """In namespaces of its own, with no variables and no files but those of the image and the edits.

    ``prefix`` starts a command on the machine whose network it has.
    """
    steps = []
    for mount in edits["mounts"]:
        source, target = Path(mount["hostPath"]), image.root / mount["containerPath"].lstrip("/")
        make = f"mkdir -p {target}" if source.is_dir() else f"mkdir -p {target.parent} && touch {target}"
        steps += [make, f"mount --bind {source} {target}", f"mount -o remount,bind,ro {target}"]
    chroot = shutil.which("chroot") or "/usr/sbin/chroot"
    inside = shlex.join(["env", "-i", *edits["env"], chroot, str(image.root), *program])
    script = " && ".join([*steps, f"exec {inside}"])
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    return subprocess.run([*prefix, *unshare], capture_output=True, text=True, timeout=120)


def read(file: Path) -> dict[str, Any]:
    """The containerEdits of a CDI file's only device, after all that its specification asks of it."""
    found = json.loads(file.read_text())
    assert set(found) == {"cdiVersion", "kind", "devices"}
    assert re.fullmatch(r"0\.[5-9]\.0|1\.\d+\.0", found["cdiVersion"])
    vendor, name = found["kind"].split("/")
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]", vendor)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*[A-Za-z0-9]", name)
    (device,) = found["devices"]
    assert set(device) == {"name", "containerEdits"}
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?", device["name"])
    edits: dict[str, Any] = device["containerEdits"]
    assert set(edits) == {"env", "mounts"}
    assert all(re.fullmatch(r"[A-Z_]+=[^\0]+", one) for one in edits["env"])
    for mount in edits["mounts"]:
        assert set(mount) == {"hostPath", "containerPath", "options"}
        assert Path(mount["hostPath"]).exists() and Path(mount["containerPath"]).is_absolute()
        assert all(isinstance(option, str) for option in mount["options"])
    return edits
