"""What a client knows of its session: ids by their types, shared memory, and the choices that calls are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from tests.fuzz.grammar import Grammar, make_id

T = TypeVar("T")

EXTREMES = (0, 1, 2, 3, 7, 8, 63, 255, 4095, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
PAGE = 4096


@dataclass(frozen=True)
class Slab:
    """Shared memory of a context."""

    context: int
    address: int
    size: int
    kind: int

    @property
    def trackable(self) -> bool:
        return self.kind in (1, 2, 4)


class Client:
    def __init__(self, grammar: Grammar, random: Random) -> None:
        self.grammar = grammar
        self.random = random
        self.living: defaultdict[str, list[int]] = defaultdict(list)
        self.dead: list[int] = []
        self.user_events: list[int] = []
        self.context_of: dict[int, int] = {}  # of queues
        self.pixels: dict[int, int] = {}  # of images
        self.recorded: defaultdict[int, int] = defaultdict(int)  # commands of command buffers
        self.slabs: list[Slab] = []
        self.tracked: list[tuple[Slab, int]] = []  # each a page
        self.views: list[int] = [0]
        self._generations: list[int] = []
        self._free: list[int] = []

    def pick(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)

    def often(self, part: float) -> bool:
        return self.random.random() < part

    def small(self) -> int:
        """A size or offset that mostly fits."""
        return self.pick((0, 1, 4, 8, 16, 64, 64, 256, 256, 1024, 4096, 4096, 65536, 70000, 300_000))

    def bytes(self, size: int) -> bytes:
        return self.random.randbytes(min(size, 1 << 12)).ljust(size, b"\0") if size < 1 << 20 else b""

    def new(self, kind: str) -> int:
        if self._free and self.often(0.7):
            slot = self._free.pop(self.random.randrange(len(self._free)))
        else:
            slot = len(self._generations)
            self._generations.append(0)
        self._generations[slot] += 1
        made = make_id(self.grammar.types[kind], self._generations[slot], slot)
        self.living[kind].append(made)
        return made

    def some(self, kind: str) -> int:
        """One that lives; mostly one of the first, so that objects belong together. 0 where there is none."""
        living = self.living[kind]
        return self.pick(living[:2] if self.often(0.6) else living) if living else 0

    def first(self, kind: str) -> int:
        return self.living[kind][0] if self.living[kind] else 0

    def several(self, kind: str, most: int) -> list[int]:
        return [made for _ in range(self.random.randrange(most + 1)) if (made := self.some(kind))]

    def anything(self) -> int:
        """Seldom what many other objects were made from."""
        lesser = [kind for kind in self.living if kind not in ("Device", "Context", "Queue") or self.often(0.05)]
        everything = [made for kind in lesser for made in self.living[kind]]
        return self.pick(everything) if everything else 0

    def kill(self, made: int) -> None:
        for living in (*self.living.values(), self.user_events):
            if made in living:
                living.remove(made)
        self.dead.append(made)

    def freed(self, ids: Sequence[int]) -> None:
        """The worker says that these slots may be used again."""
        for made in ids:
            if (slot := made & 0xFFFFFFFF) < len(self._generations) and slot not in self._free:
                self._free.append(slot)
