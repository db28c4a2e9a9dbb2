"""This host in its pool: what it lends, the agent that speaks for it, and its part of the gate."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from cenote.devices import Device
from cenote.protocol import Address
from cenote.server.agent import Agent
from cenote.server.figures import Figures
from cenote.server.ledger import Capacity, LentLedger
from cenote.server.lender import Lender
from cenote.server.membership import Membership
from cenote.server.pooled import Pooled
from cenote.server.sessions import Sessions

log = logging.getLogger("cenote.member")


class Member:
    """The ledger of what is lent lies beside the membership.

    ``gate`` is where the gate listens, ``address`` where the pool reaches it, if that is known.
    """

    def __init__(
        self,
        membership: Membership,
        devices: Sequence[Device],
        sessions: Sessions,
        gate: Sequence[Address],
        address: str | None,
    ) -> None:
        capacities = {device.index: Capacity(device.memory, device.overhead) for device in devices}
        ledger = LentLedger(membership.folder / "lent", capacities)
        self.lender = Lender(ledger, devices, sessions, name=membership.name)
        self._agent = Agent(membership, self.lender, devices, gate, Figures(sessions), address=address)
        self.pooled = Pooled(self.lender, membership.files, self._agent.revoked)
        self._agent.on_renewal = self.pooled.renew
        self._speaking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """To be called just before the gate opens."""
        self.lender.start()
        self._speaking = asyncio.create_task(self._agent.run())
        self._speaking.add_done_callback(_told)

    def moved(self, managers: Sequence[str]) -> None:
        """The pool's managers are there now."""
        self._agent.moved(managers)

    async def settle(self, timeout: float) -> bool:
        """Waits until the pool may place here. False when no manager is there in time, or none reaches us."""
        try:
            async with asyncio.timeout(timeout):
                await self._agent.settled.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Ends nothing: what is lent is taken up again by the next supervisor."""
        if self._speaking:
            self._speaking.cancel()
            await asyncio.gather(self._speaking, return_exceptions=True)
        await self.lender.close()


def _told(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("nothing is told to the pool any more: %s", error, exc_info=error)
