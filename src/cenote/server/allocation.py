"""What a server has lent: to whom, which devices, and the secret that opens the way to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from cenote.devices import Device
from cenote.pool.orders import Share


@dataclass(frozen=True)
class Allocation:
    """``shares`` are what it has of the devices, in the same order."""

    user: str
    devices: tuple[Device, ...]
    shares: tuple[Share, ...]
    id: bytes
    secret: bytes = field(repr=False)

    @property
    def holder(self) -> str:
        """For logs."""
        return f"{self.user} ({self.id.hex()[:8]})"

    def memory(self, device: Device) -> int:
        """Bytes of the device that its programs see."""
        return next(share.memory for share in self.shares if share.index == device.index)
