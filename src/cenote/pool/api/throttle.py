"""How many wrong tokens an address may send."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

_BURST = 10.0
_RATE = 1 / 3  # forgiven in a second
_ADDRESSES = 10_000


class Throttle:
    """Remembers a bounded number of addresses, those that were wrong last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until one more wrong token is heard; 0 for now."""
        return max(0.0, (self._level(network(address)) + 1 - _BURST) / _RATE)

    def failed(self, address: str) -> None:
        key = network(address)
        self._failures[key] = min(self._level(key) + 1, _BURST), self._clock()
        self._failures.move_to_end(key)
        if len(self._failures) > _ADDRESSES:
            self._failures.popitem(last=False)

    def _level(self, key: str) -> float:
        level, at = self._failures.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock() - at) * _RATE)


def network(address: str) -> str:
    """What one host may choose its address from."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
