"""Kills anything of a pool of processes, at random, while programs borrow from it, and looks at what comes of it.

What must hold: no memory is lent twice, none is lost, the share of a dead client is free within 2 s and that of one
that is gone without a word after a time-out, programs that nobody hurt end as they should, and the queue moves.
"""

from __future__ import annotations

import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from cenote.errors import CenoteError
from cenote.pool.request import WHOLE
from tests.support.hosts import PoolOfProcesses, Process, ServerProcess
from tests.support.servers import CENOTE, gone

MEMORY = 16 << 30  # of a device of the null driver
FREED = 2.0  # seconds after a client's death
SILENT = 75.0  # for all that waits for somebody who is gone, under load
STEADY = 3.0  # seconds after which a server that was started again has its tethers back
TURNED_AWAY = (1, 69, 74, 75)  # how a client may end that has not begun, while nobody can serve it
_EARLY = 0.1
_AGAIN = 0.5  # seconds after one that was turned away
_PAUSE = 0.05
_TOLD = "cat $CENOTE_ALLOCATION_FILE; exec {}"
_SIZES = (["-p", "0.25"], ["-p", "0.5"], ["-n", "2", "-p", "0.5"], ["-n", "1"], ["-n", "3"], ["-m", "3GiB"])


@dataclass
class Client:
    """``cenote run`` of a program that uses what it gets. ``until`` is when it ends by itself, once it has begun."""

    running: subprocess.Popen[bytes]
    said: Path
    life: float
    until: float = 0.0
    allocation: str = ""
    servers: set[int] = field(default_factory=set)
    """Their ports."""
    begun: bool = False
    ending: bool = False
    hurt: bool = False

    def look(self) -> None:
        """Takes in what it has said."""
        words = self.said.read_text().split()
        for at, word in enumerate(words):
            if word == "server" and len(words) > at + 5:
                self.servers.add(int(words[at + 2]))
                self.allocation = words[at + 4]
        if "began" in words and not self.begun:
            self.begun, self.until = True, time.monotonic() + self.life

    def program(self) -> int | None:
        children = Path(f"/proc/{self.running.pid}/task/{self.running.pid}/children")
        with suppress(OSError, ValueError, IndexError):
            return int(children.read_text().split()[0])
        return None

    def end(self) -> None:
        self.ending = True
        assert self.running.stdin
        self.running.stdin.close()


