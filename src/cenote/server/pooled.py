"""What comes through the gate beside sessions: managers with orders, tethers, and probes of the link."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cenote import tls
from cenote.errors import NotAllowed, ProtocolError
from cenote.pool import wire
from cenote.server import echo
from cenote.server.channel import Channel
from cenote.server.lender import Lender, Loan
from cenote.server.probes import Probes
from cenote.server.proof import authenticate, reply
from cenote.tls import Peer, Role

log = logging.getLogger("cenote.pooled")

ECHO_TIMEOUT = 30.0
_FAREWELL_TIMEOUT = 1.0


class Pooled:
    """``revoked`` returns the serials of the managers' certificates that no longer count."""

    def __init__(self, lender: Lender, files: tls.Files, revoked: Callable[[], frozenset[str]]) -> None:
        self.lender = lender
        self.probes = Probes()
        self._files = files
        self._revoked = revoked
        self._for_managers: ssl.SSLContext = files.serving_peers()
        self._for_clients: ssl.SSLContext = files.serving()

    def renew(self) -> None:
        """Shows the certificate that the files have now."""
        self._files.show(self._for_managers)
        self._files.show(self._for_clients)

    async def admit(self, channel: Channel) -> Peer | None:
        """The manager at the other end, or nobody. Not a byte of what it wants is read before that is known."""
        try:
            await channel.start_tls(self._for_managers)
            peer = tls.peer_of(channel.certificate())
        except (ssl.SSLError, NotAllowed) as error:
            log.warning("%s comes as a manager, but: %s", channel.peer, error)
            return None
        if not self._counts(peer):
            log.warning("%s shows the certificate of %s, which does not count here", channel.peer, peer.uri)
            return None
        return peer

    async def serve(self, channel: Channel, manager: Peer) -> None:
        """Carries out what a manager asks for, until it goes or its certificate is revoked."""
        try:
            while (line := await channel.read_line()) and self._counts(manager):
                request = json.loads(line)
                try:
                    await reply(channel, request, ok=await self._carry_out(request))
                except ProtocolError as error:
                    await reply(channel, request, error=("bad-request", str(error)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
            log.info("the connection of %s broke: %s", manager.uri, error)

    async def hold(self, channel: Channel, loan: Loan) -> None:
        """Keeps a proved tether until the client lets go of it, in whichever way, or the loan is over."""
        with self.lender.held(loan):
            waits = [asyncio.create_task(channel.read_exactly(1)), asyncio.create_task(loan.over.wait())]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
                read, _ = await asyncio.gather(*waits, return_exceptions=True)
            if loan.over.is_set():
                with suppress(OSError, ssl.SSLError, TimeoutError):
                    async with asyncio.timeout(_FAREWELL_TIMEOUT):
                        await channel.write(json.dumps({"over": loan.told}).encode() + b"\n")
            log.debug("a tether of %s ended: %r", loan.allocation.holder, read)

    def measure(self, channel: Channel) -> None:
        """A thread answers a proved probe until the client has enough of it."""
        echo.serve_in_thread(channel.blocking(ECHO_TIMEOUT))

    async def prove(self, channel: Channel, secret: bytes, preamble: bytes, answer: bytes, *, encrypted: bool) -> bool:
        """Whether the client has the secret."""
        try:
            if encrypted:
                await channel.start_tls(self._for_clients)
        except ssl.SSLError as error:
            log.info("%s: %s", channel.peer, error)
            return False
        return await authenticate(channel, secret, preamble, answer)

    def _counts(self, peer: Peer) -> bool:
        return peer.role == Role.MANAGER and peer.serial not in self._revoked()

    async def _carry_out(self, request: dict[str, Any]) -> dict[str, Any]:
        match request["op"]:
            case "carry_out":
                return wire.answer_to_json(await self.lender.carry_out(wire.order_from_json(request.get("order"))))
            case "report":
                return wire.report_to_json(await self.lender.report())
            case "probe":
                probe = self.probes.permit()
                return {"id": probe.id.hex(), "secret": probe.secret.hex()}
            case "stamp":
                return wire.stamp_to_json(self.lender.stamp)
            case _:
                raise ProtocolError("there is no such operation")
