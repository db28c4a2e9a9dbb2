"""What makes a program find the shims instead of drivers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from cenote import paths
from cenote.client import login
from cenote.errors import NoDriver

ICD_FILE = "cenote.icd"
ICD = "libcenote-opencl-icd.so"


def prepare(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The program's environment, in which the user's token has no place. ``folder`` has the allocation file, and gets
    the .icd file."""
    libraries = shims()
    vendors = folder / "vendors"
    vendors.mkdir()
    (vendors / ICD_FILE).write_text(f"{libraries / ICD}\n")
    before = [part for part in environment.get("LD_LIBRARY_PATH", "").split(os.pathsep) if part]
    others = [part for part in before if not (Path(part) / "libcenote.so").exists()]
    public = {name: value for name, value in environment.items() if name != login.VARIABLE}
    return public | variables(allocation_file(folder), libraries, vendors, others)


def variables(allocation: PurePath, libraries: PurePath, vendors: PurePath, others: Sequence[str]) -> dict[str, str]:
    """Programs linked to libOpenCL.so.1 follow LD_LIBRARY_PATH; wheels bring a loader that reads OCL_ICD_VENDORS, and
    Khronos's own reads OCL_ICD_FILENAMES. ``others`` are further folders of libraries."""
    return {
        "CENOTE_ALLOCATION_FILE": str(allocation),
        "LD_LIBRARY_PATH": os.pathsep.join([str(libraries), *others]),
        "OCL_ICD_VENDORS": f"{vendors}/",
        "OCL_ICD_FILENAMES": str(libraries / ICD),
    }


def shims() -> Path:
    """The folder of the libraries that programs load."""
    libraries = paths.native() / "lib"
    if not (libraries / ICD).exists():
        raise NoDriver(
            f"{libraries / ICD} is missing: build it with “make build”, or install Cenote with “pip install .”"
        )
    return libraries


def allocation_file(folder: Path) -> Path:
    return folder / "allocation"
