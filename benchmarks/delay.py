"""The same figures with delay between two namespaces: what a longer way costs."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import build, measure, namespaces
from benchmarks.drivers import Driver
from benchmarks.marks import CALLS, PROGRAMS
from benchmarks.programs import Program
from benchmarks.report import shown
from benchmarks.sides import Ends, plain_tcp, remote

DELAYS_US = (0, 50, 1000, 20000)
GBITS = 10.0
LONG = 60.0  # seconds; a program that takes that long over a link does not run there three times
_LABELS = {row.key: (row.label, row.unit) for row in CALLS + PROGRAMS} | {
    "clinfo": ("clinfo, wall time", "s"),
    "round_trip_64": ("raw TCP: round trip of 64 bytes", "µs"),
    "tcp_write_64m": ("raw TCP: 64 MiB there", "GB/s"),
    "tcp_read_64m": ("raw TCP: 64 MiB back", "GB/s"),
}


@dataclass(frozen=True)
class Column:
    delay_us: float
    figures: dict[str, float]


def columns(driver: Driver, delay_us: float, programs: list[Program], budget: float, homes: Path) -> list[Column]:
    """Everything once over a link with this delay, the server at one end, the programs at the other."""
    with namespaces.link(build.program("delaylink"), delay_us, GBITS) as link:
        ends = Ends(link.server.address, link.server.command, link.client.command)
        with plain_tcp(build.program("tcpbench"), ends) as tcp:
            raw = measure.medians(tcp, str(measure.BLOCK))
        figures = {"round_trip_64": raw["round_trip_64"]}
        figures |= {f"tcp_{key}": raw[key] for key in ("write_64m", "read_64m")}
        with remote(driver, ends) as side:
            words = [str(build.program("callbench", driver.loader)), "--budget", f"{budget:g}"]
            figures |= measure.medians(side, *words, *([] if driver.computes else ["--no-check"]))
            for program in programs:
                home = homes / program.key
                (home / "cache").mkdir(parents=True, exist_ok=True)
                wall = partial(program.wall, side, home)
                if delay_us == DELAYS_US[0]:
                    wall()  # fills the caches, which the other columns find full
                walls = [wall()]
                if walls[0] < LONG:
                    walls += [wall(), wall()]
                figures[program.key] = median(walls)
    return [Column(delay_us, figures)]


def table(columns: list[Column]) -> str:
    heads = [f"{c.delay_us:g} µs" if c.delay_us < 1000 else f"{c.delay_us / 1000:g} ms" for c in columns]
    lines = [f"| added delay, one way | {' | '.join(heads)} |", f"|---{'|---' * len(columns)}|"]
    for key in columns[0].figures:
        label, unit = _LABELS[key]
        lines.append(f"| {label} | {' | '.join(shown(c.figures[key], unit) for c in columns)} |")
    return "\n".join(lines)
