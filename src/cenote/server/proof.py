"""The first line of a connection that somebody must prove to be allowed: JSON, as docs/protocol.md says."""

from __future__ import annotations

import hmac
import json
import logging
from typing import Any

import cenote
from cenote import protocol
from cenote.server.channel import Channel

log = logging.getLogger("cenote.gate")


async def authenticate(channel: Channel, secret: bytes, preamble: bytes, answer: bytes) -> bool:
    """The client shows first that it has the secret, then we do."""
    try:
        hello = json.loads(await channel.read_line())
        nonce, shown = bytes.fromhex(hello["nonce"]), bytes.fromhex(hello["proof"])
        if hello["op"] != "hello" or len(nonce) != 32:
            return False
    except (ValueError, KeyError, TypeError):
        return False
    if not hmac.compare_digest(shown, protocol.proof(secret, "client", preamble, answer, nonce)):
        log.warning("%s showed a wrong secret", channel.peer)
        await reply(channel, hello, error=("not-allowed", "the secret is another one"))
        return False
    ours = protocol.proof(secret, "server", preamble, answer, nonce)
    await reply(channel, hello, ok={"proof": ours.hex(), "version": cenote.__version__})
    return True


async def reply(channel: Channel, request: dict[str, Any], **content: Any) -> None:
    if "error" in content:
        code, message = content["error"]
        content = {"error": {"code": code, "message": message}}
    await channel.write(json.dumps({"id": request.get("id"), **content}).encode() + b"\n")