class Killer:
    """``cut`` breaks connections to the database, all or some of them."""

    def __init__(self, pool: PoolOfProcesses, program: Path, cut: Callable[[Random], None], seed: int) -> None:
        self._pool, self._program, self._cut = pool, program, cut
        self._random = Random(seed)  # noqa: S311
        self._began = time.monotonic()
        self._clients: list[Client] = []
        self._dead: list[tuple[float, Process]] = []
        self._stopped: list[tuple[float, Process]] = []
        self._up: dict[str, float] = {}
        """When a process was seen to be ready again, by its name."""
        self._next = 0.0
        """When a further client may ask."""
        self.events: list[str] = []
        self.counts: Counter[str] = Counter()
        self.slowest = 0.0
        """Seconds until a dead client's share was free."""

    def run(self, seconds: float, clients: int, every: float) -> None:
        """Strikes about once in ``every`` seconds, with so many clients at a time."""
        begun = self.counts["programs that began"]
        end = strike = time.monotonic() + every
        end += seconds
        while (now := time.monotonic()) < end:
            if len(self._clients) < clients and now >= self._next:
                self._ask()
            self._tend()
            if now >= strike:
                self._strike()
                strike = now + self._random.uniform(0.5, 1.5) * every
            time.sleep(_PAUSE)
        self._until(lambda: "" if self.counts["programs that began"] > begun else "the queue does not move", SILENT)

    def calm(self) -> None:
        """Kills nothing, and waits until servers, managers and living clients agree on what is lent."""
        for _, process in self._stopped:
            process.signal(signal.SIGCONT)
        self._stopped.clear()
        self._dead = [(0.0, process) for _, process in self._dead]
        self._until(lambda: "" if self._pool.all_ready() else "not everybody is up again", SILENT)
        self._until(self._difference, SILENT)

    def finish(self) -> None:
        """All programs end, waiting ones after their turn; then nothing is lent, and everything can be."""

        def left() -> str:
            for client in self._clients:
                if client.begun and not client.ending:
                    client.end()
            return f"{len(self._clients)} clients have not ended" if self._clients else ""

        self._until(left, 2 * SILENT)
        self._until(self._difference, SILENT)
        self._until(lambda: f"workers live: {found}" if (found := self._workers()) else "", FREED)
        devices = self._pool.ask("GET", "/devices")
        assert {(one["free_memory"], one["free_weight"]) for one in devices} == {(MEMORY, WHOLE)}, devices
        everything = [*CENOTE, "run", "-n", str(len(devices)), "--wait", "0", "--", "true"]
        done = subprocess.run(everything, env=self._pool.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def close(self) -> None:
        for client in self._clients:
            client.running.kill()
            client.running.wait()

    def report(self) -> str:
        done = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
        return f"{done}; a dead client's share was free after {self.slowest:.2f} s at most"

    def _ask(self) -> None:
        number = self.counts["clients"]
        self.counts["clients"] += 1
        said = self._pool.folder / f"client{number}"
        script = _TOLD.format(self._program)
        command = [*CENOTE, "run", *self._random.choice(_SIZES), "--", "sh", "-c", script]
        with said.open("wb") as out, said.with_suffix(".errors").open("wb") as errors:
            running = subprocess.Popen(
                command, env=self._pool.environment, stdin=subprocess.PIPE, stdout=out, stderr=errors
            )
        self._tell(f"{said.name} asks for {' '.join(command[command.index('run') + 1 : command.index('sh') - 1])}")
        self._clients.append(Client(running, said, self._random.uniform(0.2, 4)))

    def _tend(self) -> None:
        now = time.monotonic()
        for client in list(self._clients):
            before = client.begun
            client.look()
            if client.begun > before:
                self.counts["programs that began"] += 1
                self._tell(f"{client.said.name} began with {client.allocation[:8]}")
            if (status := client.running.poll()) is not None:
                self._clients.remove(client)
                self._ended(client, status)
            elif client.begun and not client.ending and now > client.until:
                client.end()
        for due in [one for one in self._dead if now >= one[0]]:
            self._dead.remove(due)
            due[1].start()
        for due in [one for one in self._stopped if now >= one[0]]:
            self._stopped.remove(due)
            due[1].signal(signal.SIGCONT)
        for process in self._pool.processes():
            if process in [one for _, one in self._stopped] or not process.ready:
                if self._up.pop(process.name, None):
                    self._tell(f"{process.name} is away")
            elif process.name not in self._up:
                self._up[process.name] = now
                self._tell(f"{process.name} is up")
        for server in self._pool.servers:
            self._check(server)

    def _ended(self, client: Client, status: int) -> None:
        assert client.running.stdin
        client.running.stdin.close()
        said = client.said.with_suffix(".errors").read_text() + client.said.read_text()
        if client.begun and not client.hurt:
            assert status == 0, f"a program that nobody hurt ended with {status}: {said}"
            self.counts["programs that ended well"] += 1
        elif not client.begun and not client.hurt:
            assert status in TURNED_AWAY, f"a client that had not begun ended with {status}: {said}"
            self.counts[f"turned away with {status}"] += 1
            self._next = time.monotonic() + _AGAIN
        self._tell(f"{client.said.name} ended with {status}: {said.splitlines()[:1]}")
        client.said.unlink()
        client.said.with_suffix(".errors").unlink()

    def _check(self, server: ServerProcess) -> None:
        """Nothing is lent twice: what runs there has its share, and the shares fit."""
        workers = server.workers()
        lent = server.lent()
        for worker, allocation in workers.items():
            assert allocation in lent or gone(worker), (
                f"{server.name}: a worker of {allocation} runs, which has no share"
            )
        for index in range(8):
            shares = [share for entry in lent.values() for share in entry["shares"] if share[0] == index]
            assert sum(share[1] for share in shares) <= MEMORY, f"{server.name}: too much memory lent: {lent}"
            assert sum(share[2] for share in shares) <= WHOLE, f"{server.name}: too much time lent: {lent}"

    def _strike(self) -> None:
        kinds = {
            self._kill_client: 4,
            self._kill_program: 1,
            self._kill_worker: 1,
            self._kill_server: 2,
            self._kill_manager: 2,
            self._stop_process: 1,
            self._cut_store: 2,
        }
        (kind,) = self._random.choices(list(kinds), list(kinds.values()))
        self._tell(kind.__name__.strip("_").replace("_", " "))
        kind()

    def _kill_client(self) -> None:
        begun = [one for one in self._clients if one.begun]
        if client := self._chosen(self._clients if self._random.random() < _EARLY else begun):
            self._strike_dead(client, client.running.pid, "clients killed")

    def _kill_program(self) -> None:
        if (client := self._chosen([one for one in self._clients if one.begun])) and (program := client.program()):
            self._strike_dead(client, program, "programs killed")

    def _strike_dead(self, client: Client, pid: int, what: str) -> None:
        client.look()
        client.hurt = True
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.counts[what] += 1
        now = time.monotonic()
        if client.begun and all(self._steady(one) for one in self._pool.servers if one.port in client.servers):
            self._until(lambda: "its share is lent still" if client.allocation in self._pool.lent() else "", FREED)
            self.slowest = max(self.slowest, time.monotonic() - now)
            self.counts["shares seen to be free"] += 1

    def _kill_worker(self) -> None:
        workers = {pid: name for server in self._pool.servers for pid, name in server.workers().items()}
        if not workers:
            return
        pid, allocation = self._random.choice(sorted(workers.items()))
        for client in self._clients:
            client.look()
            client.hurt |= client.allocation == allocation
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.counts["workers killed"] += 1

    def _kill_server(self) -> None:
        self.counts["servers killed"] += self._kill(self._random.choice(self._pool.servers))

    def _kill_manager(self) -> None:
        self.counts["managers killed"] += self._kill(self._random.choice(self._pool.managers))

    def _kill(self, process: Process) -> bool:
        if process.dead or not self._fair(process):
            return False
        self._stopped = [one for one in self._stopped if one[1] is not process]
        process.kill()
        self._dead.append((time.monotonic() + self._random.uniform(0, 1.5), process))
        return True

    def _steady(self, process: Process) -> bool:
        """Whether it has been up for long enough to have done what was to be done after its start."""
        return time.monotonic() - self._up.get(process.name, math.inf) > STEADY

    def _fair(self, process: Process) -> bool:
        """Some are hit while they start; if all were, none would ever do anything."""
        return self._steady(process) or self._random.random() < _EARLY

    def _stop_process(self) -> None:
        process = self._random.choice([*self._pool.processes()])
        if not process.dead and process not in [one for _, one in self._stopped] and self._fair(process):
            process.signal(signal.SIGSTOP)
            self._stopped.append((time.monotonic() + self._random.uniform(0.5, 2.5), process))
            self.counts["processes stopped"] += 1

    def _cut_store(self) -> None:
        self._cut(self._random)
        self.counts["databases cut"] += 1

    def _tell(self, what: str) -> None:
        self.events.append(f"{time.monotonic() - self._began:7.2f} s  {what}")

    def _chosen(self, clients: list[Client]) -> Client | None:
        return self._random.choice(clients) if clients else None

    def _workers(self) -> set[str]:
        return {name for server in self._pool.servers for name in server.workers().values()}

    def _difference(self) -> str:
        """What servers, managers and living clients do not agree on."""
        self._tend()
        lent = self._pool.lent()
        holding = {client.allocation for client in self._clients if client.allocation and not client.ending}
        if lost := holding - lent.keys():
            return f"clients hold what no server has lent: {lost}"
        living = {client.allocation for client in self._clients}
        if extra := lent.keys() - living:
            return f"lent to nobody: {extra}"
        for number in range(len(self._pool.managers)):
            try:
                booked = self._pool.booked(number)
            except CenoteError as error:
                return str(error)
            active = {name: parts for name, parts in booked.items() if parts}
            if active != lent:
                return f"manager {number} has {active}, the servers have {lent}"
        return ""

    def _until(self, problem: Callable[[], str], seconds: float) -> None:
        end = time.monotonic() + seconds
        while found := problem():
            assert time.monotonic() < end, f"after {seconds} s: {found}"
            self._tend()
            time.sleep(_PAUSE)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def locking(file: Path) -> Callable[[Random], None]:
    """For SQLite: another program keeps the database locked for a moment."""

    def hold(seconds: float) -> None:
        with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")

    return lambda random: threading.Thread(target=hold, args=(random.uniform(0.1, 1),), daemon=True).start()
