"""What only the server finds wrong with a call that did not wait surfaces where the spec says, and nowhere else.

The driver's part of one call fails, by a layer of its loader. The program goes on in the same session, and in the end
the driver has freed all that it made.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cenote.codegen.model import Function, read_module
from cenote.server.drivers import find_loader
from cenote.spec import opencl
from cenote.spec.idl import Surface
from cenote.spec.opencl_constants import CONSTANTS
from cenote.spec.opencl_dispatch import DISPATCH
from tests.opencl.alone.bench import LARGE
from tests.opencl.alone.late_failures import RECIPES
from tests.opencl.alone.late_failures_told import WAITERS
from tests.support.differential import Outcome, Pair, drivers, lending
from tests.support.pairs import chosen
from tests.support.servers import wait_until

REPOSITORY = Path(__file__).parents[2]
FUNCTIONS: list[Function] = [f for part in opencl.PARTS for f in read_module(part)]
LATE = {f.name: f.spec.surfaces for f in FUNCTIONS if f.spec.surfaces}
SMALL = 4096
CODE = CONSTANTS["CL_OUT_OF_HOST_MEMORY"]
TOLD = CONSTANTS["CL_OUT_OF_RESOURCES"]

# The driver's function that carries a call out, where it has another name; nothing where no driver sees the call.
CARRIED_BY = {
    "clEnqueueMapBuffer": "clEnqueueReadBuffer",
    "clEnqueueMapImage": "clEnqueueReadImage",
    "clEnqueueUnmapMemObject": "clEnqueueWriteBuffer",
    "clEnqueueTask": "clEnqueueNDRangeKernel",
    "clEnqueueMarker": "clEnqueueMarkerWithWaitList",
    "clEnqueueBarrier": "clEnqueueBarrierWithWaitList",
    "clEnqueueWaitForEvents": "clEnqueueBarrierWithWaitList",
    "clEnqueueSVMFree": "clEnqueueMarkerWithWaitList",
    "clEnqueueSVMMap": "clEnqueueSVMMemcpy",
    "clEnqueueSVMUnmap": "clEnqueueSVMMemcpy",
    "clEnqueueMemsetINTEL": "clEnqueueMemFillINTEL",
    "clCreateBufferWithProperties": "clCreateBuffer",
    "clCreateImageWithProperties": "clCreateImage",
    "clCreateSamplerWithProperties": "clCreateSampler",
    "clCreateImage2D": "clCreateImage",
    "clCreateImage3D": "clCreateImage",
    "clCreateKernelsInProgram": "clCreateKernel",
    "clCloneKernel": "clCreateKernel",
    "clReleaseDevice": "",
    "clSVMFree": "",
    "clMemFreeINTEL": "",
    "clCreateUserEvent": "",
    "clSetUserEventStatus": "",
}
CASES = [(name, CARRIED_BY.get(name, name), SMALL) for name in LATE]
# Large transfers, of devices that share the host's memory.
CASES += [
    ("clEnqueueReadBuffer", "clEnqueueMapBuffer", LARGE),
    ("clEnqueueWriteBuffer", "clEnqueueMapBuffer", LARGE),
    ("clEnqueueWriteBuffer", "clEnqueueUnmapMemObject", LARGE),
]

QUIET = "finish 0, then 0"
HEARD = {
    Surface.COMMAND: [f"ended {CODE}", f"finish {TOLD}, then 0"],
    Surface.QUEUE: [f"finish {TOLD}, then 0"],
    Surface.EVENT: [QUIET, f"heard {CODE}"],
    Surface.OBJECT: [QUIET, f"needed {CODE}"],
    Surface.KERNEL: [QUIET, f"launched {CODE}", "anew 0"],
    Surface.RECORDING: [QUIET, f"finalized {CODE}"],
    Surface.NOWHERE: [QUIET],
}


@dataclass(frozen=True)
class Faulty:
    """A driver, lent by a server whose loader has the layer, and the folder in which one speaks to it."""

    pair: Pair
    folder: Path

    def run(self, program: str, *arguments: object) -> Outcome:
        """One of the programs in ``alone/``, through Cenote."""
        (self.folder / "fault").unlink(missing_ok=True)
        command = [sys.executable, REPOSITORY / "tests" / "opencl" / "alone" / program, *arguments, self.folder]
        paths = f"{REPOSITORY}:{REPOSITORY / 'src'}"
        return self.pair.remote([str(word) for word in command], timeout=60, PYTHONPATH=paths)


def _build_layer(folder: Path) -> Path:
    names = [
        f"{'CORE' if f.name in DISPATCH else 'EXTENSION'}({f.name})"
        for f in FUNCTIONS
        if f.params and (f.name in DISPATCH or not f.spec.since[0].isdigit())
    ]
    (folder / "fault_layer_names.inc").write_text("\n".join(names) + "\n")
    layer = folder / "libfaults.so"
    includes = [f"-I{folder}", f"-I{REPOSITORY / 'build' / 'generated'}"]
    source = REPOSITORY / "tests" / "support" / "fault_layer.cpp"
    flags = ["-std=c++20", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"]
    command = ["g++", *flags, *includes, str(source), "-o", str(layer)]
    subprocess.run(command, check=True)
    return layer


@pytest.fixture(scope="module", params=chosen())
def faulty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    driver = drivers()[request.param]
    loader = find_loader(str(driver.library_path or ""))
    if loader is None or b"OPENCL_LAYERS" not in loader.read_bytes():
        pytest.skip("the OpenCL loader here knows no layers")
    folder = tmp_path_factory.mktemp("faults")
    layers = {"OPENCL_LAYERS": str(_build_layer(folder)), "CENOTE_TEST_FAULTS": str(folder)}
    with lending(driver, tmp_path_factory.mktemp(request.param), served_with=layers) as pair:
        yield Faulty(pair, folder)


def test_every_late_failure_is_provoked() -> None:
    assert set(RECIPES) == set(LATE)


@pytest.mark.parametrize(("name", "fault", "size"), CASES, ids=["-".join(map(str, case[:2])) for case in CASES])
def test_surfaces_where_the_spec_says(faulty: Faulty, name: str, fault: str, size: int) -> None:
    alive = faulty.folder / "alive"
    alive.unlink(missing_ok=True)
    outcome = faulty.run("late_failures.py", name, fault, CODE, size)
    assert outcome.status == 0, outcome.shown()
    if outcome.stdout == "not offered\n":
        return
    expected = ["returned 0", *HEARD[LATE[name] if fault else Surface.NOWHERE], "alive 0 as wished"]
    assert outcome.stdout.splitlines() == expected, outcome.shown()
    wait_until(alive.exists)
    assert [line for line in alive.read_text().splitlines() if not line.endswith(": 0")] == []


def test_each_waiting_call_tells_once(faulty: Faulty) -> None:
    outcome = faulty.run("late_failures_told.py", CODE)
    assert outcome.status == 0, outcome.shown()
    expected = [
        f"{title}: {TOLD}, then 0" + (" with an event" if name.startswith("clEnqueue") else "")
        for title, (name, _) in WAITERS.items()
    ]
    assert outcome.stdout.splitlines() == expected
