"""``cenote container``: unmodified programs in containers that have nothing of Cenote's but what the CDI file adds."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks import drivers
from cenote.client import container
from tests.support import containers, machines
from tests.support.differential import compile_c, count_platforms
from tests.support.servers import CENOTE, Server, serving, wait_until

PROJECT = Path(__file__).parents[2]
C_LIBRARY = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"}


@dataclass(frozen=True)
class User:
    """Who is logged in on the machine that borrows."""

    server: Server
    environment: dict[str, str]

    def cenote(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self.server.prefix, *CENOTE, *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)


def logged_in(server: Server, home: Path) -> User:
    environment = dict(os.environ) | {"XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    user = User(server, environment)
    found = re.search(r"admin token +(.+)", server.announced)
    assert found, server.announced
    wait_until(lambda: user.cenote("login", found[1]).returncode == 0, 30)
    wait_until(lambda: '"state": "ready"' in user.cenote("list", "servers", "--json").stdout, 30)
    return user


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Of a pool on another machine."""
    if reason := machines.allowed():
        pytest.skip(reason)
    with machines.two_machines() as pair:
        env = drivers.find("pocl").environment | {"CENOTE_POOL_LISTEN": f"{pair[0].address}:7660"}
        with serving(env=env, machines=pair) as server:
            yield logged_in(server, tmp_path_factory.mktemp("home"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cdi"


def prepared(user: User, folder: Path, *arguments: str) -> tuple[str, dict[str, Any], str]:
    """The allocation, its edits, and the command that was printed."""
    done = user.cenote("container", "-o", str(folder), *arguments)
    assert done.returncode == 0, done.stderr
    (file,) = folder.iterdir()
    name = file.stem.removeprefix("cenote.dev-allocation-")
    assert f"{file} is written" in done.stderr
    return name, containers.read(file), done.stdout


def test_a_program_in_a_container_computes(far: User, folder: Path, tmp_path: Path) -> None:
    """As it does natively, over TLS from a network of its own, in an image without OpenCL, OpenSSL and C++."""
    program = tmp_path / "fills"
    compile_c(PROJECT / "tests/opencl/programs/fills.c", program)
    native = subprocess.run([program], env=drivers.find("pocl").environment, capture_output=True, text=True, timeout=60)
    name, edits, command = prepared(far, folder, "-p", "0.5", "--for", "1h")
    assert command == f"docker run --rm --device cenote.dev/allocation={name} IMAGE PROGRAM\n"
    image = containers.Image.of(tmp_path / "image", [program, count_platforms()])
    done = containers.run(image, edits, ["/bin/fills"], far.server.prefix)
    assert (done.returncode, done.stdout, done.stderr) == (0, native.stdout, "")
    assert far.cenote("release", name).returncode == 0
    assert list(folder.iterdir()) == [], "and with it goes the file"
    edits["mounts"] = [mount for mount in edits["mounts"] if Path(mount["hostPath"]).exists()]
    (image.root / "opt/cenote-client/allocation").unlink()
    over = containers.run(image, edits, ["/bin/count"], far.server.prefix)
    assert over.stdout == "0\n"
    assert (
        "/opt/cenote-client/allocation cannot be read (No such file or directory): has `cenote run` ended"
        in over.stderr
    )


def test_a_program_that_brings_its_own_loader(far: User, folder: Path, tmp_path: Path) -> None:
    """As wheels do: it finds the driver by its .icd file."""
    program = tmp_path / "count"
    source = count_platforms().with_suffix(".c")
    compile_c(source, program, "-Wl,--disable-new-dtags,-rpath,/loader")
    image = containers.Image.of(tmp_path / "image", [program])
    image.add(drivers.find("pocl").loader, "/loader/libOpenCL.so.1")
    name, edits, _ = prepared(far, folder, "--for", "1h")
    shown = containers.run(image, edits, ["/bin/count"], far.server.prefix)
    assert (shown.stdout, shown.stderr) == ("1\n", "")
    far.cenote("release", name)


def test_without_cdi_it_is_mounts_and_variables(far: User, tmp_path: Path) -> None:
    name = far.cenote("request", "--for", "1h").stdout.strip()
    done = far.cenote("container", "--allocation", name, "--no-cdi", "--library-path", "/opt/conda/lib:/x")
    words = done.stdout.split()
    assert words[:3] == ["docker", "run", "--rm"] and words[-2:] == ["IMAGE", "PROGRAM"]
    mounts = [words[i + 1].split(":") for i, word in enumerate(words) if word == "--volume"]
    edits: dict[str, Any] = {
        "mounts": [{"hostPath": host, "containerPath": inside} for host, inside, _ in mounts],
        "env": [words[i + 1] for i, word in enumerate(words) if word == "--env"],
    }
    assert "LD_LIBRARY_PATH=/opt/cenote-client/lib:/opt/conda/lib:/x" in edits["env"]
    image = containers.Image.of(tmp_path / "image", [count_platforms()])
    assert containers.run(image, edits, ["/bin/count"], far.server.prefix).stdout == "1\n"
    (secret,) = (Path(host) for host, _, _ in mounts if name in host)
    assert (secret.stat().st_mode & 0o777, secret.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert " tls " in secret.read_text()
    far.cenote("release", name)
    assert not secret.exists()


def test_what_is_over_is_swept(far: User, folder: Path) -> None:
    name, _, _ = prepared(far, folder, "--for", "1s")
    wait_until(lambda: name not in far.cenote("list", "allocations").stdout, 20)
    next_one, _, _ = prepared(far, folder, "--for", "1h")
    assert next_one != name
    far.cenote("release", next_one)


def test_within_one_machine_the_container_needs_its_network(tmp_path: Path, folder: Path) -> None:
    env = drivers.find("pocl").environment | {"CENOTE_POOL_LISTEN": "127.0.0.1:0"}
    with serving(env=env) as server:
        user = logged_in(server, tmp_path / "home")
        name, edits, command = prepared(user, folder)
        assert command == f"docker run --rm --network host --device cenote.dev/allocation={name} IMAGE PROGRAM\n"
        image = containers.Image.of(tmp_path / "image", [count_platforms()])
        assert containers.run(image, edits, ["/bin/count"]).stdout == "1\n"


def test_where_nothing_can_be_written_nothing_is_requested(far: User, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = far.cenote("container", "-o", str(tmp_path / "file"))
    assert done.returncode == 1
    assert re.fullmatch(r"cenote: .*file cannot be written to \(file exists\); .*\n", done.stderr)
    assert json.loads(far.cenote("list", "allocations", "--json").stdout) == []


def test_the_folder_needs_the_c_library_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = container.client()
    assert container.client() == folder, "one for each build"
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    shims = {"lib/libcenote.so", "lib/libOpenCL.so.1", "lib/libcenote-opencl-icd.so"}
    assert files - {"lib/openssl/libssl.so.3", "lib/openssl/libcrypto.so.3"} == shims | {"vendors/cenote.icd"}
    assert (folder / "vendors/cenote.icd").read_text() == "/opt/cenote-client/lib/libcenote-opencl-icd.so\n"
    for shim in shims:
        described = subprocess.run(["readelf", "-dV", folder / shim], capture_output=True, text=True, check=True).stdout
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", described))
        assert needed - C_LIBRARY <= {"libcenote.so"}, shim
        assert not re.search("GLIBCXX|CXXABI|GCC_", described), shim
        paths_inside = re.findall(r"(?:RPATH|RUNPATH).*\[(.*)\]", described)
        assert set(paths_inside) <= {"$ORIGIN"}, shim


def test_the_release_is_for_the_oldest_c_library_that_is_promised() -> None:
    """The release build targets it, and proves it on the symbol versions of what it has made."""
    script = (PROJECT / "scripts/wheel").read_text()
    assert "\nglibc=2.28\n" in script and "-target x86_64-linux-gnu.%s" in script
    assert "scripts/symbols.py $glibc dist/*.whl" in script
