"""One simulated fleet with its manager, from an empty folder to figures."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.fleet import seed
from benchmarks.fleet.https import Https
from benchmarks.fleet.servers import Fleet
from benchmarks.sides import free_port
from cenote import tls
from cenote.pool.authority import Authority, signing_request
from cenote.pool.home import Home
from cenote.pool.request import WHOLE
from cenote.pool.store import Store

START = 120.0  # seconds
STORM = 300.0  # until all servers are known again; a manager that cannot keep up never gets there
RATE = 10.0  # requests a second, one at a time, while decisions are timed
CLIENTS = 12  # at once, while allocations and releases are counted
_TICKS = os.sysconf("SC_CLK_TCK")
_WISHES: list[dict[str, Any]] = [
    {},
    {"weight": WHOLE // 2},
    {"weight": WHOLE // 4},
    {"weight": WHOLE // 8},
    {"memory": 20 * seed.GIB},
    {"count": 2},
    {"count": 4, "weight": WHOLE // 2},
    {"count": 8},
    {"filter": "name~H100"},
    {"policy": "spread", "weight": WHOLE // 4},
]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How large and how long; times in seconds."""

    servers: int
    sessions: int
    history: int
    decisions: int
    steady: float
    busy: float


@dataclass
class Figures:
    """Times in seconds. ``decisions`` are choice and committed transaction, ``ends`` the whole way of a request: until
    its servers have confirmed it and its client knows."""

    servers: int
    store: str
    decisions: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    allocations_a_second: float = 0.0
    core: float = 0.0
    """Part of one core that the manager needs while nothing but heartbeats happens."""
    memory: int = 0
    beat: float = 0.0
    late_beat: float = 0.0
    storm: float = 0.0
    """From the start of a manager that was killed until it knows again what all servers hold."""
    silence: float = 0.0
    """From that start until the first request is answered."""
    lost: int = 0
    """Requests that failed."""
    stacks: list[tuple[str, int]] = field(default_factory=list)


