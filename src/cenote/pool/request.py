"""What is asked for, checked; how much of a device that is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from cenote.errors import Invalid
from cenote.pool import filters
from cenote.units import human_duration, parse_duration, parse_size

WHOLE = 1_000_000  # weights are millionths of a device's compute time
GRANT = 64 * 1024 * 1024  # the step, in bytes, in which a worker gets memory; no share can do with less

DAY = 24 * 3600
COUNT_LIMIT = 1024
PRIORITIES = range(11)
_BYTES_LIMIT = 1 << 50
_KEY_LIMIT = 100
_TRIPS_LIMIT = 1000


def smallest_share(overhead: int) -> int:
    """The least bytes of a device that are of use, where a context of its driver takes ``overhead`` bytes itself."""
    return overhead + GRANT


@dataclass(frozen=True)
class Request:
    """``count`` devices, whole or a share of each. Raises Invalid for what makes no sense.

    ``weight`` is the share of compute time in millionths, ``memory`` that of memory in bytes; whichever is missing
    follows from the other, and both missing mean whole devices. ``term``, ``wait`` and ``idle`` are seconds; no
    ``wait`` waits without limit, with ``idle`` it ends after that time without use. Without a ``policy`` it is the
    pool's. One that is ``attended`` leaves the queue when its client does not ask for it any more; one that is
    ``tethered`` does as well, and ends when nobody keeps a connection open for it. ``round_trips`` are seconds by
    server name, as the client measured them. A request that is sent again with the same ``key`` by the same user is the
    same request.
    """

    count: int = 1
    weight: int | None = None
    memory: int | None = None
    filter: str = ""
    term: int = DAY
    wait: int | None = None
    priority: int = 0
    policy: str = ""
    key: str | None = None
    round_trips: tuple[tuple[str, float], ...] = ()
    tethered: bool = False
    attended: bool = False
    idle: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.count <= COUNT_LIMIT:
            raise Invalid(f"{self.count} devices cannot be asked for; 1 to {COUNT_LIMIT} can")
        if self.weight is not None and not 1 <= self.weight <= WHOLE:
            raise Invalid("a share of a device is more than 0 and at most 1")
        if self.memory is not None and not 1 <= self.memory <= _BYTES_LIMIT:
            raise Invalid("a share of a device's memory is at least one byte and at most 1 PiB")
        if self.term < 1:
            raise Invalid("an allocation lasts for at least one second")
        if self.wait is not None and self.wait < 0:
            raise Invalid("waiting takes 0 seconds or more")
        if self.idle is not None and self.idle < 1:
            raise Invalid("an allocation ends after at least one second without use")
        if self.priority not in PRIORITIES:
            raise Invalid(f"a priority is between {PRIORITIES[0]} and {PRIORITIES[-1]}")
        if self.key is not None and not 1 <= len(self.key) <= _KEY_LIMIT:
            raise Invalid(f"an idempotency key has 1 to {_KEY_LIMIT} characters")
        if len(self.round_trips) > _TRIPS_LIMIT:
            raise Invalid(f"at most {_TRIPS_LIMIT} round trips can be told")
        if any(not seconds >= 0 for _, seconds in self.round_trips):
            raise Invalid("a round trip takes 0 seconds or more")
        filters.parse(self.filter)

    def need(self, memory: int, smallest: int) -> tuple[int, int] | None:
        """Bytes and weight of a device with ``memory`` bytes; None when it is too small for this, or this for it."""
        weight = WHOLE if self.weight is None and self.memory is None else self.weight
        size = self.memory if self.memory is not None else memory * (weight or 0) // WHOLE
        if not smallest <= size <= memory:
            return None
        return size, weight if weight is not None else max(1, size * WHOLE // memory)

    def limited(self, max_time: int) -> None:
        """Raises Invalid when it would last longer than ``max_time`` seconds."""
        if self.term > max_time:
            raise Invalid(
                f"an allocation lasts for at most {human_duration(max_time)} here; “cenote extend” prolongs it"
            )


def parse_share(text: str) -> int:
    """A weight from “0.5” or “50%”. Raises Invalid."""
    try:
        plain = text.strip()
        value = Decimal(plain[:-1]) / 100 if plain.endswith("%") else Decimal(plain)
        weight = int(value * WHOLE)
    except (InvalidOperation, ValueError, OverflowError):
        raise Invalid(f"“{text}” is not a share; write one like 0.5 or 50%") from None
    if not 1 <= weight <= WHOLE:
        raise Invalid(f"“{text}” is not a share of a device: it is more than 0 and at most 1")
    return weight


def from_words(
    count: int = 1,
    share: str | None = None,
    memory: str | None = None,
    filter: str = "",
    term: str | None = None,
    wait: str | None = None,
    priority: int = 0,
    policy: str = "",
    key: str | None = None,
    round_trips: tuple[tuple[str, float], ...] = (),
    tethered: bool = False,
) -> Request:
    """A request as options of a command or fields of a form say it. Raises Invalid."""
    return Request(
        count=count,
        weight=None if share is None else parse_share(share),
        memory=None if memory is None else parse_size(memory),
        filter=filter,
        term=DAY if term is None else parse_duration(term),
        wait=None if wait is None else parse_duration(wait),
        priority=priority,
        policy=policy,
        key=key,
        round_trips=round_trips,
        tethered=tethered,
    )
