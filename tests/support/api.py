"""The manager's API without sockets: an application in an event loop of its own, and requests to it from tests."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

from cenote.pool.api.app import PREFIX, create
from cenote.pool.api.listener import Listener
from cenote.pool.api.runtime import Runtime
from cenote.pool.api.services import Services
from cenote.pool.authority import Authority
from cenote.pool.certificates import Certificates
from cenote.pool.core import POOL
from cenote.pool.models import Role
from cenote.pool.orders import Probe
from tests.support.pool import Manager

_R = TypeVar("_R")

MANAGERS = ("pool.example.org:7660",)


@dataclass
class NotedCourier:
    """Writes down what it is told."""

    poked: list[int] = field(default_factory=list)
    heard_of: list[tuple[int, bool]] = field(default_factory=list)

    def poke(self, servers: Iterable[int]) -> None:
        self.poked += servers

    def heard(self, server: int, *, behind: bool) -> None:
        self.heard_of.append((server, behind))

    async def probe(self, server: int) -> Probe:
        return Probe(f"{server:032x}", f"{server:064x}")

    def trouble(self, server: int) -> str:
        return "" if server else "it has no number"


def services(manager: Manager, folder: Path, courier: NotedCourier) -> Services:
    certificates = Certificates(manager.core, Authority.open(folder / "authority"))
    return Services.of(manager.core, manager.servers, certificates, courier, MANAGERS)


class Served:
    """The API over a socket, served by a real listener in a thread of its own."""

    def __init__(self, app: FastAPI, context: ssl.SSLContext | None = None) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._listener = Listener(app, context)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._listener.serve_on([self._socket])), daemon=True
        )
        self._thread.start()
        while not self._listener.started and self._thread.is_alive():
            time.sleep(0.01)

    def _serve(self) -> None:
        asyncio.run(self._listener.serve_on([self._socket]))

    def close(self) -> None:
        self._listener.stop()
        self._thread.join()
        self._socket.close()


class Api:
    """Requests as a user with a token, or as nobody."""

    def __init__(self, manager: Manager, folder: Path) -> None:
        self.manager = manager
        self.courier = NotedCourier()
        self.app = create(services(manager, folder, self.courier))
        self.runtime: Runtime = self.app.state.runtime
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._stop = asyncio.Event()
        started: Future[None] = Future()
        self._running = asyncio.run_coroutine_threadsafe(self._live(started), self._loop)
        started.result(10)

    def token(self, name: str, role: Role = Role.USER) -> str:
        """That of a new user."""
        self.manager.accounts.create_user(POOL, name, role)
        return self.manager.accounts.create_token(POOL, name)

    def send(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        return self.later(method, path, token, **more).result(70)

    def later(self, method: str, path: str, token: str | None = None, **more: Any) -> Future[httpx.Response]:
        headers = more.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        request = self.request(method, path, headers, **more)
        return asyncio.run_coroutine_threadsafe(request, self._loop)

    async def request(self, method: str, path: str, headers: Any, **more: Any) -> httpx.Response:
        return await self._client.request(method, PREFIX + path, headers=headers, **more)

    def do(self, work: Coroutine[Any, Any, _R]) -> _R:
        """Runs it in the application's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._running.result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _live(self, started: Future[None]) -> None:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=("10.0.0.9", 1))
        async with (
            self.app.router.lifespan_context(self.app),
            httpx.AsyncClient(transport=transport, base_url="http://pool", timeout=70) as self._client,
        ):
            started.set_result(None)
            await self._stop.wait()
