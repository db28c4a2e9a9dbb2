"""Control connections: proof of the host key, then requests, one JSON object a line."""

from __future__ import annotations

import hmac
import json
import logging
import platform
from typing import Any

import cenote
from cenote import protocol
from cenote.devices import Device
from cenote.errors import CenoteError, Invalid, NoDevice
from cenote.pool.manager import Holder, Manager
from cenote.server import echo
from cenote.server.channel import Channel
from cenote.server.claims import Claims
from cenote.server.memory import Ledger

log = logging.getLogger("cenote.control")

ECHO_TIMEOUT = 30.0


class BadRequest(CenoteError):
    """The client asked for what the protocol does not have."""


class Control:
    """One control connection. The allocations made over it live as long as it does."""

    def __init__(self, channel: Channel, manager: Manager, claims: Claims, ledger: Ledger, devices: list[Device]):
        self._channel = channel
        self._manager = manager
        self._claims = claims
        self._ledger = ledger
        self._devices = devices

    async def serve(self) -> bool:
        """Answers requests until the client goes, which releases what it holds. True when the socket was handed on."""
        try:
            while line := await self._channel.read_line():
                request = json.loads(line)
                try:
                    if request["op"] == "echo":
                        await reply(self._channel, request, ok={})
                        echo.serve_in_thread(self._channel.blocking(ECHO_TIMEOUT))
                        return True
                    await reply(self._channel, request, ok=await self._carry_out(request))
                except NoDevice as error:
                    await reply(self._channel, request, error=("no-device", str(error)))
                except (BadRequest, Invalid, KeyError, TypeError, ValueError) as error:
                    await reply(self._channel, request, error=("bad-request", str(error)))
        except (ValueError, TypeError, OSError) as error:
            log.debug("%s: the control connection broke: %s", self._channel.peer, error)
        finally:
            await self._claims.let_go(self)
        return False

    async def _carry_out(self, request: dict[str, Any]) -> dict[str, Any]:
        match request["op"]:
            case "list":
                return {"devices": [await self._describe(device) for device in self._devices]}
            case "allocate":
                return await self._allocate(request)
            case "claim":
                await self._claims.claim(bytes.fromhex(request["allocation"]), bytes.fromhex(request["secret"]), self)
                return {}
            case unknown:
                raise BadRequest(f"there is no operation “{unknown}”")

    async def _describe(self, device: Device) -> dict[str, Any]:
        holders = []
        for allocation in await self._manager.lent(device):
            share = allocation.share(device)
            lent = {"memory": share.memory, "weight": share.weight} if share else {"memory": None, "weight": None}
            holders.append({"name": str(allocation.holder), **lent})
        return device.to_json() | {"memory_free": max(self._ledger.free(device.index), 0), "holders": holders}

    async def _allocate(self, request: dict[str, Any]) -> dict[str, Any]:
        holder = Holder(*(_printable(str(request[name])) for name in ("user", "host", "command")))
        wanted = [None if request.get(name) is None else int(request[name]) for name in ("count", "weight", "memory")]
        allocation = await self._manager.allocate(holder, *wanted)
        self._claims.hold(allocation, self)
        log.info("%s holds %d device(s)", holder, len(allocation.devices))
        devices = [device.to_json() for device in allocation.devices]
        return {"allocation": allocation.id.hex(), "secret": allocation.secret.hex(), "devices": devices}


async def authenticate(channel: Channel, key: bytes, preamble: bytes, answer: bytes) -> bool:
    """The client shows first that it has the key, then we do."""
    try:
        hello = json.loads(await channel.read_line())
        nonce, shown = bytes.fromhex(hello["nonce"]), bytes.fromhex(hello["proof"])
        if hello["op"] != "hello" or len(nonce) != 32:
            return False
    except (ValueError, KeyError, TypeError):
        return False
    if not hmac.compare_digest(shown, protocol.proof(key, "client", preamble, answer, nonce)):
        log.warning("%s showed a wrong key", channel.peer)
        await reply(channel, hello, error=("not-allowed", "the key is not this server's"))
        return False
    ours = protocol.proof(key, "server", preamble, answer, nonce)
    await reply(channel, hello, ok={"proof": ours.hex(), "version": cenote.__version__, "host": platform.node()})
    return True


async def reply(channel: Channel, request: dict[str, Any], **content: Any) -> None:
    if "error" in content:
        code, message = content["error"]
        content = {"error": {"code": code, "message": message}}
    await channel.write(json.dumps({"id": request.get("id"), **content}).encode() + b"\n")


def _printable(text: str) -> str:
    """What a client says about itself, fit for a log and a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text[:100])
