"""The same unmodified program on a driver directly and through Cenote: its outputs must be equal."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cenote import paths
from tests.support.servers import CENOTE, Server, serving

Command = Sequence[str | Path]
Filter = Callable[[str], str]

_NAMES_DRIVERS = ("OCL_", "CENOTE_", "POCL_", "CL_", "LD_")


@dataclass(frozen=True)
class Driver:
    """An OpenCL driver of this machine, and what a program needs in its environment to use only that one."""

    name: str
    library: Path | str
    library_path: Path | None = None

    def environment(self, folder: Path) -> dict[str, str]:
        vendors = folder / f"vendors-{self.name}"
        vendors.mkdir(exist_ok=True)
        (vendors / f"{self.name}.icd").write_text(f"{self.library}\n")
        variables = {"OCL_ICD_VENDORS": f"{vendors}/"}
        if self.library_path:
            variables["LD_LIBRARY_PATH"] = str(self.library_path)
        return variables


def drivers() -> dict[str, Driver]:
    """Those that are installed: PoCL's wheel, Debian's PoCL, and Intel's CPU runtime."""
    found: list[Driver] = []
    for icd in Path(sysconfig.get_path("platlib")).glob("pyopencl/.libs/pocl.icd"):
        found.append(Driver("pocl", icd.parent / icd.read_text().strip()))
    if (debian := Path("/etc/OpenCL/vendors/pocl.icd")).exists():
        found.append(Driver("debian-pocl", debian.read_text().strip()))
    intel = Path(os.environ.get("CENOTE_TEST_INTEL") or sys.prefix) / "lib"
    if (intel / "libintelocl.so").exists():
        found.append(Driver("intel", intel / "libintelocl.so", intel))
    return {driver.name: driver for driver in found}


@dataclass(frozen=True)
class Outcome:
    """How a program ended and what it said."""

    status: int | None
    stdout: str
    stderr: str

    def shown(self) -> str:
        ended = "was stopped after its time" if self.status is None else f"ended with {self.status}"
        return f"{ended}\n{self.stdout}\n{self.stderr[-4000:]}"


def run(command: Command, environment: Mapping[str, str], *, cwd: Path | None = None, timeout: float = 300) -> Outcome:
    """Runs a program to its end, or kills it and all that it started."""
    with tempfile.TemporaryFile("w+", errors="replace") as out, tempfile.TemporaryFile("w+", errors="replace") as err:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=cwd,
            process_group=0,
        )
        try:
            status: int | None = process.wait(timeout)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, 9)
                process.wait()
        out.seek(0)
        err.seek(0)
        return Outcome(status, out.read(), err.read())


@dataclass(frozen=True)
class Pair:
    """One driver natively, and a server that lends it."""

    driver: Driver
    server: Server
    native_environment: Mapping[str, str]
    remote_environment: Mapping[str, str]

    def native(self, command: Command, *, cwd: Path | None = None, timeout: float = 300, **more: str) -> Outcome:
        return run(command, {**self.native_environment, **more}, cwd=cwd, timeout=timeout)

    def remote(self, command: Command, *, cwd: Path | None = None, timeout: float = 300, **more: str) -> Outcome:
        through = [*CENOTE, "run", "--server", self.server.address, "--", *command]
        return run(through, {**self.remote_environment, **more}, cwd=cwd, timeout=timeout)

    def compare(
        self,
        command: Command,
        keep: Filter = str,
        *,
        cwd: Path | None = None,
        timeout: float = 300,
        status: int = 0,
        **more: str,
    ) -> str:
        """Asserts that both end with the status and print the same, once filtered. Returns what they printed."""
        native = self.native(command, cwd=cwd, timeout=timeout, **more)
        assert native.status == status, f"natively it {native.shown()}"
        remote = self.remote(command, cwd=cwd, timeout=timeout, **more)
        assert remote.status == status, f"through Cenote it {remote.shown()}"
        expected, found = keep(native.stdout).splitlines(), keep(remote.stdout).splitlines()
        assert found == expected, "\n".join(difflib.unified_diff(expected, found, "native", "remote", lineterm="", n=1))
        return native.stdout


@contextmanager
def lending(driver: Driver, folder: Path, served_with: Mapping[str, str] | None = None) -> Iterator[Pair]:
    """A server for one driver, with more in its environment if need be, and the two environments to compare."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(_NAMES_DRIVERS)}
    native = plain | {"POCL_CACHE_DIR": str(folder / "native-cache")} | driver.environment(folder)
    served = plain | {"POCL_CACHE_DIR": str(folder / "server-cache")} | driver.environment(folder)
    served |= served_with or {}
    empty = folder / "no-drivers"
    empty.mkdir(exist_ok=True)
    driverless = plain | {"OCL_ICD_VENDORS": f"{empty}/", "CENOTE_NATIVE": str(paths.native())}
    with serving(env=served | {"CENOTE_NATIVE": str(paths.native())}) as server:
        remote = driverless | {"XDG_STATE_HOME": server.environment["XDG_STATE_HOME"]}
        yield Pair(driver, server, native, remote)


@cache
def count_platforms() -> Path:
    """A program that prints how many platforms its loader sees."""
    source = 'extern int clGetPlatformIDs(unsigned, void*, unsigned*); int printf(const char*, ...); int main(void) { unsigned n = 0; clGetPlatformIDs(0, 0, &n); return printf("%u\\n", n) < 0; }'  # noqa: E501
    program = Path(tempfile.mkdtemp(prefix="cenote-test-")) / "count"
    compile_c(source, program)
    return program


def compile_c(source: str | Path, program: Path, *more: str) -> None:
    """Compiles a C program, linked to whatever libOpenCL.so.1 the loader path gives."""
    if isinstance(source, str):
        file = program.with_suffix(".c")
        file.write_text(source)
        source = file
    flags = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"]
    command = ["gcc", *flags, str(source), "-o", str(program), "-l:libOpenCL.so.1", "-lpthread", *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{source} does not compile:\n{done.stderr}"


def assert_driverless(pair: Pair) -> None:
    """The client's environment has no driver of its own: what its programs use is borrowed."""
    assert run([count_platforms()], pair.remote_environment).stdout.split() == ["0"]
    assert run([count_platforms()], pair.native_environment).stdout.split() == ["1"]
    assert pair.remote([count_platforms()]).stdout.split() == ["1"]
