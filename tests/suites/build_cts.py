"""Builds what of Khronos's OpenCL-CTS the suite here runs, from a checkout of any tag since 2023."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.suites import cts

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = Path("/usr/include")
SYSTEM_SPIRV = Path("/usr")


class MissingError(Exception):
    """Something to be installed or named before the suite can be built."""


@dataclass(frozen=True)
class Checkout:
    """The sources of the suite."""

    folder: Path
    headers: Path = SYSTEM
    spirv: Path = SYSTEM_SPIRV

    @property
    def version(self) -> str:
        """The tag that is checked out."""
        command = ["git", "-C", str(self.folder), "describe", "--tags", "--always"]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        return told.stdout.strip() or self.folder.name

    def check(self) -> None:
        """Raises what is missing."""
        if missing := list(self._missing()):
            raise MissingError("\n".join(missing))

    def _missing(self) -> Iterator[str]:
        if not (self.folder / "test_conformance" / "CMakeLists.txt").exists():
            yield f"{self.folder} is no checkout of https://github.com/KhronosGroup/OpenCL-CTS"
        if not (self.headers / "CL" / "cl.h").exists():
            yield f"{self.headers} has no CL/cl.h: install opencl-headers, or name a checkout of them with --headers"
        if not (self.spirv / "include" / "spirv" / "unified1" / "spirv.core.grammar.json").exists():
            yield f"{self.spirv} has no SPIR-V headers: install spirv-headers, or name a checkout of them with --spirv"
        if not _libraries().is_dir():
            yield "libOpenCL.so is missing: install ocl-icd-opencl-dev"
        if (self.folder / "test_conformance/compiler/spirv_asm_list.txt").exists() and not shutil.which("spirv-as"):
            yield "spirv-as is missing: install spirv-tools"
        yield from (f"{tool} is missing: run “make build”" for tool in ("cmake", "ninja") if not _tool(tool).exists())


def _tool(name: str) -> Path:
    return Path(sys.prefix) / "bin" / name


def _libraries() -> Path:
    """The folder of the library to link with; one that does not exist if there is none."""
    command = [os.environ.get("CC", "cc"), "-print-file-name=libOpenCL.so"]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return Path(found).parent if Path(found).is_absolute() else Path("/nonexistent")


def folder(checkout: Checkout) -> Path:
    """Where a checkout is built, unless told otherwise."""
    return ROOT / "build" / f"cts-{checkout.version}"


def build(checkout: Checkout, folder: Path, modules: list[str], jobs: int | None = os.cpu_count()) -> list[str]:
    """Builds the programs of the modules as far as they can be built. Returns the names of those that are missing."""
    checkout.check()
    variables = {
        "CMAKE_MAKE_PROGRAM": _tool("ninja"),
        "CMAKE_BUILD_TYPE": "Release",
        "CMAKE_CXX_FLAGS": "-w",  # newer compilers warn of more, and the suite makes warnings errors
        "CMAKE_CXX_FLAGS_RELEASE": "-O1 -DNDEBUG",  # -O3 builds for three times as long
        "CL_INCLUDE_DIR": checkout.headers.resolve(),
        "CL_LIB_DIR": _libraries(),
        "OPENCL_LIBRARIES": "OpenCL",
        "SPIRV_INCLUDE_DIR": checkout.spirv.resolve(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    configure = [str(_tool("cmake")), "-S", str(checkout.folder.resolve()), "-B", str(folder), "-G", "Ninja"]
    configured = subprocess.run(
        [*configure, *(f"-D{name}={value}" for name, value in variables.items())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if configured.returncode:
        raise MissingError(f"cmake failed:\n{configured.stdout[-4000:]}")
    programs = sorted({cts.MODULES[module][0] for module in modules})
    targets = [program.rpartition("/")[2] for program in programs]
    subprocess.run([str(_tool("ninja")), "-C", str(folder), "-j", str(jobs), "-k", "0", *targets], check=False)
    return [program for program in programs if not (folder / "test_conformance" / program).exists()]


def add_headers(parser: argparse.ArgumentParser) -> None:
    """Newer tags need newer headers than distributions have."""
    parser.add_argument("--headers", type=Path, default=SYSTEM, help="OpenCL-Headers (%(default)s)")
    parser.add_argument("--spirv", type=Path, default=SYSTEM_SPIRV, help="SPIRV-Headers (%(default)s)")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/suites/build-cts", description=__doc__)
    parser.add_argument("checkout", type=Path, help="a checkout of https://github.com/KhronosGroup/OpenCL-CTS")
    add_headers(parser)
    parser.add_argument("--build", type=Path, help="where to build (build/cts-TAG)")
    parser.add_argument("--modules", default=",".join(cts.MODULES), help="which; all if not given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many compilers at once (%(default)s)")
    given = parser.parse_args()
    checkout = Checkout(given.checkout, given.headers, given.spirv)
    try:
        into = (given.build or folder(checkout)).resolve()
        missing = build(checkout, into, given.modules.split(","), given.jobs)
    except MissingError as error:
        print(error, file=sys.stderr)
        return 1
    for program in missing:
        print(f"{program} could not be built", file=sys.stderr)
    print(f"{checkout.version} is in {into}")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
