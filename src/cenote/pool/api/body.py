"""Bounds what a client can make us keep: a body is read whole, up to a size and within a time, before anything else."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cenote.pool.api import errors

LIMIT = 64 * 1024
PATIENCE = 20.0


class BoundedBody:
    def __init__(self, app: ASGIApp, patience: float = PATIENCE) -> None:
        self._app = app
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"0")
        body = bytearray()
        try:
            if not told.isdigit() or len(told) > 10 or int(told) > LIMIT:
                raise OverflowError
            async with asyncio.timeout(self._patience):
                more = True
                while more:
                    message = await receive()
                    if message["type"] != "http.request":
                        return
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > LIMIT:
                        raise OverflowError
        except OverflowError:
            await errors.of_http(413, headers={"Connection": "close"})(scope, receive, send)
            return
        except TimeoutError:
            await errors.of_http(408, headers={"Connection": "close"})(scope, receive, send)
            return
        first: Message | None = {"type": "http.request", "body": bytes(body), "more_body": False}

        async def replay() -> Message:
            nonlocal first
            message, first = first, None
            return await receive() if message is None else message

        await self._app(scope, replay, send)
