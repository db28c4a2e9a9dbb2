"""Puts the traces of a program and its children together into one file for Perfetto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cenote.errors import CenoteError


def variable(folder: Path) -> dict[str, str]:
    """What makes shims write their traces below the folder: the first process to this name, others beside it."""
    return {"CENOTE_TRACE": str(folder / "trace")}


def merge(folder: Path, file: Path) -> None:
    """Writes the events of all processes. One that was killed may have left its last line unfinished."""
    events = [event for part in sorted(folder.glob("trace*")) for event in _events(part)]
    _write(file, "[\n" + ",\n".join(events) + "\n]\n")


def create(file: Path) -> None:
    """Fails before the program runs if its trace could not be written afterwards."""
    _write(file, "[]\n")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text)
    except OSError as error:
        raise CenoteError(f"the trace cannot be written to {file}: {error.strerror}") from None


def _events(part: Path) -> Iterator[str]:
    for line in part.read_text(errors="replace").splitlines():
        event = line.strip().rstrip(",")
        if event.startswith("{"):
            try:
                json.loads(event)
            except ValueError:
                continue
            yield event
