"""The figures of a pool: a manager over a simulated fleet, and a program's start in a real one."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import empty, report
from benchmarks.fleet import seed
from benchmarks.fleet.run import Figures, Run, Size, folder, late
from cenote.errors import CenoteError
from tests.support import postgres

MIB = 1 << 20
SQLITE, POSTGRESQL = "sqlite", "postgresql"
_MARKS = {SQLITE: 0.005, POSTGRESQL: 0.010}  # seconds: the 99th percentile of decisions among 1,000 servers
_MIDDLE = 1000
_KIND = "simulated devices, loopback"

Failure = (AssertionError, CenoteError, OSError, EOFError, postgres.NotInstalled)


@dataclass(frozen=True)
class Row:
    what: str
    kind: str
    figure: str
    mark: str
    reached: bool | None
    """None where there is no mark."""


def sizes(*, quick: bool) -> list[Size]:
    if quick:
        return [Size(servers, 10 * servers, 20_000, 60, 8, 5) for servers in (100, _MIDDLE)]
    return [Size(servers, 10 * servers, seed.HISTORY, 400, 30, 15) for servers in (100, _MIDDLE, 10_000)]


def take(*, quick: bool, profile: bool = False) -> tuple[list[Row], list[Figures], list[str]]:
    """All rows, what they are made of, and what failed."""
    taken: list[Figures] = []
    failures: list[str] = []
    for store in (SQLITE, POSTGRESQL):
        for size in sizes(quick=quick):
            name = f"{size.servers:,} servers on {store}"
            _say(f"{name} …")
            try:
                with folder() as made, _database(store, made) as url:
                    taken.append(Run(size, url, made, _say, profile=profile).take())
            except Failure as failure:
                _say(f"failed: {failure}")
                failures.append(f"{name}: {failure}")
    rows = of_fleet(taken)
    try:
        _say("an empty program …")
        rows.append(of_start(*empty.take(5 if quick else 25)))
    except Failure as failure:
        _say(f"failed: {failure}")
        failures.append(f"an empty program: {failure}")
    return rows, taken, failures


def of_start(plain: list[float], run: list[float]) -> Row:
    """Pair by pair, so that a drift of the machine's speed cancels."""
    ratio = median(there / here for here, there in zip(plain, run, strict=True))
    figure = f"{ratio:.2f} × ({median(run) * 1e3:.0f} ms : {median(plain) * 1e3:.0f} ms)"
    what = '`cenote run` of an empty program, to `python -c "import typer, httpx"`'
    return Row(what, "real, loopback", figure, "≤ 1.5 ×", ratio <= 1.5)


def of_fleet(taken: list[Figures]) -> list[Row]:
    rows: list[Row] = []
    for store in (SQLITE, POSTGRESQL):
        mine = {one.servers: one for one in taken if one.store == store}
        for servers, one in mine.items():
            rows += _of_one(servers, one)
        if mine and max(mine) > _MIDDLE and min(mine) < _MIDDLE:
            most, least = max(mine), min(mine)
            ratio = late(mine[most].decisions) / late(mine[least].decisions)
            what = f"decision, p99, {most:,} servers to {least:,}, {store}"
            rows.append(Row(what, _KIND, f"{ratio:.2f} ×", "≤ 2 ×", ratio <= 2))
    return rows


def _of_one(servers: int, one: Figures) -> Iterator[Row]:
    where = f"{servers:,} servers, {one.store}"
    marked = servers == _MIDDLE
    decision, mark = late(one.decisions), _MARKS[one.store]
    yield Row(
        f"choice and committed transaction, {where}",
        _KIND,
        f"{median(one.decisions) * 1e3:.1f} ms, p99 {decision * 1e3:.1f} ms",
        f"p99 ≤ {mark * 1e3:.0f} ms" if marked else "",
        decision <= mark if marked else None,
    )
    ends = f"{median(one.ends) * 1e3:.0f} ms, p99 {late(one.ends) * 1e3:.0f} ms"
    yield Row(f"request until its servers have confirmed and its client knows, {where}", _KIND, ends, "", None)
    rate = one.allocations_a_second
    yield Row(
        f"allocations and releases a second through the API, confirmed, {where}",
        _KIND,
        f"{rate:.0f}" + (f" ({one.lost} failed)" if one.lost else ""),
        "≥ 200" if marked else "",
        rate >= 200 if marked else None,
    )
    small = one.core <= 0.25 and one.memory <= 300 * MIB
    yield Row(
        f"heartbeats of {servers:,} servers and {10 * servers:,} sessions, {one.store}",
        _KIND,
        f"{one.core:.0%} of a core, {one.memory / MIB:.0f} MiB",
        "≤ 25 %, ≤ 300 MiB" if marked else "",
        small if marked else None,
    )
    storm = f"first request {one.silence:.1f} s, all servers known {one.storm:.1f} s"
    yield Row(f"after a manager was killed and started again, {where}", _KIND, storm, "", None)


def table(rows: list[Row]) -> str:
    verdicts = {True: "reached", False: "**missed**", None: ""}
    lines = ["| figure | kind | measured | mark | |", "|---|---|---|---|---|"]
    lines += [f"| {row.what} | {row.kind} | {row.figure} | {row.mark} | {verdicts[row.reached]} |" for row in rows]
    return "\n".join(lines)


def sections(rows: list[Row], taken: list[Figures], failures: list[str], *, quick: bool) -> list[str]:
    history = sizes(quick=quick)[0].history
    about = (
        "A real manager with production's fsync, TLS on every connection, a confirmation by each server, heartbeats "
        f"every 5 s, and a history of {history:,} rows; servers with {seed.DEVICES} devices each, half of them lent. "
        "Only the devices are simulated."
    )
    found = [about, table(rows), *(f"Failed: {failure}" for failure in failures)]
    for one in taken:
        if one.stacks:
            lines = "\n".join(f"{count:6} {stack}" for stack, count in one.stacks[:30])
            found.append(f"Where the manager's time went, {one.servers:,} servers, {one.store}:\n\n```\n{lines}\n```")
    return found


def data(rows: list[Row], taken: list[Figures]) -> dict[str, Any]:
    return {"rows": [asdict(row) for row in rows], "fleets": [asdict(one) for one in taken]}


@contextmanager
def _database(kind: str, made: Path) -> Iterator[str]:
    if kind == SQLITE:
        yield f"sqlite:///{made}/pool.db"
        return
    with postgres.running(durable=True) as server:
        yield server.new_database(empty=True)


_BEGUN = time.monotonic()


def _say(text: str) -> None:
    print(f"{(time.monotonic() - _BEGUN) / 60:5.1f} min: {text}", file=sys.stderr, flush=True)


def write(rows: list[Row], taken: list[Figures], failures: list[str], machine: dict[str, str], command: str) -> Path:
    found = sections(rows, taken, failures, quick="--quick" in command)
    return report.write("pool", machine, command, found, data(rows, taken))
