"""docs/robustness.md: one section for each long run, rewritten by the run itself."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "robustness.md"
_HEAD = "# Robustness\n\nWhat the long runs found last; each writes its own section.\n"


def table(rows: Sequence[Sequence[object]]) -> str:
    """The first row is the head."""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def write(title: str, command: str, text: str) -> None:
    """Puts a section in the place of the one with the same title."""
    before = PAGE.read_text() if PAGE.exists() else _HEAD
    dated = f"As of {datetime.datetime.now(datetime.UTC):%Y-%m-%d}, `{command}`:"
    section = f"\n## {title}\n\n{dated}\n\n{text}\n"
    others = re.sub(rf"\n## {re.escape(title)}\n.*?(?=\n## |\Z)", "", before, flags=re.DOTALL)
    PAGE.write_text(others.rstrip("\n") + "\n" + section)
