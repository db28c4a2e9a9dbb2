"""A pool without sockets: managers, servers with real ledgers, a clock that is moved by hand."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cenote.devices import Device
from cenote.errors import Unreachable
from cenote.pool.accounts import Accounts
from cenote.pool.allocations import Allocations
from cenote.pool.core import POOL, Actor, Core
from cenote.pool.models import Role
from cenote.pool.orders import Answer, Extend, Order, Release, Report, Reserve, Result
from cenote.pool.patience import Patience
from cenote.pool.queue import Limits, Rules
from cenote.pool.servers import Offer, Servers
from cenote.pool.store import Store
from cenote.server.ledger import Capacity, LentLedger

GIB = 1 << 30


def listed(index: int, *, name: str = "A100", memory: int = 8 * GIB) -> Device:
    return Device(index, name, "CUDA", "1", "NVIDIA", "1", "1", "gpu", memory, 100)


@dataclass
class Clock:
    """The clock of managers, and the one that servers have, which nothing but time moves."""

    wall: float = 1_700_000_000.0
    up: float = 1000.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.up += seconds


class Wall(Protocol):
    @property
    def wall(self) -> float: ...

    @property
    def up(self) -> float: ...


class RealClock:
    @property
    def wall(self) -> float:
        return time.time()

    @property
    def up(self) -> float:
        return time.monotonic()


class Manager:
    """One manager process: its own connections and its own picture of the pool."""

    def __init__(self, url: str, clock: Wall, rules: Rules | None = None) -> None:
        self.store = Store(url, patience=5.0)
        self.core = Core(self.store, rules, clock=lambda: clock.wall)
        self.accounts = Accounts(self.core)
        self.allocations = Allocations(self.core, Patience(lambda: clock.up))
        self.servers = Servers(self.core)

    def user(self, name: str, role: Role = Role.USER, limits: Limits | None = None) -> Actor:
        self.accounts.create_user(POOL, name, role, limits=limits)
        return self.accounts.who(self.accounts.create_token(POOL, name))

    def close(self) -> None:
        self.store.close()


@dataclass
class FakeServer:
    """A server whose workers end when the test says so, and which can be cut off."""

    name: str
    folder: Path
    clock: Clock
    devices: list[Device]
    overhead: int = 0
    id: int = 0
    cut: bool = False
    boot: int = 0
    slow: bool = False
    """Whether ended workers linger until ``reap``."""
    ledger: LentLedger = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        capacities = {device.index: Capacity(device.memory, self.overhead) for device in self.devices}
        self.ledger = LentLedger(self.folder, capacities, f"boot {self.boot}", lambda: self.clock.up)

    def restart(self, *, reboot: bool, new_disk: bool = False) -> None:
        self.ledger.close()
        if new_disk:
            shutil.rmtree(self.folder)
        self.boot += reboot
        self.start()

    def join(self, manager: Manager) -> None:
        self.id = manager.servers.join(
            POOL, self.name, f"{self.name}:1", [Offer(d, self.overhead) for d in self.devices]
        )
        self.tell(manager)

    def tell(self, manager: Manager) -> None:
        """Reports to a manager."""
        ledger = manager.servers.place(self.id).ledger
        manager.servers.reported(self.id, self.report(), ledger)

    def carry_out(self, order: Order) -> Answer:
        if self.cut:
            raise Unreachable(f"{self.name} does not answer")
        match order:
            case Reserve():
                return self.ledger.reserve(order)
            case Extend():
                return self.ledger.extend(order)
            case Release():
                return self.end(order)

    def end(self, order: Release) -> Answer:
        answer = self.ledger.end(order)
        if answer.result == Result.ENDING and not self.slow:
            self.reap()
            return self.ledger.end(order)
        return answer

    def report(self) -> Report:
        if self.cut:
            raise Unreachable(f"{self.name} does not answer")
        return self.ledger.report()

    def reap(self) -> None:
        """The workers of what is ending are gone."""
        for held in self.ledger.report().held:
            if held.ending:
                self.ledger.free(held.allocation, held.epoch)

    def expire(self) -> None:
        """What a supervisor does with terms that are over."""
        for order in self.ledger.overdue():
            self.end(order)


def deliver(manager: Manager, server: FakeServer) -> None:
    """What a courier does: tells the server all that it has yet to be told, and takes in what it did answer."""
    answers: list[tuple[Order, Answer]] = []
    try:
        for order in manager.servers.orders(server.id):
            answers.append((order, server.carry_out(order)))
    finally:
        if answers:
            manager.servers.settle(server.id, answers)


def deliver_all(manager: Manager, servers: list[FakeServer]) -> None:
    """Everything that can be said is said, until there is nothing more to say."""
    for _ in range(20):
        busy = False
        for server in servers:
            if server.cut or server.id not in manager.servers.outstanding():
                continue
            busy = True
            deliver(manager, server)
        if not busy:
            return


def report_all(manager: Manager, servers: list[FakeServer]) -> None:
    for server in servers:
        if not server.cut and not manager.servers.heard(server.id, server.ledger.stamp):
            server.tell(manager)
