"""The processes of a pool as people run them, which may be killed and started again: managers, servers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cenote.client.pool import Pool, read_token_file
from cenote.errors import CenoteError
from cenote.pool.home import Home
from cenote.server.records import FOLDER, start_of
from tests.support.servers import CENOTE, gone, wait_until

START_TIMEOUT = 60.0

# What waits for clients that are gone without a word does not wait for minutes.
_HASTY = [
    sys.executable,
    "-c",
    "from cenote.server import lender; from cenote.pool.api import presence;"
    "lender.RETURN_MARGIN = 2.0; lender.Lender.__init__.__kwdefaults__['tether_timeout'] = 6.0;"
    "presence.PATIENCE, presence.BEAT = 6.0, 1.0;"
    "from cenote.cli.main import main; main()",
]


@dataclass
class Process:
    """One that may be started again. ``log`` has what all of its lives have said."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self) -> None:
        self.starts += 1
        with self.log.open("ab") as log:
            log.write(f"\n--- start {self.starts}\n".encode())
            log.flush()
            self.running = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        assert self.running
        self.running.send_signal(number)

    def kill(self) -> None:
        assert self.running
        self.running.kill()
        self.running.wait()

    @property
    def dead(self) -> bool:
        return self.running is None or self.running.poll() is not None

    @property
    def ready(self) -> bool:
        """Whether it has said so since it was last started."""
        raise NotImplementedError


class ManagerProcess(Process):
    """``cenote manager``; those of one pool share the folder of the authority and the store."""

    def __init__(
        self, folder: Path, ports: list[int], number: int, store: str, variables: Mapping[str, str], *, hasty: bool
    ) -> None:
        managers = [f"127.0.0.1:{port}" for port in (ports[number], *ports[:number], *ports[number + 1 :])]
        self.port = ports[number]
        state = folder / f"manager{number}"
        self.home = Home(state / "cenote" / "manager")
        environment = dict(variables) | {
            "XDG_STATE_HOME": str(state),
            "CENOTE_POOL_LISTEN": managers[0],
            "CENOTE_POOL_MANAGERS": " ".join(managers),
            "CENOTE_POOL_STORE": store,
            "CENOTE_POOL_AUTHORITY": str(folder / "authority"),
        }
        command = [*(_HASTY if hasty else CENOTE), "manager"]
        super().__init__(f"manager {number}", command, environment, folder / f"manager{number}.log")

    @property
    def ready(self) -> bool:
        with suppress(OSError, ValueError):
            return not self.dead and (found := self.home.resident()) is not None and found.pid == self._pid
        return False

    @property
    def _pid(self) -> int:
        return self.running.pid if self.running else 0


class ServerProcess(Process):
    """``cenote serve`` of a host that joins the pool when it starts for the first time."""

    def __init__(self, folder: Path, name: str, port: int, variables: Mapping[str, str], *, hasty: bool) -> None:
        self.port = port
        self.state = folder / name / "cenote"
        (folder / name).mkdir()
        environment = dict(variables) | {"XDG_STATE_HOME": str(folder / name), "XDG_RUNTIME_DIR": str(folder / name)}
        command = [*(_HASTY if hasty else CENOTE), "serve", "--listen", f"127.0.0.1:{port}", "--name", name]
        super().__init__(name, command, environment, folder / f"{name}.log")

    @property
    def ready(self) -> bool:
        return not self.dead and "\nReady" in self.log.read_text().rpartition("\n--- start")[2]

    def invited(self, word: str) -> None:
        self.environment["CENOTE_JOIN"] = word

    def lent(self) -> dict[str, Any]:
        """By allocation: what the ledger on disk says, written by whichever life of the server."""
        states = [state for file in (self.state / "pool" / "lent").glob("lent.*") if (state := _ledger(file))]
        latest = max(states, key=lambda state: int(state["serial"])) if states else {"held": []}
        return {entry["allocation"]: entry for entry in latest["held"]}

    def workers(self) -> dict[int, str]:
        """The allocations of the living workers that serve a session."""
        found = {}
        for file in (self.state / FOLDER).glob("*/*.session"):
            with suppress(OSError, ValueError):
                record = json.loads(file.read_bytes())
                if start_of(record["pid"]) == record["started"] and not gone(record["pid"]):
                    found[int(record["pid"])] = str(record["allocation"])
        return found


