"""Serves the API over HTTPS inside a process that does other things as well."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

_KEEP_ALIVE = 75  # seconds; servers send their heartbeats over one connection
_HEADERS = 16 * 1024  # bytes
_GRACE = 2  # seconds in which requests may end when the manager does


class Listener(uvicorn.Server):
    """``serve_on`` returns after ``stop``. Signals are the process's own business."""

    def __init__(self, app: FastAPI, context: ssl.SSLContext | None) -> None:
        """Without a ``context`` it is HTTP, for tests."""
        config = uvicorn.Config(
            app,
            http="h11",  # bounds the headers, which the other one does not
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_GRACE,
            h11_max_incomplete_event_size=_HEADERS,
        )
        config.load()
        config.ssl = context
        super().__init__(config)

    async def serve_on(self, sockets: Sequence[socket.socket]) -> None:
        await self.serve(list(sockets))

    def stop(self) -> None:
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
