"""A manager's connections to the gates of servers: one for each server that it has to do with, the idle ones given up.

All in one event loop, without threads, for fleets of ten thousand servers.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from cenote import link, protocol, tls
from cenote.errors import CenoteError, ProtocolError, Unreachable
from cenote.pool import wire
from cenote.pool.orders import Answer, Order, Probe, Report, Stamp
from cenote.protocol import Address, Kind, Preamble, Status
from cenote.tls import Role

T = TypeVar("T")

MOST = 512
DIAL_TIMEOUT = 4.0
ANSWER_TIMEOUT = 15.0  # the server waits for its disk
_DIALLING = 64  # handshakes at once
_ANSWER_LIMIT = 16 * 1024 * 1024
_REASONS = {Status.WRONG_VERSION: "it speaks another version of the protocol", Status.BUSY: "it is too busy"}


class Links:
    """``files`` are the manager's own."""

    def __init__(self, files: tls.Files, most: int = MOST) -> None:
        self.revoked: frozenset[str] = frozenset()
        """The serials of servers' certificates that do not count."""
        self._context: ssl.SSLContext = files.dialling()
        self._most = most
        self._open: OrderedDict[Link, None] = OrderedDict()
        """The one that was used last comes last."""
        self._dialling = asyncio.Semaphore(_DIALLING)

    def to(self, name: str, address: str) -> Link:
        """To the server of that name at HOST:PORT; nothing is dialled yet."""
        return Link(self, name, address)

    def renew(self, files: tls.Files) -> None:
        """Shows the certificate that the files have now when it dials from now on."""
        files.show(self._context)

    def close(self) -> None:
        for one in list(self._open):
            one.drop()

    async def dial(self, to: Link) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """For links: a connection at whose other end is that server."""
        async with self._dialling, asyncio.timeout(DIAL_TIMEOUT):
            streams = await _enter(Address.parse(to.address), self._context)
        try:
            self.check(to, streams[1])
        except BaseException:
            streams[1].transport.abort()
            raise
        return streams

    def check(self, to: Link, writer: asyncio.StreamWriter) -> None:
        """Raises NotAllowed or Unreachable where the certificate is not, or no longer, the server's."""
        peer = tls.peer(writer.get_extra_info("ssl_object"))
        if (peer.role, peer.name) != (Role.SERVER, to.name):
            raise Unreachable(f"what answers there is {peer.uri}")
        if peer.serial in self.revoked:
            raise Unreachable("its certificate has been revoked")

    def used(self, one: Link, *, is_open: bool) -> None:
        self._open.pop(one, None)
        if not is_open:
            return
        self._open[one] = None
        idle = [other for other in self._open if not other.busy]
        for other in idle[: max(len(self._open) - self._most, 0)]:
            other.drop()


class Link:
    """To one server: a Host. Whatever goes wrong is Unreachable; then an order may have been carried out or not."""

    def __init__(self, links: Links, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self._links = links
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def busy(self) -> bool:
        return self._turn.locked()

    async def carry_out(self, order: Order) -> Answer:
        return await self._ask(wire.answer_from_json, "carry_out", order=wire.order_to_json(order))

    async def report(self) -> Report:
        return await self._ask(wire.report_from_json, "report")

    async def stamp(self) -> Stamp:
        return await self._ask(wire.stamp_from_json, "stamp")

    async def probe(self) -> Probe:
        return await self._ask(wire.probe_from_json, "probe")

    def drop(self) -> None:
        """Gives the connection up; the next request makes another one."""
        if self._streams:
            self._streams[1].transport.abort()
            self._streams = None
        self._links.used(self, is_open=False)

    async def _ask(self, read: Callable[[object], T], operation: str, **fields: Any) -> T:
        line = json.dumps({"id": 0, "op": operation, **fields}).encode() + b"\n"
        async with self._turn:
            kept = self._streams is not None
            try:
                try:
                    return read(await self._exchange(line))
                except (ConnectionError, EOFError):
                    if not kept:
                        raise
                    self.drop()  # the server was started anew since then; orders can be repeated
                    return read(await self._exchange(line))
            except (CenoteError, OSError, EOFError, ValueError) as error:
                self.drop()
                raise Unreachable(f"{self.name} at {self.address} cannot be reached: {_reason(error)}") from None
            except BaseException:
                self.drop()  # what is on its way belongs to nobody
                raise

    async def _exchange(self, line: bytes) -> object:
        self._streams = self._streams or await self._links.dial(self)
        self._links.used(self, is_open=True)
        reader, writer = self._streams
        self._links.check(self, writer)
        async with asyncio.timeout(ANSWER_TIMEOUT):
            writer.write(line)
            await writer.drain()
            answer = await reader.readline()
        if not answer.endswith(b"\n"):
            raise EOFError
        try:
            reply = json.loads(answer)
            if "error" in reply:
                raise ProtocolError(f"it does not understand: {reply['error']['message']}")
            return reply["ok"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ProtocolError("its answer is malformed") from None


async def _enter(address: Address, context: ssl.SSLContext) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Through the gate: TLS begins only after the preamble and its answer, in clear."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    family, kind, number, _, where = found[0]
    sock = socket.socket(family, kind, number)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, where)
        link.keep(sock)
        await loop.sock_sendall(sock, Preamble(Kind.MANAGER, tls=True).encode())
        data = b""
        while len(data) < protocol.ANSWER_SIZE:
            more = await loop.sock_recv(sock, protocol.ANSWER_SIZE - len(data))
            if not more:
                raise EOFError
            data += more
        answer = protocol.Answer.decode(data)
        if answer.status != Status.GO_ON:
            raise ProtocolError(_REASONS.get(answer.status, "it belongs to no pool"))
    except BaseException:
        sock.close()
        raise
    # From here on the transport closes it; else its number could be another's while the loop still looks at it.
    return await asyncio.open_connection(sock=sock, ssl=context, server_hostname="", limit=_ANSWER_LIMIT)


def _reason(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "it does not answer"
        case EOFError():
            return "it closed the connection"
        case ssl.SSLError():
            return str(error.strerror or error).lower()
        case OSError(errno=int() as number):
            return os.strerror(number).lower()
        case ValueError():
            return "its answer is too long"
        case _:
            return str(error) or type(error).__name__
