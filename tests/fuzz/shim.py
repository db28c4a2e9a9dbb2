"""Programs whose server lies: they may fail or wait for ever, but the shim neither crashes nor harms them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from cenote.client import environment
from tests.fuzz.relay import Relay
from tests.fuzz.target import Failure, Target
from tests.support.differential import compile_c
from tests.support.sanitizers import FLAGS

PROGRAMS = Path(__file__).resolve().parents[1] / "opencl" / "programs"
NAMES = ("queries", "crossed_queues", "event_callbacks", "many_objects", "profiling", "rectangles", "poll_status")
_LIMIT = 10.0  # who waits for what never comes may do so for ever


def run(target: Target, seeds: range, deadline: float, programs: Sequence[Path], folder: Path) -> Counter[str]:
    """Counts what happened. A failure names the program and its seed."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        if time.monotonic() > deadline:
            break
        random = Random(seed)
        program = random.choice(programs)
        relay = Relay(target.server.port, seed, random.choice((0.01, 0.1, 0.5)))
        try:
            ended = _run(target, program, relay.port, folder / f"run-{seed}")
        except Failure as failure:
            raise Failure(f"{program.name} with a server that lies (seed {seed}): {failure}") from None
        finally:
            relay.close()
        counts["programs"] += 1
        counts["lies"] += relay.changed
        counts[ended] += 1
    return counts


def compiled(name: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    compile_c(PROGRAMS / f"{name}.c", folder / name, *FLAGS["address"])
    return folder / name


def _run(target: Target, program: Path, port: int, folder: Path) -> str:
    folder.mkdir()
    given = target.allocation
    line = f"server 127.0.0.1 {port} plain {given.allocation.hex()} {given.secret.hex()}"
    file = environment.allocation_file(folder)
    file.write_text(f"cenote-allocation 1\n{line}\n")
    file.chmod(0o600)
    variables = environment.prepare(folder, os.environ) | target.reports.environment()
    quiet = subprocess.DEVNULL
    running = subprocess.Popen([program], env=variables, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        status = running.wait(_LIMIT)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
        status = None
    if found := target.reports.take():
        raise Failure(found)
    if status is not None and status < 0:
        raise Failure(f"it ended by {signal.Signals(-status).name}")
    return "waited for ever" if status is None else "ended well" if status == 0 else "failed"
