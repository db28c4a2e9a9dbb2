"""Devices of the pool for programs that a Python program starts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cenote.client import environment, login
from cenote.client.borrowing import Borrowed, asked
from cenote.client.launch import SCRATCH
from cenote.client.pool import Pool
from cenote.scratch import Scratch, sweep


class Allocation:
    """``environment`` is what a program needs to find the devices."""

    def __init__(self, id: str, variables: dict[str, str]) -> None:
        self.id = id
        self.environment = variables

    def run(self, command: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[Any]:
        """``subprocess.run`` of a program that sees the devices."""
        return subprocess.run(command, **self._with(options))

    def start(self, command: Sequence[str | Path], **options: Any) -> subprocess.Popen[Any]:
        """``subprocess.Popen`` of one. It loses the devices when the allocation ends."""
        return subprocess.Popen(command, **self._with(options))

    def _with(self, options: dict[str, Any]) -> dict[str, Any]:
        return options | {"env": (options.get("env") or dict(os.environ)) | self.environment}


@contextmanager
def allocate(
    devices: int = 1,
    share: float | str | None = None,
    memory: int | str | None = None,
    *,
    filter: str | None = None,
    wait: float | str | None = None,
    priority: int | None = None,
    on_wait: Callable[[dict[str, Any]], None] = lambda _: None,
) -> Iterator[Allocation]:
    """Devices of the pool that this user is logged in to, until the block ends.

    Waits until they are free, or for ``wait`` seconds. ``on_wait`` is told meanwhile how the request stands.
    """
    wanted = asked(
        count=devices,
        share=None if share is None else str(share),
        memory=None if memory is None else str(memory),
        filter=filter,
        wait=None if wait is None else str(wait),
        priority=priority,
        tethered=True,
    )
    with Pool(login.need()) as pool:
        held = Borrowed.anew(pool, wanted, on_wait)
    try:
        sweep(SCRATCH)
        with Scratch(SCRATCH) as scratch:
            held.write(environment.allocation_file(scratch.folder))
            variables = environment.prepare(scratch.folder, os.environ)
            held.keep()
            new = {name: value for name, value in variables.items() if os.environ.get(name) != value}
            yield Allocation(held.view["id"], new)
    finally:
        held.close()
