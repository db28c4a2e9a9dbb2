"""The rows of the table: what is measured, and the mark it has to reach. Times are in seconds, memory in bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

MIB = 2**20
LARGE = 64 * MIB  # bytes of the large transfers

Mark = Callable[[float, dict[str, float]], float]  # (native, raw TCP) -> the most that the remote figure may be


@dataclass(frozen=True)
class Row:
    key: str
    label: str
    mark: Mark
    said: str  # the mark in words
    unit: str = "µs"


def _round_trip(factor: float) -> Mark:
    return lambda native, tcp: native + factor * tcp["round_trip_64"]


def _at_most(factor: float, seconds: float = float("inf")) -> Mark:
    return lambda native, _: min(factor * native, seconds)


def _transfer(key: str) -> Mark:
    return lambda native, tcp: max(native, tcp[key]) / 0.85


def _round_64k(native: float, tcp: dict[str, float]) -> float:
    there_and_back = tcp["round_trip_64k"] - tcp["round_trip_64"]
    return native + 1.5 * tcp["round_trip_64"] + max(0.0, there_and_back)


_NEAR = "≤ native + 1.3 × round trip"
_CACHED = "≤ native and 0.3 µs"
_LARGE = "≥ 0.85 × raw TCP, or native if lower"

CALLS = (
    Row("issue_launch", "clSetKernelArg + launch, cost to issue", _at_most(0.4, 0.5e-6), "≤ 0.4 × native and 0.5 µs"),
    Row("launches_5000", "5,000 of these and clFinish, each", _at_most(1.3), "≤ 1.3 × native"),
    Row("launch_finish", "launch + clFinish", _round_trip(1.3), _NEAR),
    Row("event_wait", "launch + clWaitForEvents", _round_trip(1.3), _NEAR),
    Row("read_4_bytes", "blocking read of 4 bytes", _round_trip(1.3), _NEAR),
    Row("device_info", "clGetDeviceInfo", _at_most(1, 0.3e-6), _CACHED),
    Row("kernel_work_group_info", "clGetKernelWorkGroupInfo", _at_most(1, 0.3e-6), _CACHED),
    Row("create_release_buffer", "create + release a buffer", _at_most(1, 0.3e-6), _CACHED),
    Row("write_64m", "write 64 MiB", _transfer("write_64m"), _LARGE, "GB/s"),
    Row("read_64m", "read 64 MiB", _transfer("read_64m"), _LARGE, "GB/s"),
    Row("round_64k", "write 64 KiB, kernel, read 64 KiB", _round_64k, "≤ native + 1.5 × round trip + raw transfer"),
)
PROCESS = (
    Row("first_list", "program start to first device list", lambda native, _: native + 0.030, "≤ native + 30 ms", "ms"),
    Row("memory", "resident memory added to the program", lambda _native, _tcp: 15 * MIB, "≤ 15 MiB", "MiB"),
    Row("crowd", "32 programs at once, wall time", _at_most(1 / 0.9), "throughput ≥ 0.9 × native", "s"),
)
PROGRAMS = (
    Row("hashcat", "hashcat, wall time", _at_most(1.1), "≤ 1.1 × native", "s"),
    Row("pyopencl", "pyopencl's test suite, wall time", _at_most(1.1), "≤ 1.1 × native", "s"),
)
ROWS = CALLS + PROCESS + PROGRAMS


@dataclass(frozen=True)
class Result:
    """One row, measured `len(native)` times with both sides in turn."""

    row: Row
    native: list[float]
    remote: list[float]
    tcp: list[dict[str, float]]

    @property
    def ratio(self) -> float:
        """Remote over native, pair by pair, so that a drift of the machine's speed cancels."""
        return median(r / n for n, r in zip(self.native, self.remote, strict=True))

    @property
    def used(self) -> float:
        """The part of the mark that the remote figure uses; up to 1 the mark is reached."""
        runs = zip(self.native, self.remote, self.tcp, strict=True)
        return median(r / self.row.mark(n, t) for n, r, t in runs)

    @property
    def reached(self) -> bool:
        return self.used <= 1
