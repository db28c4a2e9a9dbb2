"""Compiles the native programs into build/benchmarks."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "benchmarks" / "native"
OUTPUT = ROOT / "build" / "benchmarks"
LINKED = {"callbench", "crowd", "firstlist"}  # the others need no OpenCL, or open it while they run


def program(name: str, loader: Path | None = None) -> Path:
    """Builds one program if its sources are newer than it, and says where it is.

    `loader` is the OpenCL loader to link with: the one that the native side runs on, as on any developer's machine.
    """
    source, built = SOURCES / f"{name}.cpp", OUTPUT / name
    newest = max(file.stat().st_mtime for file in [source, *SOURCES.glob("*.hpp")])
    if built.exists() and built.stat().st_mtime > newest:
        return built
    OUTPUT.mkdir(parents=True, exist_ok=True)
    compiler = [os.environ.get("CXX", "g++"), "-std=c++20", "-O2", f"-I{ROOT / 'build' / 'generated'}"]
    command: list[str | Path] = [*compiler, "-o", built, source]
    if name in LINKED:
        if loader is None:
            raise ValueError(f"{name} is linked with an OpenCL loader")
        command.append(loader)
    subprocess.run(command, check=True)
    return built
