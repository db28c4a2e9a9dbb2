"""What is looked at while nothing runs but one resident program: all of it must be as before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20


@dataclass(frozen=True)
class Figure:
    """Something that is watched, and how much more of it there may be at the end than after the beginning."""

    name: str
    allowed: int
    unit: str = ""

    def shown(self, value: int) -> str:
        return f"{value / MIB:.1f} MiB" if self.unit else str(value)


FIGURES = {
    "memory": Figure("memory of the supervisor", 8 * MIB, "MiB"),
    "descriptors": Figure("descriptors of the supervisor", 0),
    "threads": Figure("threads of the supervisor", 4),
    "workers": Figure("workers", 0),
    "files": Figure("temporary files and folders", 0),
    "grants": Figure("device memory granted", 0, "MiB"),
    "worker memory": Figure("memory of the resident program’s worker", 16 * MIB, "MiB"),
    "worker descriptors": Figure("descriptors of that worker", 0),
    "worker threads": Figure("threads of that worker", 0),
    "program memory": Figure("memory of the resident program", 16 * MIB, "MiB"),
    "program descriptors": Figure("descriptors of the resident program", 0),
}


def memory(pid: int) -> int:
    """What is resident of a process, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def has_driver(pid: int) -> bool:
    """Whether a worker has a session: only then it has loaded a driver."""
    try:
        return "libOpenCL" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False
