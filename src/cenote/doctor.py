"""``cenote doctor``: looks at this machine as a borrower and as a lender, and says how to mend what is wrong."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cenote import config, paths
from cenote.client import login
from cenote.config import Settings
from cenote.devices import human_size
from cenote.errors import CenoteError, WrongSetting
from cenote.protocol import DEFAULT_PORT
from cenote.server.drivers import Drivers

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
_LITTLE_SHARED_MEMORY = 64 << 20
_FEW_DESCRIPTORS = 1024


@dataclass(frozen=True)
class Finding:
    """``ok``, ``note`` (something will not work, but may not be wanted) or ``wrong``, with the remedy."""

    state: Literal["ok", "note", "wrong"]
    what: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """All findings, each as soon as it is known."""
    for check in CHECKS:
        yield from check()


def _native_parts() -> Iterator[Finding]:
    folder = paths.native()
    parts = ["bin/cenote-worker", "lib/libcenote.so", "lib/libOpenCL.so.1", "lib/libcenote-opencl-icd.so"]
    missing = [part for part in parts if not (folder / part).exists()]
    if not missing:
        yield Finding("ok", f"the native parts are in {folder}")
        return
    compiler = shutil.which("g++")
    remedy = "run “make build” in the checkout, or “pip install .”"
    if not compiler:
        remedy = f"install a compiler (apt install g++), then {remedy}"
    yield Finding("wrong", f"{folder} lacks {', '.join(missing)}", remedy)


def _tls() -> Iterator[Finding]:
    ours = paths.native() / "lib" / "openssl"
    for library in (ours / "libssl.so.3", Path("libssl.so.3")):
        with suppress(OSError):
            ctypes.CDLL(str(library))
            yield Finding("ok", f"{library} is usable, for connections between machines")
            return
    remedy = f"apt install libssl3, or put libssl.so.3 and libcrypto.so.3 into {ours}"
    yield Finding("note", "libssl.so.3 is missing; only servers on this machine can be used", remedy)


def _drivers() -> Iterator[Finding]:
    if not (paths.native() / "bin/cenote-worker").exists():
        return  # said already
    try:
        drivers = Drivers.find()
    except CenoteError as error:
        yield Finding("note", f"this machine can borrow devices but lends none: {error}")
        return
    try:
        for device in drivers.devices():
            size = human_size(device.memory)
            yield Finding("ok", f"device to lend: {device.name} ({size}, {device.platform} {device.driver_version})")
    except CenoteError as error:
        yield Finding("wrong", str(error), "try “clinfo”; if it fails as well, the driver has to be mended")
    finally:
        drivers.close()


def _shadowing() -> Iterator[Finding]:
    """Whatever makes a program load another libOpenCL.so.1 than the one that ``cenote run`` puts first."""
    for name in ("LD_PRELOAD", "/etc/ld.so.preload"):
        file = Path(name)
        value = (file.read_text() if file.exists() else "") if name.startswith("/") else os.environ.get(name, "")
        if "OpenCL" in value:
            yield Finding(
                "wrong", f"{name} forces an OpenCL library on every program: {value.strip()}", f"empty {name}"
            )
    if not os.environ.get("CENOTE_ALLOCATION_FILE"):
        return
    for folder in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep):
        library = Path(folder or ".") / "libOpenCL.so.1"
        if library.exists():
            if paths.is_ours(library):
                yield Finding("ok", "programs started here see the borrowed devices")
            else:
                yield Finding("wrong", f"{library} stands before Cenote’s", "do not put it into LD_LIBRARY_PATH")
            return
    yield Finding(
        "wrong", "LD_LIBRARY_PATH has lost Cenote’s folder", "a start-up file of the shell may have set it anew"
    )


def _namespaces() -> Iterator[Finding]:
    command = ["unshare", "--user", "--map-root-user", "--net", "true"]
    if shutil.which("unshare") and subprocess.run(command, capture_output=True, check=False).returncode == 0:
        yield Finding("ok", "user and network namespaces are allowed")
        return
    remedy = "as root: sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
    yield Finding("note", "namespaces are not allowed; the demo runs without a separate “machine”", remedy)


def _configuration() -> Iterator[Finding]:
    try:
        sources = config.load().sources.values()
    except WrongSetting as error:
        yield Finding("wrong", str(error), "“cenote config show” must print all settings")
        return
    if named := sorted({source.name for source in sources if source.kind == "file"}):
        yield Finding("ok", f"settings come from {' and '.join(named)}")


def _settings() -> Settings | None:
    with suppress(WrongSetting):  # said already
        return config.load()
    return None


def _port() -> Iterator[Finding]:
    settings = _settings()
    listen = settings.serve.listen if settings else ()
    for port in sorted({address.port for address in listen} or {DEFAULT_PORT}):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
                yield Finding("ok", f"port {port} is free for “cenote serve”")
            except OSError:
                what = f"port {port} is in use, perhaps by a server of Cenote’s"
                yield Finding("note", what, "see with “ss -ltnp”; --listen names another port")


def _token() -> Iterator[Finding]:
    settings = _settings()
    if file := (settings.token_file if settings else None) or login.find():
        try:
            login.read_token_file(file)
            yield Finding("ok", f"the token {file} is private and readable")
        except CenoteError as error:
            yield Finding("wrong", str(error))


def _room() -> Iterator[Finding]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FEW_DESCRIPTORS:
        yield Finding("note", f"only {soft} files may be open at once", f"ulimit -n {min(hard, 8192)}")
    if not os.access(_SHARED_MEMORY, os.W_OK):
        yield Finding("note", f"{_SHARED_MEMORY} cannot be written; some drivers need it", "mount a tmpfs there")
    elif (free := shutil.disk_usage(_SHARED_MEMORY).free) < _LITTLE_SHARED_MEMORY:
        yield Finding("note", f"{_SHARED_MEMORY} has {human_size(free)} left", "in a container: --shm-size=1g")
    if not os.access(paths.runtime(), os.W_OK):
        yield Finding("wrong", f"{paths.runtime()} cannot be written", "set TMPDIR to a folder that can")


def _python() -> Iterator[Finding]:
    yield Finding("ok", f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, {socket.gethostname()}")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python,
    _configuration,
    _native_parts,
    _tls,
    _drivers,
    _shadowing,
    _namespaces,
    _port,
    _token,
    _room,
)
