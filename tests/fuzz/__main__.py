"""Feeds the worker, the gate and the shim what the specification allows and forbids, with random choices by a seed.

tests/fuzz/run [--seconds 60] [--seed N] [--report]
tests/fuzz/run --replay FILE
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzz import gate, grammar, shim, worker
from tests.fuzz.target import Failure, Target, null_driver, target
from tests.support import robustness

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "address"
OUTPUT = ROOT / "build" / "fuzz"
_MANY = 1 << 40
_ROUNDS = 4  # parts take turns, so that none is left out of a short run
_UNIT = {"worker": "sessions", "gate": "connections", "shim": "programs"}  # one of each takes a seed
_SHARES = {"worker": 0.7, "gate": 0.1, "shim": 0.2}  # of the time


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/fuzz/run", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long in all")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first session; the next is one more")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="sends what a session sent that found something")
    parser.add_argument("--report", action="store_true", help="writes what was done into docs/robustness.md")
    return parser.parse_args()


def main() -> int:
    given = _arguments()
    os.environ["CENOTE_NATIVE"] = str(BUILD / "native")
    known = grammar.load(BUILD)
    try:
        with target(null_driver(), known) as fired_at:
            if given.replay:
                worker.replay(fired_at, given.replay)
                print("nothing was found")
                return 0
            counts = _fuzz(fired_at, known, given.seed, given.seconds)
    except Failure as failure:
        print(f"FOUND {failure}", file=sys.stderr)
        return 1
    rows = [("", "", "count"), *((part, what, count) for (part, what), count in sorted(counts.items()))]
    text = f"{robustness.table(rows)}\n\nNothing crashed, and nobody else was disturbed."
    print(text)
    if given.report:
        robustness.write("Fuzzing", f'make fuzz ARGS="--seconds {given.seconds:.0f} --seed {given.seed}"', text)
    return 0


def _fuzz(fired_at: Target, known: grammar.Grammar, seed: int, seconds: float) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    programs = [shim.compiled(name, OUTPUT / "programs") for name in shim.NAMES]
    seeds = range(seed, seed + _MANY)
    for _ in range(_ROUNDS):
        for part, share in _SHARES.items():
            deadline = time.monotonic() + seconds * share / _ROUNDS
            begun = seeds[counts[part, _UNIT[part]] :]
            match part:
                case "worker":
                    found = worker.run(fired_at, known, begun, deadline, OUTPUT)
                case "gate":
                    found = gate.run(fired_at, begun, deadline)
                case _:
                    found = shim.run(fired_at, begun, deadline, programs, OUTPUT)
            counts.update({(part, what): count for what, count in found.items()})
            print(f"{part}: {', '.join(f'{count} {what}' for what, count in found.items())}", flush=True)
    return counts


if __name__ == "__main__":
    sys.exit(main())
