"""Others who do this job, measured with the same programs on the same driver in the same run."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import build, measure
from benchmarks.drivers import Driver, MissingError
from benchmarks.marks import CALLS, Result
from benchmarks.report import shown
from benchmarks.sides import Side, free_port

# What their build needs; LLVM only belongs to PoCL's own CPU device, which the server's driver replaces here.
_OPTIONS = ("HOST_CPU_DEVICES=0", "LLVM=0", "ICD=1", "REMOTE_CLIENT=1", "REMOTE_SERVER=1", "TESTS=0", "EXAMPLES=0")


def build_pocl_remote(checkout: Path) -> Path:
    """Builds client and server of PoCL-Remote beside a checkout of pocl/pocl, once."""
    if not (checkout / "pocld").is_dir():
        raise MissingError(f"{checkout} is no checkout of pocl/pocl")
    folder = checkout / "build-remote"
    if not (folder / "pocld" / "pocld").exists():
        options = [f"-DENABLE_{option}" for option in _OPTIONS]
        commands: list[list[str | Path]] = [
            ["cmake", "-S", checkout, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", *options],
            ["cmake", "--build", folder, "-j", str(os.cpu_count())],
        ]
        for command in commands:
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                raise MissingError("PoCL-Remote does not build here; its documentation names what it needs")
    return folder


@contextlib.contextmanager
def pocl_remote(driver: Driver, folder: Path) -> Iterator[Side]:
    """Its server on the driver, and the side that reaches it."""
    port = free_port()
    vendors = build.OUTPUT / "drivers" / "pocl-remote"
    plugins = folder / "lib" / "CL" / "pocl"  # where its library looks for its devices before it is installed
    for made in (vendors, plugins):
        made.mkdir(parents=True, exist_ok=True)
    (vendors / "only.icd").write_text(f"{folder / 'lib' / 'CL' / 'libpocl.so'}\n")
    plugin = plugins / "libpocl-devices-remote.so"
    plugin.unlink(missing_ok=True)
    plugin.symlink_to(folder / "lib" / "CL" / "devices" / "remote" / plugin.name)
    command: list[str | Path] = [folder / "pocld" / "pocld", "-a", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, env=driver.environment, stdout=subprocess.DEVNULL) as server:
        try:
            time.sleep(2)  # it says nowhere when it listens
            environment = driver.environment | {
                "OCL_ICD_VENDORS": f"{vendors}/",
                "POCL_DEVICES": "remote",
                "POCL_REMOTE0_PARAMETERS": f"127.0.0.1:{port}/0",
            }
            yield Side("PoCL-Remote", environment)
        finally:
            server.kill()


def sections(driver: Driver, checkout: Path, ours: list[Result], runs: int, budget: float) -> list[str]:
    """A table of PoCL-Remote beside what was just measured of ours."""
    words = [str(build.program("callbench", driver.loader)), "--budget", f"{budget:g}"]
    with pocl_remote(driver, build_pocl_remote(checkout)) as side:
        taken = [measure.medians(side, *words) for _ in range(runs)]
    commit = subprocess.run(
        ["git", "-C", checkout, "log", "-1", "--format=%h of %cs"], capture_output=True, text=True, check=True
    ).stdout.strip()
    lines = [
        f"PoCL-Remote, commit {commit}, on the same driver:",
        "",
        "| figure | Cenote | PoCL-Remote | PoCL-Remote ÷ Cenote |",
        "|---|---|---|---|",
    ]
    measured = {result.row.key: result for result in ours}
    for row in CALLS:
        if row.key in measured:
            own, theirs = median(measured[row.key].remote), median(run[row.key] for run in taken)
            lines.append(f"| {row.label} | {shown(own, row.unit)} | {shown(theirs, row.unit)} | {theirs / own:.2f} |")
    return ["\n".join(lines)]
