"""Takes the figures of our own programs on both sides in turn."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import build
from benchmarks.drivers import Driver
from benchmarks.marks import CALLS, PROCESS, Result, Row
from benchmarks.sides import ProgramError, Side

BLOCK = 512 << 10  # as large as the pieces that the shim cuts transfers into
CROWD = 32

_Taker = Callable[[Side], dict[str, float]]


def calls(driver: Driver, sides: list[Side], tcp: Side, runs: int, budget: float, keys: Iterable[str]) -> list[Result]:
    """callbench: what single calls and transfers cost."""
    rows = [row for row in CALLS if row.key in set(keys)]
    only = ",".join(row.key for row in rows)
    words = [str(build.program("callbench", driver.loader)), "--budget", f"{budget:g}", "--only", only]
    if not driver.computes:
        words.append("--no-check")
    return _take(rows, sides, tcp, runs, lambda side: medians(side, *words)) if rows else []


def process(driver: Driver, sides: list[Side], runs: int, rounds: int, key: str) -> list[Result]:
    """What a whole process costs: its start, its memory, or many of them at once."""
    takers: dict[str, _Taker] = {
        "first_list": lambda side: side.figures(build.program("firstlist", driver.loader)),
        "memory": lambda side: {"memory": side.figures(build.program("footprint"))["worked"]["resident"]},
        "crowd": lambda side: {"crowd": crowd(driver, side, rounds)},
    }
    return _take([row for row in PROCESS if row.key == key], sides, None, runs, takers[key])


def medians(side: Side, *words: str | Path) -> dict[str, float]:
    return {key: figure["median"] for key, figure in side.figures(*words)["figures"].items()}


def crowd(driver: Driver, side: Side, rounds: int) -> float:
    """Wall time of CROWD programs from the first one's work to the last one's end."""
    script = f'for i in $(seq {CROWD}); do "$0" "$@" 2>&1 & done; wait'
    words = [str(build.program("crowd", driver.loader)), str(rounds), *([] if driver.computes else ["--no-check"])]
    side.run(*words)  # fills the driver's cache: PoCL fails now and then where several make the same entry
    output, _ = side.run("sh", "-c", script, *words)
    ends = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    if len(ends) != CROWD:
        complaint = next((line for line in output.splitlines() if not line.startswith("{")), "they said nothing")
        raise ProgramError(f"{side.name}: {CROWD - len(ends)} of {CROWD} programs failed: {complaint}")
    return float(max(end["end"] for end in ends) - min(end["start"] for end in ends))


def _take(rows: list[Row], sides: list[Side], tcp: Side | None, runs: int, take: _Taker) -> list[Result]:
    native, remote = sides
    measured = []
    for _ in range(runs):
        beside = medians(tcp, str(BLOCK)) if tcp else {}
        measured.append((take(native), take(remote), beside))
    natives, remotes, besides = zip(*measured, strict=True)
    return [Result(row, [n[row.key] for n in natives], [r[row.key] for r in remotes], list(besides)) for row in rows]
