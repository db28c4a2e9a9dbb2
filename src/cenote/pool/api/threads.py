"""Where the services run: they wait for the database, and the event loop must not.

Dependencies of routes are coroutines, because FastAPI gives each one that is not a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

_P = ParamSpec("_P")
_R = TypeVar("_R")

_READS = 6  # all together fewer than the 15 connections that the store opens at once
_LOGINS = 2
_WRITES = 3  # one at a time gets through; the others wait for it


class Threads:
    """Nothing waits behind what is slower."""

    def __init__(self) -> None:
        self._reads = CapacityLimiter(_READS)
        self._writes = CapacityLimiter(_WRITES)
        self._logins = CapacityLimiter(_LOGINS)
        self._watch = CapacityLimiter(1)
        self._suspects = CapacityLimiter(1)

    async def read(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._reads)

    async def write(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._writes)

    async def login(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._logins)

    async def watch(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Reads on which many wait."""
        return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._watch)

    async def suspect(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Reads for those who have been wrong too often, one after the other."""
        return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._suspects)

    @property
    def suspects(self) -> int:
        """How many of these wait."""
        return self._suspects.statistics().tasks_waiting
