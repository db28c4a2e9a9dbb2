"""Fleets in memory, for the tests of what decides about them."""

from __future__ import annotations

from cenote.pool.fleet import Fleet, Kind, Slice
from cenote.pool.request import WHOLE, Request, smallest_share

GIB = 1 << 30


def kind(name: str = "A100", memory: int = 8) -> Kind:
    return Kind(name, "CUDA", "NVIDIA", "gpu", "1", "1", memory * GIB, 100, smallest_share(0))


def fleet(*servers: list[Kind]) -> Fleet:
    """Servers s0, s1, … with these devices; device numbers are 10 × the server's and on."""
    made = Fleet()
    for number, kinds in enumerate(servers):
        devices = {10 * number + index: (index, one) for index, one in enumerate(kinds)}
        made.put_server(number, f"s{number}", f"s{number}:1", open=True, devices=devices)
    return made


def take(fleet: Fleet, device: int, share: float = 1.0) -> Slice:
    part = Slice(device, int(fleet.devices[device].kind.memory * share), int(WHOLE * share))
    fleet.take(part)
    return part


def half(**others: object) -> Request:
    return Request(weight=WHOLE // 2, **others)  # type: ignore[arg-type]
