"""What the commands print that administer a pool."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from cenote.cli.show_pool import as_json
from cenote.devices import human_size


def users(found: list[dict[str, Any]], plain: bool) -> None:
    if plain:
        return as_json(found)
    rows = [
        (
            one["name"],
            one["role"],
            one["group"] or "",
            _limit(one["limits"]["devices"], str),
            _limit(one["limits"]["memory"], human_size),
            "" if one["active"] else "inactive",
        )
        for one in found
    ]
    return _table(("user", "role", "group", "devices", "memory", ""), rows)


def groups(found: list[dict[str, Any]], plain: bool) -> None:
    if plain:
        return as_json(found)
    rows = [
        (one["name"], _limit(one["limits"]["devices"], str), _limit(one["limits"]["memory"], human_size))
        for one in found
    ]
    return _table(("group", "devices", "memory"), rows)


def tokens(found: list[dict[str, Any]], plain: bool) -> None:
    if plain:
        return as_json(found)
    rows = [
        (one["id"], one["user"], one["label"], _moment(one["created_at"]), _validity(one, time.time())) for one in found
    ]
    return _table(("token", "user", "label", "made", "valid"), rows)


def audit(found: list[dict[str, Any]], plain: bool) -> None:
    if plain:
        return as_json(found)
    rows = [
        (
            _moment(one["at"]),
            one["actor"],
            one["action"],
            one["subject"],
            " ".join(f"{name}={value}" for name, value in one["detail"].items() if value is not None),
        )
        for one in found
    ]
    return _table(("when", "who", "did", "to", "with"), rows)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table, highlight=False, markup=False)


def _limit(limit: int | None, shown: Any) -> str:
    return "" if limit is None else str(shown(limit))


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _validity(token: dict[str, Any], now: float) -> str:
    if token["revoked_at"] is not None:
        return "no, revoked"
    if token["expires_at"] is None:
        return "yes"
    return f"until {_moment(token['expires_at'])}" if now < token["expires_at"] else "no, expired"
