"""The drivers that figures are taken on, and the environment in which a program finds exactly one of them."""

import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks import build
from cenote import paths
from cenote.server import drivers as installed

_LIBRARIES = {"pocl": "libpocl", "intel": "libintelocl", "null": "libcenote-null-opencl"}
NAMES = tuple(_LIBRARIES)
_OURS = {"OCL_ICD_VENDORS", "OCL_ICD_FILENAMES", "LD_LIBRARY_PATH", "CENOTE_ALLOCATION_FILE"}  # set anew for each side


class MissingError(Exception):
    """A driver, a program or a right that a figure needs is not on this machine."""


@dataclass(frozen=True)
class Driver:
    name: str
    loader: Path
    environment: dict[str, str]

    @property
    def computes(self) -> bool:
        """Whether results are right; the null driver executes nothing."""
        return self.name != "null"


def find(name: str) -> Driver:
    """Prepares build/benchmarks/drivers/NAME: the loader under its usual name, and one .icd file."""
    loader = installed.find_loader()
    if loader is None:
        raise MissingError("no OpenCL loader on this machine")
    library = _library(name)
    folder = build.OUTPUT / "drivers" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "only.icd").write_text(f"{library}\n")
    usual = folder / "libOpenCL.so.1"
    usual.unlink(missing_ok=True)
    usual.symlink_to(loader)
    clean = {key: value for key, value in os.environ.items() if key not in _OURS}
    search = f"{folder}:{library.parent}" if name == "intel" else str(folder)
    return Driver(name, loader, {**clean, "OCL_ICD_VENDORS": f"{folder}/", "LD_LIBRARY_PATH": search})


def _library(name: str) -> Path:
    if name == "null":
        found = paths.native() / "lib" / f"{_LIBRARIES[name]}.so"
        if not found.exists():
            raise MissingError("the null driver is not built")
        return found
    icds = sorted(installed.find_icds().items(), key=lambda icd: not icd[0].startswith("wheel-"))
    if named := os.environ.get("OCL_ICD_VENDORS"):
        icds = [*installed.find_icds(Path(named)).items(), *icds]
    # What the user names comes first, then the drivers inside wheels: those everybody can install.
    for file, library in icds:
        if _LIBRARIES[name] in Path(library).name or name in file:
            return Path(library)
    raise MissingError(f"no {name} driver on this machine")
