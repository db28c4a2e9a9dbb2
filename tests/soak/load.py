"""Programs one after the other in several threads: some run to their end, some are killed at any moment."""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from pathlib import Path
from random import Random

from tests.support import borrower
from tests.support.differential import compile_c
from tests.support.servers import Server

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "opencl" / "programs"
# One leaves a process behind, one takes all the memory there is.
LEFT_OUT = {"daemon", "fill_memory"}
STATUS = {"late_release": 7}
_LIMIT = 300.0
_KILLED = 0.25  # of all programs
_EXAMPLES = 6  # how often the example in Python is among them


class Load:
    def __init__(self, server: Server, folder: Path, seed: int, slots: int) -> None:
        self._server, self._random, self._slots = server, Random(seed), slots
        self._commands = _prepare(folder)
        self._paused = threading.Event()
        self._threads: list[threading.Thread] = []
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []

    def start(self) -> None:
        self._paused.clear()
        self._threads = [threading.Thread(target=self._run) for _ in range(self._slots)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Returns when all that was running has ended."""
        self._paused.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._paused.is_set():
            name, command = self._random.choice(self._commands)
            life = self._random.uniform(0, 3) if self._random.random() < _KILLED else None
            running = self._server.start(command, options=["-p", "0.25"], stdout=subprocess.DEVNULL)
            try:
                _, said = running.communicate(timeout=life or _LIMIT)
            except subprocess.TimeoutExpired:
                running.kill()  # as its user would; the program dies with it
                running.communicate()
                if life is None:
                    self.failures.append(f"{name} did not end within {_LIMIT:.0f} s")
                self.counts["killed"] += 1
                continue
            self.counts["ran to their end"] += 1
            if running.returncode != STATUS.get(name, 0):
                self.failures.append(f"{name} ended with {running.returncode}: {said[-300:]}")


def _prepare(folder: Path) -> list[tuple[str, list[Path | str]]]:
    commands: list[tuple[str, list[Path | str]]] = []
    for source in sorted(SOURCES.glob("*.c")):
        if source.stem not in LEFT_OUT:
            compile_c(source, folder / source.stem)
            commands.append((source.stem, [folder / source.stem]))
    example: list[Path | str] = [borrower.python(), ROOT / "examples" / "mandelbrot.py"]
    return [*commands, *[("mandelbrot", example)] * _EXAMPLES]
