"""HTTPS to one manager, over a connection that is kept: of the standard library, which loads in a third of the time."""

from __future__ import annotations

import http.client
import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from cenote import tls
from cenote.protocol import Address

_CONNECT_TIMEOUT = 4.0


class NotConnected(Exception):
    """Nothing was sent."""


class NoAnswer(Exception):
    """It may have been done or not."""


@dataclass(frozen=True)
class Response:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Connection:
    """To a manager at HOST:PORT, made when something is sent. Raises NotConnected and NoAnswer."""

    def __init__(self, address: str, context: ssl.SSLContext) -> None:
        self._address = Address.parse(address)
        self._context = context
        self._inner = self._new()

    def ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float) -> Response:
        """``timeout`` is for how many seconds the manager may be silent."""
        try:
            self._connect(timeout)
            try:
                self._inner.request(method, path, body, dict(headers))
                answer = self._inner.getresponse()
                return Response(answer.status, answer.headers, answer.read())
            except (OSError, http.client.HTTPException) as error:
                raise NoAnswer(_reason(error)) from None
        except BaseException:
            self.close()  # an answer that is on its way belongs to nobody
            raise

    def close(self) -> None:
        self._inner.close()
        self._inner = self._new()  # the old one may have half of a request that a signal has interrupted

    def _new(self) -> _Connection:
        return _Connection(self._address.host, self._address.port, self._context)

    def _connect(self, timeout: float) -> None:
        if self._inner.is_stale:
            self.close()
        try:
            sock = self._inner.sock or self._inner.connected()
        except OSError as error:
            raise NotConnected(_reason(error)) from None
        sock.settimeout(timeout)


class _Connection(http.client.HTTPConnection):
    sock: socket.socket | None
    auto_open = 0  # never in clear

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=_CONNECT_TIMEOUT)
        self._context = context

    def connected(self) -> socket.socket:
        self.connect()
        assert self.sock
        self.sock = self._context.wrap_socket(self.sock, server_hostname=tls.MANAGER_HOST)
        return self.sock

    @property
    def is_stale(self) -> bool:
        """Whether the manager has closed it: between requests there is nothing else that it could say."""
        if self.sock is None:
            return False
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))


def _reason(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "no answer"
        case ssl.SSLError():
            return (error.reason or str(error)).lower().replace("_", " ")
        case OSError() if error.strerror:
            return error.strerror.lower()
        case _:
            return str(error) or "the connection broke"
