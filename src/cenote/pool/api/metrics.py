"""Metrics for Prometheus: of the pool, of what runs in it, and of this manager's API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cenote.errors import StoreFailed
from cenote.pool import census
from cenote.pool.api.figures import Told
from cenote.pool.api.threads import Threads
from cenote.pool.census import Census
from cenote.pool.core import Core

_FRESH = 1.0  # seconds for which one look at the store serves all
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))
_USE = ["server", "allocation", "user"]


class Metrics:
    """Used in one event loop."""

    def __init__(self, core: Core, told: Told, threads: Threads) -> None:
        self._core = core
        self._told = told
        self._threads = threads
        self._census: Census | None = None
        self._taken_at = -_FRESH
        self._taking = asyncio.Lock()
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "cenote_api_requests",
            "Requests that were answered; the route is empty where there is none.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._latency = Histogram(
            "cenote_api_request_seconds",
            "Until a request was answered; long polls wait as long as they were asked to.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(self)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, status).inc()
        self._latency.labels(method, route).observe(seconds)

    async def text(self) -> bytes:
        """In the text format. Where the store cannot be read, without the pool's figures."""
        async with self._taking:
            if time.monotonic() - self._taken_at > _FRESH:
                try:
                    self._census = await self._threads.read(census.take, self._core)
                except StoreFailed:
                    self._census = None
                self._taken_at = time.monotonic()
        return generate_latest(self.registry)

    def describe(self) -> Iterator[Metric]:
        """Nothing: what is collected depends on the store."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        up = self._census is not None
        yield GaugeMetricFamily("cenote_store_up", "Whether the pool's database can be read.", int(up))
        yield CounterMetricFamily(
            "cenote_store_failures", "Uses of the database that failed.", self._core.store.failures
        )
        yield from _of_pool(self._census) if self._census else ()
        yield from self._of_sessions()

    def _of_sessions(self) -> Iterator[Metric]:
        sessions = GaugeMetricFamily("cenote_sessions", "Processes that use an allocation.", labels=_USE)
        memory = GaugeMetricFamily("cenote_session_memory_bytes", "Device memory that its processes have.", labels=_USE)
        calls = CounterMetricFamily("cenote_session_calls", "Calls of its processes.", labels=_USE)
        received = CounterMetricFamily("cenote_session_received_bytes", "Bytes from its processes.", labels=_USE)
        sent = CounterMetricFamily("cenote_session_sent_bytes", "Bytes to its processes.", labels=_USE)
        busy = CounterMetricFamily(
            "cenote_session_device_seconds", "Time for which devices had work of its processes.", labels=_USE
        )
        untold = 0
        for heard in self._told.current():
            untold += heard.more
            for use in heard.uses.values():
                labels = [use.server, use.allocation, use.user]
                sessions.add_metric(labels, use.sessions)
                memory.add_metric(labels, use.memory)
                calls.add_metric(labels, use.calls)
                received.add_metric(labels, use.received)
                sent.add_metric(labels, use.sent)
                busy.add_metric(labels, use.busy)
        yield from (sessions, memory, calls, received, sent, busy)
        yield GaugeMetricFamily("cenote_sessions_untold", "Sessions of which servers tell no figures.", untold)


def _of_pool(counted: Census) -> Iterator[Metric]:
    servers = GaugeMetricFamily("cenote_servers", "Servers of the pool.", labels=["state", "draining"])
    for (state, draining), count in counted.servers.items():
        servers.add_metric([state, str(draining).lower()], count)
    yield servers
    yield GaugeMetricFamily("cenote_devices", "Devices of the pool.", counted.devices)
    memory = GaugeMetricFamily(
        "cenote_device_memory_bytes", "Memory of devices: lent, free, or away for now.", labels=["use"]
    )
    compute = GaugeMetricFamily("cenote_device_compute", "The same of compute time, in devices.", labels=["use"])
    for use in counted.memory:
        memory.add_metric([use], counted.memory[use])
        compute.add_metric([use], counted.compute[use])
    yield from (memory, compute)
    allocations = GaugeMetricFamily("cenote_allocations", "Allocations that have not ended.", labels=["state"])
    for name, number in counted.allocations.items():
        allocations.add_metric([name], number)
    yield allocations
    yield GaugeMetricFamily(
        "cenote_queue_oldest_wait_seconds", "For how long the oldest request has waited.", counted.waited
    )


class Measuring:
    """Counts every answer, whoever gives it."""

    def __init__(self, app: ASGIApp, metrics: Metrics, prefix: str) -> None:
        self._app = app
        self._prefix = prefix
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0  # of a client that went away before

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.monotonic()
        try:
            await self._app(scope, receive, sending)
        finally:
            route = getattr(scope.get("route"), "path", "").removeprefix(self._prefix)
            self._metrics.answered(scope["method"], route, status, time.monotonic() - began)
