"""Between machines a program needs OpenSSL 3: the system's, or one that lies beside the shim."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import drivers
from cenote import paths
from tests.support import machines
from tests.support.differential import count_platforms
from tests.support.servers import Server, serving


@pytest.fixture(scope="module")
def far_server() -> Iterator[Server]:
    """A real server on one machine; its clients are on another."""
    if reason := machines.allowed():
        pytest.skip(reason)
    with machines.two_machines() as pair, serving(env=drivers.find("pocl").environment, machines=pair) as running:
        yield running


@pytest.fixture(scope="module")
def libraries() -> list[Path]:
    """The system's libssl and libcrypto."""
    script = "import ctypes; ctypes.CDLL('libssl.so.3'); print(open('/proc/self/maps').read())"
    maps = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    found = {word for word in maps.split() if word.endswith(("/libssl.so.3", "/libcrypto.so.3"))}
    assert len(found) == 2
    return sorted(map(Path, found), reverse=True)


def without(libraries: list[Path], program: Path) -> list[str]:
    """A command that runs the program where these libraries are not there."""
    hidden = "".join(f"mount --bind /dev/null {library} && " for library in libraries)
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f"{hidden}exec {program}"]


def test_with_the_systems(far_server: Server) -> None:
    assert far_server.run([count_platforms()]).stdout == "1\n"


def test_with_none(far_server: Server, libraries: list[Path]) -> None:
    done = far_server.run(without(libraries, count_platforms()))
    folder = paths.native().resolve() / "lib" / "openssl"
    assert done.stdout == "0\n"
    assert done.stderr.startswith("cenote: the connection needs TLS, but OpenSSL 3 is not usable here (")
    assert done.stderr.endswith(f"install it, or put libssl.so.3 and libcrypto.so.3 into {folder}\n")
    assert done.stderr.count("\n") == 1


def test_with_one_beside_the_shim(far_server: Server, libraries: list[Path], tmp_path: Path) -> None:
    native = tmp_path / "native"
    shutil.copytree(paths.native(), native)
    (native / "lib" / "openssl").mkdir()
    for library, name in zip(libraries, ("libssl.so.3", "libcrypto.so.3"), strict=True):
        shutil.copy(library, native / "lib" / "openssl" / name)
    done = far_server.run(without(libraries, count_platforms()), env={"CENOTE_NATIVE": str(native)})
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_with_another_secret(far_server: Server) -> None:
    """What was written into the allocation file by somebody else opens no session."""
    other = 'sed -i "s/[0-9a-f]\\{64\\}$/$(printf %064d 7)/" $CENOTE_ALLOCATION_FILE'
    done = far_server.run(["sh", "-c", f"{other}; exec {count_platforms()}"])
    assert done.stdout == "0\n"
    assert done.stderr == "cenote: the server closed the connection during the proof: wrong key?\n"
