"""Writes what was measured, as a table for people and as JSON."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from statistics import median

from benchmarks.marks import LARGE, MIB, Result

RESULTS = Path(__file__).resolve().parent / "results"
_SCALES = {"µs": 1e6, "ms": 1e3, "s": 1.0, "MiB": 1 / MIB}


def shown(value: float, unit: str) -> str:
    """A figure in its unit: three digits, no more than the measurement is worth."""
    if unit == "GB/s":
        return f"{LARGE / value / 1e9:.2f} GB/s"
    scaled = value * _SCALES[unit]
    digits = 3 if scaled < 1 else 2 if scaled < 10 else 1 if scaled < 100 else 0
    return f"{scaled:,.{digits}f} {unit}"


def table(results: Iterable[Result]) -> str:
    results = list(results)
    if not results:
        return ""
    lines = [
        "| figure | native | remote | remote ÷ native | mark | part of the mark used | |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        row = result.row
        cells = [
            row.label,
            shown(median(result.native), row.unit),
            shown(median(result.remote), row.unit),
            f"{result.ratio:.2f}" if row.key != "memory" else "–",
            row.said,
            f"{result.used:.2f}",
            "reached" if result.reached else "**missed**",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def tcp_lines(tcp: list[dict[str, float]], block: int) -> str:
    if not tcp:
        return ""
    middle = {key: median(run[key] for run in tcp) for key in tcp[0]}
    return (
        f"Raw blocking TCP on the same path: round trip of 64 bytes {shown(middle['round_trip_64'], 'µs')}, "
        f"of 64 KiB {shown(middle['round_trip_64k'], 'µs')}; 64 MiB in blocks of {block // 1024} KiB "
        f"{shown(middle['write_64m'], 'GB/s')} there and {shown(middle['read_64m'], 'GB/s')} back; "
        f"64-byte messages in batches of 64: {shown(middle['message_64'], 'µs')} each."
    )


def write(name: str, machine: Mapping[str, str], command: str, sections: list[str], data: object) -> Path:
    """RESULTS/DATE-NAME.md and .json; says where the first of them is."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{date.today().isoformat()}-{name}.md"
    described = "\n".join(f"- {key}: {value}" for key, value in machine.items())
    head = f"# Figures of {date.today().isoformat()}\n\nMade by `{command}` on\n\n{described}\n"
    path.write_text("\n\n".join([head.rstrip(), *sections]) + "\n")
    everything = {"machine": machine, "command": command, "figures": data}
    path.with_suffix(".json").write_text(json.dumps(everything, indent=1) + "\n")
    return path
