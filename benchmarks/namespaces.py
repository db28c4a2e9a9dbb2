"""Two hosts on one machine: network namespaces joined by a link with a stated delay and rate."""

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

NAMED = Path("/run/netns")
PREFIX = "cenote-bench"


@dataclass(frozen=True)
class Host:
    """One end of the link."""

    namespace: str
    address: str

    def command(self, *words: str | Path) -> list[str]:
        """The words of a command that runs on this host."""
        return ["ip", "netns", "exec", self.namespace, *map(str, words)]


@dataclass(frozen=True)
class Link:
    client: Host
    server: Host
    delay_us: float
    gbits: float


def allowed() -> bool:
    """Whether this process may make namespaces, found out by making one."""
    name = f"{PREFIX}-{os.getpid()}-try"
    try:
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
    if made:
        _ip("netns", "delete", name)
    return made


@contextlib.contextmanager
def link(forwarder: Path, delay_us: float, gbits: float = 10) -> Iterator[Link]:
    """Makes two hosts and the link between them, and removes them with all that runs there, whatever happens inside.

    `forwarder` is the delaylink program. It stands in a namespace of its own: the machine's own network is untouched.
    """
    _sweep()
    base = f"{PREFIX}-{os.getpid()}"
    client, middle, server = (f"{base}-{end}" for end in ("client", "middle", "server"))
    made = Link(Host(client, "10.203.0.1"), Host(server, "10.203.0.2"), delay_us, gbits)
    with contextlib.ExitStack() as stack, _signals_raise():
        for name in (client, middle, server):
            _ip("netns", "add", name)
            stack.callback(_remove, name)
        for host, port in ((made.client, "to-client"), (made.server, "to-server")):
            _ip("-n", middle, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
            for namespace, interface in ((middle, port), (host.namespace, "eth0")):
                _ip("-n", namespace, "link", "set", interface, "addrgenmode", "none", "up")
            _ip("-n", host.namespace, "link", "set", "lo", "up")
            _ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", "eth0")
        command = Host(middle, "").command(forwarder, "to-client", "to-server", f"{delay_us:g}", f"{gbits:g}")
        carrier = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        stack.callback(_end, carrier)
        if carrier.stdout is None or carrier.stdout.readline() != "ready\n":
            raise RuntimeError("the forwarder did not start")
        yield made


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _remove(namespace: str) -> None:
    """Ends what still runs in the namespace, then removes it; its interfaces go with it."""
    for pid in _ip("netns", "pids", namespace).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    _ip("netns", "delete", namespace)


def _sweep() -> None:
    """Removes what an earlier run left that was killed."""
    for path in NAMED.glob(f"{PREFIX}-*"):
        owner = re.match(rf"{PREFIX}-(\d+)-", path.name)
        if owner and not Path("/proc", owner[1]).exists():
            _remove(path.name)


@contextlib.contextmanager
def _signals_raise() -> Iterator[None]:
    """SIGTERM and SIGHUP unwind the stack, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