class Run:
    """``profile`` makes the manager look where its time goes, which costs some."""

    def __init__(self, size: Size, store: str, folder: Path, say: Say, *, profile: bool = False) -> None:
        self._size, self._store, self._folder, self._say = size, store, folder, say
        self._port, self._api = free_port(), free_port()
        self._profile = profile
        self.figures = Figures(size.servers, store.partition(":")[0].partition("+")[0])

    @contextmanager
    def going(self) -> Iterator[None]:
        """With the store planted, and the manager and the servers running."""
        began = time.monotonic()
        store = Store(self._store)
        store.upgrade()
        seed.plant(store, self._size.servers, self._port, history=self._size.history)
        store.close()
        self._certify()
        self._say(f"planted in {time.monotonic() - began:.0f} s")
        fleet = Fleet(
            self._size.servers, self._size.sessions, self._port, f"127.0.0.1:{self._api}", str(self._folder / "fleet")
        )
        self._start_manager()
        log = (self._folder / "servers.log").open("wb")
        command = [sys.executable, "-m", "benchmarks.fleet.servers", fleet.to_json()]
        self._servers = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert self._servers.stdout and self._servers.stdout.readline() == "ready\n", (
                self._folder / "servers.log"
            ).read_text()
            yield
        finally:
            self._servers.kill()
            self._servers.communicate()
            self._manager.kill()
            self._manager.wait()
            log.close()

    def take(self) -> Figures:
        with self.going():
            self._say(f"all {self._size.servers} servers known after {self._until_agreed():.1f} s")
            self._steady()
            asyncio.run(self._decide())
            asyncio.run(self._press())
            self._storm()
        return self.figures

    def _certify(self) -> None:
        """The servers share a private key; their certificates tell them apart."""
        authority = Authority.open(self._folder / "authority")
        folder = self._folder / "fleet"
        folder.mkdir()
        (folder / "ca.pem").write_bytes(authority.certificate)
        request = signing_request(folder / "servers.key")
        for number in range(self._size.servers):
            name = seed.server_name(number)
            (folder / f"{name}.pem").write_bytes(authority.issue(request, tls.Role.SERVER, name).certificate)
        self._trusting = tls.trusting(authority.certificate.decode())

    def _start_manager(self) -> None:
        state = self._folder / "state"
        environment = os.environ | {
            "XDG_STATE_HOME": str(state),
            "XDG_CONFIG_HOME": str(state),
            "CENOTE_POOL_LISTEN": f"127.0.0.1:{self._api}",
            "CENOTE_POOL_STORE": self._store,
            "CENOTE_POOL_AUTHORITY": str(self._folder / "authority"),
        }
        if self._profile:
            environment["CENOTE_BENCH_PROFILE"] = "1"
        command = [sys.executable, "-m", "benchmarks.fleet.manager", str(self._folder / "figures")]
        with (self._folder / "manager.log").open("ab") as log:
            self._manager = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        home = Home(state / "cenote" / "manager")
        deadline = time.monotonic() + START
        while not ((resident := home.resident()) and resident.pid == self._manager.pid):
            assert self._manager.poll() is None and time.monotonic() < deadline, self._log()
            time.sleep(0.05)

    def _log(self) -> str:
        return (self._folder / "manager.log").read_text()[-2000:]

    def _told(self) -> dict[str, Any]:
        """What the servers have seen since the last time."""
        assert self._servers.stdin and self._servers.stdout
        self._servers.stdin.write("\n")
        self._servers.stdin.flush()
        found: dict[str, Any] = json.loads(self._servers.stdout.readline())
        return found

    def _watched(self) -> dict[str, Any]:
        """What the manager's clocks have seen since the last time."""
        file = self._folder / "figures"
        file.unlink(missing_ok=True)
        self._manager.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + START
        while not file.exists():
            assert time.monotonic() < deadline and self._manager.poll() is None, self._log()
            time.sleep(0.02)
        found: dict[str, Any] = json.loads(file.read_text())
        return found

    def _until_agreed(self) -> float:
        began = time.monotonic()
        while (told := self._told())["agreed"] < self._size.servers:
            assert time.monotonic() - began < STORM, f"not all servers agree with the manager: {told} {self._log()}"
            time.sleep(0.5)
        return time.monotonic() - began

    def _steady(self) -> None:
        """Nothing but heartbeats."""
        time.sleep(3)
        self._told()
        began, cpu = time.monotonic(), _cpu(self._manager.pid)
        time.sleep(self._size.steady)
        self.figures.core = (_cpu(self._manager.pid) - cpu) / (time.monotonic() - began)
        self.figures.memory = _memory(self._manager.pid)
        told = self._told()
        self.figures.beat, self.figures.late_beat = told["beat"], told["late beat"]
        self._say(
            f"{told['beats']} heartbeats in {self._size.steady:.0f} s need {self.figures.core:.0%} of a core "
            f"and {self.figures.memory >> 20} MiB"
        )

    def _client(self, number: int) -> Https:
        return Https(f"127.0.0.1:{self._api}", self._trusting, seed.token_of(seed.user_name(number % seed.USERS)))

    async def _decide(self) -> None:
        """Requests of all kinds one after the other, beside the heartbeats; the fleet stays half full."""
        choice = random.Random(1)  # noqa: S311
        self._watched()
        held: list[tuple[Https, str]] = []
        for number in range(self._size.decisions):
            began = time.monotonic()
            client = self._client(number)
            await client.ask("GET", "/me")  # its connection is not what is timed
            asked = time.monotonic()
            view = await self._obtain(client, choice.choice(_WISHES), f"decision {number}")
            self.figures.ends.append(time.monotonic() - asked)
            held.append((client, view["id"]))
            if len(held) > 50:
                client, name = held.pop(choice.randrange(len(held)))
                await client.ask("DELETE", f"/allocations/{name}")
                client.close()
            await asyncio.sleep(max(1 / RATE - (time.monotonic() - began), 0))
        watched = self._watched()
        self.figures.decisions, self.figures.stacks = watched["times"]["submit"], watched["stacks"]
        for client, name in held:
            await client.ask("DELETE", f"/allocations/{name}")
            client.close()
        self._say(
            f"{len(self.figures.decisions)} decisions: {_shown(self.figures.decisions)}, "
            f"confirmed to the client: {_shown(self.figures.ends)}"
        )

    async def _press(self) -> None:
        """As many allocations and releases as there can be."""
        end = time.monotonic() + self._size.busy
        done = 0

        async def work(number: int) -> None:
            nonlocal done
            client, choice = self._client(number), random.Random(number)  # noqa: S311
            while time.monotonic() < end:
                try:
                    view = await self._obtain(client, choice.choice(_WISHES[:5]), f"{number} {time.monotonic()}")
                    done += 1
                    await client.ask("DELETE", f"/allocations/{view['id']}")
                    done += 1
                except (OSError, EOFError, AssertionError, TimeoutError) as error:
                    self.figures.lost += 1
                    self._say(f"a request failed: {error!r}")
            client.close()

        began = time.monotonic()
        await asyncio.gather(*map(work, range(CLIENTS)))
        self.figures.allocations_a_second = done / (time.monotonic() - began)
        self._say(f"{self.figures.allocations_a_second:.0f} allocations and releases a second")

    async def _obtain(self, client: Https, wish: dict[str, Any], key: str) -> dict[str, Any]:
        view: dict[str, Any] = await client.ask("POST", "/allocations", wish, Idempotency_Key=key.replace(" ", "-"))
        while view["state"] in ("waiting", "placing"):
            view = await client.ask("GET", f"/allocations/{view['id']}?wait=10&seen={view['state']}")
        assert view["state"] == "active", view
        return view

    def _storm(self) -> None:
        """The manager is killed; its successor hears from all servers at once."""
        self._manager.kill()
        self._manager.wait()
        began = time.monotonic()
        self._start_manager()
        asyncio.run(self._obtain_one())
        self.figures.silence = time.monotonic() - began
        self._until_agreed()
        self.figures.storm = time.monotonic() - began
        self._say(
            f"after a manager's death the first request took {self.figures.silence:.1f} s, "
            f"all servers {self.figures.storm:.1f} s"
        )

    async def _obtain_one(self) -> None:
        client = self._client(0)
        await self._obtain(client, {"weight": WHOLE // 8}, "after the storm")
        client.close()


@contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="cenote-fleet-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory(pid: int) -> int:
    line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def late(times: list[float], part: float = 0.99) -> float:
    """The time that so many of them do not exceed."""
    return sorted(times)[min(int(len(times) * part), len(times) - 1)] if times else 0.0


def _shown(times: list[float]) -> str:
    return f"{late(times, 0.5) * 1e3:.1f} ms, p99 {late(times) * 1e3:.1f} ms"
