"""What the commands print of a pool."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from cenote.devices import human_size
from cenote.units import human_duration

Row = Mapping[str, Any]

_PERIOD = 2.0
_WHOLE = 1_000_000


def as_json(found: object) -> None:
    print(json.dumps(found, indent=2, ensure_ascii=False))


def servers(found: Sequence[Row]) -> None:
    table = new_table("server", "address", "state", "devices", "free")
    for server in found:
        free = sum(1 for device in server["devices"] if _is_free(device))
        table.add_row(server["name"], server["address"], _state(server), str(len(server["devices"])), str(free))
    print_table(table)
    for server in found:
        if server["state"] != "ready" and server["trouble"]:
            print(f"{server['name']} is {server['state']}: {server['trouble']}")


def devices(found: Sequence[Row]) -> None:
    table = new_table("server", "#", "device", "type", "memory", "free", "share free", "driver")
    for device in found:
        table.add_row(
            device["server"],
            str(device["index"]),
            device["name"],
            device["type"].upper(),
            human_size(device["memory"]),
            human_size(device["free_memory"]) if device["open"] else "not now",
            _percent(device["free_weight"]),
            f"{device['platform']} {device['driver_version']}",
        )
    print_table(table)


def allocations(found: Sequence[Row]) -> None:
    table = new_table("allocation", "user", "state", "devices", "until", "")
    for one in found:
        table.add_row(
            one["id"],
            one["user"],
            one["state"],
            "\n".join(f"{part['server']}:{part['index']} {part['device']}" for part in one["parts"]) or "–",
            _moment(one["ends_at"]),
            "one program's" if one["tethered"] else "requested",
        )
    print_table(table)


def queue(found: Sequence[Row]) -> None:
    table = new_table("place", "allocation", "user", "devices", "priority", "waits for", "starts")
    for one in found:
        table.add_row(
            str(one["position"]),
            one["allocation"],
            one["user"],
            str(one["count"]),
            str(one["priority"]),
            human_duration(time.time() - one["submitted_at"]),
            _moment(one["starts_at"]),
        )
    print_table(table)


@dataclass(frozen=True)
class Picture:
    """What “smi” shows at one moment."""

    parts: Group

    def show(self) -> None:
        _console().print(self.parts)


def smi(found: Sequence[Row], held: Sequence[Row]) -> Picture:
    lent = new_table("server", "#", "device", "memory lent", "of", "share", "state")
    for server in found:
        for device in server["devices"]:
            lent.add_row(
                server["name"],
                str(device["index"]),
                device["name"],
                human_size(device["memory"] - device["free_memory"]),
                human_size(device["memory"]),
                _percent(_WHOLE - device["free_weight"]),
                _state(server),
            )
    holders = new_table("server", "#", "allocation", "user", "memory", "share", "until")
    for one in held:
        for part in one["parts"]:
            holders.add_row(
                part["server"],
                str(part["index"]),
                one["id"][:8],
                one["user"],
                human_size(part["memory"]),
                _percent(part["weight"]),
                _moment(one["ends_at"]),
            )
    waiting = sum(1 for one in held if one["state"] == "waiting")
    heading = Text(f"{time.strftime('%Y-%m-%d %H:%M:%S')}   {_counted(found, waiting)}")
    return Picture(Group(heading, Text(), lent, Text(), holders if holders.row_count else Text("Nothing is lent.")))


def watch(picture: Callable[[], Picture]) -> None:
    """Until Ctrl-C."""
    from rich.live import Live

    with Live(picture().parts, console=_console(), screen=sys.stdout.isatty(), auto_refresh=False) as live:
        while True:
            time.sleep(_PERIOD)
            live.update(picture().parts, refresh=True)


def _counted(found: Sequence[Row], waiting: int) -> str:
    every = [device for server in found for device in server["devices"]]
    free = sum(map(_is_free, every))
    return f"{len(found)} server(s), {len(every)} device(s), {free} free, {waiting} request(s) waiting"


def _is_free(device: Row) -> bool:
    return bool(device["open"]) and device["free_memory"] == device["memory"] and device["free_weight"] == _WHOLE


def _state(server: Row) -> str:
    return f"{server['state']}, draining" if server["draining"] else str(server["state"])


def _percent(weight: int) -> str:
    return f"{weight / 10_000:.3g} %"


def _moment(at: float | None) -> str:
    """With the day where that is another one."""
    if at is None:
        return "–"
    today = time.strftime("%F") == time.strftime("%F", time.localtime(at))
    return time.strftime("%H:%M" if today else "%F %H:%M", time.localtime(at))


def new_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(Text(heading), overflow="fold")
    return table


def print_table(table: Table) -> None:
    _console().print(table, highlight=False, markup=False)


def _console() -> Console:
    """As wide as needed where the output is not a terminal, so that nothing is wrapped in a pipe."""
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)
