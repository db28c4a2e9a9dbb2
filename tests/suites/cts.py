"""Khronos's OpenCL-CTS: every test of a module as a process of its own, so that one that hangs stops nothing else."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.suites.results import PASSED, Results
from tests.support.differential import Outcome, Pair

# Those that test the API rather than the compiler's arithmetic: name → program, and arguments before the test's name.
MODULES: dict[str, tuple[str, tuple[str, ...]]] = {
    "api": ("api/test_api", ()),
    "basic": ("basic/test_basic", ()),
    "buffers": ("buffers/test_buffers", ()),
    "events": ("events/test_events", ()),
    "compiler": ("compiler/test_compiler", ()),
    "computeinfo": ("computeinfo/test_computeinfo", ()),
    "printf": ("printf/test_printf", ()),
    "profiling": ("profiling/test_profiling", ()),
    "device_partition": ("device_partition/test_device_partition", ()),
    "multiple_device_context": ("multiple_device_context/test_multiples", ()),
    "mem_host_flags": ("mem_host_flags/test_mem_host_flags", ()),
    "SVM": ("SVM/test_svm", ()),
    "pipes": ("pipes/test_pipes", ()),
    "subgroups": ("subgroups/test_subgroups", ()),
    "workgroups": ("workgroups/test_workgroups", ()),
    "thread_dimensions": ("thread_dimensions/test_thread_dimensions", ()),
    "allocations_single": ("allocations/test_allocations", ("single", "5")),
    "allocations_multiple": ("allocations/test_allocations", ("multiple", "5")),
    "half": ("half/test_half", ("-w",)),
    "images_info": ("images/clGetInfo/test_cl_get_info", ()),
    "images_methods": ("images/kernel_image_methods/test_kernel_image_methods", ()),
    "images_copy": ("images/clCopyImage/test_cl_copy_images", ()),
    "images_copy_pitch": ("images/clCopyImage/test_cl_copy_images", ("use_pitches",)),
    "images_read_write": ("images/clReadWriteImage/test_cl_read_write_images", ()),
    "images_read_write_pitch": ("images/clReadWriteImage/test_cl_read_write_images", ("use_pitches",)),
    "images_fill": ("images/clFillImage/test_cl_fill_images", ()),
    "images_samplerless": ("images/samplerlessReads/test_samplerless_reads", ()),
    "images_kernel": ("images/kernel_read_write/test_image_streams", ("CL_FILTER_NEAREST",)),
}
# Left out: they repeat what the others do with every size, for hours.
_SLOW = re.compile(r"^full_\dd_")
_VERDICTS = {"pass": PASSED, "fail": "failed", "skip": "skipped"}
_ALLOCATIONS = ["buffer", "image2d_read", "image2d_write", "buffer_non_blocking", "image2d_read_non_blocking"]


@dataclass(frozen=True)
class Cts:
    """A build of the suite, and which of its modules are to be run."""

    build: Path
    version: str
    timeout: float
    modules: tuple[str, ...]
    name = "cts"

    def program(self, module: str) -> Path:
        return self.build / "test_conformance" / MODULES[module][0]

    def tests(self, module: str) -> list[str]:
        """The names of a module's tests, as the program's help lists them. Asks no device."""
        if module.startswith("allocations"):
            return _ALLOCATIONS
        shown = subprocess.run(
            [self.program(module), "-h"], capture_output=True, text=True, timeout=60, check=False
        ).stdout
        names = re.findall(r"^\s+(\w+)\s*$", shown.rpartition("Test names:")[2], re.MULTILINE)
        return [name for name in names if not _SLOW.match(name)]

    def run_test(self, pair: Pair, side: str, module: str, test: str, folder: Path) -> str:
        """Runs one test on one side. What a test said that did not pass is kept in the folder."""
        summary = folder / f"{test}.{side}.json"
        summary.unlink(missing_ok=True)
        start = pair.native if side == "native" else pair.remote
        command: list[str | Path] = [self.program(module), *MODULES[module][1], test]
        outcome = start(command, cwd=folder, timeout=self.timeout, CL_CONFORMANCE_RESULTS_FILENAME=str(summary))
        verdict = self._verdict(outcome, summary, test)
        summary.unlink(missing_ok=True)
        log = folder / f"{test}.{side}.log"
        log.unlink(missing_ok=True)
        if verdict != PASSED:
            log.write_text(outcome.shown())
        return verdict

    @staticmethod
    def _verdict(outcome: Outcome, summary: Path, test: str) -> str:
        if outcome.status is None:
            return "timed out"
        if outcome.status < 0 or outcome.status > 128:
            return "crashed"
        if not summary.exists():
            return "failed"
        return _VERDICTS[json.loads(summary.read_text())["results"][test]]

    def run(self, pair: Pair, results: Results, sides: tuple[str, ...]) -> Iterator[str]:
        """Runs what has no result yet. Yields a line for each test."""
        built = [module for module in self.modules if self.program(module).exists()]
        for module in built:
            results.expect(module, self.tests(module))
        for module in built:
            folder = results.file.parent / "logs" / results.driver / module
            folder.mkdir(parents=True, exist_ok=True)
            tests = self.tests(module)
            for number, test in enumerate(tests, 1):
                missing = [side for side in sides if results.known(module, test, side) is None]
                for side in missing:
                    results.add(module, test, side, self.run_test(pair, side, module, test, folder))
                    results.save()
                if missing:
                    verdicts = (f"{side} {results.known(module, test, side)}" for side in sides)
                    yield f"{module} {number}/{len(tests)} {test}: {', '.join(verdicts)}"
