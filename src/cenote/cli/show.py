"""What the commands print."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cenote import __version__, config
from cenote.config import Settings
from cenote.devices import human_size
from cenote.protocol import is_loopback

if TYPE_CHECKING:
    from cenote.client.netperf import Link
    from cenote.doctor import Finding
    from cenote.pool.home import Resident
    from cenote.server.supervisor import Running


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
    lines.append(f"  pool          {server.member.name} of the pool at {', '.join(server.member.managers)}")
    if server.home and server.home.admin_token.exists():
        lines.append(f"  admin token   {server.home.admin_token}")
    ready = "Ready." if server.settled else "Ready, but no manager of the pool reaches it yet; the log says why."
    print("\n".join([*lines, f"{ready} Ctrl-C ends it."]), flush=True)


def manager(resident: Resident, admin_token: Path | None) -> None:
    """Plain lines, since scripts read them, too."""
    lines = [f"Cenote {__version__}", f"  manager       {resident.managers[0]}"]
    lines += [f"  with          {other}" for other in resident.managers[1:]]
    if admin_token:
        lines.append(f"  admin token   {admin_token}")
    print("\n".join([*lines, "Ready. Ctrl-C ends it."]), flush=True)


def ended(sessions: int) -> None:
    logging.getLogger("cenote.server").info("ended with %d session(s)", sessions)


def link(server: str, address: str, measured: Link) -> None:
    print(f"{server} at {address} over {measured.transport}")
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


def findings_as_json(found: Iterable[Finding]) -> int:
    every = [asdict(finding) for finding in found]
    healthy = all(finding["state"] != "wrong" for finding in every)
    print(json.dumps({"healthy": healthy, "findings": every}, indent=2, ensure_ascii=False))
    return int(not healthy)


def settings(found: Settings) -> None:
    """Values as a file has them, so that lines can be copied there."""
    rows = [
        (name, _as_toml(config.value(found, name)), f"option {source}" if source.kind == "flag" else str(source))
        for name, source in found.sources.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, shown, source in rows:
        print(f"{name:{widths[0]}}  {shown:{widths[1]}}  {source}")


def settings_as_json(found: Settings) -> None:
    shown = {
        name: {"value": _plain(config.value(found, name)), "from": source.kind}
        | ({"name": source.name} if source.name else {})
        | ({"line": source.line} if source.line else {})
        for name, source in found.sources.items()
    }
    print(json.dumps(shown, indent=2, ensure_ascii=False))


def _plain(setting: Any) -> Any:
    if isinstance(setting, tuple):
        return [_plain(one) for one in setting]
    return setting if setting is None or isinstance(setting, int) else str(setting)


def _as_toml(setting: Any) -> str:
    return "not set" if setting is None else json.dumps(_plain(setting), ensure_ascii=False)


def _console() -> Console:
    """As wide as needed where the output is not a terminal, so that nothing is wrapped in a pipe."""
    return Console(width=None if sys.stdout.isatty() else 200)
