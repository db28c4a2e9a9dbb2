"""Lets a command fail that has no event, and prints what each call that waits for its queue then says, the first time
and the second.

Run as ``late_failures_told.py CODE FOLDER``, where FOLDER is that of the server's fault layer.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cenote.spec.opencl_constants import CONSTANTS
from tests.opencl.alone.bench import LARGE, Bench, call, cl, handles, number, wish_for

SMALL = 4096
MAP_READ, MAP_INVALIDATE = CONSTANTS["CL_MAP_READ"], CONSTANTS["CL_MAP_WRITE_INVALIDATE_REGION"]
Waiter = tuple[str, Callable[[Bench], tuple[Any, ...]]]

WAITERS: dict[str, Waiter] = {
    "clFinish": ("clFinish", lambda t: (t.queue,)),
    "clWaitForEvents": ("clWaitForEvents", lambda t: (1, handles(t.marker))),
    "a small read": ("clEnqueueReadBuffer", lambda t: (t.queue, t.a, 1, 0, SMALL, t.host, *t.waits)),
    "a large read": ("clEnqueueReadBuffer", lambda t: (t.queue, t.a, 1, 0, LARGE, t.host, *t.waits)),
    "a small write": ("clEnqueueWriteBuffer", lambda t: (t.queue, t.a, 1, 0, SMALL, t.host, *t.waits)),
    "a large write": ("clEnqueueWriteBuffer", lambda t: (t.queue, t.a, 1, 0, LARGE, t.host, *t.waits)),
    "a map": ("clEnqueueMapBuffer", lambda t: (t.queue, t.a, 1, MAP_READ, 0, SMALL, *t.waits)),
    "a map for writing": ("clEnqueueMapBuffer", lambda t: (t.queue, t.a, 1, MAP_INVALIDATE, 0, SMALL, *t.waits)),
}


def main() -> None:
    code, folder = sys.argv[1:]
    bench = Bench(SMALL)
    for title, (name, arguments) in WAITERS.items():
        bench.finish()
        wish_for(Path(folder) / "fault", "clEnqueueFillBuffer", code)
        cl.clEnqueueFillBuffer(bench.queue, bench.a, number(7), 4, 0, 64, 0, None, None)
        said = []
        for _ in range(2):
            bench.event = ctypes.c_void_p()
            result, status = call(name, arguments(bench))
            said.append(f"{status} with an event" if bench.event else str(status))
            if bench.event:
                cl.clReleaseEvent(bench.event)
            if name == "clEnqueueMapBuffer" and result:
                cl.clEnqueueUnmapMemObject(bench.queue, bench.a, result, 0, None, None)
        print(f"{title}: {said[0]}, then {said[1]}")
    bench.free()


if __name__ == "__main__":
    main()
