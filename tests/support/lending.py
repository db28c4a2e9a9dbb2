"""A whole pool on loopback, a manager and a server of it, and a user's commands there."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cenote.credentials import TokenCredential
from cenote.pool.core import POOL
from cenote.pool.models import ServerState
from cenote.pool.queue import Rules
from cenote.server.agent import join
from tests.support import fullpool
from tests.support.fullpool import FullManager
from tests.support.managed import pooled
from tests.support.pool import Manager, RealClock
from tests.support.servers import CENOTE, Server, wait_until


@dataclass
class Borrower:
    """A user who is logged in, with a home of their own."""

    manager: FullManager
    name: str
    environment: dict[str, str]

    def cenote(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        usual: dict[str, Any] = {"env": self.environment, "capture_output": True, "text": True, "timeout": 60}
        return subprocess.run([*CENOTE, *arguments], **(usual | options))

    def run(self, options: Sequence[str], program: Sequence[str], **more: Any) -> subprocess.CompletedProcess[str]:
        return self.cenote("run", *options, "--", *program, **more)

    def start(self, options: Sequence[str], program: Sequence[str | Path], **more: Any) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        usual: dict[str, Any] = {"env": self.environment, "stdin": pipe, "stdout": pipe, "stderr": pipe, "text": True}
        return subprocess.Popen([*CENOTE, "run", *options, "--", *map(str, program)], **(usual | more))


class Lending:
    """``servers`` are the pool's, by name; each may be started again on its port."""

    def __init__(self, manager: FullManager, folder: Path) -> None:
        self.manager = manager
        self._folder = folder
        self._ports: dict[str, int] = {}

    @contextmanager
    def server(self, name: str, env: dict[str, str]) -> Iterator[Server]:
        state = self._folder / name
        if name not in self._ports:
            invitation = self.manager.invite()
            asyncio.run(join(state / "cenote" / "pool", invitation.managers, invitation.ca, invitation.secret, name))
        with pooled(self.manager.authority, state, name=name, env=env, port=self._ports.get(name, 0)) as server:
            self._ports[name] = server.port
            wait_until(lambda: self._state(name) == ServerState.READY, 10)
            yield server

    def borrower(self, name: str, environment: dict[str, str]) -> Borrower:
        home = self._folder / f"home of {name}"
        home.mkdir()
        variables = environment | {"XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
        variables["XDG_CACHE_HOME"] = str(home / "cache")
        user = Borrower(self.manager, name, variables)
        done = user.cenote("login", "-", input=self.token(name))
        assert done.returncode == 0, done.stderr
        return user

    def token(self, name: str) -> str:
        """The text of a new token for a new user."""
        accounts = self.manager.core.accounts
        accounts.create_user(POOL, name)
        secret = accounts.create_token(POOL, name)
        return TokenCredential(self.manager.managers, self.manager.authority.fingerprint, secret).text

    def lent(self) -> int:
        """Parts of devices that are lent, or being freed."""
        devices = [device for view in self.manager.services.inventory.servers() for device in view.devices]
        return sum(device.free_weight < 1_000_000 for device in devices)

    def _state(self, name: str) -> ServerState | None:
        found = [view.state for view in self.manager.services.inventory.servers() if view.name == name]
        return found[0] if found else None


@contextmanager
def pool(template: Path, folder: Path, rules: Rules | None = None) -> Iterator[Lending]:
    """A pool without servers yet; ``template`` is a database that is up to date and empty."""
    file = folder / "pool.db"
    file.write_bytes(template.read_bytes())
    core = Manager(f"sqlite:///{file}", RealClock(), rules)
    try:
        with fullpool.manager(core, folder / "managers") as manager:
            yield Lending(manager, folder)
    finally:
        core.close()
