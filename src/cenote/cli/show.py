"""What the commands print."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cenote import __version__
from cenote.devices import human_size
from cenote.protocol import Address, is_loopback

if TYPE_CHECKING:
    from cenote.client.netperf import Link
    from cenote.doctor import Finding
    from cenote.server.supervisor import Running


def log_to_stderr(verbose: bool) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(message)s",
        datefmt="%H:%M:%S",
    )
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def running(server: Running) -> None:
    """Plain lines, since scripts read them, too."""
    lines = [f"Cenote {__version__}"]
    for address in server.addresses:
        lines.append(f"  listening on  {address}{' (this machine only)' if is_loopback(address.host) else ''}")
    for device in server.devices:
        size, kind = human_size(device.memory), device.type.upper()
        lines.append(
            f"  device {device.index:<6} {device.name} · {kind} · {size} · {device.platform} {device.driver_version}"
        )
    lines += [f"  key file      {server.identity.key_file}", "Ready. Ctrl-C ends it."]
    print("\n".join(lines), flush=True)


def ended(sessions: int) -> None:
    logging.getLogger("cenote.server").info("ended with %d session(s)", sessions)


def devices(host: str, found: list[dict[str, Any]]) -> None:
    table = Table(title=host, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading in ("#", "device", "type", "memory", "free", "driver", "in use by"):
        table.add_column(heading, overflow="fold")
    for device in found:
        table.add_row(
            str(device["index"]),
            device["name"],
            device["type"].upper(),
            human_size(device["memory"]),
            human_size(device["memory_free"]),
            f"{device['platform']} {device['driver_version']}",
            "\n".join(device["holders"]) or "nobody",
        )
    _console().print(table, highlight=False, markup=False)


def link(address: Address, measured: Link) -> None:
    print(f"{address} over {measured.transport}")
    lines = Table.grid(padding=(0, 2))
    lines.add_row("  round trip", f"median {measured.median * 1e6:.0f} µs, 99th percentile {measured.p99 * 1e6:.0f} µs")
    lines.add_row("", measured.meaning())
    lines.add_row("  to the server", _speed(measured.upload))
    lines.add_row("  from the server", _speed(measured.download))
    lines.add_row("", measured.meaning_of_bandwidth())
    _console().print(lines, highlight=False, markup=False)


def _speed(bytes_per_second: float) -> str:
    return f"{bytes_per_second / 1e9:.2f} GB/s ({bytes_per_second * 8 / 1e9:.1f} Gbit/s)"


def findings(found: Iterable[Finding]) -> int:
    """A line for each check, with the remedy where there is something to mend. The exit code."""
    console = _console()
    colours = {"ok": "green", "note": "yellow", "wrong": "red"}
    code = 0
    for finding in found:
        lines = Table.grid(Column(width=6), Column(overflow="fold"))
        lines.add_row(Text(finding.state, style=colours[finding.state]), Text(finding.what))
        if finding.remedy:
            lines.add_row("", Text(f"→ {finding.remedy}"))
        console.print(lines)
        code |= finding.state == "wrong"
    return code


def _console() -> Console:
    """As wide as needed where the output is not a terminal, so that nothing is wrapped in a pipe."""
    return Console(width=None if sys.stdout.isatty() else 200)
