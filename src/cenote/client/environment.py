"""What makes a program find the shims instead of drivers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cenote import paths
from cenote.errors import NoDriver

ICD_FILE = "cenote.icd"


def prepare(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The program's environment. ``folder`` has the allocation file and gets the .icd file.

    Programs linked to libOpenCL.so.1 follow LD_LIBRARY_PATH; wheels bring a loader that reads OCL_ICD_VENDORS, and
    Khronos's own reads OCL_ICD_FILENAMES.
    """
    libraries = paths.native() / "lib"
    icd = libraries / "libcenote-opencl-icd.so"
    if not icd.exists():
        raise NoDriver(f"{icd} is missing: build it with “make build”, or install Cenote with “pip install .”")
    vendors = folder / "vendors"
    vendors.mkdir()
    (vendors / ICD_FILE).write_text(f"{icd}\n")
    before = [part for part in environment.get("LD_LIBRARY_PATH", "").split(os.pathsep) if part]
    others = [part for part in before if not (Path(part) / "libcenote.so").exists()]
    return dict(environment) | {
        "CENOTE_ALLOCATION_FILE": str(allocation_file(folder)),
        "LD_LIBRARY_PATH": os.pathsep.join([str(libraries), *others]),
        "OCL_ICD_VENDORS": f"{vendors}/",
        "OCL_ICD_FILENAMES": str(icd),
    }


def allocation_file(folder: Path) -> Path:
    return folder / "allocation"
