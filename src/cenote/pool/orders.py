"""What a manager and a server say to each other about shares, and the interface through which they do.

An order may be repeated, lost, or arrive late; carrying it out again changes nothing. An allocation is named together
with its *epoch*: each attempt to place it has a greater one, and a server that has ended an epoch never takes it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


@dataclass(frozen=True)
class Share:
    """Of the device with this index: memory in bytes, and weight in millionths of its compute time."""

    index: int
    memory: int
    weight: int


@dataclass(frozen=True)
class Reserve:
    """Set these shares aside, all or none, for ``term`` seconds from now.

    What is ``tethered`` is ended when nobody keeps a connection open for it any more; what has an ``idle``, after so
    many seconds in which no call came and nothing was unfinished.
    """

    allocation: str
    epoch: int
    shares: tuple[Share, ...]
    term: int
    user: str
    secret: bytes = field(repr=False)
    tethered: bool = False
    idle: int | None = None


@dataclass(frozen=True)
class Extend:
    """Let it last for ``term`` seconds in all, counted from its beginning."""

    allocation: str
    epoch: int
    term: int


class Why(Enum):
    """Why something ends."""

    RELEASED = "released"
    REVOKED = "revoked"
    EXPIRED = "expired"
    IDLE = "idle"
    LET_GO = "let go"
    """Nobody kept a connection open for it."""


@dataclass(frozen=True)
class Release:
    """End what runs in it, up to this epoch, and then free its shares."""

    allocation: str
    epoch: int
    why: Why = Why.RELEASED


Order = Reserve | Extend | Release


class Result(Enum):
    HELD = "held"
    """The shares are set aside, with the term that was asked for."""
    ENDING = "ending"
    """What runs in it is being ended; a later report will lack it."""
    FREE = "free"
    """Nothing of it is held, and nothing of this epoch ever will be."""
    REFUSED = "refused"
    """The shares do not fit, or the epoch is over."""


@dataclass(frozen=True)
class Stamp:
    """The moment of a server at which something was true.

    ``ledger`` names the file in which it keeps what it holds; with another one, as with another ``boot`` of the host,
    all that it held before is over. ``serial`` grows with every change, from boot to boot too.
    """

    ledger: str
    boot: str
    serial: int


@dataclass(frozen=True)
class Spent:
    """For how many seconds devices, by index, had work of what a server has freed."""

    allocation: str
    epoch: int
    busy: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Answer:
    result: Result
    stamp: Stamp
    reason: str = ""
    spent: tuple[Spent, ...] = ()
    """Of what is free."""


@dataclass(frozen=True)
class Held:
    """What a server holds for an allocation. ``left`` is what is left of the term in seconds, by the server's clock."""

    allocation: str
    epoch: int
    shares: tuple[Share, ...]
    term: int
    left: float
    user: str
    secret: bytes = field(repr=False)
    tethered: bool = False
    idle: int | None = None
    ending: bool = False


@dataclass(frozen=True)
class Ended:
    """What a server has ended without having been told to."""

    allocation: str
    epoch: int
    why: Why


@dataclass(frozen=True)
class Report:
    """All that a server holds."""

    stamp: Stamp
    held: tuple[Held, ...]
    accepting: bool = True
    """Whether it takes new allocations; one that cannot write its ledger does not."""
    ended: tuple[Ended, ...] = ()
    """The latest that it has ended by itself, whether still held or not."""
    spent: tuple[Spent, ...] = ()
    """Of the latest that it has freed."""


@dataclass(frozen=True)
class Probe:
    """A permission to connect to a server once, to measure the link; its secret proves it."""

    id: str
    secret: str = field(repr=False)


class Host(Protocol):
    """A server, as a manager reaches it."""

    async def carry_out(self, order: Order) -> Answer:
        """Raises Unreachable when no answer came; then it may have been carried out or not."""
        ...

    async def report(self) -> Report:
        """Raises Unreachable."""
        ...

    async def stamp(self) -> Stamp:
        """That of its next report, if nothing changes until then. Raises Unreachable."""
        ...

    async def probe(self) -> Probe:
        """Raises Unreachable."""
        ...

    def drop(self) -> None:
        """It is not needed for now."""
