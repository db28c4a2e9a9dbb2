"""The pool's other managers, asked for what only they have heard: servers tell figures to one manager, at each beat."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from typing import Annotated, Any

import httpx
from fastapi import Query, Request

from cenote import tls

PATIENCE = 2.0  # seconds
_PAUSE = 30.0  # seconds for which one that has not answered is not asked again

Here = Annotated[bool, Query(description="only what this manager has heard itself; else it asks the others, too")]


class Elsewhere:
    """``managers`` are the others, as “host:port”. Used in one event loop, and to be closed there."""

    def __init__(self, managers: Sequence[str], authority: str) -> None:
        self._managers = managers
        self._authority = authority
        self._client: httpx.AsyncClient | None = None
        self._resting: dict[str, float] = {}
        """Until when those are left alone that have not answered."""

    async def ask(self, request: Request) -> list[Any]:
        """What they answer to the same request of the same user, as far as they do in time."""
        now = time.monotonic()
        managers = [one for one in self._managers if self._resting.get(one, now) <= now]
        if not managers:
            return []
        path = request.url.include_query_params(here="true")
        authorization = {"Authorization": request.headers["Authorization"]}
        asked = (self._one(manager, f"{path.path}?{path.query}", authorization) for manager in managers)
        return [answer for answer in await asyncio.gather(*asked) if answer is not None]

    async def close(self) -> None:
        if self._client:
            await self._client.aclose()

    async def _one(self, manager: str, path: str, headers: dict[str, str]) -> Any:
        self._client = self._client or httpx.AsyncClient(
            verify=tls.trusting(self._authority), timeout=PATIENCE, trust_env=False
        )
        try:
            async with asyncio.timeout(PATIENCE):
                response = await self._client.get(
                    f"https://{manager}{path}", headers=headers, extensions={"sni_hostname": tls.MANAGER_HOST}
                )
            return response.json() if response.is_success else None
        except (httpx.HTTPError, ssl.SSLError, TimeoutError, ValueError):
            self._resting[manager] = time.monotonic() + _PAUSE
            return None