def _ledger(file: Path) -> dict[str, Any] | None:
    """Read while it may be written: then there is the other file."""
    with suppress(OSError, ValueError):
        head, _, rest = file.read_bytes().partition(b"\n")
        size, checksum = (int(word, 16) for word in head.split()[2:])
        if zlib.crc32(rest[:size]) == checksum:
            state: dict[str, Any] = json.loads(rest[:size])
            return state
    return None


class PoolOfProcesses:
    """``servers`` lend with the null driver, ``devices`` each; clients find the pool by ``environment``."""

    def __init__(
        self,
        folder: Path,
        store: str,
        driver: Mapping[str, str],
        ports: Callable[[], int],
        *,
        managers: int = 1,
        servers: int = 2,
        devices: int = 2,
        hasty: bool = True,
    ) -> None:
        self.folder = folder
        plain = dict(driver) | {
            "CENOTE_LINK_TIMEOUT": "5",
            "CENOTE_NULL_DEVICES": str(devices),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PYTHONUNBUFFERED": "1",
        }
        listening = [ports() for _ in range(managers)]
        self.managers = [ManagerProcess(folder, listening, n, store, plain, hasty=hasty) for n in range(managers)]
        self.servers = [ServerProcess(folder, f"gpu{n}", ports(), plain, hasty=hasty) for n in range(servers)]
        self.environment = plain | {"XDG_STATE_HOME": str(folder / "client")}

    def start(self) -> None:
        for manager in self.managers:
            manager.start()  # all at once, on an empty store
        wait_until(lambda: all(manager.ready for manager in self.managers), START_TIMEOUT)
        token = next(file for manager in self.managers if (file := manager.home.admin_token).exists())
        self._token = read_token_file(token)
        done = subprocess.run([*CENOTE, "login", token], env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        for server in self.servers:
            server.invited(self.ask("POST", "/join-strings", {})["text"])
            server.start()
        wait_until(self.all_ready, START_TIMEOUT)

    def all_ready(self) -> bool:
        """Whether everybody is up, and every manager could place on every server."""
        with suppress(CenoteError):
            return all(manager.ready for manager in self.managers) and all(
                [one["state"] for one in self.ask("GET", "/servers", manager=n)] == ["ready"] * len(self.servers)
                for n in range(len(self.managers))
            )
        return False

    def ask(self, method: str, path: str, body: object = None, *, manager: int | None = None) -> Any:
        """As the admin; a certain manager, or any."""
        credential = self._token
        if manager is not None:
            credential = replace(credential, managers=(f"127.0.0.1:{self.managers[manager].port}",))
        with Pool.open(credential) as pool:
            return pool.ask(method, path, body)

    def lent(self) -> dict[str, Counter[tuple[str, int]]]:
        """Bytes by allocation, server and device, from the servers' ledgers."""
        found: dict[str, Counter[tuple[str, int]]] = {}
        for server in self.servers:
            for name, entry in server.lent().items():
                for index, memory, _ in entry["shares"]:
                    found.setdefault(name, Counter())[server.name, index] += memory
        return found

    def booked(self, manager: int) -> dict[str, Counter[tuple[str, int]]]:
        """The same, as a manager has it in the store."""
        found: dict[str, Counter[tuple[str, int]]] = {}
        for view in self.ask("GET", "/allocations", manager=manager):
            for part in view["parts"]:
                found.setdefault(view["id"], Counter())[part["server"], part["index"]] += part["memory"]
        return found

    def processes(self) -> Iterator[Process]:
        yield from self.managers
        yield from self.servers

    def stop(self) -> None:
        for process in self.processes():
            if not process.dead:
                process.signal(signal.SIGCONT)
                process.signal(signal.SIGINT)
        end = time.monotonic() + 20
        for process in self.processes():
            if process.running:
                try:
                    process.running.wait(max(end - time.monotonic(), 0.1))
                except subprocess.TimeoutExpired:
                    process.kill()
        for server in self.servers:
            for worker in server.workers():
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)

    def logs(self) -> str:
        return "\n".join(f"--- {process.name}\n{process.log.read_text()[-3000:]}" for process in self.processes())
