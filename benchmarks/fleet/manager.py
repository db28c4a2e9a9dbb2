"""``cenote manager``, with a clock at its decisions: SIGUSR1 writes the figures since the last one.

``python -m benchmarks.fleet.manager FIGURES``: to this file. With $CENOTE_BENCH_PROFILE it tells where the time went.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from cenote.cli.main import main
from cenote.pool.allocations import Allocations
from cenote.pool.servers import Servers

_WATCHED = ((Allocations, "submit"), (Allocations, "release"), (Servers, "settle"), (Servers, "reported"))
_SAMPLE = 0.005  # seconds
_DEPTH = 12
_IDLE = ("wait", "select", "_worker", "poll")

times: dict[str, list[float]] = {name: [] for _, name in _WATCHED}
stacks: Counter[str] = Counter()


def _watch(kind: type, name: str) -> None:
    function: Callable[..., Any] = getattr(kind, name)

    def timed(*arguments: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **more)
        finally:
            times[name].append(time.perf_counter() - began)

    setattr(kind, name, timed)


def _sample() -> None:
    own = threading.get_ident()
    while True:
        time.sleep(_SAMPLE)
        for thread, frame in sys._current_frames().items():
            if thread != own and frame.f_code.co_name not in _IDLE:
                stacks[_stack(frame)] += 1


def _stack(frame: FrameType | None) -> str:
    names: list[str] = []
    while frame and len(names) < _DEPTH:
        names.append(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(names)


def _write(file: Path) -> None:
    taken = {name: list(found) for name, found in times.items()}
    for name, found in taken.items():
        del times[name][: len(found)]
    file.with_suffix(".new").write_text(json.dumps({"times": taken, "stacks": stacks.most_common(60)}))
    file.with_suffix(".new").rename(file)
    stacks.clear()


if __name__ == "__main__":
    figures = Path(sys.argv[1])
    for kind, name in _WATCHED:
        _watch(kind, name)
    signal.signal(signal.SIGUSR1, lambda *_: _write(figures))
    if os.environ.get("CENOTE_BENCH_PROFILE"):
        threading.Thread(target=_sample, daemon=True).start()
    sys.argv = ["cenote", "manager"]
    main()
