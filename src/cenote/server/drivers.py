"""The OpenCL drivers of this machine: those of the system, and those that Python packages beside us bring."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from cenote import paths
from cenote.devices import Device
from cenote.errors import NoDriver
from cenote.scratch import Scratch

SYSTEM_VENDORS = Path("/etc/OpenCL/vendors")
# These name the borrowed devices of `cenote run`; a worker that kept them would lend what we borrow.
_BORROWED = ("CENOTE_ALLOCATION_FILE", "OCL_ICD_FILENAMES", "OCL_ICD_VENDORS", "LD_LIBRARY_PATH", "LD_PRELOAD")


def site_packages() -> Path:
    return Path(sysconfig.get_path("platlib"))


def find_loader(library_path: str = "") -> Path | None:
    """The host's libOpenCL.so.1, else the loader inside the pyopencl wheel. Never our own shim."""
    for folder in filter(None, library_path.split(os.pathsep)):
        if (found := Path(folder) / "libOpenCL.so.1").exists() and not paths.is_ours(found):
            return found
    for found in [
        *_known_to_ldconfig("libOpenCL.so.1"),
        *sorted(site_packages().glob("pyopencl*/.libs/libOpenCL*.so*")),
    ]:
        if found.exists() and not paths.is_ours(found):
            return found
    return next(iter(sorted(site_packages().glob("pyopencl.libs/libOpenCL*.so*"))), None)


def _known_to_ldconfig(name: str) -> Iterator[Path]:
    ldconfig = shutil.which("ldconfig", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if not ldconfig:
        return
    listing = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, check=False).stdout
    for line in listing.splitlines():
        if line.strip().startswith(f"{name} ") and "x86-64" in line:
            yield Path(line.rpartition("=> ")[2])


def find_icds(vendors: Path = SYSTEM_VENDORS) -> dict[str, str]:
    """What the generated folder of .icd files holds: file name → library, absolute where it is not the system's."""
    found: dict[str, str] = {}
    for file in sorted(vendors.glob("*.icd")):
        library = file.read_text(errors="replace").strip()
        beside = vendors / library
        if library and not paths.is_ours(Path(library)):
            found[file.name] = str(beside) if "/" not in library and beside.exists() else library
    if vendors == SYSTEM_VENDORS:
        site = site_packages()
        for file in sorted(site.glob("pyopencl/.libs/*.icd")):
            found[f"wheel-{file.name}"] = str(file.parent / file.read_text().strip())
        if (intel := _intel_library()) is not None:
            found["wheel-intel.icd"] = str(intel)
    return found


def _intel_library() -> Path | None:
    """The CPU runtime of the package intel-opencl-rt, which installs beside the interpreter's own libraries."""
    library = Path(sysconfig.get_path("data")) / "lib" / "libintelocl.so"
    return library if library.exists() else None


class Drivers:
    """The environment in which workers find the drivers, kept as files for as long as the supervisor runs."""

    def __init__(self, scratch: Scratch, environment: dict[str, str]) -> None:
        self._scratch = scratch
        self.environment = environment

    @classmethod
    def find(cls) -> Self:
        environment = {name: value for name, value in os.environ.items() if name not in _BORROWED}
        library_path = [part for part in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if part]
        library_path = [part for part in library_path if not (Path(part) / "libcenote.so").exists()]
        named = Path(os.environ.get("OCL_ICD_VENDORS", SYSTEM_VENDORS))
        vendors = named if named.is_dir() and not (named / "cenote.icd").exists() else SYSTEM_VENDORS
        icds = find_icds(vendors)
        if not icds:
            raise NoDriver(
                "this machine has no OpenCL driver; “pip install pocl-binary-distribution” brings one for CPUs"
            )
        loader = os.environ.get("CENOTE_OPENCL_LOADER") or find_loader(os.pathsep.join(library_path))
        if loader is None:
            raise NoDriver("this machine has no OpenCL loader; install ocl-icd-libopencl1, or “pip install pyopencl”")
        if str(_intel_library()) in icds.values():
            library_path.append(f"{sysconfig.get_path('data')}/lib")
        scratch = Scratch("serve")
        for name, library in icds.items():
            (scratch.folder / name).write_text(f"{library}\n")
        environment["CENOTE_OPENCL_LOADER"] = str(loader)
        environment["OCL_ICD_VENDORS"] = f"{scratch.folder}/"
        environment["CENOTE_WORKER_FOLDER"] = str(paths.runtime())
        if library_path:
            environment["LD_LIBRARY_PATH"] = os.pathsep.join(library_path)
        return cls(scratch, environment)

    def devices(self) -> list[Device]:
        """Asks a worker, so that no driver is ever loaded into this process."""
        try:
            listing = subprocess.run(
                [paths.worker(), "--list-devices"],
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=True,
            )
            platforms = json.loads(listing.stdout)["platforms"]
            return [Device.from_listing(platform, device) for platform in platforms for device in platform["devices"]]
        except subprocess.CalledProcessError as error:
            last = (error.stderr or "").strip().splitlines()[-1:] or ["it said nothing"]
            raise NoDriver(f"the drivers of this machine could not list their devices: {last[0]}") from None
        except subprocess.TimeoutExpired:
            raise NoDriver("the drivers of this machine did not list their devices within two minutes") from None
        except (ValueError, KeyError, TypeError) as error:
            raise NoDriver(f"the list of devices is not readable: {error!r}") from None

    def close(self) -> None:
        self._scratch.close()
