"""Requests to a manager's API over one connection that is kept, thousands of them in one event loop."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from typing import Any

from cenote import tls

LIMIT = 60.0  # seconds


class Https:
    """To be used by one task at a time. Raises OSError and EOFError, upon which the next request dials anew."""

    def __init__(self, address: str, context: ssl.SSLContext, token: str) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._context = context
        self._head = f"Host: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The answer's JSON. Raises AssertionError for one that is an error."""
        kept = self._streams is not None
        try:
            return await self._ask(method, path, body, headers)
        except (EOFError, ConnectionError):
            if not kept:  # else it was idle for too long
                raise
            return await self._ask(method, path, body, headers)

    async def _ask(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"{method} /api/v1{path} HTTP/1.1\r\n{self._head}{more}Content-Length: {len(content)}\r\n\r\n"
        try:
            async with asyncio.timeout(LIMIT):
                self._streams = self._streams or await asyncio.open_connection(
                    self._host, self._port, ssl=self._context, server_hostname=tls.MANAGER_HOST
                )
                reader, writer = self._streams
                writer.write(head.encode() + content)
                answer = await reader.readuntil(b"\r\n\r\n")
                lines = answer.lower().split(b"\r\n")
                length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
                text = await reader.readexactly(length)
        except BaseException:
            self.close()
            raise
        status = int(answer[9:12])
        assert status < 300, f"{method} {path} gave {status}: {text[:300].decode()}"
        return json.loads(text) if text else None

    def close(self) -> None:
        if self._streams:
            self._streams[1].transport.abort()
            self._streams = None
