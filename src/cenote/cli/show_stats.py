"""What “cenote stats” prints."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from cenote.cli.show_pool import new_table, print_table
from cenote.units import human_duration

Row = Mapping[str, Any]

_HOUR = 3600
_GIB = 1 << 30


def statistics(found: Row) -> None:
    period = found["until"] - found["since"]
    whose = "all users" if found["user"] is None else found["user"]
    since = time.strftime("%F %H:%M", time.localtime(found["since"]))
    print(f"What {whose} had in the last {human_duration(period)}, since {since}\n")
    _part("user", found["users"], lambda row: row["user"])
    devices = new_table("server", "#", "device", "allocations", "device time", "at work", "lent")
    for row in found["devices"]:
        devices.add_row(
            row["server"],
            str(row["index"]),
            row["device"],
            str(row["allocations"]),
            human_duration(row["device_seconds"]),
            human_duration(row["busy_seconds"]),
            f"{row['utilisation'] * 100:.1f} %",
        )
    print_table(devices)
    print()
    _part("day (UTC)", found["days"], lambda row: time.strftime("%F", time.gmtime(row["day"])))
    _idle(found["idle"])


def _part(heading: str, rows: list[Row], name: Any) -> None:
    table = new_table(heading, "allocations", "device time", "at work", "GiB hours")
    for row in rows:
        memory = f"{row['byte_seconds'] / _GIB / _HOUR:.1f}"
        times = human_duration(row["device_seconds"]), human_duration(row["busy_seconds"])
        table.add_row(name(row), str(row["allocations"]), *times, memory)
    if rows:
        print_table(table)
        print()


def _idle(rows: list[Row]) -> None:
    table = new_table("lent, but little used", "user", "devices", "work", "nothing for")
    for row in rows:
        devices = "\n".join(f"{part['server']}:{part['index']} {part['device']}" for part in row["parts"])
        work = f"{row['utilisation'] * 100:.1f} %"
        table.add_row(row["id"], row["user"], devices, work, human_duration(row["quiet"]))
    if rows:
        print_table(table)
