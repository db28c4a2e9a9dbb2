"""Serves the API over HTTPS inside a process that does other things as well."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_KEEP_ALIVE = 75  # seconds; servers send their heartbeats over one connection
_MESSAGE = 256 * 1024  # bytes; more than the largest body, however it is cut into pieces
_GRACE = 2  # seconds in which requests may end when the manager does


class _Bounded(HttpToolsProtocol):
    """Bounds a message with its headers and trailers, which the parser would take at any length."""

    _taken = 0

    def on_message_begin(self) -> None:
        self._taken = 0
        super().on_message_begin()

    def data_received(self, data: bytes) -> None:
        self._taken += len(data)
        if self._taken > _MESSAGE:
            self.transport.abort()
        else:
            super().data_received(data)


class Listener(uvicorn.Server):
    """``serve_on`` returns after ``stop``. Signals are the process's own business."""

    def __init__(self, app: FastAPI, context: ssl.SSLContext | None) -> None:
        """Without a ``context`` it is HTTP, for tests."""
        config = uvicorn.Config(
            app,
            http=_Bounded,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_GRACE,
        )
        config.load()
        config.ssl = context
        super().__init__(config)

    async def serve_on(self, sockets: Sequence[socket.socket]) -> None:
        for one in sockets:  # whose connections inherit it: head and body of an answer are two writes
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self.serve(list(sockets))

    def stop(self) -> None:
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
