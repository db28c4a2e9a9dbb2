"""Whole wall times of programs that other people wrote."""

import hashlib
import importlib.util
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.drivers import MissingError
from benchmarks.marks import PROGRAMS, Result
from benchmarks.sides import ProgramError, Side

# The parts of pyopencl's suite that take a minute together; `make suites` runs all of it.
PYOPENCL_FILES = ("wrapper", "clmath", "clrandom", "enqueue_copy", "arrays_in_structs")


@dataclass(frozen=True)
class Program:
    key: str
    words: list[str | Path]
    expected: str  # appears in what the program prints
    environment: dict[str, str] = field(default_factory=dict)
    cwd: Path | None = None

    def wall(self, side: Side, home: Path) -> float:
        """Runs once. `home` keeps the caches that the program makes, apart for each side."""
        extra = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), **self.environment}
        output, took = side.run(*self.words, cwd=self.cwd, **extra)
        if self.expected not in output:
            raise ProgramError(f"{side.name}: {self.key} did not print “{self.expected}”")
        return took


def hashcat() -> Program:
    """Finds six letters and a digit by trying all; hashcat pauses for a second now and then, so it must be long."""
    if shutil.which("hashcat") is None:
        raise MissingError("hashcat is not installed")
    digest = hashlib.md5(b"quartz7", usedforsecurity=False).hexdigest()
    words: list[str | Path] = ["hashcat", "--force", "--quiet", "--potfile-disable", "--session", "cenote-bench"]
    return Program("hashcat", [*words, "-m", "0", "-a", "3", digest, "?l" * 6 + "?d"], f"{digest}:quartz7")


def clinfo() -> Program:
    """Asks for everything there is to ask."""
    if shutil.which("clinfo") is None:
        raise MissingError("clinfo is not installed")
    return Program("clinfo", ["clinfo"], "Number of platforms")


def pyopencl(checkout: Path | None) -> Program:
    """pyopencl's own tests, from a checkout beside the installed wheel."""
    if checkout is None or not (checkout / "test").is_dir():
        raise MissingError("pyopencl's tests need a checkout of its repository: --pyopencl PATH")
    if importlib.util.find_spec("pytest") is None or importlib.util.find_spec("pyopencl") is None:
        raise MissingError("pyopencl's tests need pytest and pyopencl in this environment")
    files = [f"test_{part}.py" for part in PYOPENCL_FILES]
    words: list[str | Path] = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    return Program("pyopencl", words, " passed", {"PYOPENCL_NO_CACHE": "1"}, checkout / "test")


def wall_times(program: Program, sides: list[Side], runs: int) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="cenote-bench-") as folder:
        homes = [Path(folder) / side.name for side in sides]
        for side, home in zip(sides, homes, strict=True):
            (home / "cache").mkdir(parents=True)
            program.wall(side, home)  # fills the caches
        pairs = [[program.wall(side, home) for side, home in zip(sides, homes, strict=True)] for _ in range(runs)]
    row = next(row for row in PROGRAMS if row.key == program.key)
    return [Result(row, [pair[0] for pair in pairs], [pair[1] for pair in pairs], [{}] * runs)]
