"""The manager that a host keeps beside its supervisor: a process of its own, which outlives it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence

from cenote.errors import CenoteError
from cenote.pool.home import Home, Resident
from cenote.protocol import Address

log = logging.getLogger("cenote.server")

START_TIMEOUT = 60.0
_POLL = 0.05
_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_END_TIMEOUT = 10.0


class OwnManager:
    """``listen`` is where a new one listens, if its own settings do not say."""

    def __init__(self, home: Home, listen: Sequence[Address]) -> None:
        self._home = home
        self._listen = listen
        self._child: subprocess.Popen[bytes] | None = None
        self._resident: Resident | None = None

    async def ensure(self) -> Resident:
        """The one that lives already, else a new one, once it answers requests."""
        try:
            async with asyncio.timeout(START_TIMEOUT):
                while (resident := self._home.resident()) is None:
                    if not self._home.occupied():
                        self._start_once()
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise CenoteError("the pool’s manager did not start in time; its log says why") from None
        self._resident = resident
        return resident

    async def watch(self, found: Callable[[Resident], None]) -> None:
        """Starts it anew whenever it has ended, and says who it is then."""
        pause = _PAUSE
        while True:
            if self._resident:
                await _ended(self._resident.pid)
                self._resident = None
                log.warning("the pool’s manager has ended and is started again; programs go on meanwhile")
            try:
                found(await self.ensure())
                pause = _PAUSE
            except CenoteError as error:
                log.error("%s", error)
                pause = min(pause * 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def end(self) -> None:
        if self._resident:
            self.kill()
            try:
                async with asyncio.timeout(_END_TIMEOUT):
                    await _ended(self._resident.pid)
            except TimeoutError:
                log.error("the pool’s manager does not end")
        if self._child:
            self._child.poll()

    def kill(self) -> None:
        """Asks it to end, without waiting."""
        if (resident := self._home.resident()) is not None:
            os.kill(resident.pid, signal.SIGTERM)

    def abandon(self) -> None:
        """After a start that has failed: what was started for it ends, too."""
        if self._child and self._child.poll() is None:
            self._child.terminate()

    def _start_once(self) -> None:
        """Not again while the last one is on its way; one that has failed has said why."""
        if self._child is not None and (code := self._child.poll()) is None:
            return
        if self._child is not None and code not in (0, -signal.SIGTERM, -signal.SIGKILL):
            self._child = None
            raise CenoteError(
                "the pool’s manager cannot be started, as the line above says; [pool] listen is its address"
            )
        listen = [part for address in self._listen for part in ("--listen", str(address))]
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "cenote", "manager", *listen],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # neither Ctrl-C nor the terminal's end is meant for it
        )


async def _ended(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
