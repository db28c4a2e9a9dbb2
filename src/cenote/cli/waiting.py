"""What somebody sees whose request waits."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cenote.client.borrowing import Tell
from cenote.units import human_duration

_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def shown() -> Iterator[Tell]:
    """One line on a terminal, which goes when it is over; elsewhere a line for each place in the queue.

    A signal that ends us leaves the queue first, as Ctrl-C does.
    """
    terminal = sys.stderr.isatty()
    last = ""

    def tell(view: dict[str, Any]) -> None:
        nonlocal last
        if view["state"] != "waiting" or (not terminal and _place(view) == last):
            return
        last = _place(view)
        line = f"cenote: {last}{_estimate(view)}; Ctrl-C leaves the queue"
        print(f"\r\x1b[K{line}" if terminal else line, end="" if terminal else "\n", file=sys.stderr, flush=True)

    before = {number: signal.signal(number, _leave) for number in _ENDING}
    try:
        yield tell
    finally:
        if terminal and last:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def _place(view: dict[str, Any]) -> str:
    what = "a device" if view["count"] == 1 else f"{view['count']} devices"
    place = f", place {view['position']} in the queue" if view["position"] else ""
    return f"waiting for {what}{place}"


def _estimate(view: dict[str, Any]) -> str:
    if view["starts_at"] is None:
        return ""
    return f", in about {human_duration(max(view['starts_at'] - time.time(), 1))}"
